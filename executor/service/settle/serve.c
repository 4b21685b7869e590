/* Claims are shown, published and bound to their escrows; fees are collected. */
#include <stdlib.h>
#include <string.h>

#include "executor/service/settle/inside.h"

static enum crux_status show(struct crux_settle *settle, const struct crux_store_run *run) {
    uint8_t claim[CRUX_CLAIM_BYTES];
    crux_claim_encode(claim, &run->claim);
    const struct crux_move move = {
        .kind = CRUX_MOVE_SHOW,
        .claim = {.batch = run->chain_batch, .member = run->member},
        .claim_bytes = claim,
        .rest = run->path,
        .rest_bytes = run->path_bytes,
    };
    enum crux_status status = settle_move(settle, &move, NULL);
    if (status == CRUX_OK) settle->claims_shown++;
    return status;
}

static enum crux_status publish(struct crux_settle *settle, const struct crux_store_run *run) {
    size_t len = 4 * (size_t)run->claim.request_tokens;
    uint8_t *tokens = malloc(len);
    if (tokens == NULL) return settle_fail(settle, CRUX_E_OUT_OF_MEMORY, "no memory for a move");
    for (uint32_t i = 0; i < run->claim.request_tokens; i++)
        crux_store_u32(tokens + 4 * (size_t)i, run->request_tokens[i]);
    const struct crux_move move = {
        .kind = CRUX_MOVE_PUBLISH,
        .claim = {.batch = run->chain_batch, .member = run->member},
        .request = run->request,
        .rest = tokens,
        .rest_bytes = len,
    };
    enum crux_status status = settle_move(settle, &move, NULL);
    if (status == CRUX_OK) settle->demands_met++;
    free(tokens);
    return status;
}

static enum crux_status bind(struct crux_settle *settle, const struct crux_store_run *run) {
    const struct crux_move move = {
        .kind = CRUX_MOVE_BIND,
        .claim = {.batch = run->chain_batch, .member = run->member},
        .account = run->fee_requester.b,
    };
    return settle_move(settle, &move, NULL);
}

static enum crux_status pay(struct crux_settle *settle, const struct crux_store_run *run) {
    struct crux_game_outcome outcome;
    const struct crux_move move = {
        .kind = CRUX_MOVE_PAY,
        .account = run->fee_requester.b,
        .executor = settle->key->account.b,
        .hash = run->receipt.request_hash,
    };
    enum crux_status status = settle_move(settle, &move, &outcome);
    if (status == CRUX_OK) settle->fees_paid += outcome.paid;
    return status;
}

/* Makes a move about a run, and marks it. What the game refuses is given up, and stays visible as not done; what it only
 * puts off is left for later.  Returns: CRUX_E_QUEUE_FULL as of settle_move. */
static enum crux_status serve_one(struct crux_settle *settle, uint64_t number,
                                  enum crux_status (*move)(struct crux_settle *settle,
                                                           const struct crux_store_run *run),
                                  enum crux_store_mark mark) {
    struct crux_store_run *run;
    enum crux_status status = crux_store_find(settle->store, &run, CRUX_STORE_BY_NUMBER, &number);
    if (status != CRUX_OK) return settle_store_failed(settle, status);
    status = move(settle, run);
    crux_store_run_free(run);
    if (status == CRUX_E_QUEUE_FULL || settle_is_chain_trouble(status)) return status;
    if (status == CRUX_E_CLAIM_PENDING || status == CRUX_E_NOT_TOO_LATE ||
        status == CRUX_E_MODEL_UNKNOWN || status == CRUX_E_CLAIM_UNKNOWN) {
        /* a model or a batch that a reorganisation took away comes again */
        settle->registered = settle->registered && status != CRUX_E_MODEL_UNKNOWN;
        return CRUX_OK;
    }
    const uint64_t value = status == CRUX_OK ? CRUX_STORE_YES : CRUX_STORE_GIVEN_UP;
    status = settle_marks_begin(settle);
    if (status != CRUX_OK) return status;
    status = crux_store_mark(settle->store, number, mark, value);
    return status == CRUX_OK ? CRUX_OK : settle_store_failed(settle, status);
}

enum crux_status settle_answer_demand(struct crux_settle *settle,
                                      const struct crux_store_demand *demand) {
    enum crux_status status =
        demand->shown ? CRUX_OK : serve_one(settle, demand->number, show, CRUX_STORE_SHOWN);
    if (status != CRUX_OK) return status;
    struct crux_store_demand as_it_is = {.deadline = demand->deadline,
                                         .number = demand->number - 1};
    status = crux_store_demand_next(settle->store, &as_it_is);
    if (status != CRUX_OK && status != CRUX_E_NOT_FOUND) return settle_store_failed(settle, status);
    if (as_it_is.number != demand->number || !as_it_is.shown) return CRUX_OK;
    return serve_one(settle, demand->number, publish, CRUX_STORE_PUBLISHED);
}

static enum crux_status serve_each(struct crux_settle *settle, enum crux_store_due due,
                                   enum crux_status (*move)(struct crux_settle *settle,
                                                            const struct crux_store_run *run),
                                   enum crux_store_mark mark) {
    uint64_t number = 0;
    for (;;) { /* numbers rise, and each costs a move */
        enum crux_status status = crux_store_due(settle->store, due, number, &number);
        if (status == CRUX_E_NOT_FOUND) return CRUX_OK;
        if (status != CRUX_OK) return settle_store_failed(settle, status);
        status = serve_one(settle, number, move, mark);
        if (status == CRUX_E_QUEUE_FULL) return CRUX_OK;
        if (status != CRUX_OK) return status;
    }
}

static enum crux_status serve(struct crux_settle *settle, enum crux_store_due due,
                              enum crux_status (*move)(struct crux_settle *settle,
                                                       const struct crux_store_run *run),
                              enum crux_store_mark mark) {
    return settle_marks_end(settle, serve_each(settle, due, move, mark));
}

enum crux_status settle_serve(struct crux_settle *settle) {
    enum crux_status status = serve(settle, CRUX_STORE_DUE_SHOW_FEE, show, CRUX_STORE_SHOWN);
    if (status == CRUX_OK) status = serve(settle, CRUX_STORE_DUE_BIND, bind, CRUX_STORE_BOUND);
    if (status == CRUX_OK && settle->options.show == CRUX_SETTLE_SHOW_ALL)
        status = serve(settle, CRUX_STORE_DUE_SHOW, show, CRUX_STORE_SHOWN);
    return status;
}

enum crux_status settle_pay(struct crux_settle *settle) {
    return serve(settle, CRUX_STORE_DUE_PAY, pay, CRUX_STORE_PAID);
}
