/* How late a step a LOAD's record operand can name: M of spec/21-descriptors.md#rules-of-a-program. */
#ifndef CRUX_KERNELS_PROGRAM_TIME_BOUND_H
#define CRUX_KERNELS_PROGRAM_TIME_BOUND_H

#include <stdbool.h>
#include <stdint.h>

#include "kernels/ops/arith.h"
#include "kernels/ops/op.h"

/* The positions and request lengths that a program can meet: pos <= pos_last, 1 <= n <= context. */
struct crux_positions {
    uint32_t pos_last;
    uint32_t context;
};

/* Returns: an upper bound of time - pos over all elements of `op` and all positions, where `time` is affine in the
 * op's output index, pos and n; exact for a single term in a dimension of constant size or of the form
 * min(pos + constant, e). */
crux_i128 crux_time_bound(const struct crux_op *op, const struct crux_affine *time,
                          struct crux_positions positions);

/* Returns: the dimension's greatest value. */
uint32_t crux_dim_greatest(const struct crux_dim *dim, struct crux_positions positions);

#endif
