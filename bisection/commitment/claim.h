/* What an executor puts on the chain. Freestanding.  spec/30-commitment.md#claims */
#ifndef CRUX_BISECTION_COMMITMENT_CLAIM_H
#define CRUX_BISECTION_COMMITMENT_CLAIM_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/kernels.h"

enum {
    CRUX_CLAIM_BYTES = 140,
    CRUX_POSITIONS_MAX = CRUX_CONTEXT_MAX /* P+N-1 of a run that fills the longest context */
};

struct crux_claim {
    uint8_t model_root[32];
    uint8_t request_hash[32];
    uint8_t output_root[32];
    uint8_t trace_root[32];
    uint32_t request_tokens; /* P */
    uint32_t chosen_tokens;  /* N */
    uint32_t cancelled;      /* 0, or N */
};

/* Returns: CRUX_E_CLAIM_INVALID unless P >= 1, N >= 1, P+N-1 <= 2^24, cancelled in {0, N}. */
CRUX_MUST_CHECK
enum crux_status crux_claim_check(const struct crux_claim *claim);

void crux_claim_encode(uint8_t out[CRUX_CLAIM_BYTES], const struct crux_claim *claim);
/* Returns: CRUX_E_TRUNCATED, CRUX_E_TRAILING_BYTES, CRUX_E_CLAIM_INVALID. */
CRUX_MUST_CHECK
enum crux_status crux_claim_decode(struct crux_claim *claim, const uint8_t *in, size_t len);

void crux_claim_hash(uint8_t out[32], const struct crux_claim *claim);

/* Returns: P+N-1, the number of positions of the run.  In: a claim that checks. */
uint32_t crux_claim_positions(const struct crux_claim *claim);

#endif
