/* The norms by vectors. Equal to the plain functions: sums of squares are exact in 64 bits in any order, and a product
 * |z * w * inv| <= 2^30 * 2^31 leaves room in 64 bits for what rounding adds. A greater inv goes the plain way. */
#ifndef CRUX_KERNELS_FUSED_NORM_VECTOR_H
#define CRUX_KERNELS_FUSED_NORM_VECTOR_H

#include "kernels/fused/layernorm/layernorm.h"
#include "kernels/fused/norm/inverse.h"
#include "kernels/fused/quant_rows/vector.h"
#include "kernels/fused/rmsnorm/rmsnorm.h"

/* The even lanes, and the odd ones, of a as 64 bits. */
CRUX_INLINE v64 vector_widen(v32 a) {
    return v_mul_wide(a, v_set(1));
}

CRUX_INLINE v64 vector_square_sum(v64 sum, v32 z) {
    v64 odd = v_odd(z);
    return v_add64(sum, v_add64(v_mul_wide(z, z), v_mul_wide(odd, odd)));
}

/* From z on. ss: the sum of its squares. */
CRUX_INLINE void vector_norm_row(int32_t *n, const struct crux_norm_constants *constants,
                                 struct crux_type out, const int16_t *z, uint32_t width,
                                 int exponent, int64_t ss, const int16_t *w, const int32_t *bias) {
    int64_t inv = crux_norm_inverse(constants, ss, exponent);
    if (inv > INT32_MAX || constants->s1 < 1 || constants->s1 > 62) {
        crux_fused_norm_row(n, constants, out, z, width, exponent, w, bias);
        return;
    }
    struct v_rounding round = v_rounding(constants->s1);
    v32 factor = v_set((int32_t)inv), lo = v_set((int32_t)out.lo), hi = v_set((int32_t)out.hi);
    for (uint32_t i = 0; i < width; i += V_LANES) {
        v32 zw = v_mul(v_load16_upto(z + i, width - i), v_load16_upto(w + i, width - i));
        v64 even = v_round(v_mul_wide(zw, factor), &round),
            odd = v_round(v_mul_wide(v_odd(zw), factor), &round);
        if (bias != NULL) {
            v32 add = v_load_upto(bias + i, width - i);
            even = v_add64(even, vector_widen(add));
            odd = v_add64(odd, vector_widen(v_odd(add)));
        }
        v_store_upto(n + i, v_max(v_min(v_saturate_pairs(even, odd), hi), lo), width - i);
    }
}

static void vector_rmsnorm(int32_t *n, int16_t *y, const struct crux_norm_constants *constants,
                           const int32_t *r, uint32_t rows, uint32_t width, int e_max,
                           const int16_t *w) {
    struct crux_type out = {CRUX_I32, -constants->out_most, constants->out_most};
    v32 most = v_set(CRUX_LIMIT_WIDE);
    for (uint32_t row = 0; row < rows; row++, r += width, n += width) {
        int e =
            crux_quant_rows_exponent(vector_greatest_magnitude(r, width), CRUX_LIMIT_WIDE, e_max);
        v64 ss = v_set64(0);
        for (uint32_t i = 0; i < width; i += V_LANES) {
            v32 z = vector_quantise(v_load_upto(r + i, width - i), e, most);
            ss = vector_square_sum(ss, z);
            v_store16_upto(y + i, z, width - i);
        }
        vector_norm_row(n, constants, out, y, width, e, v_sum64(ss), w, NULL);
    }
}

/* The sum, the least and the greatest of a row of z. */
struct vector_extent {
    int64_t sum;
    int32_t least, greatest;
};

CRUX_INLINE struct vector_extent vector_extent(const int16_t *z, uint32_t width) {
    v64 sum = v_set64(0);
    v32 least = v_set(z[0]), greatest = least;
    for (uint32_t i = 0; i < width; i += V_LANES) {
        v32 v = v_load16_upto(z + i, width - i);
        sum = v_add64(sum, v_add64(vector_widen(v), vector_widen(v_odd(v))));
        if (width - i < V_LANES) v = v_select(v_first(width - i), v, v_set(z[0]));
        least = v_min(least, v);
        greatest = v_max(greatest, v);
    }
    return (struct vector_extent){v_sum64(sum), v_least(least), v_greatest(greatest)};
}

/* z = round(width * z - sum, e): |width * z| < 2^20 * 2^15.  Returns: the sum of its squares. */
CRUX_INLINE int64_t vector_centre(int16_t *z, uint32_t width, int64_t sum, int e) {
    v32 factor = v_set((int32_t)width), lo = v_set(-CRUX_LIMIT_WIDE), hi = v_set(CRUX_LIMIT_WIDE);
    v64 ss = v_set64(0), minus = v_set64(sum);
    struct v_rounding round = v_rounding(e < 1 ? 1 : e);
    for (uint32_t i = 0; i < width; i += V_LANES) {
        v32 v = v_load16_upto(z + i, width - i);
        v64 even = v_sub64(v_mul_wide(v, factor), minus),
            odd = v_sub64(v_mul_wide(v_odd(v), factor), minus);
        if (e > 0) {
            even = v_round(even, &round);
            odd = v_round(odd, &round);
        }
        v = v_max(v_min(v_saturate_pairs(even, odd), hi), lo);
        if (width - i < V_LANES) v = v_select(v_first(width - i), v, v_set(0));
        ss = vector_square_sum(ss, v);
        v_store16_upto(z + i, v, width - i);
    }
    return v_sum64(ss);
}

/* |c| is greatest where z is least or greatest; the plain c is not needed. */
static void vector_layernorm(int32_t *n, int16_t *z, int64_t *c,
                             const struct crux_norm_constants *constants, struct crux_type out,
                             const int32_t *r, uint32_t rows, uint32_t width, int e_max,
                             const int16_t *w, const int32_t *bias) {
    int c_e_max = crux_fused_quant_rows_e_max(crux_fused_layernorm_centred(width), CRUX_LIMIT_WIDE);
    (void)c;
    for (uint32_t row = 0; row < rows; row++, r += width, n += width) {
        int8_t e;
        vector_quant_rows(z, &e, r, 1, width, CRUX_LIMIT_WIDE, e_max);
        struct vector_extent extent = vector_extent(z, width);
        int64_t low = extent.sum - (int64_t)width * extent.least,
                high = (int64_t)width * extent.greatest - extent.sum; /* neither is negative */
        int e2 =
            crux_quant_rows_exponent((uint64_t)(low > high ? low : high), CRUX_LIMIT_WIDE, c_e_max);
        int64_t ss = vector_centre(z, width, extent.sum, e2);
        vector_norm_row(n, constants, out, z, width, e + e2, ss, w, bias);
    }
}

#endif
