/* residual by vectors: y * 2^-s, or its rounding, and r fit 64 bits together. */
#ifndef CRUX_KERNELS_FUSED_RESIDUAL_VECTOR_H
#define CRUX_KERNELS_FUSED_RESIDUAL_VECTOR_H

#include "kernels/fused/residual/residual.h"

static void vector_residual(int32_t *out, const struct crux_fused_residual *config,
                            const int32_t *r, const int32_t *y, uint32_t count) {
    int s = config->s;
    if (s < -30 || s > 31) {
        crux_fused_residual_reference(out, config, r, y, count);
        return;
    }
    struct v_rounding round = v_rounding(s < 1 ? 1 : s);
    v32 lo = v_set((int32_t)config->out.lo), hi = v_set((int32_t)config->out.hi), one = v_set(1),
        scale = v_set(s < 0 ? 1 << -s : 1);
    for (uint32_t i = 0; i < count; i += V_LANES) {
        v32 a = v_load_upto(r + i, count - i), b = v_load_upto(y + i, count - i);
        v64 even = v_mul_wide(b, scale), odd = v_mul_wide(v_odd(b), scale);
        if (s > 0) {
            even = v_round(even, &round);
            odd = v_round(odd, &round);
        }
        a = v_saturate_pairs(v_add64(even, v_mul_wide(a, one)),
                             v_add64(odd, v_mul_wide(v_odd(a), one)));
        v_store_upto(out + i, v_max(v_min(a, hi), lo), count - i);
    }
}

#endif
