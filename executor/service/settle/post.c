/* Models are registered; what waits becomes batches; batches come onto the chain. */
#include <stdlib.h>
#include <string.h>

#include "executor/service/settle/inside.h"

uint64_t settle_bond(const struct crux_settle *settle) {
    return settle->options.bond > settle->parameters.executor_bond
               ? settle->options.bond
               : settle->parameters.executor_bond;
}

enum crux_status settle_register(struct crux_settle *settle) {
    if (settle->registered) return CRUX_OK;
    for (uint32_t i = 0; i < settle->options.model_count; i++) {
        const struct crux_settle_model *model = &settle->models[i];
        const struct crux_move move = {.kind = CRUX_MOVE_REGISTER,
                                       .header = model->header,
                                       .manifest_hash = model->manifest_hash,
                                       .layers_root = model->layers_root};
        enum crux_status status = settle_move(settle, &move, NULL);
        if (status == CRUX_E_QUEUE_FULL) return CRUX_OK; /* the others next time */
        if (settle_is_chain_trouble(status)) return status;
    }
    settle->registered = true;
    return CRUX_OK;
}

/* Is it time?  A batch goes when it is full, when its first run has waited long enough or is due soon, or at the end. */
static bool is_time(const struct crux_settle *settle, const struct crux_store_waiting *waiting) {
    const struct crux_settle_options *o = &settle->options;
    return waiting->mode == CRUX_MODE_FULL || settle->draining ||
           waiting->count >= o->batch_count || settle->now >= waiting->oldest + o->batch_seconds ||
           settle->chain_time + o->batch_seconds >= waiting->deadline;
}

enum crux_status settle_form(struct crux_settle *settle) {
    struct crux_store_waiting waiting[SETTLE_WAITING_A_TICK];
    uint32_t groups;
    enum crux_status status =
        crux_store_waiting(settle->store, waiting, SETTLE_WAITING_A_TICK, &groups);
    if (status != CRUX_OK) return settle_store_failed(settle, status);
    for (uint32_t i = 0; i < groups; i++) {
        uint32_t most = waiting[i].mode == CRUX_MODE_FULL ? 1 : settle->options.batch_count;
        /* no more than this tick can post; the rest of a group that stays behind has waited as long the next time */
        for (uint32_t made = 0; made < settle->moves_left && is_time(settle, &waiting[i]); made++) {
            status = crux_store_form(settle->store, waiting[i].mode, &waiting[i].requester, most,
                                     settle_bond(settle));
            if (status == CRUX_E_NOT_FOUND) break;
            if (status != CRUX_OK) return settle_store_failed(settle, status);
            waiting[i].count -= waiting[i].count < most ? waiting[i].count : most;
        }
    }
    return CRUX_OK;
}

/* ---- posting ---- */

static void append_tokens(uint8_t **at, const uint32_t *tokens, uint32_t count) {
    for (uint32_t i = 0; i < count; i++, *at += 4) crux_store_u32(*at, tokens[i]);
}

/* Posts the only run of a batch of mode full. Its claim is bound at once to the escrow that its request names; where
 * there is no such escrow, it is posted without. */
static enum crux_status post_full(struct crux_settle *settle, const struct crux_store_batch *batch,
                                  struct crux_game_outcome *outcome) {
    static const struct crux_account nobody;
    struct crux_store_run *run;
    uint8_t claim[CRUX_CLAIM_BYTES];
    /* the batch's root is the claim's hash */
    enum crux_status status =
        crux_store_find(settle->store, &run, CRUX_STORE_BY_CLAIM, batch->root);
    if (status != CRUX_OK) return settle_store_failed(settle, status);
    size_t len = 4 * ((size_t)run->claim.request_tokens + run->claim.chosen_tokens);
    uint8_t *tokens = malloc(len), *at = tokens;
    if (tokens == NULL) {
        crux_store_run_free(run);
        return settle_fail(settle, CRUX_E_OUT_OF_MEMORY, "no memory for a move");
    }
    append_tokens(&at, run->request_tokens, run->claim.request_tokens);
    append_tokens(&at, run->output_tokens, run->claim.chosen_tokens);
    crux_claim_encode(claim, &run->claim);
    bool binds = memcmp(&run->fee_requester, &nobody, sizeof nobody) != 0 && !run->fee_refused;
    struct crux_move move = {.kind = CRUX_MOVE_POST,
                             .claim_bytes = claim,
                             .amount = batch->bond,
                             .flag = binds,
                             .account = binds ? run->fee_requester.b : nobody.b,
                             .request = run->request,
                             .rest = tokens,
                             .rest_bytes = len};
    status = settle_move(settle, &move, outcome);
    if (binds && (status == CRUX_E_ESCROW_UNKNOWN || status == CRUX_E_ESCROW_DIFFERS ||
                  status == CRUX_E_TOO_LATE)) {
        move.flag = 0;
        move.account = nobody.b;
        enum crux_status marked =
            crux_store_mark(settle->store, run->number, CRUX_STORE_BOUND, CRUX_STORE_GIVEN_UP);
        status = marked == CRUX_OK ? settle_move(settle, &move, outcome)
                                   : settle_store_failed(settle, marked);
    }
    free(tokens);
    crux_store_run_free(run);
    return status;
}

static enum crux_status post_root(struct crux_settle *settle, const struct crux_store_batch *batch,
                                  struct crux_game_outcome *outcome) {
    const struct crux_move move = {.kind = CRUX_MOVE_SETTLE,
                                   .hash = batch->root,
                                   .count = batch->count,
                                   .flag = batch->mode == CRUX_MODE_PRIVATE,
                                   .account = batch->requester.b,
                                   .amount = batch->bond};
    return settle_move(settle, &move, outcome);
}

struct finding {
    uint64_t number;
    struct crux_game_batch batch;
};

static enum crux_status find_batch(void *ctx, const struct crux_game *game, uint64_t now) {
    struct finding *finding = ctx;
    (void)now;
    return crux_game_get_batch(game, finding->number, &finding->batch);
}

/* Reads again what the chain knows of the batch's claims: it was posted before, by a process that is no more. That comes
 * before it counts as posted: what ends this halfway has it posted and read again, for the events were read without it. */
static enum crux_status catch_up(struct crux_settle *settle, const struct crux_store_batch *batch) {
    struct crux_store_place places[SETTLE_CHUNK];
    int64_t after = -1;
    uint32_t count = 0;
    do { /* members rise, so it ends */
        enum crux_status status =
            crux_store_members(settle->store, batch->number, after, places, SETTLE_CHUNK, &count);
        if (status != CRUX_OK) return settle_store_failed(settle, status);
        if (count > 0) after = places[count - 1].claim.member;
        for (uint32_t i = 0; i < count; i++) places[i].claim.batch = batch->chain_batch;
        status = settle_refresh(settle, places, count, false);
        if (status != CRUX_OK) return status;
    } while (count == SETTLE_CHUNK);
    return CRUX_OK;
}

static enum crux_status note_posted(struct crux_settle *settle, struct crux_store_batch *batch,
                                    const struct crux_game_outcome *outcome) {
    struct finding finding = {.number = outcome->claim.batch};
    enum crux_status status = settle->chain->ops->look(settle->chain, find_batch, &finding);
    if (status != CRUX_OK) {
        settle_trouble(settle, &settle->chain_trouble, status);
        return status;
    }
    batch->chain_batch = finding.number;
    batch->posted_at = finding.batch.posted_at;
    batch->window_end = finding.batch.posted_at + finding.batch.parameters.window_seconds;
    if (outcome->repeated) status = catch_up(settle, batch);
    if (status != CRUX_OK) return status;
    status = crux_store_batch_posted(settle->store, batch);
    if (status != CRUX_OK) return settle_store_failed(settle, status);
    settle->batches_posted++;
    return CRUX_OK;
}

/* A batch of the same claims stands on other terms: whoever asked for all of them, and asked again once they were
 * forgotten here, would have the new promises broken. Fewer of them have another root, and one alone does not stand there:
 * crux_settle_promise has looked. */
static enum crux_status halve(struct crux_settle *settle, const struct crux_store_batch *batch) {
    enum crux_status status = crux_store_batch_halve(settle->store, batch, settle_bond(settle));
    return status == CRUX_OK ? CRUX_OK : settle_store_failed(settle, status);
}

/* Out: is_over, nothing more is to be posted now. */
static enum crux_status post_one(struct crux_settle *settle, struct crux_store_batch *batch,
                                 bool *is_over) {
    struct crux_game_outcome outcome;
    enum crux_status status = batch->mode == CRUX_MODE_FULL ? post_full(settle, batch, &outcome)
                                                            : post_root(settle, batch, &outcome);
    *is_over = false;
    switch (status) {
    case CRUX_OK:
        settle_recovered(&settle->post_trouble);
        return note_posted(settle, batch, &outcome);
    case CRUX_E_QUEUE_FULL: *is_over = true; return CRUX_OK;
    case CRUX_E_BOND_TOO_SMALL: /* the chain asks for more than when the batch was formed */
        *is_over = true;
        settle_trouble(settle, &settle->post_trouble, status);
        if (settle_bond(settle) <= batch->bond) return CRUX_OK;
        status = crux_store_batch_bond(settle->store, batch->number, settle_bond(settle));
        return status == CRUX_OK ? CRUX_OK : settle_store_failed(settle, status);
    case CRUX_E_BALANCE_TOO_SMALL:
    case CRUX_E_MODEL_UNKNOWN: /* its registration was refused, or taken back */
        *is_over = true;
        settle->registered = false;
        settle_trouble(settle, &settle->post_trouble, status);
        return CRUX_OK;
    default: break;
    }
    if (settle_is_chain_trouble(status) || settle->message[0] != 0) return status;
    if (status == CRUX_E_ALREADY_POSTED && batch->count > 1) return halve(settle, batch);
    /* anything else will be refused again, whenever it is tried */
    status = crux_store_batch_refused(settle->store, batch->number, settle->now);
    return status == CRUX_OK ? CRUX_OK : settle_store_failed(settle, status);
}

enum crux_status settle_post(struct crux_settle *settle) {
    struct crux_store_batch batch = {.number = 0};
    bool is_over = false;
    if (!settle_may_try(settle, &settle->post_trouble)) return CRUX_OK;
    while (!is_over) { /* numbers rise, and each costs a move */
        enum crux_status status = crux_store_batch_next(settle->store, &batch, CRUX_STORE_FORMED,
                                                        batch.number, settle->chain_time);
        if (status == CRUX_E_NOT_FOUND) return CRUX_OK;
        if (status != CRUX_OK) return settle_store_failed(settle, status);
        status = post_one(settle, &batch, &is_over);
        if (status != CRUX_OK) return status;
    }
    return CRUX_OK;
}
