/* crux chain show: one claim with its disputes, or one account. */
#include <stdio.h>
#include <string.h>

#include "cli/chain_file.h"
#include "cli/chain_json.h"
#include "cli/output.h"

struct shown {
    const struct crux_cli_call *call;
    struct crux_claim_id id;
    struct crux_account account;
    enum crux_cli_exit code;
};

static void say_dispute(const struct crux_game_dispute *dispute) {
    char challenger[41];
    uint64_t deadline = crux_game_deadline(dispute);
    crux_cli_chain_hex(challenger, dispute->challenger.b, sizeof dispute->challenger.b);
    (void)printf("dispute %u  %-8s  round %u, bond %llu, by %s", dispute->key.number,
                 crux_cli_chain_stage(dispute->stage), dispute->round,
                 (unsigned long long)dispute->bond, challenger);
    if (deadline != UINT64_MAX) (void)printf(", deadline %llu", (unsigned long long)deadline);
    (void)printf("\n");
}

static enum crux_status show_claim(void *ctx, const struct crux_game *game, uint64_t now) {
    struct shown *shown = ctx;
    struct crux_game_claim claim;
    enum crux_claim_state state;
    enum crux_status status = crux_game_get_claim(game, &shown->id, &claim);
    if (status == CRUX_E_NOT_FOUND) return CRUX_E_CLAIM_UNKNOWN;
    if (status == CRUX_OK) status = crux_game_claim_state(&state, game, &shown->id, now);
    if (status != CRUX_OK) return status;
    if (shown->call->json) {
        json_t *object;
        status = crux_cli_chain_json_claim(&object, game, &shown->id, now);
        if (status == CRUX_OK) shown->code = crux_cli_answer(shown->call, object);
        return status;
    }
    char hash[65];
    crux_cli_chain_hex(hash, claim.hash, 32);
    (void)printf("claim %llu/%u  %s\n", (unsigned long long)claim.key.batch, claim.key.member,
                 crux_cli_chain_state(state));
    if (claim.shown)
        (void)printf("hash       %s\ntokens     %u in, %u out\n", hash, claim.claim.request_tokens,
                     claim.claim.chosen_tokens);
    (void)printf("disputes   %u, %u open, %u running\n", claim.disputes, claim.open, claim.running);
    for (uint32_t i = 0; status == CRUX_OK && i < claim.disputes; i++) {
        struct crux_game_dispute dispute;
        status = crux_game_get_dispute(game, &shown->id, i, &dispute);
        if (status == CRUX_OK) say_dispute(&dispute);
    }
    return status;
}

static enum crux_status show_account(void *ctx, const struct crux_game *game, uint64_t now) {
    struct shown *shown = ctx;
    struct crux_game_account account;
    struct crux_game_pledge pledge;
    (void)now;
    enum crux_status status = crux_game_get_account(game, &shown->account, &account);
    if (status == CRUX_OK) status = crux_game_get_pledge(game, &shown->account, &pledge);
    if (status != CRUX_OK) return status;
    char hex[41];
    crux_cli_chain_hex(hex, shown->account.b, sizeof shown->account.b);
    if (shown->call->json)
        shown->code = crux_cli_answer(shown->call, crux_cli_chain_json_account(&account, &pledge));
    else
        (void)printf(
            "account    %s\nbalance    %llu\nwithdrawn  %llu\npledge     %llu, %u called%s\n", hex,
            (unsigned long long)account.balance, (unsigned long long)account.withdrawn,
            (unsigned long long)pledge.amount, pledge.open, pledge.leaving ? ", leaving" : "");
    if (!shown->call->json && crux_game_has_payee(&account)) {
        crux_cli_chain_hex(hex, account.payee.b, sizeof account.payee.b);
        (void)printf("payee      %s\n", hex);
    }
    return CRUX_OK;
}

enum crux_cli_exit crux_cli_run_chain_show(const struct crux_cli_call *call) {
    struct crux_chain chain;
    struct shown shown = {.call = call};
    bool is_claim = crux_cli_chain_claim(&shown.id, call->operand[1]);
    if (!is_claim && crux_chain_account_read(&shown.account, call->operand[1]) != CRUX_OK)
        return crux_cli_fail(call, CRUX_E_USAGE,
                             "'%.100s' is neither a claim (BATCH/MEMBER) nor an account",
                             call->operand[1]);
    enum crux_cli_exit code = crux_cli_chain_open(&chain, call);
    if (code != CRUX_CLI_OK) return code;
    enum crux_status status = chain.ops->look(&chain, is_claim ? show_claim : show_account, &shown);
    return crux_cli_chain_close(&chain, call, status, shown.code);
}
