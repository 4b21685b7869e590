/* Runs come in and are looked at. */
#include <stdlib.h>
#include <string.h>

#include "executor/service/store/inside.h"

/* ---- in ---- */

static bool fits(const char *text, size_t most) {
    return text != NULL && strnlen(text, most + 1) <= most;
}

/* spec/85-receipts.md#checking-one: what the chain is not needed for. */
static bool belongs_together(const struct crux_store_run *run, uint8_t claim_hash[32],
                             uint8_t id[32]) {
    uint8_t request_hash[32];
    struct crux_request request;
    crux_claim_hash(claim_hash, &run->claim);
    crux_request_hash(request_hash, run->request);
    crux_request_read(&request, run->request);
    crux_receipt_digest(id, &run->receipt);
    return crux_claim_check(&run->claim) == CRUX_OK &&
           crux_receipt_check(&run->receipt) == CRUX_OK &&
           memcmp(claim_hash, run->receipt.claim_hash, 32) == 0 &&
           memcmp(request_hash, run->receipt.request_hash, 32) == 0 &&
           memcmp(request_hash, run->claim.request_hash, 32) == 0 &&
           memcmp(request.model_root, run->claim.model_root, 32) == 0 &&
           request.request_tokens == run->claim.request_tokens && memcmp(id, run->id, 32) == 0;
}

static enum crux_status check(struct crux_store *store, const struct crux_store_run *run,
                              uint8_t claim_hash[32]) {
    uint8_t id[32];
    if (!belongs_together(run, claim_hash, id))
        return store_fail(store, CRUX_E_USAGE,
                          "the parts of the run and its receipt do not belong together");
    if (!fits(run->model, CRUX_STORE_NAME_BYTES_MAX) ||
        !fits(run->owner, CRUX_STORE_NAME_BYTES_MAX) || !fits(run->key, CRUX_STORE_KEY_BYTES_MAX))
        return store_fail(store, CRUX_E_USAGE, "a name is longer than 256 bytes");
    if (run->annex_bytes > CRUX_STORE_ANNEX_BYTES_MAX ||
        (run->leaves != NULL && run->leaf_count > CRUX_STORE_LEAVES_MAX) ||
        run->created_at >= CRUX_GAME_TIME_MAX)
        return store_fail(store, CRUX_E_USAGE, "a part of the run is beyond its limit");
    return CRUX_OK;
}

/* Little-endian, as everywhere in the protocol.  Out: bytes, malloced. */
static enum crux_status tokens_as_bytes(uint8_t **bytes, const uint32_t *tokens, uint32_t count) {
    *bytes = malloc((size_t)count * 4);
    if (*bytes == NULL) return CRUX_E_OUT_OF_MEMORY;
    for (uint32_t i = 0; i < count; i++) crux_store_u32(*bytes + (size_t)i * 4, tokens[i]);
    return CRUX_OK;
}

static enum crux_status insert_run(struct crux_store *store, const struct crux_store_run *run,
                                   const uint8_t claim_hash[32]) {
    const enum store_statement s = STORE_ADD_RUN;
    uint8_t receipt[CRUX_RECEIPT_BYTES], claim[CRUX_CLAIM_BYTES];
    crux_receipt_encode(receipt, &run->receipt);
    crux_claim_encode(claim, &run->claim);
    store_put_bytes(store, s, 1, run->id, 32);
    store_put_bytes(store, s, 2, claim_hash, 32);
    store_put_bytes(store, s, 3, run->receipt.request_hash, 32);
    store_put_bytes(store, s, 4, receipt, sizeof receipt);
    store_put_bytes(store, s, 5, run->signature, sizeof run->signature);
    store_put_bytes(store, s, 6, claim, sizeof claim);
    store_put_bytes(store, s, 7, run->request, sizeof run->request);
    store_put_text(store, s, 8, run->model);
    store_put_text(store, s, 9, run->owner);
    store_put_text(store, s, 10, run->key);
    store_put_bytes(store, s, 11, run->fee_requester.b, 20);
    store_put_number(store, s, 12, run->created_at);
    store_put_number(store, s, 13, run->receipt.mode);
    store_put_bytes(store, s, 14, run->receipt.requester, 20);
    store_put_number(store, s, 15, run->receipt.deadline);
    return store_do(store, s);
}

static enum crux_status insert_body(struct crux_store *store, const struct crux_store_run *run) {
    const enum store_statement s = STORE_ADD_BODY;
    uint64_t leaves = run->leaves == NULL ? 0 : run->leaf_count;
    uint8_t *asked = NULL, *answered = NULL;
    enum crux_status status =
        tokens_as_bytes(&asked, run->request_tokens, run->claim.request_tokens);
    if (status == CRUX_OK)
        status = tokens_as_bytes(&answered, run->output_tokens, run->claim.chosen_tokens);
    if (status == CRUX_OK) {
        store_put_number(store, s, 1, run->number);
        store_put_bytes(store, s, 2, asked, (size_t)run->claim.request_tokens * 4);
        store_put_bytes(store, s, 3, answered, (size_t)run->claim.chosen_tokens * 4);
        store_put_bytes(store, s, 4, run->annex, run->annex_bytes);
        store_put_number(store, s, 5, leaves);
        store_put_bytes(store, s, 6, run->leaves, (size_t)leaves * 32);
        if (leaves > 0) store->leaves_came = true;
        status = store_do(store, s);
    } else {
        (void)store_fail(store, status, "no memory to keep a run");
    }
    free(asked);
    free(answered);
    return status;
}

static enum crux_status find(struct crux_store *store, enum store_statement which,
                             uint64_t *number) {
    enum crux_status status = store_row(store, which);
    if (status != CRUX_OK) return status;
    struct store_reader reader = {store, which, CRUX_OK};
    *number = store_get_number(&reader, 0, INT64_MAX);
    store_reset(store, which);
    return reader.status;
}

enum crux_status crux_store_add(struct crux_store *store, struct crux_store_run *run) {
    uint8_t claim_hash[32];
    uint64_t there;
    bool own;
    enum crux_status status = check(store, run, claim_hash);
    if (status != CRUX_OK) return status;
    store_put_bytes(store, STORE_FIND_CLAIM, 1, claim_hash, 32);
    status = find(store, STORE_FIND_CLAIM, &there);
    if (status == CRUX_OK)
        return store_fail(store, CRUX_E_ALREADY_POSTED, "a run of this claim is kept already");
    if (status != CRUX_E_NOT_FOUND) return status;
    if (run->key[0] != 0) {
        store_put_text(store, STORE_FIND_KEY, 1, run->owner);
        store_put_text(store, STORE_FIND_KEY, 2, run->key);
        status = find(store, STORE_FIND_KEY, &there);
        if (status == CRUX_OK)
            return store_fail(store, CRUX_E_ANSWER_DIFFERS,
                              "another run of this owner has this name");
        if (status != CRUX_E_NOT_FOUND) return status;
    }
    status = store_write(store, &own);
    if (status != CRUX_OK) return status;
    status = insert_run(store, run, claim_hash);
    if (status == CRUX_OK) {
        run->number = (uint64_t)sqlite3_last_insert_rowid(store->db);
        status = insert_body(store, run);
    }
    return store_end(store, own, status);
}

/* ---- out ---- */

/* A run and all that it points to, in one piece. */
struct piece {
    struct crux_store_run run;
    _Alignas(8) uint8_t bytes[];
};

struct parts {
    const uint8_t *asked, *answered, *annex, *path;
    const char *model, *owner, *key;
    size_t asked_bytes, answered_bytes, annex_bytes, path_bytes;
};

static void read_fixed(struct crux_store_run *run, struct store_reader *reader) {
    uint8_t receipt[CRUX_RECEIPT_BYTES] = {0}, claim[CRUX_CLAIM_BYTES] = {0};
    run->number = store_get_number(reader, 0, INT64_MAX);
    store_get_bytes(reader, 1, receipt, sizeof receipt);
    store_get_bytes(reader, 2, run->signature, sizeof run->signature);
    store_get_bytes(reader, 3, claim, sizeof claim);
    store_get_bytes(reader, 4, run->request, sizeof run->request);
    store_get_bytes(reader, 8, run->fee_requester.b, 20);
    run->created_at = store_get_number(reader, 9, CRUX_GAME_TIME_MAX);
    run->state = (enum crux_store_state)store_get_number(reader, 10, CRUX_STORE_STATES - 1);
    run->batch = store_get_number(reader, 11, INT64_MAX);
    run->member = (uint32_t)store_get_number(reader, 12, CRUX_GAME_BATCH_MAX - 1);
    run->shown = store_get_number(reader, 14, CRUX_STORE_GIVEN_UP) == CRUX_STORE_YES;
    run->published = store_get_number(reader, 15, CRUX_STORE_GIVEN_UP) == CRUX_STORE_YES;
    uint64_t bound = store_get_number(reader, 16, CRUX_STORE_GIVEN_UP);
    run->bound = bound == CRUX_STORE_YES;
    run->fee_refused = bound == CRUX_STORE_GIVEN_UP;
    run->paid = store_get_number(reader, 17, CRUX_STORE_GIVEN_UP) == CRUX_STORE_YES;
    run->demanded = store_get_number(reader, 18, 2 * CRUX_GAME_TIME_MAX) > 0;
    run->disputes = (uint32_t)store_get_number(reader, 19, UINT32_MAX);
    run->ended_at = store_get_number(reader, 20, CRUX_GAME_TIME_MAX);
    run->leaf_count = store_get_number(reader, 29, CRUX_STORE_LEAVES_MAX);
    if (reader->status != CRUX_OK) return;
    reader->status = crux_receipt_decode(&run->receipt, receipt, sizeof receipt);
    if (reader->status == CRUX_OK)
        reader->status = crux_claim_decode(&run->claim, claim, sizeof claim);
    if (reader->status != CRUX_OK || run->batch == 0) return;
    run->count = (uint32_t)store_get_number(reader, 21, CRUX_GAME_BATCH_MAX);
    store_get_bytes(reader, 22, run->batch_root, 32);
    run->chain_batch = store_get_number(reader, 23, INT64_MAX);
    run->posted_at = store_get_number(reader, 24, CRUX_GAME_TIME_MAX);
    run->window_end = store_get_number(reader, 25, 2 * CRUX_GAME_TIME_MAX);
}

static void read_parts(struct parts *parts, struct store_reader *reader) {
    parts->model = store_get_text(reader, 5, CRUX_STORE_NAME_BYTES_MAX);
    parts->owner = store_get_text(reader, 6, CRUX_STORE_NAME_BYTES_MAX);
    parts->key = store_get_text(reader, 7, CRUX_STORE_KEY_BYTES_MAX);
    parts->path = store_get_blob(reader, 13, &parts->path_bytes, 32, 32 * CRUX_MERKLE_DEPTH_MAX);
    parts->asked =
        store_get_blob(reader, 26, &parts->asked_bytes, 4, (size_t)CRUX_STORE_TOKENS_MAX * 4);
    parts->answered =
        store_get_blob(reader, 27, &parts->answered_bytes, 4, (size_t)CRUX_STORE_TOKENS_MAX * 4);
    parts->annex = store_get_blob(reader, 28, &parts->annex_bytes, 1, CRUX_STORE_ANNEX_BYTES_MAX);
}

/* The path leads from the claim to the root of its batch. */
static bool stands_in_batch(const struct crux_store_run *run, const struct parts *parts) {
    uint64_t index = run->member;
    return crux_merkle_verify(run->batch_root, run->count, &index,
                              (const uint8_t(*)[32])run->receipt.claim_hash, 1, parts->path,
                              parts->path_bytes) == CRUX_OK;
}

static bool is_sound(const struct crux_store_run *run, const struct parts *parts) {
    uint8_t claim_hash[32], id[32];
    if (!belongs_together(run, claim_hash, id)) return false;
    if (parts->asked_bytes != (size_t)run->claim.request_tokens * 4 ||
        parts->answered_bytes != (size_t)run->claim.chosen_tokens * 4)
        return false;
    if (run->state < CRUX_STORE_WAITING || (run->state == CRUX_STORE_WAITING) != (run->batch == 0))
        return false;
    return run->batch == 0 || stands_in_batch(run, parts);
}

static const uint32_t *copy_tokens(uint8_t **at, const uint8_t *bytes, size_t len) {
    uint32_t *tokens = (uint32_t *)(void *)*at;
    for (size_t i = 0; i < len / 4; i++) tokens[i] = crux_load_u32(bytes + 4 * i);
    *at += len;
    return tokens;
}

static const void *copy_bytes(uint8_t **at, const void *bytes, size_t len) {
    uint8_t *out = *at;
    if (len > 0) memcpy(out, bytes, len);
    *at += len;
    return out;
}

static struct piece *assemble(const struct crux_store_run *fixed, const struct parts *parts) {
    size_t model = strlen(parts->model) + 1, owner = strlen(parts->owner) + 1,
           key = strlen(parts->key) + 1;
    struct piece *piece = malloc(sizeof *piece + parts->asked_bytes + parts->answered_bytes +
                                 parts->annex_bytes + parts->path_bytes + model + owner + key);
    if (piece == NULL) return NULL;
    uint8_t *at = piece->bytes;
    piece->run = *fixed;
    piece->run.request_tokens = copy_tokens(&at, parts->asked, parts->asked_bytes);
    piece->run.output_tokens = copy_tokens(&at, parts->answered, parts->answered_bytes);
    piece->run.annex = copy_bytes(&at, parts->annex, parts->annex_bytes);
    piece->run.annex_bytes = parts->annex_bytes;
    piece->run.path = copy_bytes(&at, parts->path, parts->path_bytes);
    piece->run.path_bytes = parts->path_bytes;
    piece->run.model = copy_bytes(&at, parts->model, model);
    piece->run.owner = copy_bytes(&at, parts->owner, owner);
    piece->run.key = copy_bytes(&at, parts->key, key);
    return piece;
}

static enum crux_status load(struct crux_store *store, struct crux_store_run **run,
                             uint64_t number) {
    struct crux_store_run fixed;
    struct parts parts;
    struct piece *piece = NULL;
    memset(&fixed, 0, sizeof fixed);
    store_put_number(store, STORE_GET_RUN, 1, number);
    enum crux_status status = store_row(store, STORE_GET_RUN);
    if (status == CRUX_E_NOT_FOUND)
        return store_fail(store, CRUX_E_NON_CANONICAL,
                          "the store of runs is damaged: run %llu has no body",
                          (unsigned long long)number);
    if (status != CRUX_OK) return status;
    struct store_reader reader = {store, STORE_GET_RUN, CRUX_OK};
    read_fixed(&fixed, &reader);
    crux_receipt_digest(fixed.id, &fixed.receipt);
    read_parts(&parts, &reader);
    status = reader.status;
    if (status == CRUX_OK && !is_sound(&fixed, &parts))
        status = store_fail(store, CRUX_E_NON_CANONICAL,
                            "the store of runs is damaged: the parts of run %llu do not belong "
                            "together",
                            (unsigned long long)number);
    if (status == CRUX_OK && (piece = assemble(&fixed, &parts)) == NULL)
        status = store_fail(store, CRUX_E_OUT_OF_MEMORY, "no memory for a run");
    store_reset(store, STORE_GET_RUN);
    *run = piece == NULL ? NULL : &piece->run;
    return status;
}

static enum crux_status find_and_load(struct crux_store *store, enum store_statement which,
                                      struct crux_store_run **run) {
    uint64_t number;
    *run = NULL;
    enum crux_status status = find(store, which, &number);
    if (status == CRUX_E_NOT_FOUND)
        return store_fail(store, status, "no such run is kept here, or it has been deleted");
    return status == CRUX_OK ? load(store, run, number) : status;
}

enum crux_status crux_store_find(struct crux_store *store, struct crux_store_run **run,
                                 enum crux_store_by by, const void *what) {
    static const enum store_statement which[] = {[CRUX_STORE_BY_ID] = STORE_FIND_ID,
                                                 [CRUX_STORE_BY_CLAIM] = STORE_FIND_CLAIM,
                                                 [CRUX_STORE_BY_REQUEST] = STORE_FIND_REQUEST,
                                                 [CRUX_STORE_BY_NUMBER] = STORE_FIND_NUMBER};
    CRUX_ASSERT(by >= CRUX_STORE_BY_ID && by <= CRUX_STORE_BY_NUMBER);
    *run = NULL;
    if (by == CRUX_STORE_BY_NUMBER) {
        uint64_t number;
        memcpy(&number, what, sizeof number);
        if (number > INT64_MAX)
            return store_fail(store, CRUX_E_NOT_FOUND, "no such run is kept here");
        store_put_number(store, STORE_FIND_NUMBER, 1, number);
    } else {
        store_put_bytes(store, which[by], 1, what, 32);
    }
    return find_and_load(store, which[by], run);
}

enum crux_status crux_store_find_key(struct crux_store *store, struct crux_store_run **run,
                                     const char *owner, const char *key) {
    store_put_text(store, STORE_FIND_KEY, 1, owner);
    store_put_text(store, STORE_FIND_KEY, 2, key);
    return find_and_load(store, STORE_FIND_KEY, run);
}

enum crux_status crux_store_find_claim(struct crux_store *store, struct crux_store_run **run,
                                       const struct crux_claim_id *claim) {
    *run = NULL;
    if (claim->batch > INT64_MAX)
        return store_fail(store, CRUX_E_NOT_FOUND, "no such run is kept here");
    store_put_number(store, STORE_FIND_PLACE, 1, claim->batch);
    store_put_number(store, STORE_FIND_PLACE, 2, claim->member);
    return find_and_load(store, STORE_FIND_PLACE, run);
}

void crux_store_run_free(struct crux_store_run *run) {
    free(run); /* the first member of its piece */
}

static enum crux_status read_leaves(struct crux_store *store, uint8_t (*leaves)[32],
                                    sqlite3_blob *blob, uint64_t kept, uint64_t from,
                                    uint64_t count) {
    uint64_t bytes = (uint64_t)sqlite3_blob_bytes(blob);
    if (bytes != kept * 32)
        return store_fail(store, CRUX_E_NON_CANONICAL,
                          "the store of runs is damaged: %llu bytes of leaves where %llu belong",
                          (unsigned long long)bytes, (unsigned long long)kept * 32);
    if (from > kept || count > kept - from)
        return store_fail(store, CRUX_E_INDEX_BEYOND_COUNT, "this run has %llu leaves",
                          (unsigned long long)kept);
    /* a blob has less than 2^31 bytes */
    int code = sqlite3_blob_read(blob, leaves, (int)(count * 32), (int)(from * 32));
    return code == SQLITE_OK ? CRUX_OK : store_sqlite(store, code, "read the leaves of a run");
}

enum crux_status crux_store_leaves(struct crux_store *store, uint8_t (*leaves)[32], uint64_t number,
                                   uint64_t from, uint64_t count) {
    sqlite3_blob *blob = NULL;
    if (number > INT64_MAX) return CRUX_E_NOT_FOUND;
    store_put_number(store, STORE_COUNT_LEAVES, 1, number);
    enum crux_status status = store_row(store, STORE_COUNT_LEAVES);
    if (status != CRUX_OK) return status;
    struct store_reader reader = {store, STORE_COUNT_LEAVES, CRUX_OK};
    uint64_t kept = store_get_number(&reader, 0, CRUX_STORE_LEAVES_MAX);
    store_reset(store, STORE_COUNT_LEAVES);
    if (reader.status != CRUX_OK) return reader.status;
    if (kept == 0)
        return store_fail(store, CRUX_E_NOT_FOUND, "the leaves of this run are not kept");
    int code =
        sqlite3_blob_open(store->db, "main", "bodies", "leaves", (sqlite3_int64)number, 0, &blob);
    if (code == SQLITE_OK)
        status = read_leaves(store, leaves, blob, kept, from, count);
    else /* the row is there: what lies in it is not a blob */
        status =
            code == SQLITE_ERROR
                ? store_fail(store, CRUX_E_NON_CANONICAL,
                             "the store of runs is damaged: 'leaves' is not what belongs there")
                : store_sqlite(store, code, "read the leaves of a run");
    (void)sqlite3_blob_close(blob);
    return status;
}
