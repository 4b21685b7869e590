/* rope by vectors, the same pairs of all heads together. Equal to the plain function: within the table's +-2^30 a sum of
 * two products is at most 2^62, so that nothing overflows in 64 bits. */
#ifndef CRUX_KERNELS_FUSED_ROPE_VECTOR_H
#define CRUX_KERNELS_FUSED_ROPE_VECTOR_H

#include "kernels/fused/rope/rope.h"

/* A vector of pairs' -sin, cos and sin; odd: those of the odd lanes. */
struct vector_turn {
    v32 even[3], odd[3];
};

/* v0 * a + v1 * b of the even lanes */
CRUX_INLINE v64 vector_turn(v32 v0, v32 a, v32 v1, v32 b) {
    return v_add64(v_mul_wide(v0, a), v_mul_wide(v1, b));
}

static void vector_rope_half(int32_t *out, const struct crux_fused_rope *config, const int32_t *v,
                             uint32_t heads, uint32_t pairs, const int32_t *table) {
    struct v_rounding round = v_rounding(CRUX_ROPE_BITS);
    v32 lo = v_set((int32_t)config->out.lo), hi = v_set((int32_t)config->out.hi);
    for (uint32_t i = 0; i < pairs; i += V_LANES) {
        uint32_t left = pairs - i;
        struct vector_turn t;
        v_load_triples(t.even, table + 3 * (size_t)i, left < V_LANES ? left : V_LANES);
        for (int k = 0; k < 3; k++) t.odd[k] = v_odd(t.even[k]);
        for (uint32_t h = 0; h < heads; h++) {
            size_t at = (size_t)h * 2 * pairs + i;
            v32 a = v_load_upto(v + at, left), b = v_load_upto(v + at + pairs, left);
            v64 a_odd = v_odd(a), b_odd = v_odd(b);
            v32 first =
                v_saturate_pairs(v_round(vector_turn(a, t.even[1], b, t.even[0]), &round),
                                 v_round(vector_turn(a_odd, t.odd[1], b_odd, t.odd[0]), &round));
            v32 second =
                v_saturate_pairs(v_round(vector_turn(a, t.even[2], b, t.even[1]), &round),
                                 v_round(vector_turn(a_odd, t.odd[2], b_odd, t.odd[1]), &round));
            v_store_upto(out + at, v_max(v_min(first, hi), lo), left);
            v_store_upto(out + at + pairs, v_max(v_min(second, hi), lo), left);
        }
    }
}

/* Pairs lie in even and odd lanes already; of the table only even lanes are read. */
static void vector_rope_interleaved(int32_t *out, const struct crux_fused_rope *config,
                                    const int32_t *v, uint32_t heads, uint32_t pairs,
                                    const int32_t *table) {
    struct v_rounding round = v_rounding(CRUX_ROPE_BITS);
    v32 lo = v_set((int32_t)config->out.lo), hi = v_set((int32_t)config->out.hi);
    for (uint32_t i = 0; i < pairs; i += V_LANES / 2) {
        uint32_t some = pairs - i < V_LANES / 2 ? pairs - i : V_LANES / 2, left = 2 * (pairs - i);
        v32 t[3];
        v_load_triples_even(t, table + 3 * (size_t)i, some);
        for (uint32_t h = 0; h < heads; h++) {
            size_t at = (size_t)2 * ((size_t)h * pairs + i);
            v32 a = v_load_upto(v + at, left);
            v64 b = v_odd(a);
            v32 turned = v_saturate_pairs(v_round(vector_turn(a, t[1], b, t[0]), &round),
                                          v_round(vector_turn(a, t[2], b, t[1]), &round));
            v_store_upto(out + at, v_max(v_min(turned, hi), lo), left);
        }
    }
}

static void vector_rope(int32_t *out, const struct crux_fused_rope *config, const int32_t *v,
                        uint32_t heads, uint32_t width, const int32_t *table) {
    switch (config->layout) {
    case CRUX_ROPE_HALF_SPLIT: vector_rope_half(out, config, v, heads, width / 2, table); break;
    case CRUX_ROPE_INTERLEAVED:
        vector_rope_interleaved(out, config, v, heads, width / 2, table);
        break;
    }
}

#endif
