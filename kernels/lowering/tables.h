/* The committed tables, made by integer arithmetic: the same source file gives the same model root on
 * every machine.  spec/50-fused.md#tables
 *
 *   grid:   entry i stands for the argument x0 + i * 2^shift, i = 0 .. cells; LUT interpolates between
 *   entry:  the nearest integer to the function there, in the table's unit
 */
#ifndef CRUX_KERNELS_LOWERING_TABLES_H
#define CRUX_KERNELS_LOWERING_TABLES_H

#include <stdint.h>

enum {
    CRUX_TABLE_CELLS = 4096, /* of every LUT here; a table has one entry more */
    CRUX_TABLE_ENTRIES = CRUX_TABLE_CELLS + 1,
    CRUX_TABLE_FRACTION_MAX = 24, /* fraction bits of an activation's argument */
    CRUX_TABLE_ROPE_BITS = 30,
    CRUX_TABLE_ROPE_DIMS_MAX = 1024
};

struct crux_table_grid {
    int64_t x0;
    uint8_t shift;
    uint32_t cells;
};

/* exp2: arguments with 16 fraction bits over [-16, 0]; entries times 65535, so that 0 gives 65535.
 * Left of the grid: 0. Right of it: 65535. */
enum { CRUX_EXP2_FRACTION = 16, CRUX_EXP2_ONE = 65535 };
struct crux_table_grid crux_table_exp2_grid(void);
void crux_table_exp2(uint16_t out[CRUX_TABLE_ENTRIES]);

/* Activations over [-16, 16) with as many fraction bits as the argument has. Left of the grid: 0.
 * Right of it: the argument itself (scaled to fraction_out). */
enum crux_table_activation { CRUX_TABLE_SILU, CRUX_TABLE_GELU_TANH, CRUX_TABLE_GELU_ERF };
/* In: 7 <= fraction <= CRUX_TABLE_FRACTION_MAX. */
struct crux_table_grid crux_table_activation_grid(unsigned fraction);
/* In: fraction as above, fraction_out <= CRUX_TABLE_FRACTION_MAX. */
void crux_table_activation(int32_t out[CRUX_TABLE_ENTRIES], enum crux_table_activation function,
                           unsigned fraction, unsigned fraction_out);

/* cap * tanh(x / cap), argument, cap and entries in one unit; the grid reaches at least 8 * cap to
 * either side. Left of it: -cap. Right of it: cap.  In: 1 <= cap < 2^30. */
struct crux_table_grid crux_table_softcap_grid(int32_t cap);
void crux_table_softcap(int32_t out[CRUX_TABLE_ENTRIES], int32_t cap);

/* RoPE. A pair's frequency is held as turns a position, times 2^64: base^-(2i / dims) / (2 pi); a
 * scaling variant changes these before the table is made.  In: dims, even, 2 ..
 * CRUX_TABLE_ROPE_DIMS_MAX; base >= 1.  Out: turns[dims / 2]. */
void crux_table_rope_turns(uint64_t *turns, uint32_t base, uint32_t dims);
/* Out: out[positions][pairs][3] = (-sin, cos, sin) of position first, first + 1, .., times 2^30.
 * In: first + positions <= 2^24. */
void crux_table_rope(int32_t *out, const uint64_t *turns, uint32_t pairs, uint32_t first,
                     uint32_t positions);

#endif
