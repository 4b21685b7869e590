#include "kernels/backends/backend.h"

static int32_t get16(const uint8_t *bytes) {
    return (int16_t)(uint16_t)(bytes[0] | bytes[1] << 8);
}

static bool is_centred(const uint8_t *bytes, uint32_t groups) {
    for (uint32_t g = 0; g < groups; g++) {
        if (get16(bytes + 2 * (groups + g)) != -8 * get16(bytes + 2 * g)) return false;
    }
    return true;
}

/* Do all q, of 8 bits, lie in -below..63-below? */
static bool has_six(const uint8_t *q, uint32_t count, unsigned below) {
    uint8_t over = 0;
    for (uint32_t i = 0; i < count; i++) over |= (uint8_t)(q[i] + below);
    return over < 64;
}

enum crux_tiles_form crux_backend_form(const struct crux_tiles *w) {
    const struct crux_tile *tile = &w->tile;
    const uint8_t *bytes = w->bytes;
    bool can_be_centred = tile->width == 1 && tile->has_offsets;
    if (!can_be_centred && tile->width != 2) return CRUX_TILES_PLAIN;
    for (uint32_t row = 0; row < w->rows; row++) {
        for (uint32_t t = 0; t < crux_tile_count(tile, w->inputs); t++) {
            uint32_t count = crux_tile_inputs(tile, w->inputs, t),
                     groups = (count + tile->group - 1) / tile->group;
            bool holds = can_be_centred      ? is_centred(bytes, groups)
                         : tile->has_offsets ? has_six(bytes + groups * 4, count, 16)
                                             : has_six(bytes + groups * 2, count, 32);
            if (!holds) return CRUX_TILES_PLAIN;
            bytes += crux_tile_bytes(tile, count);
        }
    }
    return can_be_centred ? CRUX_TILES_CENTRED : CRUX_TILES_SIX;
}
