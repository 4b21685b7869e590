/* After the window: bonds come back, claims come to their ends, and what is earned is taken out. */
#include <string.h>

#include "executor/service/settle/inside.h"

/* Reads the ends of the batch's claims.  In/out: looks, how many claims this tick may still read. */
static enum crux_status read_ends(struct crux_settle *settle, const struct crux_store_batch *batch,
                                  uint32_t *looks) {
    struct crux_store_place places[SETTLE_CHUNK];
    int64_t after = -1;
    uint32_t count = SETTLE_CHUNK;
    while (count == SETTLE_CHUNK && *looks >= SETTLE_CHUNK) {
        enum crux_status status =
            crux_store_members(settle->store, batch->number, after, places, SETTLE_CHUNK, &count);
        if (status != CRUX_OK) return settle_store_failed(settle, status);
        if (count > 0) after = places[count - 1].claim.member;
        *looks -= SETTLE_CHUNK;
        status = settle_refresh(settle, places, count, true);
        if (status != CRUX_OK) return status;
    }
    return CRUX_OK;
}

/* Pays the bonds back, and ends the batch when all its claims have ended. */
static enum crux_status finalise_one(struct crux_settle *settle,
                                     const struct crux_store_batch *batch, uint32_t *looks) {
    uint64_t open = 0;
    const struct crux_move move = {.kind = CRUX_MOVE_FINALISE,
                                   .claim = {.batch = batch->chain_batch}};
    enum crux_status status = settle_move(settle, &move, NULL);
    if (status == CRUX_E_QUEUE_FULL || settle_is_chain_trouble(status)) return status;
    /* pending: something keeps all the rest open */
    bool is_final = status == CRUX_OK;
    status = read_ends(settle, batch, looks);
    if (status != CRUX_OK) return status;
    status = is_final ? crux_store_batch_end(settle->store, batch->number, &open) : CRUX_OK;
    /* unless this tick had no time for all of it */
    if (status == CRUX_OK && (!is_final || open > 0) && *looks >= SETTLE_CHUNK)
        status = crux_store_batch_try(settle->store, batch->number,
                                      settle->chain_time + SETTLE_RETRY_SECONDS);
    return status == CRUX_OK ? CRUX_OK : settle_store_failed(settle, status);
}

enum crux_status settle_finalise(struct crux_settle *settle) {
    struct crux_store_batch batch = {.number = 0};
    uint32_t looks = SETTLE_LOOKS_A_TICK;
    while (looks >= SETTLE_CHUNK) { /* numbers rise, and each costs a move */
        enum crux_status status = crux_store_batch_next(settle->store, &batch, CRUX_STORE_POSTED,
                                                        batch.number, settle->chain_time);
        if (status == CRUX_E_NOT_FOUND) return CRUX_OK;
        if (status != CRUX_OK) return settle_store_failed(settle, status);
        status = finalise_one(settle, &batch, &looks);
        if (status == CRUX_E_QUEUE_FULL) return CRUX_OK;
        if (status != CRUX_OK) return status;
    }
    return CRUX_OK;
}

/* ---- what is earned ---- */

static bool is_same(const struct crux_account *a, const struct crux_account *b) {
    return memcmp(a->b, b->b, sizeof a->b) == 0;
}

static const struct crux_account nobody;

bool settle_has_payee(const struct crux_settle *settle) {
    return is_same(&settle->options.payee, &nobody) ||
           is_same(&settle->options.payee, &settle->payee);
}

/* spec/70-game.md#value: "An account names its first payee by `payee`; from then on that payee alone names another" */
enum crux_status settle_payee(struct crux_settle *settle) {
    const struct crux_account *payee = &settle->options.payee;
    if (settle_has_payee(settle) || !is_same(&settle->payee, &nobody)) return CRUX_OK;
    const struct crux_move move = {
        .kind = CRUX_MOVE_PAYEE, .account = settle->key->account.b, .payee = payee->b};
    enum crux_status status = settle_move(settle, &move, NULL);
    if (status == CRUX_OK) settle->payee = *payee;
    /* what is refused is tried again at the next tick, as the account is then */
    return settle_is_chain_trouble(status) ? status : CRUX_OK;
}

static uint64_t sum(uint64_t a, uint64_t b) {
    return a > INT64_MAX - b ? INT64_MAX : a + b;
}

uint64_t settle_keeps(const struct crux_settle *settle, uint64_t owed) {
    uint64_t bond = settle_bond(settle), count = settle->options.batch_count;
    uint64_t batch = bond > INT64_MAX / count ? INT64_MAX : bond * count,
             above = settle->options.withdraw_above;
    return sum(above > batch ? above : batch, owed);
}

/* spec/85-receipts.md#hot-and-cold: "An executor therefore leaves on the account what its bonds need, and withdraws what
 * exceeds a stated float as soon as it is free." */
enum crux_status settle_withdraw(struct crux_settle *settle) {
    uint64_t owed = 0, left, late;
    if (!settle->options.withdraws || !settle_has_payee(settle)) return CRUX_OK;
    enum crux_status status = crux_store_owed(settle->store, settle_bond(settle),
                                              settle->chain_time, &owed, &left, &late);
    if (status != CRUX_OK) return settle_store_failed(settle, status);
    /* the balance as this tick began, less what it has paid since: asked again, so that none is counted twice */
    status = settle_look(settle);
    if (status != CRUX_OK) return status;
    uint64_t keeps = sum(settle_keeps(settle, owed), settle_unpledged(settle));
    if (settle->balance <= keeps) return CRUX_OK;
    const struct crux_move move = {.kind = CRUX_MOVE_WITHDRAW,
                                   .amount = settle->withdrawn + settle->balance - keeps};
    status = settle_move(settle, &move, NULL);
    /* of what the game may refuse, nothing is lost: the next tick asks again */
    return settle_is_chain_trouble(status) ? status : CRUX_OK;
}
