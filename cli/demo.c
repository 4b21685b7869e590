/* crux demo: a whole dispute in one process. Everything it tells was computed for it. */
#include "cli/demo.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/file.h"
#include "cli/output.h"
#include "cli/suggest.h"

enum {
    OPTION_SEED = CRUX_CLI_DEMO_MODEL_OPTIONS,
    OPTION_FAULT,
    OPTION_K,
    OPTION_OUTPUT,
    OPTION_COUNT
};

const struct crux_cli_option crux_cli_demo_options[] = {
    CRUX_CLI_DEMO_MODEL_HELP,
    [OPTION_SEED] = {.name = "seed",
                     .kind = CRUX_CLI_NUMBER,
                     .value = "N",
                     .help = "of weights, request and lie (default 1)",
                     .most = INT64_MAX},
    [OPTION_FAULT] = {.name = "fault",
                      .kind = CRUX_CLI_TEXT,
                      .value = "OP",
                      .help = "lie in such an op: contract, .. or its label (default random)"},
    [OPTION_K] = {.name = "k",
                  .kind = CRUX_CLI_NUMBER,
                  .value = "N",
                  .help = "nodes revealed in a round, a power of two (default 16)",
                  .least = 2,
                  .most = 64},
    [OPTION_OUTPUT] = {.name = "output",
                       .letter = 'o',
                       .kind = CRUX_CLI_TEXT,
                       .value = "FILE",
                       .help = "keep claim, element and witness, for `crux witness show`"},
    [OPTION_COUNT] = {.name = NULL},
};

enum { LIES_MAX = 64 };

static double now(void) {
    struct timespec time;
    if (clock_gettime(CLOCK_MONOTONIC, &time) != 0) return 0;
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* ---- the acts ---- */

static const struct crux_program *program_of(const struct crux_cli_demo *demo) {
    return crux_cli_demo_program(&demo->model);
}

static enum crux_status run_honest(struct crux_cli_demo *demo) {
    double start = now();
    const struct crux_program *program = program_of(demo);
    enum crux_status status = crux_cli_demo_archive(&demo->honest, &demo->model, NULL);
    demo->honest_seconds = now() - start;
    if (status != CRUX_OK) return status;
    const struct crux_run *run = crux_archive_tokens(demo->honest);
    demo->trace_leaves = crux_trace_leaves(run->positions, program->header.layers);
    for (uint32_t pos = 0; pos < run->positions; pos++) {
        for (uint32_t layer = 0; layer < program->header.layers; layer++) {
            for (uint32_t store = 0; store < program->layers[layer].stores; store++) {
                const struct crux_run_record *record = crux_run_record_at(run, pos, layer, store);
                if (record == NULL) continue;
                const struct crux_layer *l = &program->layers[layer];
                unsigned dtype = program->ops[l->first + l->ops - l->stores + store].op.dtype;
                demo->record_bytes += record->elements * crux_dtype_bytes(dtype);
            }
        }
    }
    return crux_cli_demo_answer(&demo->answer, &demo->model, run);
}

static bool same_trace(const struct crux_archive *a, const struct crux_archive *b) {
    return memcmp(crux_archive_claim(a)->trace_root, crux_archive_claim(b)->trace_root, 32) == 0;
}

static bool same_length(const struct crux_archive *a, const struct crux_archive *b) {
    return crux_archive_tokens(a)->chosen == crux_archive_tokens(b)->chosen;
}

/* A lie that reaches no record leaves the claim as it is, so another is drawn. */
static enum crux_status run_liar(struct crux_cli_demo *demo, const char *fault,
                                 struct crux_cli_random *random) {
    for (; demo->lies_lost < LIES_MAX; demo->lies_lost++) {
        enum crux_status status =
            crux_cli_lie_draw(&demo->lie, demo->honest, program_of(demo), 0, fault, random);
        if (status != CRUX_OK) return status;
        struct crux_lie lie = crux_cli_lie_plant(&demo->lie);
        status = crux_cli_demo_archive(&demo->liar, &demo->model, &lie);
        if (status != CRUX_OK) return status;
        if (!same_trace(demo->liar, demo->honest) && same_length(demo->liar, demo->honest))
            return CRUX_OK;
        crux_archive_free(demo->liar);
        demo->liar = NULL;
    }
    return CRUX_E_UNSUPPORTED;
}

static void see_values(void *ctx, int64_t claimed, int64_t lawful) {
    struct crux_cli_demo *demo = ctx;
    demo->claimed = claimed;
    demo->lawful = lawful;
}

/* Has an element of an archive judged.  Out: demo->witness, claimed, lawful; element's roots; bytes; finding. */
static enum crux_status judge(struct crux_cli_demo *demo, struct crux_archive *archive,
                              struct crux_element_id *element, size_t *bytes,
                              enum crux_finding *finding) {
    struct crux_observer observer = {.ctx = demo, .compared = see_values};
    struct crux_evidence evidence;
    struct crux_writer writer;
    crux_archive_evidence(archive, &evidence);
    crux_writer_init(&writer, demo->witness, sizeof demo->witness);
    enum crux_status status = crux_witness_address(element, &evidence);
    if (status == CRUX_OK) status = crux_witness_build(&writer, &evidence, element);
    if (status != CRUX_OK) return status;
    *bytes = writer.at;
    double start = now();
    status = crux_adjudicate_watched(finding, crux_archive_claim(archive), element, demo->witness,
                                     writer.at, &observer);
    demo->adjudicate_seconds = now() - start;
    return status;
}

static enum crux_status challenge(struct crux_cli_demo *demo) {
    double start = now();
    enum crux_status status = crux_cli_demo_archive(&demo->challenger, &demo->model, NULL);
    demo->challenger_seconds = now() - start;
    if (status != CRUX_OK) return status;
    if (!same_trace(demo->challenger, demo->honest)) return CRUX_E_INTERNAL;
    start = now();
    status = crux_cli_narrow(&demo->narrowing, demo->liar, demo->challenger, program_of(demo));
    demo->narrow_seconds = now() - start;
    return status;
}

/* The element that the narrowing ends at is the planted one: whoever changes this code should hear it if not. */
static bool found_the_lie(const struct crux_cli_demo *demo) {
    const struct crux_element_id *found = &demo->narrowing.element;
    return found->pos == demo->lie.pos && found->layer == demo->lie.layer &&
           found->op == demo->lie.op && found->index == demo->lie.element &&
           demo->claimed == demo->lie.value && demo->lawful == demo->lie.honest;
}

static enum crux_status play(struct crux_cli_demo *demo, const char *fault,
                             struct crux_cli_random *random) {
    enum crux_status status = run_honest(demo);
    if (status == CRUX_OK) status = run_liar(demo, fault, random);
    if (status != CRUX_OK) return status;
    struct crux_element_id element = {.kind = CRUX_ELEMENT_VALUE,
                                      .pos = demo->lie.pos,
                                      .layer = demo->lie.layer,
                                      .op = demo->lie.op,
                                      .index = demo->lie.element};
    status =
        judge(demo, demo->honest, &element, &demo->honest_witness_bytes, &demo->honest_finding);
    if (status == CRUX_OK) status = challenge(demo);
    if (status == CRUX_OK)
        status =
            judge(demo, demo->liar, &demo->narrowing.element, &demo->witness_bytes, &demo->finding);
    if (status != CRUX_OK) return status;
    bool as_it_should = demo->honest_finding == CRUX_CONSISTENT &&
                        demo->finding == CRUX_INCONSISTENT && found_the_lie(demo);
    return as_it_should ? CRUX_OK : CRUX_E_INTERNAL;
}

/* ---- the command ---- */

static enum crux_cli_exit no_such_op(const struct crux_cli_call *call,
                                     const struct crux_program *program, const char *fault) {
    struct crux_cli_nearest nearest;
    crux_cli_nearest_init(&nearest, fault, strlen(fault));
    for (uint32_t i = 0; i < program->op_count; i++) {
        const char *name = crux_opcode_name(program->ops[i].op.code);
        crux_cli_nearest_offer(&nearest, name, strlen(name));
        crux_cli_nearest_offer(&nearest, program->ops[i].label, strlen(program->ops[i].label));
    }
    if (nearest.name == NULL)
        return crux_cli_fail(call, CRUX_E_USAGE,
                             "--fault takes `random`, an op such as contract, or a label that "
                             "`crux program show` prints, not '%.100s'",
                             fault);
    return crux_cli_fail(call, CRUX_E_USAGE,
                         "--fault: no op is called '%.100s'; did you mean %.*s?", fault,
                         (int)nearest.name_len, nearest.name);
}

static enum crux_cli_exit keep_case(const struct crux_cli_call *call,
                                    const struct crux_cli_demo *demo, const char *path) {
    static uint8_t bytes[CRUX_CASE_HEAD_BYTES + CRUX_WITNESS_BYTES_MAX];
    char message[CRUX_CLI_MESSAGE_BYTES];
    struct crux_case c = {.claim = *crux_archive_claim(demo->liar),
                          .element = demo->narrowing.element,
                          .witness = demo->witness,
                          .witness_bytes = (uint32_t)demo->witness_bytes};
    struct crux_writer writer;
    crux_writer_init(&writer, bytes, sizeof bytes);
    enum crux_status status = crux_case_encode(&writer, &c);
    if (status != CRUX_OK) return crux_cli_fail(call, status, "the case does not encode");
    status = crux_cli_file_write(message, path, bytes, writer.at);
    return status == CRUX_OK ? CRUX_CLI_OK : crux_cli_fail(call, status, "%s", message);
}

static enum crux_cli_exit run_demo(const struct crux_cli_call *call, struct crux_cli_demo *demo) {
    const struct crux_cli_value *option = call->option;
    const char *fault = option[OPTION_FAULT].given ? option[OPTION_FAULT].text : "random";
    uint64_t k = option[OPTION_K].given ? option[OPTION_K].number : 16;
    if ((k & (k - 1)) != 0)
        return crux_cli_fail(call, CRUX_E_USAGE, "--k takes a power of two, not %u", (unsigned)k);
    while (UINT64_C(1) << demo->narrowing.k_log2 < k) demo->narrowing.k_log2++;
    demo->seed = option[OPTION_SEED].given ? option[OPTION_SEED].number : 1;
    struct crux_cli_random random = {demo->seed};
    enum crux_cli_exit code = crux_cli_demo_model_open(&demo->model, call, demo->seed, &random);
    if (code != CRUX_CLI_OK) return code;
    if (!crux_cli_lie_fits_any(program_of(demo), fault))
        return no_such_op(call, program_of(demo), fault);
    enum crux_status status = play(demo, fault, &random);
    if (status == CRUX_E_UNSUPPORTED)
        return crux_cli_fail(call, status,
                             "no lie in '%.100s' reached a record of this run; another --seed may",
                             fault);
    if (status != CRUX_OK) return crux_cli_fail(call, status, "%s", crux_status_text(status));
    if (option[OPTION_OUTPUT].given) {
        enum crux_cli_exit kept = keep_case(call, demo, option[OPTION_OUTPUT].text);
        if (kept != CRUX_CLI_OK) return kept;
    }
    return crux_cli_demo_say(call, demo);
}

enum crux_cli_exit crux_cli_run_demo(const struct crux_cli_call *call) {
    struct crux_cli_demo *demo = calloc(1, sizeof *demo);
    if (demo == NULL) return crux_cli_fail(call, CRUX_E_OUT_OF_MEMORY, "no memory for the demo");
    enum crux_cli_exit code = run_demo(call, demo);
    crux_archive_free(demo->honest);
    crux_archive_free(demo->liar);
    crux_archive_free(demo->challenger);
    crux_text_free(&demo->answer);
    crux_cli_demo_model_close(&demo->model);
    free(demo);
    return code;
}
