/* The figures by formula.   spec/75-economics.md */
#include <math.h>

#include "cli/economics.h"

const struct crux_cli_figure_text crux_cli_figures[CRUX_CLI_FIGURES] = {
    [CRUX_CLI_FOUND] = {"found", "a lie is found", "chance", CRUX_CLI_MEAN},
    [CRUX_CLI_FOUND_10] = {"found_of_10", "one of 10 lies is found", "chance", CRUX_CLI_MEAN},
    [CRUX_CLI_FOUND_100] = {"found_of_100", "one of 100 lies is found", "chance", CRUX_CLI_MEAN},
    [CRUX_CLI_FOUND_1000] = {"found_of_1000", "one of 1000 lies is found", "chance", CRUX_CLI_MEAN},
    [CRUX_CLI_FOUND_BATCH] = {"found_in_batch", "a batch falls in part", "chance", CRUX_CLI_MEAN},
    [CRUX_CLI_AUDIT_COST] = {"audit_cost", "auditing costs, a claim", "units", CRUX_CLI_MEAN},
    [CRUX_CLI_AUDIT_INCOME] = {"audit_income", "an auditor earns, an audited claim", "units",
                               CRUX_CLI_MEAN},
    [CRUX_CLI_AUDIT_EVEN] = {"audit_breaks_even", "audits pay from this share of lies on", "share",
                             CRUX_CLI_UNMEASURED},
    [CRUX_CLI_GAIN] = {"gain", "a lie gains over an honest claim", "units", CRUX_CLI_MEAN},
    [CRUX_CLI_EVEN_BOND] = {"even_bond", "bond under which it would gain nothing", "units",
                            CRUX_CLI_MEAN},
    [CRUX_CLI_LEAST_BOND] = {"least_bond", "least executor bond, no copycats", "units",
                             CRUX_CLI_UNMEASURED},
    [CRUX_CLI_LEAST_BOND_COPIED] = {"least_bond_copied", "the same, each reward to a copycat",
                                    "units", CRUX_CLI_UNMEASURED},
    [CRUX_CLI_BURNED] = {"burned", "burned of a liar's bond", "units", CRUX_CLI_EACH},
    [CRUX_CLI_DEFENCE] = {"defence", "a defence costs at most", "units", CRUX_CLI_AT_MOST},
    [CRUX_CLI_LEAST_CHALLENGER_BOND] = {"least_challenger_bond", "least challenger bond", "units",
                                        CRUX_CLI_UNMEASURED},
    [CRUX_CLI_FEE] = {"break_even_fee", "fee at which an executor loses nothing", "units",
                      CRUX_CLI_UNMEASURED},
    [CRUX_CLI_FEE_AUDITS] = {"break_even_fee_with_audits", "the same, and pays for the audits",
                             "units", CRUX_CLI_UNMEASURED},
    [CRUX_CLI_STALL] = {"stall", "a dispute silent after its step holds a claim", "seconds",
                        CRUX_CLI_EACH},
    [CRUX_CLI_STALL_MOST] = {"stall_most", "any dispute of a true claim, at most", "seconds",
                             CRUX_CLI_UNMEASURED},
    [CRUX_CLI_FLOOD_COST] = {"flood_cost", "1 to 24 disputes cost, on average", "units",
                             CRUX_CLI_EACH},
    [CRUX_CLI_FLOOD_DELAY] = {"flood_delay", "and put a claim off by", "seconds", CRUX_CLI_EACH},
    [CRUX_CLI_FLOOD_INCOME] = {"flood_income", "and pay its executor", "units", CRUX_CLI_EACH},
    [CRUX_CLI_DELAY_COST] = {"delay_cost", "putting it off by --delay costs at least", "units",
                             CRUX_CLI_AT_LEAST},
    [CRUX_CLI_BUDGET_DELAY] = {"budget_delay", "--budget puts it off by at most", "seconds",
                               CRUX_CLI_AT_MOST},
    [CRUX_CLI_EXECUTOR_OUTLAY] = {"executor_outlay", "executor's outlay on defences, at once",
                                  "units", CRUX_CLI_UNMEASURED},
    [CRUX_CLI_BEHIND_BOND] = {"behind_bond", "bond behind 0 to --behind others", "units",
                              CRUX_CLI_EACH},
    [CRUX_CLI_BEHIND_TIME] = {"behind_time", "repaid by a liar's silence after", "seconds",
                              CRUX_CLI_EACH},
    [CRUX_CLI_CHALLENGER_OUTLAY] = {"challenger_outlay", "challenger's outlay, nobody before it",
                                    "units", CRUX_CLI_AT_MOST},
    [CRUX_CLI_CHALLENGER_REPAID] = {"challenger_repaid", "repaid, --behind before it, at most",
                                    "seconds", CRUX_CLI_AT_MOST},
    [CRUX_CLI_CHALLENGER_NET] = {"challenger_net", "a challenger who wins keeps at least", "units",
                                 CRUX_CLI_AT_LEAST},
    [CRUX_CLI_PROMISE_GAIN] = {"promise_gain", "a broken promise gains over an honest claim",
                               "units", CRUX_CLI_MEAN},
    [CRUX_CLI_PROMISE_CALLED] = {"promise_called", "called in this share, it would gain nothing",
                                 "share", CRUX_CLI_UNMEASURED},
    [CRUX_CLI_PROMISES_COST] = {"promises_cost", "a batch of them, all called, costs", "units",
                                CRUX_CLI_EACH},
    [CRUX_CLI_PROMISES_BURNED] = {"promises_burned", "of which is burned", "units", CRUX_CLI_EACH},
    [CRUX_CLI_CONVICTION] = {"conviction_burned", "burned of a convicted one's pledge", "units",
                             CRUX_CLI_EACH},
    [CRUX_CLI_CALL_NET] = {"call_net", "who calls a broken promise keeps", "units", CRUX_CLI_EACH},
    [CRUX_CLI_CALL_EVEN] = {"call_breaks_even", "calls pay from this share of broken ones on",
                            "share", CRUX_CLI_UNMEASURED},
    [CRUX_CLI_KEEP_NET] = {"keep_net", "a call that it keeps brings its executor", "units",
                           CRUX_CLI_EACH},
};

static double number(struct crux_ratio ratio) {
    return ratio.den == 0 ? (double)NAN : (double)ratio.num / (double)ratio.den;
}

static double whole(uint64_t value) {
    return value == CRUX_ECONOMICS_NONE ? (double)NAN : (double)value;
}

/* spec/75-economics.md#audits: "1 - (1 - q)^n" */
static double within(double chance, double claims) {
    return -expm1(claims * log1p(-chance));
}

static void expect_audits(double *out, const struct crux_cli_economics *what) {
    const struct crux_economics *e = &what->e;
    double q = number(crux_economics_found(e)), lying = what->lying / (double)CRUX_SHARE_ONE;
    out[CRUX_CLI_FOUND] = q;
    out[CRUX_CLI_FOUND_10] = within(q, 10);
    out[CRUX_CLI_FOUND_100] = within(q, 100);
    out[CRUX_CLI_FOUND_1000] = within(q, 1000);
    out[CRUX_CLI_FOUND_BATCH] = within(q * lying, e->batch);
    out[CRUX_CLI_AUDIT_COST] = number(crux_economics_audit_cost(e));
    out[CRUX_CLI_AUDIT_INCOME] = number(crux_economics_audit_income(e, what->lying));
    out[CRUX_CLI_AUDIT_EVEN] = number(crux_economics_audit_breaks_even(e));
}

static void expect_bonds(double *out, const struct crux_economics *e) {
    out[CRUX_CLI_GAIN] = number(crux_economics_gain(e));
    out[CRUX_CLI_EVEN_BOND] = number(crux_economics_even_bond(e, e->copied));
    out[CRUX_CLI_LEAST_BOND] = whole(crux_economics_least_bond(e, 0));
    out[CRUX_CLI_LEAST_BOND_COPIED] = whole(crux_economics_least_bond(e, CRUX_SHARE_ONE));
    out[CRUX_CLI_BURNED] = (double)(e->game.executor_bond - e->game.reward);
    out[CRUX_CLI_DEFENCE] = whole(crux_economics_defence(e));
    out[CRUX_CLI_LEAST_CHALLENGER_BOND] = whole(crux_economics_least_challenger_bond(e));
    out[CRUX_CLI_FEE] = number(crux_economics_break_even_fee(e));
    out[CRUX_CLI_FEE_AUDITS] = out[CRUX_CLI_FEE] + number(crux_economics_audit_cost(e));
}

static void expect_floods(double *out, const struct crux_cli_economics *what) {
    const struct crux_economics *e = &what->e;
    uint64_t stall = crux_economics_stall(e, 1);
    uint64_t most = crux_economics_stall(e, crux_game_moves_max(e->game.k));
    double cost = 0, delay = 0, income = 0;
    for (uint32_t n = 1; n <= CRUX_CLI_FLOOD_MOST; n++) {
        cost += whole(crux_economics_flood_cost(e, n)) / CRUX_CLI_FLOOD_MOST;
        delay += whole(crux_economics_flood_delay(e, n, stall)) / CRUX_CLI_FLOOD_MOST;
        income += (double)n * (double)e->game.defence_cost / CRUX_CLI_FLOOD_MOST;
    }
    uint32_t wanted = crux_economics_flood_for(e, what->delay, most);
    out[CRUX_CLI_STALL] = whole(stall);
    out[CRUX_CLI_STALL_MOST] = whole(most);
    out[CRUX_CLI_FLOOD_COST] = cost;
    out[CRUX_CLI_FLOOD_DELAY] = delay;
    out[CRUX_CLI_FLOOD_INCOME] = income;
    out[CRUX_CLI_DELAY_COST] = wanted > CRUX_ECONOMICS_DISPUTES_MAX
                                   ? (double)NAN
                                   : whole(crux_economics_flood_cost(e, wanted));
    out[CRUX_CLI_BUDGET_DELAY] =
        whole(crux_economics_flood_delay(e, crux_economics_flood_of(e, what->budget), most));
}

static void expect_honest(double *out, const struct crux_cli_economics *what) {
    const struct crux_economics *e = &what->e;
    double bond = 0, time = 0, games = (double)what->behind + 1;
    for (uint32_t n = 0; n <= what->behind; n++) {
        bond += whole(crux_economics_bond_behind(e, n)) / games;
        time += ((double)(n / e->game.running_max) * whole(crux_economics_stall(e, 1)) +
                 e->game.clock_seconds + 1) /
                games;
    }
    out[CRUX_CLI_EXECUTOR_OUTLAY] = whole(crux_economics_executor_outlay(e));
    out[CRUX_CLI_BEHIND_BOND] = bond;
    out[CRUX_CLI_BEHIND_TIME] = time;
    out[CRUX_CLI_CHALLENGER_OUTLAY] = whole(crux_economics_challenger_outlay(e, 0));
    out[CRUX_CLI_CHALLENGER_REPAID] = whole(crux_economics_challenger_repaid(e, what->behind));
    out[CRUX_CLI_CHALLENGER_NET] = (double)e->game.reward - out[CRUX_CLI_DEFENCE] - (double)e->move;
}

/* A share beyond 1 is none, and one below 0 is 0. */
static double share(struct crux_ratio ratio) {
    double value = number(ratio);
    return value > 1 ? (double)NAN : value < 0 ? 0 : value;
}

static void expect_promises(double *out, const struct crux_economics *e) {
    out[CRUX_CLI_PROMISE_GAIN] = number(crux_economics_promise_gain(e));
    out[CRUX_CLI_PROMISE_CALLED] = share(crux_economics_promise_called(e));
    out[CRUX_CLI_PROMISES_COST] = whole(crux_economics_promises_cost(e, e->batch));
    out[CRUX_CLI_PROMISES_BURNED] = whole(crux_economics_promises_burned(e, e->batch));
    out[CRUX_CLI_CONVICTION] = whole(crux_economics_conviction_burned(e));
    out[CRUX_CLI_CALL_NET] = (double)e->game.receipt_reward - 2 * (double)e->move;
    out[CRUX_CLI_CALL_EVEN] = share(crux_economics_call_breaks_even(e));
    out[CRUX_CLI_KEEP_NET] = (double)e->game.demand_fee - (double)e->move;
}

void crux_cli_economics_expect(double expected[CRUX_CLI_FIGURES],
                               const struct crux_cli_economics *what) {
    expect_audits(expected, what);
    expect_bonds(expected, &what->e);
    expect_floods(expected, what);
    expect_honest(expected, what);
    expect_promises(expected, &what->e);
}
