#include <stdlib.h>
#include <string.h>

#include "executor/engine/runner_parts.h"

enum crux_status crux_engine_sequence_open(struct crux_engine_sequence **out,
                                           struct crux_engine *engine,
                                           const struct crux_engine_ask *ask) {
    *out = NULL;
    if (ask->request_tokens < 1 || ask->request_tokens > engine->model->config.context)
        return CRUX_E_REQUEST_INVALID;
    struct crux_engine_sequence *sequence = calloc(1, sizeof *sequence);
    if (sequence == NULL) return CRUX_E_OUT_OF_MEMORY;
    sequence->engine = engine;
    sequence->ask = *ask;
    crux_trace_init(&sequence->trace, engine->model->program->header.layers);
    engine->sequences++;
    *out = sequence;
    return CRUX_OK;
}

void crux_engine_sequence_close(struct crux_engine_sequence *sequence) {
    if (sequence == NULL) return;
    sequence->engine->sequences--;
    runner_cache_release(sequence);
    free(sequence->tokens);
    free(sequence->leaves);
    free(sequence);
}

uint32_t crux_engine_sequence_positions(const struct crux_engine_sequence *sequence) {
    return sequence->positions;
}

void crux_engine_sequence_try(struct crux_engine_sequence *sequence) {
    sequence->trying = true;
    sequence->floor = sequence->positions;
}

/* A row of the step just done counts no longer. */
static void forget_row(struct crux_engine *engine, const struct runner_place *place) {
    engine->scratch[0].saturated -= place->saturated; /* the sum over threads is what counts */
    engine->rows_done--;
}

/* Keys and values of later positions stay in their pages: no row sees beyond its own position, and a step writes a
 * position before anything sees it. */
void crux_engine_sequence_keep(struct crux_engine_sequence *sequence, uint32_t positions) {
    struct crux_engine *engine = sequence->engine;
    uint32_t gone = sequence->positions - positions;
    CRUX_ASSERT(sequence->trying && positions >= sequence->floor &&
                positions <= sequence->positions);
    CRUX_ASSERT(sequence->positions == sequence->floor ||
                sequence->positions == sequence->floor + sequence->rows);
    for (uint32_t i = 0; gone > 0 && i < engine->count; i++) {
        const struct runner_place *place = &engine->batch.place[i];
        if (place->sequence == sequence && place->pos >= positions) forget_row(engine, place);
    }
    sequence->positions = positions;
    if (!engine->options.no_commit)
        sequence->leaf_count -= (uint64_t)gone * engine->model->program->header.layers;
    sequence->trying = false;
    runner_record_close(sequence);
    if (positions > sequence->floor) runner_cache_trim(sequence, positions);
}

const uint8_t (*crux_engine_sequence_leaves(const struct crux_engine_sequence *sequence,
                                            uint64_t *count))[32] {
    *count = sequence->leaf_count;
    return (const uint8_t(*)[32])sequence->leaves;
}
