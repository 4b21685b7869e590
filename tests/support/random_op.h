/* Random ops that keep every rule of spec/21-descriptors.md#rules-of-one-op. */
#ifndef CRUX_TESTS_SUPPORT_RANDOM_OP_H
#define CRUX_TESTS_SUPPORT_RANDOM_OP_H

#include "kernels/ops/op.h"
#include "tests/support/random.h"

struct crux_random_op_shape {
    unsigned code;    /* enum crux_opcode, or 0: any */
    unsigned func;    /* REDUCE, MAP: their function, or 0: any */
    uint32_t dim_max; /* a dimension's greatest value (cells of a LUT: 65536 at most); at least 2 */
    bool
        wild; /* coefficients, attributes and numbers anywhere within their limits, not only small */
};

/* Out: op, valid, and with a descriptor of at most 256 bytes. */
void crux_random_op(struct crux_random *random, struct crux_op *op,
                    const struct crux_random_op_shape *shape);

#endif
