/* The witness of one element as it really is, found by evaluating it: what a certificate must never fall below. */
#ifndef CRUX_TESTS_KERNELS_CERTIFICATE_TRUE_WITNESS_H
#define CRUX_TESTS_KERNELS_CERTIFICATE_TRUE_WITNESS_H

#include <stdint.h>

#include "kernels/ops/eval.h"
#include "tests/support/random.h"

/* Where the op stands. */
struct true_place {
    uint32_t layers, layer, ops, op, tensors;
    uint64_t trace_leaves;
};

struct true_witness {
    uint64_t bytes;
    uint32_t pages, part_pages;
};

/* Operands have random values within their ranges.  In: x, the op's index (0 if it has none). */
void true_witness_of(struct true_witness *witness, struct crux_random *random,
                     const struct true_place *place, const struct crux_bound_op *bound,
                     const uint32_t index[CRUX_DIMS_MAX], int64_t x);

/* Siblings of the multiproof of these leaves, by the recursion of spec/30-commitment.md#proofs.
 * In: leaf, ascending. */
uint64_t true_siblings(uint64_t leaf_count, const uint64_t *leaf, uint32_t count);

#endif
