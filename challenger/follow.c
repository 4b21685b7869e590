/* From the chain's events to the journal: up to EVENTS of them and the cursor behind them in one transaction, so that
 * what was read is known, and what is not known will be read. */
#include <stdlib.h>
#include <string.h>

#include "challenger/inside.h"

enum { EVENTS = 64 };

struct reading {
    struct crux_challenger *c;
    enum crux_status status; /* of the first failure in a visit */
    uint64_t
        window_seconds; /* of the chain now: orders the work; what is decided, the chain's own records decide */
    uint64_t count;
};

static enum crux_status look_window(void *ctx, const struct crux_game *game, uint64_t now) {
    struct reading *reading = ctx;
    struct crux_game_chain chain;
    (void)now;
    enum crux_status status = crux_game_get_chain(game, &chain);
    reading->window_seconds = chain.parameters.window_seconds;
    if (status == CRUX_OK)
        reading->c->patience = challenger_patience(reading->c, &chain.parameters);
    return status;
}

/* ---- batches ---- */

struct batch {
    struct crux_account executor, requester;
    uint8_t root[32];
    uint32_t members, mode;
    uint64_t window_end;
};

static enum crux_status put_batch(struct crux_challenger *c, uint64_t number, uint64_t event,
                                  const struct batch *batch, bool listed) {
    struct journal *journal = &c->journal;
    const enum journal_statement put = JOURNAL_BATCH_PUT;
    journal_bind_number(journal, put, 1, number);
    journal_bind_number(journal, put, 2, event);
    journal_bind_bytes(journal, put, 3, batch->executor.b, sizeof batch->executor.b);
    journal_bind_bytes(journal, put, 4, batch->requester.b, sizeof batch->requester.b);
    journal_bind_bytes(journal, put, 5, batch->root, 32);
    journal_bind_number(journal, put, 6, batch->members);
    journal_bind_number(journal, put, 7, batch->mode);
    journal_bind_number(journal, put, 8, batch->window_end);
    journal_bind_number(journal, put, 9, listed);
    return journal_do(journal, put);
}

static enum crux_status get_batch(struct crux_challenger *c, uint64_t number, struct batch *batch) {
    struct journal *journal = &c->journal;
    const enum journal_statement get = JOURNAL_BATCH_GET;
    journal_bind_number(journal, get, 1, number);
    enum crux_status status = journal_row(journal, get);
    if (status != CRUX_OK) return status;
    batch->members = (uint32_t)journal_number(journal, get, 5);
    batch->mode = (uint32_t)journal_number(journal, get, 6);
    batch->window_end = journal_number(journal, get, 7);
    status = journal_bytes(journal, get, 2, batch->executor.b, sizeof batch->executor.b);
    if (status == CRUX_OK)
        status = journal_bytes(journal, get, 3, batch->requester.b, sizeof batch->requester.b);
    if (status == CRUX_OK) status = journal_bytes(journal, get, 4, batch->root, 32);
    journal_reset(journal, get);
    return status;
}

/* ---- claims ---- */

/* Out: tokens, malloced, from little-endian bytes. */
static enum crux_status take_tokens(uint32_t **tokens, const uint8_t *bytes, uint32_t count) {
    *tokens = malloc((size_t)count * 4);
    if (*tokens == NULL) return CRUX_E_OUT_OF_MEMORY;
    for (uint32_t i = 0; i < count; i++) (*tokens)[i] = crux_load_u32(bytes + 4 * (size_t)i);
    return CRUX_OK;
}

/* A claim is new, or some of its contents are: what it is worth is decided again. */
static enum crux_status put_claim(struct crux_challenger *c, struct journal_claim *claim) {
    bool is_whole = challenger_is_whole(claim);
    enum journal_claim_state state = challenger_admit(c, claim, claim->claim.model_root);
    claim->state = state == JOURNAL_KNOWN && is_whole ? JOURNAL_READY : state;
    enum crux_status status = journal_claim_put(&c->journal, claim);
    if (status == CRUX_OK && state != JOURNAL_UNSAMPLED && state != JOURNAL_NOT_PERMITTED)
        status = journal_claim_data(&c->journal, claim);
    return status;
}

static enum crux_status on_post(struct reading *reading, const struct crux_chain_event *event,
                                const struct crux_move *move) {
    struct batch batch = {.executor = event->sender,
                          .mode = CRUX_MODE_FULL,
                          .members = 1,
                          .window_end = event->time + reading->window_seconds};
    struct journal_claim claim = {.id = {event->outcome.claim.batch, 0, 0},
                                  .event = event->number,
                                  .window_end = batch.window_end,
                                  .mode = CRUX_MODE_FULL,
                                  .shown = true,
                                  .has_claim = true,
                                  .executor = event->sender};
    struct crux_cursor cursor;
    enum crux_status status = crux_claim_decode(&claim.claim, move->claim_bytes, CRUX_CLAIM_BYTES);
    if (status != CRUX_OK) return status;
    crux_claim_hash(claim.hash, &claim.claim);
    memcpy(batch.root, claim.hash, 32);
    struct crux_request request;
    crux_request_read(&request, move->request);
    crux_cursor_init(&cursor, move->rest, move->rest_bytes);
    const uint8_t *tokens = crux_get_bytes(&cursor, (size_t)request.request_tokens * 4),
                  *output = crux_get_bytes(&cursor, (size_t)claim.claim.chosen_tokens * 4);
    claim.request = malloc(CRUX_REQUEST_BYTES);
    if (claim.request == NULL) return CRUX_E_OUT_OF_MEMORY;
    memcpy(claim.request, move->request, CRUX_REQUEST_BYTES);
    /* A claim with another count than its request's is false whatever its tokens are. */
    if (tokens != NULL && request.request_tokens == claim.claim.request_tokens)
        status = take_tokens(&claim.tokens, tokens, request.request_tokens);
    if (status == CRUX_OK && output != NULL)
        status = take_tokens(&claim.output, output, claim.claim.chosen_tokens);
    if (status == CRUX_OK)
        status = put_batch(reading->c, claim.id.batch, event->number, &batch, true);
    if (status == CRUX_OK) status = put_claim(reading->c, &claim);
    journal_claim_free(&claim);
    return status;
}

static enum crux_status on_settle(struct reading *reading, const struct crux_chain_event *event,
                                  const struct crux_move *move) {
    struct batch batch = {.executor = event->sender,
                          .mode = move->flag != 0 ? CRUX_MODE_PRIVATE : CRUX_MODE_BATCHED,
                          .members = move->count,
                          .window_end = event->time + reading->window_seconds};
    struct journal_claim any = {.executor = event->sender, .mode = batch.mode};
    memcpy(batch.root, move->hash, 32);
    memcpy(batch.requester.b, move->account, sizeof batch.requester.b);
    any.requester = batch.requester;
    bool listed = challenger_admit(reading->c, &any, NULL) == JOURNAL_NOT_PERMITTED;
    return put_batch(reading->c, event->outcome.claim.batch, event->number, &batch, listed);
}

/* A member that its executor has listed is shown: its claim, if that was missing, is known from here. */
static enum crux_status shown_again(struct crux_challenger *c, struct journal_claim *claim,
                                    const struct crux_move *move) {
    journal_bind_number(&c->journal, JOURNAL_CLAIM_SHOWN, 1, claim->id.batch);
    journal_bind_number(&c->journal, JOURNAL_CLAIM_SHOWN, 2, claim->id.member);
    enum crux_status status = journal_do(&c->journal, JOURNAL_CLAIM_SHOWN);
    if (status != CRUX_OK || claim->has_claim) return status;
    status = crux_claim_decode(&claim->claim, move->claim_bytes, CRUX_CLAIM_BYTES);
    if (status != CRUX_OK) return status;
    claim->has_claim = true;
    return journal_claim_data(&c->journal, claim);
}

static enum crux_status on_show(struct reading *reading, const struct crux_chain_event *event,
                                const struct crux_move *move) {
    struct crux_challenger *c = reading->c;
    struct journal_claim claim;
    struct batch batch;
    enum crux_status status = get_batch(c, move->claim.batch, &batch);
    if (status != CRUX_OK) return status == CRUX_E_NOT_FOUND ? CRUX_OK : status;
    status = journal_claim_get(&c->journal, &move->claim, &claim);
    if (status == CRUX_OK) {
        status = shown_again(c, &claim, move);
        journal_claim_free(&claim);
        return status;
    }
    if (status != CRUX_E_NOT_FOUND) return status;
    claim = (struct journal_claim){.id = {move->claim.batch, move->claim.member, 0},
                                   .event = event->number,
                                   .window_end = batch.window_end,
                                   .mode = batch.mode,
                                   .shown = true,
                                   .has_claim = true,
                                   .executor = batch.executor,
                                   .requester = batch.requester};
    status = crux_claim_decode(&claim.claim, move->claim_bytes, CRUX_CLAIM_BYTES);
    if (status != CRUX_OK) return status;
    crux_claim_hash(claim.hash, &claim.claim);
    return put_claim(c, &claim);
}

static enum crux_status on_publish(struct reading *reading, const struct crux_move *move) {
    struct crux_challenger *c = reading->c;
    struct journal_claim claim;
    struct crux_request request;
    enum crux_status status = journal_claim_get(&c->journal, &move->claim, &claim);
    if (status != CRUX_OK) return status == CRUX_E_NOT_FOUND ? CRUX_OK : status;
    crux_request_read(&request, move->request);
    bool wanted =
        claim.has_claim && (claim.state == JOURNAL_KNOWN || claim.state == JOURNAL_WITHHELD);
    bool fits = request.request_tokens == claim.claim.request_tokens;
    if (wanted && claim.request == NULL) {
        claim.request = malloc(CRUX_REQUEST_BYTES);
        if (claim.request == NULL)
            status = CRUX_E_OUT_OF_MEMORY;
        else
            memcpy(claim.request, move->request, CRUX_REQUEST_BYTES);
    }
    if (status == CRUX_OK && wanted && fits && claim.tokens == NULL &&
        move->rest_bytes == (size_t)request.request_tokens * 4)
        status = take_tokens(&claim.tokens, move->rest, request.request_tokens);
    claim.state = challenger_is_whole(&claim) ? JOURNAL_READY : claim.state;
    if (status == CRUX_OK && wanted) status = journal_claim_data(&c->journal, &claim);
    journal_claim_free(&claim);
    return status;
}

static enum crux_status on_fell(struct crux_challenger *c, const struct crux_chain_event *event) {
    journal_bind_number(&c->journal, JOURNAL_CLAIM_FELL, 1, event->outcome.claim.batch);
    journal_bind_number(&c->journal, JOURNAL_CLAIM_FELL, 2, event->outcome.claim.member);
    journal_bind_number(&c->journal, JOURNAL_CLAIM_FELL, 3, event->number);
    return journal_do(&c->journal, JOURNAL_CLAIM_FELL);
}

static enum crux_status take_event(struct reading *reading, const struct crux_chain_event *event) {
    struct crux_move move;
    enum crux_status status = CRUX_OK;
    if (event->kind == CRUX_CHAIN_EVENT_DEPOSIT) return CRUX_OK;
    /* The game has decoded them: another answer is a damaged chain. */
    status = crux_move_decode(&move, event->bytes, event->len);
    if (status != CRUX_OK) return status;
    if (move.kind == CRUX_MOVE_POST) status = on_post(reading, event, &move);
    if (move.kind == CRUX_MOVE_SETTLE) status = on_settle(reading, event, &move);
    if (move.kind == CRUX_MOVE_SHOW) status = on_show(reading, event, &move);
    if (move.kind == CRUX_MOVE_PUBLISH) status = on_publish(reading, &move);
    if (status == CRUX_OK && event->outcome.fell) status = on_fell(reading->c, event);
    return status;
}

static bool visit(void *ctx, const struct crux_chain_event *event) {
    struct reading *reading = ctx;
    reading->status = take_event(reading, event);
    reading->count++;
    return reading->status == CRUX_OK;
}

/* ---- the cursor ---- */

static enum crux_status read_some(struct reading *reading, struct crux_chain_cursor *cursor,
                                  bool *reorganised) {
    struct crux_challenger *c = reading->c;
    enum crux_status status = journal_begin(&c->journal);
    if (status != CRUX_OK) return status;
    status = c->chain->ops->events(c->chain, cursor, reorganised, EVENTS, visit, reading);
    if (status == CRUX_OK) status = reading->status;
    if (status == CRUX_OK && reading->count > 0) status = journal_cursor_put(&c->journal, cursor);
    return journal_end(&c->journal, status);
}

enum crux_status challenger_follow(struct crux_challenger *c, bool *more) {
    struct reading reading = {.c = c};
    struct crux_chain_cursor cursor;
    bool reorganised;
    *more = false;
    enum crux_status status = c->chain->ops->look(c->chain, look_window, &reading);
    if (status == CRUX_OK) status = journal_cursor(&c->journal, &cursor);
    if (status != CRUX_OK) return status;
    status = read_some(&reading, &cursor, &reorganised);
    if (status != CRUX_OK) return status;
    *more = reading.count == EVENTS || reorganised;
    if (!reorganised) return CRUX_OK;
    c->reorganisations++;
    challenger_say(c, CRUX_CHALLENGER_WARNING, "reorganised",
                   "the chain was reorganised: going back from event %llu",
                   (unsigned long long)cursor.number);
    return journal_fall_back(&c->journal);
}
