#include "kernels/fused/exact.h"
#include "kernels/fused/quant_rows/quant_rows.h"

static uint32_t greatest_magnitude(const int32_t *v, uint32_t width) {
    uint32_t absmax = 0;
    for (uint32_t i = 0; i < width; i++) {
        uint32_t a = v[i] < 0 ? 0U - (uint32_t)v[i] : (uint32_t)v[i];
        absmax = a > absmax ? a : absmax;
    }
    return absmax;
}

static int16_t clamp_16(int32_t v, int32_t limit) {
    return (int16_t)(v < -limit ? -limit : v > limit ? limit : v);
}

void crux_fused_quant_rows_i32(int16_t *x, int8_t *e, const int32_t *v, uint32_t rows,
                               uint32_t width, int32_t limit, int e_max) {
    for (uint32_t r = 0; r < rows; r++, v += width, x += width) {
        /* at most 31: round(2^31, 31) is 1 */
        int shift = crux_exact_exponent(greatest_magnitude(v, width), limit, e_max);
        e[r] = (int8_t)shift;
        if (shift == 0) {
            for (uint32_t i = 0; i < width; i++) x[i] = clamp_16(v[i], limit);
            continue;
        }
        /* the floor, and the bit below it; within +-limit unless e_max was too small */
        for (uint32_t i = 0; i < width; i++)
            x[i] = clamp_16((v[i] >> shift) + (v[i] >> (shift - 1) & 1), limit);
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
