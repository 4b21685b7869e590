/* What cheating, auditing and flooding cost under given parameters: pure functions in whole numbers and fractions.
 *
 *   parameters of the chain + what is assumed (audits, costs, prizes) ---> chances, least bonds, delays, outlays
 *
 * A figure that has no number within 2^62 is CRUX_ECONOMICS_NONE.   spec/75-economics.md */
#ifndef CRUX_BISECTION_ECONOMICS_ECONOMICS_H
#define CRUX_BISECTION_ECONOMICS_ECONOMICS_H

#include <stdint.h>

#include "bisection/game/parameters.h"

enum {
    CRUX_SHARE_ONE = 1000000000, /* shares are counted in so many parts */
    CRUX_ECONOMICS_YEAR = 31536000,
    CRUX_ECONOMICS_DISPUTES_MAX = 1 << 30 /* of one flood */
};
#define CRUX_ECONOMICS_NONE UINT64_MAX

struct crux_economics {
    struct crux_game_parameters game;
    uint32_t layers;    /* L, of the model */
    uint32_t sampled;   /* m: layers that an audit recomputes */
    uint32_t audited;   /* share of claims that are audited, of CRUX_SHARE_ONE */
    uint32_t copied;    /* share of found lies whose reward the liar's second name takes */
    uint32_t called;    /* share of broken promises that somebody calls */
    uint32_t interest;  /* on locked value, a year, of CRUX_SHARE_ONE */
    uint32_t response;  /* seconds until an honest side's move is on the chain */
    uint32_t batch;     /* claims that are settled together */
    uint64_t execution; /* cost of computing one claim */
    uint64_t audit;     /* cost of recomputing all layers of one */
    uint64_t saved;     /* what a lie saves its executor, found or not */
    uint64_t prize;     /* what a lie that stands is worth beyond that */
    uint64_t fee;       /* paid for a claim once it is final */
    uint64_t pledge;    /* of an executor, for its receipts */
    uint64_t move;      /* cost of a move */
    uint64_t proof;     /* cost of a move with a witness */
};

/* num / den, den > 0. */
struct crux_ratio {
    crux_i128 num;
    crux_u128 den;
};

/* Returns: why the assumptions make no sense, in words, or NULL. Each function below wants them to make sense. */
const char *crux_economics_trouble(const struct crux_economics *e);

/* ---- audits.c: spec/75-economics.md#audits ---- */

/* The chance that a given lie, in one layer, is found. */
struct crux_ratio crux_economics_found(const struct crux_economics *e);
/* What auditing costs, for each claim that there is. */
struct crux_ratio crux_economics_audit_cost(const struct crux_economics *e);
/* What auditors earn from each audited claim, if this share of claims is false. */
struct crux_ratio crux_economics_audit_income(const struct crux_economics *e, uint32_t lying);
/* The share of false claims from which on that pays for an audit. Above 1: never.  den 0: no reward at all. */
struct crux_ratio crux_economics_audit_breaks_even(const struct crux_economics *e);

/* ---- bonds.c: spec/75-economics.md#bonds ---- */

/* What a lie gains over an honest claim, on average, under the bond of `game`. */
struct crux_ratio crux_economics_gain(const struct crux_economics *e);
/* The bond under which that would be 0, with a reward in the same proportion; below 0: lies lose without one.
 * den 0: no lie is ever found.  In: copied, share of CRUX_SHARE_ONE. */
struct crux_ratio crux_economics_even_bond(const struct crux_economics *e, uint32_t copied);
/* The least bond, in whole units, under which it is below 0.  Returns: CRUX_ECONOMICS_NONE if there is none. */
uint64_t crux_economics_least_bond(const struct crux_economics *e, uint32_t copied);
/* What one side's moves in the deepest dispute cost, the proof included. */
uint64_t crux_economics_defence(const struct crux_economics *e);
/* Twice that: the least bond of a challenger whose loss pays for the defence. */
uint64_t crux_economics_least_challenger_bond(const struct crux_economics *e);
/* The fee at which an honest executor loses nothing. */
struct crux_ratio crux_economics_break_even_fee(const struct crux_economics *e);

/* ---- promises.c: spec/75-economics.md#promises ---- */

/* What an executor gains over an honest claim, on average, by breaking the promise of one, while its pledge lasts. */
struct crux_ratio crux_economics_promise_gain(const struct crux_economics *e);
/* The share of broken promises that must be called, so that it gains nothing.  den 0: no share does. */
struct crux_ratio crux_economics_promise_called(const struct crux_economics *e);
/* The share of promises that must be broken, so that calling all of them costs nobody anything.  den 0: no share does. */
struct crux_ratio crux_economics_call_breaks_even(const struct crux_economics *e);
/* What so many promises cost their executor of its pledge, all broken and called; and how much of that is burned. */
uint64_t crux_economics_promises_cost(const struct crux_economics *e, uint32_t promises);
uint64_t crux_economics_promises_burned(const struct crux_economics *e, uint32_t promises);
/* What is burned of the pledge of an executor that is convicted. */
uint64_t crux_economics_conviction_burned(const struct crux_economics *e);

/* ---- floods.c: spec/75-economics.md#floods ---- */

/* How long one dispute of a true claim lasts at most.  In: answers, of the executor before its challenger falls silent. */
uint64_t crux_economics_stall(const struct crux_economics *e, uint32_t answers);
/* What so many disputes at once cost who opens them. All of it is lost. */
uint64_t crux_economics_flood_cost(const struct crux_economics *e, uint32_t disputes);
/* By how many seconds after its window they put off the end of a claim, each lasting `stall`. */
uint64_t crux_economics_flood_delay(const struct crux_economics *e, uint32_t disputes,
                                    uint64_t stall);
/* The fewest disputes that put a claim off by `seconds`; CRUX_ECONOMICS_DISPUTES_MAX + 1 if too many. */
uint32_t crux_economics_flood_for(const struct crux_economics *e, uint64_t seconds, uint64_t stall);
/* The most disputes that `budget` opens at once. */
uint32_t crux_economics_flood_of(const struct crux_economics *e, uint64_t budget);
/* The bond of a dispute that is opened after so many others, none of them over. */
uint64_t crux_economics_bond_behind(const struct crux_economics *e, uint32_t disputes);

/* The longest that any dispute can last, from its first move on. */
uint64_t crux_economics_dispute_most(const struct crux_economics *e);
/* The most that an honest executor has laid out at once on the defence of one claim, beside its bond. */
uint64_t crux_economics_executor_outlay(const struct crux_economics *e);
/* The most that an honest challenger has laid out who comes after so many disputes: bond and moves. */
uint64_t crux_economics_challenger_outlay(const struct crux_economics *e, uint32_t behind);
/* Seconds after which it has its bond and the reward at the latest. */
uint64_t crux_economics_challenger_repaid(const struct crux_economics *e, uint32_t behind);

#endif
