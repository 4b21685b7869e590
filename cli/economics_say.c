/* Both columns, and how far they are apart. */
#include <math.h>
#include <stdio.h>

#include "cli/economics.h"
#include "cli/output.h"

/* So few found lies, or audits, or so little variance of a share, say nothing: they are not spread as errors are. */
enum { FEW = 50, FEW_OF_SHARE = 10 };

static const double SIGMAS_MOST = 5;

struct row {
    const struct crux_cli_figure_text *text;
    double expected, measured, error, sigmas; /* NAN: there is none */
    uint64_t samples, off;
    bool wrong;
};

static bool is_few(int figure, const double *expected, const struct crux_cli_tally *tally,
                   const struct crux_cli_economics *what) {
    double claims = (double)what->games * what->e.batch, share = expected[figure];
    double lies = claims * what->lying / CRUX_SHARE_ONE;
    if (figure <= CRUX_CLI_FOUND_BATCH)
        return (double)tally->count * share * (1 - share) < FEW_OF_SHARE;
    if (figure == CRUX_CLI_AUDIT_COST) return claims * what->e.audited / CRUX_SHARE_ONE < FEW;
    if (figure == CRUX_CLI_PROMISE_GAIN) return lies * what->e.called / CRUX_SHARE_ONE < FEW;
    bool needs_found =
        figure == CRUX_CLI_AUDIT_INCOME || figure == CRUX_CLI_GAIN || figure == CRUX_CLI_EVEN_BOND;
    return needs_found && lies * expected[CRUX_CLI_FOUND] < FEW;
}

static void compare(struct row *row, const struct crux_cli_tally *tally, bool few) {
    bool is_mean = row->text->measure == CRUX_CLI_MEAN || row->text->measure == CRUX_CLI_EACH;
    if (tally->count == 0) return;
    row->samples = tally->count;
    row->off = tally->off;
    row->wrong = tally->off > 0;
    row->measured = tally->measured;
    if (row->text->measure == CRUX_CLI_AT_MOST) row->measured = tally->most;
    if (row->text->measure == CRUX_CLI_AT_LEAST) row->measured = tally->least;
    if (!is_mean || isnan(row->expected)) return;
    double difference = row->measured - row->expected;
    row->error = tally->error;
    if (fabs(difference) <= 1e-9 * (fabs(row->expected) + 1))
        row->sigmas = 0;
    else if (!few)
        row->sigmas = tally->error > 0 ? difference / tally->error : (double)INFINITY;
    row->wrong = row->wrong || fabs(row->sigmas) > SIGMAS_MOST; /* of NAN: not */
}

static struct row row_of(int figure, const double *expected,
                         const struct crux_cli_measured *measured,
                         const struct crux_cli_economics *what) {
    struct row row = {.text = &crux_cli_figures[figure],
                      .expected = expected[figure],
                      .measured = (double)NAN,
                      .error = (double)NAN,
                      .sigmas = (double)NAN};
    if (measured == NULL || row.text->measure == CRUX_CLI_UNMEASURED) return row;
    compare(&row, &measured->tally[figure],
            is_few(figure, expected, &measured->tally[figure], what));
    return row;
}

/* ---- for people ---- */

static void say_number(double value, const char *none) {
    if (isnan(value))
        (void)printf(" %14s", none);
    else if (value == floor(value) && fabs(value) < 1e15)
        (void)printf(" %14.0f", value);
    else
        (void)printf(" %14.*f", fabs(value) < 1 ? 6 : 2, value);
}

static void say_measured(const struct row *row) {
    static const char *const bounds[] = {
        [CRUX_CLI_AT_MOST] = "holds", [CRUX_CLI_AT_LEAST] = "holds"};
    say_number(row->measured, "-");
    if (row->samples == 0) return;
    if (row->text->measure == CRUX_CLI_AT_MOST || row->text->measure == CRUX_CLI_AT_LEAST) {
        (void)printf("  %s in %llu", row->off == 0 ? bounds[row->text->measure] : "BROKEN",
                     (unsigned long long)row->samples);
        return;
    }
    say_number(row->error, "-");
    if (isnan(row->sigmas))
        (void)printf("  too few to say");
    else
        (void)printf("  %+6.2f", row->sigmas);
    if (row->text->measure == CRUX_CLI_EACH)
        (void)printf(row->off == 0 ? ", exact in each game" : ", WRONG IN %llu GAMES",
                     (unsigned long long)row->off);
}

static void say_heading(int figure, bool measured) {
    static const struct {
        int first;
        const char *text;
    } parts[] = {{CRUX_CLI_FOUND, "What audits find"},
                 {CRUX_CLI_GAIN, "What lies, defences and fees come to"},
                 {CRUX_CLI_STALL, "What a flood of disputes costs"},
                 {CRUX_CLI_EXECUTOR_OUTLAY, "What honest sides lay out"},
                 {CRUX_CLI_PROMISE_GAIN, "What broken promises cost"}};
    for (size_t i = 0; i < CRUX_ARRAY_LEN(parts); i++) {
        if (parts[i].first != figure) continue;
        (void)printf("%s%-46s %-8s %14s", i == 0 ? "" : "\n", parts[i].text, "", "by formula");
        (void)printf(measured ? " %14s %14s  %s\n" : "\n", "measured", "error", "errors apart");
    }
}

static void say(const double *expected, const struct crux_cli_measured *measured,
                const struct crux_cli_economics *what) {
    for (int i = 0; i < CRUX_CLI_FIGURES; i++) {
        struct row row = row_of(i, expected, measured, what);
        say_heading(i, measured != NULL);
        (void)printf("%-46s %-8s", row.text->text, row.text->unit);
        say_number(row.expected, "none");
        if (measured != NULL) say_measured(&row);
        (void)printf("\n");
    }
}

/* ---- for programs ---- */

static json_t *real_or_null(double value) {
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *describe_assumed(const struct crux_cli_economics *what) {
    const struct crux_economics *e = &what->e;
    const struct crux_game_parameters *g = &e->game;
    const double one = CRUX_SHARE_ONE;
    json_t *assumed = json_pack(
        "{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "executor_bond",
        (json_int_t)g->executor_bond, "reward", (json_int_t)g->reward, "challenger_bond",
        (json_int_t)g->challenger_bond, "defence_cost", (json_int_t)g->defence_cost,
        "window_seconds", (json_int_t)g->window_seconds, "clock_seconds",
        (json_int_t)g->clock_seconds, "extension_seconds", (json_int_t)g->extension_seconds, "k",
        (json_int_t)g->k, "running_max", (json_int_t)g->running_max);
    json_t *more = json_pack(
        "{s:I, s:I, s:f, s:f, s:f, s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, "
        "s:I, s:I, s:I, s:I, s:I, s:I}",
        "layers", (json_int_t)e->layers, "sampled", (json_int_t)e->sampled, "audited",
        e->audited / one, "copied", e->copied / one, "lying", what->lying / one, "interest",
        e->interest / one, "response_seconds", (json_int_t)e->response, "batch",
        (json_int_t)e->batch, "execution_cost", (json_int_t)e->execution, "audit_cost",
        (json_int_t)e->audit, "saved", (json_int_t)e->saved, "prize", (json_int_t)e->prize, "fee",
        (json_int_t)e->fee, "move_cost", (json_int_t)e->move, "proof_cost", (json_int_t)e->proof,
        "pledge", (json_int_t)e->pledge, "called", e->called / one, "demand_fee",
        (json_int_t)g->demand_fee, "receipt_penalty", (json_int_t)g->receipt_penalty,
        "receipt_reward", (json_int_t)g->receipt_reward, "delay_seconds", (json_int_t)what->delay,
        "budget", (json_int_t)what->budget, "behind", (json_int_t)what->behind);
    if (assumed != NULL && more != NULL) (void)json_object_update(assumed, more);
    json_decref(more);
    return assumed;
}

static json_t *describe_row(const struct row *row, bool measured) {
    static const char *const kinds[] = {"formula", "mean", "each", "at_most", "at_least"};
    json_t *object = json_pack("{s:s, s:s, s:s, s:o, s:s}", "figure", row->text->key, "text",
                               row->text->text, "unit", row->text->unit, "formula",
                               real_or_null(row->expected), "kind", kinds[row->text->measure]);
    if (object == NULL || !measured || row->text->measure == CRUX_CLI_UNMEASURED) return object;
    (void)json_object_set_new(object, "measured", real_or_null(row->measured));
    (void)json_object_set_new(object, "error", real_or_null(row->error));
    (void)json_object_set_new(object, "sigmas", real_or_null(row->sigmas));
    (void)json_object_set_new(object, "samples", json_integer((json_int_t)row->samples));
    (void)json_object_set_new(object, "off", json_integer((json_int_t)row->off));
    return object;
}

static json_t *describe(const double *expected, const struct crux_cli_measured *measured,
                        const struct crux_cli_economics *what) {
    json_t *figures = json_array();
    for (int i = 0; figures != NULL && i < CRUX_CLI_FIGURES; i++) {
        struct row row = row_of(i, expected, measured, what);
        (void)json_array_append_new(figures, describe_row(&row, measured != NULL));
    }
    return json_pack("{s:o, s:I, s:I, s:o}", "assumed", describe_assumed(what), "games",
                     (json_int_t)what->games, "seed", (json_int_t)what->seed, "figures", figures);
}

int crux_cli_economics_say(const struct crux_cli_call *call, const struct crux_cli_economics *what,
                           const double expected[CRUX_CLI_FIGURES],
                           const struct crux_cli_measured *measured) {
    const char *wrong = NULL;
    for (int i = 0; i < CRUX_CLI_FIGURES && wrong == NULL; i++) {
        struct row row = row_of(i, expected, measured, what);
        if (row.wrong) wrong = row.text->key;
    }
    if (call->json && wrong == NULL)
        return (int)crux_cli_answer(call, describe(expected, measured, what));
    if (!call->json) say(expected, measured, what);
    if (wrong != NULL)
        return (int)crux_cli_fail(call, CRUX_E_INTERNAL,
                                  "the games do not bear out the formula of %s", wrong);
    return CRUX_CLI_OK;
}
