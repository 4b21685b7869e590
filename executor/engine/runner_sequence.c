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

const uint8_t (*crux_engine_sequence_leaves(const struct crux_engine_sequence *sequence,
                                            uint64_t *count))[32] {
    *count = sequence->leaf_count;
    return (const uint8_t(*)[32])sequence->leaves;
}
