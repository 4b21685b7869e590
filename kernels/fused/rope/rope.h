/* rope: rotary positions by a committed table.
 *
 *   T [context, d/2, 3] Q30:   (-sin, cos, sin) of each pair's angle at this position
 *
 *   pair i = (v0, v1)          out part p = sum over k of v_k * T[pos, i, 1 + p - k]
 *     part 0 = v0*cos - v1*sin        k=0: T[1] = cos    k=1: T[0] = -sin
 *     part 1 = v0*sin + v1*cos        k=0: T[2] = sin    k=1: T[1] = cos
 *
 *   layout half-split    |v0 of all pairs|v1 of all pairs|    [H, 2, d/2]
 *   layout interleaved   |v0 v1|v0 v1|..                      [H, d/2, 2]
 *
 * spec/50-fused.md#rope
 */
#ifndef CRUX_KERNELS_FUSED_ROPE_H
#define CRUX_KERNELS_FUSED_ROPE_H

#include "kernels/lowering/builder.h"

enum crux_rope_layout { CRUX_ROPE_HALF_SPLIT = 0, CRUX_ROPE_INTERLEAVED = 1 };

enum { CRUX_ROPE_BITS = 30 };

struct crux_fused_rope {
    enum crux_rope_layout layout;
    struct crux_type out; /* i32 */
};

/* Returns: the type of an output that never saturates, if that is i32: twice the input's greatest magnitude. */
struct crux_type crux_fused_rope_type(struct crux_type in);

/* In: v, i32 or narrower [H, d], d even; table, model i32 [context, d/2, 3] within +-2^30. Returns: [H, d]. */
struct crux_value crux_fused_rope(struct crux_builder *b, const char *label,
                                  const struct crux_fused_rope *config, struct crux_value v,
                                  struct crux_value table);

/* Out: out, heads * width.  In: v, heads * width, width even; table, the width/2 triples of this position.
 * out = v is permitted. */
void crux_fused_rope_reference(int32_t *out, const struct crux_fused_rope *config, const int32_t *v,
                               uint32_t heads, uint32_t width, const int32_t *table);

#endif
