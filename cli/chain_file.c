#include "cli/chain_file.h"

#include <stdio.h>
#include <string.h>

#include "chain-adapter/keys/keys.h"
#include "cli/output.h"

static enum crux_cli_exit open_file(struct crux_chain *chain, const struct crux_cli_call *call,
                                    const char *path) {
    static const struct crux_chain_local_verifier by_key = {.verify = crux_keys_verify};
    enum crux_status status = crux_chain_local_open(chain, path, &by_key);
    if (status == CRUX_OK) return CRUX_CLI_OK;
    return crux_cli_fail(call, status, "%s", chain->message);
}

enum crux_cli_exit crux_cli_chain_open(struct crux_chain *chain, const struct crux_cli_call *call) {
    return open_file(chain, call, call->operand[0]);
}

enum crux_cli_exit crux_cli_chain_url(struct crux_chain *chain, const struct crux_cli_call *call,
                                      const char *url) {
    static const char local[] = "local:";
    if (strncmp(url, local, sizeof local - 1) == 0 && url[sizeof local - 1] != 0)
        return open_file(chain, call, url + sizeof local - 1);
    return crux_cli_fail(call, CRUX_E_USAGE, "--chain takes local:PATH, not '%.200s'", url);
}

enum crux_cli_exit crux_cli_chain_close(struct crux_chain *chain, const struct crux_cli_call *call,
                                        enum crux_status status, enum crux_cli_exit code) {
    if (status != CRUX_OK)
        code = crux_cli_fail(call, status, "%s",
                             chain->message[0] != 0 ? chain->message : crux_status_text(status));
    chain->ops->close(chain);
    return code;
}

enum crux_status crux_cli_chain_make(struct crux_chain *chain, struct crux_game_outcome *outcome,
                                     const struct crux_account *sender,
                                     const struct crux_move *move) {
    uint8_t bytes[512]; /* the longest move without a rest is a convict: 303 bytes */
    struct crux_writer writer;
    crux_writer_init(&writer, bytes, sizeof bytes);
    enum crux_status status = crux_move_encode(&writer, move);
    return status == CRUX_OK ? chain->ops->move(chain, outcome, sender, bytes, writer.at) : status;
}

enum crux_cli_exit crux_cli_chain_account(struct crux_account *account,
                                          const struct crux_cli_call *call, const char *text) {
    enum crux_status status = crux_chain_account_read(account, text);
    if (status == CRUX_OK) return CRUX_CLI_OK;
    return crux_cli_fail(call, status,
                         "'%.100s' is no account: 40 hexadecimal digits, or a short name of a-z, "
                         "0-9, - and _",
                         text);
}

enum crux_cli_exit crux_cli_chain_number(uint64_t *number, const struct crux_cli_call *call,
                                         const char *text, const char *what) {
    uint64_t value = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9' && at - text < 19; at++)
        value = value * 10 + (uint64_t)(*at - '0');
    *number = value;
    if (at != text && *at == 0) return CRUX_CLI_OK;
    return crux_cli_fail(call, CRUX_E_USAGE, "'%.100s' is no number of %s", text, what);
}

void crux_cli_chain_hex(char *out, const uint8_t *bytes, size_t len) {
    for (size_t i = 0; i < len; i++) (void)snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

bool crux_cli_chain_claim(struct crux_claim_id *id, const char *text) {
    uint64_t part[2] = {0, 0};
    unsigned at = 0, digits = 0;
    for (; *text != 0; text++) {
        if (*text == '/' && at == 0 && digits > 0) {
            at = 1;
            digits = 0;
        } else if (*text >= '0' && *text <= '9' && digits < 19) {
            part[at] = part[at] * 10 + (uint64_t)(*text - '0');
            digits++;
        } else {
            return false;
        }
    }
    if (digits == 0 || part[1] > UINT32_MAX) return false;
    *id = (struct crux_claim_id){part[0], (uint32_t)part[1], 0};
    return true;
}
