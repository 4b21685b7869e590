/* embed: the residual stream's first value, from the token at this position.
 *
 *   E [vocab, D] tiles      rowmul [vocab]            P [context, D] (learned positions, optional)
 *   |................|      |..|
 *   |=== row x ======|      |= |  x = token(pos)      |=== row pos ====|
 *
 *   r[d] = sat(P[pos, d] + round(rowmul[x] * E[x, d], s0))
 *
 * spec/50-fused.md#embed
 */
#ifndef CRUX_KERNELS_FUSED_EMBED_H
#define CRUX_KERNELS_FUSED_EMBED_H

#include "kernels/fused/tiles.h"
#include "kernels/lowering/builder.h"

struct crux_fused_embed {
    uint32_t vocab;
    int32_t s0;
    struct crux_type r; /* i32 */
};

struct crux_fused_embed_values {
    struct crux_value table;            /* tiles [vocab, D] */
    struct crux_value rowmul;           /* model i32 [vocab] */
    const struct crux_value *positions; /* model i32 [context, D], or NULL */
};

/* Returns: r [D]. */
struct crux_value crux_fused_embed(struct crux_builder *b, const char *label,
                                   const struct crux_fused_embed *config,
                                   const struct crux_fused_embed_values *values);

/* Out: r, table->inputs.  In: token < table->rows; rowmul, table->rows; position, the row of this position or NULL. */
void crux_fused_embed_reference(int32_t *r, const struct crux_fused_embed *config, uint32_t token,
                                const struct crux_tiles *table, const int32_t *rowmul,
                                const int32_t *position);

#endif
