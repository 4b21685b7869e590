/* What a claim is played under, frozen when it is posted.   spec/70-game.md#parameters */
#ifndef CRUX_BISECTION_GAME_PARAMETERS_H
#define CRUX_BISECTION_GAME_PARAMETERS_H

#include <stdint.h>

#include "kernels/kernels.h"

enum {
    CRUX_GAME_K_MAX = 64,
    CRUX_GAME_RUNNING_MAX = 64,
    CRUX_GAME_SECONDS_MAX = 1 << 30 /* of any duration */
};
#define CRUX_GAME_TIME_MAX   (UINT64_C(1) << 40) /* seconds since whatever the chain counts from */
#define CRUX_GAME_AMOUNT_MAX (UINT64_C(1) << 62) /* units of value, of everything together */

struct crux_game_parameters {
    uint64_t executor_bond; /* least, of one claim */
    uint64_t reward;        /* to the challenger who fells a claim; at most half of executor_bond */
    uint64_t challenger_bond; /* of a dispute that runs at once; at least twice defence_cost */
    uint64_t defence_cost;    /* to the executor, of a challenger's lost bond */
    uint64_t demand_fee;
    uint64_t receipt_penalty; /* what a broken promise costs its executor of what it has pledged */
    uint64_t receipt_reward;  /* of that, to who called it; at most half */
    uint32_t window_seconds;  /* disputes may be opened so long after the post */
    uint32_t clock_seconds;   /* of each side in a dispute, all its moves together */
    uint32_t extension_seconds; /* given once to each side, at expand */
    uint32_t demand_seconds;    /* to publish what is demanded */
    uint32_t move_seconds;      /* what one move may take to be included: bounds the rounds */
    uint32_t k;                 /* nodes in a reveal at most, 2 .. 64 */
    uint32_t running_max;       /* D: disputes of one claim that run at once */
    uint32_t leave_seconds;     /* from the announcement on, until a pledge can be taken out */
};

/* Returns: CRUX_E_PARAMETERS_INVALID, CRUX_E_ROUNDS_EXCEED_CLOCK. */
CRUX_MUST_CHECK
enum crux_status crux_game_parameters_check(const struct crux_game_parameters *parameters);

/* Returns: the most moves that one side can need in a dispute at this k.  In: k 2 .. 64. */
uint32_t crux_game_moves_max(uint32_t k);

#endif
