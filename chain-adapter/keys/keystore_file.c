/* Key files on the disk. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chain-adapter/io/file.h"
#include "chain-adapter/keys/inside.h"

static enum crux_status say_errno(char *message, const char *verb, const char *path) {
    return keystore_fail(message, CRUX_E_IO, "cannot %s '%.300s': %s", verb, path, strerror(errno));
}

/* Out: text, at most CRUX_KEYSTORE_BYTES_MAX + 1 of them, so that one too many shows. */
static enum crux_status read_file(char text[CRUX_KEYSTORE_BYTES_MAX + 1], size_t *len,
                                  bool *open_to_others, const char *path, char *message) {
    struct stat there;
    enum crux_status status = CRUX_OK;
    *len = 0;
    /* a pipe without a writer must not stop us */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return say_errno(message, "open the key file", path);
    if (fstat(fd, &there) != 0) {
        status = say_errno(message, "read the key file", path);
    } else if (!S_ISREG(there.st_mode)) {
        status = keystore_fail(message, CRUX_E_IO, "'%.300s' is no plain file", path);
    } else {
        if (open_to_others != NULL) *open_to_others = (there.st_mode & 077) != 0;
        ssize_t got = 1;
        while (got != 0 && *len <= CRUX_KEYSTORE_BYTES_MAX) {
            got = read(fd, text + *len, CRUX_KEYSTORE_BYTES_MAX + 1 - *len);
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) {
                status = say_errno(message, "read the key file", path);
                break;
            }
            *len += (size_t)got;
        }
    }
    (void)close(fd);
    return status;
}

enum crux_status crux_keystore_write(const char *path, const struct crux_key *key,
                                     const uint8_t *passphrase, size_t passphrase_bytes,
                                     const struct crux_keystore_cost *cost,
                                     char message[CRUX_KEYSTORE_MESSAGE_BYTES]) {
    static const struct crux_file_how how = {.mode = 0600, .only_new = true};
    struct keystore store = {.kdf = KEYSTORE_SCRYPT,
                             .cost = *cost,
                             .salt_bytes = KEYSTORE_SALT_BYTES,
                             .names_account = true,
                             .account = key->account};
    uint8_t random[KEYSTORE_SALT_BYTES + 16 + 16];
    char *text;
    message[0] = 0;
    if (!keystore_cost_allowed(cost))
        return keystore_fail(message, CRUX_E_USAGE, "n, r and p are beyond what is allowed");
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return say_errno(message, "draw random bytes for", path);
    memcpy(store.salt, random, KEYSTORE_SALT_BYTES);
    memcpy(store.iv, random + KEYSTORE_SALT_BYTES, 16);
    enum crux_status status = keystore_seal(&store, key, passphrase, passphrase_bytes, message);
    if (status == CRUX_OK)
        status = keystore_text(&text, &store, random + KEYSTORE_SALT_BYTES + 16, message);
    if (status != CRUX_OK) return status;
    status = crux_file_write(message, CRUX_KEYSTORE_MESSAGE_BYTES, path, (const uint8_t *)text,
                             strlen(text), &how);
    free(text);
    return status;
}

enum crux_status crux_keystore_decode(struct crux_key *key, const char *json, size_t len,
                                      const uint8_t *passphrase, size_t passphrase_bytes,
                                      char message[CRUX_KEYSTORE_MESSAGE_BYTES]) {
    struct keystore store;
    message[0] = 0;
    memset(key, 0, sizeof *key);
    enum crux_status status = keystore_parse(&store, json, len, message);
    if (status == CRUX_OK)
        status = keystore_unseal(key, &store, passphrase, passphrase_bytes, message);
    return status;
}

enum crux_status crux_keystore_read(struct crux_key *key, const char *path,
                                    const uint8_t *passphrase, size_t passphrase_bytes,
                                    bool *open_to_others,
                                    char message[CRUX_KEYSTORE_MESSAGE_BYTES]) {
    char text[CRUX_KEYSTORE_BYTES_MAX + 1];
    size_t len;
    message[0] = 0;
    memset(key, 0, sizeof *key);
    enum crux_status status = read_file(text, &len, open_to_others, path, message);
    if (status == CRUX_OK)
        status = crux_keystore_decode(key, text, len, passphrase, passphrase_bytes, message);
    return status;
}

enum crux_status crux_keystore_account(struct crux_account *account, const char *path,
                                       char message[CRUX_KEYSTORE_MESSAGE_BYTES]) {
    char text[CRUX_KEYSTORE_BYTES_MAX + 1];
    struct keystore store;
    size_t len;
    message[0] = 0;
    enum crux_status status = read_file(text, &len, NULL, path, message);
    if (status == CRUX_OK) status = keystore_parse(&store, text, len, message);
    if (status == CRUX_OK && !store.names_account)
        status = keystore_fail(message, CRUX_E_KEYSTORE_INVALID, "the key file names no address");
    if (status == CRUX_OK) *account = store.account;
    return status;
}
