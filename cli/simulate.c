/* crux simulate: a claim, true or false, and the game about it, by players of which each does what it is. */
#include "cli/simulate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/output.h"
#include "cli/seconds.h"
#include "cli/simulate_asked.h"
#include "cli/simulate_runs.h"

enum { DRAWS_MAX = 12 };

/* ---- what was asked ---- */

/* Returns: false if no op of the program has that name. */
static bool take_fault(struct crux_cli_fault *fault, const char *name,
                       const struct crux_program *program) {
    *fault = (struct crux_cli_fault){.kind = CRUX_CLI_FAULT_OP, .op = name};
    for (int kind = 0; kind < CRUX_CLI_FAULTS; kind++) {
        if (kind == CRUX_CLI_FAULT_OP ||
            strcmp(name, crux_cli_fault_name((enum crux_cli_fault_kind)kind)) != 0)
            continue;
        fault->kind = (enum crux_cli_fault_kind)kind;
        return true;
    }
    return crux_cli_lie_fits_any(program, name);
}

/* ---- one simulation ---- */

static void forget(struct crux_cli_simulation *s) {
    if (s->own != s->honest) crux_archive_free(s->own);
    if (s->liar != s->honest) crux_archive_free(s->liar);
    s->own = s->liar = NULL;
    crux_cli_play_free(&s->play);
    crux_cli_fault_free(&s->fault);
    s->played = false;
}

static enum crux_status make_liar(struct crux_cli_simulation *s, struct crux_cli_random *random) {
    s->liar = s->honest;
    if (s->fault.kind == CRUX_CLI_FAULT_NONE) return CRUX_OK;
    for (unsigned i = 0; i < DRAWS_MAX; i++) {
        enum crux_status status =
            crux_cli_fault_run(&s->liar, &s->fault, &s->model, s->honest, random);
        if (status != CRUX_OK || s->liar != NULL) return status;
    }
    return CRUX_E_UNSUPPORTED;
}

/* The challenger's own run, to as many tokens as are claimed, whatever the request says of ends. */
static enum crux_status re_execute(struct crux_cli_simulation *s) {
    struct crux_archive_request request = s->model.request;
    if (crux_archive_claim(s->liar)->chosen_tokens ==
        crux_archive_claim(s->honest)->chosen_tokens) {
        s->own = s->honest; /* which is what it would compute */
        s->seconds_challenger = s->seconds_honest;
        return CRUX_OK;
    }
    double start = crux_cli_seconds();
    request.stop_early = crux_archive_claim(s->liar)->chosen_tokens;
    request.ignore_stops = true;
    enum crux_status status = crux_cli_demo_archive_of(&s->own, &s->model, &request, NULL, NULL);
    s->seconds_challenger = crux_cli_seconds() - start;
    return status;
}

/* In: s, with its model and honest run; name, of the fault.
 * Returns: CRUX_E_USAGE for no such fault, CRUX_E_UNSUPPORTED if it cannot be planted here. */
static enum crux_status simulate(struct crux_cli_simulation *s, const struct crux_cli_play *how,
                                 const char *name, uint64_t seed) {
    struct crux_cli_random random = {seed ^ UINT64_C(0x9e3779b97f4a7c15)};
    forget(s);
    s->seed = seed;
    s->play = *how;
    if (!take_fault(&s->fault, name, crux_cli_demo_program(&s->model))) return CRUX_E_USAGE;
    double start = crux_cli_seconds();
    enum crux_status status = make_liar(s, &random);
    s->seconds_executor = crux_cli_seconds() - start;
    if (status == CRUX_OK) status = re_execute(s);
    if (status != CRUX_OK) return status;
    s->play.executor = s->liar;
    s->play.own = s->own;
    s->play.model = &s->model.model;
    s->play.random = &random;
    status = crux_cli_play(&s->play);
    s->seconds_executor += s->play.seconds[0];
    s->seconds_challenger += s->play.seconds[1];
    s->played = status == CRUX_OK;
    s->play.random = NULL;
    return status;
}

const char *crux_cli_simulation_winner(const struct crux_cli_simulation *s) {
    return s->play.fell ? "challenger" : "executor";
}

bool crux_cli_simulation_just(const struct crux_cli_simulation *s) {
    bool should_fall = s->fault.kind != CRUX_CLI_FAULT_NONE || s->play.player == CRUX_CLI_HIDING ||
                       (s->play.player == CRUX_CLI_MUTE && s->play.disputes > 0);
    return s->play.fell == should_fall && s->play.final == !should_fall;
}

/* ---- the command ---- */

static enum crux_cli_exit failed(const struct crux_cli_call *call, enum crux_status status,
                                 const char *fault) {
    if (status == CRUX_E_USAGE)
        return crux_cli_fail(call, status, "--fault: '%.100s' is no fault, op or label", fault);
    if (status == CRUX_E_UNSUPPORTED)
        return crux_cli_fail(call, status,
                             "no fault of kind '%.100s' changes a claim of this run; another "
                             "--seed may",
                             fault);
    return crux_cli_fail(call, status, "the simulation: %s", crux_status_text(status));
}

static void progress(uint64_t done, uint64_t all) {
    if (isatty(STDERR_FILENO) != 0)
        (void)fprintf(stderr, "\r%llu of %llu simulations", (unsigned long long)done,
                      (unsigned long long)all);
    if (done == all && isatty(STDERR_FILENO) != 0) (void)fprintf(stderr, "\r%40s\r", "");
}

static enum crux_cli_exit many(const struct crux_cli_call *call, struct crux_cli_simulation *s,
                               const struct crux_cli_play *how, const char *fault) {
    static const char *const ops[] = {"load", "store", "contract", "reduce", "map",
                                      "lut",  "div",   "sqrt",     "rand",   "find"};
    bool each = strcmp(fault, "each") == 0;
    uint64_t kinds = each ? CRUX_ARRAY_LEN(ops) + CRUX_CLI_FAULTS - 2 : 1;
    uint64_t runs = call->option[CRUX_CLI_SIMULATE_RUNS].given
                        ? call->option[CRUX_CLI_SIMULATE_RUNS].number
                        : 1;
    struct crux_cli_runs figures = {.count = 0};
    enum crux_cli_exit code = CRUX_CLI_OK;
    uint64_t first = s->seed;
    for (uint64_t i = 0; code == CRUX_CLI_OK && i < runs * kinds; i++) {
        size_t kind = (size_t)(i % kinds);
        const char *name = !each ? fault
                           : kind < CRUX_ARRAY_LEN(ops)
                               ? ops[kind]
                               : crux_cli_fault_name((enum crux_cli_fault_kind)(
                                     kind - CRUX_ARRAY_LEN(ops) + CRUX_CLI_FAULT_SAMPLING));
        enum crux_status status = simulate(s, how, name, first + i / kinds);
        if (status == CRUX_E_UNSUPPORTED && (each || runs > 1))
            status = crux_cli_runs_skip(&figures, name);
        else if (status == CRUX_OK)
            status = crux_cli_runs_add(&figures, name, s);
        if (status != CRUX_OK) code = failed(call, status, name);
        progress(i + 1, runs * kinds);
    }
    if (code == CRUX_CLI_OK) code = crux_cli_runs_say(call, &figures);
    crux_cli_runs_free(&figures);
    return code;
}

static enum crux_cli_exit run_simulation(const struct crux_cli_call *call,
                                         struct crux_cli_simulation *s) {
    const struct crux_cli_value *option = call->option;
    const char *fault =
        option[CRUX_CLI_SIMULATE_FAULT].given ? option[CRUX_CLI_SIMULATE_FAULT].text : "random";
    struct crux_cli_play how = {.count = 0};
    enum crux_cli_exit code = crux_cli_simulate_asked(&how, call, fault);
    s->seed = option[CRUX_CLI_SIMULATE_SEED].given ? option[CRUX_CLI_SIMULATE_SEED].number : 1;
    struct crux_cli_random random = {s->seed};
    if (code == CRUX_CLI_OK) code = crux_cli_demo_model_open(&s->model, call, s->seed, &random);
    if (code != CRUX_CLI_OK) return code;
    double start = crux_cli_seconds();
    enum crux_status status = crux_cli_demo_archive(&s->honest, &s->model, NULL);
    s->seconds_honest = crux_cli_seconds() - start;
    if (status == CRUX_OK)
        status = crux_cli_demo_answer(&s->answer, &s->model, crux_archive_tokens(s->honest));
    if (status != CRUX_OK)
        return crux_cli_fail(call, status, "the run: %s", crux_status_text(status));
    if (option[CRUX_CLI_SIMULATE_RUNS].given || strcmp(fault, "each") == 0) {
        if (option[CRUX_CLI_SIMULATE_REPORT].given)
            return crux_cli_fail(call, CRUX_E_USAGE, "--report is of one simulation");
        return many(call, s, &how, fault);
    }
    status = simulate(s, &how, fault, s->seed);
    if (status != CRUX_OK) return failed(call, status, fault);
    if (s->fault.kind == CRUX_CLI_FAULT_NONE) s->seconds_executor += s->seconds_honest;
    if (!crux_cli_simulation_just(s) && s->play.cover.holds)
        return crux_cli_fail(call, CRUX_E_INTERNAL, "the honest side lost: seed %llu, fault %.100s",
                             (unsigned long long)s->seed, fault);
    if (option[CRUX_CLI_SIMULATE_REPORT].given)
        code = crux_cli_simulate_report(call, option[CRUX_CLI_SIMULATE_REPORT].text, s);
    return code == CRUX_CLI_OK ? crux_cli_simulate_say(call, s) : code;
}

enum crux_cli_exit crux_cli_run_simulate(const struct crux_cli_call *call) {
    struct crux_cli_simulation *s = calloc(1, sizeof *s);
    if (s == NULL) return crux_cli_fail(call, CRUX_E_OUT_OF_MEMORY, "no memory for a simulation");
    enum crux_cli_exit code = run_simulation(call, s);
    forget(s);
    crux_archive_free(s->honest);
    crux_text_free(&s->answer);
    crux_cli_demo_model_close(&s->model);
    free(s);
    return code;
}
