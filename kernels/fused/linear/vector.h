/* What follows a matrix product, by vectors, without a wide product: with acc = 2^32 * A + B, 0 <= B < 2^32, and
 * rowmul >= 0,
 *
 *   t = A * rowmul + floor(B * rowmul / 2^32) = floor(acc * rowmul / 2^32)        |t| < 2^62 + 2^31
 *   round(acc * rowmul, s) = floor((t + 2^(s-33)) / 2^(s-32))                     for s >= 33: 2^32 divides 2^(s-1)
 *
 * which is exact for every acc, and fits for s <= 94. Other shifts and negative multipliers go the plain way. */
#ifndef CRUX_KERNELS_FUSED_LINEAR_VECTOR_H
#define CRUX_KERNELS_FUSED_LINEAR_VECTOR_H

#include "kernels/fused/linear/finish_rows.h"

enum { VECTOR_SHIFT_LO = 33, VECTOR_SHIFT_HI = 94, V_HALF = V_LANES / 2 };

CRUX_INLINE v64 vector_scale(const int64_t *acc, const int32_t *rowmul,
                             const struct v_rounding *round) {
    v64 a = v_load64(acc), m = v_extend(rowmul);
    return v_round(v_add64(v_mul_wide(v_odd(a), m), v_odd(v_mul_wide_unsigned(a, m))), round);
}

/* Outputs o0 .. o0 + count of one row.  In: add and after, NULL or at output o0; after: added to a saturated y. */
CRUX_INLINE void vector_finish_row(int32_t *y, const struct crux_fused_linear *config,
                                   const int64_t *acc, const int32_t *rowmul, const int32_t *add,
                                   const int32_t *after, int s, uint32_t count) {
    struct v_rounding round = v_rounding(s - 32);
    v32 lo = v_set((int32_t)config->y.lo), hi = v_set((int32_t)config->y.hi);
    for (uint32_t o = 0; o < count; o += V_LANES) {
        v64 low = vector_scale(acc + o, rowmul + o, &round),
            high = vector_scale(acc + o + V_HALF, rowmul + o + V_HALF, &round);
        if (add != NULL) {
            low = v_add64(low, v_extend(add + o));
            high = v_add64(high, v_extend(add + o + V_HALF));
        }
        v32 v = v_max(v_min(v_saturate_halves(low, high), hi), lo);
        if (after != NULL) {
            int32_t y_bias[V_LANES]; /* not y: that may be `after` */
            v_store(y_bias, v);
            low = v_add64(v_extend(y_bias), v_extend(after + o));
            high = v_add64(v_extend(y_bias + V_HALF), v_extend(after + o + V_HALF));
            v = v_max(v_min(v_saturate_halves(low, high), hi), lo);
        }
        v_store(y + o, v);
    }
}

static bool vector_no_negative(const int32_t *rowmul, uint32_t count) {
    int32_t all = 0;
    for (uint32_t o = 0; o < count; o++) all |= rowmul[o];
    return all >= 0;
}

static void vector_finish(int32_t *y, size_t y_stride, const struct crux_fused_finish *finish,
                          const int64_t *acc, size_t acc_stride, uint32_t rows, uint32_t o0,
                          uint32_t o1) {
    const int32_t *rowmul = finish->rowmul + o0, *bias = finish->bias;
    uint32_t whole = (o1 - o0) / V_LANES * V_LANES;
    if (!vector_no_negative(rowmul, whole)) whole = 0;
    for (uint32_t r = 0; r < rows; r++) {
        struct crux_fused_finish row = *finish;
        int s = finish->config->s0 - finish->e[r * finish->e_stride];
        uint32_t done = s >= VECTOR_SHIFT_LO && s <= VECTOR_SHIFT_HI ? whole : 0;
        row.e += r * finish->e_stride;
        if (row.residual != NULL) row.residual += r * finish->residual_stride;
        if (done > 0) {
            const int32_t *residual = row.residual == NULL ? NULL : row.residual + o0;
            vector_finish_row(y + r * y_stride + o0, finish->config, acc + r * acc_stride, rowmul,
                              bias == NULL ? residual : bias + o0, bias == NULL ? NULL : residual,
                              s, done);
        }
        if (o0 + done < o1)
            crux_fused_finish_reference(y + r * y_stride, 0, &row, acc + r * acc_stride + done, 0,
                                        1, o0 + done, o1);
    }
}

#endif
