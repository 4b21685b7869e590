/* Embedding and blocks, each stage over all rows of the step. */
#include "executor/engine/runner_parts.h"

static size_t k_width(const struct crux_fused_decoder *config) {
    return (size_t)config->kv_heads * config->head_width;
}

size_t runner_layer_row(const struct crux_engine *engine, uint32_t row) {
    uint32_t in_layer = engine->block - engine->model->layers[engine->layer].first_block;
    return (size_t)in_layer * engine->options.rows + row;
}

/* ---- embedding ---- */

static void embed_row(void *ctx, uint32_t row, unsigned thread) {
    const struct crux_engine *engine = ctx;
    const struct crux_engine_model *model = engine->model;
    const struct runner_place *place = &engine->batch.place[row];
    size_t width = model->config.width;
    (void)thread;
    model->fused->embed(engine->batch.r + row * width, &model->embed,
                        place->sequence->tokens[place->pos], &model->embed_tiles,
                        model->embed_rowmul,
                        model->positions == NULL ? NULL : model->positions + place->pos * width);
}

void runner_embed(struct crux_engine *engine) {
    crux_threads_run(engine->threads, embed_row, engine, engine->count);
}

/* ---- attention ---- */

static void first_norm(void *ctx, uint32_t row, unsigned thread) {
    struct crux_engine *engine = ctx;
    size_t width = engine->model->config.width;
    int32_t *n = engine->batch.n + row * width;
    runner_norm(n, engine->model->fused, &engine->model->blocks[engine->block].n1,
                engine->batch.r + row * width, 1, &engine->scratch[thread]);
    runner_prepare(engine, row, n, (uint32_t)width, &engine->scratch[thread]);
}

struct heads {
    const struct runner_norm *norm;
    const struct crux_fused_rope *rope;
    const int32_t *table; /* of rope; NULL: none */
    uint32_t count;
};

/* q or k of one row: norm by head, rotation, 16 bits. */
static void finish_heads(const struct crux_engine *engine, const struct heads *heads, uint32_t pos,
                         int32_t *v, int16_t *x, int8_t *e, struct runner_scratch *scratch) {
    const struct crux_engine_model *model = engine->model;
    uint32_t width = model->config.head_width;
    if (model->config.qk_norm) runner_norm(v, model->fused, heads->norm, v, heads->count, scratch);
    if (heads->table != NULL)
        model->fused->rope(v, heads->rope, v, heads->count, width,
                           heads->table + (size_t)pos * (width / 2) * 3);
    model->fused->quant_rows(x, e, v, heads->count, width, model->dot_limit, CRUX_RUNNER_E_MAX);
}

static void finish_qkv(void *ctx, uint32_t row, unsigned thread) {
    const struct crux_engine *engine = ctx;
    const struct runner_batch *batch = &engine->batch;
    const struct crux_fused_decoder *config = &engine->model->config;
    const struct runner_block *block = &engine->model->blocks[engine->block];
    const struct runner_place *place = &batch->place[row];
    size_t kv = config->kv_heads, wide = k_width(config), at = runner_layer_row(engine, row),
           q_width = (size_t)config->heads * config->head_width;
    struct heads q = {&block->q_norm, &block->q_rope, block->rope, config->heads},
                 k = {&block->k_norm, &block->k_rope, block->rope, config->kv_heads};
    struct runner_scratch *scratch = &engine->scratch[thread];
    finish_heads(engine, &q, place->pos, batch->q + row * q_width, batch->q16 + row * q_width,
                 batch->eq + (size_t)row * config->heads, scratch);
    finish_heads(engine, &k, place->pos, batch->k + row * wide, batch->k16 + at * wide,
                 batch->ek + at * kv, scratch);
    engine->model->fused->quant_rows(batch->v16 + at * wide, batch->ev + at * kv,
                                     batch->v + row * wide, config->kv_heads, config->head_width,
                                     CRUX_LIMIT_WIDE, CRUX_RUNNER_E_MAX);
    if (place->alone) runner_attention_put(engine, row);
}

static void prepare_attended(void *ctx, uint32_t row, unsigned thread) {
    struct crux_engine *engine = ctx;
    uint32_t width = engine->model->config.heads * engine->model->config.head_width;
    runner_prepare(engine, row, engine->batch.q + (size_t)row * width, width,
                   &engine->scratch[thread]);
}

/* r += norm(n), n what a branch gave this row. */
static void join(const struct crux_engine *engine, const struct runner_norm *norm, uint32_t row,
                 struct runner_scratch *scratch) {
    static const struct crux_fused_residual residual = {0, {CRUX_I32, -INT32_MAX, INT32_MAX}};
    uint32_t width = engine->model->config.width;
    int32_t *n = engine->batch.n + (size_t)row * width, *r = engine->batch.r + (size_t)row * width;
    runner_norm(n, engine->model->fused, norm, n, 1, scratch);
    engine->model->fused->residual(r, &residual, r, n, width);
}

/* The last product of a branch: into r, or, if its norm comes first, into n. */
static struct runner_product last_product(const struct crux_engine *engine,
                                          enum crux_decoder_matrix matrix) {
    const struct runner_batch *batch = &engine->batch;
    bool post = engine->model->config.post_norms;
    return (struct runner_product){&engine->model->blocks[engine->block].matrix[matrix],
                                   post ? batch->n : batch->r, post ? NULL : batch->r};
}

static void attend(struct crux_engine *engine) {
    const struct runner_block *block = &engine->model->blocks[engine->block];
    const struct runner_batch *batch = &engine->batch;
    const struct runner_product qkv[] = {{&block->matrix[CRUX_DECODER_Q], batch->q, NULL},
                                         {&block->matrix[CRUX_DECODER_K], batch->k, NULL},
                                         {&block->matrix[CRUX_DECODER_V], batch->v, NULL}};
    const struct runner_product o = last_product(engine, CRUX_DECODER_O);
    crux_threads_run(engine->threads, first_norm, engine, engine->count);
    runner_multiply(engine, qkv, CRUX_ARRAY_LEN(qkv), engine->count);
    crux_threads_run(engine->threads, finish_qkv, engine, engine->count);
    runner_attention(engine);
    crux_threads_run(engine->threads, prepare_attended, engine, engine->count);
    runner_multiply(engine, &o, 1, engine->count);
}

/* ---- feed-forward ---- */

static void second_norm(void *ctx, uint32_t row, unsigned thread) {
    struct crux_engine *engine = ctx;
    size_t width = engine->model->config.width;
    const struct runner_block *block = &engine->model->blocks[engine->block];
    int32_t *n = engine->batch.n + row * width;
    if (engine->model->config.post_norms)
        join(engine, &block->n1_post, row, &engine->scratch[thread]);
    runner_norm(n, engine->model->fused, &block->n2, engine->batch.r + row * width, 1,
                &engine->scratch[thread]);
    runner_prepare(engine, row, n, (uint32_t)width, &engine->scratch[thread]);
}

static void activate(void *ctx, uint32_t row, unsigned thread) {
    struct crux_engine *engine = ctx;
    const struct crux_engine_model *model = engine->model;
    uint32_t width = model->config.ffn_width;
    bool gated = model->config.ffn == CRUX_DECODER_GATED;
    int32_t *up = engine->batch.up + (size_t)row * width,
            *gate = engine->batch.gate + (size_t)row * width;
    model->fused->activation(gate, &model->activation, gated ? gate : up, gated ? up : NULL, width,
                             model->act);
    runner_prepare(engine, row, gate, width, &engine->scratch[thread]);
}

static void join_ffn(void *ctx, uint32_t row, unsigned thread) {
    const struct crux_engine *engine = ctx;
    join(engine, &engine->model->blocks[engine->block].n2_post, row, &engine->scratch[thread]);
}

static void feed_forward(struct crux_engine *engine) {
    const struct runner_block *block = &engine->model->blocks[engine->block];
    const struct runner_batch *batch = &engine->batch;
    bool gated = engine->model->config.ffn == CRUX_DECODER_GATED;
    const struct runner_product wide[] = {{&block->matrix[CRUX_DECODER_UP], batch->up, NULL},
                                          {&block->matrix[CRUX_DECODER_GATE], batch->gate, NULL}};
    const struct runner_product down = last_product(engine, CRUX_DECODER_DOWN);
    crux_threads_run(engine->threads, second_norm, engine, engine->count);
    if (engine->model->config.experts != 0) {
        runner_experts(engine);
        return;
    }
    runner_multiply(engine, wide, gated ? 2 : 1, engine->count);
    crux_threads_run(engine->threads, activate, engine, engine->count);
    runner_multiply(engine, &down, 1, engine->count);
    if (engine->model->config.post_norms)
        crux_threads_run(engine->threads, join_ffn, engine, engine->count);
}

void runner_block(struct crux_engine *engine, uint32_t layer, uint32_t block) {
    engine->layer = layer;
    engine->block = block;
    attend(engine);
    feed_forward(engine);
}
