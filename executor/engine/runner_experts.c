/* Feed-forward through experts: the rows of a step, grouped by expert, so that each matrix is multiplied with all of its
 * rows at once.
 *
 *   row 0: experts 5, 2         places     0        1     2        3
 *   row 1: experts 2, 7         of expert  2        2     5        7
 *                               row        0        1     0        1
 *
 * A place's values depend on its own row and expert alone, so the grouping is in no record. */
#include <string.h>

#include "executor/engine/runner_parts.h"

static void *get(struct crux_engine *engine, size_t count, size_t size) {
    return runner_memory_get(&engine->memory, count, size);
}

bool runner_experts_open(struct crux_engine *engine, size_t prepared_bytes) {
    const struct crux_fused_decoder *config = &engine->model->config;
    struct runner_experts *x = &engine->batch.experts;
    size_t rows = engine->options.rows, places = rows * config->experts_used;
    x->logits = get(engine, rows * config->experts, sizeof *x->logits);
    x->chosen = get(engine, places, sizeof *x->chosen);
    x->share = get(engine, places, sizeof *x->share);
    x->place = get(engine, places, sizeof *x->place);
    x->row = get(engine, places, sizeof *x->row);
    x->first = get(engine, config->experts + 1U, sizeof *x->first);
    x->x = get(engine, places, prepared_bytes);
    x->e = get(engine, places, sizeof *x->e);
    x->gate = get(engine, places * config->ffn_width, sizeof *x->gate);
    x->up = get(engine, places * config->ffn_width, sizeof *x->up);
    x->down = get(engine, places * config->width, sizeof *x->down);
    x->parts = get(engine, (size_t)2 * config->experts, sizeof *x->parts);
    return x->logits != NULL && x->chosen != NULL && x->share != NULL && x->place != NULL &&
           x->row != NULL && x->first != NULL && x->x != NULL && x->e != NULL && x->gate != NULL &&
           x->up != NULL && x->down != NULL && x->parts != NULL;
}

static void route_row(void *ctx, uint32_t row, unsigned thread) {
    const struct crux_engine *engine = ctx;
    const struct crux_engine_model *model = engine->model;
    const struct runner_experts *x = &engine->batch.experts;
    const struct crux_fused_route route = crux_fused_decoder_route(&model->config);
    size_t at = (size_t)row * route.used;
    (void)thread;
    crux_fused_route_reference(x->chosen + at, x->share + at, &route,
                               x->logits + (size_t)row * route.experts, model->tables.exp2);
}

/* Places by counting: experts in order, the rows of each in order. */
static void group(struct crux_engine *engine) {
    const struct crux_fused_decoder *config = &engine->model->config;
    struct runner_experts *x = &engine->batch.experts;
    uint32_t used = config->experts_used, places = engine->count * used, sum = 0;
    memset(x->first, 0, (config->experts + 1U) * sizeof *x->first);
    for (uint32_t i = 0; i < places; i++) x->first[x->chosen[i]]++;
    for (uint32_t e = 0; e <= config->experts; e++) {
        uint32_t here = x->first[e];
        x->first[e] = sum;
        sum += here;
    }
    for (uint32_t i = 0; i < places; i++) {
        uint32_t place = x->first[x->chosen[i]]++;
        x->place[i] = place;
        x->row[place] = i / used;
    }
    /* each first moved on to the next expert's */
    memmove(x->first + 1, x->first, config->experts * sizeof *x->first);
    x->first[0] = 0;
}

static void gather(void *ctx, uint32_t place, unsigned thread) {
    const struct crux_engine *engine = ctx;
    const struct runner_experts *x = &engine->batch.experts;
    size_t bytes = engine->model->backend->row_bytes(engine->model->config.width);
    uint32_t row = x->row[place];
    (void)thread;
    memcpy(x->x + place * bytes, engine->batch.x + row * bytes, bytes);
    x->e[place] = engine->batch.e[row];
}

/* Adds the products of one kind of matrix, y = [place][outputs]. Returns: how many parts there are then. */
static uint32_t add_parts(const struct crux_engine *engine, enum crux_decoder_matrix kind,
                          int32_t *y, uint32_t count) {
    const struct crux_engine_model *model = engine->model;
    const struct runner_experts *x = &engine->batch.experts;
    const struct runner_matrix *matrices = model->blocks[engine->block].expert[kind];
    for (uint32_t e = 0; e < model->config.experts; e++) {
        size_t first = x->first[e];
        uint32_t rows = x->first[e + 1] - x->first[e];
        const struct crux_backend_matrix *packed = &matrices[e].packed;
        if (rows == 0) continue;
        x->parts[count++] =
            (struct runner_part){{&matrices[e], y + first * packed->outputs, NULL},
                                 x->x + first * model->backend->row_bytes(packed->inputs),
                                 x->e + first,
                                 rows};
    }
    return count;
}

static void activate(void *ctx, uint32_t place, unsigned thread) {
    const struct crux_engine *engine = ctx;
    const struct crux_engine_model *model = engine->model;
    const struct runner_experts *x = &engine->batch.experts;
    struct runner_scratch *scratch = &engine->scratch[thread];
    uint32_t width = model->config.ffn_width;
    bool gated = model->config.ffn == CRUX_DECODER_GATED;
    int32_t *up = x->up + (size_t)place * width, *gate = x->gate + (size_t)place * width;
    model->fused->activation(gate, &model->activation, gated ? gate : up, gated ? up : NULL, width,
                             model->act);
    model->fused->quant_rows(scratch->x, x->e + place, gate, 1, width, CRUX_LIMIT_LINEAR,
                             CRUX_RUNNER_E_MAX);
    model->backend->prepare(x->x + place * model->backend->row_bytes(width), scratch->x, width);
}

static void mix_row(void *ctx, uint32_t row, unsigned thread) {
    const struct crux_engine *engine = ctx;
    const struct runner_experts *x = &engine->batch.experts;
    const struct crux_fused_mix mix = crux_fused_decoder_mix(&engine->model->config);
    const int32_t *d[CRUX_EXPERTS_USED_MAX];
    size_t at = (size_t)row * mix.used, width = engine->model->config.width;
    (void)thread;
    for (uint32_t i = 0; i < mix.used; i++) d[i] = x->down + x->place[at + i] * width;
    engine->model->fused->mix(engine->batch.r + row * width, &mix, x->share + at, d,
                              (uint32_t)width);
}

void runner_experts(struct crux_engine *engine) {
    const struct crux_fused_decoder *config = &engine->model->config;
    struct runner_experts *x = &engine->batch.experts;
    const struct runner_block *block = &engine->model->blocks[engine->block];
    const struct runner_product router = {&block->matrix[CRUX_DECODER_ROUTER], x->logits, NULL};
    uint32_t places = engine->count * config->experts_used, parts;
    runner_multiply(engine, &router, 1, engine->count);
    crux_threads_run(engine->threads, route_row, engine, engine->count);
    group(engine);
    crux_threads_run(engine->threads, gather, engine, places);
    parts = add_parts(engine, CRUX_DECODER_UP, x->up, 0);
    if (config->ffn == CRUX_DECODER_GATED)
        parts = add_parts(engine, CRUX_DECODER_GATE, x->gate, parts);
    runner_multiply_parts(engine, x->parts, parts);
    crux_threads_run(engine->threads, activate, engine, places);
    runner_multiply_parts(engine, x->parts, add_parts(engine, CRUX_DECODER_DOWN, x->down, 0));
    crux_threads_run(engine->threads, mix_row, engine, engine->count);
}
