#include "kernels/fused/exact.h"
#include "kernels/fused/quant_rows/quant_rows.h"

void crux_fused_quant_rows_i32(int16_t *x, int8_t *e, const int32_t *v, uint32_t rows,
                               uint32_t width, int32_t limit, int e_max) {
    for (uint32_t r = 0; r < rows; r++, v += width, x += width) {
        int64_t absmax = 0;
        for (uint32_t i = 0; i < width; i++) {
            int64_t a = v[i] < 0 ? -(int64_t)v[i] : v[i];
            if (a > absmax) absmax = a;
        }
        int shift = crux_exact_exponent(absmax, limit, e_max);
        int64_t half = shift > 0 ? INT64_C(1) << (shift - 1) : 0;
        e[r] = (int8_t)shift;
        /* |v| + half < 2^32 + 2^62; the shift brings it within +-limit, for rounding is monotonic */
        for (uint32_t i = 0; i < width; i++)
            x[i] = (int16_t)crux_clamp((v[i] + half) >> shift, -limit, limit);
    }
}

void crux_fused_quant_rows_i64(int16_t *x, int8_t *e, const int64_t *v, uint32_t rows,
                               uint32_t width, int32_t limit, int e_max) {
    for (uint32_t r = 0; r < rows; r++, v += width, x += width) {
        int64_t absmax = 0;
        for (uint32_t i = 0; i < width; i++) {
            int64_t a = crux_exact_absolute(v[i]);
            if (a > absmax) absmax = a;
        }
        int shift = crux_exact_exponent(absmax, limit, e_max);
        e[r] = (int8_t)shift;
        for (uint32_t i = 0; i < width; i++) {
            x[i] = (int16_t)crux_saturate(crux_wide_round(v[i], shift), -limit, limit);
        }
    }
}
