/* A tiled matrix in memory, as reference kernels and the engine hold it: its tiles back to back, row by row.
 *
 *   row 0  | tile 0 | tile 1 | .. | last tile (shorter) |      tile: | m.. | n.. | q.. |    spec/10-machine.md#tiles
 *   row 1  | ...
 *
 * Element (row, i) is worth m*q + n. Importers make sure that every element lies within the tensor's declared range;
 * kernels rely on it and do not clamp.
 */
#ifndef CRUX_KERNELS_FUSED_TILES_H
#define CRUX_KERNELS_FUSED_TILES_H

#include <stdint.h>

#include "kernels/base/macros.h"
#include "kernels/program/layout.h"

/* What a backend may leave out of a matrix, for all of it is so. */
enum crux_tiles_form {
    CRUX_TILES_PLAIN,   /* right for all, and only slower */
    CRUX_TILES_CENTRED, /* 4 bits, and every offset n = -8*m: a weight is worth m*(q - 8) */
    CRUX_TILES_SIX,     /* 8 bits, and every q lies in -32..31, or, with offsets, in -16..47 */
};

struct crux_tiles {
    struct crux_tile tile;
    uint32_t rows, inputs;
    const uint8_t *bytes;      /* rows * crux_tiles_row_bytes */
    enum crux_tiles_form form; /* crux_backend_form says which */
};

CRUX_INLINE uint64_t crux_tiles_row_bytes(const struct crux_tile *tile, uint32_t inputs) {
    uint32_t last = inputs % tile->chunk;
    uint64_t bytes = (uint64_t)(inputs / tile->chunk) * crux_tile_bytes(tile, tile->chunk);
    return last == 0 ? bytes : bytes + crux_tile_bytes(tile, last);
}

#endif
