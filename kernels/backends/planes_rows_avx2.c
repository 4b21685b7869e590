/* crux_planes_prepare, 16 inputs at once: the same integers in the same places, none of which overflows. */
#ifdef __x86_64__

#include <immintrin.h>

#include "kernels/backends/planes.h"

#define TARGET CRUX_TARGET("avx2")

/* Returns: the sum of 16 values, in every lane. */
TARGET CRUX_INLINE __m128i total(__m256i v) {
    __m256i pairs = _mm256_madd_epi16(v, _mm256_set1_epi16(1));
    __m128i s = _mm_add_epi32(_mm256_castsi256_si128(pairs), _mm256_extracti128_si256(pairs, 1));
    s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 0x4e));
    return _mm_add_epi32(s, _mm_shuffle_epi32(s, 0xb1));
}

/* In: the sums of both planes, in every lane. */
TARGET CRUX_INLINE void put(uint8_t *nibbles, uint8_t *bytes, __m128i high, __m128i low) {
    __m128i both = _mm_unpacklo_epi32(high, low), /* high, low, high, low */
        x = _mm_add_epi32(_mm_slli_epi32(high, 8), low),
            times = _mm_mullo_epi32(x, _mm_setr_epi32(-128, 0, 65536, 1)),
            above = _mm_srli_epi32(_mm_add_epi32(x, _mm_set1_epi32(32768)), 16);
    _mm_storeu_si128((__m128i *)(void *)nibbles,
                     _mm_mullo_epi32(both, _mm_setr_epi32(-7, -7, 65536, 65536)));
    _mm_storeu_si128((__m128i *)(void *)bytes, _mm_blend_epi16(times, above, 0x0c));
}

/* The planes of 16 inputs as 16 bytes each, and their sums. */
TARGET CRUX_INLINE void split(uint8_t *planes, __m128i *high, __m128i *low, const int16_t *x) {
    __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)x),
            l = _mm256_srai_epi16(_mm256_slli_epi16(v, 8), 8),
            h = _mm256_srai_epi16(_mm256_sub_epi16(v, l), 8);
    /* No value saturates: all are bytes. */
    __m256i packed = _mm256_permute4x64_epi64(_mm256_packs_epi16(h, l), 0xd8);
    _mm_storeu_si128((__m128i *)(void *)planes, _mm256_castsi256_si128(packed));
    _mm_storeu_si128((__m128i *)(void *)(planes + CRUX_PLANES_LOW),
                     _mm256_extracti128_si256(packed, 1));
    *high = total(h);
    *low = total(l);
}

TARGET void crux_planes_prepare_avx2(void *row, const int16_t *x, uint32_t inputs) {
    size_t blocks = crux_panel_blocks(inputs);
    uint8_t *to = row, *nibbles32 = to + crux_planes_nibbles_at(blocks, 32),
            *nibbles16 = to + crux_planes_nibbles_at(blocks, 16),
            *bytes32 = to + crux_planes_bytes_at(blocks, 32),
            *bytes16 = to + crux_planes_bytes_at(blocks, 16);
    for (size_t b = 0; b < blocks; b++) {
        int16_t last[32];
        const int16_t *from = crux_panel_block(last, x, inputs, b);
        __m128i high[2], low[2];
        uint8_t *planes = to + crux_planes_block_at(b);
        split(planes, &high[0], &low[0], from);
        split(planes + 16, &high[1], &low[1], from + 16);
        put(nibbles16 + 32 * b, bytes16 + 32 * b, high[0], low[0]);
        put(nibbles16 + 32 * b + 16, bytes16 + 32 * b + 16, high[1], low[1]);
        put(nibbles32 + 16 * b, bytes32 + 16 * b, _mm_add_epi32(high[0], high[1]),
            _mm_add_epi32(low[0], low[1]));
    }
    crux_planes_end(row, inputs);
}

#endif
