/* Interval arithmetic for choosing types while lowering. The certificate proves them again, from the program alone. */
#ifndef CRUX_KERNELS_LOWERING_RANGE_H
#define CRUX_KERNELS_LOWERING_RANGE_H

#include "kernels/lowering/value.h"
#include "kernels/ops/arith.h"

struct crux_range {
    crux_i128 lo, hi;
};

struct crux_range crux_range_of(struct crux_type type);
struct crux_range crux_range_absolute(struct crux_range a);
/* In: both within 64 bits. */
struct crux_range crux_range_mul(struct crux_range a, struct crux_range b);
/* Of the product of a CONTRACT's operands, or of a REDUCE's value operand; an operand that may be padded includes 0. */
struct crux_range crux_range_product(const struct crux_op *op);
/* Out: the i32, or else i64, type of sums of 0 to `count` terms in `term`; sums of exactly 0 terms are 0.
 * Returns: false if such sums leave 64 bits. */
CRUX_MUST_CHECK
bool crux_range_sum_type(struct crux_type *type, struct crux_range term, uint64_t count);

#endif
