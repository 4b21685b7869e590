/* What linear does with one accumulator, for the reference kernel and the backends alike. */
#ifndef CRUX_KERNELS_FUSED_LINEAR_FINISH_H
#define CRUX_KERNELS_FUSED_LINEAR_FINISH_H

#include "kernels/fused/exact.h"
#include "kernels/fused/linear/linear.h"

/* Returns: sat(add + round(rowmul * acc, s)), then the residual where there is a bias too.  In: bias and residual of
 * this output, or NULL; s = s0 - e. */
CRUX_INLINE int32_t crux_fused_linear_finish(const struct crux_fused_linear *config, int64_t acc,
                                             int32_t rowmul, int s, const int32_t *bias,
                                             const int32_t *residual) {
    const int32_t *add = bias != NULL ? bias : residual;
    int64_t more = add == NULL ? 0 : *add, product, v;
    /* For 1 <= s <= 62, floor((p + 2^(s-1)) / 2^s) = (p >> s) + bit s-1 of p: the same without a wide product. Its
     * magnitude is at most 2^62, so the sum fits. */
    if (CRUX_LIKELY(s >= 1 && s <= 62 && !__builtin_mul_overflow(acc, (int64_t)rowmul, &product)))
        v = crux_clamp((product >> s) + ((product >> (s - 1)) & 1) + more, config->y.lo,
                       config->y.hi);
    else
        v = crux_exact_requant((crux_i128)acc * rowmul, s, more, config->y.lo, config->y.hi);
    if (bias != NULL && residual != NULL) v = crux_clamp(v + *residual, config->y.lo, config->y.hi);
    return (int32_t)v;
}

#endif
