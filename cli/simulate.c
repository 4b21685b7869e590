/* crux simulate: a claim, true or false, and the game about it, by players of which each does what it is. */
#include "cli/simulate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/output.h"
#include "chain-adapter/io/seconds.h"
#include "cli/simulate_asked.h"
#include "cli/simulate_runs.h"
#include "cli/suggest.h"

enum { DRAWS_MAX = 12 };

/* Returns: false if no op of the program has that name. */
static bool take_fault(struct crux_cli_fault *fault, const char *name,
                       const struct crux_program *program) {
    double step_seconds = fault->step_seconds; /* of the honest run's open step, which stays */
    *fault = (struct crux_cli_fault){
        .kind = CRUX_CLI_FAULT_OP, .op = name, .step_seconds = step_seconds};
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
}

static bool is_of_op(const struct crux_cli_fault *fault) {
    return fault->kind == CRUX_CLI_FAULT_OP || fault->kind == CRUX_CLI_FAULT_SAMPLING;
}

static enum crux_status make_liar(struct crux_cli_simulation *s, struct crux_cli_random *random) {
    s->liar = s->honest;
    s->seconds_run[CRUX_CLI_EXECUTOR] = s->seconds_honest;
    if (s->fault.kind == CRUX_CLI_FAULT_NONE) return CRUX_OK;
    for (unsigned i = 0; i < DRAWS_MAX; i++) {
        enum crux_status status =
            crux_cli_fault_run(&s->liar, &s->fault, &s->model, s->honest, s->seed, random);
        s->seconds_run[CRUX_CLI_EXECUTOR] =
            s->fault.run_seconds + (is_of_op(&s->fault) ? s->fault.step_seconds : 0);
        if (status != CRUX_OK || s->liar != NULL) return status;
    }
    return CRUX_E_UNSUPPORTED;
}

/* The challenger's own run, to as many tokens as are claimed, whatever the request says of ends. */
static enum crux_status re_execute(struct crux_cli_simulation *s) {
    struct crux_archive_request request = s->model.request;
    uint32_t claimed = crux_archive_claim(s->liar)->chosen_tokens;
    if (claimed == crux_archive_claim(s->honest)->chosen_tokens) {
        s->own = s->honest; /* which is what it would compute */
        s->seconds_run[CRUX_CLI_CHALLENGER] =
            s->seconds_honest + (is_of_op(&s->fault) ? s->fault.step_seconds : 0);
        return CRUX_OK;
    }
    double start = crux_seconds();
    request.stop_early = claimed;
    request.ignore_stops = true;
    enum crux_status status = crux_cli_simulate_run_of(&s->own, &s->model, &request, NULL, NULL);
    s->seconds_run[CRUX_CLI_CHALLENGER] = crux_seconds() - start;
    return status;
}

enum crux_status crux_cli_simulate_prepare(struct crux_cli_simulation *s, const char *fault,
                                           uint64_t seed) {
    struct crux_cli_random random = {seed ^ UINT64_C(0x9e3779b97f4a7c15)};
    forget(s);
    s->seed = seed;
    if (!take_fault(&s->fault, fault, crux_cli_simulate_program(&s->model))) return CRUX_E_USAGE;
    enum crux_status status = make_liar(s, &random);
    return status == CRUX_OK ? re_execute(s) : status;
}

static enum crux_status play(struct crux_cli_simulation *s, const struct crux_cli_play *how) {
    struct crux_cli_random random = {s->seed * UINT64_C(0xd1342543de82ef95) + 1};
    crux_cli_play_free(&s->play);
    s->play = *how;
    s->play.model = &s->model.model;
    s->play.random = &random;
    enum crux_status status = crux_cli_play(&s->play);
    s->play.random = NULL;
    s->seconds_executor = s->seconds_run[CRUX_CLI_EXECUTOR] + s->play.seconds[CRUX_CLI_EXECUTOR];
    s->seconds_challenger =
        s->seconds_run[CRUX_CLI_CHALLENGER] + s->play.seconds[CRUX_CLI_CHALLENGER];
    if (status == CRUX_OK) crux_cli_simulate_judge(s);
    return status;
}

enum crux_status crux_cli_simulate_play(struct crux_cli_simulation *s,
                                        const struct crux_cli_play *how) {
    struct crux_cli_play game = *how;
    game.executor = s->liar;
    game.own = s->own;
    return play(s, &game);
}

enum crux_status crux_cli_simulate_play_sham(struct crux_cli_simulation *s,
                                             const struct crux_cli_play *how) {
    struct crux_cli_play game = *how;
    game.executor = game.own = s->honest;
    game.player = CRUX_CLI_SHAM;
    game.aim = crux_cli_fault_aim(&s->fault, crux_cli_simulate_program(&s->model),
                                  crux_archive_claim(s->honest));
    return play(s, &game);
}

const char *crux_cli_simulation_winner(const struct crux_cli_simulation *s) {
    return s->play.fell ? "challenger" : "executor";
}

bool crux_cli_simulation_just(const struct crux_cli_simulation *s) {
    const struct crux_cli_play *game = &s->play;
    bool is_false = game->executor != s->honest;
    bool should_fall = is_false || game->player == CRUX_CLI_HIDING ||
                       (game->player == CRUX_CLI_MUTE && game->disputes > 0);
    return game->fell == should_fall && game->final == !should_fall;
}

/* ---- the command ---- */

static enum crux_cli_exit no_such_fault(const struct crux_cli_call *call,
                                        const struct crux_program *program, const char *fault) {
    struct crux_cli_nearest nearest;
    crux_cli_nearest_init(&nearest, fault, strlen(fault));
    for (int kind = 0; kind < CRUX_CLI_FAULTS; kind++) {
        const char *name = crux_cli_fault_name((enum crux_cli_fault_kind)kind);
        crux_cli_nearest_offer(&nearest, name, strlen(name));
    }
    for (uint32_t i = 0; i < program->op_count; i++) {
        const char *name = crux_opcode_name(program->ops[i].op.code);
        crux_cli_nearest_offer(&nearest, name, strlen(name));
        crux_cli_nearest_offer(&nearest, program->ops[i].label, strlen(program->ops[i].label));
    }
    if (nearest.name == NULL)
        return crux_cli_fail(call, CRUX_E_USAGE, "--fault: '%.100s' is no fault, op or label",
                             fault);
    return crux_cli_fail(call, CRUX_E_USAGE,
                         "--fault: '%.100s' is no fault, op or label; did you mean %.*s?", fault,
                         (int)nearest.name_len, nearest.name);
}

static enum crux_cli_exit failed(const struct crux_cli_call *call,
                                 const struct crux_cli_simulation *s, enum crux_status status,
                                 const char *fault) {
    if (status == CRUX_E_USAGE)
        return no_such_fault(call, crux_cli_simulate_program(&s->model), fault);
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
    uint64_t runs = call->option[CRUX_CLI_SIMULATE_RUNS].number, first = s->seed;
    struct crux_cli_runs figures = {.count = 0};
    enum crux_cli_exit code = CRUX_CLI_OK;
    for (uint64_t i = 0; code == CRUX_CLI_OK && i < runs; i++) {
        enum crux_status status = crux_cli_simulate_prepare(s, fault, first + i);
        if (status == CRUX_E_UNSUPPORTED && runs > 1) {
            status = crux_cli_runs_skip(&figures, fault);
        } else if (status == CRUX_OK) {
            status = crux_cli_simulate_play(s, how);
            if (status == CRUX_OK) status = crux_cli_runs_add(&figures, fault, s);
        }
        if (status != CRUX_OK) code = failed(call, s, status, fault);
        progress(i + 1, runs);
    }
    if (code == CRUX_CLI_OK) code = crux_cli_runs_say(call, &figures);
    crux_cli_runs_free(&figures);
    return code;
}

static enum crux_cli_exit one(const struct crux_cli_call *call, struct crux_cli_simulation *s,
                              const struct crux_cli_play *how, const char *fault) {
    const struct crux_cli_value *option = call->option;
    enum crux_cli_exit code = CRUX_CLI_OK;
    enum crux_status status = crux_cli_simulate_prepare(s, fault, s->seed);
    if (status == CRUX_OK) status = crux_cli_simulate_play(s, how);
    if (status != CRUX_OK) return failed(call, s, status, fault);
    if (!crux_cli_simulation_just(s) && s->play.cover.holds)
        return crux_cli_fail(call, CRUX_E_INTERNAL, "the honest side lost: seed %llu, fault %.100s",
                             (unsigned long long)s->seed, fault);
    if (option[CRUX_CLI_SIMULATE_REPORT].given)
        code = crux_cli_simulate_report(call, option[CRUX_CLI_SIMULATE_REPORT].text, s);
    if (code == CRUX_CLI_OK && option[CRUX_CLI_SIMULATE_OUTPUT].given)
        code = crux_cli_simulate_keep(call, option[CRUX_CLI_SIMULATE_OUTPUT].text, s);
    return code == CRUX_CLI_OK ? crux_cli_simulate_say(call, s) : code;
}

static enum crux_cli_exit run_simulation(const struct crux_cli_call *call,
                                         struct crux_cli_simulation *s) {
    const struct crux_cli_value *option = call->option;
    const char *fault =
        option[CRUX_CLI_SIMULATE_FAULT].given ? option[CRUX_CLI_SIMULATE_FAULT].text : "random";
    bool each = strcmp(fault, "each") == 0, every_op = strcmp(fault, "each-op") == 0;
    struct crux_cli_play how = {.count = 0};
    enum crux_cli_exit code = crux_cli_simulate_asked(&how, call, fault);
    s->seed = option[CRUX_CLI_SIMULATE_SEED].given ? option[CRUX_CLI_SIMULATE_SEED].number : 1;
    struct crux_cli_random random = {s->seed};
    if (code == CRUX_CLI_OK) code = crux_cli_simulate_model_open(&s->model, call, s->seed, &random);
    if (code != CRUX_CLI_OK) return code;
    if (each || every_op) crux_cli_simulate_model_sample(&s->model);
    double start = crux_seconds();
    enum crux_status status = crux_cli_simulate_run(&s->honest, &s->model, NULL);
    s->seconds_honest = crux_seconds() - start;
    if (status == CRUX_OK)
        status = crux_cli_simulate_answer(&s->answer, &s->model, crux_archive_tokens(s->honest));
    if (status != CRUX_OK)
        return crux_cli_fail(call, status, "the run: %s", crux_status_text(status));
    if (each || every_op) return crux_cli_simulate_each(call, s, &how, every_op);
    return option[CRUX_CLI_SIMULATE_RUNS].given ? many(call, s, &how, fault)
                                                : one(call, s, &how, fault);
}

enum crux_cli_exit crux_cli_run_simulate(const struct crux_cli_call *call) {
    struct crux_cli_simulation *s = calloc(1, sizeof *s);
    if (s == NULL) return crux_cli_fail(call, CRUX_E_OUT_OF_MEMORY, "no memory for a simulation");
    enum crux_cli_exit code = run_simulation(call, s);
    forget(s);
    crux_archive_free(s->honest);
    crux_text_free(&s->answer);
    crux_cli_simulate_model_close(&s->model);
    free(s);
    return code;
}
