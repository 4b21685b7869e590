/* spec/20-ops.md written down a second time, with other methods: division where the evaluator shifts, search where it computes,
 * all used k in a list before any is looked at. A test compares the two. */
#ifndef CRUX_TESTS_KERNELS_OPS_NAIVE_H
#define CRUX_TESTS_KERNELS_OPS_NAIVE_H

#include <stdint.h>

#include "kernels/ops/eval.h"
#include "kernels/ops/op.h"

/* Where a value comes from, worked out independently of struct crux_place. */
struct naive_place {
    unsigned slot, source; /* enum crux_source */
    uint64_t tensor, layer, time, flat;
};

struct naive_world {
    void *ctx;
    int64_t (*read)(void *ctx, const struct crux_operand *operand, const struct naive_place *place);
};

uint32_t naive_dim(const struct crux_dim *dim, uint32_t pos, uint32_t n);

/* The index operand's value; 0 if there is none. */
int64_t naive_x(const struct crux_op *op, const struct crux_at *at, const uint32_t *index,
                const struct naive_world *world);

int64_t naive_element(const struct crux_op *op, const struct crux_at *at, const uint32_t *index,
                      int64_t x, const struct naive_world *world);

#endif
