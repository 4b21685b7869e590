/* The records of a run, position by position, and CLOSE.   spec/30-commitment.md#traces
 *
 * The append-only form that an executor keeps while it runs. To prove a record, keep the leaves too and build a plain
 * tree over them (bisection/merkle/tree.h). */
#ifndef CRUX_BISECTION_COMMITMENT_TRACE_H
#define CRUX_BISECTION_COMMITMENT_TRACE_H

#include <stdint.h>

#include "bisection/commitment/claim.h"
#include "bisection/merkle/append.h"

/* Returns: leaves of the trace of this many positions, CLOSE included. */
uint64_t crux_trace_leaves(uint32_t positions, uint32_t layers);
/* Returns: the leaf of step (pos, layer). */
uint64_t crux_trace_leaf(uint32_t pos, uint32_t layer, uint32_t layers);

struct crux_trace {
    uint32_t layers;
    struct crux_merkle_append steps;
};

void crux_trace_init(struct crux_trace *trace, uint32_t layers);

/* In: the root of the next step's record; NULL if the step is inactive.  Returns: CRUX_E_TOO_MANY_LEAVES. */
CRUX_MUST_CHECK
enum crux_status crux_trace_append(struct crux_trace *trace, const uint8_t record_root[32]);

/* Out: trace_root, of the steps so far and the CLOSE that the claim's P, N, cancelled and output root give. The trace
 * stays open: a run may be closed after any of its tokens.
 * Returns: CRUX_E_CLAIM_INVALID unless the steps are those of P+N-1 positions; CRUX_E_TOO_MANY_LEAVES. */
CRUX_MUST_CHECK
enum crux_status crux_trace_close(uint8_t trace_root[32], const struct crux_trace *trace,
                                  const struct crux_claim *claim);

#endif
