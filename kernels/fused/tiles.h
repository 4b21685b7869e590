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

struct crux_tiles {
    struct crux_tile tile;
    uint32_t rows, inputs;
    const uint8_t *bytes; /* rows * crux_tiles_row_bytes */
    bool centred;         /* crux_backend_centred; false is right for all, and only slower */
};

CRUX_INLINE uint64_t crux_tiles_row_bytes(const struct crux_tile *tile, uint32_t inputs) {
    uint32_t last = inputs % tile->chunk;
    uint64_t bytes = (uint64_t)(inputs / tile->chunk) * crux_tile_bytes(tile, tile->chunk);
    return last == 0 ? bytes : bytes + crux_tile_bytes(tile, last);
}

#endif
