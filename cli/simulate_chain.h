/* A local chain with a scripted clock, in a folder that goes away with it. */
#ifndef CRUX_CLI_SIMULATE_CHAIN_H
#define CRUX_CLI_SIMULATE_CHAIN_H

#include "chain-adapter/local/local.h"
#include "cli/simulate_folder.h"

struct crux_cli_simulate_chain {
    struct crux_cli_simulate_folder folder;
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
