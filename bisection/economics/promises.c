/* What breaking a promise gains, and what a pledge takes of that.   spec/75-economics.md#promises */
#include "bisection/economics/economics.h"

/* spec/75-economics.md#promises: "gain = s + g - F - h * (P - c * r)" */
struct crux_ratio crux_economics_promise_gain(const struct crux_economics *e) {
    crux_i128 one = CRUX_SHARE_ONE;
    crux_i128 lost = (crux_i128)e->game.receipt_penalty * one -
                     (crux_i128)e->copied * (crux_i128)e->game.receipt_reward;
    crux_i128 gained = (crux_i128)e->saved + (crux_i128)e->prize - (crux_i128)e->fee;
    return (struct crux_ratio){gained * one * one - (crux_i128)e->called * lost,
                               (crux_u128)CRUX_SHARE_ONE * CRUX_SHARE_ONE};
}

/* spec/75-economics.md#promises: "(s + g - F) / (P - c * r)" */
struct crux_ratio crux_economics_promise_called(const struct crux_economics *e) {
    crux_i128 lost = (crux_i128)e->game.receipt_penalty * CRUX_SHARE_ONE -
                     (crux_i128)e->copied * (crux_i128)e->game.receipt_reward;
    crux_i128 gained = (crux_i128)e->saved + (crux_i128)e->prize - (crux_i128)e->fee;
    return (struct crux_ratio){gained * CRUX_SHARE_ONE, (crux_u128)lost};
}

/* spec/75-economics.md#promises: "(f + move) / (f + r - move)" */
struct crux_ratio crux_economics_call_breaks_even(const struct crux_economics *e) {
    uint64_t out = e->game.demand_fee + e->move, in = e->game.demand_fee + e->game.receipt_reward;
    return (struct crux_ratio){(crux_i128)out, in > e->move ? in - e->move : 0};
}

static uint64_t least(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

uint64_t crux_economics_promises_cost(const struct crux_economics *e, uint32_t promises) {
    crux_u128 all = (crux_u128)e->game.receipt_penalty * promises;
    return all < e->pledge ? (uint64_t)all : e->pledge;
}

uint64_t crux_economics_promises_burned(const struct crux_economics *e, uint32_t promises) {
    uint64_t left = e->pledge, burned = 0, penalty = e->game.receipt_penalty;
    if (penalty == 0) return 0;
    uint64_t whole = least(promises, left / penalty);
    burned = whole * (penalty - e->game.receipt_reward); /* the reward is at most half of it */
    left -= whole * penalty;
    if (whole == promises) return burned;
    return burned + left - least(e->game.receipt_reward, left / 2); /* behind it, nothing is left */
}

uint64_t crux_economics_conviction_burned(const struct crux_economics *e) {
    return e->pledge - least(e->game.receipt_reward, e->pledge / 2);
}
