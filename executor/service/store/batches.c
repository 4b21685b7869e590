/* Batches: formed of what waits, posted, ended. */
#include "executor/service/store/batches.h"

#include <stdlib.h>
#include <string.h>

#include "executor/service/store/inside.h"

enum crux_status crux_store_waiting(struct crux_store *store, struct crux_store_waiting *waiting,
                                    uint32_t most, uint32_t *count) {
    struct store_reader reader = {store, STORE_WAITING, CRUX_OK};
    enum crux_status status = CRUX_E_NOT_FOUND;
    *count = 0;
    store_put_number(store, STORE_WAITING, 1, most);
    while (*count < most && reader.status == CRUX_OK &&
           (status = store_row(store, STORE_WAITING)) == CRUX_OK) {
        struct crux_store_waiting *one = &waiting[(*count)++];
        one->mode = (uint32_t)store_get_number(&reader, 0, CRUX_MODE_PRIVATE);
        store_get_bytes(&reader, 1, one->requester.b, 20);
        one->count = store_get_number(&reader, 2, INT64_MAX);
        one->oldest = store_get_number(&reader, 3, CRUX_GAME_TIME_MAX);
        one->deadline = store_get_number(&reader, 4, CRUX_GAME_TIME_MAX);
    }
    if (status != CRUX_E_NOT_FOUND) store_reset(store, STORE_WAITING);
    if (reader.status != CRUX_OK) return reader.status;
    return status == CRUX_OK || status == CRUX_E_NOT_FOUND ? CRUX_OK : status;
}

/* Returns: sum + count * bond; of what does not fit, INT64_MAX: it is more than there can be.  In: sum <= INT64_MAX. */
static uint64_t add_bonds(uint64_t sum, uint64_t count, uint64_t bond) {
    return bond != 0 && count > (INT64_MAX - sum) / bond ? INT64_MAX : sum + count * bond;
}

/* Adds those of the batches that are formed, one row for each bond. */
static enum crux_status add_formed(struct crux_store *store, uint64_t *owed) {
    struct store_reader reader = {store, STORE_BONDS, CRUX_OK};
    enum crux_status status = CRUX_E_NOT_FOUND;
    while (reader.status == CRUX_OK && (status = store_row(store, STORE_BONDS)) == CRUX_OK) {
        uint64_t bond = store_get_number(&reader, 0, CRUX_GAME_AMOUNT_MAX);
        *owed = add_bonds(*owed, store_get_number(&reader, 1, INT64_MAX), bond);
    }
    if (reader.status != CRUX_OK) store_reset(store, STORE_BONDS);
    if (reader.status != CRUX_OK) return reader.status;
    return status == CRUX_E_NOT_FOUND ? CRUX_OK : status;
}

enum crux_status crux_store_owed(struct crux_store *store, uint64_t bond, uint64_t chain_time,
                                 uint64_t *owed, uint64_t *left, uint64_t *late) {
    struct store_reader reader = {store, STORE_OWED, CRUX_OK};
    enum crux_status status = store_row(store, STORE_OWED);
    if (status != CRUX_OK) return status;
    uint64_t waiting = store_get_number(&reader, 0, UINT32_MAX),
             formed = store_get_number(&reader, 1, UINT32_MAX);
    store_reset(store, STORE_OWED);
    if (reader.status != CRUX_OK) return reader.status;
    *owed = add_bonds(0, waiting, bond);
    *left = waiting + formed;
    status = add_formed(store, owed);
    if (status != CRUX_OK) return status;
    store_put_number(store, STORE_LATE, 1, chain_time);
    status = store_row(store, STORE_LATE);
    if (status != CRUX_OK) return status;
    reader.which = STORE_LATE;
    *late = store_get_number(&reader, 0, INT64_MAX);
    store_reset(store, STORE_LATE);
    return reader.status;
}

/* ---- forming ---- */

struct forming {
    uint64_t *number;
    uint8_t (*hash)[32];
    uint32_t count;
};

static enum crux_status take(struct crux_store *store, struct forming *forming, uint32_t mode,
                             const struct crux_account *requester, uint32_t most) {
    struct store_reader reader = {store, STORE_TAKE, CRUX_OK};
    enum crux_status status = CRUX_OK;
    store_put_number(store, STORE_TAKE, 1, mode);
    store_put_bytes(store, STORE_TAKE, 2, requester->b, 20);
    store_put_number(store, STORE_TAKE, 3, most);
    while (forming->count < most && reader.status == CRUX_OK &&
           (status = store_row(store, STORE_TAKE)) == CRUX_OK) {
        forming->number[forming->count] = store_get_number(&reader, 0, INT64_MAX);
        store_get_bytes(&reader, 1, forming->hash[forming->count], 32);
        forming->count++;
    }
    if (status != CRUX_E_NOT_FOUND) store_reset(store, STORE_TAKE);
    if (reader.status != CRUX_OK) return reader.status;
    if (status != CRUX_OK && status != CRUX_E_NOT_FOUND) return status;
    return forming->count > 0 ? CRUX_OK : CRUX_E_NOT_FOUND;
}

static enum crux_status put_places(struct crux_store *store, const struct forming *forming,
                                   const struct crux_merkle_tree *tree, uint64_t batch) {
    for (uint32_t i = 0; i < forming->count; i++) {
        uint8_t path[32 * CRUX_MERKLE_DEPTH_MAX];
        struct crux_writer writer;
        uint64_t index = i;
        crux_writer_init(&writer, path, sizeof path);
        enum crux_status status = crux_merkle_prove(&writer, tree, &index, 1);
        if (status != CRUX_OK) return status;
        store_put_number(store, STORE_FORM_RUN, 1, forming->number[i]);
        store_put_number(store, STORE_FORM_RUN, 2, batch);
        store_put_number(store, STORE_FORM_RUN, 3, i);
        store_put_bytes(store, STORE_FORM_RUN, 4, path, writer.at);
        status = store_do(store, STORE_FORM_RUN);
        if (status != CRUX_OK) return status;
    }
    return CRUX_OK;
}

static enum crux_status form(struct crux_store *store, struct forming *forming, uint32_t mode,
                             const struct crux_account *requester, uint64_t bond) {
    struct crux_merkle_shape shape = crux_merkle_shape_plain(forming->count);
    struct crux_merkle_tree tree;
    uint8_t root[32], *memory = malloc(crux_merkle_tree_bytes(&shape));
    if (memory == NULL) return store_fail(store, CRUX_E_OUT_OF_MEMORY, "no memory for a batch");
    crux_merkle_tree_init(&tree, &shape, memory);
    memcpy(tree.hash, forming->hash, (size_t)forming->count * 32);
    crux_merkle_tree_build(&tree);
    crux_merkle_tree_root(root, &tree);
    store_put_number(store, STORE_FORM_BATCH, 1, mode);
    store_put_bytes(store, STORE_FORM_BATCH, 2, requester->b, 20);
    store_put_bytes(store, STORE_FORM_BATCH, 3, root, 32);
    store_put_number(store, STORE_FORM_BATCH, 4, forming->count);
    store_put_number(store, STORE_FORM_BATCH, 5, bond);
    enum crux_status status = store_do(store, STORE_FORM_BATCH);
    if (status == CRUX_OK)
        status = put_places(store, forming, &tree, (uint64_t)sqlite3_last_insert_rowid(store->db));
    free(memory);
    return status;
}

enum crux_status crux_store_form(struct crux_store *store, uint32_t mode,
                                 const struct crux_account *requester, uint32_t most,
                                 uint64_t bond) {
    struct forming forming = {.number = calloc(most, sizeof *forming.number),
                              .hash = calloc(most, sizeof *forming.hash)};
    enum crux_status status = CRUX_E_OUT_OF_MEMORY;
    bool own;
    CRUX_ASSERT(most >= 1 && most <= CRUX_GAME_BATCH_MAX);
    if (forming.number == NULL || forming.hash == NULL)
        (void)store_fail(store, status, "no memory for a batch");
    else
        status = take(store, &forming, mode, requester, most);
    if (status == CRUX_OK) status = store_write(store, &own);
    if (status == CRUX_OK)
        status = store_end(store, own, form(store, &forming, mode, requester, bond));
    free(forming.number);
    free(forming.hash);
    return status;
}

/* ---- on the chain ---- */

enum crux_status crux_store_batch_next(struct crux_store *store, struct crux_store_batch *batch,
                                       enum crux_store_state state, uint64_t after,
                                       uint64_t chain_time) {
    memset(batch, 0, sizeof *batch);
    store_put_number(store, STORE_NEXT_BATCH, 1, (uint64_t)state);
    store_put_number(store, STORE_NEXT_BATCH, 2, after);
    store_put_number(store, STORE_NEXT_BATCH, 3, chain_time);
    enum crux_status status = store_row(store, STORE_NEXT_BATCH);
    if (status != CRUX_OK) return status;
    struct store_reader reader = {store, STORE_NEXT_BATCH, CRUX_OK};
    batch->number = store_get_number(&reader, 0, INT64_MAX);
    batch->mode = (uint32_t)store_get_number(&reader, 1, CRUX_MODE_PRIVATE);
    store_get_bytes(&reader, 2, batch->requester.b, 20);
    store_get_bytes(&reader, 3, batch->root, 32);
    batch->count = (uint32_t)store_get_number(&reader, 4, CRUX_GAME_BATCH_MAX);
    batch->bond = store_get_number(&reader, 5, CRUX_GAME_AMOUNT_MAX);
    batch->chain_batch = store_get_number(&reader, 6, INT64_MAX);
    batch->posted_at = store_get_number(&reader, 7, CRUX_GAME_TIME_MAX);
    batch->window_end = store_get_number(&reader, 8, 2 * CRUX_GAME_TIME_MAX);
    batch->try_at = store_get_number(&reader, 9, 2 * CRUX_GAME_TIME_MAX);
    store_reset(store, STORE_NEXT_BATCH);
    return reader.status;
}

enum crux_status crux_store_batch_posted(struct crux_store *store,
                                         const struct crux_store_batch *batch) {
    bool own;
    enum crux_status status = store_write(store, &own);
    if (status != CRUX_OK) return status;
    store_put_number(store, STORE_SET_POSTED, 1, batch->number);
    store_put_number(store, STORE_SET_POSTED, 2, batch->chain_batch);
    store_put_number(store, STORE_SET_POSTED, 3, batch->posted_at);
    store_put_number(store, STORE_SET_POSTED, 4, batch->window_end);
    status = store_do(store, STORE_SET_POSTED);
    if (status == CRUX_OK) {
        store_put_number(store, STORE_SET_POSTED_RUNS, 1, batch->number);
        store_put_number(store, STORE_SET_POSTED_RUNS, 2, batch->posted_at);
        store_put_number(store, STORE_SET_POSTED_RUNS, 3, batch->mode == CRUX_MODE_FULL);
        status = store_do(store, STORE_SET_POSTED_RUNS);
    }
    return store_end(store, own, status);
}

/* One statement with numbers, in a transaction of its own. */
static enum crux_status update(struct crux_store *store, enum store_statement which,
                               const uint64_t *numbers, int count) {
    bool own;
    enum crux_status status = store_write(store, &own);
    if (status != CRUX_OK) return status;
    for (int i = 0; i < count; i++) store_put_number(store, which, i + 1, numbers[i]);
    return store_end(store, own, store_do(store, which));
}

enum crux_status crux_store_batch_bond(struct crux_store *store, uint64_t number, uint64_t bond) {
    return update(store, STORE_SET_BOND, (const uint64_t[]){number, bond}, 2);
}

enum crux_status crux_store_batch_try(struct crux_store *store, uint64_t number, uint64_t at) {
    return update(store, STORE_SET_TRY, (const uint64_t[]){number, at}, 2);
}

enum crux_status crux_store_batch_halve(struct crux_store *store,
                                        const struct crux_store_batch *batch, uint64_t bond) {
    CRUX_ASSERT(batch->count >= 2);
    enum crux_status status = crux_store_begin(store);
    if (status != CRUX_OK) return status;
    status = update(store, STORE_UNFORM_RUNS, &batch->number, 1);
    if (status == CRUX_OK) status = update(store, STORE_UNFORM_BATCH, &batch->number, 1);
    if (status == CRUX_OK)
        status = crux_store_form(store, batch->mode, &batch->requester, batch->count / 2, bond);
    enum crux_status committed = crux_store_commit(store);
    return status == CRUX_OK ? committed : status;
}

enum crux_status crux_store_batch_refused(struct crux_store *store, uint64_t number, uint64_t now) {
    bool own;
    enum crux_status status = store_write(store, &own);
    if (status != CRUX_OK) return status;
    store_put_number(store, STORE_REFUSE, 1, number);
    store_put_number(store, STORE_REFUSE, 2, now);
    status = store_do(store, STORE_REFUSE);
    store_put_number(store, STORE_END_BATCH, 1, number);
    if (status == CRUX_OK) status = store_do(store, STORE_END_BATCH);
    return store_end(store, own, status);
}

enum crux_status crux_store_batch_end(struct crux_store *store, uint64_t number, uint64_t *open) {
    struct store_reader reader = {store, STORE_OPEN_RUNS, CRUX_OK};
    store_put_number(store, STORE_OPEN_RUNS, 1, number);
    enum crux_status status = store_row(store, STORE_OPEN_RUNS);
    if (status != CRUX_OK) return status;
    *open = store_get_number(&reader, 0, INT64_MAX);
    store_reset(store, STORE_OPEN_RUNS);
    if (reader.status != CRUX_OK || *open != 0) return reader.status;
    return update(store, STORE_END_BATCH, &number, 1);
}

enum crux_status crux_store_unpost(struct crux_store *store) {
    bool own;
    enum crux_status status = store_write(store, &own);
    if (status != CRUX_OK) return status;
    status = store_do(store, STORE_UNPOST_RUNS);
    if (status == CRUX_OK) status = store_do(store, STORE_UNPOST_BATCHES);
    if (status == CRUX_OK) status = store_do(store, STORE_REOPEN_CALLS);
    return store_end(store, own, status);
}

enum crux_status crux_store_place_of(struct crux_store *store, const struct crux_claim_id *claim,
                                     struct crux_store_place *place) {
    memset(place, 0, sizeof *place);
    place->claim.batch = claim->batch;
    place->claim.member = claim->member;
    if (claim->batch > INT64_MAX) return CRUX_E_NOT_FOUND;
    store_put_number(store, STORE_FIND_OPEN, 1, claim->batch);
    store_put_number(store, STORE_FIND_OPEN, 2, claim->member);
    enum crux_status status = store_row(store, STORE_FIND_OPEN);
    if (status != CRUX_OK) return status;
    struct store_reader reader = {store, STORE_FIND_OPEN, CRUX_OK};
    place->number = store_get_number(&reader, 0, INT64_MAX);
    store_reset(store, STORE_FIND_OPEN);
    return reader.status;
}

enum crux_status crux_store_members(struct crux_store *store, uint64_t batch, int64_t after,
                                    struct crux_store_place *places, uint32_t most,
                                    uint32_t *count) {
    struct store_reader reader = {store, STORE_MEMBERS, CRUX_OK};
    enum crux_status status = CRUX_E_NOT_FOUND;
    *count = 0;
    store_put_number(store, STORE_MEMBERS, 1, batch);
    int code = sqlite3_bind_int64(store->statement[STORE_MEMBERS], 2, after);
    CRUX_ASSERT(code == SQLITE_OK);
    store_put_number(store, STORE_MEMBERS, 3, most);
    while (*count < most && reader.status == CRUX_OK &&
           (status = store_row(store, STORE_MEMBERS)) == CRUX_OK) {
        struct crux_store_place *place = &places[(*count)++];
        memset(place, 0, sizeof *place);
        place->number = store_get_number(&reader, 0, INT64_MAX);
        place->claim.batch = store_get_number(&reader, 1, INT64_MAX);
        place->claim.member = (uint32_t)store_get_number(&reader, 2, CRUX_GAME_BATCH_MAX - 1);
    }
    if (status != CRUX_E_NOT_FOUND) store_reset(store, STORE_MEMBERS);
    if (reader.status != CRUX_OK) return reader.status;
    return status == CRUX_OK || status == CRUX_E_NOT_FOUND ? CRUX_OK : status;
}
