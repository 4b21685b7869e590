/* The one number that a row of a norm is multiplied by: spec/50-fused.md#rmsnorm */
#ifndef CRUX_KERNELS_FUSED_NORM_INVERSE_H
#define CRUX_KERNELS_FUSED_NORM_INVERSE_H

#include "kernels/fused/exact.h"
#include "kernels/fused/norm/norm.h"

/* In: ss, the sum of z^2; exponent, the sum of the row's exponents. */
CRUX_INLINE int64_t crux_norm_inverse(const struct crux_norm_constants *constants, int64_t ss,
                                      int exponent) {
    int64_t t = crux_exact_requant(constants->eps_m, constants->eps_s + 2 * exponent, ss, 0,
                                   constants->t_hi);
    int64_t root = (int64_t)crux_exact_sqrt((uint64_t)t << constants->root_shift); /* below 2^31 */
    int64_t inv = root == 0 ? 0 : ((int64_t)constants->c << constants->c_shift) / root;
    return inv > constants->inv_hi ? constants->inv_hi : inv;
}

#endif
