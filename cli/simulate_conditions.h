/* What lies between the players of a simulation and their chain: moves that come late, are lost, come twice, overtake each
 * other or are censored, and blocks that are replaced. Zeroed: nothing does. */
#ifndef CRUX_CLI_SIMULATE_CONDITIONS_H
#define CRUX_CLI_SIMULATE_CONDITIONS_H

#include "bisection/bisection.h"

enum {
    CRUX_CLI_BLOCK_SECONDS = 12,
    CRUX_CLI_RESEND_SECONDS = 60,   /* after which a player sends again what is not there */
    CRUX_CLI_DROPS_IN_A_ROW = 3,    /* of one sender's at most: a chain's forced inclusion */
    CRUX_CLI_REORDER_BLOCKS = 2,    /* that an overtaken move waits at most */
    CRUX_CLI_REORGS = 8,            /* in a game at most */
    CRUX_CLI_REORG_BLOCKS_MAX = 64, /* that one replaces */
    CRUX_CLI_CENSOR_SENDINGS = 4 /* of the censored side, one of which the censoring begins with */
};

struct crux_cli_conditions {
    uint32_t delay_seconds;   /* until a move is included, at most, beside its block */
    uint32_t drop_percent;    /* of sendings that are lost */
    uint32_t repeat_percent;  /* that arrive twice */
    uint32_t reorder_percent; /* that are overtaken by later ones */
    uint32_t reorg_blocks;    /* of which one to all are replaced, now and then */
    uint32_t censor_seconds;  /* once, from a move in the dispute on */
    uint8_t censored;         /* account; looked at if censor_seconds is not 0 */
};

/* What they came to. */
struct crux_cli_network_figures {
    uint64_t sent, sent_again; /* by players */
    uint64_t delayed, dropped, repeated, reordered, censored;
    uint64_t no_ops, refused; /* by the chain: made already; too late, or no longer fitting */
    uint64_t reorgs, undone;  /* and the moves that these took back */
};

bool crux_cli_conditions_any(const struct crux_cli_conditions *conditions);

/* What a side may need for all its moves in a dispute, in the worst of these conditions, and what its clock holds. */
struct crux_cli_cover {
    uint64_t inclusion_seconds; /* of one move */
    uint32_t moves;
    uint64_t needed_seconds, clock_seconds;
    bool holds;
};
struct crux_cli_cover crux_cli_conditions_cover(const struct crux_cli_conditions *conditions,
                                                const struct crux_game_parameters *parameters);

#endif
