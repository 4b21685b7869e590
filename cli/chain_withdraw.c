/* crux chain withdraw, payee: value leaves an account, and where it goes to.  spec/70-game.md#value */
#include <stdio.h>
#include <string.h>

#include "cli/chain_file.h"
#include "cli/output.h"

enum { OPTION_AS, OPTION_COUNT };

const struct crux_cli_option crux_cli_chain_as_options[] = {
    [OPTION_AS] = {.name = "as",
                   .kind = CRUX_CLI_TEXT,
                   .value = "PAYEE",
                   .help = "who makes the move: the account's payee (default: the account)"},
    [OPTION_COUNT] = {.name = NULL},
};

struct asked {
    struct crux_account key, sender;
    bool by_payee; /* else the sender is the account */
    struct crux_game_account record;
};

/* Out: asked->key, sender, by_payee. */
static enum crux_cli_exit read_asked(struct asked *asked, const struct crux_cli_call *call) {
    const struct crux_cli_value *as = &call->option[OPTION_AS];
    enum crux_cli_exit code = crux_cli_chain_account(&asked->key, call, call->operand[1]);
    asked->sender = asked->key;
    asked->by_payee = as->given;
    if (code == CRUX_CLI_OK && as->given)
        code = crux_cli_chain_account(&asked->sender, call, as->text);
    return code;
}

static enum crux_status find(void *ctx, const struct crux_game *game, uint64_t now) {
    struct asked *asked = ctx;
    (void)now;
    return crux_game_get_account(game, &asked->key, &asked->record);
}

/* The move names how much the account will have withdrawn in all: made twice, it pays once. */
static enum crux_status withdraw(struct crux_chain *chain, struct crux_game_outcome *outcome,
                                 const struct asked *asked, uint64_t amount) {
    const struct crux_move move = {.kind = asked->by_payee ? CRUX_MOVE_COLLECT : CRUX_MOVE_WITHDRAW,
                                   .account = asked->key.b,
                                   .amount = asked->record.withdrawn + amount};
    return crux_cli_chain_make(chain, outcome, &asked->sender, &move);
}

enum crux_cli_exit crux_cli_run_chain_withdraw(const struct crux_cli_call *call) {
    struct crux_chain chain;
    struct crux_game_outcome outcome = {.paid = 0};
    struct asked asked;
    uint64_t amount = 0;
    char hex[41];
    enum crux_cli_exit code = read_asked(&asked, call);
    if (code == CRUX_CLI_OK && call->operand_count > 2)
        code = crux_cli_chain_number(&amount, call, call->operand[2], "units of value");
    if (code == CRUX_CLI_OK && call->operand_count > 2 && amount == 0)
        return crux_cli_fail(call, CRUX_E_AMOUNT_INVALID, "0 units are nothing to withdraw");
    if (code == CRUX_CLI_OK) code = crux_cli_chain_open(&chain, call);
    if (code != CRUX_CLI_OK) return code;
    enum crux_status status = chain.ops->look(&chain, find, &asked);
    if (call->operand_count == 2) amount = asked.record.balance;
    if (status == CRUX_OK && (amount == 0 || amount > asked.record.balance))
        status = CRUX_E_BALANCE_TOO_SMALL;
    if (status == CRUX_OK) status = withdraw(&chain, &outcome, &asked, amount);
    if (status == CRUX_OK) status = chain.ops->look(&chain, find, &asked);
    crux_cli_chain_hex(hex, asked.key.b, sizeof asked.key.b);
    if (status == CRUX_OK && call->json)
        code = crux_cli_answer(call, json_pack("{s:s, s:I, s:I, s:I}", "account", hex, "paid",
                                               (json_int_t)outcome.paid, "balance",
                                               (json_int_t)asked.record.balance, "withdrawn",
                                               (json_int_t)asked.record.withdrawn));
    else if (status == CRUX_OK)
        (void)printf("%s was paid %llu, and has %llu left\n", hex, (unsigned long long)outcome.paid,
                     (unsigned long long)asked.record.balance);
    return crux_cli_chain_close(&chain, call, status, code);
}

enum crux_cli_exit crux_cli_run_chain_payee(const struct crux_cli_call *call) {
    struct crux_chain chain;
    struct crux_game_outcome outcome = {.paid = 0};
    struct crux_account payee = {.b = {0}};
    struct asked asked;
    char hex[41], payee_hex[41];
    enum crux_cli_exit code = read_asked(&asked, call);
    if (code == CRUX_CLI_OK && strcmp(call->operand[2], "none") != 0)
        code = crux_cli_chain_account(&payee, call, call->operand[2]);
    if (code == CRUX_CLI_OK) code = crux_cli_chain_open(&chain, call);
    if (code != CRUX_CLI_OK) return code;
    const struct crux_move move = {
        .kind = CRUX_MOVE_PAYEE, .account = asked.key.b, .payee = payee.b};
    enum crux_status status = crux_cli_chain_make(&chain, &outcome, &asked.sender, &move);
    if (status == CRUX_OK) status = chain.ops->look(&chain, find, &asked);
    bool has = status == CRUX_OK && crux_game_has_payee(&asked.record);
    crux_cli_chain_hex(hex, asked.key.b, sizeof asked.key.b);
    crux_cli_chain_hex(payee_hex, payee.b, sizeof payee.b);
    if (status == CRUX_OK && call->json)
        code = crux_cli_answer(
            call, json_pack("{s:s, s:s?}", "account", hex, "payee", has ? payee_hex : NULL));
    else if (status == CRUX_OK)
        (void)printf("what %s withdraws goes to %s\n", hex, has ? payee_hex : "itself");
    return crux_cli_chain_close(&chain, call, status, code);
}
