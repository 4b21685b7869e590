/* linear: a matrix of tiles times a quantised row.
 *
 *            chunk 0        chunk 1    ..
 *   x  i16  |--------------|----------|        x is worth x * 2^e
 *   W[o]    |m q+n ........|..........|        one tile a chunk; W[o, k] = m*q + n
 *             partial 0      partial 1         i64, one CONTRACT element each: one tile and 1 KB of x
 *             `----- sum -----'                acc[o], exact
 *   y[o] = sat(add[o] + round(rowmul[o] * acc[o], s0 - e))
 *
 * rowmul is the row's scale, s0 places the binary point of y. `add` is a bias or the residual stream. With both, the
 * bias goes into y first and the residual is added after y has been saturated.
 *
 * spec/50-fused.md#linear
 */
#ifndef CRUX_KERNELS_FUSED_LINEAR_H
#define CRUX_KERNELS_FUSED_LINEAR_H

#include "kernels/fused/quant_rows/quant_rows.h"
#include "kernels/fused/tiles.h"
#include "kernels/lowering/builder.h"

struct crux_fused_linear {
    int32_t s0;
    struct crux_type y; /* of the output, and of the sum before the residual */
};

struct crux_fused_linear_values {
    struct crux_value w;               /* tiles [out, in] */
    struct crux_value rowmul;          /* model i32 [out] */
    const struct crux_value *bias;     /* i32 [out], or NULL */
    const struct crux_value *residual; /* i32 [out], or NULL */
};

/* In: x, i16 [in] (or a view of it) with e [1]. Returns: y [out]. */
struct crux_value crux_fused_linear(struct crux_builder *b, const char *label,
                                    const struct crux_fused_linear *config,
                                    const struct crux_fused_linear_values *values,
                                    struct crux_quantised x);

/* Out: y, w->rows values within config->y.  In: x, w->inputs; e; rowmul, w->rows; bias and residual, w->rows or NULL. */
void crux_fused_linear_reference(int32_t *y, const struct crux_fused_linear *config,
                                 const int16_t *x, int8_t e, const struct crux_tiles *w,
                                 const int32_t *rowmul, const int32_t *bias,
                                 const int32_t *residual);

#endif
