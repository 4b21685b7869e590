/* mix by vectors. Equal to the plain function: sums of at most 64 products below 2^24 * 2^31 are exact in 64 bits, and
 * leave room for what rounding and r add. */
#ifndef CRUX_KERNELS_FUSED_EXPERTS_VECTOR_H
#define CRUX_KERNELS_FUSED_EXPERTS_VECTOR_H

#include "kernels/fused/experts/experts.h"

static void vector_mix(int32_t *r, const struct crux_fused_mix *config, const int32_t *share,
                       const int32_t *const *d, uint32_t width) {
    if (config->s < 1 || config->s > 62) {
        crux_fused_mix_reference(r, config, share, d, width);
        return;
    }
    struct v_rounding round = v_rounding(config->s);
    v32 lo = v_set((int32_t)config->y.lo), hi = v_set((int32_t)config->y.hi), one = v_set(1);
    for (uint32_t o = 0; o < width; o += V_LANES) {
        v64 even = v_set64(0), odd = even;
        for (uint32_t i = 0; i < config->used; i++) {
            v32 v = v_load_upto(d[i] + o, width - o), factor = v_set(share[i]);
            even = v_add64(even, v_mul_wide(v, factor));
            odd = v_add64(odd, v_mul_wide(v_odd(v), factor));
        }
        v32 add = v_load_upto(r + o, width - o);
        even = v_add64(v_round(even, &round), v_mul_wide(add, one));
        odd = v_add64(v_round(odd, &round), v_mul_wide(v_odd(add), one));
        v_store_upto(r + o, v_max(v_min(v_saturate_pairs(even, odd), hi), lo), width - o);
    }
}

#endif
