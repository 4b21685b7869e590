/* What others do to our claims: read from the chain's events, and marked on the runs. */
#include <string.h>

#include "executor/service/settle/inside.h"

struct refreshing {
    const struct crux_settle *settle;
    const struct crux_store_place *places;
    uint32_t count;
    struct crux_game_claim claim[SETTLE_CHUNK];
    enum crux_claim_state state[SETTLE_CHUNK];
};

static enum crux_status read_claims(void *ctx, const struct crux_game *game, uint64_t now) {
    struct refreshing *r = ctx;
    for (uint32_t i = 0; i < r->count; i++) {
        enum crux_status status = crux_game_get_claim(game, &r->places[i].claim, &r->claim[i]);
        if (status == CRUX_OK)
            status = crux_game_claim_state(&r->state[i], game, &r->places[i].claim, now);
        if (status != CRUX_OK) return status;
    }
    return CRUX_OK;
}

static enum crux_status mark(struct crux_settle *settle, uint64_t number,
                             enum crux_store_mark which, uint64_t value) {
    return crux_store_mark(settle->store, number, which, value);
}

static enum crux_status mark_claim(struct crux_settle *settle, uint64_t number,
                                   const struct crux_game_claim *claim) {
    enum crux_status status = CRUX_OK;
    if (claim->shown) status = mark(settle, number, CRUX_STORE_SHOWN, CRUX_STORE_YES);
    if (status == CRUX_OK && claim->demand == CRUX_DEMAND_MET)
        status = mark(settle, number, CRUX_STORE_PUBLISHED, CRUX_STORE_YES);
    if (status == CRUX_OK && claim->demand == CRUX_DEMAND_OPEN)
        status = mark(settle, number, CRUX_STORE_DEMANDED, claim->demand_deadline);
    if (status == CRUX_OK) status = mark(settle, number, CRUX_STORE_DISPUTES, claim->open);
    return status;
}

/* Returns: the end that this state is, or 0.  In: shown, was it; ends: its window is over. */
static unsigned end_of(enum crux_claim_state state, const struct crux_game_claim *claim,
                       bool ends) {
    switch (state) {
    case CRUX_CLAIM_FALLEN: return CRUX_STORE_FALLEN;
    case CRUX_CLAIM_FINAL: return CRUX_STORE_FINAL;
    case CRUX_CLAIM_UNCHALLENGED: return CRUX_STORE_UNCHALLENGED;
    case CRUX_CLAIM_PENDING: return 0;
    case CRUX_CLAIM_UNKNOWN: /* not shown: if nobody waits for that, nobody can any more */
        return ends && claim->demand != CRUX_DEMAND_OPEN ? CRUX_STORE_UNSHOWN : 0;
    }
    return 0;
}

enum crux_status settle_refresh(struct crux_settle *settle, const struct crux_store_place *places,
                                uint32_t count, bool ends) {
    struct refreshing r = {.settle = settle, .places = places, .count = count};
    if (count == 0) return CRUX_OK;
    CRUX_ASSERT(count <= SETTLE_CHUNK);
    enum crux_status status = settle->chain->ops->look(settle->chain, read_claims, &r);
    if (status != CRUX_OK) {
        settle_trouble(settle, &settle->chain_trouble, status);
        return status;
    }
    status = crux_store_begin(settle->store);
    for (uint32_t i = 0; i < count && status == CRUX_OK; i++) {
        unsigned end = end_of(r.state[i], &r.claim[i], ends);
        status = mark_claim(settle, places[i].number, &r.claim[i]);
        if (status == CRUX_OK && end != 0)
            status = crux_store_end_run(settle->store, places[i].number, (enum crux_store_state)end,
                                        settle->now);
    }
    /* a group that a failure has spoiled is rolled back by its commit, which says why */
    enum crux_status committed = crux_store_commit(settle->store);
    if (status == CRUX_OK) status = committed;
    return status == CRUX_OK ? CRUX_OK : settle_store_failed(settle, status);
}

/* ---- events ---- */

struct touching {
    const struct crux_settle *settle;
    struct crux_claim_id claim[SETTLE_CHUNK];
    uint8_t called[SETTLE_CHUNK][32];
    uint32_t count, calls;
    uint64_t events;
};

/* Collects the receipts that the events are about. */
static bool touch_call(struct touching *t, const struct crux_chain_event *event) {
    if (settle_call_of(t->called[t->calls], t->settle, event)) t->calls++;
    return t->calls < SETTLE_CHUNK;
}

/* Collects the claims that the events are about, each once. */
static bool touch(void *ctx, const struct crux_chain_event *event) {
    struct touching *t = ctx;
    t->events++;
    switch (event->kind) {
    case CRUX_MOVE_SHOW:
    case CRUX_MOVE_DEMAND:
    case CRUX_MOVE_PUBLISH:
    case CRUX_MOVE_OPEN:
    case CRUX_MOVE_REVEAL:
    case CRUX_MOVE_PROVE:
    case CRUX_MOVE_TIMEOUT: break;
    case CRUX_MOVE_CALL:
    case CRUX_MOVE_KEEP:
    case CRUX_MOVE_LAPSE: return touch_call(t, event);
    default: return true; /* opens and ends no dispute, and no demand */
    }
    const struct crux_claim_id *claim = &event->outcome.claim;
    for (uint32_t i = 0; i < t->count; i++)
        if (t->claim[i].batch == claim->batch && t->claim[i].member == claim->member) return true;
    t->claim[t->count++] = *claim;
    return t->count < SETTLE_CHUNK;
}

/* Those that are ours and have not ended. */
static enum crux_status refresh_touched(struct crux_settle *settle, const struct touching *t) {
    struct crux_store_place places[SETTLE_CHUNK];
    uint32_t count = 0;
    for (uint32_t i = 0; i < t->count; i++) {
        enum crux_status status = crux_store_place_of(settle->store, &t->claim[i], &places[count]);
        if (status == CRUX_E_NOT_FOUND) continue;
        if (status != CRUX_OK) return settle_store_failed(settle, status);
        count++;
    }
    return settle_refresh(settle, places, count, false);
}

/* Goes back to an earlier cursor; what had not ended is posted again, which repeats what still stands. */
static enum crux_status reorganised(struct crux_settle *settle, struct crux_chain_cursor *cursor) {
    enum crux_status status = crux_store_unpost(settle->store);
    if (status == CRUX_OK) status = crux_store_cursor(settle->store, cursor->number, cursor);
    if (status == CRUX_OK) status = crux_store_cursor_put(settle->store, cursor);
    settle->registered = false;
    return status == CRUX_OK ? CRUX_OK : settle_store_failed(settle, status);
}

enum crux_status settle_follow(struct crux_settle *settle) {
    struct crux_chain_cursor cursor;
    enum crux_status status = crux_store_cursor(settle->store, INT64_MAX, &cursor);
    if (status != CRUX_OK) return settle_store_failed(settle, status);
    for (uint64_t read = 0; read < SETTLE_EVENTS_A_TICK;) {
        struct touching t = {.settle = settle};
        bool gone_back = false;
        uint64_t before = cursor.number;
        status = settle->chain->ops->events(settle->chain, &cursor, &gone_back,
                                            SETTLE_EVENTS_A_TICK - read, touch, &t);
        if (status != CRUX_OK) {
            settle_trouble(settle, &settle->chain_trouble, status);
            return status;
        }
        if (gone_back) return reorganised(settle, &cursor);
        if (cursor.number == before) return CRUX_OK;
        read += t.events;
        settle->events = cursor.number;
        status = refresh_touched(settle, &t);
        if (status == CRUX_OK)
            status = settle_refresh_calls(settle, (const uint8_t(*)[32])t.called, t.calls);
        if (status != CRUX_OK) return status;
        /* after the marks: killed between the two, it reads these events again */
        status = crux_store_cursor_put(settle->store, &cursor);
        if (status != CRUX_OK) return settle_store_failed(settle, status);
    }
    settle->busy = true; /* there may be more: demands and calls among them have their clocks */
    return CRUX_OK;
}
