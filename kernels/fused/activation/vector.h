/* activation by vectors, for tables that end in constants or the identity. Equal to the plain function: an entry is a
 * whole multiple of the cell, so left * 2^s + rise * within rounds to left + round(rise * within); the latter is taken
 * in 32 bits where left and rise are seen to allow it, and elements of which this is not so go the plain way. */
#ifndef CRUX_KERNELS_FUSED_ACTIVATION_VECTOR_H
#define CRUX_KERNELS_FUSED_ACTIVATION_VECTOR_H

#include "kernels/fused/activation/activation.h"
#include "kernels/fused/exact.h"

/* What is the same for all elements. */
struct vector_curve {
    const int32_t *table;
    int shift;
    v32 first, last; /* arguments inside the table */
    v32 before, after;
    bool identity; /* after the table; else it is `after` */
    v32 a_lo, a_hi, h_lo, h_hi;
    struct v_rounding round;
};

CRUX_INLINE bool vector_is_i32(int64_t v) {
    return v >= INT32_MIN && v <= INT32_MAX;
}

/* Returns: false if the configuration needs the plain way. */
static bool vector_curve(struct vector_curve *curve, const struct crux_fused_activation *config,
                         bool gated, const int32_t *table) {
    const struct crux_lut *lut = &config->lut;
    if (lut->shift < 1 || lut->shift > 24 || !vector_is_i32(lut->x0) || lut->cells < 1)
        return false;
    int64_t last = lut->x0 + ((int64_t)lut->cells << lut->shift) - 1;
    bool identity = lut->right.kind != 0;
    if (!vector_is_i32(last) || lut->left.kind != 0) return false;
    if (identity && (lut->right.value != 1 || lut->right.shift != 0)) return false;
    if (gated && (config->s < 1 || config->s > 62)) return false;
    const struct crux_type *a = &config->a;
    *curve = (struct vector_curve){
        .table = table,
        .shift = (int)lut->shift,
        .first = v_set((int32_t)lut->x0),
        .last = v_set((int32_t)last),
        .before = v_set((int32_t)crux_clamp(lut->left.value, a->lo, a->hi)),
        .after = v_set((int32_t)(identity ? 0 : crux_clamp(lut->right.value, a->lo, a->hi))),
        .identity = identity,
        .a_lo = v_set((int32_t)a->lo),
        .a_hi = v_set((int32_t)a->hi),
        .h_lo = v_set((int32_t)(gated ? config->h.lo : 0)),
        .h_hi = v_set((int32_t)(gated ? config->h.hi : 0)),
        .round = v_rounding(gated ? config->s : 1)};
    return true;
}

/* Out: a = sat(f(g)).  Returns: false if an element needs the plain way. With |left| < 2^30 and rise, as 32 bits see it,
 * within +-2^(30 - shift), the true rise is the same, and |rise * within| + half < 2^31. */
CRUX_INLINE bool vector_look_up(v32 *a, const struct vector_curve *curve, v32 g) {
    v32 t = v_sub(v_max(v_min(g, curve->last), curve->first), curve->first), left, right;
    v_gather_two(&left, &right, curve->table, v_shift_right_unsigned(t, curve->shift));
    v32 within = v_and(t, v_set((1 << curve->shift) - 1)), rise = v_sub(right, left);
    v32 outside = v_or(
        v_shift_right_unsigned(v_add(left, v_set(1 << 30)), 31),
        v_shift_right_unsigned(v_add(rise, v_set(1 << (30 - curve->shift))), 31 - curve->shift));
    if (CRUX_UNLIKELY(v_bits(v_less(v_set(0), outside)) != 0)) return false;
    v32 part = v_add(v_mul(rise, within), v_set(1 << (curve->shift - 1)));
    v32 inside = v_add(left, v_shift_right(part, curve->shift));
    inside = v_select(v_less(g, curve->first), curve->before, inside);
    inside = v_select(v_less(curve->last, g), curve->identity ? g : curve->after, inside);
    *a = v_max(v_min(inside, curve->a_hi), curve->a_lo);
    return true;
}

static void vector_activation(int32_t *h, const struct crux_fused_activation *config,
                              const int32_t *g, const int32_t *u, uint32_t count,
                              const int32_t *table) {
    struct vector_curve curve;
    if (!vector_curve(&curve, config, u != NULL, table)) {
        crux_fused_activation_reference(h, config, g, u, count, table);
        return;
    }
    for (uint32_t i = 0; i < count; i += V_LANES) {
        uint32_t left = count - i;
        v32 a;
        if (!vector_look_up(&a, &curve, v_load_upto(g + i, left))) {
            crux_fused_activation_reference(h + i, config, g + i, u == NULL ? NULL : u + i,
                                            left < V_LANES ? left : V_LANES, table);
            continue;
        }
        if (u != NULL) { /* |a * u| <= 2^62 */
            v32 up = v_load_upto(u + i, left);
            a = v_saturate_pairs(v_round(v_mul_wide(a, up), &curve.round),
                                 v_round(v_mul_wide(v_odd(a), v_odd(up)), &curve.round));
            a = v_max(v_min(a, curve.h_hi), curve.h_lo);
        }
        v_store_upto(h + i, a, left);
    }
}

#endif
