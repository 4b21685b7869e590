#include "executor/service/api_keys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

static void hash_key(uint8_t hash[32], const char *key) {
    crux_sha256(hash, (const uint8_t *)key, strlen(key));
}

static bool read_key(struct crux_api_key *key, const char *name, const char *text) {
    static const char prefix[] = "sha256:";
    if (strncmp(text, prefix, sizeof prefix - 1) == 0) {
        text += sizeof prefix - 1;
        if (strlen(text) != 64) return false;
        for (unsigned i = 0; i < 32; i++) {
            int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
            if (high < 0 || low < 0) return false;
            key->hash[i] = (uint8_t)(high * 16 + low);
        }
    } else {
        if (strlen(text) < CRUX_API_KEY_BYTES_LEAST) return false;
        hash_key(key->hash, text);
    }
    if (name != NULL)
        (void)snprintf(key->name, sizeof key->name, "%s", name);
    else
        (void)snprintf(key->name, sizeof key->name, "key-%02x%02x%02x%02x", key->hash[0],
                       key->hash[1], key->hash[2], key->hash[3]);
    return true;
}

enum crux_status crux_api_keys_decode(struct crux_api_keys *keys, char *text,
                                      char message[CRUX_API_KEYS_MESSAGE_BYTES]) {
    unsigned line = 0;
    *keys = (struct crux_api_keys){.key = malloc(CRUX_API_KEYS_MAX * sizeof *keys->key)};
    (void)snprintf(message, CRUX_API_KEYS_MESSAGE_BYTES, "no memory for the keys");
    if (keys->key == NULL) return CRUX_E_OUT_OF_MEMORY;
    for (char *rest = text, *next; rest != NULL; rest = next) {
        next = strchr(rest, '\n');
        if (next != NULL) *next++ = 0;
        line++;
        char *words = NULL, *first = strtok_r(rest, " \t\r", &words),
             *second = first == NULL ? NULL : strtok_r(NULL, " \t\r", &words);
        if (first == NULL || first[0] == '#') continue;
        bool good = strtok_r(NULL, " \t\r", &words) == NULL && keys->count < CRUX_API_KEYS_MAX;
        if (good)
            good = read_key(&keys->key[keys->count], second == NULL ? NULL : first,
                            second == NULL ? first : second);
        if (!good) {
            (void)snprintf(message, CRUX_API_KEYS_MESSAGE_BYTES,
                           "line %u: a key is [NAME ]KEY of at least %d letters, or sha256: and 64 "
                           "digits; at most %d keys",
                           line, (int)CRUX_API_KEY_BYTES_LEAST, (int)CRUX_API_KEYS_MAX);
            crux_api_keys_free(keys);
            return CRUX_E_SYNTAX;
        }
        keys->count++;
    }
    if (keys->count == 0) {
        (void)snprintf(message, CRUX_API_KEYS_MESSAGE_BYTES, "there is no key in it");
        crux_api_keys_free(keys);
        return CRUX_E_SYNTAX;
    }
    message[0] = 0;
    return CRUX_OK;
}

enum crux_status crux_api_keys_read(struct crux_api_keys *keys, const char *path,
                                    char message[CRUX_API_KEYS_MESSAGE_BYTES]) {
    char *text = malloc(CRUX_API_KEYS_FILE_BYTES_MAX + 2);
    FILE *file = text == NULL ? NULL : fopen(path, "rb");
    size_t len = file == NULL ? 0 : fread(text, 1, CRUX_API_KEYS_FILE_BYTES_MAX + 1, file);
    enum crux_status status = CRUX_OK;
    *keys = (struct crux_api_keys){.key = NULL};
    if (file == NULL || ferror(file) != 0) {
        (void)snprintf(message, CRUX_API_KEYS_MESSAGE_BYTES, "cannot read it: %s", strerror(errno));
        status = text == NULL ? CRUX_E_OUT_OF_MEMORY : CRUX_E_IO;
    } else if (len > CRUX_API_KEYS_FILE_BYTES_MAX) {
        (void)snprintf(message, CRUX_API_KEYS_MESSAGE_BYTES, "it has more than %d bytes",
                       (int)CRUX_API_KEYS_FILE_BYTES_MAX);
        status = CRUX_E_SYNTAX;
    } else if (memchr(text, 0, len) != NULL) {
        (void)snprintf(message, CRUX_API_KEYS_MESSAGE_BYTES, "it has a zero byte");
        status = CRUX_E_SYNTAX;
    } else {
        text[len] = 0;
        status = crux_api_keys_decode(keys, text, message);
    }
    if (file != NULL) (void)fclose(file);
    free(text);
    return status;
}

void crux_api_keys_free(struct crux_api_keys *keys) {
    free(keys->key);
    *keys = (struct crux_api_keys){.key = NULL};
}

const char *crux_api_keys_bearer(const char *authorization) {
    if (authorization == NULL || strncasecmp(authorization, "Bearer ", 7) != 0) return NULL;
    return authorization + 7 + strspn(authorization + 7, " ");
}

const char *crux_api_keys_find(const struct crux_api_keys *keys, const char *authorization) {
    const char *bearer = crux_api_keys_bearer(authorization), *found = NULL;
    uint8_t hash[32];
    if (bearer == NULL) return NULL;
    hash_key(hash, bearer);
    /* every key is compared to its end, whichever is right */
    for (unsigned i = 0; i < keys->count; i++) {
        uint8_t different = 0;
        for (unsigned k = 0; k < 32; k++) different |= hash[k] ^ keys->key[i].hash[k];
        if (different == 0) found = keys->key[i].name;
    }
    return found;
}
