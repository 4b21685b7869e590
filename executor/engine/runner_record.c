/* Records and traces.
 *
 *   layer l     compute | compute | compute          a layer's records are copied, cut into groups of one layout,
 *   helpers       hash l-1 | hash l | ..             and hashed side by side by whoever has nothing to compute
 *
 * The roots of a step wait in a table, for a trace goes position by position, and a step layer by layer. */
#include <stdlib.h>
#include <string.h>

#include "executor/engine/runner_parts.h"

enum {
    SUBTREE_LEVEL = 8,
    SUBTREE = 1 << SUBTREE_LEVEL,
    GROUP = CRUX_SHA256_LANES_MAX, /* records of a group */
    COPY_ROWS = 16                 /* of a task */
};

uint8_t *runner_record_root(const struct crux_engine *engine, uint32_t row, uint32_t layer) {
    return engine->batch.roots[(size_t)row * engine->model->program->header.layers + layer];
}

static uint8_t *place_of(const struct crux_engine *engine, uint32_t record) {
    return engine->records.bytes + record % engine->records.ring * engine->records.stride;
}

/* Out: tensors, the record in that place. */
static uint32_t view(struct crux_tensor *tensors, const struct runner_layer *layer,
                     const uint8_t *place) {
    for (uint32_t i = 0; i < layer->stores; i++)
        tensors[i] = (struct crux_tensor){layer->layout[i], place + layer->at[i]};
    return layer->stores;
}

/* ---- hashing, by any thread ---- */

static void hash_group(void *ctx, uint32_t number, unsigned thread) {
    struct crux_engine *engine = ctx;
    const struct runner_group *group = &engine->records.group[number % engine->records.cap];
    struct runner_scratch *scratch = &engine->scratch[thread];
    struct crux_tensor tensors[CRUX_STORES_MAX];
    uint8_t roots[GROUP][32];
    double start = runner_seconds();
    uint32_t count = view(tensors, &engine->model->layers[group->first / engine->count],
                          place_of(engine, group->first));
    crux_nested_roots(roots, tensors, count, engine->records.stride, group->count, scratch->nested);
    for (uint32_t i = 0; i < group->count; i++) {
        uint32_t record = group->first + i;
        memcpy(runner_record_root(engine, record % engine->count, record / engine->count), roots[i],
               32);
    }
    scratch->commit_seconds += runner_seconds() - start;
}

/* In: count, at least 1, of the records that follow the posted ones. */
static void post(struct crux_engine *engine, uint32_t count) {
    struct runner_records *records = &engine->records;
    records->group[records->groups++ % records->cap] =
        (struct runner_group){records->posted, count};
    records->posted += count;
    crux_threads_post(engine->threads, 1);
}

/* A group lies in one piece of the ring.  In: all, groups that are not full too. */
static void post_kept(struct crux_engine *engine, bool all) {
    struct runner_records *records = &engine->records;
    while (records->posted < records->kept) {
        uint32_t count = records->kept - records->posted,
                 piece = records->ring - records->posted % records->ring;
        if (piece > GROUP) piece = GROUP;
        if (count > piece) count = piece;
        if (count < piece && !all) return;
        post(engine, count);
    }
}

void runner_record_finish(struct crux_engine *engine) {
    post_kept(engine, true);
    crux_threads_finish(engine->threads);
    engine->records.done = engine->records.kept;
}

/* ---- a step ---- */

enum crux_status runner_record_open(struct crux_engine *engine) {
    const struct crux_engine_model *model = engine->model;
    struct runner_records *records = &engine->records;
    uint32_t layers = model->program->header.layers;
    for (uint32_t i = 0; i < layers; i++) {
        if (model->layers[i].record_bytes > records->stride)
            records->stride = model->layers[i].record_bytes;
    }
    records->cap = RUNNER_RECORD_LAYERS * engine->options.rows;
    if (records->cap < RUNNER_RECORDS_LEAST) records->cap = RUNNER_RECORDS_LEAST;
    records->bytes = runner_memory_get(&engine->memory, records->cap, records->stride);
    records->group = runner_memory_get(&engine->memory, records->cap, sizeof *records->group);
    if (records->bytes == NULL || records->group == NULL) return CRUX_E_OUT_OF_MEMORY;
    crux_null_leaf(records->null_leaf);
    crux_threads_errands(engine->threads, hash_group, engine);
    return CRUX_OK;
}

/* A ring no larger than needed stays in a cache. */
void runner_record_begin(struct crux_engine *engine, uint32_t layer) {
    struct runner_records *records = &engine->records;
    uint32_t layers = crux_threads_count(engine->threads) == 1 ? 1 : RUNNER_RECORD_LAYERS;
    records->ring = layers * engine->count;
    if (records->ring < RUNNER_RECORDS_LEAST) records->ring = RUNNER_RECORDS_LEAST;
    records->kept = records->posted = records->done = layer * engine->count;
}

static uint32_t saturated(const int32_t *r, uint32_t width) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < width; i++) count += r[i] == INT32_MAX || r[i] == -INT32_MAX;
    return count;
}

static void copy_row(const struct crux_engine *engine, uint32_t row) {
    const struct runner_layer *layer = &engine->model->layers[engine->layer];
    const struct runner_batch *batch = &engine->batch;
    size_t width = engine->model->config.width, kv = engine->model->config.kv_heads,
           wide = kv * engine->model->config.head_width;
    uint8_t *to = place_of(engine, engine->records.kept + row);
    const size_t *at = layer->at;
    for (uint32_t i = 0; i < layer->blocks; i++, at += CRUX_RUNNER_STORES) {
        size_t from = (size_t)i * engine->options.rows + row;
        memcpy(to + at[0], batch->k16 + from * wide, wide * sizeof *batch->k16);
        memcpy(to + at[1], batch->ek + from * kv, kv);
        memcpy(to + at[2], batch->v16 + from * wide, wide * sizeof *batch->v16);
        memcpy(to + at[3], batch->ev + from * kv, kv);
    }
    memcpy(to + at[0], batch->r + row * width, width * sizeof *batch->r);
}

static void copy_rows(void *ctx, uint32_t task, unsigned thread) {
    const struct crux_engine *engine = ctx;
    struct runner_scratch *scratch = &engine->scratch[thread];
    uint32_t width = engine->model->config.width, end = (task + 1) * COPY_ROWS;
    bool keep = !engine->options.no_commit || engine->options.record != NULL ||
                engine->options.amend != NULL;
    if (end > engine->count) end = engine->count;
    for (uint32_t row = task * COPY_ROWS; row < end; row++) {
        uint32_t ends = saturated(engine->batch.r + (size_t)row * width, width);
        engine->batch.place[row].saturated += ends;
        scratch->saturated += ends;
    }
    if (!keep) return;
    double start = runner_seconds();
    for (uint32_t row = task * COPY_ROWS; row < end; row++) copy_row(engine, row);
    if (!engine->options.no_commit) scratch->commit_seconds += runner_seconds() - start;
}

static void show(const struct crux_engine *engine, uint32_t row, const uint8_t *record) {
    struct crux_tensor tensors[CRUX_STORES_MAX];
    const struct runner_place *place = &engine->batch.place[row];
    uint32_t count = view(tensors, &engine->model->layers[engine->layer], record);
    if (engine->options.record == NULL) return;
    engine->options.record(engine->options.record_ctx, place->sequence, place->pos, engine->layer,
                           tensors, count);
}

/* Lets the record be changed.  Returns: whether it was. */
static bool amend(const struct crux_engine *engine, uint32_t row, uint8_t *record) {
    struct crux_tensor tensors[CRUX_STORES_MAX];
    const struct runner_place *place = &engine->batch.place[row];
    const struct runner_layer *layer = &engine->model->layers[engine->layer];
    uint32_t count = view(tensors, layer, record);
    if (engine->options.amend == NULL ||
        !engine->options.amend(engine->options.record_ctx, place->sequence, place->pos,
                               engine->layer, tensors, count))
        return false;
    CRUX_ASSERT(place->pos + 1 == place->sequence->positions + place->sequence->rows);
    for (uint32_t i = 0; i < count; i++)
        memmove(record + layer->at[i], tensors[i].elements,
                (size_t)crux_tensor_bytes(&tensors[i].layout));
    return true;
}

/* The other way of copy_row: what was recorded becomes what is computed on from. */
static void copy_back(struct crux_engine *engine, uint32_t row, const uint8_t *from) {
    const struct runner_layer *layer = &engine->model->layers[engine->layer];
    const struct runner_batch *batch = &engine->batch;
    size_t width = engine->model->config.width, kv = engine->model->config.kv_heads,
           wide = kv * engine->model->config.head_width;
    const size_t *at = layer->at;
    for (uint32_t i = 0; i < layer->blocks; i++, at += CRUX_RUNNER_STORES) {
        size_t to = (size_t)i * engine->options.rows + row;
        memcpy(batch->k16 + to * wide, from + at[0], wide * sizeof *batch->k16);
        memcpy(batch->ek + to * kv, from + at[1], kv);
        memcpy(batch->v16 + to * wide, from + at[2], wide * sizeof *batch->v16);
        memcpy(batch->ev + to * kv, from + at[3], kv);
        engine->block = layer->first_block + i;
        runner_attention_put(engine, row);
    }
    memcpy(batch->r + row * width, from + at[0], width * sizeof *batch->r);
}

void runner_record_layer(struct crux_engine *engine, uint32_t layer) {
    struct runner_records *records = &engine->records;
    engine->layer = layer;
    if (!engine->model->layers[layer].as_before) post_kept(engine, true);
    if (records->kept + engine->count - records->done > records->ring) runner_record_finish(engine);
    crux_threads_run(engine->threads, copy_rows, engine, (engine->count - 1) / COPY_ROWS + 1);
    if (engine->options.record != NULL || engine->options.amend != NULL) {
        for (uint32_t row = 0; row < engine->count; row++) {
            uint8_t *record = place_of(engine, records->kept + row);
            if (amend(engine, row, record)) copy_back(engine, row, record);
            show(engine, row, record);
        }
    }
    if (engine->options.no_commit) return;
    records->kept += engine->count;
    post_kept(engine, false);
}

/* Tokens of some rows, one after the other. */
static void hash_tokens(struct crux_engine *engine, const struct crux_engine_row *rows,
                        const uint32_t *chosen, uint32_t count) {
    uint8_t tokens[GROUP][4], roots[GROUP][32];
    struct crux_tensor tensors[CRUX_STORES_MAX];
    for (uint32_t i = 0; i < count; i++) crux_store_u32(tokens[i], rows[chosen[i]].chosen);
    uint32_t stores = view(tensors, &engine->model->layers[engine->layer], tokens[0]);
    crux_nested_roots(roots, tensors, stores, sizeof tokens[0], count, engine->scratch[0].nested);
    for (uint32_t i = 0; i < count; i++)
        memcpy(runner_record_root(engine, chosen[i], engine->layer), roots[i], 32);
}

static void commit_head(struct crux_engine *engine, const struct crux_engine_row *rows) {
    uint32_t chosen[GROUP], count = 0;
    for (uint32_t row = 0; row < engine->count; row++) {
        if (rows[row].chosen == CRUX_ENGINE_NO_TOKEN)
            memcpy(runner_record_root(engine, row, engine->layer), engine->records.null_leaf, 32);
        else
            chosen[count++] = row;
        if (count < GROUP && row + 1 < engine->count) continue;
        hash_tokens(engine, rows, chosen, count);
        count = 0;
    }
}

void runner_record_head(struct crux_engine *engine, struct crux_engine_row *rows) {
    engine->layer = engine->model->program->header.layers - 1;
    for (uint32_t row = 0; row < engine->count; row++) {
        uint8_t token[4];
        if (rows[row].chosen == CRUX_ENGINE_NO_TOKEN) continue;
        crux_store_u32(token, rows[row].chosen);
        if (amend(engine, row, token)) rows[row].chosen = crux_load_u32(token);
        show(engine, row, token);
    }
    double start = runner_seconds();
    if (engine->options.no_commit) return;
    commit_head(engine, rows);
    engine->scratch[0].commit_seconds += runner_seconds() - start;
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
void runner_record_close(struct crux_engine_sequence *sequence) {
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
    uint32_t layers = engine->model->program->header.layers;
    if (engine->options.no_commit) return;
    runner_record_finish(engine);
    double start = runner_seconds();
    for (uint32_t row = 0; row < engine->count; row++) {
        struct crux_engine_sequence *sequence = engine->batch.place[row].sequence;
        memcpy(sequence->leaves + sequence->leaf_count, runner_record_root(engine, row, 0),
               (size_t)layers * 32);
        sequence->leaf_count += layers;
        if (!sequence->trying) runner_record_close(sequence);
    }
    engine->scratch[0].commit_seconds += runner_seconds() - start;
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
    sequence->engine->scratch[0].commit_seconds += runner_seconds() - start;
    return status;
}
