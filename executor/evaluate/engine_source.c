#include "executor/evaluate/engine_source.h"

#include <math.h>
#include <stdlib.h>

struct crux_engine_logits {
    struct crux_engine *engine;
    struct crux_engine_sequence *sequence; /* of the window; NULL between windows */
    const uint32_t *tokens;
    uint32_t count, at, vocab, rows_max;
    int bits;
    struct crux_engine_row *rows; /* rows_max */
    int32_t *values;              /* rows_max * vocab */
};

static enum crux_status begin(void *ctx, const uint32_t *tokens, uint32_t count) {
    struct crux_engine_logits *logits = ctx;
    /* No position of a window chooses a token: P is the position after its last but one. */
    const struct crux_engine_ask ask = {.request_tokens = count};
    if (logits->sequence != NULL) crux_engine_sequence_close(logits->sequence);
    logits->sequence = NULL;
    logits->tokens = tokens;
    logits->count = count;
    logits->at = 0;
    return crux_engine_sequence_open(&logits->sequence, logits->engine, &ask);
}

static enum crux_status next(void *ctx, double *out, uint32_t rows) {
    struct crux_engine_logits *logits = ctx;
    const double unit = ldexp(1, -logits->bits);
    if (rows > logits->count - logits->at) return CRUX_E_USAGE;
    while (rows > 0) {
        uint32_t some = rows < logits->rows_max ? rows : logits->rows_max;
        size_t values = (size_t)some * logits->vocab;
        for (uint32_t i = 0; i < some; i++) {
            logits->rows[i] =
                (struct crux_engine_row){.sequence = logits->sequence,
                                         .token = logits->tokens[logits->at + i],
                                         .logits = logits->values + (size_t)i * logits->vocab};
        }
        enum crux_status status = crux_engine_step(logits->engine, logits->rows, some);
        if (status != CRUX_OK) return status;
        for (size_t i = 0; i < values; i++) out[i] = (double)logits->values[i] * unit;
        out += values;
        logits->at += some;
        rows -= some;
    }
    return CRUX_OK;
}

enum crux_status crux_engine_logits_open(struct crux_engine_logits **out,
                                         struct crux_engine *engine,
                                         const struct crux_fused_decoder *config, uint32_t rows) {
    struct crux_engine_logits *logits = calloc(1, sizeof *logits);
    *out = NULL;
    if (logits == NULL) return CRUX_E_OUT_OF_MEMORY;
    logits->engine = engine;
    logits->vocab = config->vocab;
    logits->bits = config->logit_bits;
    logits->rows_max = rows;
    logits->rows = calloc(rows, sizeof *logits->rows);
    logits->values = calloc((size_t)rows * config->vocab, sizeof *logits->values);
    if (logits->rows == NULL || logits->values == NULL) {
        crux_engine_logits_close(logits);
        return CRUX_E_OUT_OF_MEMORY;
    }
    *out = logits;
    return CRUX_OK;
}

void crux_engine_logits_close(struct crux_engine_logits *logits) {
    if (logits == NULL) return;
    if (logits->sequence != NULL) crux_engine_sequence_close(logits->sequence);
    free(logits->rows);
    free(logits->values);
    free(logits);
}

struct crux_logit_source crux_engine_logits_source(struct crux_engine_logits *logits) {
    return (struct crux_logit_source){
        .ctx = logits, .vocab = logits->vocab, .begin = begin, .next = next};
}
