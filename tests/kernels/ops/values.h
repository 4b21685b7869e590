/* One element of an op whose step and model operands are short lists of 64-bit values. */
#ifndef CRUX_TESTS_KERNELS_OPS_VALUES_H
#define CRUX_TESTS_KERNELS_OPS_VALUES_H

#include "kernels/lowering/draft.h"
#include "kernels/ops/eval.h"

enum { VALUES_MAX = 64 };

struct values {
    int64_t v[CRUX_SLOTS_MAX]
             [VALUES_MAX]; /* [slot][flat]: what tensor each operand names does not matter */
};

/* A step tensor of `count` i64 values, and one of its elements. */
struct crux_value values_tensor(uint32_t count);
struct crux_operand values_read(uint32_t count, struct crux_affine index);
/* The only element of a tensor [1]. */
struct crux_operand value_operand(void);
struct crux_type any_i64(void);

/* Returns: element `flat` at pos 0 of a request of one token. */
int64_t values_eval(const struct crux_op *op, const struct values *values, uint64_t flat);
/* The same with one value for each operand: a, b, c in order. */
int64_t values_eval3(const struct crux_op *op, int64_t a, int64_t b, int64_t c);

#endif
