/* Records and traces. A record's root is hashed as soon as its layer is done; the roots of a step wait in a table, for a
 * trace goes position by position, and a step layer by layer. */
#include <stdlib.h>
#include <string.h>

#include "executor/engine/runner_parts.h"

enum { SUBTREE_LEVEL = 8, SUBTREE = 1 << SUBTREE_LEVEL };

/* In: r, the last store of a layer of blocks, or the token of the head.  Out: tensors. */
static uint32_t gather(struct crux_tensor *tensors, const struct crux_engine *engine, uint32_t row,
                       const void *last) {
    const struct runner_layer *layer = &engine->model->layers[engine->layer];
    const struct runner_batch *batch = &engine->batch;
    size_t kv = engine->model->config.kv_heads, wide = kv * engine->model->config.head_width;
    for (uint32_t i = 0; i < layer->blocks; i++) {
        size_t at = (size_t)i * engine->options.rows + row;
        struct crux_tensor *t = tensors + (size_t)CRUX_RUNNER_STORES * i;
        t[0].elements = (const uint8_t *)(batch->k16 + at * wide);
        t[1].elements = (const uint8_t *)(batch->ek + at * kv);
        t[2].elements = (const uint8_t *)(batch->v16 + at * wide);
        t[3].elements = (const uint8_t *)(batch->ev + at * kv);
    }
    tensors[layer->stores - 1].elements = last;
    for (uint32_t i = 0; i < layer->stores; i++) tensors[i].layout = layer->layout[i];
    return layer->stores;
}

static uint8_t *root_of(const struct crux_engine *engine, uint32_t row, uint32_t layer) {
    return engine->batch.roots[(size_t)row * engine->model->program->header.layers + layer];
}

static void hash_record(const struct crux_engine *engine, uint32_t row, const void *last,
                        struct runner_scratch *scratch) {
    struct crux_tensor tensors[CRUX_STORES_MAX];
    struct crux_nested nested;
    uint32_t count = gather(tensors, engine, row, last);
    crux_nested_build(&nested, tensors, count, scratch->nested);
    crux_nested_root(root_of(engine, row, engine->layer), &nested);
}

static uint64_t saturated(const int32_t *r, uint32_t width) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < width; i++) count += r[i] == INT32_MAX || r[i] == -INT32_MAX;
    return count;
}

static void record_row(void *ctx, uint32_t row, unsigned thread) {
    const struct crux_engine *engine = ctx;
    const int32_t *r = engine->batch.r + (size_t)row * engine->model->config.width;
    struct runner_scratch *scratch = &engine->scratch[thread];
    scratch->saturated += saturated(r, engine->model->config.width);
    if (!engine->options.no_commit) hash_record(engine, row, r, scratch);
}

static void show(const struct crux_engine *engine, uint32_t row, const void *last) {
    struct crux_tensor tensors[CRUX_STORES_MAX];
    const struct runner_place *place = &engine->batch.place[row];
    uint32_t count = gather(tensors, engine, row, last);
    engine->options.record(engine->options.record_ctx, place->sequence, place->pos, engine->layer,
                           tensors, count);
}

void runner_record_layer(struct crux_engine *engine, uint32_t layer) {
    double start = runner_seconds();
    engine->layer = layer;
    crux_threads_run(engine->threads, record_row, engine, engine->count);
    engine->commit_seconds += runner_seconds() - start;
    if (engine->options.record == NULL) return;
    for (uint32_t row = 0; row < engine->count; row++)
        show(engine, row, engine->batch.r + (size_t)row * engine->model->config.width);
}

void runner_record_head(struct crux_engine *engine, const struct crux_engine_row *rows) {
    double start = runner_seconds();
    engine->layer = engine->model->program->header.layers - 1;
    for (uint32_t row = 0; row < engine->count; row++) {
        uint8_t token[4];
        if (rows[row].chosen == CRUX_ENGINE_NO_TOKEN) {
            if (!engine->options.no_commit) crux_null_leaf(root_of(engine, row, engine->layer));
            continue;
        }
        crux_store_u32(token, rows[row].chosen);
        if (!engine->options.no_commit) hash_record(engine, row, token, &engine->scratch[0]);
        if (engine->options.record != NULL) show(engine, row, token);
    }
    engine->commit_seconds += runner_seconds() - start;
}

/* ---- traces ---- */

enum crux_status runner_record_reserve(struct crux_engine_sequence *sequence, uint32_t rows) {
    uint64_t wanted =
        sequence->leaf_count + (uint64_t)rows * sequence->engine->model->program->header.layers;
    if (sequence->engine->options.no_commit || wanted <= sequence->leaf_cap) return CRUX_OK;
    uint64_t cap = 2 * sequence->leaf_cap > wanted ? 2 * sequence->leaf_cap : wanted;
    void *leaves = realloc(sequence->leaves, (size_t)cap * sizeof *sequence->leaves);
    if (leaves == NULL) return CRUX_E_OUT_OF_MEMORY;
    sequence->leaves = leaves;
    sequence->leaf_cap = cap;
    return CRUX_OK;
}

/* Whole subtrees go into the trace at once, hashed side by side. */
static void append_subtrees(struct crux_engine_sequence *sequence) {
    uint8_t nodes[2 * SUBTREE][32], root[32];
    struct crux_merkle_shape shape = crux_merkle_shape_plain(SUBTREE);
    CRUX_ASSERT(crux_merkle_tree_bytes(&shape) <= sizeof nodes);
    for (; sequence->leaf_count - sequence->leaf_done >= SUBTREE; sequence->leaf_done += SUBTREE) {
        struct crux_merkle_tree tree;
        crux_merkle_tree_init(&tree, &shape, nodes);
        memcpy(tree.hash, sequence->leaves + sequence->leaf_done, (size_t)SUBTREE * 32);
        crux_merkle_tree_build(&tree);
        crux_merkle_tree_root(root, &tree);
        enum crux_status status =
            crux_merkle_append_subtree(&sequence->trace.steps, root, SUBTREE_LEVEL);
        /* at most 2^24 positions of 2^12 layers, and always a multiple of SUBTREE before */
        CRUX_ASSERT(status == CRUX_OK);
    }
}

void runner_record_append(struct crux_engine *engine) {
    double start = runner_seconds();
    uint32_t layers = engine->model->program->header.layers;
    if (engine->options.no_commit) return;
    for (uint32_t row = 0; row < engine->count; row++) {
        struct crux_engine_sequence *sequence = engine->batch.place[row].sequence;
        memcpy(sequence->leaves + sequence->leaf_count, root_of(engine, row, 0),
               (size_t)layers * 32);
        sequence->leaf_count += layers;
        append_subtrees(sequence);
    }
    engine->commit_seconds += runner_seconds() - start;
}

enum crux_status crux_engine_sequence_trace_root(uint8_t trace_root[32],
                                                 struct crux_engine_sequence *sequence,
                                                 const struct crux_claim *claim) {
    double start = runner_seconds();
    struct crux_trace trace = sequence->trace;
    enum crux_status status = CRUX_OK;
    for (uint64_t i = sequence->leaf_done; i < sequence->leaf_count && status == CRUX_OK; i++)
        status = crux_trace_append(&trace, sequence->leaves[i]);
    if (status == CRUX_OK) status = crux_trace_close(trace_root, &trace, claim);
    sequence->engine->commit_seconds += runner_seconds() - start;
    return status;
}
