/* The two functions of bisection/game/store.h over the table of records. */
#include <stdio.h>
#include <string.h>

#include "chain-adapter/local/inside.h"

/* Could the game have written this record? Asked of what it uses as a length or an index without looking again; a record
 * that is wrong in other ways makes a wrong game, but no worse.  In: record, of the right length, aligned. */
static bool is_sound(enum crux_game_table table, const void *record) {
    const struct crux_game_chain *chain = record;
    const struct crux_game_batch *batch = record;
    const struct crux_game_dispute *dispute = record;
    const struct crux_game_reveal *reveal = record;
    const struct crux_game_blob *blob = record;
    const struct crux_game_pledge *pledge = record;
    const struct crux_game_promise *promise = record;
    switch (table) {
    case CRUX_TABLE_CHAIN:
        return chain->time < CRUX_GAME_TIME_MAX && chain->batches < INT64_MAX &&
               chain->deposited <= CRUX_GAME_AMOUNT_MAX &&
               crux_game_parameters_check(&chain->parameters) == CRUX_OK;
    case CRUX_TABLE_BATCH:
        return batch->count >= 1 && batch->count <= CRUX_GAME_BATCH_MAX &&
               batch->posted_at < CRUX_GAME_TIME_MAX && batch->bond <= CRUX_GAME_AMOUNT_MAX &&
               (uint64_t)batch->fallen + batch->open + batch->released <= batch->count &&
               crux_game_parameters_check(&batch->parameters) == CRUX_OK;
    case CRUX_TABLE_DISPUTE:
        return dispute->stage >= CRUX_STAGE_QUEUED && dispute->stage <= CRUX_STAGE_REFUNDED &&
               dispute->since < CRUX_GAME_TIME_MAX &&
               dispute->left[0] <= 2 * (uint64_t)CRUX_GAME_SECONDS_MAX &&
               dispute->left[1] <= 2 * (uint64_t)CRUX_GAME_SECONDS_MAX;
    case CRUX_TABLE_REVEAL:
        return reveal->nodes <= CRUX_GAME_K_MAX && reveal->page_bytes <= sizeof reveal->data;
    case CRUX_TABLE_BLOB: return blob->bytes <= sizeof blob->data;
    case CRUX_TABLE_PLEDGE:
        return pledge->total <= CRUX_GAME_AMOUNT_MAX && pledge->amount <= pledge->total &&
               pledge->leaving <= 1 && pledge->leaving_at < 2 * CRUX_GAME_TIME_MAX;
    case CRUX_TABLE_PROMISE:
        return promise->state >= CRUX_PROMISE_OPEN && promise->state <= CRUX_PROMISE_BROKEN &&
               promise->answer_by < 2 * CRUX_GAME_TIME_MAX &&
               promise->penalty <= CRUX_GAME_AMOUNT_MAX &&
               promise->reward <= promise->penalty / 2 && promise->fee <= CRUX_GAME_AMOUNT_MAX;
    case CRUX_TABLE_ACCOUNT:
    case CRUX_TABLE_DELEGATE:
    case CRUX_TABLE_MODEL:
    case CRUX_TABLE_BATCH_OF:
    case CRUX_TABLE_CLAIM:
    case CRUX_TABLE_DISPUTE_OF:
    case CRUX_TABLE_ESCROW:
    case CRUX_GAME_TABLES: return true;
    }
    return true;
}

enum crux_status local_get(void *ctx, enum crux_game_table table, const void *key, void *record) {
    struct local *local = ctx;
    size_t key_bytes = crux_game_key_bytes(table);
    local_bind_number(local, LOCAL_GET, 1, (uint64_t)table);
    local_bind_bytes(local, LOCAL_GET, 2, key, key_bytes);
    enum crux_status status = local_row(local, LOCAL_GET);
    if (status != CRUX_OK) return status;
    /* `record` may hold the key, and keeps what it is if this fails */
    CRUX_ALIGNED(8) uint8_t found[sizeof(struct crux_game_blob)];
    size_t bytes = crux_game_record_bytes(table);
    CRUX_ASSERT(bytes <= sizeof found);
    status = local_blob(local, found, bytes, LOCAL_GET, 0);
    if (status == CRUX_OK && memcmp(found, key, key_bytes) != 0) {
        (void)snprintf(local->chain->message, sizeof local->chain->message,
                       "the chain file is damaged: a record of table %u lies under another key",
                       (unsigned)table);
        status = CRUX_E_NON_CANONICAL;
    }
    if (status == CRUX_OK && !is_sound(table, found)) {
        (void)snprintf(local->chain->message, sizeof local->chain->message,
                       "the chain file is damaged: a record of table %u holds impossible numbers",
                       (unsigned)table);
        status = CRUX_E_NON_CANONICAL;
    }
    local_reset(local, LOCAL_GET);
    if (status == CRUX_OK) memcpy(record, found, bytes);
    return status;
}

enum crux_status local_put(void *ctx, enum crux_game_table table, const void *record) {
    struct local *local = ctx;
    size_t key_bytes = crux_game_key_bytes(table);
    if (local->event == 0) return CRUX_E_NOT_PERMITTED; /* a game that is only looked at */
    local_bind_number(local, LOCAL_UNDO_SAVE, 1, local->event);
    local_bind_number(local, LOCAL_UNDO_SAVE, 2, (uint64_t)table);
    local_bind_bytes(local, LOCAL_UNDO_SAVE, 3, record, key_bytes);
    enum crux_status status = local_do(local, LOCAL_UNDO_SAVE);
    if (status != CRUX_OK) return status;
    local_bind_number(local, LOCAL_PUT, 1, (uint64_t)table);
    local_bind_bytes(local, LOCAL_PUT, 2, record, key_bytes);
    local_bind_bytes(local, LOCAL_PUT, 3, record, crux_game_record_bytes(table));
    return local_do(local, LOCAL_PUT);
}
