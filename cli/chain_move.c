/* crux chain advance, deposit, move: what changes a chain file. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/chain_file.h"
#include "cli/chain_json.h"
#include "cli/file.h"
#include "cli/output.h"

static enum crux_status find_time(void *ctx, const struct crux_game *game, uint64_t now) {
    (void)game;
    *(uint64_t *)ctx = now;
    return CRUX_OK;
}

enum crux_cli_exit crux_cli_run_chain_advance(const struct crux_cli_call *call) {
    struct crux_chain chain;
    uint64_t seconds, now;
    enum crux_cli_exit code = crux_cli_chain_number(&seconds, call, call->operand[1], "seconds");
    if (code == CRUX_CLI_OK) code = crux_cli_chain_open(&chain, call);
    if (code != CRUX_CLI_OK) return code;
    enum crux_status status = chain.ops->advance(&chain, seconds);
    if (status == CRUX_OK) status = chain.ops->look(&chain, find_time, &now);
    if (status == CRUX_OK && call->json)
        code = crux_cli_answer(call, json_pack("{s:I}", "time", (json_int_t)now));
    else if (status == CRUX_OK)
        (void)printf("time %llu\n", (unsigned long long)now);
    return crux_cli_chain_close(&chain, call, status, code);
}

struct balance {
    struct crux_account key;
    struct crux_game_account record;
};

static enum crux_status find_balance(void *ctx, const struct crux_game *game, uint64_t now) {
    struct balance *balance = ctx;
    (void)now;
    return crux_game_get_account(game, &balance->key, &balance->record);
}

enum crux_cli_exit crux_cli_run_chain_deposit(const struct crux_cli_call *call) {
    struct crux_chain chain;
    struct balance of;
    uint64_t amount;
    char hex[41];
    enum crux_cli_exit code = crux_cli_chain_account(&of.key, call, call->operand[1]);
    if (code == CRUX_CLI_OK)
        code = crux_cli_chain_number(&amount, call, call->operand[2], "units of value");
    if (code == CRUX_CLI_OK) code = crux_cli_chain_open(&chain, call);
    if (code != CRUX_CLI_OK) return code;
    enum crux_status status = chain.ops->deposit(&chain, &of.key, amount);
    if (status == CRUX_OK) status = chain.ops->look(&chain, find_balance, &of);
    crux_cli_chain_hex(hex, of.key.b, sizeof of.key.b);
    if (status == CRUX_OK && call->json)
        code = crux_cli_answer(call, json_pack("{s:s, s:I}", "account", hex, "balance",
                                               (json_int_t)of.record.balance));
    else if (status == CRUX_OK)
        (void)printf("%s now has %llu\n", hex, (unsigned long long)of.record.balance);
    return crux_cli_chain_close(&chain, call, status, code);
}

static enum crux_cli_exit say(const struct crux_cli_call *call, const uint8_t *bytes,
                              const struct crux_game_outcome *outcome) {
    if (call->json) return crux_cli_answer(call, crux_cli_chain_json_outcome(bytes[0], outcome));
    (void)printf("%s: %s, claim %llu/%u%s\n", crux_move_name(bytes[0]),
                 outcome->repeated ? "made before" : "made",
                 (unsigned long long)outcome->claim.batch, outcome->claim.member,
                 outcome->fell ? ", which has fallen" : "");
    return CRUX_CLI_OK;
}

enum crux_cli_exit crux_cli_run_chain_move(const struct crux_cli_call *call) {
    struct crux_chain chain;
    struct crux_account sender;
    struct crux_game_outcome outcome;
    char message[CRUX_CLI_MESSAGE_BYTES];
    uint8_t *bytes;
    size_t len;
    enum crux_cli_exit code = crux_cli_chain_account(&sender, call, call->operand[1]);
    if (code != CRUX_CLI_OK) return code;
    enum crux_status status =
        crux_cli_file_read(&bytes, &len, message, call->operand[2], CRUX_MOVE_BYTES_MAX);
    if (status != CRUX_OK) return crux_cli_fail(call, status, "%s", message);
    code = crux_cli_chain_open(&chain, call);
    if (code == CRUX_CLI_OK) {
        status = chain.ops->move(&chain, &outcome, &sender, bytes, len);
        if (status == CRUX_OK) code = say(call, bytes, &outcome);
        code = crux_cli_chain_close(&chain, call, status, code);
    }
    free(bytes);
    return code;
}
