/* residual: two streams added, saturating: out = sat(r + round(y, s)). s is the difference of their fraction bits.
 *
 * Where y comes straight from a linear, that linear adds r itself.
 *
 * spec/50-fused.md#residual
 */
#ifndef CRUX_KERNELS_FUSED_RESIDUAL_H
#define CRUX_KERNELS_FUSED_RESIDUAL_H

#include "kernels/lowering/builder.h"

struct crux_fused_residual {
    int32_t s;            /* -31..31 */
    struct crux_type out; /* i32 */
};

/* In: r, y, i32 of the same shape. */
struct crux_value crux_fused_residual(struct crux_builder *b, const char *label,
                                      const struct crux_fused_residual *config, struct crux_value r,
                                      struct crux_value y);

/* Out: out, count.  In: r, y, count. out = r is permitted. */
void crux_fused_residual_reference(int32_t *out, const struct crux_fused_residual *config,
                                   const int32_t *r, const int32_t *y, uint32_t count);

#endif
