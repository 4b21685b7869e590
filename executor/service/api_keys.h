/* Who may ask: keys of clients, compared in constant time.
 *
 * A file with one key a line, "[NAME ]KEY", KEY being its letters or "sha256:" and 64 hexadecimal digits of their hash.
 * Empty lines and those that begin with # mean nothing. */
#ifndef CRUX_EXECUTOR_SERVICE_API_KEYS_H
#define CRUX_EXECUTOR_SERVICE_API_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/kernels.h"

enum {
    CRUX_API_KEYS_MAX = 1024,
    CRUX_API_KEY_BYTES_LEAST = 16,
    CRUX_API_KEY_NAME_BYTES = 64,
    CRUX_API_KEYS_FILE_BYTES_MAX = 1 << 20,
    CRUX_API_KEYS_MESSAGE_BYTES = 256
};

struct crux_api_key {
    uint8_t hash[32];
    char name[CRUX_API_KEY_NAME_BYTES]; /* or the beginning of its hash */
};

struct crux_api_keys {
    struct crux_api_key *key; /* malloced */
    unsigned count;           /* 0: anybody may ask */
};

/* Out: keys, to be freed; message, on failure, naming the line.
 * Returns: CRUX_E_IO, CRUX_E_SYNTAX, CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_api_keys_read(struct crux_api_keys *keys, const char *path,
                                    char message[CRUX_API_KEYS_MESSAGE_BYTES]);
/* The same from bytes, which are changed. */
CRUX_MUST_CHECK
enum crux_status crux_api_keys_decode(struct crux_api_keys *keys, char *text,
                                      char message[CRUX_API_KEYS_MESSAGE_BYTES]);
void crux_api_keys_free(struct crux_api_keys *keys);

/* In: authorization, the header's value, or NULL.
 * Returns: the key's name; NULL if it is none of them. */
const char *crux_api_keys_find(const struct crux_api_keys *keys, const char *authorization);

/* Returns: what follows "Bearer ", NULL if it does not begin so. */
const char *crux_api_keys_bearer(const char *authorization);

#endif
