/* What the options of crux simulate ask for, beside the model and the fault. */
#ifndef CRUX_CLI_SIMULATE_ASKED_H
#define CRUX_CLI_SIMULATE_ASKED_H

#include "cli/command.h"
#include "cli/simulate_model.h"
#include "cli/simulate_play.h"

enum {
    CRUX_CLI_SIMULATE_SEED = CRUX_CLI_SIMULATE_MODEL_OPTIONS,
    CRUX_CLI_SIMULATE_FAULT,
    CRUX_CLI_SIMULATE_PLAYER,
    CRUX_CLI_SIMULATE_K,
    CRUX_CLI_SIMULATE_CLOCK,
    CRUX_CLI_SIMULATE_WINDOW,
    CRUX_CLI_SIMULATE_INCLUSION,
    CRUX_CLI_SIMULATE_WITHHOLD,
    CRUX_CLI_SIMULATE_DELAY,
    CRUX_CLI_SIMULATE_DROP,
    CRUX_CLI_SIMULATE_REPEAT,
    CRUX_CLI_SIMULATE_REORDER,
    CRUX_CLI_SIMULATE_REORG,
    CRUX_CLI_SIMULATE_CENSOR,
    CRUX_CLI_SIMULATE_RUNS,
    CRUX_CLI_SIMULATE_REPORT,
    CRUX_CLI_SIMULATE_OUTPUT,
    CRUX_CLI_SIMULATE_OPTIONS
};

/* Out: play: parameters, conditions, player, withhold.  In: fault, its name; "none" for a true claim.
 * Returns: CRUX_CLI_OK, or a failure that has been said. */
enum crux_cli_exit crux_cli_simulate_asked(struct crux_cli_play *play,
                                           const struct crux_cli_call *call, const char *fault);

#endif
