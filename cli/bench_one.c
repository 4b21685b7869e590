#include "cli/bench_one.h"

#include <stdlib.h>
#include <string.h>

#include "chain-adapter/io/seconds.h"
#include "cli/bench_figures.h"

struct one {
    const struct crux_engine_loaded *loaded;
    const struct crux_cli_bench_one *asked;
    struct crux_engine *engine;
    uint32_t *tokens;
    double rate, share; /* of the last run */
};

static enum crux_status read_tokens(struct one *one, struct crux_engine_sequence *sequence,
                                    uint32_t first, uint32_t end) {
    struct crux_engine_row rows[CRUX_ENGINE_ROWS];
    for (; first < end;) {
        uint32_t count = end - first < CRUX_ENGINE_ROWS ? end - first : CRUX_ENGINE_ROWS;
        for (uint32_t i = 0; i < count; i++)
            rows[i] = (struct crux_engine_row){sequence, one->tokens[first + i], NULL,
                                               CRUX_ENGINE_NO_TOKEN};
        enum crux_status status = crux_engine_step(one->engine, rows, count);
        if (status != CRUX_OK) return status;
        first += count;
    }
    return CRUX_OK;
}

/* The trace root belongs to the time: no commitment is left for later. */
static enum crux_status prefill(struct one *one, uint32_t depth, uint32_t tokens) {
    struct crux_engine_ask ask = {.request_tokens = depth + tokens};
    struct crux_claim claim = {.request_tokens = depth + tokens, .chosen_tokens = 1};
    struct crux_engine_figures before, after;
    struct crux_engine_sequence *sequence;
    uint8_t root[32];
    enum crux_status status = crux_engine_sequence_open(&sequence, one->engine, &ask);
    if (status != CRUX_OK) return status;
    status = read_tokens(one, sequence, 0, depth);
    crux_engine_figures(one->engine, &before);
    double start = crux_seconds();
    if (status == CRUX_OK) status = read_tokens(one, sequence, depth, depth + tokens);
    if (status == CRUX_OK) status = crux_engine_sequence_trace_root(root, sequence, &claim);
    double seconds = crux_seconds() - start;
    crux_engine_figures(one->engine, &after);
    one->rate = tokens / seconds;
    one->share = (after.commit_seconds - before.commit_seconds) / (seconds * after.threads);
    crux_engine_sequence_close(sequence);
    return status;
}

static enum crux_status decode(struct one *one) {
    struct crux_engine_request request = {.tokens = one->tokens};
    struct crux_engine_result result;
    request.fields.request_tokens = one->asked->depth == 0 ? 1 : one->asked->depth;
    request.fields.limit = one->asked->tokens + 1;               /* the first one is prefill's */
    request.fields.param[CRUX_SAMPLE_PENALTY] = CRUX_SAMPLE_ONE; /* none */
    enum crux_status status =
        crux_engine_generate(one->engine, one->loaded->file.root, &request, NULL, &result);
    one->rate = one->asked->tokens / result.decode_seconds;
    one->share = result.commit_share;
    crux_engine_result_free(&result);
    return status;
}

static enum crux_status repeat(struct one *one, struct crux_cli_bench_figure *figure) {
    double rates[CRUX_CLI_BENCH_REPEATS_MAX], shares[CRUX_CLI_BENCH_REPEATS_MAX];
    const struct crux_cli_bench_one *asked = one->asked;
    enum crux_status status = asked->warmup == 0 ? CRUX_OK : prefill(one, 0, asked->warmup);
    for (unsigned i = 0; i < asked->repeats && status == CRUX_OK; i++) {
        status = asked->prefill ? prefill(one, asked->depth, asked->tokens) : decode(one);
        rates[i] = one->rate;
        shares[i] = one->share;
    }
    if (status != CRUX_OK) return status;
    figure->rate = crux_cli_bench_median(rates, asked->repeats);
    figure->commit_share = crux_cli_bench_median(shares, asked->repeats);
    return CRUX_OK;
}

enum crux_status crux_cli_bench_measure(struct crux_cli_bench_figure *figure,
                                        const struct crux_engine_loaded *loaded,
                                        const struct crux_cli_bench_one *asked) {
    const struct crux_program_header *header = &loaded->file.program.header;
    struct one one = {.loaded = loaded, .asked = asked};
    struct crux_engine_options options = {
        .threads = asked->threads, .pin = asked->pin, .rows = CRUX_ENGINE_ROWS};
    uint64_t count = (uint64_t)asked->depth + asked->tokens + 1;
    *figure = (struct crux_cli_bench_figure){.rate = 0};
    if (count > header->context || asked->warmup > header->context) return CRUX_E_STEP_OUTSIDE;
    CRUX_ASSERT(asked->repeats >= 1 && asked->repeats <= CRUX_CLI_BENCH_REPEATS_MAX);
    if (count < asked->warmup) count = asked->warmup;
    one.tokens = calloc(count, sizeof *one.tokens);
    if (one.tokens == NULL) return CRUX_E_OUT_OF_MEMORY;
    for (uint32_t i = 0; i < count; i++) /* any tokens, all different */
        one.tokens[i] = (i + 1) * UINT32_C(2654435761) % header->vocab;
    enum crux_status status = crux_engine_open(&one.engine, loaded->model, &options);
    if (status == CRUX_OK) {
        double start = crux_seconds();
        status = repeat(&one, figure);
        figure->run_seconds = crux_seconds() - start;
        crux_engine_close(one.engine);
    }
    free(one.tokens);
    return status;
}
