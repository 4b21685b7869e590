/* A chain in a folder of its own, for tests. Any failure to make it stops the process. */
#ifndef CRUX_TESTS_CHAIN_ADAPTER_LOCAL_LOCAL_CHAIN_H
#define CRUX_TESTS_CHAIN_ADAPTER_LOCAL_LOCAL_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "chain-adapter/local/local.h"

struct local_chain {
    char folder[256], path[300];
    struct crux_chain chain;
};

/* Out: the chain, open: scripted, time 1000; ids and parameters as those of tests/support/game_table.h. */
void local_chain_make(struct local_chain *made, const struct crux_game_parameters *parameters,
                      const struct crux_chain_local_verifier *verifier);
void local_chain_remove(struct local_chain *made);

/* Out: chain, another handle on it. */
void local_chain_open(struct crux_chain *chain, const struct local_chain *made);

struct local_chain_totals {
    struct crux_game_chain chain;
    uint64_t total, deposited, now;
};
struct local_chain_totals local_chain_totals(struct crux_chain *chain);

/* Reads all events, which must be whole.  Returns: how many. */
uint64_t local_chain_events(struct crux_chain *chain, struct crux_chain_cursor *cursor);

/* Out: bytes, of a settle of one claim with this root.  Returns: their length. */
size_t local_chain_settle(uint8_t bytes[128], uint64_t number, uint64_t bond);

#endif
