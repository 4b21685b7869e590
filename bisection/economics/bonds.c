/* What lies gain and lose, and what bonds and fees have to be.   spec/75-economics.md#bonds */
#include "bisection/economics/economics.h"

/* spec/75-economics.md#bonds: "gain = s + (1 - q) * g - q * (B - c * R + F)" */
struct crux_ratio crux_economics_gain(const struct crux_economics *e) {
    struct crux_ratio q = crux_economics_found(e);
    crux_i128 one = CRUX_SHARE_ONE, den = (crux_i128)q.den;
    crux_i128 lost = (crux_i128)(e->game.executor_bond + e->fee) * one -
                     (crux_i128)e->copied * (crux_i128)e->game.reward;
    crux_i128 gained = den * (crux_i128)e->saved + (den - q.num) * (crux_i128)e->prize;
    return (struct crux_ratio){gained * one - q.num * lost, q.den * CRUX_SHARE_ONE};
}

/* What of a fallen bond the liar has again, of CRUX_SHARE_ONE: rounded up, in its favour. */
static uint32_t kept(const struct crux_economics *e, uint32_t copied) {
    crux_u128 bond = e->game.executor_bond;
    return (uint32_t)(((crux_u128)copied * e->game.reward + bond - 1) / bond);
}

/* spec/75-economics.md#bonds: "B0 = ((s + (1 - q) * g) / q - F) / (1 - c * R / B)" */
struct crux_ratio crux_economics_even_bond(const struct crux_economics *e, uint32_t copied) {
    struct crux_ratio q = crux_economics_found(e);
    crux_i128 gain = (crux_i128)q.den * (crux_i128)e->saved +
                     ((crux_i128)q.den - q.num) * (crux_i128)e->prize - q.num * (crux_i128)e->fee;
    return (struct crux_ratio){gain * CRUX_SHARE_ONE,
                               (crux_u128)q.num * (CRUX_SHARE_ONE - kept(e, copied))};
}

/* The first whole number behind the one where a lie gains nothing. */
uint64_t crux_economics_least_bond(const struct crux_economics *e, uint32_t copied) {
    struct crux_ratio even = crux_economics_even_bond(e, copied);
    if (even.num < 0) return 1;
    if (even.den == 0) return CRUX_ECONOMICS_NONE;
    crux_u128 bond = (crux_u128)even.num / even.den + 1;
    return bond > CRUX_GAME_AMOUNT_MAX ? CRUX_ECONOMICS_NONE : (uint64_t)bond;
}

uint64_t crux_economics_defence(const struct crux_economics *e) {
    return (crux_game_moves_max(e->game.k) - 1) * e->move + e->proof;
}

uint64_t crux_economics_least_challenger_bond(const struct crux_economics *e) {
    return 2 * crux_economics_defence(e);
}

/* A settling and a finalising for the batch; a showing, a binding and a paying for each claim. */
enum { MOVES_OF_A_BATCH = 2, MOVES_OF_A_CLAIM = 3 };

/* spec/75-economics.md#bonds: "fee = x + 3 * move + 2 * move / n + B * i * window / year" */
struct crux_ratio crux_economics_break_even_fee(const struct crux_economics *e) {
    crux_u128 year = (crux_u128)CRUX_SHARE_ONE * CRUX_ECONOMICS_YEAR;
    crux_u128 den = year * e->batch;
    crux_u128 locked = (crux_u128)e->game.window_seconds * e->interest;
    crux_u128 claim = (crux_u128)e->execution + MOVES_OF_A_CLAIM * (crux_u128)e->move;
    crux_u128 num = claim * den + MOVES_OF_A_BATCH * (crux_u128)e->move * year +
                    locked * e->game.executor_bond * e->batch;
    return (struct crux_ratio){(crux_i128)num, den};
}
