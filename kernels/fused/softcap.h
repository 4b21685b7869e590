/* cap * tanh(x / cap) by its committed table, of scores and of logits; argument and cap in one unit.
 * spec/50-fused.md#tables */
#ifndef CRUX_KERNELS_FUSED_SOFTCAP_H
#define CRUX_KERNELS_FUSED_SOFTCAP_H

#include "kernels/lowering/builder.h"
#include "kernels/lowering/tables.h"

/* In: 1 <= cap < 2^30. A model tensor i32 [4097] holds crux_table_softcap. */
static inline struct crux_lut crux_softcap_lut(int32_t cap) {
    struct crux_table_grid grid = crux_table_softcap_grid(cap);
    struct crux_lut lut = {.x0 = grid.x0,
                           .shift = grid.shift,
                           .cells = grid.cells,
                           .left = crux_lut_constant(-cap),
                           .right = crux_lut_constant(cap)};
    return lut;
}

#endif
