/* A local chain in a folder of its own that is removed again: with a scripted clock, and in memory where the machine has
 * a folder in memory, for a simulation need not outlast its machine. */
#ifndef CRUX_CLI_SIMULATE_CHAIN_H
#define CRUX_CLI_SIMULATE_CHAIN_H

#include "chain-adapter/local/local.h"

enum { CRUX_CLI_SIMULATE_PATH_BYTES = 300 };

struct crux_cli_simulate_chain {
    char folder[CRUX_CLI_SIMULATE_PATH_BYTES - 16], path[CRUX_CLI_SIMULATE_PATH_BYTES];
    struct crux_chain chain; /* its message says why, on failure */
};

/* Out: made, to be removed, on failure too. Its ids are zero, so that equal games have equal events.
 * In: made, zeroed; time, the first. */
CRUX_MUST_CHECK
enum crux_status crux_cli_simulate_chain_make(struct crux_cli_simulate_chain *made,
                                              const struct crux_game_parameters *parameters,
                                              uint64_t time);
void crux_cli_simulate_chain_remove(struct crux_cli_simulate_chain *made);

#endif
