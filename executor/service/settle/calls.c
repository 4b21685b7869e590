/* Receipts of ours that somebody calls: seen in the chain's events, noted, answered in time.  spec/70-game.md#receipts */
#include <string.h>

#include "executor/service/settle/inside.h"

/* ---- seen ---- */

bool settle_call_of(uint8_t digest[32], const struct crux_settle *settle,
                    const struct crux_chain_event *event) {
    struct crux_receipt receipt;
    struct crux_move move;
    if (event->bytes == NULL || crux_move_decode(&move, event->bytes, event->len) != CRUX_OK)
        return false;
    if (move.kind != CRUX_MOVE_CALL) { /* keep, lapse: of whoever's, ours are noted */
        memcpy(digest, move.hash, 32);
        return true;
    }
    if (memcmp(move.executor, settle->key->account.b, sizeof settle->key->account.b) != 0)
        return false;
    memcpy(receipt.chain_id, settle->chain_id, 32);
    memcpy(receipt.contract, settle->contract, 32);
    memcpy(receipt.executor, move.executor, sizeof receipt.executor);
    memcpy(receipt.request_hash, move.hash, 32);
    (void)crux_promise_read(&receipt, move.promise);
    crux_receipt_digest(digest, &receipt);
    return true;
}

struct looking {
    const uint8_t (*digest)[32];
    uint32_t count;
    bool is_there[SETTLE_CHUNK];
    struct crux_game_promise promise[SETTLE_CHUNK];
};

static enum crux_status read_promises(void *ctx, const struct crux_game *game, uint64_t now) {
    struct looking *looking = ctx;
    (void)now;
    for (uint32_t i = 0; i < looking->count; i++) {
        enum crux_status status =
            crux_game_get_promise(game, looking->digest[i], &looking->promise[i]);
        looking->is_there[i] = status == CRUX_OK;
        if (status != CRUX_OK && status != CRUX_E_NOT_FOUND) return status;
    }
    return CRUX_OK;
}

static enum crux_store_call_state state_of(const struct crux_game_promise *promise) {
    return promise->state == CRUX_PROMISE_KEPT     ? CRUX_STORE_CALL_KEPT
           : promise->state == CRUX_PROMISE_BROKEN ? CRUX_STORE_CALL_LAPSED
                                                   : CRUX_STORE_CALL_OPEN;
}

enum crux_status settle_refresh_calls(struct crux_settle *settle, const uint8_t (*digests)[32],
                                      uint32_t count) {
    struct looking looking = {.digest = digests, .count = count};
    if (count == 0) return CRUX_OK;
    CRUX_ASSERT(count <= SETTLE_CHUNK);
    enum crux_status status = settle->chain->ops->look(settle->chain, read_promises, &looking);
    if (status != CRUX_OK) {
        settle_trouble(settle, &settle->chain_trouble, status);
        return status;
    }
    status = settle_marks_begin(settle); /* one write for all: anybody may call many at once */
    if (status != CRUX_OK) return status;
    for (uint32_t i = 0; i < count && status == CRUX_OK; i++) {
        const struct crux_game_promise *promise = &looking.promise[i];
        if (!looking.is_there[i] ||
            memcmp(&promise->executor, &settle->key->account, sizeof promise->executor) != 0)
            continue;
        status = crux_store_call_put(settle->store, digests[i], state_of(promise),
                                     promise->answer_by, settle->now);
    }
    return settle_marks_end(settle,
                            status == CRUX_OK ? CRUX_OK : settle_store_failed(settle, status));
}

/* ---- answered ---- */

static enum crux_status keep(struct crux_settle *settle, const struct crux_store_call *call) {
    struct crux_store_run *run;
    enum crux_status status =
        crux_store_find(settle->store, &run, CRUX_STORE_BY_NUMBER, &call->run);
    if (status != CRUX_OK) return settle_store_failed(settle, status);
    const struct crux_move move = {
        .kind = CRUX_MOVE_KEEP,
        .hash = call->id,
        .claim = {.batch = run->chain_batch, .member = run->member},
        .rest = run->path,
        .rest_bytes = run->path_bytes,
    };
    status = settle_move(settle, &move, NULL);
    crux_store_run_free(run);
    return status;
}

/* Can it be shown where the claim stands?  Where it is refused for ever, or not kept here, nobody can show it from here;
 * what waits or is formed is posted first. */
static bool is_posted(const struct crux_store_call *call) {
    return call->run != 0 && call->run_state >= CRUX_STORE_POSTED &&
           call->run_state != CRUX_STORE_REFUSED;
}

static enum crux_status note(struct crux_settle *settle, const struct crux_store_call *call,
                             enum crux_store_call_state state) {
    enum crux_status status = settle_marks_begin(settle);
    if (status != CRUX_OK) return status;
    status = crux_store_call_put(settle->store, call->id, state, call->answer_by, settle->now);
    return status == CRUX_OK ? CRUX_OK : settle_store_failed(settle, status);
}

/* The call was taken back by the chain: whoever calls again is seen again. */
static enum crux_status drop(struct crux_settle *settle, const struct crux_store_call *call) {
    enum crux_status status = crux_store_call_drop(settle->store, call->id);
    return status == CRUX_OK ? CRUX_OK : settle_store_failed(settle, status);
}

/* A call whose time is over, which need not have been missed: behind a reorganisation every call counts as open, also one
 * that was kept or lapsed where the chain has not changed. Only the chain knows. */
static enum crux_status note_end(struct crux_settle *settle, const struct crux_store_call *call) {
    struct looking looking = {.digest = &call->id, .count = 1};
    enum crux_status status = settle->chain->ops->look(settle->chain, read_promises, &looking);
    if (status != CRUX_OK) {
        settle_trouble(settle, &settle->chain_trouble, status);
        return status;
    }
    if (!looking.is_there[0]) return drop(settle, call);
    enum crux_store_call_state state = state_of(&looking.promise[0]);
    return note(settle, call, state == CRUX_STORE_CALL_OPEN ? CRUX_STORE_CALL_MISSED : state);
}

enum crux_status settle_answer_call(struct crux_settle *settle,
                                    const struct crux_store_call *call) {
    if (!is_posted(call))
        return settle->chain_time > call->answer_by ? note_end(settle, call) : CRUX_OK;
    enum crux_status status = keep(settle, call);
    if (status == CRUX_E_QUEUE_FULL || settle_is_chain_trouble(status)) return status;
    if (settle->message[0] != 0) return status; /* the store's */
    if (status == CRUX_OK) return note(settle, call, CRUX_STORE_CALL_KEPT);
    if (status == CRUX_E_TOO_LATE) return note_end(settle, call);
    if (status == CRUX_E_RECEIPT_UNKNOWN) return drop(settle, call);
    return CRUX_OK; /* a batch that a reorganisation took away comes again */
}

static enum crux_status lapse_each(struct crux_settle *settle) {
    struct crux_store_call call = {.number = 0};
    for (;;) { /* each is behind the one before it, and costs a move */
        enum crux_status status =
            crux_store_call_next(settle->store, &call, CRUX_STORE_CALL_MISSED);
        if (status == CRUX_E_NOT_FOUND) return CRUX_OK;
        if (status != CRUX_OK) return settle_store_failed(settle, status);
        const struct crux_move move = {.kind = CRUX_MOVE_LAPSE, .hash = call.id};
        status = settle_move(settle, &move, NULL);
        if (status == CRUX_E_QUEUE_FULL) return CRUX_OK;
        if (settle_is_chain_trouble(status)) return status;
        if (status == CRUX_OK)
            status = note(settle, &call, CRUX_STORE_CALL_LAPSED);
        else if (status == CRUX_E_RECEIPT_UNKNOWN)
            status = drop(settle, &call);
        if (settle->message[0] != 0) return status; /* the store's */
    }
}

enum crux_status settle_lapse(struct crux_settle *settle) {
    return settle_marks_end(settle, lapse_each(settle));
}
