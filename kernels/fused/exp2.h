/* Softmax weights: 65535 * 2^x by the committed table, x at most 0 with 16 fraction bits.
 * spec/50-fused.md#tables */
#ifndef CRUX_KERNELS_FUSED_EXP2_H
#define CRUX_KERNELS_FUSED_EXP2_H

#include <stdint.h>

#include "kernels/base/macros.h"
#include "kernels/lowering/builder.h"
#include "kernels/lowering/tables.h"

enum { CRUX_EXP2_SHIFT = 8, CRUX_EXP2_LEAST = -(16 << 16) };

/* A model tensor u16 [4097] of this type holds crux_table_exp2. */
static inline struct crux_type crux_exp2_type(void) {
    return crux_type_of(CRUX_U16, 0, CRUX_EXP2_ONE);
}

static inline struct crux_lut crux_exp2_lut(void) {
    struct crux_table_grid grid = crux_table_exp2_grid();
    struct crux_lut lut = {.x0 = grid.x0,
                           .shift = grid.shift,
                           .cells = grid.cells,
                           .left = crux_lut_constant(0),
                           .right = crux_lut_constant(CRUX_EXP2_ONE)};
    return lut;
}

CRUX_INLINE uint16_t crux_exact_exp2(const uint16_t table[CRUX_TABLE_ENTRIES], int64_t x) {
    if (x < CRUX_EXP2_LEAST) return 0;
    if (x >= 0) return CRUX_EXP2_ONE;
    int32_t t = (int32_t)(x - CRUX_EXP2_LEAST), within = t & ((1 << CRUX_EXP2_SHIFT) - 1);
    int32_t left = table[t >> CRUX_EXP2_SHIFT], right = table[(t >> CRUX_EXP2_SHIFT) + 1];
    /* entries are below 2^16, so everything stays below 2^25; two entries' mean is no more than either */
    return (uint16_t)(((left << CRUX_EXP2_SHIFT) + (right - left) * within +
                       (1 << (CRUX_EXP2_SHIFT - 1))) >>
                      CRUX_EXP2_SHIFT);
}

#endif
