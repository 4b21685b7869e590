/* Games about promises: an executor that pledges breaks some, or all; holders call; two receipts convict.
 * spec/75-economics.md#measured */
#include <string.h>

#include "cli/economics.h"

enum { DEADLINE = 10, CONVICTS = CRUX_CLI_GAME_REQUESTER };

/* Whose signature it is, is not what is played here. */
static bool is_signed(void *ctx, const struct crux_account *account, const uint8_t digest[32],
                      const uint8_t signature[CRUX_SIGNATURE_BYTES]) {
    (void)ctx;
    (void)account;
    (void)digest;
    return signature[0] == 1;
}

struct receipt {
    struct crux_receipt fields;
    uint8_t bytes[CRUX_PROMISE_BYTES], digest[32];
};

/* Receipt `number`: for the claim that is posted, or for another one that never is. */
static void make_receipt(struct receipt *receipt, const struct crux_cli_game *game, uint32_t number,
                         bool is_kept) {
    static const uint8_t signature[CRUX_SIGNATURE_BYTES] = {1};
    const struct crux_account executor = crux_cli_game_account(CRUX_CLI_GAME_EXECUTOR);
    struct crux_receipt *fields = &receipt->fields;
    memset(receipt, 0, sizeof *receipt);
    memcpy(fields->chain_id, game->game.chain_id, 32);
    memcpy(fields->contract, game->game.contract, 32);
    memcpy(fields->executor, executor.b, sizeof executor.b);
    crux_store_u32(fields->request_hash, number);
    crux_claim_hash(fields->claim_hash, crux_archive_claim(game->claim[0]->archive));
    if (!is_kept) fields->claim_hash[0] ^= 1;
    fields->mode = CRUX_MODE_BATCHED;
    fields->deadline = DEADLINE;
    crux_promise_encode(receipt->bytes, fields, signature);
    crux_receipt_digest(receipt->digest, fields);
}

static enum crux_status call(struct crux_cli_game *game, uint32_t account,
                             const struct receipt *receipt) {
    const struct crux_move move = {.kind = CRUX_MOVE_CALL,
                                   .executor = receipt->fields.executor,
                                   .hash = receipt->fields.request_hash,
                                   .promise = receipt->bytes};
    return crux_cli_game_move(game, account, &move);
}

static enum crux_status keep(struct crux_cli_game *game, const struct receipt *receipt) {
    const struct crux_move move = {
        .kind = CRUX_MOVE_KEEP, .hash = receipt->digest, .claim = crux_cli_game_id(game, 0)};
    return crux_cli_game_move(game, CRUX_CLI_GAME_EXECUTOR, &move);
}

static enum crux_status lapse(struct crux_cli_game *game, uint32_t account,
                              const struct receipt *receipt) {
    const struct crux_move move = {.kind = CRUX_MOVE_LAPSE, .hash = receipt->digest};
    return crux_cli_game_move(game, account, &move);
}

/* An executor with one claim on the chain and this pledge; whoever calls has the fees for it. */
static enum crux_status begin(struct crux_cli_game *game, uint64_t pledge, uint32_t promises) {
    const struct crux_move move = {.kind = CRUX_MOVE_PLEDGE, .amount = pledge};
    const uint64_t fee = game->parameters.demand_fee;
    enum crux_status status = crux_cli_game_begin(game);
    game->game.verify = is_signed;
    if (status == CRUX_OK)
        status = crux_cli_game_deposit(game, CRUX_CLI_GAME_EXECUTOR,
                                       pledge + game->parameters.executor_bond);
    if (status == CRUX_OK)
        status = crux_cli_game_deposit(game, CRUX_CLI_GAME_SECOND, fee * promises);
    for (uint32_t i = 0; status == CRUX_OK && i < promises; i++)
        status = crux_cli_game_deposit(game, CRUX_CLI_GAME_REQUESTER + i, fee);
    if (status == CRUX_OK) status = crux_cli_game_post(game, 1, 0);
    if (status == CRUX_OK && pledge > 0)
        status = crux_cli_game_move(game, CRUX_CLI_GAME_EXECUTOR, &move);
    game->now = DEADLINE + 1;
    return status;
}

static uint64_t pledge_of(const struct crux_cli_game *game) {
    const struct crux_account executor = crux_cli_game_account(CRUX_CLI_GAME_EXECUTOR);
    struct crux_game_pledge pledge;
    return crux_game_get_pledge(&game->game, &executor, &pledge) == CRUX_OK ? pledge.amount : 0;
}

static bool draw(struct crux_cli_random *random, uint32_t share) {
    return crux_cli_random_below(random, CRUX_SHARE_ONE) < share;
}

/* What one promise is called for, and by whom; and what that costs and brings. */
struct one {
    struct receipt receipt;
    uint32_t caller;
    bool is_broken, is_called;
};

static enum crux_status finish_one(struct crux_cli_game *game, const struct crux_economics *e,
                                   const struct one *one, struct crux_cli_measured *measured) {
    uint64_t before = crux_cli_game_balance(game, CRUX_CLI_GAME_EXECUTOR);
    enum crux_status status;
    if (!one->is_broken) {
        uint64_t moves = game->moves[CRUX_CLI_GAME_EXECUTOR];
        status = keep(game, &one->receipt);
        uint64_t cost = (game->moves[CRUX_CLI_GAME_EXECUTOR] - moves) * e->move;
        double net =
            (double)(crux_cli_game_balance(game, CRUX_CLI_GAME_EXECUTOR) - before) - (double)cost;
        crux_cli_tally_check(measured, CRUX_CLI_KEEP_NET, net,
                             net == (double)e->game.demand_fee - (double)e->move);
        return status;
    }
    uint64_t own = crux_cli_game_balance(game, one->caller), moves = game->moves[one->caller] - 1;
    status = lapse(game, one->caller, &one->receipt);
    double net = (double)(crux_cli_game_balance(game, one->caller) - own) -
                 (double)e->game.demand_fee -
                 (double)((game->moves[one->caller] - moves) * e->move);
    if (one->caller != CRUX_CLI_GAME_SECOND)
        crux_cli_tally_check(measured, CRUX_CLI_CALL_NET, net,
                             net == (double)e->game.receipt_reward - 2 * (double)e->move);
    return status;
}

/* Each promise is broken with the chance of a lie, and called with a chance of its own; the pledge holds all of them. */
static enum crux_status play_some(struct crux_cli_measured *measured,
                                  const struct crux_cli_economics *what, struct crux_cli_game *game,
                                  struct crux_cli_random *random) {
    static struct one all[CRUX_CLI_GAME_CLAIMS_MAX];
    const struct crux_economics *e = &what->e;
    uint32_t broken = 0, kept_calls = 0;
    uint64_t pledge = e->game.receipt_penalty * e->batch + 1;
    enum crux_status status = begin(game, pledge, e->batch);
    uint64_t second = crux_cli_game_balance(game, CRUX_CLI_GAME_SECOND);
    for (uint32_t i = 0; status == CRUX_OK && i < e->batch; i++) {
        struct one *one = &all[i];
        one->is_broken = draw(random, what->lying);
        one->is_called = draw(random, e->called);
        bool is_copied = one->is_broken && draw(random, e->copied);
        one->caller = is_copied ? CRUX_CLI_GAME_SECOND : CRUX_CLI_GAME_REQUESTER + i;
        make_receipt(&one->receipt, game, i, !one->is_broken);
        if (one->is_called) status = call(game, one->caller, &one->receipt);
        broken += one->is_broken;
        kept_calls += one->is_called && !one->is_broken;
    }
    for (unsigned late = 0; late < 2; late++) { /* what is kept, and then what is not */
        if (late == 1) game->now += (uint64_t)game->parameters.demand_seconds + 1;
        for (uint32_t i = 0; status == CRUX_OK && i < e->batch; i++)
            if (all[i].is_called && all[i].is_broken == (late == 1))
                status = finish_one(game, e, &all[i], measured);
    }
    if (status != CRUX_OK || what->lying == 0) return status;
    double liar = (double)crux_cli_game_balance(game, CRUX_CLI_GAME_EXECUTOR) +
                  (double)crux_cli_game_balance(game, CRUX_CLI_GAME_SECOND) - (double)second +
                  (double)pledge_of(game) - (double)pledge -
                  (double)kept_calls * (double)e->game.demand_fee;
    double each = (double)e->saved + (double)e->prize - (double)e->fee;
    crux_cli_tally_add(measured, CRUX_CLI_PROMISE_GAIN,
                       (liar + broken * each) /
                           (e->batch * (what->lying / (double)CRUX_SHARE_ONE)));
    return CRUX_OK;
}

/* A batch of promises, all broken and all called, against the pledge as it is. */
static enum crux_status play_all(struct crux_cli_measured *measured, const struct crux_economics *e,
                                 struct crux_cli_game *game) {
    static struct receipt receipt[CRUX_CLI_GAME_CLAIMS_MAX];
    struct crux_game_chain chain;
    enum crux_status status = begin(game, e->pledge, e->batch);
    for (uint32_t i = 0; status == CRUX_OK && i < e->batch; i++) {
        make_receipt(&receipt[i], game, i, false);
        status = call(game, CRUX_CLI_GAME_REQUESTER + i, &receipt[i]);
    }
    game->now += (uint64_t)game->parameters.demand_seconds + 1;
    for (uint32_t i = 0; status == CRUX_OK && i < e->batch; i++)
        status = lapse(game, CRUX_CLI_GAME_REQUESTER + i, &receipt[i]);
    if (status == CRUX_OK) status = crux_game_get_chain(&game->game, &chain);
    if (status != CRUX_OK) return status;
    uint64_t cost = e->pledge - pledge_of(game);
    crux_cli_tally_check(measured, CRUX_CLI_PROMISES_COST, (double)cost,
                         cost == crux_economics_promises_cost(e, e->batch));
    crux_cli_tally_check(measured, CRUX_CLI_PROMISES_BURNED, (double)chain.burned,
                         chain.burned == crux_economics_promises_burned(e, e->batch));
    return CRUX_OK;
}

static enum crux_status convict(struct crux_cli_measured *measured, const struct crux_economics *e,
                                struct crux_cli_game *game) {
    struct receipt receipt[2];
    struct crux_game_chain chain;
    enum crux_status status = begin(game, e->pledge, 1);
    if (status != CRUX_OK) return status;
    for (unsigned i = 0; i < 2; i++) make_receipt(&receipt[i], game, 0, i == 0);
    const struct crux_move move = {.kind = CRUX_MOVE_CONVICT,
                                   .executor = receipt[0].fields.executor,
                                   .hash = receipt[0].fields.request_hash,
                                   .promise = receipt[0].bytes,
                                   .other = receipt[1].bytes};
    status = crux_cli_game_move(game, CONVICTS, &move);
    if (status == CRUX_OK) status = crux_game_get_chain(&game->game, &chain);
    if (status != CRUX_OK) return status;
    crux_cli_tally_check(measured, CRUX_CLI_CONVICTION, (double)chain.burned,
                         chain.burned == crux_economics_conviction_burned(e));
    return CRUX_OK;
}

enum crux_status crux_cli_economics_promises(struct crux_cli_measured *measured,
                                             const struct crux_cli_economics *what,
                                             struct crux_cli_game *game,
                                             struct crux_cli_random *random) {
    game->claim[0] = &game->tree->honest;
    enum crux_status status = play_some(measured, what, game, random);
    if (status != CRUX_OK || what->e.pledge == 0) return status;
    status = play_all(measured, &what->e, game);
    return status == CRUX_OK ? convict(measured, &what->e, game) : status;
}
