/* activation: a function by a committed table, and, gated, times another row.
 *
 *            left: constant      4096 cells, linear between entries        right: scaled identity
 *   f(g)     ------------------|------.......-----------------------|--------------------------
 *                              x0                          x0 + cells * 2^shift
 *   plain    h = sat(f(g))
 *   gated    a = sat(f(g)) within `a`;  h = sat(round(a * u, s))
 *
 * SiLU and GELU: 0 on the left, the identity on the right.
 *
 * spec/50-fused.md#activation
 */
#ifndef CRUX_KERNELS_FUSED_ACTIVATION_H
#define CRUX_KERNELS_FUSED_ACTIVATION_H

#include "kernels/lowering/builder.h"

struct crux_fused_activation {
    struct crux_lut lut;
    struct crux_type a; /* of f(g) */
    int32_t s;          /* gated: shift of the product */
    struct crux_type h; /* gated: i32 */
};

/* In: g, of any shape; u, NULL (plain) or of the same shape; table, model i32 [cells + 1]. Returns: h (plain: f(g)). */
struct crux_value crux_fused_activation(struct crux_builder *b, const char *label,
                                        const struct crux_fused_activation *config,
                                        struct crux_value g, const struct crux_value *u,
                                        struct crux_value table);

/* Out: h, count.  In: g, count; u, count or NULL; table, cells + 1. h = g is permitted. */
void crux_fused_activation_reference(int32_t *h, const struct crux_fused_activation *config,
                                     const int32_t *g, const int32_t *u, uint32_t count,
                                     const int32_t *table);

#endif
