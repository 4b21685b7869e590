/* The log of a local chain: appended to in the transaction of the move, read after a cursor, taken back for tests. */
#include <stdio.h>
#include <string.h>

#include "chain-adapter/local/inside.h"

enum crux_status local_append(struct local *local, struct crux_chain_event *event) {
    const struct crux_game_outcome *outcome = &event->outcome;
    const uint64_t numbers[] = {outcome->claim.batch, outcome->claim.member, outcome->dispute,
                                outcome->end,         outcome->fell,         outcome->paid};
    for (unsigned i = 0; i < CRUX_ARRAY_LEN(numbers); i++) {
        /* a balance in a damaged record can be anything */
        if (numbers[i] > INT64_MAX) return CRUX_E_NON_CANONICAL;
    }
    event->number = local->event;
    crux_chain_event_hash(event->hash, local->last, event);
    local_bind_number(local, LOCAL_EVENT_PUT, 1, event->number);
    local_bind_number(local, LOCAL_EVENT_PUT, 2, event->time);
    local_bind_bytes(local, LOCAL_EVENT_PUT, 3, event->sender.b, sizeof event->sender.b);
    local_bind_number(local, LOCAL_EVENT_PUT, 4, event->kind);
    for (int i = 0; i < (int)CRUX_ARRAY_LEN(numbers); i++)
        local_bind_number(local, LOCAL_EVENT_PUT, 5 + i, numbers[i]);
    local_bind_bytes(local, LOCAL_EVENT_PUT, 11, event->bytes, event->len);
    local_bind_bytes(local, LOCAL_EVENT_PUT, 12, event->hash, sizeof event->hash);
    enum crux_status status = local_do(local, LOCAL_EVENT_PUT);
    if (status != CRUX_OK || event->number <= LOCAL_UNDO_EVENTS) return status;
    local_bind_number(local, LOCAL_UNDO_FORGET, 1, event->number - LOCAL_UNDO_EVENTS);
    return local_do(local, LOCAL_UNDO_FORGET);
}

/* Out: is the cursor's event there? */
static enum crux_status check_cursor(struct local *local, bool *reorganised,
                                     const struct crux_chain_cursor *cursor) {
    uint8_t hash[32];
    *reorganised = false;
    if (cursor->number == 0) return CRUX_OK;
    *reorganised = true;
    if (cursor->number >= local->event) return CRUX_OK;
    local_bind_number(local, LOCAL_EVENT_HASH, 1, cursor->number);
    enum crux_status status = local_row(local, LOCAL_EVENT_HASH);
    if (status != CRUX_OK) return status == CRUX_E_NOT_FOUND ? CRUX_OK : status;
    status = local_blob(local, hash, 32, LOCAL_EVENT_HASH, 0);
    local_reset(local, LOCAL_EVENT_HASH);
    *reorganised = memcmp(hash, cursor->hash, 32) != 0;
    return status;
}

/* Returns: a number of the row.  Out: fine, false if it is none of at most `most`: no event has it. */
static uint64_t read_number(bool *fine, sqlite3_stmt *row, int column, uint64_t most) {
    sqlite3_int64 number = sqlite3_column_int64(row, column);
    bool is_one = sqlite3_column_type(row, column) == SQLITE_INTEGER && number >= 0;
    if (!is_one || (uint64_t)number > most) *fine = false;
    return (uint64_t)number;
}

/* Out: event, of the row, whose hash must follow from that of the one before.  In: previous. */
static enum crux_status read_event(struct local *local, struct crux_chain_event *event,
                                   const struct crux_chain_cursor *previous) {
    sqlite3_stmt *row = local->statement[LOCAL_EVENTS];
    uint8_t hash[32];
    bool fine = true;
    memset(event, 0, sizeof *event);
    enum crux_status status = local_blob(local, event->sender.b, 20, LOCAL_EVENTS, 2);
    if (status == CRUX_OK) status = local_blob(local, event->hash, 32, LOCAL_EVENTS, 10);
    if (status != CRUX_OK) return status;
    event->number = read_number(&fine, row, 0, INT64_MAX);
    event->time = read_number(&fine, row, 1, CRUX_GAME_TIME_MAX - 1);
    event->kind = (uint8_t)read_number(&fine, row, 3, UINT8_MAX);
    event->outcome.claim.batch = read_number(&fine, row, 4, INT64_MAX);
    event->outcome.claim.member = (uint32_t)read_number(&fine, row, 5, UINT32_MAX);
    event->outcome.dispute = (uint32_t)read_number(&fine, row, 6, UINT32_MAX);
    event->outcome.end = (uint8_t)read_number(&fine, row, 7, UINT8_MAX);
    event->outcome.fell = read_number(&fine, row, 8, 1) != 0;
    event->outcome.paid = read_number(&fine, row, 9, INT64_MAX);
    if (!fine) {
        (void)snprintf(local->chain->message, sizeof local->chain->message,
                       "the chain file is damaged: event %llu holds impossible numbers",
                       (unsigned long long)event->number);
        return CRUX_E_NON_CANONICAL;
    }
    if (sqlite3_column_type(row, 11) == SQLITE_BLOB) {
        event->bytes = sqlite3_column_blob(row, 11);
        event->len = (size_t)sqlite3_column_bytes(row, 11);
    }
    crux_chain_event_hash(hash, previous->hash, event);
    if (event->number == previous->number + 1 && event->len <= CRUX_MOVE_BYTES_MAX &&
        memcmp(hash, event->hash, 32) == 0)
        return CRUX_OK;
    (void)snprintf(local->chain->message, sizeof local->chain->message,
                   "the chain file is damaged: event %llu does not follow from the one before it",
                   (unsigned long long)event->number);
    return CRUX_E_CHECKSUM_MISMATCH;
}

enum crux_status local_read_events(struct local *local, struct crux_chain_cursor *cursor,
                                   uint64_t most,
                                   bool (*visit)(void *ctx, const struct crux_chain_event *event),
                                   void *ctx) {
    enum crux_status status = CRUX_OK;
    struct crux_chain_event event;
    bool goes_on = true;
    if (cursor->number == 0) memcpy(cursor->hash, local->genesis, 32);
    local_bind_number(local, LOCAL_EVENTS, 1, cursor->number);
    for (uint64_t i = 0; goes_on && i < most; i++) {
        status = local_row(local, LOCAL_EVENTS);
        if (status != CRUX_OK) break;
        status = read_event(local, &event, cursor);
        if (status != CRUX_OK) break;
        goes_on = visit(ctx, &event);
        cursor->number = event.number;
        memcpy(cursor->hash, event.hash, 32);
    }
    local_reset(local, LOCAL_EVENTS);
    return status == CRUX_E_NOT_FOUND ? CRUX_OK : status;
}

enum crux_status local_events(struct crux_chain *chain, struct crux_chain_cursor *cursor,
                              bool *reorganised, uint64_t most,
                              bool (*visit)(void *ctx, const struct crux_chain_event *event),
                              void *ctx) {
    struct local *local = local_of(chain);
    *reorganised = false;
    enum crux_status status = local_begin(local, false);
    if (status != CRUX_OK) return status;
    status = check_cursor(local, reorganised, cursor);
    if (status == CRUX_OK && !*reorganised)
        status = local_read_events(local, cursor, most, visit, ctx);
    return local_end(local, status);
}

static enum crux_status take_back(struct local *local, uint64_t number) {
    static const enum local_statement steps[] = {LOCAL_REWIND_TAKE, LOCAL_REWIND_GIVE,
                                                 LOCAL_REWIND_UNDO, LOCAL_REWIND_EVENT};
    local_bind_number(local, LOCAL_REWIND_COUNT, 1, number);
    enum crux_status status = local_row(local, LOCAL_REWIND_COUNT);
    if (status != CRUX_OK) return status;
    bool is_kept = sqlite3_column_int64(local->statement[LOCAL_REWIND_COUNT], 0) > 0;
    local_reset(local, LOCAL_REWIND_COUNT);
    if (!is_kept) {
        (void)snprintf(local->chain->message, sizeof local->chain->message,
                       "event %llu can no longer be taken back", (unsigned long long)number);
        return CRUX_E_NOT_FOUND;
    }
    for (unsigned i = 0; status == CRUX_OK && i < CRUX_ARRAY_LEN(steps); i++) {
        local_bind_number(local, steps[i], 1, number);
        status = local_do(local, steps[i]);
    }
    return status;
}

enum crux_status local_rewind(struct crux_chain *chain, uint64_t events) {
    struct local *local = local_of(chain);
    enum crux_status status = local_begin(local, true);
    if (status != CRUX_OK) return status;
    if (events >= local->event) status = CRUX_E_NOT_FOUND;
    for (uint64_t i = 1; status == CRUX_OK && i <= events; i++)
        status = take_back(local, local->event - i);
    return local_end(local, status);
}
