#include "kernels/fused/exact.h"
#include "kernels/fused/rope/rope.h"

static int32_t settle(const struct crux_fused_rope *config, int64_t sum) { /* |sum| <= 2^62 */
    int64_t half = INT64_C(1) << (CRUX_ROPE_BITS - 1);
    return (int32_t)crux_clamp((sum + half) >> CRUX_ROPE_BITS, config->out.lo, config->out.hi);
}

void crux_fused_rope_reference(int32_t *out, const struct crux_fused_rope *config, const int32_t *v,
                               uint32_t heads, uint32_t width, const int32_t *table) {
    uint32_t pairs = width / 2;
    uint32_t step = config->layout == CRUX_ROPE_HALF_SPLIT ? 1 : 2;      /* from pair to pair */
    uint32_t apart = config->layout == CRUX_ROPE_HALF_SPLIT ? pairs : 1; /* the two of a pair */
    for (uint32_t h = 0; h < heads; h++, v += width, out += width) {
        for (uint32_t i = 0; i < pairs; i++) {
            int64_t minus_sin = table[3 * i], cos = table[3 * i + 1], sin = table[3 * i + 2];
            int64_t v0 = v[i * step], v1 = v[i * step + apart];
            out[i * step] = settle(config, v0 * cos + v1 * minus_sin);
            out[i * step + apart] = settle(config, v0 * sin + v1 * cos);
        }
    }
}
