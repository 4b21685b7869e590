/* The JSON of a key file, read strictly: every part that is used is there, of the right form, and within its limit. */
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain-adapter/io/json.h"
#include "chain-adapter/keys/inside.h"

enum crux_status keystore_fail(char *message, enum crux_status status, const char *format, ...) {
    va_list values;
    va_start(values, format);
    (void)vsnprintf(message, CRUX_KEYSTORE_MESSAGE_BYTES, format, values);
    va_end(values);
    return status;
}

static enum crux_status wrong(char *message, const char *what) {
    return keystore_fail(message, CRUX_E_KEYSTORE_INVALID, "the key file: %s", what);
}

static int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* Out: bytes, *len of them, at least `least` and at most `most`. */
static bool read_hex(uint8_t *bytes, size_t *len, size_t least, size_t most, const json_t *value) {
    const char *text = json_string_value(value);
    if (text == NULL) return false;
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) text += 2;
    size_t digits = strlen(text);
    if (digits % 2 != 0 || digits / 2 < least || digits / 2 > most) return false;
    for (size_t i = 0; i < digits / 2; i++) {
        int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    *len = digits / 2;
    return true;
}

static bool hex_of(uint8_t *bytes, size_t len, const json_t *value) {
    size_t found;
    return read_hex(bytes, &found, len, len, value);
}

static bool number_of(uint32_t *number, const json_t *value, uint32_t least, uint32_t most) {
    json_int_t found = json_integer_value(value);
    if (!json_is_integer(value) || found < least || found > most) return false;
    *number = (uint32_t)found;
    return true;
}

static bool is_text(const json_t *value, const char *text) {
    const char *found = json_string_value(value);
    return found != NULL && strcmp(found, text) == 0;
}

static enum crux_status parse_kdf(struct keystore *store, const json_t *crypto, char *message) {
    const json_t *kdf = json_object_get(crypto, "kdf"),
                 *params = json_object_get(crypto, "kdfparams");
    uint32_t length;
    if (!json_is_object(params)) return wrong(message, "no crypto.kdfparams");
    if (!number_of(&length, json_object_get(params, "dklen"), 32, 32))
        return wrong(message, "crypto.kdfparams.dklen is not 32");
    if (!read_hex(store->salt, &store->salt_bytes, 1, KEYSTORE_SALT_BYTES_MAX,
                  json_object_get(params, "salt")))
        return wrong(message, "crypto.kdfparams.salt is not 1 to 64 bytes of hex");
    if (is_text(kdf, "scrypt")) {
        store->kdf = KEYSTORE_SCRYPT;
        if (!number_of(&store->cost.n, json_object_get(params, "n"), 2, KEYSTORE_N_MAX) ||
            !number_of(&store->cost.r, json_object_get(params, "r"), 1, KEYSTORE_RP_MAX) ||
            !number_of(&store->cost.p, json_object_get(params, "p"), 1, KEYSTORE_RP_MAX) ||
            !keystore_cost_allowed(&store->cost))
            return wrong(message, "crypto.kdfparams: n, r and p are beyond what is allowed");
        return CRUX_OK;
    }
    if (!is_text(kdf, "pbkdf2")) return wrong(message, "crypto.kdf is not scrypt or pbkdf2");
    store->kdf = KEYSTORE_PBKDF2;
    if (!is_text(json_object_get(params, "prf"), "hmac-sha256"))
        return wrong(message, "crypto.kdfparams.prf is not hmac-sha256");
    if (!number_of(&store->rounds, json_object_get(params, "c"), 1, KEYSTORE_ROUNDS_MAX))
        return wrong(message, "crypto.kdfparams.c is not 1 to 2^24");
    return CRUX_OK;
}

static enum crux_status parse(struct keystore *store, const json_t *root, char *message) {
    const json_t *crypto = json_object_get(root, "crypto"),
                 *address = json_object_get(root, "address");
    uint32_t version;
    if (!number_of(&version, json_object_get(root, "version"), 3, 3))
        return wrong(message, "version is not 3");
    if (address != NULL && !hex_of(store->account.b, sizeof store->account.b, address))
        return wrong(message, "address is not 20 bytes of hex");
    store->names_account = address != NULL;
    if (!json_is_object(crypto)) return wrong(message, "no crypto");
    if (!is_text(json_object_get(crypto, "cipher"), "aes-128-ctr"))
        return wrong(message, "crypto.cipher is not aes-128-ctr");
    if (!hex_of(store->iv, sizeof store->iv,
                json_object_get(json_object_get(crypto, "cipherparams"), "iv")))
        return wrong(message, "crypto.cipherparams.iv is not 16 bytes of hex");
    if (!hex_of(store->ciphertext, sizeof store->ciphertext, json_object_get(crypto, "ciphertext")))
        return wrong(message, "crypto.ciphertext is not 32 bytes of hex");
    if (!hex_of(store->mac, sizeof store->mac, json_object_get(crypto, "mac")))
        return wrong(message, "crypto.mac is not 32 bytes of hex");
    return parse_kdf(store, crypto, message);
}

enum crux_status keystore_parse(struct keystore *store, const char *json, size_t len,
                                char *message) {
    struct crux_json_error error;
    json_t *root = NULL;
    memset(store, 0, sizeof *store);
    enum crux_status status = crux_json_read(&root, &error, json, len, CRUX_KEYSTORE_BYTES_MAX);
    if (status == CRUX_E_OUT_OF_MEMORY) return keystore_fail(message, status, "no memory");
    if (status != CRUX_OK) return wrong(message, error.message);
    status = parse(store, root, message);
    json_decref(root);
    return status;
}

static json_t *hex(const uint8_t *bytes, size_t len) {
    static const char digits[] = "0123456789abcdef";
    char text[2 * KEYSTORE_SALT_BYTES_MAX + 1];
    CRUX_ASSERT(len <= KEYSTORE_SALT_BYTES_MAX);
    for (size_t i = 0; i < len; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    text[2 * len] = '\0';
    return json_string(text);
}

/* A random UUID: version 4, variant 1. */
static void name(char text[37], const uint8_t id[16]) {
    uint8_t b[16];
    memcpy(b, id, sizeof b);
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    (void)snprintf(text, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
                   b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12],
                   b[13], b[14], b[15]);
}

enum crux_status keystore_text(char **text, const struct keystore *store, const uint8_t id[16],
                               char *message) {
    char uuid[37];
    CRUX_ASSERT(store->kdf == KEYSTORE_SCRYPT);
    name(uuid, id);
    /* packs nothing if one of the values is NULL */
    json_t *root =
        json_pack("{s:o, s:{s:s, s:{s:o}, s:o, s:s, s:{s:i, s:i, s:i, s:i, s:o}, s:o}, s:s, s:i}",
                  "address", hex(store->account.b, sizeof store->account.b), "crypto", "cipher",
                  "aes-128-ctr", "cipherparams", "iv", hex(store->iv, sizeof store->iv),
                  "ciphertext", hex(store->ciphertext, sizeof store->ciphertext), "kdf", "scrypt",
                  "kdfparams", "dklen", 32, "n", (int)store->cost.n, "r", (int)store->cost.r, "p",
                  (int)store->cost.p, "salt", hex(store->salt, store->salt_bytes), "mac",
                  hex(store->mac, sizeof store->mac), "id", uuid, "version", 3);
    *text = root == NULL ? NULL : json_dumps(root, JSON_INDENT(2));
    json_decref(root);
    return *text != NULL ? CRUX_OK : keystore_fail(message, CRUX_E_OUT_OF_MEMORY, "no memory");
}
