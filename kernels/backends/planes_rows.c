#include "kernels/backends/planes.h"

#include <string.h>

static int32_t low_of(int16_t x) {
    return (int8_t)(uint8_t)(uint16_t)x;
}

/* Sums of 16 inputs: of the high plane, of the low one. */
struct sums {
    int32_t high, low;
};

static struct sums split(int8_t *high, int8_t *low, const int16_t *x) {
    struct sums sums = {0, 0};
    for (int i = 0; i < 16; i++) {
        int32_t l = low_of(x[i]), h = (x[i] - l) / 256;
        low[i] = (int8_t)l;
        high[i] = (int8_t)h;
        sums.low += l;
        sums.high += h;
    }
    return sums;
}

static void put(uint8_t *nibbles_at, uint8_t *bytes_at, struct sums s) {
    int32_t x = 256 * s.high + s.low, low = (int16_t)(uint16_t)(uint32_t)x;
    struct crux_planes_nibbles nibbles = {-7 * s.high, -7 * s.low, (uint32_t)s.high << 16,
                                          (uint32_t)s.low << 16};
    struct crux_planes_bytes bytes = {-128 * x, (uint32_t)((x - low) / 65536) & 0xffff,
                                      (uint32_t)low << 16, x};
    memcpy(nibbles_at, &nibbles, sizeof nibbles);
    memcpy(bytes_at, &bytes, sizeof bytes);
}

void crux_planes_prepare(void *row, const int16_t *x, uint32_t inputs) {
    size_t blocks = crux_panel_blocks(inputs);
    uint8_t *to = row, *nibbles32 = to + crux_planes_nibbles_at(blocks, 32),
            *nibbles16 = to + crux_planes_nibbles_at(blocks, 16),
            *bytes32 = to + crux_planes_bytes_at(blocks, 32),
            *bytes16 = to + crux_planes_bytes_at(blocks, 16);
    for (size_t b = 0; b < blocks; b++) {
        int16_t last[32];
        const int16_t *from = crux_panel_block(last, x, inputs, b);
        int8_t high[32], low[32];
        struct sums s0 = split(high, low, from), s1 = split(high + 16, low + 16, from + 16);
        memcpy(to + crux_planes_block_at(b), high, sizeof high);
        memcpy(to + crux_planes_block_at(b) + CRUX_PLANES_LOW, low, sizeof low);
        put(nibbles16 + 32 * b, bytes16 + 32 * b, s0);
        put(nibbles16 + 32 * b + 16, bytes16 + 32 * b + 16, s1);
        put(nibbles32 + 16 * b, bytes32 + 16 * b,
            (struct sums){s0.high + s1.high, s0.low + s1.low});
    }
    crux_planes_end(row, inputs);
}
