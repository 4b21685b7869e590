/* Exact arithmetic that the reference kernels share. Each function is a case of an op of spec/20-ops.md, stated beside
 * it; none of them depends on the element evaluator. */
#ifndef CRUX_KERNELS_FUSED_EXACT_H
#define CRUX_KERNELS_FUSED_EXACT_H

#include <stdint.h>

#include "kernels/base/macros.h"
#include "kernels/ops/arith.h"

/* The limits of requantise's shift: spec/20-ops.md#map */
enum { CRUX_EXACT_SHIFT_LO = -31, CRUX_EXACT_SHIFT_HI = 95 };

/* sat(add + round(product, s)), s clamped: requantise.  In: |product| < 2^95. */
CRUX_INLINE int64_t crux_exact_requant(crux_i128 product, int s, int64_t add, int64_t lo,
                                       int64_t hi) {
    s = s < CRUX_EXACT_SHIFT_LO   ? CRUX_EXACT_SHIFT_LO
        : s > CRUX_EXACT_SHIFT_HI ? CRUX_EXACT_SHIFT_HI
                                  : s;
    return crux_saturate(crux_wide_round(product, s) + add, lo, hi);
}

/* The same where the product fits 64 bits, which is three times as fast.  In: |product / 2 + add| < 2^63. */
CRUX_INLINE int64_t crux_exact_requant_narrow(int64_t product, int s, int64_t add, int64_t lo,
                                              int64_t hi) {
    if (CRUX_UNLIKELY(s < 1 || s > 62)) return crux_exact_requant(product, s, add, lo, hi);
    /* the floor, and the bit below it */
    return crux_clamp((product >> s) + (product >> (s - 1) & 1) + add, lo, hi);
}

/* |v|; the greatest i64 for the least one, as absmax saturates it. */
CRUX_INLINE int64_t crux_exact_absolute(int64_t v) {
    return v == INT64_MIN ? INT64_MAX : v < 0 ? -v : v;
}

/* The least e in [0, e_max] with round(absmax, e) <= limit; e_max if there is none.  In: absmax >= 0. */
CRUX_INLINE int crux_exact_exponent(int64_t absmax, int64_t limit, int e_max) {
    int e = 0;
    while (e < e_max && crux_wide_round(absmax, e) > limit) e++;
    return e;
}

/* floor(sqrt(a)) */
CRUX_INLINE uint64_t crux_exact_sqrt(uint64_t a) {
    uint64_t root = 0;
    for (uint64_t bit = UINT64_C(1) << 31; bit != 0; bit >>= 1) { /* the root has at most 32 bits */
        uint64_t next = root | bit;
        if (next * next <= a) root = next; /* below 2^64 */
    }
    return root;
}

#endif
