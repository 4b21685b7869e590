#include "kernels/fused/attention/paged.h"

#include "kernels/fused/attention/paged_inner.h"
#include "kernels/fused/exact.h"
#include "kernels/fused/exp2.h"
#include "kernels/fused/lut.h"

enum { NARROW_SHIFT_HI = 62 };

/* ---- plain inner loops ---- */

static void dots(int32_t *dot, const int16_t *q, const int16_t *k, uint32_t positions,
                 uint32_t width) {
    for (uint32_t t = 0; t < positions; t++, k += width) {
        int32_t sum = 0; /* within 2^31 by the limit of q and k */
        for (uint32_t i = 0; i < width; i++) sum += (int32_t)q[i] * k[i];
        dot[t] = sum;
    }
}

static int64_t weigh(uint16_t *weight, const int32_t *score, int32_t greatest, int top,
                     const int8_t *ev, uint32_t positions, const uint16_t *exp2) {
    int64_t sum = 0;
    for (uint32_t t = 0; t < positions; t++) {
        uint32_t w = crux_exact_exp2(exp2, (int64_t)score[t] - greatest);
        int shift = top - ev[t]; /* 0 .. 63 */
        sum += w;
        weight[t] = (uint16_t)(shift == 0   ? w
                               : shift > 17 ? 0
                                            : (w + (1U << (shift - 1))) >> shift);
    }
    return sum;
}

/* The weight's two bytes apart, so that products stay in 32 bits. */
static void gather(int64_t *acc, const uint16_t *weight, const int16_t *v, uint32_t positions,
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

static const struct crux_attention_inner *choose(uint32_t width) {
    static const struct crux_attention_inner plain = {dots, weigh, gather};
#if defined(__x86_64__)
    if (width % 16 == 0 && __builtin_cpu_supports("avx2")) return &crux_attention_inner_avx2;
#else
    (void)width;
#endif
    return &plain;
}

/* ---- one head ---- */

/* round(product / 2^s) for s in [1, 62]: floor, and the bit below it. */
static int64_t round_narrow(int64_t product, int s) {
    return (product >> s) + (product >> (s - 1) & 1);
}

/* From dots, in place. Returns: the greatest score. */
static int32_t scores(int32_t *score, const struct crux_fused_attention *config, int eq,
                      const struct crux_attention_span *span) {
    int32_t greatest = INT32_MIN;
    /* then |m0 * dot| < 2^63 */
    bool narrow = config->m0 < INT64_C(1) << 32 && config->m0 > -(INT64_C(1) << 32);
    for (uint32_t t = 0; t < span->positions; t++) {
        int shift = config->s0 - eq - span->ek[t];
        if (narrow && shift >= 1 && shift <= NARROW_SHIFT_HI)
            score[t] = (int32_t)crux_clamp(round_narrow(config->m0 * score[t], shift),
                                           -CRUX_SCORE_MAX, CRUX_SCORE_MAX);
        else
            score[t] = (int32_t)crux_exact_requant((crux_i128)config->m0 * score[t], shift, 0,
                                                   -CRUX_SCORE_MAX, CRUX_SCORE_MAX);
        if (score[t] > greatest) greatest = score[t];
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

void crux_fused_attention_paged(int32_t *out, const struct crux_attention_scratch *scratch,
                                const struct crux_fused_attention *config, const int16_t *q, int eq,
                                const struct crux_attention_span *spans, uint32_t count,
                                const struct crux_attention_tables *tables) {
    int64_t acc[CRUX_ATTENTION_WIDTH_MAX] = {0}; /* below 2^62 >> bits in magnitude */
    unsigned bits = crux_fused_attention_mean_bits(config);
    const struct crux_attention_inner *inner = choose(config->width);
    int32_t greatest = INT32_MIN, *score = scratch->score;
    int top = greatest_exponent(spans, count);
    int64_t sum = 0;
    CRUX_ASSERT(config->width <= CRUX_ATTENTION_WIDTH_MAX);
    for (uint32_t n = 0; n < count; score += spans[n++].positions) {
        inner->dots(score, q, spans[n].k, spans[n].positions, config->width);
        int32_t best = scores(score, config, eq, &spans[n]);
        if (best > greatest) greatest = best;
    }
    if (config->softcap != 0)
        greatest = cap(scratch->score, (uint32_t)(score - scratch->score), config, tables->softcap);
    score = scratch->score;
    for (uint32_t n = 0; n < count; n++) {
        const struct crux_attention_span *span = &spans[n];
        for (uint32_t t = 0; t < span->positions; t += CRUX_ATTENTION_PIECE) {
            uint32_t left = span->positions - t,
                     piece = left < CRUX_ATTENTION_PIECE ? left : CRUX_ATTENTION_PIECE;
            sum += inner->weigh(scratch->weight, score, greatest, top, span->ev + t, piece,
                                tables->exp2);
            inner->gather(acc, scratch->weight, span->v + (uint64_t)t * config->width, piece,
                          config->width);
            score += piece;
        }
    }
    for (uint32_t i = 0; i < config->width; i++) {
        /* sum >= 65535: the greatest score's weight */
        int64_t mean = crux_floor_div(acc[i] * (INT64_C(1) << bits), sum);
        out[i] = (int32_t)crux_exact_requant(mean, (int)bits + config->s1 - top, 0, -INT32_MAX,
                                             INT32_MAX);
    }
}
