/* One game while it becomes a vector: each move is made, must end as the case says, and is written down. */
#ifndef CRUX_TESTS_CONFORMANCE_GAME_CASE_H
#define CRUX_TESTS_CONFORMANCE_GAME_CASE_H

#include "chain-adapter/keys/keys.h"
#include "tests/conformance/vector_file.h"
#include "tests/support/game_table.h"

/* Accounts by number, each of a key: secret number + 1. POOR has nothing. */
enum {
    EXECUTOR = 0,
    CHALLENGER = 1,
    RIVAL = 2,
    STRANGER = 3,
    REQUESTER = 4,
    POOR = 5,
    PLAYERS = 6
};

/* What the cases are about. */
struct game_world {
    struct table_model model; /* TABLE_LONG */
    struct table_run honest, lying;
    struct table_fault fault; /* an element of the tensor of op 4, layer 0, position 2 */
};

/* Must not be moved. */
struct game_case {
    struct game_world *world;
    struct crux_game game;
    struct crux_game_outcome out; /* of the last move */
    struct crux_key key[PLAYERS];
    struct crux_claim_id id;     /* the claim that helpers are about */
    const struct table_run *run; /* and its run */
    uint64_t now;
    json_t *vector;
    uint8_t *memory, *scratch;
    struct crux_solver_move step;
};

extern const struct crux_game_parameters game_case_parameters; /* those of game_table.h */

/* In: reason, of the vector's name; parameters, may be NULL. Each player but POOR has 10,000 units. */
void game_case_begin(struct game_case *c, struct crux_vector_file *file, struct game_world *world,
                     const char *reason, const struct crux_game_parameters *parameters);
/* Writes down how everything stands, and frees the case. */
void game_case_end(struct game_case *c);

/* Stops the process unless the move ends so. */
void game_case_bytes(struct game_case *c, unsigned who, const uint8_t *bytes, size_t len,
                     enum crux_status status);
void game_case_move(struct game_case *c, unsigned who, const struct crux_move *move,
                    enum crux_status status);
void game_case_repeat(struct game_case *c, unsigned who, const struct crux_move *move);

void game_case_register(struct game_case *c);
/* Sets c->id to member `member` of a batch of `count`, and c->run. */
void game_case_settle(struct game_case *c, const struct table_run *run, uint32_t member,
                      uint32_t count, bool is_private);
void game_case_show(struct game_case *c, unsigned who, uint32_t count, enum crux_status status);
/* All of the three, as member 1 of 2. */
void game_case_claim(struct game_case *c, const struct table_run *run);

/* An opening; of a leaf with its path. The pointers are good until the next one. */
struct crux_move game_case_opening(struct game_case *c, enum crux_target target, uint64_t index,
                                   uint32_t nonce);
void game_case_open(struct game_case *c, unsigned who, enum crux_target target, uint64_t index,
                    uint32_t nonce);
struct crux_game_dispute game_case_dispute(const struct game_case *c, uint32_t number);
/* The node stays good until the next call. */
struct crux_move game_case_pick(struct game_case *c, uint32_t dispute, uint64_t index,
                                bool padding);
/* The executor's next move in a dispute, and the challenger's; in c->step. */
struct crux_move *game_case_defence(struct game_case *c, uint32_t dispute);
struct crux_move *game_case_challenge(struct game_case *c, uint32_t dispute, bool served);
/* Both sides to the end of the dispute.  In: wanted, CRUX_STAGE_WON or _LOST. */
void game_case_play(struct game_case *c, uint32_t dispute, bool served,
                    enum crux_game_stage wanted);
struct crux_move game_case_timeout(const struct game_case *c, uint32_t dispute);

/* The error must have been met in some case, for the vectors to be whole. */
void game_case_met(enum crux_status status);

void game_cases_claims(struct crux_vector_file *file, struct game_world *world);
void game_cases_fees(struct crux_vector_file *file, struct game_world *world);
void game_cases_disputes(struct crux_vector_file *file, struct game_world *world);
void game_cases_answers(struct crux_vector_file *file, struct game_world *world);
void game_cases_receipts(struct crux_vector_file *file, struct game_world *world);

#endif
