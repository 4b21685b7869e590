#include "kernels/fused/norm/inverse.h"

void crux_fused_norm_row(int32_t *n, const struct crux_norm_constants *constants,
                         struct crux_type out, const int16_t *z, uint32_t width, int exponent,
                         const int16_t *w, const int32_t *bias) {
    int64_t ss = 0;
    for (uint32_t i = 0; i < width; i++) ss += (int32_t)z[i] * z[i];
    int64_t inv = crux_norm_inverse(constants, ss, exponent);
    if (inv >> 32 == 0) { /* |z * w| <= 2^30 */
        for (uint32_t i = 0; i < width; i++)
            n[i] = (int32_t)crux_exact_requant_narrow((int64_t)((int32_t)z[i] * w[i]) * inv,
                                                      constants->s1, bias == NULL ? 0 : bias[i],
                                                      out.lo, out.hi);
        return;
    }
    for (uint32_t i = 0; i < width; i++) {
        crux_i128 product = (crux_i128)((int32_t)z[i] * w[i]) * inv; /* 30 + 52 bits */
        n[i] = (int32_t)crux_exact_requant(product, constants->s1, bias == NULL ? 0 : bias[i],
                                           out.lo, out.hi);
    }
}
