/* One layer of a step, on rows that are given: a layer's record depends on nothing else but the records of the layer
 * before it, the tokens, and its own keys and values of earlier positions. */
#include <string.h>

#include "executor/engine/runner_parts.h"

enum crux_status runner_layer_open(struct crux_engine_sequence **out, struct crux_engine *engine,
                                   const struct crux_engine_ask *ask, const uint32_t *tokens,
                                   uint32_t count, uint32_t first) {
    enum crux_status status = crux_engine_sequence_open(out, engine, ask);
    if (status != CRUX_OK) return status;
    struct crux_engine_sequence *sequence = *out;
    status = runner_reserve_tokens(sequence, count);
    if (status != CRUX_OK) {
        crux_engine_sequence_close(sequence);
        *out = NULL;
        return status;
    }
    for (uint32_t i = 0; i < count; i++)
        sequence->tokens[i] = runner_token(engine->model, tokens[i]);
    sequence->positions = first;
    return CRUX_OK;
}

/* Gives each row its place, and its sequence room in the cache where that is needed. */
static enum crux_status take(struct crux_engine *engine, const struct runner_layer_row *rows,
                             uint32_t count, bool caches) {
    for (uint32_t i = 0; i < count; i++) rows[i].sequence->rows = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct crux_engine_sequence *sequence = rows[i].sequence;
        uint32_t pos = sequence->positions + sequence->rows++;
        engine->batch.place[i] = (struct runner_place){.sequence = sequence, .pos = pos};
    }
    for (uint32_t i = 0; caches && i < count; i++) {
        struct crux_engine_sequence *sequence = rows[i].sequence;
        if (engine->batch.place[i].pos != sequence->positions) continue; /* not its first */
        enum crux_status status =
            runner_cache_reserve(sequence, sequence->positions + sequence->rows);
        if (status != CRUX_OK) return status;
    }
    engine->count = count;
    return CRUX_OK;
}

static void take_residual(struct crux_engine *engine, const struct runner_layer_row *rows) {
    size_t width = engine->model->config.width;
    for (uint32_t i = 0; i < engine->count; i++)
        memcpy(engine->batch.r + i * width, rows[i].r, width * sizeof *engine->batch.r);
}

static void blocks(struct crux_engine *engine, uint32_t number) {
    const struct runner_layer *layer = &engine->model->layers[number];
    runner_attention_begin(engine);
    for (uint32_t i = 0; i < layer->blocks; i++)
        runner_block(engine, number, layer->first_block + i);
    runner_record_layer(engine, number);
}

static void head(struct crux_engine *engine, struct runner_layer_row *rows) {
    struct crux_engine_row *chosen = engine->batch.head_out;
    for (uint32_t i = 0; i < engine->count; i++)
        chosen[i] = (struct crux_engine_row){.sequence = rows[i].sequence};
    runner_head(engine, chosen);
    runner_record_head(engine, chosen);
    for (uint32_t i = 0; i < engine->count; i++) rows[i].chosen = chosen[i].chosen;
}

enum crux_status runner_layer_step(struct crux_engine *engine, uint32_t layer,
                                   struct runner_layer_row *rows, uint32_t count) {
    double start = runner_seconds();
    bool last = layer + 1 == engine->model->program->header.layers;
    CRUX_ASSERT(count >= 1 && count <= engine->options.rows && engine->model->layers[layer].open);
    enum crux_status status = take(engine, rows, count, !last);
    if (status != CRUX_OK) return status;
    runner_record_begin(engine, layer);
    if (layer == 0)
        runner_embed(engine);
    else
        take_residual(engine, rows);
    if (last)
        head(engine, rows);
    else
        blocks(engine, layer);
    runner_record_finish(engine);
    runner_advance(engine);
    engine->step_seconds += runner_seconds() - start;
    return CRUX_OK;
}
