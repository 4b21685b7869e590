/* What calls and convictions carry of a receipt, beside executor and request.   spec/70-game.md#moves */
#ifndef CRUX_BISECTION_GAME_PROMISE_BYTES_H
#define CRUX_BISECTION_GAME_PROMISE_BYTES_H

#include "bisection/commitment/receipt.h"
#include "bisection/game/move.h"

void crux_promise_encode(uint8_t out[CRUX_PROMISE_BYTES], const struct crux_receipt *receipt,
                         const uint8_t signature[CRUX_SIGNATURE_BYTES]);
/* Out: receipt: claim hash, mode, requester and deadline, unchecked; the others are the caller's.
 * Returns: the signature, within `in`. */
const uint8_t *crux_promise_read(struct crux_receipt *receipt,
                                 const uint8_t in[CRUX_PROMISE_BYTES]);

#endif
