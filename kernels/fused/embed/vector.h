/* embed by vectors, group by group. Equal to the plain function: |(m*q + n) * rowmul| < 2^30.1 * 2^31 leaves room in 64
 * bits for what rounding adds. Other shifts go the plain way. */
#ifndef CRUX_KERNELS_FUSED_EMBED_VECTOR_H
#define CRUX_KERNELS_FUSED_EMBED_VECTOR_H

#include "kernels/base/bytes.h"
#include "kernels/fused/embed/embed.h"

enum { VECTOR_GROUP_MAX = 32 };

/* q of `count` inputs of a group. */
CRUX_INLINE void vector_unpack(int32_t q[VECTOR_GROUP_MAX], uint32_t width, const uint8_t *bytes,
                               uint32_t count) {
    if (width == 1) {
        for (uint32_t i = 0; i < count; i++) q[i] = bytes[i / 2] >> (i % 2 * 4) & 15;
    } else if (width == 2) {
        for (uint32_t i = 0; i < count; i++) q[i] = (int8_t)bytes[i];
    } else {
        for (uint32_t i = 0; i < count; i++) q[i] = (int16_t)crux_load_u16(bytes + 2 * i);
    }
}

/* What is the same for the whole row. */
struct vector_embed {
    v32 rowmul, lo, hi;
    struct v_rounding round;
};

/* Out: r, count values. */
CRUX_INLINE void vector_embed_group(int32_t *r, const struct vector_embed *embed, const int32_t *q,
                                    int32_t m, int32_t n, const int32_t *position, uint32_t count) {
    for (uint32_t i = 0; i < count; i += V_LANES) {
        v32 weight = v_add(v_mul(v_load_upto(q + i, count - i), v_set(m)), v_set(n));
        v64 even = v_round(v_mul_wide(weight, embed->rowmul), &embed->round),
            odd = v_round(v_mul_wide(v_odd(weight), embed->rowmul), &embed->round);
        if (position != NULL) {
            v32 add = v_load_upto(position + i, count - i);
            even = v_add64(even, v_mul_wide(add, v_set(1)));
            odd = v_add64(odd, v_mul_wide(v_odd(add), v_set(1)));
        }
        v32 v = v_max(v_min(v_saturate_pairs(even, odd), embed->hi), embed->lo);
        v_store_upto(r + i, v, count - i);
    }
}

CRUX_INLINE void vector_embed_tile(int32_t *r, const struct vector_embed *embed,
                                   const struct crux_tile *tile, const uint8_t *bytes,
                                   const int32_t *position, uint32_t count) {
    uint32_t groups = (count + tile->group - 1) / tile->group;
    const uint8_t *offsets = bytes + 2 * groups,
                  *q_bytes = tile->has_offsets ? offsets + 2 * groups : offsets;
    for (uint32_t g = 0, first = 0; g < groups; g++, first += tile->group) {
        int32_t q[VECTOR_GROUP_MAX];
        uint32_t left = count - first, some = left < tile->group ? left : tile->group;
        int32_t m = (int16_t)crux_load_u16(bytes + 2 * g),
                n = tile->has_offsets ? (int16_t)crux_load_u16(offsets + 2 * g) : 0;
        /* a group has 16 or 32 inputs of 4, 8 or 16 bits */
        vector_unpack(q, tile->width, q_bytes + (first << tile->width) / 4, some);
        vector_embed_group(r + first, embed, q, m, n, position == NULL ? NULL : position + first,
                           some);
    }
}

static void vector_embed(int32_t *r, const struct crux_fused_embed *config, uint32_t token,
                         const struct crux_tiles *table, const int32_t *rowmul,
                         const int32_t *position) {
    const uint8_t *bytes = table->bytes + token * crux_tiles_row_bytes(&table->tile, table->inputs);
    if (config->s0 < 1 || config->s0 > 62) {
        crux_fused_embed_reference(r, config, token, table, rowmul, position);
        return;
    }
    struct vector_embed embed = {v_set(rowmul[token]), v_set((int32_t)config->r.lo),
                                 v_set((int32_t)config->r.hi), v_rounding(config->s0)};
    for (uint32_t first = 0; first < table->inputs; first += table->tile.chunk) {
        uint32_t left = table->inputs - first,
                 count = left < table->tile.chunk ? left : table->tile.chunk;
        vector_embed_tile(r + first, &embed, &table->tile, bytes,
                          position == NULL ? NULL : position + first, count);
        bytes += crux_tile_bytes(&table->tile, count);
    }
}

#endif
