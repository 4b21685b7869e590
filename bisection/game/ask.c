/* Reading the state of the game. */
#include "bisection/game/inside.h"

static enum crux_status get(const struct crux_game *game, enum crux_game_table table,
                            const void *key, void *record) {
    return game->store.get(game->store.ctx, table, key, record);
}

enum crux_status crux_game_get_chain(const struct crux_game *game, struct crux_game_chain *out) {
    static const uint64_t key = 0;
    return get(game, CRUX_TABLE_CHAIN, &key, out);
}

enum crux_status crux_game_get_account(const struct crux_game *game, const struct crux_account *key,
                                       struct crux_game_account *out) {
    enum crux_status status = get(game, CRUX_TABLE_ACCOUNT, key, out);
    if (status != CRUX_E_NOT_FOUND) return status;
    crux_zero(out, sizeof *out);
    out->key = *key;
    return CRUX_OK;
}

bool crux_game_has_payee(const struct crux_game_account *account) {
    static const struct crux_account none;
    return !crux_account_equal(&account->payee, &none);
}

enum crux_status crux_game_get_model(const struct crux_game *game, const uint8_t root[32],
                                     struct crux_game_model *out) {
    return get(game, CRUX_TABLE_MODEL, root, out);
}

enum crux_status crux_game_get_batch(const struct crux_game *game, uint64_t batch,
                                     struct crux_game_batch *out) {
    return get(game, CRUX_TABLE_BATCH, &batch, out);
}

enum crux_status crux_game_get_claim(const struct crux_game *game, const struct crux_claim_id *key,
                                     struct crux_game_claim *out) {
    struct crux_game_batch batch;
    enum crux_status status = crux_game_get_batch(game, key->batch, &batch);
    if (status != CRUX_OK) return status;
    if (key->member >= batch.count) return CRUX_E_NOT_FOUND;
    status = get(game, CRUX_TABLE_CLAIM, key, out);
    if (status != CRUX_E_NOT_FOUND) return status;
    crux_zero(out, sizeof *out);
    out->key.batch = key->batch;
    out->key.member = key->member;
    return CRUX_OK;
}

enum crux_status crux_game_get_pledge(const struct crux_game *game, const struct crux_account *key,
                                      struct crux_game_pledge *out) {
    enum crux_status status = get(game, CRUX_TABLE_PLEDGE, key, out);
    if (status != CRUX_E_NOT_FOUND) return status;
    crux_zero(out, sizeof *out);
    out->key = *key;
    return CRUX_OK;
}

enum crux_status crux_game_get_promise(const struct crux_game *game, const uint8_t digest[32],
                                       struct crux_game_promise *out) {
    return get(game, CRUX_TABLE_PROMISE, digest, out);
}

enum crux_status crux_game_get_reveal(const struct crux_game *game,
                                      const struct crux_claim_id *claim,
                                      const struct crux_game_place *place,
                                      struct crux_game_reveal *out) {
    struct {
        struct crux_claim_id claim;
        struct crux_game_place place;
    } key = {{claim->batch, claim->member, 0}, *place};
    return get(game, CRUX_TABLE_REVEAL, &key, out);
}

/* spec/70-game.md#stages: "and every dispute that waits there, at the time when it is made, if it is in time in that one"
 * A dispute that waits is not touched by a move in another one: it catches up when it is read. */
static enum crux_status catch_up(const struct crux_game *game, const struct crux_claim_id *claim,
                                 struct crux_game_dispute *dispute) {
    struct crux_game_reveal reveal;
    struct crux_game_batch batch;
    enum crux_status status = crux_game_get_reveal(game, claim, &dispute->place, &reveal);
    if (status == CRUX_E_NOT_FOUND) return CRUX_OK;
    if (status == CRUX_OK) status = crux_game_get_batch(game, claim->batch, &batch);
    if (status != CRUX_OK || reveal.at > crux_game_deadline(dispute)) return status;
    /* who comes to an answered place does not wait there: only a damaged store says so */
    if (reveal.at < dispute->since) return CRUX_E_NON_CANONICAL;
    crux_dispute_stop_clock(dispute, reveal.at);
    crux_dispute_answered(dispute, &batch, &reveal);
    return CRUX_OK;
}

enum crux_status crux_game_get_dispute(const struct crux_game *game,
                                       const struct crux_claim_id *claim, uint32_t number,
                                       struct crux_game_dispute *out) {
    struct crux_claim_id key = {claim->batch, claim->member,
                                number}; /* the shape of a dispute's key */
    enum crux_status status = get(game, CRUX_TABLE_DISPUTE, &key, out);
    if (status != CRUX_OK) return status;
    bool waits = out->stage == CRUX_STAGE_REVEAL || out->stage == CRUX_STAGE_EXPAND;
    return waits ? catch_up(game, claim, out) : CRUX_OK;
}

bool crux_claim_is_open(const struct crux_game_claim *claim) {
    return claim->open > 0 || claim->demand == CRUX_DEMAND_OPEN;
}

uint64_t crux_batch_window_end(const struct crux_game_batch *batch) {
    return batch->posted_at + batch->parameters.window_seconds;
}

unsigned crux_game_turn(const struct crux_game_dispute *dispute) {
    switch ((enum crux_game_stage)dispute->stage) {
    case CRUX_STAGE_REVEAL:
    case CRUX_STAGE_EXPAND:
    case CRUX_STAGE_PROVE: return 0;
    case CRUX_STAGE_PICK:
    case CRUX_STAGE_SIDE:
    case CRUX_STAGE_ELEMENT: return 1;
    case CRUX_STAGE_QUEUED:
    case CRUX_STAGE_WON:
    case CRUX_STAGE_LOST:
    case CRUX_STAGE_REFUNDED: return 2;
    }
    return 2;
}

/* spec/70-game.md#clocks: "its deadline is that time plus what it has left" */
uint64_t crux_game_deadline(const struct crux_game_dispute *dispute) {
    unsigned turn = crux_game_turn(dispute);
    return turn == 2 ? UINT64_MAX : dispute->since + dispute->left[turn];
}

/* spec/70-game.md#opening: "as the p-th in the queue it costs (1 + p) * challenger_bond" */
uint64_t crux_game_bond(const struct crux_game_batch *batch, const struct crux_game_claim *claim) {
    uint64_t queued = claim->disputes - claim->started, bond = batch->parameters.challenger_bond;
    if (queued == 0 && claim->running < batch->parameters.running_max) return bond;
    uint64_t factor = queued + 2;
    return bond > CRUX_GAME_AMOUNT_MAX / factor ? UINT64_MAX : bond * factor;
}

enum crux_status crux_game_claim_state(enum crux_claim_state *state, const struct crux_game *game,
                                       const struct crux_claim_id *id, uint64_t now) {
    struct crux_game_batch batch;
    struct crux_game_claim claim;
    *state = CRUX_CLAIM_UNKNOWN;
    enum crux_status status = crux_game_get_batch(game, id->batch, &batch);
    if (status == CRUX_OK) status = crux_game_get_claim(game, id, &claim);
    if (status != CRUX_OK) return status == CRUX_E_NOT_FOUND ? CRUX_OK : status;
    if (claim.fallen)
        *state = CRUX_CLAIM_FALLEN;
    else if (!claim.shown)
        *state = CRUX_CLAIM_UNKNOWN;
    else if (now <= crux_batch_window_end(&batch) || crux_claim_is_open(&claim))
        *state = CRUX_CLAIM_PENDING;
    else
        *state = batch.mode == CRUX_MODE_PRIVATE ? CRUX_CLAIM_UNCHALLENGED : CRUX_CLAIM_FINAL;
    return CRUX_OK;
}

enum crux_status crux_game_is_final(bool *final, const struct crux_game *game,
                                    const struct crux_final_question *question, uint64_t now) {
    struct crux_game_batch batch;
    struct crux_game_claim claim;
    enum crux_claim_state state;
    *final = false;
    enum crux_status status = crux_game_claim_state(&state, game, &question->claim, now);
    if (status != CRUX_OK || state != CRUX_CLAIM_FINAL) return status;
    status = crux_game_get_batch(game, question->claim.batch, &batch);
    if (status == CRUX_OK) status = crux_game_get_claim(game, &question->claim, &claim);
    if (status != CRUX_OK) return status;
    *final = crux_equal(claim.hash, question->claim_hash, 32) &&
             crux_account_equal(&batch.executor, &question->executor) &&
             crux_equal(claim.claim.model_root, question->model_root, 32) &&
             crux_equal(claim.claim.request_hash, question->request_hash, 32) &&
             crux_equal(claim.claim.output_root, question->output_root, 32) &&
             batch.bond >= question->least_bond;
    return CRUX_OK;
}

enum crux_status crux_game_total(const struct crux_game *game, uint64_t *total,
                                 uint64_t *deposited) {
    struct crux_game_chain chain;
    enum crux_status status = crux_game_get_chain(game, &chain);
    if (status != CRUX_OK) return status;
    *total = chain.balances + chain.bonds + chain.stakes + chain.fees + chain.pledges +
             chain.burned + chain.withdrawn;
    *deposited = chain.deposited;
    return CRUX_OK;
}
