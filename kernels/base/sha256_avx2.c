/* SHA-256 of 8 messages side by side: word i of all of them in one register. */
#ifdef __x86_64__

#include <immintrin.h>

#include "kernels/base/sha256_impl.h"

#define VEC             __m256i
#define TARGET          CRUX_TARGET("avx2")
#define ADD             _mm256_add_epi32
#define XOR             _mm256_xor_si256
#define XOR3(x, y, z)   XOR(XOR(x, y), z)
#define CHOOSE(x, y, z) XOR(z, _mm256_and_si256(x, XOR(y, z)))
#define MAJORITY(x, y, z)                                                                          \
    _mm256_or_si256(_mm256_and_si256(x, y), _mm256_and_si256(z, _mm256_or_si256(x, y)))
#define ROR(x, bits) _mm256_or_si256(_mm256_srli_epi32(x, bits), _mm256_slli_epi32(x, 32 - (bits)))
#define SHR          _mm256_srli_epi32
#define SPLAT(x)     _mm256_set1_epi32((int)(x))

#include "kernels/base/sha256_vector.h"

TARGET CRUX_INLINE __m256i swap_words(__m256i x) {
    return _mm256_shuffle_epi8(x, _mm256_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203,
                                                    0x0c0d0e0f08090a0b, 0x0405060700010203));
}

/* 8 rows of 8 words to 8 columns: words within halves, then halves across rows. */
TARGET CRUX_INLINE void transpose(__m256i m[8]) {
    __m256i t[8];
    for (int i = 0; i < 8; i += 4) {
        __m256i ab_low = _mm256_unpacklo_epi32(m[i], m[i + 1]);
        __m256i ab_high = _mm256_unpackhi_epi32(m[i], m[i + 1]);
        __m256i cd_low = _mm256_unpacklo_epi32(m[i + 2], m[i + 3]);
        __m256i cd_high = _mm256_unpackhi_epi32(m[i + 2], m[i + 3]);
        t[i] = _mm256_unpacklo_epi64(ab_low, cd_low);
        t[i + 1] = _mm256_unpackhi_epi64(ab_low, cd_low);
        t[i + 2] = _mm256_unpacklo_epi64(ab_high, cd_high);
        t[i + 3] = _mm256_unpackhi_epi64(ab_high, cd_high);
    }
    /* Half q of t[4*r + j] is column 4*q + j of rows 4*r .. 4*r + 3. */
    for (int j = 0; j < 4; j++) {
        m[j] = _mm256_permute2x128_si256(t[j], t[4 + j], 0x20);
        m[4 + j] = _mm256_permute2x128_si256(t[j], t[4 + j], 0x31);
    }
}

TARGET void crux_sha256_avx2_hash_8(uint8_t *out, const struct crux_sha256_lanes *group) {
    __m256i state[8];
    __m256i w[16];
    for (int i = 0; i < 8; i++) state[i] = SPLAT(crux_sha256_iv[i]);
    for (size_t r = 0; r < CRUX_SHA256_RUNS; r++) {
        for (size_t n = 0; n < group->run[r].n; n++) {
            for (int l = 0; l < 8; l++) {
                const uint8_t *block = group->run[r].p[l] + n * CRUX_SHA256_BLOCK_BYTES;
                w[l] = swap_words(_mm256_loadu_si256((const __m256i *)(const void *)block));
                w[8 + l] =
                    swap_words(_mm256_loadu_si256((const __m256i *)(const void *)(block + 32)));
            }
            transpose(w);
            transpose(w + 8);
            compress(state, w);
        }
    }
    for (int i = 0; i < 8; i++) state[i] = swap_words(state[i]);
    transpose(state);
    for (int l = 0; l < 8; l++) _mm256_storeu_si256((__m256i *)(void *)(out + 32 * l), state[l]);
}

#else
typedef int crux_no_avx2;
#endif
