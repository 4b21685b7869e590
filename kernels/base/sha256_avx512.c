/* SHA-256 of 16 messages side by side: word i of all of them in one register. */
#ifdef __x86_64__

#include <immintrin.h>

#include "kernels/base/sha256_impl.h"

#define VEC               __m512i
#define TARGET            CRUX_TARGET("avx512f,avx512bw")
#define ADD               _mm512_add_epi32
#define XOR3(x, y, z)     _mm512_ternarylogic_epi32(x, y, z, 0x96)
#define CHOOSE(x, y, z)   _mm512_ternarylogic_epi32(x, y, z, 0xca)
#define MAJORITY(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0xe8)
#define ROR               _mm512_ror_epi32
#define SHR               _mm512_srli_epi32
#define SPLAT(x)          _mm512_set1_epi32((int)(x))

#include "kernels/base/sha256_vector.h"

TARGET CRUX_INLINE __m512i swap_words(__m512i x) {
    return _mm512_shuffle_epi8(
        x, _mm512_broadcast_i32x4(_mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203)));
}

/* 16 rows of 16 words to 16 columns: words within quarters, then quarters across rows. */
TARGET CRUX_INLINE void transpose(__m512i m[16]) {
    __m512i t[16];
    for (int i = 0; i < 16; i += 4) {
        __m512i ab_low = _mm512_unpacklo_epi32(m[i], m[i + 1]);
        __m512i ab_high = _mm512_unpackhi_epi32(m[i], m[i + 1]);
        __m512i cd_low = _mm512_unpacklo_epi32(m[i + 2], m[i + 3]);
        __m512i cd_high = _mm512_unpackhi_epi32(m[i + 2], m[i + 3]);
        t[i] = _mm512_unpacklo_epi64(ab_low, cd_low);
        t[i + 1] = _mm512_unpackhi_epi64(ab_low, cd_low);
        t[i + 2] = _mm512_unpacklo_epi64(ab_high, cd_high);
        t[i + 3] = _mm512_unpackhi_epi64(ab_high, cd_high);
    }
    /* Quarter q of t[4*r + j] is column 4*q + j of rows 4*r .. 4*r + 3. */
    for (int j = 0; j < 4; j++) {
        __m512i r01_even = _mm512_shuffle_i32x4(t[j], t[4 + j], 0x88);
        __m512i r01_odd = _mm512_shuffle_i32x4(t[j], t[4 + j], 0xdd);
        __m512i r23_even = _mm512_shuffle_i32x4(t[8 + j], t[12 + j], 0x88);
        __m512i r23_odd = _mm512_shuffle_i32x4(t[8 + j], t[12 + j], 0xdd);
        m[j] = _mm512_shuffle_i32x4(r01_even, r23_even, 0x88);
        m[8 + j] = _mm512_shuffle_i32x4(r01_even, r23_even, 0xdd);
        m[4 + j] = _mm512_shuffle_i32x4(r01_odd, r23_odd, 0x88);
        m[12 + j] = _mm512_shuffle_i32x4(r01_odd, r23_odd, 0xdd);
    }
}

TARGET void crux_sha256_avx512_hash_16(uint8_t *out, const struct crux_sha256_lanes *group) {
    __m512i state[8];
    __m512i w[16];
    for (int i = 0; i < 8; i++) state[i] = SPLAT(crux_sha256_iv[i]);
    for (size_t r = 0; r < CRUX_SHA256_RUNS; r++) {
        for (size_t n = 0; n < group->run[r].n; n++) {
            for (int l = 0; l < 16; l++) {
                w[l] = swap_words(
                    _mm512_loadu_si512(group->run[r].p[l] + n * CRUX_SHA256_BLOCK_BYTES));
            }
            transpose(w);
            compress(state, w);
        }
    }
    /* Rows 8 .. 15 stay empty, so each column's lower half is one lane's hash. */
    for (int i = 0; i < 8; i++) {
        w[i] = swap_words(state[i]);
        w[8 + i] = _mm512_setzero_si512();
    }
    transpose(w);
    for (int l = 0; l < 16; l++) {
        _mm256_storeu_si256((__m256i *)(void *)(out + 32 * l), _mm512_castsi512_si256(w[l]));
    }
}

#else
typedef int crux_no_avx512;
#endif
