/* crux_planes_prepare, 32 inputs at once: the same integers in the same places, none of which overflows. */
#ifdef __x86_64__

#include <immintrin.h>

#include "kernels/backends/planes.h"

#define TARGET CRUX_TARGET("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")

static const int32_t nibbles_times[16] CRUX_ALIGNED(64) = {-7,    -7, 65536, 65536, -7,   -7, 65536,
                                                           65536, -7, -7,    65536, 65536};
/* Where (high, low) of a group are among the lanes: sums of 32 come first, then of both 16. */
static const int32_t nibbles_from[16] CRUX_ALIGNED(64) = {16, 24, 16, 24, 0, 8, 0, 8,
                                                          4,  12, 4,  12, 0, 0, 0, 0};

TARGET void crux_planes_prepare_avx512(void *row, const int16_t *x, uint32_t inputs) {
    size_t blocks = crux_panel_blocks(inputs);
    uint8_t *to = row, *nibbles32 = to + crux_planes_nibbles_at(blocks, 32),
            *nibbles16 = to + crux_planes_nibbles_at(blocks, 16),
            *bytes32 = to + crux_planes_bytes_at(blocks, 32),
            *bytes16 = to + crux_planes_bytes_at(blocks, 16);
    const __m512i from = _mm512_load_si512(nibbles_from), times = _mm512_load_si512(nibbles_times);
    for (size_t b = 0; b < blocks; b++) {
        int16_t last[32];
        __m512i v = _mm512_loadu_si512(crux_panel_block(last, x, inputs, b)),
                low = _mm512_srai_epi16(_mm512_slli_epi16(v, 8), 8),
                high = _mm512_srai_epi16(_mm512_sub_epi16(v, low), 8);
        __m512i planes = _mm512_inserti64x4(_mm512_castsi256_si512(_mm512_cvtepi16_epi8(high)),
                                            _mm512_cvtepi16_epi8(low), 1);
        __m256i *to_high = (__m256i *)(void *)(to + crux_planes_block_at(b)),
                *to_low = (__m256i *)(void *)(to + crux_planes_block_at(b) + CRUX_PLANES_LOW);
        _mm256_storeu_si256(to_high, _mm512_castsi512_si256(planes));
        _mm256_storeu_si256(to_low, _mm512_extracti64x4_epi64(planes, 1));
        /* Four lanes each: high of inputs 0..15, of 16..31, then low. */
        __m512i s = _mm512_dpbusd_epi32(_mm512_setzero_si512(), _mm512_set1_epi8(1), planes);
        s = _mm512_add_epi32(s, _mm512_shuffle_epi32(s, _MM_PERM_BADC));
        s = _mm512_add_epi32(s, _mm512_shuffle_epi32(s, _MM_PERM_CDAB));
        __m512i both = _mm512_add_epi32(s, _mm512_shuffle_i32x4(s, s, 0xb1));
        __m512i pairs = _mm512_permutex2var_epi32(s, from, both);
        __m512i nibbles = _mm512_mullo_epi32(pairs, times);
        /* X of each group, in four lanes: start, high, low, X. */
        __m512i sum =
            _mm512_add_epi32(_mm512_slli_epi32(_mm512_shuffle_epi32(pairs, _MM_PERM_CCAA), 8),
                             _mm512_shuffle_epi32(pairs, _MM_PERM_DDBB));
        __m512i start = _mm512_sub_epi32(_mm512_setzero_si512(), _mm512_slli_epi32(sum, 7)),
                above = _mm512_srli_epi32(_mm512_add_epi32(sum, _mm512_set1_epi32(32768)), 16);
        __m512i bytes = _mm512_mask_mov_epi32(sum, 0x1111, start);
        bytes = _mm512_mask_mov_epi32(bytes, 0x2222, above);
        bytes = _mm512_mask_slli_epi32(bytes, 0x4444, sum, 16);
        _mm_storeu_si128((__m128i *)(void *)(nibbles32 + 16 * b), _mm512_castsi512_si128(nibbles));
        _mm_storeu_si128((__m128i *)(void *)(bytes32 + 16 * b), _mm512_castsi512_si128(bytes));
        _mm256_storeu_si256((__m256i *)(void *)(nibbles16 + 32 * b),
                            _mm512_castsi512_si256(_mm512_alignr_epi32(nibbles, nibbles, 4)));
        _mm256_storeu_si256((__m256i *)(void *)(bytes16 + 32 * b),
                            _mm512_castsi512_si256(_mm512_alignr_epi32(bytes, bytes, 4)));
    }
    crux_planes_end(row, inputs);
}

#endif
