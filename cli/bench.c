/* crux bench: rates of a model on this machine, and what committing costs of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "cli/bench_one.h"
#include "cli/output.h"
#include "executor/engine/engine.h"

enum {
    OPTION_BACKEND,
    OPTION_THREADS,
    OPTION_PIN,
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
                        .help = "measure 1 to N threads (default: one for each core it may use)",
                        .least = 1,
                        .most = CRUX_THREADS_MAX},
    [OPTION_PIN] = {.name = "pin",
                    .kind = CRUX_CLI_TEXT,
                    .value = "none|cores|LIST",
                    .help = "hold threads on cores, or on processors: 0,2-3 (default none)"},
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

/* Medians. */
struct figures {
    double rate;  /* tokens a second, committing */
    double share; /* of the threads' time: commitment */
    double cost;  /* of the time: 1 - time without commitment / time with it */
};

struct by_threads {
    struct figures prefill_short, prefill_long, decode;
};

struct bench {
    const struct crux_cli_call *call;
    struct crux_engine_loaded loaded;
    uint32_t *tokens; /* LONG */
    unsigned repeats;
    double load_seconds;
    uint64_t load_bytes; /* resident, after loading */
};

static double seconds_now(void) {
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) return 0;
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Returns: the most bytes resident so far. */
static uint64_t peak_bytes(void) {
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
    return (uint64_t)usage.ru_maxrss * 1024;
}

struct task {
    uint32_t n, chosen; /* tokens: of the request, chosen after it */
};

/* Tokens a second of one run: of the request's, or of those chosen after the first.  Out: share, of commitment. */
static enum crux_status measure(const struct bench *bench, struct crux_engine *engine,
                                const struct task *task, double *rate, double *share) {
    uint32_t context = bench->loaded.file.program.header.context;
    uint32_t n = task->n < context ? task->n : context, chosen = task->chosen;
    struct crux_engine_request request = {.tokens = bench->tokens};
    struct crux_engine_result result;
    if (chosen > context - n + 1) chosen = context - n + 1;
    request.fields.request_tokens = n;
    request.fields.limit = chosen;
    request.fields.param[CRUX_SAMPLE_PENALTY] = CRUX_SAMPLE_ONE; /* none: 0 would be a strong one */
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

static double median(double *values, unsigned count) {
    qsort(values, count, sizeof *values, compare);
    return values[count / 2];
}

/* Committing, not, not, committing: an engine takes the pages of its cache in turns that two runs complete, and which
 * page lies where in the machine's memory can make a greater difference than commitment does. */
static enum crux_status medians(const struct bench *bench, struct crux_engine *engine,
                                const struct task *task, struct figures *figures) {
    enum { TURNS = 4 };
    static const bool commits[TURNS] = {true, false, false, true};
    double rate[2 * REPEATS_MAX], share[2 * REPEATS_MAX], seconds[2] = {0, 0};
    unsigned count = 0;
    for (unsigned i = 0; i < bench->repeats * TURNS; i++) {
        bool commit = commits[i % TURNS];
        crux_engine_commit(engine, commit);
        enum crux_status status = measure(bench, engine, task, &rate[count], &share[count]);
        if (status != CRUX_OK) return status;
        seconds[commit] += 1 / rate[count];
        count += commit;
    }
    *figures = (struct figures){median(rate, count), median(share, count),
                                1 - seconds[false] / seconds[true]};
    return CRUX_OK;
}

static enum crux_status with_threads(const struct bench *bench, unsigned threads,
                                     struct by_threads *all) {
    const struct task brief = {SHORT, 1}, lengthy = {LONG, 1}, decode = {1, DECODE + 1};
    struct crux_engine_options options = {.threads = threads,
                                          .pin = bench->call->option[OPTION_PIN].text};
    struct crux_engine *engine;
    double unused;
    enum crux_status status = crux_engine_open(&engine, bench->loaded.model, &options);
    if (status != CRUX_OK) return status;
    status = measure(bench, engine, &brief, &unused, &unused); /* to touch all memory */
    if (status == CRUX_OK) status = medians(bench, engine, &brief, &all->prefill_short);
    if (status == CRUX_OK) status = medians(bench, engine, &lengthy, &all->prefill_long);
    if (status == CRUX_OK) status = medians(bench, engine, &decode, &all->decode);
    crux_engine_close(engine);
    return status;
}

static json_t *describe(const struct by_threads *f) {
    double prefill = f->prefill_long.share, decode = f->decode.share;
    return json_pack(
        "{s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "prefill_128", f->prefill_short.rate,
        "prefill_512", f->prefill_long.rate, "decode_128", f->decode.rate, "commit_share",
        decode > prefill ? decode : prefill, "commit_share_prefill", prefill, "commit_share_decode",
        decode, "commit_cost_prefill", f->prefill_long.cost, "commit_cost_decode", f->decode.cost);
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
    unsigned most = most_given->given ? (unsigned)most_given->number : crux_threads_default();
    json_t *by_threads = json_object();
    if (!call->json)
        printf("backend %s; loaded in %.0f ms, then %.0f MB resident\n%8s %14s %14s %14s   "
               "commitment: "
               "share of prefill, decode; cost\n",
               backend, 1e3 * bench->load_seconds, (double)bench->load_bytes / 1e6, "threads",
               "prefill 128", "prefill 512", "decode 128");
    for (unsigned threads = 1; threads <= most; threads = more_threads(threads, most)) {
        struct by_threads f;
        char name[16];
        enum crux_status status = with_threads(bench, threads, &f);
        if (status != CRUX_OK) {
            json_decref(by_threads);
            return crux_cli_fail(call, status, "%u threads: %s%s", threads,
                                 crux_status_text(status),
                                 status == CRUX_E_USAGE ? CRUX_CLI_PIN_HELP : "");
        }
        (void)snprintf(name, sizeof name, "%u", threads);
        (void)json_object_set_new(by_threads, name, describe(&f));
        if (!call->json)
            printf("%8u %12.1f/s %12.1f/s %12.1f/s   %6.2f%% %6.2f%%; %6.2f%% %6.2f%%\n", threads,
                   f.prefill_short.rate, f.prefill_long.rate, f.decode.rate,
                   100 * f.prefill_long.share, 100 * f.decode.share, 100 * f.prefill_long.cost,
                   100 * f.decode.cost);
        (void)fflush(stdout);
    }
    if (call->json)
        return crux_cli_answer(
            call,
            json_pack("{s:o, s:s, s:f, s:I, s:I, s:I, s:o}", "model_root",
                      crux_cli_json_hex(bench->loaded.file.root, 32), "backend", backend,
                      "load_seconds", bench->load_seconds, "load_bytes",
                      (json_int_t)bench->load_bytes, "peak_bytes", (json_int_t)peak_bytes(),
                      "file_bytes", (json_int_t)bench->loaded.file.map_len, "threads", by_threads));
    printf("most resident %.0f MB; the file has %.0f MB\n", (double)peak_bytes() / 1e6,
           (double)bench->loaded.file.map_len / 1e6);
    json_decref(by_threads);
    return CRUX_CLI_OK;
}

static enum crux_cli_exit run_one(const struct bench *bench) {
    const struct crux_cli_call *call = bench->call;
    const struct crux_cli_value *option = call->option;
    const char *only = option[OPTION_ONLY].text;
    struct crux_cli_bench_one one = {.prefill = strcmp(only, "prefill") == 0,
                                     .repeats = bench->repeats,
                                     .threads = crux_threads_default(),
                                     .pin = option[OPTION_PIN].text,
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
    if (status != CRUX_OK)
        return crux_cli_fail(call, status, "%s%s", crux_status_text(status),
                             status == CRUX_E_USAGE ? CRUX_CLI_PIN_HELP : "");
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
    double start = seconds_now();
    enum crux_status status = crux_engine_load(&bench.loaded, call->operand[0], backend, message);
    bench.load_seconds = seconds_now() - start;
    bench.load_bytes = peak_bytes();
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
