/* One dispute at a time at the one table (one_table.h): how it is opened and what comes next. */
#ifndef CRUX_TESTS_BISECTION_GAME_ONE_DISPUTE_H
#define CRUX_TESTS_BISECTION_GAME_ONE_DISPUTE_H

#include "tests/bisection/game/one_table.h"

enum { EXECUTOR = 0, CHALLENGER = 1, RIVAL = 2, STRANGER = 3 };

extern const struct crux_claim *claim;
extern struct crux_claim_id id; /* the claim's: the second of a batch of two */
extern struct crux_solver_move step;
extern const uint8_t zero[32];
extern uint8_t claim_hash[32];

int one_dispute_set_up(void **state);
int one_dispute_deal(void **state);

struct crux_move open_on(uint8_t target, uint64_t index, uint32_t nonce);
struct crux_game_dispute at(uint32_t number);
/* The honest executor's next move. */
const struct crux_move *honest(uint32_t number);
struct crux_move pick_on(const struct crux_game_dispute *dispute, uint64_t index, bool padding);
void pick(uint32_t number, uint64_t index);
/* Opens at the leaf of a step, by its path. */
void open_step(uint32_t pos, uint32_t layer, uint32_t nonce);

#endif
