#include "kernels/fused/attention/attention.h"
#include "kernels/fused/exact.h"
#include "kernels/fused/exp2.h"
#include "kernels/fused/lut.h"

/* Scores of one query head; returns the greatest. */
static int32_t scores(int32_t *score, const struct crux_fused_attention *config, const int16_t *q,
                      int eq, const struct crux_attention_cache *cache, uint32_t kv,
                      const int32_t *softcap) {
    struct crux_lut lut = {0};
    int32_t greatest = INT32_MIN;
    if (config->softcap != 0) lut = crux_fused_attention_softcap_lut(config);
    for (uint32_t t = 0; t < cache->positions; t++) {
        uint64_t row = (uint64_t)t * config->kv_heads + kv;
        const int16_t *k = cache->k + row * config->width;
        int32_t dot = 0; /* within 2^31 by the limit of q and k */
        for (uint32_t i = 0; i < config->width; i++) dot += (int32_t)q[i] * k[i];
        int64_t s =
            crux_exact_requant((crux_i128)config->m0 * dot, config->s0 - eq - cache->ek[row], 0,
                               -CRUX_SCORE_MAX, CRUX_SCORE_MAX);
        if (config->softcap != 0)
            s = crux_exact_lut(&lut, s, softcap, -config->softcap, config->softcap);
        score[t] = (int32_t)s;
        if (score[t] > greatest) greatest = score[t];
    }
    return greatest;
}

/* Weights, each brought to the greatest exponent of v; returns the sum of what they were before that. */
static int64_t weigh(uint16_t *weight, const int32_t *score, int32_t greatest, int top,
                     const struct crux_fused_attention *config,
                     const struct crux_attention_cache *cache, uint32_t kv, const uint16_t *exp2) {
    int64_t sum = 0;
    for (uint32_t t = 0; t < cache->positions; t++) {
        uint32_t w = crux_exact_exp2(exp2, (int64_t)score[t] - greatest);
        int shift = top - cache->ev[(uint64_t)t * config->kv_heads + kv]; /* 0 .. 63 */
        sum += w;
        weight[t] = (uint16_t)(shift == 0   ? w
                               : shift > 17 ? 0
                                            : (w + (1U << (shift - 1))) >> shift);
    }
    return sum;
}

static int greatest_exponent(const struct crux_fused_attention *config,
                             const struct crux_attention_cache *cache, uint32_t kv) {
    int top = 0;
    for (uint32_t t = 0; t < cache->positions; t++) {
        int e = cache->ev[(uint64_t)t * config->kv_heads + kv];
        if (e > top) top = e;
    }
    return top;
}

void crux_fused_attention_reference(int32_t *out, int32_t *score, uint16_t *weight,
                                    const struct crux_fused_attention *config, const int16_t *q,
                                    const int8_t *eq, const struct crux_attention_cache *cache,
                                    const struct crux_attention_tables *tables) {
    uint32_t group = config->heads / config->kv_heads, width = config->width;
    unsigned bits = crux_fused_attention_mean_bits(config);
    for (uint32_t h = 0; h < config->heads; h++) {
        uint32_t kv = h / group;
        int top = greatest_exponent(config, cache, kv);
        int32_t greatest =
            scores(score, config, q + (uint64_t)h * width, eq[h], cache, kv, tables->softcap);
        int64_t sum = weigh(weight, score, greatest, top, config, cache, kv, tables->exp2);
        for (uint32_t i = 0; i < width; i++) {
            const int16_t *v = cache->v + (uint64_t)kv * width + i;
            int64_t acc = 0; /* below 2^62 >> bits in magnitude */
            for (uint32_t t = 0; t < cache->positions; t++) {
                acc += (int64_t)weight[t] * v[(uint64_t)t * config->kv_heads * width];
            }
            /* sum >= 65535: the greatest score's weight */
            int64_t mean = crux_floor_div(acc * (INT64_C(1) << bits), sum);
            out[(uint64_t)h * width + i] = (int32_t)crux_exact_requant(
                mean, (int)bits + config->s1 - top, 0, -INT32_MAX, INT32_MAX);
        }
    }
}
