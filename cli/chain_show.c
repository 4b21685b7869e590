/* crux chain show: one claim with its disputes, or one account. */
#include <stdio.h>
#include <string.h>

#include "cli/chain_file.h"
#include "cli/output.h"

struct shown {
    const struct crux_cli_call *call;
    struct crux_claim_id id;
    struct crux_account account;
    enum crux_cli_exit code;
};

static const char *stage_name(uint32_t stage) {
    static const char *const names[] = {"?",       "queued", "reveal", "pick", "expand",  "side",
                                        "element", "prove",  "won",    "lost", "refunded"};
    return names[stage < CRUX_ARRAY_LEN(names) ? stage : 0];
}

static const char *state_name(enum crux_claim_state state) {
    switch (state) {
    case CRUX_CLAIM_UNKNOWN: return "not shown";
    case CRUX_CLAIM_PENDING: return "pending";
    case CRUX_CLAIM_FINAL: return "final";
    case CRUX_CLAIM_FALLEN: return "fallen";
    case CRUX_CLAIM_UNCHALLENGED: return "unchallenged";
    }
    return "?";
}

static json_t *describe_dispute(const struct crux_game_dispute *dispute) {
    uint64_t deadline = crux_game_deadline(dispute);
    return json_pack("{s:I, s:o, s:s, s:I, s:I, s:o}", "number", (json_int_t)dispute->key.number,
                     "challenger",
                     crux_cli_json_hex(dispute->challenger.b, sizeof dispute->challenger.b),
                     "stage", stage_name(dispute->stage), "bond", (json_int_t)dispute->bond,
                     "round", (json_int_t)dispute->round, "deadline",
                     deadline == UINT64_MAX ? json_null() : json_integer((json_int_t)deadline));
}

static void say_dispute(const struct crux_game_dispute *dispute) {
    char challenger[41];
    uint64_t deadline = crux_game_deadline(dispute);
    crux_cli_chain_hex(challenger, dispute->challenger.b, sizeof dispute->challenger.b);
    (void)printf("dispute %u  %-8s  round %u, bond %llu, by %s", dispute->key.number,
                 stage_name(dispute->stage), dispute->round, (unsigned long long)dispute->bond,
                 challenger);
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
    json_t *disputes = shown->call->json ? json_array() : NULL;
    if (!shown->call->json) {
        char hash[65];
        crux_cli_chain_hex(hash, claim.hash, 32);
        (void)printf("claim %llu/%u  %s\n", (unsigned long long)claim.key.batch, claim.key.member,
                     state_name(state));
        if (claim.shown)
            (void)printf("hash       %s\ntokens     %u in, %u out\n", hash,
                         claim.claim.request_tokens, claim.claim.chosen_tokens);
        (void)printf("disputes   %u, %u open, %u running\n", claim.disputes, claim.open,
                     claim.running);
    }
    for (uint32_t i = 0; status == CRUX_OK && i < claim.disputes; i++) {
        struct crux_game_dispute dispute;
        status = crux_game_get_dispute(game, &shown->id, i, &dispute);
        if (status != CRUX_OK) break;
        if (disputes != NULL)
            (void)json_array_append_new(disputes, describe_dispute(&dispute));
        else
            say_dispute(&dispute);
    }
    if (status == CRUX_OK && shown->call->json)
        shown->code = crux_cli_answer(
            shown->call,
            json_pack("{s:I, s:I, s:s, s:o, s:i, s:O}", "batch", (json_int_t)claim.key.batch,
                      "member", (json_int_t)claim.key.member, "state", state_name(state), "hash",
                      claim.shown ? crux_cli_json_hex(claim.hash, 32) : json_null(), "demand",
                      (int)claim.demand, "disputes", disputes));
    json_decref(disputes);
    return status;
}

static enum crux_status show_account(void *ctx, const struct crux_game *game, uint64_t now) {
    struct shown *shown = ctx;
    struct crux_game_account account;
    (void)now;
    enum crux_status status = crux_game_get_account(game, &shown->account, &account);
    if (status != CRUX_OK) return status;
    char hex[41];
    crux_cli_chain_hex(hex, shown->account.b, sizeof shown->account.b);
    if (shown->call->json)
        shown->code =
            crux_cli_answer(shown->call, json_pack("{s:s, s:I, s:I}", "account", hex, "balance",
                                                   (json_int_t)account.balance, "withdrawn",
                                                   (json_int_t)account.withdrawn));
    else
        (void)printf("account    %s\nbalance    %llu\nwithdrawn  %llu\n", hex,
                     (unsigned long long)account.balance, (unsigned long long)account.withdrawn);
    return CRUX_OK;
}

/* A claim is BATCH or BATCH/MEMBER in at most 19 digits each.  Returns: false if the text is none. */
static bool read_claim(struct crux_claim_id *id, const char *text) {
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

enum crux_cli_exit crux_cli_run_chain_show(const struct crux_cli_call *call) {
    struct crux_chain chain;
    struct shown shown = {.call = call};
    bool is_claim = read_claim(&shown.id, call->operand[1]);
    if (!is_claim && crux_chain_account_read(&shown.account, call->operand[1]) != CRUX_OK)
        return crux_cli_fail(call, CRUX_E_USAGE,
                             "'%.100s' is neither a claim (BATCH/MEMBER) nor an account",
                             call->operand[1]);
    enum crux_cli_exit code = crux_cli_chain_open(&chain, call);
    if (code != CRUX_CLI_OK) return code;
    enum crux_status status = chain.ops->look(&chain, is_claim ? show_claim : show_account, &shown);
    return crux_cli_chain_close(&chain, call, status, shown.code);
}
