/* The disputes of a chain that somebody asks for. */
#ifndef CRUX_CLI_CHAIN_DISPUTES_H
#define CRUX_CLI_CHAIN_DISPUTES_H

#include <jansson.h>

#include "chain-adapter/chain.h"

struct crux_cli_chain_filter {
    const struct crux_claim_id *claim;  /* NULL: of any claim */
    const struct crux_account *account; /* challenger or executor; NULL: anybody's */
    uint32_t stage;                     /* enum crux_game_stage; 0: any */
    bool open;                          /* only those that are not over */
    uint64_t skip, most;
};

/* Returns: the stage of that name, or 0. */
uint32_t crux_cli_chain_stage_named(const char *name);

/* Out: list, an array of objects, oldest first; to be freed with json_decref.  Returns: the chain's. */
CRUX_MUST_CHECK
enum crux_status crux_cli_chain_disputes(json_t **list, struct crux_chain *chain,
                                         const struct crux_cli_chain_filter *filter);

#endif
