/* How a game stands, as JSON: what generator and runner compare.  spec/60-vectors.md#gamejson */
#ifndef CRUX_TESTS_CONFORMANCE_GAME_STATE_H
#define CRUX_TESTS_CONFORMANCE_GAME_STATE_H

#include <jansson.h>

#include "bisection/bisection.h"

json_t *game_state_parameters(const struct crux_game_parameters *parameters);
/* What a move did; what is 0 or false is left out. */
json_t *game_state_outcome(const struct crux_game_outcome *outcome);
/* In: memory, of the game's store.  Returns: value, accounts, claims, disputes, escrows, and a hash of all records. */
json_t *game_state(const struct crux_game *game, const void *memory, uint64_t now);

#endif
