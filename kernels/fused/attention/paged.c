#include "kernels/fused/attention/paged.h"

#include "kernels/fused/exact.h"
#include "kernels/fused/exp2.h"
#include "kernels/fused/lut.h"

enum {
    PIECE = 256, /* positions: |v| * 255 summed over them stays within 31 bits */
    NARROW_SHIFT_HI = 62
};

/* round(product / 2^s) for s in [1, 62]: floor, and the bit below it. */
static int64_t round_narrow(int64_t product, int s) {
    return (product >> s) + (product >> (s - 1) & 1);
}

static int32_t dot_of(const int16_t *a, const int16_t *b, uint32_t width) {
    int32_t dot = 0; /* within 2^31 by the limit of q and k */
    for (uint32_t i = 0; i < width; i++) dot += (int32_t)a[i] * b[i];
    return dot;
}

/* Returns: the greatest score. */
static int32_t scores(int32_t *score, const struct crux_fused_attention *config, const int16_t *q,
                      int eq, const struct crux_attention_span *spans, uint32_t count) {
    int32_t greatest = INT32_MIN;
    /* then |m0 * dot| < 2^63 */
    bool narrow = config->m0 < INT64_C(1) << 32 && config->m0 > -(INT64_C(1) << 32);
    for (uint32_t n = 0; n < count; n++) {
        const struct crux_attention_span *span = &spans[n];
        for (uint32_t t = 0; t < span->positions; t++, score++) {
            int64_t dot = dot_of(q, span->k + (uint64_t)t * config->width, config->width);
            int shift = config->s0 - eq - span->ek[t];
            if (narrow && shift >= 1 && shift <= NARROW_SHIFT_HI)
                *score = (int32_t)crux_clamp(round_narrow(config->m0 * dot, shift), -CRUX_SCORE_MAX,
                                             CRUX_SCORE_MAX);
            else
                *score = (int32_t)crux_exact_requant((crux_i128)config->m0 * dot, shift, 0,
                                                     -CRUX_SCORE_MAX, CRUX_SCORE_MAX);
            if (*score > greatest) greatest = *score;
        }
    }
    return greatest;
}

/* Returns: the greatest score after the cap. */
static int32_t cap(int32_t *score, uint32_t positions, const struct crux_fused_attention *config,
                   const int32_t *table) {
    struct crux_lut lut = crux_fused_attention_softcap_lut(config);
    int32_t greatest = INT32_MIN;
    for (uint32_t t = 0; t < positions; t++) {
        score[t] =
            (int32_t)crux_exact_lut(&lut, score[t], table, -config->softcap, config->softcap);
        if (score[t] > greatest) greatest = score[t];
    }
    return greatest;
}

static int greatest_exponent(const struct crux_attention_span *spans, uint32_t count) {
    int top = 0;
    for (uint32_t n = 0; n < count; n++) {
        for (uint32_t t = 0; t < spans[n].positions; t++)
            top = spans[n].ev[t] > top ? spans[n].ev[t] : top;
    }
    return top;
}

/* Weights, each brought to the greatest exponent of v; returns the sum of what they were before that. */
static int64_t weigh(uint16_t *weight, const int32_t *score, int32_t greatest, int top,
                     const struct crux_attention_span *spans, uint32_t count,
                     const uint16_t *exp2) {
    int64_t sum = 0;
    for (uint32_t n = 0; n < count; n++) {
        for (uint32_t t = 0; t < spans[n].positions; t++, weight++, score++) {
            uint32_t w = crux_exact_exp2(exp2, (int64_t)*score - greatest);
            int shift = top - spans[n].ev[t]; /* 0 .. 63 */
            sum += w;
            *weight = (uint16_t)(shift == 0   ? w
                                 : shift > 17 ? 0
                                              : (w + (1U << (shift - 1))) >> shift);
        }
    }
    return sum;
}

/* acc += weight * v over at most PIECE positions: the weight's two bytes apart, so that products stay in 32 bits. */
static void gather_piece(int64_t *acc, const uint16_t *weight, const int16_t *v, uint32_t positions,
                         uint32_t width) {
    int32_t high[CRUX_ATTENTION_WIDTH_MAX] = {0}, low[CRUX_ATTENTION_WIDTH_MAX] = {0};
    for (uint32_t t = 0; t < positions; t++, v += width) {
        int16_t h = (int16_t)(weight[t] >> 8), l = (int16_t)(weight[t] & 255);
        if (weight[t] == 0) continue;
        for (uint32_t i = 0; i < width; i++) high[i] += (int32_t)h * v[i];
        for (uint32_t i = 0; i < width; i++) low[i] += (int32_t)l * v[i];
    }
    for (uint32_t i = 0; i < width; i++) acc[i] += (int64_t)high[i] * 256 + low[i];
}

void crux_fused_attention_paged(int32_t *out, const struct crux_attention_scratch *scratch,
                                const struct crux_fused_attention *config, const int16_t *q, int eq,
                                const struct crux_attention_span *spans, uint32_t count,
                                const struct crux_attention_tables *tables) {
    int64_t acc[CRUX_ATTENTION_WIDTH_MAX] = {0}; /* below 2^62 >> bits in magnitude */
    unsigned bits = crux_fused_attention_mean_bits(config);
    const uint16_t *weight = scratch->weight;
    uint32_t positions = 0;
    CRUX_ASSERT(config->width <= CRUX_ATTENTION_WIDTH_MAX);
    for (uint32_t n = 0; n < count; n++) positions += spans[n].positions;
    int top = greatest_exponent(spans, count);
    int32_t greatest = scores(scratch->score, config, q, eq, spans, count);
    if (config->softcap != 0) greatest = cap(scratch->score, positions, config, tables->softcap);
    int64_t sum = weigh(scratch->weight, scratch->score, greatest, top, spans, count, tables->exp2);
    for (uint32_t n = 0; n < count; n++) {
        for (uint32_t t = 0; t < spans[n].positions; t += PIECE) {
            uint32_t left = spans[n].positions - t, piece = left < PIECE ? left : PIECE;
            gather_piece(acc, weight, spans[n].v + (uint64_t)t * config->width, piece,
                         config->width);
            weight += piece;
        }
    }
    for (uint32_t i = 0; i < config->width; i++) {
        /* sum >= 65535: the greatest score's weight */
        int64_t mean = crux_floor_div(acc[i] * (INT64_C(1) << bits), sum);
        out[i] = (int32_t)crux_exact_requant(mean, (int)bits + config->s1 - top, 0, -INT32_MAX,
                                             INT32_MAX);
    }
}
