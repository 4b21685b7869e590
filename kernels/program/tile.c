#include "kernels/ops/dtype.h"
#include "kernels/program/layout.h"

enum { WIDTH_Q4 = 1, WIDTH_Q8 = 2, WIDTH_Q16 = 3 };

enum crux_status crux_tile_decode(struct crux_tile *tile, uint8_t layout) {
    uint8_t width = layout & 3, chunk_code = (layout >> 4) & 3;
    if (width == 0 || chunk_code == 3 || layout >> 6 != 0) return CRUX_E_BAD_LAYOUT;
    tile->width = width;
    tile->group = (layout & 4) != 0 ? 16 : 32;
    tile->has_offsets = (layout & 8) != 0;
    tile->chunk = UINT32_C(128) << chunk_code;
    return CRUX_OK;
}

uint8_t crux_tile_encode(const struct crux_tile *tile) {
    unsigned chunk_code = tile->chunk == 512 ? 2 : tile->chunk == 256 ? 1 : 0;
    return (uint8_t)(tile->width | (tile->group == 16 ? 4U : 0U) | (tile->has_offsets ? 8U : 0U) |
                     chunk_code << 4);
}

uint32_t crux_tile_count(const struct crux_tile *tile, uint32_t inputs) {
    return (inputs - 1) / tile->chunk + 1;
}

uint32_t crux_tile_inputs(const struct crux_tile *tile, uint32_t inputs, uint32_t t) {
    uint32_t left = inputs - t * tile->chunk;
    return left < tile->chunk ? left : tile->chunk;
}

static uint32_t group_count(const struct crux_tile *tile, uint32_t count) {
    return (count + tile->group - 1) / tile->group;
}

static uint32_t table_bytes(const struct crux_tile *tile, uint32_t count) {
    return group_count(tile, count) * (tile->has_offsets ? 4 : 2);
}

uint32_t crux_tile_bytes(const struct crux_tile *tile, uint32_t count) {
    uint32_t q = tile->width == WIDTH_Q4   ? (count + 1) / 2
                 : tile->width == WIDTH_Q8 ? count
                                           : 2 * count;
    return table_bytes(tile, count) + q;
}

int32_t crux_tile_value(const struct crux_tile *tile, const uint8_t *bytes, uint32_t count,
                        uint32_t i) {
    uint32_t group = i / tile->group;
    const uint8_t *q_bytes = bytes + table_bytes(tile, count);
    int64_t m = crux_dtype_get(CRUX_I16, bytes + 2 * group), n = 0, q;
    if (tile->has_offsets)
        n = crux_dtype_get(CRUX_I16, bytes + 2 * (group_count(tile, count) + group));
    if (tile->width == WIDTH_Q4)
        q = i % 2 == 0 ? q_bytes[i / 2] & 15 : q_bytes[i / 2] >> 4;
    else if (tile->width == WIDTH_Q8)
        q = crux_dtype_get(CRUX_I8, q_bytes + i);
    else
        q = crux_dtype_get(CRUX_I16, q_bytes + 2 * i);
    return (int32_t)(m * q + n); /* |m*q| <= 2^30, |n| <= 2^15 */
}
