/* crux keys new, show, sign: key files and the accounts that they are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/chain_file.h"
#include "cli/file.h"
#include "cli/output.h"
#include "cli/passphrase.h"

#define PASSPHRASE_OPTIONS                                                                         \
    [OPTION_FILE] = {.name = "passphrase-file",                                                    \
                     .kind = CRUX_CLI_TEXT,                                                        \
                     .value = "FILE",                                                              \
                     .help = "its first line is the passphrase"},                                  \
    [OPTION_VARIABLE] = {.name = "passphrase-env",                                                 \
                         .kind = CRUX_CLI_TEXT,                                                    \
                         .value = "NAME",                                                          \
                         .help = "variable of the environment that holds the passphrase"}

enum { OPTION_FILE, OPTION_VARIABLE, OPTION_SECRET, OPTION_UNLOCK = OPTION_SECRET };

const struct crux_cli_option crux_cli_keys_new_options[] = {
    PASSPHRASE_OPTIONS,
    [OPTION_SECRET] = {.name = "secret-file",
                       .kind = CRUX_CLI_TEXT,
                       .value = "FILE",
                       .help = "64 hexadecimal digits of a key that exists (default: a new one)"},
    {.name = NULL},
};

const struct crux_cli_option crux_cli_keys_show_options[] = {
    PASSPHRASE_OPTIONS,
    [OPTION_UNLOCK] = {.name = "unlock",
                       .help = "open the file, so that the account is proven and not only named"},
    {.name = NULL},
};

const struct crux_cli_option crux_cli_keys_sign_options[] = {
    PASSPHRASE_OPTIONS,
    {.name = NULL},
};

static int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* In: text, of len letters.  Returns: whether these are 64 hexadecimal digits. */
static bool read_hash(uint8_t bytes[32], const char *text, size_t len) {
    if (len != 64) return false;
    for (size_t i = 0; i < 32; i++) {
        int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static enum crux_cli_exit read_passphrase(struct crux_cli_passphrase *passphrase,
                                          const struct crux_cli_call *call, bool is_new) {
    char message[CRUX_CLI_MESSAGE_BYTES];
    enum crux_status status =
        crux_cli_passphrase_read(passphrase, message, call->option[OPTION_FILE].text,
                                 call->option[OPTION_VARIABLE].text, is_new);
    return status == CRUX_OK ? CRUX_CLI_OK : crux_cli_fail(call, status, "%s", message);
}

/* The secret of --secret-file. */
static enum crux_cli_exit read_secret(struct crux_key *key, const struct crux_cli_call *call,
                                      const char *path) {
    enum { BYTES_MAX = 256 };
    char message[CRUX_CLI_MESSAGE_BYTES];
    uint8_t *text, secret[CRUX_KEY_BYTES];
    size_t len, all;
    enum crux_status status = crux_cli_file_read(&text, &all, message, path, BYTES_MAX);
    if (status != CRUX_OK) return crux_cli_fail(call, status, "%s", message);
    len = all;
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r')) len--;
    bool is_hex = read_hash(secret, (const char *)text, len);
    status = is_hex ? crux_key_read(key, secret) : CRUX_E_SYNTAX;
    for (volatile uint8_t *at = text; all > 0; all--) *at++ = 0;
    for (volatile uint8_t *at = secret; at < secret + sizeof secret;) *at++ = 0;
    free(text);
    if (status == CRUX_OK) return CRUX_CLI_OK;
    return crux_cli_fail(call, status, "'%.300s': %s", path,
                         is_hex ? crux_status_text(status) : "not 64 hexadecimal digits");
}

static enum crux_cli_exit say_account(const struct crux_cli_call *call,
                                      const struct crux_account *account, bool proven) {
    char hex[41];
    crux_cli_chain_hex(hex, account->b, sizeof account->b);
    if (call->json)
        return crux_cli_answer(call, json_pack("{s:s, s:o, s:b}", "account", hex, "file",
                                               crux_cli_json_text(call->operand[0]), "proven",
                                               (int)proven));
    (void)printf("%s\n", hex);
    return CRUX_CLI_OK;
}

enum crux_cli_exit crux_cli_run_keys_new(const struct crux_cli_call *call) {
    struct crux_cli_passphrase passphrase;
    struct crux_key key;
    char message[CRUX_KEYSTORE_MESSAGE_BYTES];
    const char *secret = call->option[OPTION_SECRET].text;
    enum crux_cli_exit code = CRUX_CLI_OK;
    enum crux_status status = CRUX_OK;
    if (secret != NULL)
        code = read_secret(&key, call, secret);
    else if ((status = crux_key_make(&key)) != CRUX_OK)
        code = crux_cli_fail(call, status, "the system gives no random bytes");
    if (code != CRUX_CLI_OK) return code;
    code = read_passphrase(&passphrase, call, true);
    if (code == CRUX_CLI_OK) {
        status = crux_keystore_write(call->operand[0], &key, passphrase.bytes, passphrase.len,
                                     &crux_keystore_standard, message);
        crux_cli_passphrase_wipe(&passphrase);
        code = status == CRUX_OK ? say_account(call, &key.account, true)
                                 : crux_cli_fail(call, status, "%s", message);
    }
    crux_key_wipe(&key);
    return code;
}

/* Out: key, to be wiped.  Returns: CRUX_CLI_OK, or a failure that has been said. */
static enum crux_cli_exit unlock(struct crux_key *key, const struct crux_cli_call *call) {
    struct crux_cli_passphrase passphrase;
    char message[CRUX_KEYSTORE_MESSAGE_BYTES];
    bool open_to_others = false;
    enum crux_cli_exit code = read_passphrase(&passphrase, call, false);
    if (code != CRUX_CLI_OK) return code;
    enum crux_status status = crux_keystore_read(key, call->operand[0], passphrase.bytes,
                                                 passphrase.len, &open_to_others, message);
    crux_cli_passphrase_wipe(&passphrase);
    if (status != CRUX_OK) return crux_cli_fail(call, status, "%s", message);
    if (open_to_others)
        (void)fprintf(stderr, "crux: '%.300s' can be read by others: chmod 600\n",
                      call->operand[0]);
    return CRUX_CLI_OK;
}

enum crux_cli_exit crux_cli_run_keys_show(const struct crux_cli_call *call) {
    char message[CRUX_KEYSTORE_MESSAGE_BYTES];
    struct crux_account account;
    if (call->option[OPTION_UNLOCK].given) {
        struct crux_key key;
        enum crux_cli_exit code = unlock(&key, call);
        if (code != CRUX_CLI_OK) return code;
        account = key.account;
        crux_key_wipe(&key);
        return say_account(call, &account, true);
    }
    enum crux_status status = crux_keystore_account(&account, call->operand[0], message);
    if (status != CRUX_OK) return crux_cli_fail(call, status, "%s", message);
    return say_account(call, &account, false);
}

enum crux_cli_exit crux_cli_run_keys_sign(const struct crux_cli_call *call) {
    const char *text = call->operand[1];
    uint8_t digest[32], signature[CRUX_SIGNATURE_BYTES];
    char hex[2 * CRUX_SIGNATURE_BYTES + 1];
    struct crux_key key;
    if (!read_hash(digest, text, strlen(text)))
        return crux_cli_fail(call, CRUX_E_USAGE, "'%.100s' is no digest: 64 hexadecimal digits",
                             text);
    enum crux_cli_exit code = unlock(&key, call);
    if (code != CRUX_CLI_OK) return code;
    enum crux_status status = crux_key_sign(signature, &key, digest);
    crux_key_wipe(&key);
    if (status != CRUX_OK) return crux_cli_fail(call, status, "%s", crux_status_text(status));
    crux_cli_chain_hex(hex, signature, sizeof signature);
    if (call->json) return crux_cli_answer(call, json_pack("{s:s}", "signature", hex));
    (void)printf("%s\n", hex);
    return CRUX_CLI_OK;
}
