/* Memory of a step: of its rows, and of each thread. */
#include "executor/engine/runner_parts.h"

static void *get(struct crux_engine *engine, size_t count, size_t size) {
    return runner_memory_get(&engine->memory, count, size);
}

static uint32_t widest(const struct crux_fused_decoder *config) {
    uint32_t width = config->width, q = config->heads * config->head_width;
    if (q > width) width = q;
    return config->ffn_width > width ? config->ffn_width : width;
}

static size_t prepared_bytes(const struct crux_engine_model *model) {
    const struct crux_fused_decoder *config = &model->config;
    const uint32_t inputs[] = {config->width, config->heads * config->head_width,
                               config->ffn_width};
    size_t bytes = 0;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(inputs); i++) {
        size_t row = model->backend->row_bytes(inputs[i]);
        if (row > bytes) bytes = row;
    }
    return bytes;
}

static size_t greater(size_t a, size_t b) {
    return a > b ? a : b;
}

static size_t matmul_bytes(const struct crux_engine_model *model, uint32_t rows) {
    const struct crux_backend *backend = model->backend;
    size_t bytes = 0;
    if (model->head.packed.packed != NULL)
        bytes = backend->scratch_bytes(&model->head.packed, rows);
    for (uint32_t i = 0; i < model->config.blocks; i++) {
        for (unsigned k = 0; k < CRUX_DECODER_MATRICES; k++) {
            const struct crux_backend_matrix *matrix = &model->blocks[i].matrix[k].packed;
            if (matrix->packed != NULL)
                bytes = greater(bytes, backend->scratch_bytes(matrix, rows));
            /* a row goes through an expert once at most */
            const struct runner_matrix *expert = model->blocks[i].expert[k];
            if (expert != NULL)
                bytes = greater(bytes, backend->scratch_bytes(&expert->packed, rows));
        }
    }
    return bytes;
}

static size_t roots_bytes(const struct crux_engine_model *model) {
    size_t bytes = 0;
    for (uint32_t i = 0; i < model->program->header.layers; i++)
        bytes = greater(bytes, model->layers[i].roots_bytes);
    return bytes;
}

static bool open_scratch(struct crux_engine *engine, struct runner_scratch *s) {
    const struct crux_engine_model *model = engine->model;
    const struct crux_fused_decoder *config = &model->config;
    size_t norm = greater(config->width, config->head_width);
    s->z = get(engine, norm, sizeof *s->z);
    s->c = get(engine, norm, sizeof *s->c);
    s->x = get(engine, widest(config), sizeof *s->x);
    s->attention = get(engine, runner_attention_bytes(model), 1);
    s->sample.adjusted = get(engine, config->vocab, sizeof *s->sample.adjusted);
    s->sample.weight = get(engine, config->vocab, sizeof *s->sample.weight);
    s->sample.count = get(engine, CRUX_SAMPLE_WEIGHTS, sizeof *s->sample.count);
    s->nested = get(engine, roots_bytes(model), sizeof *s->nested);
    s->acc = get(engine, greater(RUNNER_ACC, (size_t)16 * engine->options.rows), sizeof *s->acc);
    s->matmul = get(engine, matmul_bytes(model, engine->options.rows), 1);
    return s->z != NULL && s->c != NULL && s->x != NULL && s->attention != NULL &&
           s->sample.adjusted != NULL && s->sample.weight != NULL && s->sample.count != NULL &&
           s->nested != NULL && s->acc != NULL && s->matmul != NULL;
}

static bool open_rows(struct crux_engine *engine) {
    const struct crux_engine_model *model = engine->model;
    const struct crux_fused_decoder *config = &model->config;
    struct runner_batch *b = &engine->batch;
    size_t rows = engine->options.rows, kv = config->kv_heads, wide = kv * config->head_width,
           q = (size_t)config->heads * config->head_width, per = config->blocks_per_layer;
    size_t head_rows = rows < RUNNER_HEAD_ROWS ? rows : RUNNER_HEAD_ROWS;
    b->r = get(engine, rows * config->width, sizeof *b->r);
    b->n = get(engine, rows * config->width, sizeof *b->n);
    b->x = get(engine, rows, prepared_bytes(model));
    b->e = get(engine, rows, sizeof *b->e);
    b->q = get(engine, rows * q, sizeof *b->q);
    b->k = get(engine, rows * wide, sizeof *b->k);
    b->v = get(engine, rows * wide, sizeof *b->v);
    b->q16 = get(engine, rows * q, sizeof *b->q16);
    b->eq = get(engine, rows * config->heads, sizeof *b->eq);
    b->k16 = get(engine, per * rows * wide, sizeof *b->k16);
    b->v16 = get(engine, per * rows * wide, sizeof *b->v16);
    b->ek = get(engine, per * rows * kv, sizeof *b->ek);
    b->ev = get(engine, per * rows * kv, sizeof *b->ev);
    b->gate = get(engine, rows * config->ffn_width, sizeof *b->gate);
    b->up = get(engine, rows * config->ffn_width, sizeof *b->up);
    b->logits = get(engine, head_rows * config->vocab, sizeof *b->logits);
    b->roots = get(engine, rows * model->program->header.layers, sizeof *b->roots);
    b->place = get(engine, rows, sizeof *b->place);
    b->head_row = get(engine, rows, sizeof *b->head_row);
    b->head_out = get(engine, rows, sizeof *b->head_out);
    b->runs = get(engine, rows, sizeof *b->runs);
    b->puts = get(engine, rows, sizeof *b->puts);
    b->attend = get(engine, rows * config->heads, sizeof *b->attend);
    b->first_piece =
        get(engine, greater(RUNNER_PRODUCTS, (size_t)2 * config->experts) + 1, sizeof(uint32_t));
    if (config->experts != 0 && !runner_experts_open(engine, prepared_bytes(model))) return false;
    return b->r != NULL && b->n != NULL && b->x != NULL && b->e != NULL && b->q != NULL &&
           b->k != NULL && b->v != NULL && b->q16 != NULL && b->eq != NULL && b->k16 != NULL &&
           b->v16 != NULL && b->ek != NULL && b->ev != NULL && b->gate != NULL && b->up != NULL &&
           b->logits != NULL && b->roots != NULL && b->place != NULL && b->head_row != NULL &&
           b->head_out != NULL && b->runs != NULL && b->puts != NULL && b->attend != NULL &&
           b->first_piece != NULL;
}

enum crux_status runner_batch_open(struct crux_engine *engine) {
    unsigned threads = crux_threads_count(engine->threads);
    engine->scratch = get(engine, threads, sizeof *engine->scratch);
    if (engine->scratch == NULL || !open_rows(engine)) return CRUX_E_OUT_OF_MEMORY;
    for (unsigned i = 0; i < threads; i++) {
        if (!open_scratch(engine, &engine->scratch[i])) return CRUX_E_OUT_OF_MEMORY;
    }
    return CRUX_OK;
}
