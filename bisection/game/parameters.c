#include "bisection/game/parameters.h"

/* spec/70-game.md#parameters: "37, 12 and 41 are the greatest depths of a trace, of a step's ops and of a tensor's pages" */
enum { TRACE_DEPTH = 37, OPS_DEPTH = 12, PAGES_DEPTH = 41, OTHER_MOVES = 4 };

/* The greatest depths, from the greatest counts: 2^24 positions of 2^12 layers and CLOSE; 2^12 ops. */
_Static_assert(CRUX_CONTEXT_MAX == 1 << 24 && CRUX_LAYERS_MAX == 1 << 12, "TRACE_DEPTH");
_Static_assert(CRUX_OPS_MAX == 1 << 12 && CRUX_STORES_MAX <= CRUX_OPS_MAX, "OPS_DEPTH");

uint32_t crux_game_moves_max(uint32_t k) {
    uint32_t m = 0;
    while (m < 6 && k >> (m + 1) != 0) m++;
    CRUX_ASSERT(m >= 1);
    return (TRACE_DEPTH + m - 1) / m + (OPS_DEPTH + m - 1) / m + (PAGES_DEPTH + m - 1) / m +
           OTHER_MOVES;
}

static bool is_duration(uint32_t seconds, uint32_t least) {
    return seconds >= least && seconds <= CRUX_GAME_SECONDS_MAX;
}

static bool durations_hold(const struct crux_game_parameters *p) {
    return is_duration(p->window_seconds, 1) && is_duration(p->clock_seconds, 1) &&
           is_duration(p->extension_seconds, 0) && is_duration(p->demand_seconds, 1) &&
           is_duration(p->move_seconds, 1) && p->clock_seconds <= p->window_seconds &&
           p->extension_seconds <= p->clock_seconds && is_duration(p->leave_seconds, 0) &&
           p->move_seconds + p->demand_seconds + p->clock_seconds <= p->window_seconds;
}

/* Halves, so that nothing is doubled beyond 64 bits. */
static bool amounts_hold(const struct crux_game_parameters *p) {
    return p->executor_bond >= 1 && p->executor_bond <= CRUX_GAME_AMOUNT_MAX &&
           p->reward <= p->executor_bond / 2 && p->challenger_bond >= 1 &&
           p->challenger_bond <= CRUX_GAME_AMOUNT_MAX &&
           p->defence_cost <= p->challenger_bond / 2 && p->demand_fee <= CRUX_GAME_AMOUNT_MAX &&
           p->receipt_penalty <= CRUX_GAME_AMOUNT_MAX &&
           p->receipt_reward <= p->receipt_penalty / 2;
}

enum crux_status crux_game_parameters_check(const struct crux_game_parameters *p) {
    if (p->k < 2 || p->k > CRUX_GAME_K_MAX || p->running_max < 1 ||
        p->running_max > CRUX_GAME_RUNNING_MAX || !durations_hold(p) || !amounts_hold(p))
        return CRUX_E_PARAMETERS_INVALID;
    uint64_t needed = (uint64_t)crux_game_moves_max(p->k) * p->move_seconds;
    return needed <= (uint64_t)p->clock_seconds + p->extension_seconds ? CRUX_OK
                                                                       : CRUX_E_ROUNDS_EXCEED_CLOCK;
}
