/* Equal to the plain loops for the reasons of block_avx512.c, with other instructions: pairs of 16-bit products are added
 * in 32 bits without saturation, and an arithmetic shift of 64 bits is a logical one of the number plus 2^63. */
#include "kernels/fused/attention/block_inner.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#include "kernels/fused/exp2.h"

#define TARGET CRUX_TARGET("avx2")

enum { PAGE = CRUX_ATTENTION_PAGE, QUERIES = CRUX_ATTENTION_QUERIES, TILE = 4 };

/* near: sum of (w >> 8) * v. w * v - 2^8 * near = (w & 255) * v: for a page, at most 64 * 255 * 2^15 = 2^15 * 16320.
 * Four pages at most between settlements, so near stays below 256 * 255 * 2^15 < 2^31. */
enum { NEAR_BITS = 8, NEAR_SPENDS = 16320 };

TARGET CRUX_INLINE __m256i load(const void *at) {
    return _mm256_load_si256((const __m256i *)at);
}

TARGET CRUX_INLINE void store(void *at, __m256i x) {
    _mm256_store_si256((__m256i *)at, x);
}

/* Two elements in every lane. */
TARGET CRUX_INLINE __m256i broadcast(const void *at) {
    int word;
    memcpy(&word, at, sizeof word);
    return _mm256_set1_epi32(word);
}

/* ---- sums of products ---- */

/* n rows, a constant, of 16 sums each grow by `pairs` pairs of factors times pairs of others, `step` elements apart. */
TARGET CRUX_INLINE void sums_of(const unsigned n, int32_t *const *sums, const int16_t *factors,
                                size_t stride, const int16_t *others, size_t step, uint32_t pairs,
                                const int16_t *next) {
    __m256i sum[TILE][2];
    CRUX_UNROLL
    for (unsigned r = 0; r < n; r++) {
        sum[r][0] = load(sums[r]);
        sum[r][1] = load(sums[r] + 8);
    }
    for (uint32_t i = 0; i < pairs; i++, others += step, next += step) {
        __m256i a = load(others), b = load(others + 16);
        _mm_prefetch((const char *)next, _MM_HINT_T0);
        CRUX_UNROLL
        for (unsigned r = 0; r < n; r++) {
            __m256i pair = broadcast(factors + r * stride + (size_t)2 * i);
            sum[r][0] = _mm256_add_epi32(sum[r][0], _mm256_madd_epi16(a, pair));
            sum[r][1] = _mm256_add_epi32(sum[r][1], _mm256_madd_epi16(b, pair));
        }
    }
    CRUX_UNROLL
    for (unsigned r = 0; r < n; r++) {
        store(sums[r], sum[r][0]);
        store(sums[r] + 8, sum[r][1]);
    }
}

TARGET static void sums(unsigned n, int32_t *const *sum, const int16_t *factors, size_t stride,
                        const int16_t *others, size_t step, uint32_t pairs, const int16_t *next) {
    switch (n) {
    case 4: sums_of(4, sum, factors, stride, others, step, pairs, next); break;
    case 3: sums_of(3, sum, factors, stride, others, step, pairs, next); break;
    case 2: sums_of(2, sum, factors, stride, others, step, pairs, next); break;
    default: sums_of(1, sum, factors, stride, others, step, pairs, next); break;
    }
}

/* The next of `left` queries' tiles, all of about the same size. */
static uint32_t tile_of(uint32_t left) {
    uint32_t tiles = (left + TILE - 1) / TILE;
    return (left + tiles - 1) / tiles;
}

TARGET static void dots(const struct crux_attention_queries *queries, uint32_t m0, uint32_t m1,
                        int32_t *score, const int16_t *k, const int16_t *next, uint32_t width) {
    size_t columns = queries->columns;
    for (uint32_t m = m0, n; m < m1; m += n) {
        int32_t *sum[TILE] = {NULL};
        n = tile_of(m1 - m);
        for (uint32_t r = 0; r < n; r++) {
            sum[r] = score + (size_t)(m + r) * PAGE;
            memset(sum[r], 0, PAGE * sizeof *sum[r]);
        }
        for (uint32_t t = 0; t < PAGE; t += 16) {
            sums(n, sum, queries->q + m * columns, columns, k + (size_t)2 * t, 2 * PAGE,
                 (width + 1) / 2, next + (size_t)2 * t);
            for (uint32_t r = 0; r < n; r++) sum[r] += 16;
        }
    }
}

/* ---- scores ---- */

struct scale {
    __m256i m0, offset; /* offset: 2^63 - 2^31 * m0 */
};

/* Four products, from unsigned dots + 2^31, shifted right but for the last bit, saturated to 32 bits. */
TARGET CRUX_INLINE __m256i almost(__m256i dot, const struct scale *s, __m256i shift) {
    const __m256i high = _mm256_set1_epi64x(INT32_MAX), low = _mm256_set1_epi64x(INT32_MIN);
    __m256i up = _mm256_add_epi64(_mm256_mul_epu32(dot, s->m0), s->offset); /* plus 2^63 */
    __m256i x = _mm256_sub_epi64(_mm256_srlv_epi64(up, shift),
                                 _mm256_srlv_epi64(_mm256_set1_epi64x(INT64_MIN), shift));
    x = _mm256_blendv_epi8(x, high, _mm256_cmpgt_epi64(x, high));
    return _mm256_blendv_epi8(x, low, _mm256_cmpgt_epi64(low, x));
}

/* As in block_avx512.c: saturating floor(p / 2^(s-1)) to 32 bits saturates the score. A shift from 64 on leaves 0. */
TARGET static void scores_of(int32_t *score, int32_t *greatest, const struct scale *scale,
                             const int64_t *shifts, int eq, uint64_t seen) {
    const __m256i e = _mm256_set1_epi64x(eq), bits = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    __m256i most = load(greatest);
    for (unsigned t = 0; t < PAGE; t += 8) {
        __m256i dot = _mm256_xor_si256(load(score + t), _mm256_set1_epi32(INT32_MIN));
        __m256i even = almost(dot, scale, _mm256_sub_epi64(load(shifts + t), e));
        __m256i odd =
            almost(_mm256_srli_epi64(dot, 32), scale, _mm256_sub_epi64(load(shifts + t + 4), e));
        __m256i x = _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa);
        x = _mm256_add_epi32(_mm256_srai_epi32(x, 1), _mm256_and_si256(x, _mm256_set1_epi32(1)));
        store(score + t, x);
        __m256i here = _mm256_and_si256(_mm256_set1_epi32((int32_t)(seen >> t & 255)), bits);
        __m256i not_seen = _mm256_cmpeq_epi32(here, _mm256_setzero_si256());
        most =
            _mm256_max_epi32(most, _mm256_blendv_epi8(x, _mm256_set1_epi32(INT32_MIN), not_seen));
    }
    store(greatest, most);
}

TARGET static void scores(const struct crux_attention_queries *queries, uint32_t m0, uint32_t m1,
                          int32_t *score, int32_t (*greatest)[CRUX_ATTENTION_LANES],
                          const struct crux_fused_attention *config, const int8_t *ek) {
    CRUX_ALIGNED(32)
    int64_t shifts[PAGE]; /* but for eq, less 1; of each eight the even ones first */
    int64_t least = INT64_MAX;
    bool narrow = config->m0 >= 0 && config->m0 < INT64_C(1) << 32; /* 32 bits, unsigned */
    for (unsigned t = 0; t < PAGE; t++) {
        int64_t shift = (int64_t)config->s0 - ek[t] - 1;
        shifts[t / 8 * 8 + t % 2 * 4 + t % 8 / 2] = shift;
        if (shift < least) least = shift;
    }
    for (uint32_t m = m0; m < m1; m++) {
        int32_t *at = score + (size_t)m * PAGE;
        if (narrow && least >= queries->eq[m]) {
            struct scale scale = {
                _mm256_set1_epi64x(config->m0),
                _mm256_set1_epi64x((int64_t)((UINT64_C(1) << 63) - ((uint64_t)config->m0 << 31)))};
            scores_of(at, greatest[m], &scale, shifts, queries->eq[m], queries->seen[m]);
        } else {
            crux_attention_scores_any(at, greatest[m], config, queries->eq[m], ek,
                                      queries->seen[m]);
        }
    }
}

/* ---- weights ---- */

/* Eight weights from scores.  In: least, CRUX_EXP2_LEAST below the greatest score. */
TARGET CRUX_INLINE __m256i exp2_of(const int32_t *score, __m256i least, const uint16_t *exp2) {
    const __m256i last = _mm256_set1_epi32(-CRUX_EXP2_LEAST - 1);
    __m256i t = _mm256_sub_epi32(load(score), least);
    __m256i top = _mm256_cmpgt_epi32(t, last), outside = _mm256_srai_epi32(t, 31);
    t = _mm256_min_epu32(t, last); /* within the table also where the result is thrown away */
    /* an entry and the one after it in one read; the last cell's are the table's last two */
    __m256i both = _mm256_i32gather_epi32((const int *)(const void *)exp2,
                                          _mm256_srli_epi32(t, CRUX_EXP2_SHIFT), 2);
    __m256i within = _mm256_and_si256(t, _mm256_set1_epi32((1 << CRUX_EXP2_SHIFT) - 1));
    __m256i left = _mm256_and_si256(both, _mm256_set1_epi32(0xffff));
    __m256i rise = _mm256_sub_epi32(_mm256_srli_epi32(both, 16), left);
    __m256i more = _mm256_add_epi32(_mm256_mullo_epi32(rise, within),
                                    _mm256_set1_epi32(1 << (CRUX_EXP2_SHIFT - 1)));
    left = _mm256_add_epi32(left, _mm256_srai_epi32(more, CRUX_EXP2_SHIFT));
    left = _mm256_blendv_epi8(left, _mm256_set1_epi32(CRUX_EXP2_ONE), top);
    return _mm256_andnot_si256(outside, left);
}

/* round(w / 2^shift): shifts beyond 31 bits give 0, and those from 17 on do anyhow. */
TARGET CRUX_INLINE __m256i shifted(__m256i w, const int8_t *ev, __m256i top) {
    __m256i e = _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)ev));
    __m256i shift = _mm256_sub_epi32(top, e);
    __m256i half = _mm256_srli_epi32(_mm256_sllv_epi32(_mm256_set1_epi32(1), shift), 1);
    return _mm256_srlv_epi32(_mm256_add_epi32(w, half), shift);
}

TARGET static void weigh(struct crux_attention_queries *queries, uint32_t m0, uint32_t m1,
                         const int32_t *score, const int8_t *ev, const uint16_t *exp2) {
    const __m256i bits = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    for (uint32_t m = m0; m < m1; m++) {
        const int32_t *from = score + (size_t)m * PAGE;
        const __m256i least =
            _mm256_set1_epi32(queries->greatest[m][0] + CRUX_EXP2_LEAST); /* from -2^30 - 2^20 */
        const __m256i top = _mm256_set1_epi32(queries->top[m]);
        __m256i sum = load(queries->sum[m]), total = _mm256_setzero_si256();
        for (unsigned t = 0; t < PAGE; t += 16) {
            __m256i w[2];
            for (unsigned i = 0; i < 2; i++) {
                unsigned at = t + 8 * i;
                __m256i here = _mm256_set1_epi32((int32_t)(queries->seen[m] >> at & 255));
                __m256i seen = _mm256_cmpeq_epi32(_mm256_and_si256(here, bits), bits);
                w[i] = _mm256_and_si256(exp2_of(from + at, least, exp2), seen);
                sum = _mm256_add_epi32(sum, w[i]);
                w[i] = shifted(w[i], ev + at, top);
                total = _mm256_add_epi32(total, w[i]);
            }
            __m256i both = _mm256_permute4x64_epi64(_mm256_packus_epi32(w[0], w[1]), 0xd8);
            store(queries->weight[m] + t, both);
        }
        store(queries->sum[m], sum);
        CRUX_ALIGNED(32) uint32_t lanes[8];
        store(lanes, total);
        queries->page_sum[m] = 0;
        for (unsigned i = 0; i < 8; i++) queries->page_sum[m] += lanes[i];
    }
}

/* ---- sums of weights times values ---- */

/* n rows of weights times v, each added to its own sums, which it spoils. */
TARGET static void add_rows(int32_t **rows, uint32_t n, uint32_t columns, const uint16_t *weight,
                            const int16_t *v, const int16_t *next) {
    for (uint32_t k = 0, some; k < n; k += some, next = v /* asked for */) {
        some = tile_of(n - k);
        for (uint32_t i = 0; i < columns; i += 16) {
            /* weights with bit 15 count as themselves less 2^16 */
            sums(some, rows + k, (const int16_t *)weight + (size_t)k * PAGE, PAGE,
                 v + (size_t)2 * i, (size_t)2 * columns, PAGE / 2, next + (size_t)2 * i);
            for (uint32_t r = 0; r < some; r++) rows[k + r] += 16;
        }
    }
}

TARGET static void settle(struct crux_attention_queries *queries, uint32_t m) {
    crux_attention_settle(queries, m, NEAR_BITS);
}

/* What near adds for the queries in `which`, n of them, whose weights are split. In: taken, -2^15 times the sum of v. */
TARGET static void add_near(struct crux_attention_queries *queries, const uint32_t *which,
                            uint32_t n, const int16_t *v, const int32_t *taken) {
    uint32_t columns = queries->columns;
    int32_t *rows[QUERIES];
    for (uint32_t k = 0; k < n; k++) {
        int32_t *mod = queries->mod + (size_t)which[k] * columns;
        rows[k] = queries->near + (size_t)which[k] * columns;
        for (uint32_t i = 0; i < columns; i += 8)
            store(mod + i, _mm256_sub_epi32(load(mod + i), load(taken + i)));
    }
    add_rows(rows, n, columns, queries->high[0], v, v);
}

TARGET static void gather(struct crux_attention_queries *queries, uint32_t m0, uint32_t m1,
                          const int16_t *v, const int16_t *next) {
    CRUX_ALIGNED(32) int32_t taken[CRUX_ATTENTION_COLUMNS_MAX];
    int32_t *rows[QUERIES + 1] = {NULL};
    uint32_t which[QUERIES], n = 0, count = m1 - m0;
    if (m0 >= m1) return;
    for (uint32_t m = m0; m < m1; m++) {
        bool is_near = queries->page_sum[m] > NEAR_SPENDS; /* if not, no weight has bit 15 */
        uint32_t spends = is_near ? NEAR_SPENDS : queries->page_sum[m];
        rows[m - m0] = queries->mod + (size_t)m * queries->columns;
        if (queries->spent[m] + spends > CRUX_ATTENTION_SPENT_MAX) settle(queries, m);
        queries->spent[m] += spends;
        if (!is_near) continue;
        for (unsigned t = 0; t < PAGE; t++) {
            queries->high[n][t] = queries->weight[m][t] >> 8;
            queries->weight[m][t] ^= 0x8000;
        }
        which[n++] = m;
    }
    if (n != 0) { /* one more row, of weights -2^15 */
        memset(taken, 0, queries->columns * sizeof *taken);
        for (unsigned t = 0; t < PAGE; t++) queries->weight[m1][t] = 0x8000;
        rows[count++] = taken;
    }
    add_rows(rows, count, queries->columns, queries->weight[m0], v, next);
    if (n != 0) add_near(queries, which, n, v, taken);
}

const struct crux_attention_inner crux_attention_inner_avx2 = {
    dots, scores, crux_attention_cap_any, weigh, gather, settle, crux_attention_means_any};

#else
typedef int crux_attention_no_avx2;
#endif
