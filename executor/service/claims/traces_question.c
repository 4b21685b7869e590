/* What is asked about a trace, and what of that is refused before anything is computed. */
#include <stdio.h>
#include <string.h>

#include "executor/service/claims/trace_job.h"

enum {
    PAGES_MAX = 4096,
    RECORDS_MAX = CRUX_CONTEXT_MAX, /* their bytes are limited */
    PROOF_BYTES = TRACE_PROOF_LEAVES_MAX * 32 * CRUX_MERKLE_DEPTH_MAX
};

void trace_fail(struct crux_http_exchange *exchange, enum crux_status status) {
    int code = 400; /* of what is outside */
    if (status == CRUX_E_QUEUE_FULL) code = 429;
    if (status == CRUX_E_CACHE_TOO_SMALL) {
        claims_fail(exchange, 422, "run_too_large",
                    "The run takes more memory than is given to runs that are computed again.");
        return;
    }
    if (status == CRUX_E_STOPPING || status == CRUX_E_OUT_OF_MEMORY) code = 503;
    if (status == CRUX_E_CLAIM_MISMATCH || status == CRUX_E_INTERNAL ||
        status == CRUX_E_MODEL_UNKNOWN)
        code = 500;
    claims_fail(exchange, code, crux_status_name(status), crux_status_text(status));
}

static const struct {
    const char *name;
    uint8_t kind;
    bool step, number, bytes; /* has pos and layer; has a number; has pages */
} trees[] = {{"trace", CRUX_TREE_TRACE, false, false, false},
             {"output", CRUX_TREE_OUTPUT, false, false, true},
             {"tokens", CRUX_TREE_TOKENS, false, false, true},
             {"record", CRUX_TREE_RECORD, true, false, false},
             {"store", CRUX_TREE_STORE, true, true, true},
             {"tensors", CRUX_TREE_TENSORS, true, false, false},
             {"tensor", CRUX_TREE_TENSOR, true, true, true}};

bool trace_read_number(uint64_t *number, struct crux_http_exchange *exchange, const char *name,
                       uint64_t otherwise, uint64_t most) {
    const char *text = crux_http_query(exchange, name);
    char message[96];
    *number = otherwise;
    if (text == NULL) return true;
    uint64_t sum = 0;
    bool good = *text != 0 && strlen(text) <= 18;
    for (; good && *text != 0; text++) {
        good = *text >= '0' && *text <= '9';
        sum = sum * 10 + (uint64_t)(*text - '0');
    }
    *number = sum;
    if (good && sum <= most) return true;
    (void)snprintf(message, sizeof message, "%s is a whole number up to %llu.", name,
                   (unsigned long long)most);
    claims_fail(exchange, 400, "invalid_value", message);
    return false;
}

static bool read_tree(struct trace_job *job, struct crux_http_exchange *exchange,
                      const char *otherwise) {
    const char *name = crux_http_query(exchange, "tree");
    uint64_t pos = 0, layer = 0, number = 0;
    size_t i = 0;
    if (name == NULL) name = otherwise;
    while (i < CRUX_ARRAY_LEN(trees) && strcmp(trees[i].name, name) != 0) i++;
    if (i == CRUX_ARRAY_LEN(trees) || (job->what == TRACE_PAGES && !trees[i].bytes)) {
        claims_fail(exchange, 400, "invalid_value",
                    "There is no such tree with what is asked for.");
        return false;
    }
    if (!trace_read_number(&pos, exchange, "pos", 0, CRUX_CONTEXT_MAX) ||
        !trace_read_number(&layer, exchange, "layer", 0, UINT32_MAX) ||
        !trace_read_number(&number, exchange, "number", 0, UINT32_MAX))
        return false;
    job->tree.kind = trees[i].kind;
    if (trees[i].step) {
        job->tree.pos = (uint32_t)pos;
        job->tree.layer = (uint32_t)layer;
    }
    if (trees[i].number) job->tree.number = (uint32_t)number;
    return true;
}

/* "1,5,9": ascending. */
static bool read_leaves(struct trace_job *job, struct crux_http_exchange *exchange) {
    const char *text = crux_http_query(exchange, "leaves");
    bool good = text != NULL;
    while (good && job->leaf_count < TRACE_PROOF_LEAVES_MAX) {
        uint64_t sum = 0;
        size_t digits = 0;
        for (; *text >= '0' && *text <= '9' && digits <= 13; text++, digits++)
            sum = sum * 10 + (uint64_t)(*text - '0');
        good = digits > 0 && digits <= 13 &&
               (job->leaf_count == 0 || sum > job->leaves[job->leaf_count - 1]);
        if (good) job->leaves[job->leaf_count++] = sum;
        if (*text != ',') break;
        text++;
    }
    if (good && *text == 0) return true;
    claims_fail(exchange, 400, "invalid_value", "leaves are ascending numbers, at most 256.");
    return false;
}

bool trace_read_question(struct trace_job *job, struct crux_http_exchange *exchange) {
    uint64_t level = 0, layer = 0;
    static const uint64_t most[] = {[TRACE_NODES] = TRACE_NODES_MAX,
                                    [TRACE_PAGES] = PAGES_MAX,
                                    [TRACE_RECORDS] = RECORDS_MAX,
                                    [TRACE_PROOF] = 1};
    if (!trace_read_number(&job->from, exchange, "from", 0, UINT64_C(1) << CRUX_MERKLE_DEPTH_MAX) ||
        !trace_read_number(&job->count, exchange, "count", 1, most[job->what]) ||
        !trace_read_number(&level, exchange, "level", 0, CRUX_MERKLE_DEPTH_MAX))
        return false;
    job->level = (unsigned)level;
    if (job->what == TRACE_PROOF)
        return read_tree(job, exchange, "trace") && read_leaves(job, exchange);
    if (job->what != TRACE_RECORDS) return read_tree(job, exchange, "trace");
    if (!trace_read_number(&layer, exchange, "layer", 0, UINT32_MAX)) return false;
    job->tree.layer = (uint32_t)layer;
    if (layer < job->program->header.layers && job->from <= CRUX_CONTEXT_MAX) return true;
    claims_fail(exchange, 400, "step_outside", crux_status_text(CRUX_E_STEP_OUTSIDE));
    return false;
}

/* Returns: bytes of one of what is asked for, at most. */
static size_t bytes_of_one(const struct trace_job *job) {
    switch (job->what) {
    case TRACE_NODES: return 32;
    case TRACE_PAGES: return 4 + CRUX_RECORD_PAGE_BYTES;
    case TRACE_RECORDS: return crux_served_bytes(job->program, job->tree.layer);
    case TRACE_PROOF: break;
    }
    return PROOF_BYTES; /* of all leaves together */
}

size_t trace_room(const struct trace_job *job) {
    return bytes_of_one(job) * (job->what == TRACE_PROOF ? 1 : (size_t)job->count);
}

/* Returns: CRUX_OK, or why the run has no such step. */
static enum crux_status find_step(const struct trace_job *job, const struct crux_claim *claim) {
    uint64_t positions = crux_claim_positions(claim);
    if (job->what != TRACE_RECORDS)
        return job->tree.pos > 0 && job->tree.pos >= positions ? CRUX_E_STEP_OUTSIDE : CRUX_OK;
    if (job->from > positions || job->count > positions - job->from) return CRUX_E_STEP_OUTSIDE;
    /* the head chooses tokens, from the request's last on */
    bool is_head = job->tree.layer + 1 == job->program->header.layers;
    return is_head && job->count > 0 && job->from + 1 < claim->request_tokens ? CRUX_E_STEP_INACTIVE
                                                                              : CRUX_OK;
}

bool trace_is_answerable(const struct trace_job *job, struct crux_http_exchange *exchange,
                         const struct crux_claim *claim) {
    enum crux_status status = find_step(job, claim);
    char message[128];
    if (trace_room(job) > TRACE_BYTES_MAX) {
        (void)snprintf(message, sizeof message,
                       "An answer has at most %d bytes: ask for at most %zu of these at once.",
                       (int)TRACE_BYTES_MAX, TRACE_BYTES_MAX / bytes_of_one(job));
        claims_fail(exchange, 413, "answer_too_large", message);
        return false;
    }
    if (status != CRUX_OK) trace_fail(exchange, status);
    return status == CRUX_OK;
}
