#include <string.h>

#include "chain-adapter/chain.h"

static int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

static bool is_hex(const char *text, size_t len) {
    for (size_t i = 0; i < len; i++) {
        if (digit(text[i]) < 0) return false;
    }
    return true;
}

/* spec/80-chains.md#accounts: "A short name is 1 to 64 letters of a-z, 0-9, - and _, the first of them a letter" */
static bool is_name(const char *text, size_t len) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
    if (len == 0 || len > CRUX_CHAIN_NAME_BYTES_MAX) return false;
    return text[0] >= 'a' && text[0] <= 'z' && strspn(text, letters) == len;
}

enum crux_status crux_chain_account_read(struct crux_account *account, const char *text) {
    struct crux_sha256_plain_ctx ctx;
    uint8_t hash[32];
    size_t len = strlen(text);
    if (len == 2 * sizeof account->b && is_hex(text, len)) {
        for (size_t i = 0; i < sizeof account->b; i++)
            account->b[i] = (uint8_t)(digit(text[2 * i]) * 16 + digit(text[2 * i + 1]));
        return CRUX_OK;
    }
    if (!is_name(text, len)) return CRUX_E_SYNTAX;
    crux_commitment_begin(&ctx, "crux-name-v1");
    crux_sha256_plain_update(&ctx, (const uint8_t *)text, len);
    crux_sha256_plain_final(&ctx, hash);
    memcpy(account->b, hash, sizeof account->b);
    return CRUX_OK;
}
