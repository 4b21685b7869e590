/* How much more many requests get done together: tokens a second, in all, of 1, 8 and 64 requests at once; the longest time
 * that a step took while they were there.
 *
 *   bench_batcher MODEL.crux [THREADS [TOKENS [REQUEST_TOKENS [ALIKE]]]]
 *
 * ALIKE: so many tokens at the beginning of all requests are the same, and beginnings are kept.
 *
 * Rounds of all numbers in turn; the best of each counts. Processor time beside it, for machines that others use. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "executor/service/batch/batcher.h"

enum { ROUNDS = 3, TOKENS = 128, REQUEST_TOKENS = 32 };

static const uint32_t together[] = {1, 8, 64};

struct best {
    double seconds, processor, first_token, step;
    uint64_t reused;
};

static void need(enum crux_status status, const char *what) {
    if (status == CRUX_OK) return;
    printf("%s: %s\n", what, crux_status_name(status));
    exit(1);
}

static double seconds_of(clockid_t clock) {
    struct timespec now;
    if (clock_gettime(clock, &now) != 0) return 0;
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* The longest time to a first token; under the batcher's thread. */
static void on_done(void *ctx, struct crux_batcher_result *result) {
    double *first_token = ctx, seconds = result->queue_seconds + result->prefill_seconds;
    if (result->end != CRUX_BATCHER_LIMIT) need(CRUX_E_INTERNAL, "a run ended early");
    if (seconds > *first_token) *first_token = seconds;
    crux_batcher_result_free(result);
}

/* Any tokens, from the alike-th on others for each request. */
static void make_tokens(uint32_t *tokens, uint32_t n, uint32_t alike, uint32_t number,
                        uint32_t vocab) {
    for (uint32_t i = 0; i < n; i++)
        tokens[i] = (i * 64 + (i < alike ? 0 : number) + 1) * UINT32_C(2654435761) % vocab;
}

static void measure(struct best *best, const struct crux_batcher_model *model,
                    const struct crux_batcher_options *options, uint32_t count, uint32_t limit,
                    uint32_t n, uint32_t alike) {
    struct crux_batcher *batcher;
    struct crux_batcher_figures figures;
    double first_token = 0;
    uint64_t id;
    struct crux_batcher_job job = {
        .request = {.fields = {.request_tokens = n,
                               .limit = limit,
                               .param = {[CRUX_SAMPLE_PENALTY] = CRUX_SAMPLE_ONE}}},
        .ctx = &first_token,
        .done = on_done};
    uint32_t *tokens = calloc(n, sizeof *tokens);
    if (tokens == NULL) need(CRUX_E_OUT_OF_MEMORY, "tokens");
    job.request.tokens = tokens;
    need(crux_batcher_open(&batcher, model, 1, options), "batcher");
    double start = seconds_of(CLOCK_MONOTONIC), busy = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    for (uint32_t i = 0; i < count; i++) {
        make_tokens(tokens, n, alike, i, model->config->vocab);
        need(crux_batcher_submit(batcher, &job, &id), "request");
    }
    if (!crux_batcher_wait(batcher, 3600)) need(CRUX_E_INTERNAL, "an hour was not enough");
    double seconds = seconds_of(CLOCK_MONOTONIC) - start,
           processor = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - busy;
    crux_batcher_figures(batcher, 0, &figures);
    crux_batcher_close(batcher);
    free(tokens);
    if (seconds < best->seconds) best->seconds = seconds;
    if (processor < best->processor) best->processor = processor;
    best->reused = figures.prefix_positions;
    if (first_token < best->first_token) best->first_token = first_token;
    if (figures.step_seconds_max < best->step) best->step = figures.step_seconds_max;
}

static uint32_t number(int argc, char **argv, int at, uint32_t otherwise) {
    return argc > at ? (uint32_t)strtoul(argv[at], NULL, 10) : otherwise;
}

int main(int argc, char **argv) {
    struct crux_batcher_options options = {.threads = number(argc, argv, 2, 1),
                                           .no_speculation = true};
    uint32_t limit = number(argc, argv, 3, TOKENS), n = number(argc, argv, 4, REQUEST_TOKENS),
             alike = number(argc, argv, 5, 0);
    struct best best[CRUX_ARRAY_LEN(together)];
    struct crux_engine_loaded loaded;
    char message[CRUX_MODEL_MESSAGE_BYTES];
    if (argc < 2) {
        printf("bench_batcher MODEL.crux [THREADS [TOKENS [REQUEST_TOKENS [ALIKE]]]]\n");
        return 2;
    }
    need(crux_engine_load(&loaded, argv[1], NULL, message), argv[1]);
    struct crux_batcher_model model = crux_batcher_model_of(&loaded);
    for (size_t i = 0; i < CRUX_ARRAY_LEN(together); i++)
        best[i] = (struct best){1e9, 1e9, 1e9, 1e9, 0};
    if (alike > 0) options.prefix_bytes_max = UINT64_MAX;
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < CRUX_ARRAY_LEN(together); i++)
            measure(&best[i], &model, &options, together[i], limit, n, alike);
    }
    printf("%u request tokens, %u chosen, %u threads, backend %s\n", (unsigned)n, (unsigned)limit,
           options.threads, crux_engine_model_backend(loaded.model));
    for (size_t i = 0; i < CRUX_ARRAY_LEN(together); i++) {
        double all = (double)together[i] * limit;
        printf(
            "%3u at once: %7.1f tokens/s (%.2f times one), %7.1f by processor time (%.2f times); "
            "first token after %.3f s at most, longest step %.1f ms; %llu reused\n",
            (unsigned)together[i], all / best[i].seconds,
            all / best[i].seconds / (limit / best[0].seconds), all / best[i].processor,
            all / best[i].processor / (limit / best[0].processor), best[i].first_token,
            1e3 * best[i].step, (unsigned long long)best[i].reused);
    }
    crux_engine_unload(&loaded);
    return 0;
}
