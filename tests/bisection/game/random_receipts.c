#include <string.h>

#include "tests/bisection/game/random_game.h"

static void sign_receipt(struct player_receipt *receipt, unsigned executor,
                         const struct player_claim *claim, uint64_t deadline) {
    const struct crux_claim *what = sim.claim[claim == NULL ? 1 : 0].run->evidence.claim;
    struct crux_receipt said = {.mode = CRUX_MODE_BATCHED, .deadline = deadline};
    struct crux_account account = table_account(executor);
    struct crux_writer writer;
    uint8_t signature[CRUX_SIGNATURE_BYTES];
    memset(receipt, 0, sizeof *receipt);
    receipt->executor = executor;
    receipt->claim = claim;
    if (claim != NULL) what = claim->run->evidence.claim;
    memcpy(receipt->request_hash, what->request_hash, 32);
    memcpy(said.chain_id, sim.table.game.chain_id, 32);
    memcpy(said.contract, sim.table.game.contract, 32);
    memcpy(said.executor, account.b, 20);
    memcpy(said.request_hash, receipt->request_hash, 32);
    if (claim == NULL)
        memset(said.claim_hash, 7, 32);
    else
        crux_claim_hash(said.claim_hash, what);
    crux_receipt_digest(receipt->digest, &said);
    table_sign(signature, executor, receipt->digest);
    crux_writer_init(&writer, receipt->bytes, sizeof receipt->bytes);
    crux_put_bytes(&writer, said.claim_hash, 32);
    crux_put_u8(&writer, said.mode);
    crux_put_bytes(&writer, said.requester, 20);
    crux_put_u64(&writer, said.deadline);
    crux_put_bytes(&writer, signature, sizeof signature);
}

bool is_called(const struct player_receipt *receipt, struct crux_game_promise *promise) {
    return crux_game_get_promise(&sim.table.game, receipt->digest, promise) == CRUX_OK &&
           promise->state == CRUX_PROMISE_OPEN;
}

static void send_about(unsigned player, struct player_receipt *receipt,
                       const struct crux_move *move) {
    if (receipt->sent_at[player] + DELAY_SECONDS / 2 > sim.table.now) return;
    receipt->sent_at[player] = sim.table.now;
    send_move(player, move);
}

/* The honest executor answers; the liar where it can; an honest challenger calls what has lapsed. */
static void answer_calls(struct player_receipt *receipt) {
    static const uint8_t nothing[1];
    struct crux_game_promise promise;
    if (!is_called(receipt, &promise)) return;
    struct crux_move keep = {.kind = CRUX_MOVE_KEEP, .hash = receipt->digest, .rest = nothing};
    const struct crux_move lapse = {.kind = CRUX_MOVE_LAPSE, .hash = receipt->digest};
    if (receipt->claim != NULL) keep.claim = receipt->claim->id;
    bool answers = receipt->executor == LIAR ? one_in(50) : is_awake(HONEST_EXECUTOR);
    if (sim.table.now > promise.answer_by)
        send_about(HONEST_CHALLENGER, receipt, &lapse);
    else if (answers)
        send_about(receipt->executor, receipt, &keep);
}

void hold_receipts(void) {
    struct player_receipt *one = &sim.receipt[below(RECEIPTS)],
                          *two = &sim.receipt[below(RECEIPTS)];
    struct crux_account executor = table_account(one->executor);
    const struct crux_move call = {.kind = CRUX_MOVE_CALL,
                                   .executor = executor.b,
                                   .hash = one->request_hash,
                                   .promise = one->bytes};
    struct crux_move convict = call;
    convict.kind = CRUX_MOVE_CONVICT;
    convict.other = two->bytes;
    const struct crux_move leave = {.kind = CRUX_MOVE_LEAVE}, release = {.kind = CRUX_MOVE_RELEASE};
    const struct crux_move pledge = {.kind = CRUX_MOVE_PLEDGE,
                                     .amount = PLEDGE + below(3 * PLEDGE)};
    if (one_in(20)) send_move(SHAM, &call);
    if (one_in(60)) send_move(SHAM + 1, &convict);
    if (one_in(100)) send_move(LIAR, one_in(2) ? &leave : &release);
    if (one_in(200)) send_move(LIAR, &pledge);
    for (unsigned i = 0; i < RECEIPTS; i++) answer_calls(&sim.receipt[i]);
}

const char *pledge_and_sign(void) {
    const struct crux_move pledge = {.kind = CRUX_MOVE_PLEDGE, .amount = PLEDGE};
    CHECK(table_move(&sim.table, HONEST_EXECUTOR, &pledge) == CRUX_OK &&
              table_move(&sim.table, LIAR, &pledge) == CRUX_OK,
          "pledge");
    for (unsigned i = 0; i < RECEIPTS; i++) {
        const struct player_claim *claim = i == 4 ? NULL : &sim.claim[i < 2 ? 0 : 1];
        sign_receipt(&sim.receipt[i], i < 2 ? HONEST_EXECUTOR : LIAR, claim,
                     sim.table.now + below(3000));
    }
    return NULL;
}

const char *release_all(void) {
    struct crux_game_pledge left[PLAYERS];
    const struct crux_move leave = {.kind = CRUX_MOVE_LEAVE}, release = {.kind = CRUX_MOVE_RELEASE};
    for (unsigned i = 0; i < PLAYERS; i++) {
        struct crux_account account = table_account(i);
        CHECK(crux_game_get_pledge(&sim.table.game, &account, &left[i]) == CRUX_OK, "pledge");
        CHECK(left[i].open == 0, "a promise is open");
        if (left[i].amount > 0) CHECK(table_move(&sim.table, i, &leave) == CRUX_OK, "leave");
    }
    CHECK(left[HONEST_EXECUTOR].amount == PLEDGE, "the honest executor's pledge");
    sim.table.now += table_parameters.leave_seconds + 1;
    for (unsigned i = 0; i < PLAYERS; i++)
        if (left[i].amount > 0) CHECK(table_move(&sim.table, i, &release) == CRUX_OK, "release");
    return NULL;
}
