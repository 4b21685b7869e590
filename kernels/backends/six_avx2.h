/* Weights of six bits for 8 outputs, out of a panel of q6. */
#ifndef CRUX_KERNELS_BACKENDS_SIX_AVX2_H
#define CRUX_KERNELS_BACKENDS_SIX_AVX2_H

#include <immintrin.h>

#include "kernels/backends/panel.h"

CRUX_TARGET("avx2") CRUX_INLINE __m256i crux_six_load(const uint8_t *at) {
    return _mm256_loadu_si256((const __m256i *)(const void *)at);
}

/* Returns: u of inputs 4s..4s+3, those of an output in each lane.  In: half, 1 for outputs 8..15. */
CRUX_TARGET("avx2") CRUX_INLINE __m256i crux_six(const uint8_t *q, int s, int half) {
    const uint8_t *at = q + 192 * (s / 4) + 32 * half;
    if (s % 4 != 3) return _mm256_and_si256(crux_six_load(at + 64 * (s % 4)), _mm256_set1_epi8(-4));
    const __m256i two = _mm256_set1_epi8(3);
    __m256i a = _mm256_and_si256(crux_six_load(at), two),
            b = _mm256_and_si256(crux_six_load(at + 64), two),
            c = _mm256_and_si256(crux_six_load(at + 128), two);
    return _mm256_or_si256(_mm256_slli_epi16(a, 6),
                           _mm256_or_si256(_mm256_slli_epi16(b, 4), _mm256_slli_epi16(c, 2)));
}

#endif
