/* crux_pairs_prepare, 32 inputs at once: the same integers in the same places, none of which overflows. */
#ifdef __x86_64__

#include <immintrin.h>
#include <string.h>

#include "kernels/backends/pairs.h"

#define TARGET CRUX_TARGET("avx2")

/* Returns: the sum of 16 values, in every lane. */
TARGET CRUX_INLINE __m128i total(__m256i v) {
    __m256i pairs = _mm256_madd_epi16(v, _mm256_set1_epi16(1));
    __m128i s = _mm_add_epi32(_mm256_castsi256_si128(pairs), _mm256_extracti128_si256(pairs, 1));
    s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 0x4e));
    return _mm_add_epi32(s, _mm_shuffle_epi32(s, 0xb1));
}

/* In: x, X in every lane.  Writes -7*X, -128*X, X_high & 0xffff, X_low << 16. */
TARGET CRUX_INLINE void put(uint8_t *at, __m128i x) {
    __m128i times = _mm_mullo_epi32(x, _mm_setr_epi32(-7, -128, 0, 65536)),
            high = _mm_srli_epi32(_mm_add_epi32(x, _mm_set1_epi32(32768)), 16);
    _mm_storeu_si128((__m128i *)(void *)at, _mm_blend_epi16(times, high, 0x30));
}

TARGET CRUX_INLINE void prepare_block(uint8_t *to, uint8_t *sum32, uint8_t *sums16,
                                      const int16_t *x) {
    /* Each four as 0 2 1 3. */
    const __m256i order = _mm256_setr_epi8(0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15, 0,
                                           1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15);
    __m256i v0 = _mm256_loadu_si256((const __m256i *)(const void *)x),
            v1 = _mm256_loadu_si256((const __m256i *)(const void *)(x + 16));
    __m128i s0 = total(v0), s1 = total(v1);
    _mm256_storeu_si256((__m256i *)(void *)to, _mm256_shuffle_epi8(v0, order));
    _mm256_storeu_si256((__m256i *)(void *)(to + 32), _mm256_shuffle_epi8(v1, order));
    put(sums16, s0);
    put(sums16 + 16, s1);
    put(sum32, _mm_add_epi32(s0, s1));
}

TARGET void crux_pairs_prepare_avx2(void *row, const int16_t *x, uint32_t inputs) {
    size_t blocks = crux_panel_blocks(inputs), used = 112 * blocks;
    uint8_t *to = row, *sums32 = to + crux_pairs_sums_at(blocks, 32),
            *sums16 = to + crux_pairs_sums_at(blocks, 16);
    for (size_t b = 0; b < blocks; b++) {
        int16_t last[32];
        prepare_block(to + 64 * b, sums32 + 16 * b, sums16 + 32 * b,
                      crux_panel_block(last, x, inputs, b));
    }
    memset(to + used, 0, crux_pairs_row_bytes(inputs) - used);
}

#endif
