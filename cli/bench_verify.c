#include "cli/bench_verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain-adapter/io/seconds.h"
#include "cli/bench_child.h"
#include "cli/bench_figures.h"
#include "cli/bench_one.h"
#include "cli/bench_served.h"

enum { ROWS = 256, CLAIMS = CRUX_CLI_BENCH_CLAIMS };

struct bench {
    const struct crux_cli_bench_verify *asked;
    struct crux_cli_bench_served file;
    uint32_t *request, *output;
    const uint32_t *layers; /* of one audit */
    uint32_t layer_count;
};

static struct crux_engine_request request_of(const struct bench *bench) {
    return (struct crux_engine_request){
        .fields = {.request_tokens = bench->asked->request,
                   .limit = bench->asked->chosen,
                   .param = {[CRUX_SAMPLE_PENALTY] = CRUX_SAMPLE_ONE}},
        .tokens = bench->request};
}

static void any_tokens(struct bench *bench, uint32_t vocab) {
    for (uint32_t i = 0; i < bench->asked->request; i++)
        bench->request[i] = (i + 1) * UINT32_C(2654435761) % vocab;
}

static enum crux_status say(enum crux_status status, char *message) {
    if (status != CRUX_OK && message[0] == '\0')
        (void)snprintf(message, CRUX_MODEL_MESSAGE_BYTES, "%s", crux_status_text(status));
    return status;
}

/* ---- one process: makes the claim, and verifies it, in turns ---- */

struct made {
    char backend[CRUX_NAME_BYTES];
    uint8_t model_root[32];
    unsigned threads;
    uint32_t program_layers;
    struct crux_claim claim;
    double chosen_seconds, one_seconds, one_ratio, all_seconds, all_ratio;
};

/* Seconds to verify the same claim so many times at once. */
static enum crux_status verify(double *seconds, struct crux_engine *engine, const uint8_t *root,
                               const struct crux_engine_claimed *claimed, uint32_t count) {
    struct crux_engine_claimed all[CLAIMS];
    for (uint32_t i = 0; i < count; i++) all[i] = *claimed;
    double start = crux_seconds();
    enum crux_status status = crux_engine_verify(engine, root, all, count);
    *seconds = crux_seconds() - start;
    for (uint32_t i = 0; i < count && status == CRUX_OK; i++) {
        if (all[i].verdict != CRUX_ENGINE_CLAIM_TRUE) status = CRUX_E_PROOF_ROOT_MISMATCH;
    }
    return status;
}

static enum crux_status rounds(struct bench *bench, struct crux_engine *engine,
                               const struct crux_engine_loaded *loaded, struct made *made) {
    double chosen[CRUX_CLI_BENCH_REPEATS_MAX], one[CRUX_CLI_BENCH_REPEATS_MAX],
        all[CRUX_CLI_BENCH_REPEATS_MAX], one_ratio[CRUX_CLI_BENCH_REPEATS_MAX],
        all_ratio[CRUX_CLI_BENCH_REPEATS_MAX];
    const struct crux_engine_request request = request_of(bench);
    unsigned repeats = bench->asked->repeats;
    for (unsigned i = 0; i < repeats; i++) {
        struct crux_engine_result result;
        enum crux_status status =
            crux_engine_generate(engine, loaded->file.root, &request, NULL, &result);
        if (status == CRUX_OK) {
            const struct crux_engine_claimed claimed = {
                .request = request, .claim = result.claim, .tokens = result.tokens};
            chosen[i] = result.prefill_seconds + result.decode_seconds;
            memcpy(bench->output, result.tokens, result.count * sizeof *result.tokens);
            made->claim = result.claim;
            status = verify(&one[i], engine, loaded->file.root, &claimed, 1);
            if (status == CRUX_OK)
                status = verify(&all[i], engine, loaded->file.root, &claimed, CLAIMS);
            one_ratio[i] = chosen[i] / one[i];
            all_ratio[i] = CLAIMS * chosen[i] / all[i];
        }
        crux_engine_result_free(&result);
        if (status != CRUX_OK) return status;
    }
    made->chosen_seconds = crux_cli_bench_median(chosen, repeats);
    made->one_seconds = crux_cli_bench_median(one, repeats);
    made->all_seconds = crux_cli_bench_median(all, repeats);
    made->one_ratio = crux_cli_bench_median(one_ratio, repeats);
    made->all_ratio = crux_cli_bench_median(all_ratio, repeats);
    return CRUX_OK;
}

static enum crux_status make(void *ctx, void *answer, char *message) {
    struct bench *bench = ctx;
    struct made made = {.threads = bench->asked->threads};
    struct crux_engine_options options = {
        .threads = bench->asked->threads, .pin = bench->asked->pin, .rows = ROWS};
    struct crux_engine_loaded loaded;
    struct crux_engine *engine;
    enum crux_status status =
        crux_engine_load(&loaded, bench->asked->path, bench->asked->backend, message);
    if (status != CRUX_OK) return status;
    const struct crux_program_header *header = &loaded.file.program.header;
    made.program_layers = header->layers;
    if ((uint64_t)bench->asked->request + bench->asked->chosen - 1 > header->context)
        status = CRUX_E_STEP_OUTSIDE;
    any_tokens(bench, header->vocab);
    if (status == CRUX_OK) status = crux_engine_open(&engine, loaded.model, &options);
    if (status == CRUX_OK) {
        made.threads = crux_engine_threads(engine);
        status = rounds(bench, engine, &loaded, &made);
        crux_engine_close(engine);
    }
    bench->file.claim = made.claim;
    if (status == CRUX_OK)
        status = crux_cli_bench_write(&bench->file, &loaded, made.threads, bench->request,
                                      bench->output);
    (void)snprintf(made.backend, sizeof made.backend, "%s",
                   crux_engine_model_backend(loaded.model));
    memcpy(made.model_root, loaded.file.root, sizeof made.model_root);
    memcpy(answer, &made, sizeof made);
    crux_engine_unload(&loaded);
    return say(status, message);
}

/* ---- a process for each way to check it ---- */

struct checked {
    double load_seconds, seconds;
    uint64_t served_bytes;
};

static enum crux_status check_once(struct bench *bench, struct crux_engine *engine,
                                   const struct crux_engine_loaded *loaded,
                                   struct checked *checked) {
    const struct crux_engine_request request = request_of(bench);
    if (bench->layers == NULL) {
        const struct crux_engine_claimed claimed = {
            .request = request, .claim = bench->file.claim, .tokens = bench->output};
        return verify(&checked->seconds, engine, loaded->file.root, &claimed, 1);
    }
    struct crux_engine_audited audited = {.request = request,
                                          .claim = bench->file.claim,
                                          .tokens = bench->output,
                                          .layers = bench->layers,
                                          .layer_count = bench->layer_count};
    struct crux_engine_served served;
    crux_cli_bench_serve(&served, &bench->file, &loaded->file.program);
    bench->file.read = 0;
    double start = crux_seconds();
    enum crux_status status = crux_engine_audit(engine, loaded->file.root, &served, &audited, 1);
    checked->seconds = crux_seconds() - start;
    checked->served_bytes = bench->file.read;
    crux_cli_bench_served_free(&bench->file);
    if (status == CRUX_OK && audited.verdict != CRUX_ENGINE_AUDIT_TRUE)
        status = CRUX_E_PROOF_ROOT_MISMATCH;
    return status;
}

static enum crux_status check(void *ctx, void *answer, char *message) {
    struct bench *bench = ctx;
    struct checked checked = {.seconds = 0};
    struct crux_engine_options options = {
        .threads = bench->asked->threads, .pin = bench->asked->pin, .rows = ROWS};
    struct crux_engine_loaded loaded;
    struct crux_engine *engine;
    double start = crux_seconds();
    enum crux_status status =
        crux_engine_load_layers(&loaded, bench->asked->path, bench->asked->backend, bench->layers,
                                bench->layer_count, message);
    if (status != CRUX_OK) return status;
    any_tokens(bench, loaded.file.program.header.vocab);
    status = crux_cli_bench_output(&bench->file, bench->output);
    if (status == CRUX_OK) status = crux_engine_open(&engine, loaded.model, &options);
    checked.load_seconds = crux_seconds() - start;
    if (status == CRUX_OK) {
        status = check_once(bench, engine, &loaded, &checked); /* to touch all memory */
        if (status == CRUX_OK) status = check_once(bench, engine, &loaded, &checked);
        crux_engine_close(engine);
    }
    memcpy(answer, &checked, sizeof checked);
    crux_engine_unload(&loaded);
    return say(status, message);
}

struct series {
    double load[CRUX_CLI_BENCH_REPEATS_MAX], seconds[CRUX_CLI_BENCH_REPEATS_MAX],
        share[CRUX_CLI_BENCH_REPEATS_MAX];
    uint64_t peak_bytes, served_bytes;
};

/* In: layers, NULL for a full verification. */
static enum crux_status check_apart(struct series *series, struct bench *bench, unsigned round,
                                    const uint32_t *layers, uint32_t count,
                                    char message[CRUX_MODEL_MESSAGE_BYTES]) {
    struct checked checked;
    uint64_t peak = 0;
    bench->layers = layers;
    bench->layer_count = count;
    enum crux_status status =
        crux_cli_bench_child(&checked, sizeof checked, &peak, message, check, bench);
    if (status != CRUX_OK) return status;
    series->load[round] = checked.load_seconds;
    series->seconds[round] = checked.seconds;
    series->served_bytes = checked.served_bytes;
    if (peak > series->peak_bytes) series->peak_bytes = peak;
    return CRUX_OK;
}

static void summarise(struct crux_cli_bench_audit *audit, struct series *series,
                      const struct series *whole, unsigned repeats) {
    for (unsigned i = 0; i < repeats; i++)
        series->share[i] = series->seconds[i] / whole->seconds[i];
    *audit = (struct crux_cli_bench_audit){.share = crux_cli_bench_median(series->share, repeats),
                                           .peak_bytes = series->peak_bytes,
                                           .served_bytes = series->served_bytes};
}

static enum crux_status check_all(struct crux_cli_bench_verified *figures, struct bench *bench,
                                  char message[CRUX_MODEL_MESSAGE_BYTES]) {
    struct series whole = {.peak_bytes = 0}, some = whole, head = whole;
    unsigned repeats = bench->asked->repeats;
    uint32_t last = figures->program_layers - 1;
    for (unsigned i = 0; i < repeats; i++) {
        enum crux_status status = check_apart(&whole, bench, i, NULL, 0, message);
        if (status == CRUX_OK)
            status = check_apart(&some, bench, i, figures->layer, figures->layers, message);
        if (status == CRUX_OK) status = check_apart(&head, bench, i, &last, 1, message);
        if (status != CRUX_OK) return status;
    }
    summarise(&figures->some, &some, &whole, repeats);
    summarise(&figures->head, &head, &whole, repeats);
    summarise(&figures->whole, &whole, &whole, repeats);
    struct series *all[] = {&whole, &some, &head};
    struct crux_cli_bench_audit *out[] = {&figures->whole, &figures->some, &figures->head};
    for (size_t i = 0; i < CRUX_ARRAY_LEN(all); i++) { /* medians sort, so they come last */
        out[i]->load_seconds = crux_cli_bench_median(all[i]->load, repeats);
        out[i]->seconds = crux_cli_bench_median(all[i]->seconds, repeats);
    }
    return CRUX_OK;
}

/* ---- all ---- */

/* In the middle of equal parts of the layers of blocks. */
static void choose_layers(struct crux_cli_bench_verified *figures, uint32_t asked) {
    uint32_t blocks = figures->program_layers - 1, count = asked == 0 ? blocks / 10 : asked;
    if (count == 0) count = 1;
    if (count > blocks) count = blocks;
    if (count > CRUX_CLI_BENCH_LAYERS_MAX) count = CRUX_CLI_BENCH_LAYERS_MAX;
    figures->layers = count;
    for (uint32_t i = 0; i < count; i++) figures->layer[i] = (2 * i + 1) * blocks / (2 * count);
}

static enum crux_status run(struct crux_cli_bench_verified *figures, struct bench *bench,
                            char message[CRUX_MODEL_MESSAGE_BYTES]) {
    struct made made;
    uint64_t peak;
    enum crux_status status = crux_cli_bench_child(&made, sizeof made, &peak, message, make, bench);
    if (status != CRUX_OK) return status;
    bench->file.claim = made.claim;
    memcpy(figures->backend, made.backend, sizeof figures->backend);
    memcpy(figures->model_root, made.model_root, sizeof figures->model_root);
    figures->threads = made.threads;
    figures->program_layers = made.program_layers;
    figures->chosen_seconds = made.chosen_seconds;
    figures->one_seconds = made.one_seconds;
    figures->one_ratio = made.one_ratio;
    figures->all_seconds = made.all_seconds;
    figures->all_ratio = made.all_ratio;
    choose_layers(figures, bench->asked->layers);
    return check_all(figures, bench, message);
}

enum crux_status crux_cli_bench_verify(struct crux_cli_bench_verified *figures,
                                       const struct crux_cli_bench_verify *asked,
                                       char message[CRUX_MODEL_MESSAGE_BYTES]) {
    struct bench bench = {.asked = asked};
    FILE *file = tmpfile();
    enum crux_status status = CRUX_E_OUT_OF_MEMORY;
    CRUX_ASSERT(asked->repeats >= 1 && asked->repeats <= CRUX_CLI_BENCH_REPEATS_MAX);
    *figures = (struct crux_cli_bench_verified){.threads = 0};
    message[0] = '\0';
    bench.request = calloc(asked->request, sizeof *bench.request);
    bench.output = calloc(asked->chosen, sizeof *bench.output);
    if (file == NULL)
        status = CRUX_E_IO;
    else if (bench.request != NULL && bench.output != NULL) {
        bench.file.fd = fileno(file);
        status = run(figures, &bench, message);
    }
    if (file != NULL) (void)fclose(file);
    free(bench.request);
    free(bench.output);
    return say(status, message);
}
