/* What the store holds, in numbers and in lists. */
#include <stdlib.h>
#include <string.h>

#include "executor/service/store/inside.h"

const char *crux_store_state_name(unsigned state) {
    static const char *const names[CRUX_STORE_STATES] = {"unknown", "waiting", "formed",
                                                         "posted",  "final",   "unchallenged",
                                                         "fallen",  "unshown", "refused"};
    return state < CRUX_STORE_STATES ? names[state] : names[0];
}

enum crux_status crux_store_contested(struct crux_store *store,
                                      bool (*visit)(void *ctx, uint64_t number), void *ctx) {
    uint64_t after = 0;
    for (;;) { /* one row at a time: visit may use the same statements; numbers rise, so it ends */
        store_put_number(store, STORE_CONTESTED, 1, after);
        enum crux_status status = store_row(store, STORE_CONTESTED);
        if (status == CRUX_E_NOT_FOUND) return CRUX_OK;
        if (status != CRUX_OK) return status;
        struct store_reader reader = {store, STORE_CONTESTED, CRUX_OK};
        after = store_get_number(&reader, 0, INT64_MAX);
        store_reset(store, STORE_CONTESTED);
        if (reader.status != CRUX_OK) return reader.status;
        if (!visit(ctx, after)) return CRUX_OK;
    }
}

enum crux_status crux_store_figures(struct crux_store *store, struct crux_store_figures *figures) {
    struct store_reader reader = {store, STORE_COUNTS, CRUX_OK};
    enum crux_status status = CRUX_OK;
    memset(figures, 0, sizeof *figures);
    while (reader.status == CRUX_OK && (status = store_row(store, STORE_COUNTS)) == CRUX_OK) {
        uint64_t state = store_get_number(&reader, 0, CRUX_STORE_STATES - 1);
        figures->runs[state] = store_get_number(&reader, 1, INT64_MAX);
        if (state == CRUX_STORE_WAITING)
            figures->oldest_waiting = store_get_number(&reader, 2, INT64_MAX);
    }
    if (reader.status != CRUX_OK) store_reset(store, STORE_COUNTS);
    if (status != CRUX_OK && status != CRUX_E_NOT_FOUND) return status;
    if (reader.status != CRUX_OK) return reader.status;
    status = store_row(store, STORE_SIZE);
    if (status != CRUX_OK) return status;
    reader.which = STORE_SIZE;
    figures->file_bytes = store_get_number(&reader, 0, INT64_MAX);
    store_reset(store, STORE_SIZE);
    return reader.status;
}

enum crux_status crux_store_batch_hashes(struct crux_store *store, uint8_t (**hashes)[32],
                                         uint32_t *count, const uint8_t root[32]) {
    struct store_reader reader = {store, STORE_BATCH_HASHES, CRUX_OK};
    enum crux_status status;
    uint32_t want = 0, have = 0;
    *hashes = NULL;
    *count = 0;
    store_put_bytes(store, STORE_BATCH_HASHES, 1, root, 32);
    while ((status = store_row(store, STORE_BATCH_HASHES)) == CRUX_OK) {
        if (*hashes == NULL) {
            want = (uint32_t)store_get_number(&reader, 1, UINT32_MAX);
            if (reader.status == CRUX_OK) *hashes = malloc((size_t)want * 32 + 1);
        }
        if (*hashes == NULL || have == want) break;
        store_get_bytes(&reader, 0, (*hashes)[have++], 32);
    }
    if (status == CRUX_OK) store_reset(store, STORE_BATCH_HASHES);
    if (reader.status == CRUX_OK && status == CRUX_OK)
        reader.status = *hashes == NULL ? CRUX_E_OUT_OF_MEMORY : CRUX_E_NON_CANONICAL;
    if (status == CRUX_E_NOT_FOUND && have == want && have > 0 && reader.status == CRUX_OK) {
        *count = want;
        return CRUX_OK;
    }
    free(*hashes);
    *hashes = NULL;
    return reader.status != CRUX_OK ? reader.status : status;
}
