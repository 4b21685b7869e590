/* The game: claims, disputes, clocks and bonds, as a pure function over records.   spec/70-game.md
 *
 *   move (bytes), sender, now  ---> crux_game_move ---> records of the store, outcome, status
 *
 * A move that is refused changes nothing. No clock, no I/O, no allocation: `now` is an argument and never runs backwards.
 */
#ifndef CRUX_BISECTION_GAME_GAME_H
#define CRUX_BISECTION_GAME_GAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bisection/adjudicator/adjudicator.h"
#include "bisection/game/move.h"
#include "bisection/game/store.h"

struct crux_game {
    struct crux_game_store store;
    uint8_t chain_id[32], contract[32]; /* in what is signed */
    /* Does this account's key sign this digest? NULL: no signature is valid. */
    bool (*verify)(void *ctx, const struct crux_account *account, const uint8_t digest[32],
                   const uint8_t signature[CRUX_SIGNATURE_BYTES]);
    void *verify_ctx;
    uint8_t *scratch; /* where a witness in parts is put together */
    size_t scratch_bytes;
};

/* What a move did, for events. */
struct crux_game_outcome {
    struct crux_claim_id claim; /* post, settle: the new batch, member 0 */
    uint32_t dispute;           /* of moves in a dispute, and of open */
    bool repeated;              /* the same move was made before; nothing changed */
    uint8_t end; /* enum crux_game_stage: WON or LOST, if the move ended the dispute */
    bool fell;   /* the claim fell */
    uint64_t
        paid; /* withdraw, collect, pay, finalise, refund, release, keep, lapse, convict: so much */
};

/* Starts an empty store, or changes what later claims are played under.
 * Returns: CRUX_E_PARAMETERS_INVALID, CRUX_E_ROUNDS_EXCEED_CLOCK, the store's. */
CRUX_MUST_CHECK
enum crux_status crux_game_configure(struct crux_game *game,
                                     const struct crux_game_parameters *parameters);

/* Value comes in from the chain.  Returns: CRUX_E_AMOUNT_INVALID (0, or too much in all), the store's. */
CRUX_MUST_CHECK
enum crux_status crux_game_deposit(struct crux_game *game, const struct crux_account *account,
                                   uint64_t amount);

/* Makes a move.  Returns: CRUX_OK also for a repeated one; else why it is refused.  spec/70-game.md#errors */
CRUX_MUST_CHECK
enum crux_status crux_game_apply(struct crux_game *game, const struct crux_account *sender,
                                 uint64_t now, const struct crux_move *move,
                                 struct crux_game_outcome *outcome);
/* The same for its bytes. */
CRUX_MUST_CHECK
enum crux_status crux_game_move(struct crux_game *game, const struct crux_account *sender,
                                uint64_t now, const uint8_t *move, size_t move_bytes,
                                struct crux_game_outcome *outcome);

/* ---- asking ---- */

enum crux_claim_state {
    CRUX_CLAIM_UNKNOWN = 0, /* no such claim, or nobody has shown it */
    CRUX_CLAIM_PENDING = 1,
    CRUX_CLAIM_FINAL = 2,
    CRUX_CLAIM_FALLEN = 3,
    CRUX_CLAIM_UNCHALLENGED = 4 /* private, and nobody who may has disputed it */
};

CRUX_MUST_CHECK
enum crux_status crux_game_claim_state(enum crux_claim_state *state, const struct crux_game *game,
                                       const struct crux_claim_id *claim, uint64_t now);

struct crux_final_question {
    struct crux_claim_id claim;
    uint8_t claim_hash[32];
    struct crux_account executor;
    uint8_t model_root[32], request_hash[32], output_root[32];
    uint64_t least_bond;
};

/* spec/70-game.md#finality: the one predicate that an integrator asks. */
CRUX_MUST_CHECK
enum crux_status crux_game_is_final(bool *final, const struct crux_game *game,
                                    const struct crux_final_question *question, uint64_t now);

/* Returns: is this the executor's turn (0), the challenger's (1), or nobody's (2)? */
unsigned crux_game_turn(const struct crux_game_dispute *dispute);
/* Returns: until when the side whose turn it is may move; UINT64_MAX if it is nobody's. */
uint64_t crux_game_deadline(const struct crux_game_dispute *dispute);
/* Returns: the bond that a dispute opened now would have to leave. */
uint64_t crux_game_bond(const struct crux_game_batch *batch, const struct crux_game_claim *claim);

/* Typed reading of the store.  Returns: CRUX_E_NOT_FOUND, the store's. */
CRUX_MUST_CHECK
enum crux_status crux_game_get_chain(const struct crux_game *game, struct crux_game_chain *out);
CRUX_MUST_CHECK
enum crux_status crux_game_get_account(
    const struct crux_game *game, const struct crux_account *key,
    struct crux_game_account *out); /* absent: one with nothing */
bool crux_game_has_payee(const struct crux_game_account *account);
CRUX_MUST_CHECK
enum crux_status crux_game_get_model(const struct crux_game *game, const uint8_t root[32],
                                     struct crux_game_model *out);
CRUX_MUST_CHECK
enum crux_status crux_game_get_batch(const struct crux_game *game, uint64_t batch,
                                     struct crux_game_batch *out);
/* Absent, but of a batch that exists: a claim that nobody has touched. */
CRUX_MUST_CHECK
enum crux_status crux_game_get_claim(const struct crux_game *game, const struct crux_claim_id *key,
                                     struct crux_game_claim *out);
/* The dispute as it stands, an answer made in another one included: read it here, not from the store. */
CRUX_MUST_CHECK
enum crux_status crux_game_get_dispute(const struct crux_game *game,
                                       const struct crux_claim_id *claim, uint32_t number,
                                       struct crux_game_dispute *out);
/* Absent: nothing was ever pledged. */
CRUX_MUST_CHECK
enum crux_status crux_game_get_pledge(const struct crux_game *game, const struct crux_account *key,
                                      struct crux_game_pledge *out);
CRUX_MUST_CHECK
enum crux_status crux_game_get_promise(const struct crux_game *game, const uint8_t digest[32],
                                       struct crux_game_promise *out);
CRUX_MUST_CHECK
enum crux_status crux_game_get_reveal(const struct crux_game *game,
                                      const struct crux_claim_id *claim,
                                      const struct crux_game_place *place,
                                      struct crux_game_reveal *out);

/* spec/70-game.md#value: everything that was deposited, wherever it is now.  Out: total and deposited, which are equal. */
CRUX_MUST_CHECK
enum crux_status crux_game_total(const struct crux_game *game, uint64_t *total,
                                 uint64_t *deposited);

#endif
