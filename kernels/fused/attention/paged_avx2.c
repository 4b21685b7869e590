/* Equal to the plain loops because all sums are exact: products of 16-bit numbers, added in 32 bits within the bounds
 * that paged_inner.h states, in another order. */
#include "kernels/fused/attention/paged_inner.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include "kernels/fused/exp2.h"

#define AVX2 CRUX_TARGET("avx2")

enum { LANES = 16 /* of 16 bits */ };

AVX2 static inline __m256i load(const void *at) {
    return _mm256_loadu_si256((const __m256i *)at);
}

AVX2 static __m256i row_sum(const int16_t *q, const int16_t *k, uint32_t width) {
    __m256i sum = _mm256_setzero_si256();
    for (uint32_t i = 0; i < width; i += LANES)
        sum = _mm256_add_epi32(sum, _mm256_madd_epi16(load(q + i), load(k + i)));
    return sum;
}

/* Eight rows at a time, so that one tree of additions serves all of them. */
AVX2 static void dots(int32_t *dot, const int16_t *q, const int16_t *k, uint32_t positions,
                      uint32_t width) {
    uint32_t t = 0;
    for (; t + 8 <= positions; t += 8) {
        __m256i sum[8];
        for (unsigned r = 0; r < 8; r++) sum[r] = row_sum(q, k + (uint64_t)(t + r) * width, width);
        __m256i ab =
            _mm256_hadd_epi32(_mm256_hadd_epi32(sum[0], sum[1]), _mm256_hadd_epi32(sum[2], sum[3]));
        __m256i cd =
            _mm256_hadd_epi32(_mm256_hadd_epi32(sum[4], sum[5]), _mm256_hadd_epi32(sum[6], sum[7]));
        __m256i low = _mm256_permute2x128_si256(ab, cd, 0x20);
        __m256i high = _mm256_permute2x128_si256(ab, cd, 0x31);
        _mm256_storeu_si256((__m256i *)(void *)(dot + t), _mm256_add_epi32(low, high));
    }
    for (; t < positions; t++) {
        __m256i sum = row_sum(q, k + (uint64_t)t * width, width);
        __m128i half = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
        half = _mm_hadd_epi32(half, half);
        dot[t] = _mm_cvtsi128_si32(_mm_hadd_epi32(half, half));
    }
}

/* Weights of eight positions, before and after their shift. */
AVX2 static void weigh_eight(__m256i *before, __m256i *after, __m256i score, __m256i ev,
                             int32_t greatest, int top, const uint16_t *exp2) {
    const __m256i least = _mm256_set1_epi32(CRUX_EXP2_LEAST);
    __m256i x = _mm256_sub_epi32(score, _mm256_set1_epi32(greatest)); /* -2^31 .. 0 */
    __m256i inside = _mm256_cmpgt_epi32(x, _mm256_set1_epi32(CRUX_EXP2_LEAST - 1));
    __m256i at_top = _mm256_cmpeq_epi32(x, _mm256_setzero_si256());
    /* within the table also where the result is thrown away */
    __m256i t = _mm256_sub_epi32(
        _mm256_min_epi32(_mm256_max_epi32(x, least), _mm256_set1_epi32(-1)), least);
    __m256i within = _mm256_and_si256(t, _mm256_set1_epi32((1 << CRUX_EXP2_SHIFT) - 1));
    /* an entry and the one after it in one read; the last cell's are the table's last two */
    __m256i both = _mm256_i32gather_epi32((const int *)(const void *)exp2,
                                          _mm256_srli_epi32(t, CRUX_EXP2_SHIFT), 2);
    __m256i left = _mm256_and_si256(both, _mm256_set1_epi32(0xffff));
    __m256i rise = _mm256_sub_epi32(_mm256_srli_epi32(both, 16), left);
    __m256i w = _mm256_add_epi32(_mm256_slli_epi32(left, CRUX_EXP2_SHIFT),
                                 _mm256_mullo_epi32(rise, within));
    w = _mm256_srli_epi32(_mm256_add_epi32(w, _mm256_set1_epi32(1 << (CRUX_EXP2_SHIFT - 1))),
                          CRUX_EXP2_SHIFT);
    w = _mm256_blendv_epi8(w, _mm256_set1_epi32(CRUX_EXP2_ONE), at_top);
    *before = _mm256_and_si256(w, inside);
    /* round(w / 2^shift): shifts beyond 31 bits give 0, and those from 18 on do anyhow */
    __m256i shift = _mm256_sub_epi32(_mm256_set1_epi32(top), ev);
    __m256i half = _mm256_srli_epi32(_mm256_sllv_epi32(_mm256_set1_epi32(1), shift), 1);
    *after = _mm256_srlv_epi32(_mm256_add_epi32(*before, half), shift);
}

AVX2 static int64_t weigh(uint16_t *weight, const int32_t *score, int32_t greatest, int top,
                          const int8_t *ev, uint32_t positions, const uint16_t *exp2) {
    uint32_t before[8], after[8];
    __m256i sum = _mm256_setzero_si256(); /* at most 32 * 65535 a lane */
    int64_t total = 0;
    for (uint32_t t = 0; t < positions; t += 8) {
        uint32_t left = positions - t, some = left < 8 ? left : 8;
        int32_t scores[8] = {0};
        uint64_t exponents = 0;
        __m256i b, a;
        for (uint32_t i = 0; i < some; i++) {
            scores[i] = score[t + i];
            exponents |= (uint64_t)(uint8_t)ev[t + i] << (8 * i);
        }
        weigh_eight(&b, &a, load(scores),
                    _mm256_cvtepi8_epi32(_mm_cvtsi64_si128((int64_t)exponents)), greatest, top,
                    exp2);
        _mm256_storeu_si256((__m256i *)(void *)after, a);
        if (some == 8) {
            sum = _mm256_add_epi32(sum, b);
        } else {
            _mm256_storeu_si256((__m256i *)(void *)before, b);
            for (uint32_t i = 0; i < some; i++) total += before[i];
        }
        for (uint32_t i = 0; i < some; i++) weight[t + i] = (uint16_t)after[i];
    }
    _mm256_storeu_si256((__m256i *)(void *)before, sum);
    for (unsigned i = 0; i < 8; i++) total += before[i];
    return total;
}

/* Elements of one column of 16, for eight 32-bit sums of unpacklo and of unpackhi. */
AVX2 static void add_column(int64_t *acc, __m256i low, __m256i high, int32_t factor) {
    int32_t sum[2][8];
    _mm256_storeu_si256((__m256i *)(void *)sum[0], low);
    _mm256_storeu_si256((__m256i *)(void *)sum[1], high);
    for (unsigned i = 0; i < LANES; i++)
        acc[i] += (int64_t)sum[i / 4 % 2][i / 8 * 4 + i % 4] * factor;
}

/* Two positions to a multiplication: their elements side by side, times their weights' bytes side by side. */
AVX2 static void gather(int64_t *acc, const uint16_t *weight, const int16_t *v, uint32_t positions,
                        uint32_t width) {
    uint32_t high[CRUX_ATTENTION_PIECE / 2], low[CRUX_ATTENTION_PIECE / 2];
    uint32_t pairs = (positions + 1) / 2;
    for (uint32_t p = 0; p < pairs; p++) {
        uint32_t a = weight[2 * p], b = 2 * p + 1 < positions ? weight[2 * p + 1] : 0;
        high[p] = a >> 8 | b >> 8 << 16;
        low[p] = (a & 255) | (b & 255) << 16;
    }
    for (uint32_t i = 0; i < width; i += LANES) {
        __m256i high_low = _mm256_setzero_si256(), high_high = high_low, low_low = high_low,
                low_high = high_low;
        for (uint32_t p = 0; p < pairs; p++) {
            const int16_t *row = v + (uint64_t)2 * p * width + i;
            /* an odd last position goes with itself: the other weight is 0 */
            __m256i a = load(row), b = load(2 * p + 1 < positions ? row + width : row);
            __m256i first = _mm256_unpacklo_epi16(a, b), second = _mm256_unpackhi_epi16(a, b);
            __m256i h = _mm256_set1_epi32((int32_t)high[p]), l = _mm256_set1_epi32((int32_t)low[p]);
            high_low = _mm256_add_epi32(high_low, _mm256_madd_epi16(first, h));
            high_high = _mm256_add_epi32(high_high, _mm256_madd_epi16(second, h));
            low_low = _mm256_add_epi32(low_low, _mm256_madd_epi16(first, l));
            low_high = _mm256_add_epi32(low_high, _mm256_madd_epi16(second, l));
        }
        add_column(acc + i, high_low, high_high, 256);
        add_column(acc + i, low_low, low_high, 1);
    }
}

const struct crux_attention_inner crux_attention_inner_avx2 = {dots, weigh, gather};

#else
typedef int crux_attention_no_avx2;
#endif
