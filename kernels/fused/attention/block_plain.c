/* Plain inner loops, and what every processor shares with them. */
#include "kernels/fused/attention/block_inner.h"
#include "kernels/fused/exact.h"
#include "kernels/fused/exp2.h"
#include "kernels/fused/lut.h"

enum { PAGE = CRUX_ATTENTION_PAGE };

static void dots(const struct crux_attention_queries *queries, uint32_t m0, uint32_t m1,
                 int32_t *score, const int16_t *k, const int16_t *next, uint32_t width) {
    (void)next;
    for (uint32_t m = m0; m < m1; m++) {
        const int16_t *q = queries->q + (size_t)m * queries->columns;
        int32_t *dot = score + (size_t)m * PAGE;
        for (uint32_t t = 0; t < PAGE; t++) dot[t] = 0;
        for (uint32_t i = 0; i < width; i += 2) { /* within 2^31 by the limit of q and k */
            const int16_t *pair = k + (size_t)i * PAGE;
            for (uint32_t t = 0; t < PAGE; t++)
                dot[t] += (int32_t)q[i] * pair[2 * t] + (int32_t)q[i + 1] * pair[2 * t + 1];
        }
    }
}

void crux_attention_scores_any(int32_t *score, int32_t *greatest,
                               const struct crux_fused_attention *config, int eq, const int8_t *ek,
                               uint64_t seen) {
    /* then |m0 * dot| < 2^63 */
    bool narrow = config->m0 < INT64_C(1) << 32 && config->m0 > -(INT64_C(1) << 32);
    for (uint32_t t = 0; t < PAGE; t++) {
        int shift = config->s0 - eq - ek[t];
        if ((seen >> t & 1) == 0) continue;
        if (narrow)
            score[t] = (int32_t)crux_exact_requant_narrow(config->m0 * score[t], shift, 0,
                                                          -CRUX_SCORE_MAX, CRUX_SCORE_MAX);
        else
            score[t] = (int32_t)crux_exact_requant((crux_i128)config->m0 * score[t], shift, 0,
                                                   -CRUX_SCORE_MAX, CRUX_SCORE_MAX);
        if (score[t] > greatest[0]) greatest[0] = score[t];
    }
}

static void scores(const struct crux_attention_queries *queries, uint32_t m0, uint32_t m1,
                   int32_t *score, int32_t (*greatest)[CRUX_ATTENTION_LANES],
                   const struct crux_fused_attention *config, const int8_t *ek) {
    for (uint32_t m = m0; m < m1; m++)
        crux_attention_scores_any(score + (size_t)m * PAGE, greatest[m], config, queries->eq[m], ek,
                                  queries->seen[m]);
}

void crux_attention_cap_any(const struct crux_attention_queries *queries, uint32_t m0, uint32_t m1,
                            int32_t *score, const struct crux_lut *lut, int32_t most,
                            const int32_t *table) {
    for (uint32_t m = m0; m < m1; m++) {
        int32_t *at = score + (size_t)m * PAGE, *greatest = queries->greatest[m];
        for (uint32_t t = 0; t < PAGE; t++) {
            if ((queries->seen[m] >> t & 1) == 0) continue;
            at[t] = (int32_t)crux_exact_lut(lut, at[t], table, -most, most);
            if (at[t] > greatest[0]) greatest[0] = at[t];
        }
    }
}

static void weigh(struct crux_attention_queries *queries, uint32_t m0, uint32_t m1,
                  const int32_t *score, const int8_t *ev, const uint16_t *exp2) {
    for (uint32_t m = m0; m < m1; m++) {
        const int32_t *from = score + (size_t)m * PAGE;
        uint16_t *weight = queries->weight[m];
        for (uint32_t t = 0; t < PAGE; t++) {
            weight[t] = 0;
            if ((queries->seen[m] >> t & 1) == 0) continue;
            uint32_t w = crux_exact_exp2(exp2, (int64_t)from[t] - queries->greatest[m][0]);
            int shift = queries->top[m] - ev[t]; /* 0 .. 63 */
            queries->sum[m][0] += w;             /* 64 a page, in one lane: 2^26 pages */
            weight[t] = (uint16_t)(shift == 0   ? w
                                   : shift > 17 ? 0
                                                : (w + (1U << (shift - 1))) >> shift);
        }
    }
}

static void gather(struct crux_attention_queries *queries, uint32_t m0, uint32_t m1,
                   const int16_t *v, const int16_t *next) {
    uint32_t columns = queries->columns;
    (void)next;
    for (uint32_t m = m0; m < m1; m++) {
        int64_t *acc = queries->acc + (size_t)m * columns;
        for (uint32_t t = 0; t < PAGE; t += 2) {
            int32_t a = queries->weight[m][t], b = queries->weight[m][t + 1];
            const int16_t *pair = v + (size_t)t * columns;
            if (a == 0 && b == 0) continue;
            for (uint32_t i = 0; i < columns; i++)
                acc[i] += (int64_t)(a * pair[2 * i]) + b * pair[2 * i + 1]; /* each within 2^31 */
        }
    }
}

static void settle(struct crux_attention_queries *queries, uint32_t m) {
    (void)queries;
    (void)m; /* acc is whole already */
}

/* floor(a / sum).  In: |a| < 2^62.
 * With inverse = 2^64 / sum - e, 0 <= e <= 1: u * inverse / 2^64 = u / sum - u * e / 2^64 > u / sum - 1/2, so its floor
 * is the quotient or one less. */
static int64_t floor_div(int64_t a, const struct crux_attention_mean *mean) {
    /* floor(-u / sum) = -floor((u + sum - 1) / sum) */
    uint64_t u = a < 0 ? (uint64_t)-a + mean->sum - 1 : (uint64_t)a;
    uint64_t quotient = (uint64_t)((crux_u128)u * mean->inverse >> 64);
    if (u - quotient * mean->sum >= mean->sum) quotient++;
    return a < 0 ? -(int64_t)quotient : (int64_t)quotient;
}

void crux_attention_means_any(int32_t *out, const int64_t *acc, uint32_t width,
                              const struct crux_attention_mean *mean) {
    for (uint32_t i = 0; i < width; i++) {
        int64_t whole = floor_div(acc[i] * (INT64_C(1) << mean->bits), mean);
        out[i] = (int32_t)crux_exact_requant_narrow(whole, mean->shift, 0, -INT32_MAX, INT32_MAX);
    }
}

const struct crux_attention_inner crux_attention_inner_plain = {
    dots, scores, crux_attention_cap_any, weigh, gather, settle, crux_attention_means_any};
