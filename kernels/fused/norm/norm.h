/* norm: what rmsnorm and layernorm share, from the 16-bit row z on. Powers of two that z was divided by cancel, except
 * beside eps:
 *
 *   ss   = sum of z^2                                  i64, by chunks of 512
 *   t    = ss + round(eps_m, eps_s + 2 * exponents)    sum of squares plus width^p * eps, in z's units
 *   root = floor(sqrt(t * 2^root_shift))               31 bits at most
 *   inv  = floor(c * 2^c_shift / root)                 about sqrt(width / t) * 2^inv_bits; 0 for root = 0
 *   n    = sat(bias + round(z * w * inv, s1))
 *
 * |z| <= sqrt(t), so z * inv is bounded by sqrt(width) * 2^inv_bits although each alone is not.
 *
 * spec/50-fused.md#rmsnorm
 */
#ifndef CRUX_KERNELS_FUSED_NORM_H
#define CRUX_KERNELS_FUSED_NORM_H

#include "kernels/lowering/builder.h"

enum { CRUX_NORM_INV_BITS = 20 /* significant bits that inv keeps at the greatest t */ };

/* eps = eps_m / 2^eps_shift: every f32 and f64 is such a number. */
struct crux_fused_norm {
    uint32_t width;
    int64_t eps_m; /* 0 <= eps_m < 2^53 */
    int32_t eps_shift;
    int32_t in_bits, weight_bits, out_bits; /* fraction bits */
    int64_t weight_most;                    /* greatest |w| */
};

struct crux_norm_constants {
    int64_t eps_m;
    int32_t eps_s;
    int64_t t_hi;
    int root_shift; /* even */
    int64_t root_hi;
    int32_t c;
    int c_shift;
    int inv_bits;
    int64_t inv_hi;
    int32_t s1;
    int64_t out_most; /* |z * w * inv / 2^s1| never exceeds it */
};

/* In: power, 1 if z is the row itself, 3 if it is width times the centred row; t_least, a t > 0 is never below it, at
 * least 1. Integer arithmetic only.
 * Returns: CRUX_E_OVERFLOW if eps or the fraction bits leave the widths above. */
CRUX_MUST_CHECK
enum crux_status crux_fused_norm_constants(struct crux_norm_constants *constants,
                                           const struct crux_fused_norm *config, unsigned power,
                                           int64_t t_least);
/* Returns: eps at exponent 0, in z's units; -1 if it leaves 61 bits. */
int64_t crux_fused_norm_eps(const struct crux_fused_norm *config, unsigned power);

/* In: z i16 [R, D] or [D], its exponents [R] or [1]; w i16 [D]; bias i32 [D] or NULL. Returns: n, of z's shape. */
struct crux_value crux_fused_norm_tail(struct crux_builder *b,
                                       const struct crux_norm_constants *constants,
                                       struct crux_type out, struct crux_value z,
                                       const struct crux_value *exponents, unsigned exponent_count,
                                       struct crux_value w, const struct crux_value *bias);

/* One row. In: exponent, the sum of the row's exponents; bias may be NULL. */
void crux_fused_norm_row(int32_t *n, const struct crux_norm_constants *constants,
                         struct crux_type out, const int16_t *z, uint32_t width, int exponent,
                         const int16_t *w, const int32_t *bias);

#endif
