/* A table's curve at one point: spec/20-ops.md#lut */
#ifndef CRUX_KERNELS_FUSED_LUT_H
#define CRUX_KERNELS_FUSED_LUT_H

#include "kernels/fused/exact.h"
#include "kernels/lowering/draft.h"

CRUX_INLINE crux_i128 crux_exact_lut_end(const struct crux_lut_end *end, int64_t v) {
    return end->kind == 0 ? end->value : crux_wide_round(crux_wide_mul(v, end->value), end->shift);
}

/* In: v, at most 2^62 away from lut->x0; table, lut->cells + 1 entries of 32 bits. */
CRUX_INLINE int64_t crux_exact_lut(const struct crux_lut *lut, int64_t v, const int32_t *table,
                                   int64_t lo, int64_t hi) {
    int64_t t = v - lut->x0;
    if (t < 0) return crux_saturate(crux_exact_lut_end(&lut->left, v), lo, hi);
    if (t >= (int64_t)lut->cells << lut->shift)
        return crux_saturate(crux_exact_lut_end(&lut->right, v), lo, hi);
    int64_t cell = t >> lut->shift, within = t & ((INT64_C(1) << lut->shift) - 1);
    int64_t left = table[cell], rise = (int64_t)table[cell + 1] - left;
    if (CRUX_LIKELY(lut->shift >= 1 && lut->shift <= 30)) /* below 2^61 + 2^62 in magnitude */
        return crux_exact_requant_narrow(left * (INT64_C(1) << lut->shift) + rise * within,
                                         (int)lut->shift, 0, lo, hi);
    /* |left| * 2^31 + 2^32 * 2^31 < 2^64 in magnitude, so not quite 64 bits: go wide */
    crux_i128 scaled = (crux_i128)left * (INT64_C(1) << lut->shift) + (crux_i128)rise * within;
    return crux_saturate(crux_wide_round(scaled, (int)lut->shift), lo, hi);
}

#endif
