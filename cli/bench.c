/* crux bench: rates of a model on this machine, and what committing costs of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bench_one.h"
#include "cli/output.h"
#include "executor/engine/engine.h"

enum {
    OPTION_BACKEND,
    OPTION_THREADS,
    OPTION_REPEAT,
    OPTION_ONLY,
    OPTION_TOKENS,
    OPTION_DEPTH,
    OPTION_WARMUP,
    OPTION_COUNT
};

const struct crux_cli_option crux_cli_bench_options[] = {
    [OPTION_BACKEND] = {.name = "backend",
                        .kind = CRUX_CLI_TEXT,
                        .value = "NAME",
                        .help = "of the matrix kernels (default: the best that works here)"},
    [OPTION_THREADS] = {.name = "threads",
                        .kind = CRUX_CLI_NUMBER,
                        .value = "N",
                        .help = "measure 1 to N threads (default: as many as processors)",
                        .least = 1,
                        .most = CRUX_THREADS_MAX},
    [OPTION_REPEAT] = {.name = "repeat",
                       .kind = CRUX_CLI_NUMBER,
                       .value = "N",
                       .help = "measure N times and take the median (default 3)",
                       .least = 1,
                       .most = 99},
    [OPTION_ONLY] =
        {.name = "only",
         .kind = CRUX_CLI_TEXT,
         .value = "prefill|decode",
         .help = "one figure, with exactly --threads threads; the options below go with it"},
    [OPTION_TOKENS] = {.name = "tokens",
                       .kind = CRUX_CLI_NUMBER,
                       .value = "N",
                       .help = "to time (default: 512 of prefill, 128 of decode)",
                       .least = 1,
                       .most = 1U << 20},
    [OPTION_DEPTH] = {.name = "depth",
                      .kind = CRUX_CLI_NUMBER,
                      .value = "N",
                      .help = "tokens in the context before them (default 0)",
                      .least = 0,
                      .most = 1U << 24},
    [OPTION_WARMUP] = {.name = "warmup",
                       .kind = CRUX_CLI_NUMBER,
                       .value = "N",
                       .help = "tokens to read before anything is timed (default 128)",
                       .least = 0,
                       .most = 1U << 20},
    [OPTION_COUNT] = {.name = NULL},
};

enum { SHORT = 128, LONG = 512, DECODE = 128, REPEATS_MAX = 99, REPEATS = 3 };

struct figures {
    double prefill_short, prefill_long, decode; /* tokens a second */
    double commit_prefill, commit_decode;       /* shares */
};

struct bench {
    const struct crux_cli_call *call;
    struct crux_engine_loaded loaded;
    uint32_t *tokens; /* LONG */
    unsigned repeats;
};

/* Tokens a second of one run: of the request's, or of those chosen after the first.  Out: share, of commitment. */
static enum crux_status measure(const struct bench *bench, struct crux_engine *engine, uint32_t n,
                                uint32_t chosen, double *rate, double *share) {
    uint32_t context = bench->loaded.file.program.header.context;
    struct crux_engine_request request = {.tokens = bench->tokens};
    struct crux_engine_result result;
    if (n > context) n = context;
    if (chosen > context - n + 1) chosen = context - n + 1;
    request.fields.request_tokens = n;
    request.fields.limit = chosen;
    enum crux_status status =
        crux_engine_generate(engine, bench->loaded.file.root, &request, NULL, &result);
    *rate = chosen == 1 ? n / result.prefill_seconds : (chosen - 1) / result.decode_seconds;
    *share = result.commit_share;
    crux_engine_result_free(&result);
    return status;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static enum crux_status median(const struct bench *bench, struct crux_engine *engine, uint32_t n,
                               uint32_t chosen, double *rate, double *share) {
    double rates[REPEATS_MAX], shares[REPEATS_MAX];
    for (unsigned i = 0; i < bench->repeats; i++) {
        enum crux_status status = measure(bench, engine, n, chosen, &rates[i], &shares[i]);
        if (status != CRUX_OK) return status;
    }
    qsort(rates, bench->repeats, sizeof *rates, compare);
    qsort(shares, bench->repeats, sizeof *shares, compare);
    *rate = rates[bench->repeats / 2];
    *share = shares[bench->repeats / 2];
    return CRUX_OK;
}

static enum crux_status with_threads(const struct bench *bench, unsigned threads,
                                     struct figures *figures) {
    struct crux_engine_options options = {.threads = threads};
    struct crux_engine *engine;
    double unused;
    enum crux_status status = crux_engine_open(&engine, bench->loaded.model, &options);
    if (status != CRUX_OK) return status;
    /* once to touch all memory */
    status = measure(bench, engine, SHORT, 1, &unused, &unused);
    if (status == CRUX_OK)
        status = median(bench, engine, SHORT, 1, &figures->prefill_short, &unused);
    if (status == CRUX_OK)
        status = median(bench, engine, LONG, 1, &figures->prefill_long, &figures->commit_prefill);
    if (status == CRUX_OK)
        status = median(bench, engine, 1, DECODE + 1, &figures->decode, &figures->commit_decode);
    crux_engine_close(engine);
    return status;
}

static json_t *describe(const struct figures *figures) {
    return json_pack("{s:f, s:f, s:f, s:f, s:f, s:f}", "prefill_128", figures->prefill_short,
                     "prefill_512", figures->prefill_long, "decode_128", figures->decode,
                     "commit_share",
                     figures->commit_decode > figures->commit_prefill ? figures->commit_decode
                                                                      : figures->commit_prefill,
                     "commit_share_prefill", figures->commit_prefill, "commit_share_decode",
                     figures->commit_decode);
}

/* 1 to 4, then powers of two, then the most. */
static unsigned more_threads(unsigned threads, unsigned most) {
    unsigned next = threads < 4 ? threads + 1 : 2 * threads;
    return next > most && threads < most ? most : next;
}

static enum crux_cli_exit run_all(const struct bench *bench) {
    const struct crux_cli_call *call = bench->call;
    const struct crux_cli_value *most_given = &call->option[OPTION_THREADS];
    const char *backend = crux_engine_model_backend(bench->loaded.model);
    unsigned most = most_given->given ? (unsigned)most_given->number : crux_threads_processors();
    json_t *by_threads = json_object();
    if (!call->json)
        printf("backend %s\n%8s %14s %14s %14s %18s\n", backend, "threads", "prefill 128",
               "prefill 512", "decode 128", "of it commitment");
    for (unsigned threads = 1; threads <= most; threads = more_threads(threads, most)) {
        struct figures f = {.decode = 0};
        char name[16];
        enum crux_status status = with_threads(bench, threads, &f);
        if (status != CRUX_OK) {
            json_decref(by_threads);
            return crux_cli_fail(call, status, "%u threads: %s", threads, crux_status_text(status));
        }
        (void)snprintf(name, sizeof name, "%u", threads);
        (void)json_object_set_new(by_threads, name, describe(&f));
        if (!call->json)
            printf("%8u %12.1f/s %12.1f/s %12.1f/s %8.2f%% %8.2f%%\n", threads, f.prefill_short,
                   f.prefill_long, f.decode, 100 * f.commit_prefill, 100 * f.commit_decode);
        (void)fflush(stdout);
    }
    if (call->json)
        return crux_cli_answer(call, json_pack("{s:o, s:s, s:o}", "model_root",
                                               crux_cli_json_hex(bench->loaded.file.root, 32),
                                               "backend", backend, "threads", by_threads));
    json_decref(by_threads);
    return CRUX_CLI_OK;
}

static enum crux_cli_exit run_one(const struct bench *bench) {
    const struct crux_cli_call *call = bench->call;
    const struct crux_cli_value *option = call->option;
    const char *only = option[OPTION_ONLY].text;
    struct crux_cli_bench_one one = {.prefill = strcmp(only, "prefill") == 0,
                                     .repeats = bench->repeats,
                                     .threads = crux_threads_processors(),
                                     .warmup = SHORT};
    struct crux_cli_bench_figure figure;
    if (!one.prefill && strcmp(only, "decode") != 0)
        return crux_cli_fail(call, CRUX_E_USAGE, "--only is prefill or decode, not %s", only);
    one.tokens = one.prefill ? LONG : DECODE;
    if (option[OPTION_TOKENS].given) one.tokens = (uint32_t)option[OPTION_TOKENS].number;
    if (option[OPTION_DEPTH].given) one.depth = (uint32_t)option[OPTION_DEPTH].number;
    if (option[OPTION_WARMUP].given) one.warmup = (uint32_t)option[OPTION_WARMUP].number;
    if (option[OPTION_THREADS].given) one.threads = (unsigned)option[OPTION_THREADS].number;
    enum crux_status status = crux_cli_bench_measure(&figure, &bench->loaded, &one);
    if (status == CRUX_E_STEP_OUTSIDE)
        return crux_cli_fail(call, status,
                             "depth %u, %u tokens and the one after do not fit: the context is %u",
                             one.depth, one.tokens, bench->loaded.file.program.header.context);
    if (status != CRUX_OK) return crux_cli_fail(call, status, "%s", crux_status_text(status));
    const char *backend = crux_engine_model_backend(bench->loaded.model);
    if (call->json)
        return crux_cli_answer(
            call,
            json_pack("{s:o, s:s, s:s, s:i, s:i, s:i, s:f, s:f, s:f}", "model_root",
                      crux_cli_json_hex(bench->loaded.file.root, 32), "backend", backend, "only",
                      only, "threads", (int)one.threads, "tokens", (int)one.tokens, "depth",
                      (int)one.depth, "tokens_per_second", figure.rate, "commit_share",
                      figure.commit_share, "run_seconds", figure.run_seconds));
    printf("%s of %u tokens at depth %u, %u threads, backend %s: %.1f tokens/s, of it commitment "
           "%.2f%%\n",
           only, one.tokens, one.depth, one.threads, backend, figure.rate,
           100 * figure.commit_share);
    return CRUX_CLI_OK;
}

enum crux_cli_exit crux_cli_run_bench(const struct crux_cli_call *call) {
    const struct crux_cli_value *option = call->option;
    const char *backend = option[OPTION_BACKEND].given ? option[OPTION_BACKEND].text : NULL;
    struct bench bench = {.call = call, .repeats = REPEATS};
    char message[CRUX_MODEL_MESSAGE_BYTES];
    if (option[OPTION_REPEAT].given) bench.repeats = (unsigned)option[OPTION_REPEAT].number;
    enum crux_status status = crux_engine_load(&bench.loaded, call->operand[0], backend, message);
    if (status != CRUX_OK) return crux_cli_fail(call, status, "%s", message);
    enum crux_cli_exit code = CRUX_CLI_FAILURE;
    if (option[OPTION_ONLY].given) {
        code = run_one(&bench);
        goto out;
    }
    bench.tokens = calloc(LONG, sizeof *bench.tokens);
    if (bench.tokens == NULL) {
        code = crux_cli_fail(call, CRUX_E_OUT_OF_MEMORY, "no memory for the tokens");
        goto out;
    }
    for (uint32_t i = 0; i < LONG; i++) /* any tokens, all different */
        bench.tokens[i] = (i + 1) * UINT32_C(2654435761) % bench.loaded.file.program.header.vocab;
    code = run_all(&bench);
out:
    free(bench.tokens);
    crux_engine_unload(&bench.loaded);
    return code;
}
