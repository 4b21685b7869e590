#include "kernels/backends/backend.h"

static int32_t get16(const uint8_t *bytes) {
    return (int16_t)(uint16_t)(bytes[0] | bytes[1] << 8);
}

bool crux_backend_centred(const struct crux_tiles *w) {
    const struct crux_tile *tile = &w->tile;
    const uint8_t *bytes = w->bytes;
    if (tile->width != 1 || !tile->has_offsets) return false;
    for (uint32_t row = 0; row < w->rows; row++) {
        for (uint32_t t = 0; t < crux_tile_count(tile, w->inputs); t++) {
            uint32_t count = crux_tile_inputs(tile, w->inputs, t),
                     groups = (count + tile->group - 1) / tile->group;
            for (uint32_t g = 0; g < groups; g++) {
                if (get16(bytes + 2 * (groups + g)) != -8 * get16(bytes + 2 * g)) return false;
            }
            bytes += crux_tile_bytes(tile, count);
        }
    }
    return true;
}
