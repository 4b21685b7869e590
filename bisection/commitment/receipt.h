/* What an executor promises with its answer: that this claim stands on the chain by the deadline. Freestanding.
 *
 *   receipt --crux_receipt_digest--> digest --signed by the executor's key--> signature (64 bytes)
 *
 * The digest is also the receipt's id.   spec/85-receipts.md */
#ifndef CRUX_BISECTION_COMMITMENT_RECEIPT_H
#define CRUX_BISECTION_COMMITMENT_RECEIPT_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/kernels.h"

enum {
    CRUX_RECEIPT_BYTES = 177,
    CRUX_RECEIPT_ACCOUNT_BYTES = 20 /* of an account of the chain */
};

struct crux_receipt {
    uint8_t chain_id[32], contract[32]; /* where the claim will stand */
    uint8_t executor[CRUX_RECEIPT_ACCOUNT_BYTES];
    uint8_t request_hash[32];
    uint8_t claim_hash[32];
    uint8_t mode;                                  /* enum crux_game_mode */
    uint8_t requester[CRUX_RECEIPT_ACCOUNT_BYTES]; /* of a private claim; else zero */
    uint64_t deadline; /* seconds of the chain's time; posted at this time at the latest */
};

/* Returns: CRUX_E_RECEIPT_INVALID unless mode is 1 to 3, requester is zero exactly if the mode is not private, and the
 * deadline is a time of the game, and not 0. */
CRUX_MUST_CHECK
enum crux_status crux_receipt_check(const struct crux_receipt *receipt);

void crux_receipt_encode(uint8_t out[CRUX_RECEIPT_BYTES], const struct crux_receipt *receipt);
/* Returns: CRUX_E_TRUNCATED, CRUX_E_TRAILING_BYTES, CRUX_E_RECEIPT_INVALID. */
CRUX_MUST_CHECK
enum crux_status crux_receipt_decode(struct crux_receipt *receipt, const uint8_t *in, size_t len);

/* Out: digest, which the executor signs. */
void crux_receipt_digest(uint8_t digest[32], const struct crux_receipt *receipt);

#endif
