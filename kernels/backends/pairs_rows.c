#include "kernels/backends/pairs.h"

#include <string.h>

static void put(uint8_t *at, int32_t x) {
    int32_t low = (int16_t)(uint16_t)(uint32_t)x;
    struct crux_pairs_sum sum = {-7 * x, -128 * x, (uint32_t)((x - low) / 65536) & 0xffff,
                                 (uint32_t)low << 16};
    memcpy(at, &sum, sizeof sum);
}

void crux_pairs_prepare(void *row, const int16_t *x, uint32_t inputs) {
    size_t blocks = crux_panel_blocks(inputs), used = 112 * blocks;
    uint8_t *to = row, *sums32 = to + crux_pairs_sums_at(blocks, 32),
            *sums16 = to + crux_pairs_sums_at(blocks, 16);
    for (size_t b = 0; b < blocks; b++) {
        int16_t v[32], last[32];
        int32_t sum[2] = {0, 0};
        const int16_t *from = crux_panel_block(last, x, inputs, b);
        for (int i = 0; i < 16; i++) {
            sum[0] += from[i];
            sum[1] += from[16 + i];
        }
        for (int i = 0; i < 32; i += 4) {
            v[i] = from[i];
            v[i + 1] = from[i + 2];
            v[i + 2] = from[i + 1];
            v[i + 3] = from[i + 3];
        }
        memcpy(to + 64 * b, v, sizeof v);
        put(sums16 + 32 * b, sum[0]);
        put(sums16 + 32 * b + 16, sum[1]);
        put(sums32 + 16 * b, sum[0] + sum[1]);
    }
    memset(to + used, 0, crux_pairs_row_bytes(inputs) - used);
}
