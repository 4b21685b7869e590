#include "executor/service/store/calls.h"

#include <string.h>

#include "executor/service/store/inside.h"

enum crux_status crux_store_call_put(struct crux_store *store, const uint8_t id[32],
                                     enum crux_store_call_state state, uint64_t answer_by,
                                     uint64_t now) {
    bool own;
    enum crux_status status = store_write(store, &own);
    if (status != CRUX_OK) return status;
    store_put_bytes(store, STORE_CALL_PUT, 1, id, 32);
    store_put_number(store, STORE_CALL_PUT, 2, (uint64_t)state);
    store_put_number(store, STORE_CALL_PUT, 3, answer_by);
    store_put_number(store, STORE_CALL_PUT, 4, now);
    return store_end(store, own, store_do(store, STORE_CALL_PUT));
}

enum crux_status crux_store_call_drop(struct crux_store *store, const uint8_t id[32]) {
    bool own;
    enum crux_status status = store_write(store, &own);
    if (status != CRUX_OK) return status;
    store_put_bytes(store, STORE_CALL_DROP, 1, id, 32);
    return store_end(store, own, store_do(store, STORE_CALL_DROP));
}

enum crux_status crux_store_call_next(struct crux_store *store, struct crux_store_call *call,
                                      enum crux_store_call_state state) {
    store_put_number(store, STORE_CALL_NEXT, 1, (uint64_t)state);
    store_put_number(store, STORE_CALL_NEXT, 2, call->answer_by);
    store_put_number(store, STORE_CALL_NEXT, 3, call->number);
    memset(call, 0, sizeof *call);
    enum crux_status status = store_row(store, STORE_CALL_NEXT);
    if (status != CRUX_OK) return status;
    struct store_reader reader = {store, STORE_CALL_NEXT, CRUX_OK};
    call->number = store_get_number(&reader, 0, INT64_MAX);
    store_get_bytes(&reader, 1, call->id, 32);
    call->answer_by = store_get_number(&reader, 2, 2 * CRUX_GAME_TIME_MAX);
    call->run = store_get_number(&reader, 3, INT64_MAX);
    call->run_state = (enum crux_store_state)store_get_number(&reader, 4, CRUX_STORE_STATES - 1);
    store_reset(store, STORE_CALL_NEXT);
    return reader.status;
}

enum crux_status crux_store_call_figures(struct crux_store *store,
                                         struct crux_store_call_figures *figures) {
    struct store_reader reader = {store, STORE_CALL_COUNTS, CRUX_OK};
    memset(figures, 0, sizeof *figures);
    enum crux_status status = store_row(store, STORE_CALL_COUNTS);
    if (status != CRUX_OK) return status;
    figures->open = store_get_number(&reader, 0, INT64_MAX);
    figures->kept = store_get_number(&reader, 1, INT64_MAX);
    figures->missed = store_get_number(&reader, 2, INT64_MAX);
    figures->lapsed = store_get_number(&reader, 3, INT64_MAX);
    figures->strange = store_get_number(&reader, 4, INT64_MAX);
    figures->answer_by = store_get_number(&reader, 5, 2 * CRUX_GAME_TIME_MAX);
    store_reset(store, STORE_CALL_COUNTS);
    return reader.status;
}
