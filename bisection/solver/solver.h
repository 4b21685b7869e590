/* The next honest move, or none.   spec/70-game.md#honest-players
 *
 *   executor      crux_solver_defend      on each dispute of its claim
 *                 crux_solver_publish     when its claim is demanded
 *   either        crux_solver_timeout     on each dispute of a claim in which it has a stake
 *   challenger    crux_solver_opening     once, on a claim
 *                 crux_solver_challenge   on its own dispute
 *
 * Invariants: a player never moves against its own claim, never disputes what it agrees with, and makes no move that
 * somebody has made already (an answer stands for all disputes; a timeout ends one once). */
#ifndef CRUX_BISECTION_SOLVER_SOLVER_H
#define CRUX_BISECTION_SOLVER_SOLVER_H

#include "bisection/game/game.h"
#include "bisection/solver/provider.h"
#include "bisection/witness/witness.h"

enum { CRUX_SOLVER_BYTES = CRUX_WITNESS_BYTES_MAX + 16 };

/* A move and the memory that it points into: must not be copied. */
struct crux_solver_move {
    bool any; /* else there is nothing to do now */
    struct crux_move move;
    uint8_t node[32], hash[32], leaf[32];
    uint8_t bytes[CRUX_SOLVER_BYTES];
};

/* The executor's move in a dispute of its claim, or the timeout of a challenger who is late.
 * In: own, of the claim's run.  Returns: the store's, the provider's. */
CRUX_MUST_CHECK
enum crux_status crux_solver_defend(struct crux_solver_move *out, const struct crux_game *game,
                                    const struct crux_claim_id *claim, uint32_t dispute,
                                    const struct crux_provider *own, uint64_t now);

/* The answer to an open demand of a claim that is shown: its request and tokens.
 * Returns: CRUX_E_TRUNCATED if there are more tokens than out->bytes holds; the store's, the provider's. */
CRUX_MUST_CHECK
enum crux_status crux_solver_publish(struct crux_solver_move *out, const struct crux_game *game,
                                     const struct crux_claim_id *claim,
                                     const struct crux_provider *own, uint64_t now);

/* The timeout of a dispute or, for CRUX_DISPUTE_DEMAND, of the claim's demand, if it is due: whoever waits in a queue
 * has a stake in the disputes before its own. */
CRUX_MUST_CHECK
enum crux_status crux_solver_timeout(struct crux_solver_move *out, const struct crux_game *game,
                                     const struct crux_claim_id *claim, uint32_t dispute,
                                     uint64_t now);

/* Should the claim be disputed, and on what?  Out: *target, an enum crux_target; 0: the claim is true. *index, its index.
 * In: own, a run of the claim's request to exactly N chosen tokens, whatever the request says of ends; NULL if that
 * cannot be run: then what needs no run is looked at.  header: of the model. request: 240 bytes; the claim's.
 * Returns: CRUX_E_REQUEST_MISMATCH if it is not the claim's request; CRUX_E_USAGE if own has other counts; the provider's. */
CRUX_MUST_CHECK
enum crux_status crux_solver_opening(enum crux_target *target, uint64_t *index,
                                     const struct crux_claim *claim,
                                     const struct crux_program_header *header,
                                     const uint8_t *request, const struct crux_provider *own);

/* The opening as a move.  In: target and index, as above; most: what the bond may cost; layers: of the model; served,
 * the executor's trace as it served it, or NULL: used for a path to the first leaf that differs if it leads to the
 * claim's trace root, else the trace is narrowed. */
CRUX_MUST_CHECK
enum crux_status crux_solver_open(struct crux_solver_move *out, const struct crux_claim_id *id,
                                  const struct crux_claim *claim, enum crux_target target,
                                  uint64_t index, uint32_t nonce, uint64_t most, uint32_t layers,
                                  const struct crux_provider *own,
                                  const struct crux_provider *served);

/* The challenger's move in its own dispute: pick, jump, the timeout of an executor who is late, or refund.
 * In: served, as above. */
CRUX_MUST_CHECK
enum crux_status crux_solver_challenge(struct crux_solver_move *out, const struct crux_game *game,
                                       const struct crux_claim_id *claim, uint32_t dispute,
                                       const struct crux_provider *own,
                                       const struct crux_provider *served, uint64_t now);

#endif
