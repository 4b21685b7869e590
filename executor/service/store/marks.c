/* What has been done for a run, its end, and how far the chain's events have been read. */
#include <string.h>

#include "executor/service/store/inside.h"

enum crux_status crux_store_due(struct crux_store *store, enum crux_store_due due, uint64_t after,
                                uint64_t *number) {
    static const enum store_statement which[] = {
        [CRUX_STORE_DUE_SHOW] = STORE_DUE_SHOW,
        [CRUX_STORE_DUE_SHOW_FEE] = STORE_DUE_SHOW_FEE,
        [CRUX_STORE_DUE_BIND] = STORE_DUE_BIND,
        [CRUX_STORE_DUE_PAY] = STORE_DUE_PAY,
    };
    store_put_number(store, which[due], 1, after);
    enum crux_status status = store_row(store, which[due]);
    if (status != CRUX_OK) return status;
    struct store_reader reader = {store, which[due], CRUX_OK};
    *number = store_get_number(&reader, 0, INT64_MAX);
    store_reset(store, which[due]);
    return reader.status;
}

enum crux_status crux_store_demand_next(struct crux_store *store,
                                        struct crux_store_demand *demand) {
    store_put_number(store, STORE_DEMAND_NEXT, 1, demand->deadline);
    store_put_number(store, STORE_DEMAND_NEXT, 2, demand->number);
    memset(demand, 0, sizeof *demand);
    enum crux_status status = store_row(store, STORE_DEMAND_NEXT);
    if (status != CRUX_OK) return status;
    struct store_reader reader = {store, STORE_DEMAND_NEXT, CRUX_OK};
    demand->number = store_get_number(&reader, 0, INT64_MAX);
    demand->deadline = store_get_number(&reader, 1, 2 * CRUX_GAME_TIME_MAX);
    demand->shown = store_get_number(&reader, 2, CRUX_STORE_YES) == CRUX_STORE_YES;
    store_reset(store, STORE_DEMAND_NEXT);
    return reader.status;
}

enum crux_status crux_store_mark(struct crux_store *store, uint64_t number,
                                 enum crux_store_mark mark, uint64_t value) {
    static const enum store_statement which[] = {
        [CRUX_STORE_SHOWN] = STORE_MARK_SHOWN,       [CRUX_STORE_PUBLISHED] = STORE_MARK_PUBLISHED,
        [CRUX_STORE_BOUND] = STORE_MARK_BOUND,       [CRUX_STORE_PAID] = STORE_MARK_PAID,
        [CRUX_STORE_DEMANDED] = STORE_MARK_DEMANDED, [CRUX_STORE_DISPUTES] = STORE_MARK_DISPUTES,
    };
    bool own;
    enum crux_status status = store_write(store, &own);
    if (status != CRUX_OK) return status;
    store_put_number(store, which[mark], 1, number);
    store_put_number(store, which[mark], 2, value);
    return store_end(store, own, store_do(store, which[mark]));
}

enum crux_status crux_store_end_run(struct crux_store *store, uint64_t number,
                                    enum crux_store_state state, uint64_t now) {
    bool own;
    CRUX_ASSERT(state >= CRUX_STORE_FINAL && state < CRUX_STORE_STATES);
    enum crux_status status = store_write(store, &own);
    if (status != CRUX_OK) return status;
    store_put_number(store, STORE_END_RUN, 1, number);
    store_put_number(store, STORE_END_RUN, 2, (uint64_t)state);
    store_put_number(store, STORE_END_RUN, 3, now);
    return store_end(store, own, store_do(store, STORE_END_RUN));
}

static enum crux_status clear_gone(struct crux_store *store) {
    int code = sqlite3_exec(store->db, "DELETE FROM temp.gone", NULL, NULL, NULL);
    return code == SQLITE_OK ? CRUX_OK : store_sqlite(store, code, "delete what is over");
}

enum crux_status crux_store_forget(struct crux_store *store, uint64_t before, uint64_t uncallable,
                                   uint32_t most) {
    bool own;
    enum crux_status status = store_write(store, &own);
    if (status != CRUX_OK) return status;
    status = clear_gone(store);
    store_put_number(store, STORE_FORGET, 1, before);
    store_put_number(store, STORE_FORGET, 2, most);
    store_put_number(store, STORE_FORGET, 3, uncallable);
    if (status == CRUX_OK) status = store_do(store, STORE_FORGET);
    if (status == CRUX_OK && sqlite3_changes(store->db) > 0) {
        status = store_do(store, STORE_FORGET_BODIES);
        if (status == CRUX_OK) status = store_do(store, STORE_FORGET_RUNS);
        if (status == CRUX_OK) status = store_do(store, STORE_FORGET_BATCHES);
    }
    store_put_number(store, STORE_FORGET_CALLS, 1, before);
    if (status == CRUX_OK) status = store_do(store, STORE_FORGET_CALLS);
    return store_end(store, own, status);
}

/* Out: first and second number of the only row. */
static enum crux_status two_numbers(struct crux_store *store, enum store_statement which,
                                    uint64_t *first, uint64_t *second) {
    enum crux_status status = store_row(store, which);
    if (status != CRUX_OK) return status;
    struct store_reader reader = {store, which, CRUX_OK};
    *first = store_get_number(&reader, 0, INT64_MAX);
    if (second != NULL) *second = store_get_number(&reader, 1, CRUX_STORE_LEAVES_MAX);
    store_reset(store, which);
    return reader.status;
}

static enum crux_status drop_oldest_leaves(struct crux_store *store, uint64_t *sum) {
    uint64_t number, leaves;
    enum crux_status status = two_numbers(store, STORE_OLDEST_LEAVES, &number, &leaves);
    if (status != CRUX_OK) return status;
    store_put_number(store, STORE_DROP_LEAVES, 1, number);
    *sum -= leaves < *sum ? leaves : *sum;
    return store_do(store, STORE_DROP_LEAVES);
}

enum crux_status crux_store_trim(struct crux_store *store, uint64_t bytes, uint32_t most) {
    uint64_t sum;
    bool own;
    if (!store->leaves_came) return CRUX_OK;
    enum crux_status status = two_numbers(store, STORE_SUM_LEAVES, &sum, NULL);
    if (status != CRUX_OK) return status;
    if (sum > bytes / 32) {
        status = store_write(store, &own);
        if (status != CRUX_OK) return status;
        for (uint32_t i = 0; i < most && status == CRUX_OK && sum > bytes / 32; i++)
            status = drop_oldest_leaves(store, &sum);
        status = store_end(store, own, status);
    }
    store->leaves_came = status != CRUX_OK || sum > bytes / 32;
    return status;
}

enum crux_status crux_store_cursor(struct crux_store *store, uint64_t below,
                                   struct crux_chain_cursor *cursor) {
    memset(cursor, 0, sizeof *cursor);
    store_put_number(store, STORE_CURSOR_GET, 1, below);
    enum crux_status status = store_row(store, STORE_CURSOR_GET);
    if (status == CRUX_E_NOT_FOUND) return CRUX_OK;
    if (status != CRUX_OK) return status;
    struct store_reader reader = {store, STORE_CURSOR_GET, CRUX_OK};
    cursor->number = store_get_number(&reader, 0, INT64_MAX);
    store_get_bytes(&reader, 1, cursor->hash, 32);
    store_reset(store, STORE_CURSOR_GET);
    return reader.status;
}

enum crux_status crux_store_cursor_put(struct crux_store *store,
                                       const struct crux_chain_cursor *cursor) {
    bool own;
    enum crux_status status = store_write(store, &own);
    if (status != CRUX_OK) return status;
    store_put_number(store, STORE_CURSOR_DROP, 1, cursor->number);
    status = store_do(store, STORE_CURSOR_DROP);
    if (status == CRUX_OK && cursor->number > 0) {
        store_put_number(store, STORE_CURSOR_PUT, 1, cursor->number);
        store_put_bytes(store, STORE_CURSOR_PUT, 2, cursor->hash, 32);
        status = store_do(store, STORE_CURSOR_PUT);
    }
    store_put_number(store, STORE_CURSOR_TRIM, 1, STORE_CURSORS);
    if (status == CRUX_OK) status = store_do(store, STORE_CURSOR_TRIM);
    return store_end(store, own, status);
}
