/* Who doubts a file plays its events again: from an empty store in memory, in one transaction that reads. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "chain-adapter/local/inside.h"

enum {
    SLACK_RECORDS = 64, /* more than the file has, that a play may make before it is refused */
    HEAD_BYTES = 32,    /* of a record in memory, and more */
    SLOTS_MAX = 1 << 30,
    DEPOSIT_BYTES = 20 + 8
};

struct replay {
    struct local *local;
    struct crux_game game;
    uint8_t *memory, *scratch;
    uint64_t records; /* in the file */
    uint64_t events, time;
    enum crux_status status;
};

CRUX_PRINTF(2, 3)
static enum crux_status differs(struct replay *replay, const char *format, ...) {
    va_list args;
    va_start(args, format);
    (void)vsnprintf(replay->local->chain->message, CRUX_CHAIN_MESSAGE_BYTES, format, args);
    va_end(args);
    return CRUX_E_NON_CANONICAL;
}

/* An empty store with room for as many records as the file has, and a few. */
static enum crux_status begin(struct replay *replay) {
    struct local *local = replay->local;
    struct crux_game_chain chain;
    uint8_t key[16];
    if (getrandom(key, sizeof key, 0) != (ssize_t)sizeof key) return CRUX_E_IO;
    enum crux_status status = local_row(local, LOCAL_RECORDS_SIZE);
    if (status != CRUX_OK) return status;
    sqlite3_int64 count = sqlite3_column_int64(local->statement[LOCAL_RECORDS_SIZE], 0);
    sqlite3_int64 bytes = sqlite3_column_int64(local->statement[LOCAL_RECORDS_SIZE], 1);
    local_reset(local, LOCAL_RECORDS_SIZE);
    if (count < 1 || count > SLOTS_MAX / 4 || bytes < 0 || bytes > (INT64_C(1) << 40))
        return differs(replay, "the chain file has %lld records", (long long)count);
    uint32_t slots = 2 * SLACK_RECORDS;
    while (slots < 2 * ((uint64_t)count + SLACK_RECORDS)) slots *= 2;
    size_t room = (size_t)slots * sizeof(uint32_t) + (size_t)bytes +
                  ((size_t)count + SLACK_RECORDS) * HEAD_BYTES +
                  SLACK_RECORDS * sizeof(struct crux_game_blob);
    replay->records = (uint64_t)count;
    replay->memory = malloc(room);
    replay->scratch = malloc(CRUX_WITNESS_BYTES_MAX);
    if (replay->memory == NULL || replay->scratch == NULL) return CRUX_E_OUT_OF_MEMORY;
    replay->game = local->game;
    replay->game.scratch = replay->scratch;
    status = crux_game_memory_init(&replay->game.store, replay->memory, room, slots);
    if (status == CRUX_OK) crux_game_memory_key(replay->memory, key);
    if (status == CRUX_OK) status = crux_game_get_chain(&local->game, &chain);
    return status == CRUX_OK ? crux_game_configure(&replay->game, &chain.parameters) : status;
}

static enum crux_status apply(struct replay *replay, const struct crux_chain_event *event,
                              struct crux_game_outcome *outcome) {
    struct crux_account account;
    if (event->kind != CRUX_CHAIN_EVENT_DEPOSIT) {
        if (event->len == 0 || event->bytes[0] != event->kind) return CRUX_E_MOVE_MALFORMED;
        return crux_game_move(&replay->game, &event->sender, event->time, event->bytes, event->len,
                              outcome);
    }
    if (event->len != DEPOSIT_BYTES || memcmp(event->bytes, event->sender.b, 20) != 0)
        return CRUX_E_MOVE_MALFORMED;
    memcpy(account.b, event->bytes, 20);
    return crux_game_deposit(&replay->game, &account, crux_load_u64(event->bytes + 20));
}

static bool same_outcome(const struct crux_game_outcome *a, const struct crux_game_outcome *b) {
    return a->claim.batch == b->claim.batch && a->claim.member == b->claim.member &&
           a->dispute == b->dispute && a->end == b->end && a->fell == b->fell &&
           a->paid == b->paid && !a->repeated;
}

static bool play(void *ctx, const struct crux_chain_event *event) {
    struct replay *replay = ctx;
    struct crux_game_outcome outcome = {.dispute = 0};
    enum crux_status status = apply(replay, event, &outcome);
    unsigned long long number = event->number;
    if (status != CRUX_OK)
        replay->status = differs(replay, "event %llu cannot have happened: %s", number,
                                 crux_status_text(status));
    else if (!same_outcome(&outcome, &event->outcome))
        replay->status = differs(replay, "event %llu did not do what it says", number);
    else if (event->time < replay->time)
        replay->status = differs(replay, "event %llu lies before the one before it", number);
    replay->events++;
    replay->time = event->time;
    return replay->status == CRUX_OK;
}

static bool count_record(void *ctx, enum crux_game_table table, const void *record) {
    (void)table;
    (void)record;
    ++*(uint64_t *)ctx;
    return true;
}

/* Every record of the file is one of the play's, and there are as many of both. */
static enum crux_status compare(struct replay *replay) {
    CRUX_ALIGNED(8) uint8_t played[sizeof(struct crux_game_blob)];
    struct local *local = replay->local;
    sqlite3_stmt *row = local->statement[LOCAL_RECORDS];
    uint64_t records = 0;
    enum crux_status status;
    while ((status = local_row(local, LOCAL_RECORDS)) == CRUX_OK) {
        sqlite3_int64 table = sqlite3_column_int64(row, 0);
        bool known = table >= CRUX_TABLE_CHAIN && table < CRUX_GAME_TABLES &&
                     crux_game_key_bytes((enum crux_game_table)table) ==
                         (size_t)sqlite3_column_bytes(row, 1);
        const void *key = sqlite3_column_blob(row, 1), *record = sqlite3_column_blob(row, 2);
        size_t len = known ? crux_game_record_bytes((enum crux_game_table)table) : 0;
        bool same = known && key != NULL && record != NULL &&
                    len == (size_t)sqlite3_column_bytes(row, 2) && len <= sizeof played &&
                    replay->game.store.get(replay->game.store.ctx, (enum crux_game_table)table, key,
                                           played) == CRUX_OK &&
                    memcmp(played, record, len) == 0;
        if (same) continue;
        local_reset(local, LOCAL_RECORDS);
        return differs(replay, "a record of table %lld is not what the events make of it",
                       (long long)table);
    }
    if (status != CRUX_E_NOT_FOUND) return status;
    crux_game_memory_walk(replay->memory, count_record, &records);
    if (records == replay->records) return CRUX_OK;
    return differs(replay, "the events make %llu records, and the file has %llu",
                   (unsigned long long)records, (unsigned long long)replay->records);
}

static enum crux_status verify(struct replay *replay) {
    struct local *local = replay->local;
    struct crux_chain_cursor cursor = {0};
    uint8_t genesis[32];
    local_genesis(genesis, &local->game);
    if (memcmp(genesis, local->genesis, 32) != 0)
        return differs(replay, "the hash before the first event is not that of this chain");
    enum crux_status status = begin(replay);
    if (status == CRUX_OK) status = local_read_events(local, &cursor, UINT64_MAX, play, replay);
    if (status == CRUX_OK) status = replay->status;
    if (status != CRUX_OK) return status;
    if (local->scripted && local->time < replay->time)
        return differs(replay, "the clock stands before the last event");
    return compare(replay);
}

enum crux_status crux_chain_local_verify(struct crux_chain *chain,
                                         struct crux_chain_local_verified *verified) {
    struct replay replay = {.local = local_of(chain)};
    memset(verified, 0, sizeof *verified);
    enum crux_status status = local_begin(replay.local, false);
    if (status != CRUX_OK) return status;
    replay.local->event = 0; /* nothing is put */
    status = verify(&replay);
    verified->events = replay.events;
    verified->records = replay.records;
    free(replay.memory);
    free(replay.scratch);
    if (status != CRUX_OK && chain->message[0] == 0)
        (void)snprintf(chain->message, sizeof chain->message, "%s", crux_status_text(status));
    return local_end(replay.local, status);
}
