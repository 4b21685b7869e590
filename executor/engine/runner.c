#include "executor/engine/runner.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "executor/engine/runner_parts.h"

double runner_seconds(void) {
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) return 0;
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

enum crux_status crux_engine_open(struct crux_engine **out, struct crux_engine_model *model,
                                  const struct crux_engine_options *options) {
    struct crux_engine *engine = calloc(1, sizeof *engine);
    enum crux_status status = CRUX_E_USAGE;
    *out = NULL;
    if (engine == NULL) return CRUX_E_OUT_OF_MEMORY;
    engine->model = model;
    if (options != NULL) engine->options = *options;
    if (engine->options.rows == 0) engine->options.rows = CRUX_ENGINE_ROWS;
    if (engine->options.rows > CRUX_ENGINE_ROWS_MAX) goto fail;
    runner_cache_init(&engine->cache, model, engine->options.cache_bytes_max);
    status = crux_threads_open(&engine->threads, engine->options.threads, engine->options.pin);
    if (status == CRUX_OK) status = runner_batch_open(engine);
    if (status == CRUX_OK) status = runner_record_open(engine);
    if (status != CRUX_OK) goto fail;
    *out = engine;
    return CRUX_OK;
fail:
    crux_engine_close(engine);
    return status;
}

void crux_engine_close(struct crux_engine *engine) {
    if (engine == NULL) return;
    CRUX_ASSERT(engine->sequences == 0);
    crux_threads_close(engine->threads);
    runner_cache_free(&engine->cache);
    runner_memory_free(&engine->memory);
    free(engine);
}

void crux_engine_commit(struct crux_engine *engine, bool commit) {
    CRUX_ASSERT(engine->sequences == 0);
    engine->options.no_commit = !commit;
}

unsigned crux_engine_threads(const struct crux_engine *engine) {
    return crux_threads_count(engine->threads);
}

void crux_engine_figures(const struct crux_engine *engine, struct crux_engine_figures *figures) {
    unsigned threads = crux_threads_count(engine->threads);
    *figures = (struct crux_engine_figures){.step_seconds = engine->step_seconds,
                                            .rows = engine->rows_done,
                                            .cache_bytes = engine->cache.bytes,
                                            .resting_bytes = engine->cache.resting_bytes,
                                            .threads = threads};
    for (unsigned i = 0; i < threads; i++) {
        figures->saturated += engine->scratch[i].saturated;
        figures->commit_seconds += engine->scratch[i].commit_seconds;
    }
}

/* ---- a step ---- */

enum crux_status runner_reserve_tokens(struct crux_engine_sequence *sequence, uint32_t end) {
    if (end <= sequence->token_cap) return CRUX_OK;
    uint32_t cap = end > 2 * sequence->token_cap ? end : 2 * sequence->token_cap; /* <= 2^25 */
    uint32_t *tokens = realloc(sequence->tokens, cap * sizeof *tokens);
    if (tokens == NULL) return CRUX_E_OUT_OF_MEMORY;
    sequence->tokens = tokens;
    sequence->token_cap = cap;
    return CRUX_OK;
}

static enum crux_status reserve(struct crux_engine_sequence *sequence, uint32_t rows) {
    uint32_t end = sequence->positions + rows;
    enum crux_status status = runner_reserve_tokens(sequence, end);
    if (status == CRUX_OK) status = runner_cache_reserve(sequence, end);
    return status == CRUX_OK ? runner_record_reserve(sequence, rows) : status;
}

/* spec/10-machine.md#reading: a token outside the vocabulary is read as the nearest one inside */
uint32_t runner_token(const struct crux_engine_model *model, uint32_t token) {
    return token < model->config.vocab ? token : model->config.vocab - 1;
}

/* Gives each row its position, and each sequence room for it. */
static enum crux_status take_rows(struct crux_engine *engine, const struct crux_engine_row *rows,
                                  uint32_t count) {
    const struct crux_fused_decoder *config = &engine->model->config;
    if (count == 0 || count > engine->options.rows || !engine->model->whole) return CRUX_E_USAGE;
    for (uint32_t i = 0; i < count; i++) {
        if (rows[i].sequence->engine != engine || rows[i].sequence->resting) return CRUX_E_USAGE;
        rows[i].sequence->rows = 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct crux_engine_sequence *sequence = rows[i].sequence;
        uint64_t pos = (uint64_t)sequence->positions + sequence->rows++;
        if (pos >= config->context) return CRUX_E_STEP_OUTSIDE;
        engine->batch.place[i] = (struct runner_place){.sequence = sequence, .pos = (uint32_t)pos};
    }
    for (uint32_t i = 0; i < count; i++) {
        if (engine->batch.place[i].pos != rows[i].sequence->positions) continue; /* not its first */
        enum crux_status status = reserve(rows[i].sequence, rows[i].sequence->rows);
        if (status != CRUX_OK) return status;
    }
    for (uint32_t i = 0; i < count; i++)
        rows[i].sequence->tokens[engine->batch.place[i].pos] =
            runner_token(engine->model, rows[i].token);
    return CRUX_OK;
}

void runner_advance(struct crux_engine *engine) {
    for (uint32_t i = 0; i < engine->count; i++) engine->batch.place[i].sequence->positions++;
    for (uint32_t i = 0; i < engine->count; i++) {
        struct crux_engine_sequence *sequence = engine->batch.place[i].sequence;
        if (engine->batch.place[i].pos + 1 == sequence->positions && !sequence->trying)
            runner_cache_trim(sequence, sequence->positions);
    }
    engine->rows_done += engine->count;
}

enum crux_status crux_engine_step(struct crux_engine *engine, struct crux_engine_row *rows,
                                  uint32_t count) {
    double start = runner_seconds();
    uint32_t layers = engine->model->program->header.layers;
    enum crux_status status = take_rows(engine, rows, count);
    if (status != CRUX_OK) return status;
    engine->count = count;
    runner_record_begin(engine, 0);
    runner_attention_begin(engine);
    runner_embed(engine);
    for (uint32_t l = 0; l + 1 < layers; l++) {
        const struct runner_layer *layer = &engine->model->layers[l];
        for (uint32_t i = 0; i < layer->blocks; i++)
            runner_block(engine, l, layer->first_block + i);
        runner_record_layer(engine, l);
    }
    runner_head(engine, rows);
    runner_record_head(engine, rows);
    runner_record_append(engine);
    runner_advance(engine);
    engine->step_seconds += runner_seconds() - start;
    return CRUX_OK;
}
