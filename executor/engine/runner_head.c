/* The head, for the rows that need it: those from position P-1 on, and those whose logits are wanted. */
#include <string.h>

#include "executor/engine/runner_parts.h"

/* Some of the rows that need the head: as many as there is room for logits. */
struct part {
    struct crux_engine *engine;
    struct crux_engine_row *rows;
    const uint32_t *number; /* of these rows in the step */
};

static bool chooses(const struct runner_place *place) {
    return place->pos + 1 >= place->sequence->ask.request_tokens;
}

static void head_norm(void *ctx, uint32_t task, unsigned thread) {
    const struct part *part = ctx;
    struct crux_engine *engine = part->engine;
    size_t width = engine->model->config.width, row = part->number[task];
    int32_t *n = engine->batch.n + row * width;
    runner_norm(n, engine->model->fused, &engine->model->out_norm, engine->batch.r + row * width, 1,
                &engine->scratch[thread]);
    runner_prepare(engine, task, n, (uint32_t)width, &engine->scratch[thread]);
}

static uint32_t sampled(const struct crux_engine *engine, const struct runner_place *place,
                        const int32_t *logits, struct runner_scratch *scratch) {
    const struct crux_engine_model *model = engine->model;
    const struct crux_engine_ask *ask = &place->sequence->ask;
    int32_t recent[CRUX_SAMPLE_RECENT];
    uint32_t count = 0;
    for (uint32_t back = 0; back <= place->pos && back < CRUX_SAMPLE_RECENT; back++)
        recent[count++] = (int32_t)place->sequence->tokens[place->pos - back];
    return model->fused->sample(&scratch->sample, &model->sample, logits, ask->params, recent,
                                count, crux_fused_sample_draw(ask->seed, place->pos, ask->sample),
                                model->tables.exp2);
}

static void cap(const struct crux_engine_model *model, int32_t *logits) {
    int32_t most = model->config.logit_cap;
    struct crux_fused_activation capped = {.lut = model->logit_lut, .a = {CRUX_I32, -most, most}};
    model->fused->activation(logits, &capped, logits, NULL, model->config.vocab, model->logit_cap);
}

static void choose(void *ctx, uint32_t task, unsigned thread) {
    const struct part *part = ctx;
    const struct crux_engine *engine = part->engine;
    const struct crux_engine_model *model = engine->model;
    struct crux_engine_row *row = &part->rows[part->number[task]];
    const struct runner_place *place = &engine->batch.place[part->number[task]];
    int32_t *logits = engine->batch.logits + (size_t)task * model->config.vocab;
    if (model->logit_cap != NULL) cap(model, logits);
    if (row->logits != NULL) memcpy(row->logits, logits, model->config.vocab * sizeof *logits);
    if (!chooses(place)) return;
    row->chosen = model->config.head == CRUX_DECODER_GREEDY
                      ? model->fused->greedy(&model->sample, logits)
                      : sampled(engine, place, logits, &engine->scratch[thread]);
}

void runner_head(struct crux_engine *engine, struct crux_engine_row *rows) {
    uint32_t count = 0;
    const struct runner_product product = {&engine->model->head, engine->batch.logits, NULL};
    for (uint32_t row = 0; row < engine->count; row++) {
        rows[row].chosen = CRUX_ENGINE_NO_TOKEN;
        if (chooses(&engine->batch.place[row]) || rows[row].logits != NULL)
            engine->batch.head_row[count++] = row;
    }
    for (uint32_t first = 0; first < count; first += RUNNER_HEAD_ROWS) {
        uint32_t left = count - first, some = left < RUNNER_HEAD_ROWS ? left : RUNNER_HEAD_ROWS;
        struct part part = {engine, rows, engine->batch.head_row + first};
        crux_threads_run(engine->threads, head_norm, &part, some);
        runner_multiply(engine, &product, 1, some);
        crux_threads_run(engine->threads, choose, &part, some);
    }
}
