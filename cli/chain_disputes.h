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
    uint64_t from;                      /* the opening to begin at, counted from 0 in their order */
    uint64_t most;                      /* to list */
    uint64_t looks;                     /* at most so many are read */
};

/* Where disputes were opened, as far as the chain's events have been read: a batch may have a million claims, most of
 * them without one. Begins all zero; malloced. */
struct crux_cli_chain_openings {
    struct crux_chain_cursor cursor;
    struct crux_game_outcome *opening;
    size_t count, room;
};
void crux_cli_chain_openings_free(struct crux_cli_chain_openings *openings);

/* Returns: the stage of that name, or 0. */
uint32_t crux_cli_chain_stage_named(const char *name);

/* Reads the events that came since, and lists disputes.
 * Out: list, an array of objects, oldest first, to be freed with json_decref; next, the opening to go on with, UINT64_MAX
 * if there is no more, may be NULL.  Returns: the chain's. */
CRUX_MUST_CHECK
enum crux_status crux_cli_chain_disputes(json_t **list, uint64_t *next,
                                         struct crux_cli_chain_openings *openings,
                                         struct crux_chain *chain,
                                         const struct crux_cli_chain_filter *filter);

#endif
