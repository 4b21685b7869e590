/* What follows a matrix product, for many rows and outputs at once: y = sat(add + round(rowmul * acc, s0 - e)), as
 * crux_fused_linear_reference does it. Backends leave acc; the engine finishes it. */
#ifndef CRUX_KERNELS_FUSED_LINEAR_FINISH_ROWS_H
#define CRUX_KERNELS_FUSED_LINEAR_FINISH_ROWS_H

#include <stddef.h>

#include "kernels/fused/linear/linear.h"

/* Optional operands are NULL. bias and rowmul are the whole matrix's, and are read at o0..o1. */
struct crux_fused_finish {
    const struct crux_fused_linear *config;
    const int32_t *rowmul, *bias; /* [outputs] */
    const int32_t *residual;      /* residual[r * residual_stride + o] */
    size_t residual_stride;
    const int8_t *e; /* e[r * e_stride] */
    size_t e_stride;
};

/* Out: y[r * y_stride + o] for r < rows, o0 <= o < o1; y may be the residual itself.
 * In: acc[r * acc_stride + (o - o0)], any 64 bits. */
void crux_fused_finish_reference(int32_t *y, size_t y_stride,
                                 const struct crux_fused_finish *finish, const int64_t *acc,
                                 size_t acc_stride, uint32_t rows, uint32_t o0, uint32_t o1);

#endif
