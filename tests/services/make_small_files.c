/* make_small_files FOLDER: a.crux and b.crux, two small models of the same shape; key and passphrase, of an account whose
 * key file costs little to open, unlike those that `crux keys new` writes. Prints the account. */
#include <stdio.h>
#include <string.h>

#include "chain-adapter/keys/keys.h"
#include "tests/support/small_file.h"

static bool make_key(const char *folder) {
    static const struct crux_keystore_cost cheap = {2, 1, 1};
    static const char passphrase[] = "secret";
    char path[300], message[CRUX_KEYSTORE_MESSAGE_BYTES];
    struct crux_key key;
    (void)snprintf(path, sizeof path, "%.280s/passphrase", folder);
    FILE *file = fopen(path, "w");
    if (file == NULL) return false;
    bool is_written = fprintf(file, "%s\n", passphrase) > 0;
    is_written = fclose(file) == 0 && is_written;
    (void)snprintf(path, sizeof path, "%.280s/key", folder);
    if (!is_written || crux_key_make(&key) != CRUX_OK ||
        crux_keystore_write(path, &key, (const uint8_t *)passphrase, strlen(passphrase), &cheap,
                            message) != CRUX_OK)
        return false;
    for (unsigned i = 0; i < sizeof key.account.b; i++) (void)printf("%02x", key.account.b[i]);
    (void)printf("\n");
    crux_key_wipe(&key);
    return true;
}

int main(int argc, char **argv) {
    char path[300];
    if (argc != 2) return 2;
    (void)snprintf(path, sizeof path, "%.280s/a.crux", argv[1]);
    small_file_make(path, argv[1], 1);
    (void)snprintf(path, sizeof path, "%.280s/b.crux", argv[1]);
    small_file_make(path, argv[1], 2);
    return make_key(argv[1]) ? 0 : 1;
}
