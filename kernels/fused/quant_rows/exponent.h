/* crux_exact_exponent for a magnitude of 63 bits, without trying every exponent. */
#ifndef CRUX_KERNELS_FUSED_QUANT_ROWS_EXPONENT_H
#define CRUX_KERNELS_FUSED_QUANT_ROWS_EXPONENT_H

#include <stdint.h>

#include "kernels/base/macros.h"

CRUX_INLINE int crux_quant_rows_bits(uint64_t v) { /* v > 0 */
    return 64 - __builtin_clzll(v);
}

/* Returns: the least e in [0, e_max] with round(absmax, e) <= limit; e_max if there is none. For e below the difference
 * of bit lengths, absmax / 2^e >= 2^bits(limit) > limit; from there on one or two steps are enough.
 * In: absmax < 2^62; limit >= 1. */
CRUX_INLINE int crux_quant_rows_exponent(uint64_t absmax, int32_t limit, int e_max) {
    if (absmax <= (uint64_t)limit) return 0;
    int e = crux_quant_rows_bits(absmax) - crux_quant_rows_bits((uint64_t)limit);
    if (e == 0) e = 1; /* round(absmax, 0) > limit */
    while (e < e_max && (absmax + (UINT64_C(1) << (e - 1))) >> e > (uint64_t)limit) e++;
    return e < e_max ? e : e_max;
}

#endif
