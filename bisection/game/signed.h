/* What is signed off the chain.   spec/70-game.md#signatures */
#ifndef CRUX_BISECTION_GAME_SIGNED_H
#define CRUX_BISECTION_GAME_SIGNED_H

#include "bisection/game/game.h"

struct crux_signed_pick {
    struct crux_claim_id claim;
    uint32_t dispute, round;
    uint8_t node[32];
    uint64_t index;
    uint8_t padding;
    uint64_t expiry;
};

/* Out: digest, which the challenger signs.  In: game, for its chain and contract. */
void crux_game_pick_digest(uint8_t digest[32], const struct crux_game *game,
                           const struct crux_signed_pick *pick);
/* Out: digest, which the requester signs to end a run after `tokens` chosen tokens. */
void crux_game_cancel_digest(uint8_t digest[32], const struct crux_game *game,
                             const uint8_t request_hash[32], uint32_t tokens);
/* Out: the request nonce that names its requester. */
void crux_game_requester_nonce(uint8_t nonce[32], const struct crux_account *requester,
                               const uint8_t salt[32]);

#endif
