/* crux bench: rates of a model on this machine, and what committing costs of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain-adapter/io/json.h"
#include "cli/bench_figures.h"
#include "chain-adapter/io/seconds.h"
#include "cli/bench_one.h"
#include "cli/bench_verify.h"
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
    OPTION_LAYERS,
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
         .value = "prefill|decode|verify",
         .help = "one figure, with exactly --threads threads; the options below go with it"},
    [OPTION_TOKENS] = {.name = "tokens",
                       .kind = CRUX_CLI_NUMBER,
                       .value = "N",
                       .help = "to time (default: 512 of prefill, 128 of decode, 256 of an answer "
                               "to verify)",
                       .least = 1,
                       .most = 1U << 20},
    [OPTION_DEPTH] = {.name = "depth",
                      .kind = CRUX_CLI_NUMBER,
                      .value = "N",
                      .help = "tokens in the context before them (default 0; verify: 32)",
                      .least = 0,
                      .most = 1U << 24},
    [OPTION_WARMUP] = {.name = "warmup",
                       .kind = CRUX_CLI_NUMBER,
                       .value = "N",
                       .help = "tokens to read before anything is timed (default 128)",
                       .least = 0,
                       .most = 1U << 20},
    [OPTION_LAYERS] = {.name = "layers",
                       .kind = CRUX_CLI_NUMBER,
                       .value = "N",
                       .help = "verify: to audit (default: a tenth of them)",
                       .least = 1,
                       .most = CRUX_CLI_BENCH_LAYERS_MAX},
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
    *figures =
        (struct figures){crux_cli_bench_median(rate, count), crux_cli_bench_median(share, count),
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
            call, json_pack("{s:o, s:s, s:f, s:I, s:I, s:I, s:o}", "model_root",
                            crux_json_of_bytes(bench->loaded.file.root, 32), "backend", backend,
                            "load_seconds", bench->load_seconds, "load_bytes",
                            (json_int_t)bench->load_bytes, "peak_bytes",
                            (json_int_t)crux_cli_bench_peak(), "file_bytes",
                            (json_int_t)bench->loaded.file.map_len, "threads", by_threads));
    printf("most resident %.0f MB; the file has %.0f MB\n", (double)crux_cli_bench_peak() / 1e6,
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
        return crux_cli_fail(call, CRUX_E_USAGE, "--only is prefill, decode or verify, not %s",
                             only);
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
            json_pack("{s:o, s:I, s:s, s:s, s:i, s:i, s:i, s:f, s:f, s:f}", "model_root",
                      crux_json_of_bytes(bench->loaded.file.root, 32), "packed_bytes",
                      (json_int_t)crux_engine_model_packed_bytes(bench->loaded.model), "backend",
                      backend, "only", only, "threads", (int)one.threads, "tokens", (int)one.tokens,
                      "depth", (int)one.depth, "tokens_per_second", figure.rate, "commit_share",
                      figure.commit_share, "run_seconds", figure.run_seconds));
    printf("%s of %u tokens at depth %u, %u threads, backend %s: %.1f tokens/s, of it commitment "
           "%.2f%%\n",
           only, one.tokens, one.depth, one.threads, backend, figure.rate,
           100 * figure.commit_share);
    return CRUX_CLI_OK;
}

static json_t *describe_audit(const struct crux_cli_bench_audit *audit) {
    return json_pack("{s:f, s:f, s:f, s:I, s:I}", "load_seconds", audit->load_seconds, "seconds",
                     audit->seconds, "share", audit->share, "peak_bytes",
                     (json_int_t)audit->peak_bytes, "served_bytes",
                     (json_int_t)audit->served_bytes);
}

static json_t *describe_verified(const struct crux_cli_bench_verify *asked,
                                 const struct crux_cli_bench_verified *f) {
    json_t *layers = json_array();
    for (uint32_t i = 0; i < f->layers; i++)
        (void)json_array_append_new(layers, json_integer(f->layer[i]));
    return json_pack("{s:o, s:s, s:s, s:i, s:i, s:i, s:i, s:f, s:f, s:f, s:f, s:f, s:o, s:o, s:o, "
                     "s:o}",
                     "model_root", crux_json_of_bytes(f->model_root, 32), "backend", f->backend,
                     "only", "verify", "threads", (int)f->threads, "tokens", (int)asked->chosen,
                     "depth", (int)asked->request, "program_layers", (int)f->program_layers,
                     "chosen_seconds", f->chosen_seconds, "verify_seconds", f->one_seconds,
                     "verify_ratio", f->one_ratio, "verify_16_seconds", f->all_seconds,
                     "verify_16_ratio", f->all_ratio, "verification", describe_audit(&f->whole),
                     "audit", describe_audit(&f->some), "audit_head", describe_audit(&f->head),
                     "audit_layers", layers);
}

static void say_audit(const char *what, const struct crux_cli_bench_audit *audit) {
    printf("%-24s %9.4f s %7.1f%% %9.0f MB %9.3f s %9.2f MB\n", what, audit->seconds,
           100 * audit->share, (double)audit->peak_bytes / 1e6, audit->load_seconds,
           (double)audit->served_bytes / 1e6);
}

static enum crux_cli_exit run_verify(const struct crux_cli_call *call, const char *backend) {
    const struct crux_cli_value *option = call->option;
    struct crux_cli_bench_verify asked = {.path = call->operand[0],
                                          .backend = backend,
                                          .pin = option[OPTION_PIN].text,
                                          .request = 32,
                                          .chosen = 256,
                                          .layers = (uint32_t)option[OPTION_LAYERS].number,
                                          .threads = crux_threads_default(),
                                          .repeats = REPEATS};
    struct crux_cli_bench_verified f;
    char message[CRUX_MODEL_MESSAGE_BYTES], audited[32];
    if (option[OPTION_REPEAT].given) asked.repeats = (unsigned)option[OPTION_REPEAT].number;
    if (option[OPTION_TOKENS].given) asked.chosen = (uint32_t)option[OPTION_TOKENS].number;
    if (option[OPTION_DEPTH].given) asked.request = (uint32_t)option[OPTION_DEPTH].number;
    if (option[OPTION_THREADS].given) asked.threads = (unsigned)option[OPTION_THREADS].number;
    if (asked.request == 0)
        return crux_cli_fail(call, CRUX_E_USAGE, "--depth 0: a request has a token at least");
    enum crux_status status = crux_cli_bench_verify(&f, &asked, message);
    if (status != CRUX_OK) return crux_cli_fail(call, status, "%s", message);
    if (call->json) return crux_cli_answer(call, describe_verified(&asked, &f));
    printf("%u tokens after %u, %u threads, backend %s: chosen in %.3f s (%.1f tokens/s)\n"
           "verified in %.3f s, %.2f times as fast; %d claims at once in %.3f s, %.2f times as "
           "fast\n",
           asked.chosen, asked.request, f.threads, f.backend, f.chosen_seconds,
           asked.chosen / f.chosen_seconds, f.one_seconds, f.one_ratio, CRUX_CLI_BENCH_CLAIMS,
           f.all_seconds, f.all_ratio);
    (void)snprintf(audited, sizeof audited, "audit, %u of %u layers", (unsigned)f.layers,
                   (unsigned)f.program_layers);
    printf("\n%-24s %11s %8s %12s %11s %12s\n", "each in its own process", "time", "share",
           "most memory", "loading", "served");
    say_audit("verification", &f.whole);
    say_audit(audited, &f.some);
    say_audit("audit, the last layer", &f.head);
    return CRUX_CLI_OK;
}

enum crux_cli_exit crux_cli_run_bench(const struct crux_cli_call *call) {
    const struct crux_cli_value *option = call->option;
    const char *backend = option[OPTION_BACKEND].given ? option[OPTION_BACKEND].text : NULL;
    if (option[OPTION_ONLY].given && strcmp(option[OPTION_ONLY].text, "verify") == 0)
        return run_verify(call, backend);
    struct bench bench = {.call = call, .repeats = REPEATS};
    char message[CRUX_MODEL_MESSAGE_BYTES];
    if (option[OPTION_REPEAT].given) bench.repeats = (unsigned)option[OPTION_REPEAT].number;
    double start = crux_seconds();
    enum crux_status status = crux_engine_load(&bench.loaded, call->operand[0], backend, message);
    bench.load_seconds = crux_seconds() - start;
    bench.load_bytes = crux_cli_bench_peak();
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
