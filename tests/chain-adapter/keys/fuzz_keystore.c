/* A key file of any bytes is read or refused; what is read lies within its limits, and is written and read again as the
 * same. No key is derived: that takes a second each. */
#include <stdlib.h>
#include <string.h>

#include "chain-adapter/keys/inside.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const uint8_t id[16] = {1};
    char message[CRUX_KEYSTORE_MESSAGE_BYTES];
    struct keystore store, again;
    char *text;
    if (keystore_parse(&store, (const char *)data, size, message) != CRUX_OK) return 0;
    CRUX_ASSERT(store.salt_bytes >= 1 && store.salt_bytes <= KEYSTORE_SALT_BYTES_MAX);
    if (store.kdf != KEYSTORE_SCRYPT) return 0;
    CRUX_ASSERT(keystore_cost_allowed(&store.cost));
    store.names_account = true; /* a file written here always names one */
    if (keystore_text(&text, &store, id, message) != CRUX_OK) return 0;
    enum crux_status status = keystore_parse(&again, text, strlen(text), message);
    CRUX_ASSERT(status == CRUX_OK && memcmp(&again, &store, sizeof store) == 0);
    free(text);
    return 0;
}
