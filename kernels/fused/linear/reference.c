#include "kernels/fused/linear/dot.h"
#include "kernels/fused/linear/finish.h"
#include "kernels/ops/dtype.h"

/* Sum over one group of m*q*x + n*x = m * sum(q*x) + n * sum(x); below 32 * 2^15 * (2^30 + 2^15) in magnitude. */
static int64_t group_dot(const struct crux_tile *tile, const uint8_t *q, uint32_t first,
                         uint32_t count, int64_t m, int64_t n, const int16_t *x) {
    int64_t qx = 0, sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = first + i;
        int32_t value = 0;
        if (tile->width == 1)
            value = at % 2 == 0 ? q[at / 2] & 15 : q[at / 2] >> 4;
        else if (tile->width == 2)
            value = (int8_t)q[at];
        else
            value = (int16_t)(uint16_t)(q[2 * at] | q[2 * at + 1] << 8);
        qx += (int64_t)value * x[i];
        sum += x[i];
    }
    return m * qx + n * sum;
}

static int64_t tile_dot(const struct crux_tile *tile, const uint8_t *bytes, uint32_t count,
                        const int16_t *x) {
    uint32_t groups = (count + tile->group - 1) / tile->group;
    const uint8_t *m = bytes, *n = bytes + 2 * groups,
                  *q = bytes + (tile->has_offsets ? 4 : 2) * groups;
    int64_t sum = 0;
    for (uint32_t g = 0; g < groups; g++) {
        uint32_t first = g * tile->group, left = count - first;
        int64_t offset = tile->has_offsets ? crux_dtype_get(CRUX_I16, n + 2 * g) : 0;
        sum += group_dot(tile, q, first, left < tile->group ? left : tile->group,
                         crux_dtype_get(CRUX_I16, m + 2 * g), offset, x + first);
    }
    return sum;
}

int64_t crux_fused_linear_dot(const struct crux_tiles *w, uint32_t o, const int16_t *x) {
    const uint8_t *bytes = w->bytes + o * crux_tiles_row_bytes(&w->tile, w->inputs);
    int64_t acc = 0;
    for (uint32_t first = 0; first < w->inputs; first += w->tile.chunk) {
        uint32_t left = w->inputs - first, count = left < w->tile.chunk ? left : w->tile.chunk;
        acc += tile_dot(&w->tile, bytes, count, x + first);
        bytes += crux_tile_bytes(&w->tile, count);
    }
    return acc;
}

void crux_fused_linear_reference(int32_t *y, const struct crux_fused_linear *config,
                                 const int16_t *x, int8_t e, const struct crux_tiles *w,
                                 const int32_t *rowmul, const int32_t *bias,
                                 const int32_t *residual) {
    for (uint32_t o = 0; o < w->rows; o++) {
        y[o] = crux_fused_linear_finish(config, crux_fused_linear_dot(w, o, x), rowmul[o],
                                        config->s0 - e, bias != NULL ? &bias[o] : NULL,
                                        residual != NULL ? &residual[o] : NULL);
    }
}
