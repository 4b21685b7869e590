/* quant_rows by vectors. Equal to the plain functions: the greatest magnitude does not depend on the order, and floor
 * plus the bit below is the same two shifts. Included by kernels_avx2.c and kernels_avx512.c, after their vectors. */
#ifndef CRUX_KERNELS_FUSED_QUANT_ROWS_VECTOR_H
#define CRUX_KERNELS_FUSED_QUANT_ROWS_VECTOR_H

#include "kernels/fused/quant_rows/exponent.h"
#include "kernels/fused/quant_rows/quant_rows.h"

/* |-2^31| is 2^31 without sign. */
CRUX_INLINE uint32_t vector_greatest_magnitude(const int32_t *v, uint32_t width) {
    v32 a = v_set(0), b = a;
    uint32_t i = 0;
    for (; i + 2 * V_LANES <= width; i += 2 * V_LANES) {
        a = v_max_unsigned(a, v_abs(v_load(v + i)));
        b = v_max_unsigned(b, v_abs(v_load(v + i + V_LANES)));
    }
    for (; i < width; i += V_LANES) a = v_max_unsigned(a, v_abs(v_load_upto(v + i, width - i)));
    return v_greatest_unsigned(v_max_unsigned(a, b));
}

CRUX_INLINE v32 vector_quantise(v32 v, int shift, v32 limit) {
    if (shift > 0) {
        v = v_shift_right(v, shift - 1);
        v = v_add(v_shift_right(v, 1), v_and(v, v_set(1)));
    }
    return v_max(v_min(v, limit), v_sub(v_set(0), limit));
}

static void vector_quant_rows(int16_t *x, int8_t *e, const int32_t *v, uint32_t rows,
                              uint32_t width, int32_t limit, int e_max) {
    v32 most = v_set(limit);
    for (uint32_t r = 0; r < rows; r++, v += width, x += width) {
        int shift = crux_quant_rows_exponent(vector_greatest_magnitude(v, width), limit, e_max);
        e[r] = (int8_t)shift;
        for (uint32_t i = 0; i < width; i += V_LANES)
            v_store16_upto(x + i, vector_quantise(v_load_upto(v + i, width - i), shift, most),
                           width - i);
    }
}

#endif
