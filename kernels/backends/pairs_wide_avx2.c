/* Wide panels by 16-bit dots: c is formed in 32 bits, then multiplied and summed up in 64. Equal to the reference:
 * pairs.h bounds c, and backend.h the sums. */
#ifdef __x86_64__

#include <immintrin.h>
#include <string.h>

#include "kernels/backends/pairs.h"
#include "kernels/backends/six_avx2.h"

#define TARGET CRUX_TARGET("avx2")

TARGET CRUX_INLINE __m256i load(const uint8_t *at) {
    return _mm256_loadu_si256((const __m256i *)(const void *)at);
}

TARGET CRUX_INLINE __m256i broadcast(const void *at) {
    int word;
    memcpy(&word, at, sizeof word);
    return _mm256_set1_epi32(word);
}

/* m' and n' of 8 outputs in 32 bits each. */
TARGET CRUX_INLINE void load_entry(__m256i *m, __m256i *n, const struct crux_panel *panel,
                                   const uint8_t *entry, size_t half) {
    if (!panel->has_offsets) {
        *m = _mm256_srai_epi32(_mm256_slli_epi32(load(entry + 32 * half), 16), 16);
        *n = _mm256_setzero_si256();
        return;
    }
    __m256i mn = load(entry + 32 * half);
    *m = _mm256_srai_epi32(_mm256_slli_epi32(mn, 16), 16);
    *n = _mm256_srai_epi32(mn, 16);
    if (panel->is_raw && panel->width == CRUX_WIDTH_Q4) {
        *n = _mm256_add_epi32(*n, _mm256_slli_epi32(*m, 3));
        *m = _mm256_sub_epi32(_mm256_setzero_si256(), *m);
    } else if (panel->is_raw && panel->width == CRUX_WIDTH_Q6) {
        *n = _mm256_add_epi32(*n, _mm256_slli_epi32(*m, 4));
    }
}

/* Pairs (0, 2) and (1, 3) of the four inputs of a step, for 8 outputs. */
TARGET CRUX_INLINE void load_pairs(__m256i u[2], const uint8_t *q, uint32_t width, uint32_t s,
                                   size_t half) {
    const __m256i byte = _mm256_set1_epi16(255), nibble = _mm256_set1_epi16(15);
    if (width == CRUX_WIDTH_Q4) {
        __m256i v = load(q + 64 * (s / 2) + 32 * half);
        if (s % 2 == 1) v = _mm256_srli_epi16(v, 4);
        u[0] = _mm256_and_si256(v, nibble);
        u[1] = _mm256_and_si256(_mm256_srli_epi16(v, 8), nibble);
    } else if (width != CRUX_WIDTH_Q16) {
        __m256i v =
            width == CRUX_WIDTH_Q6 ? crux_six(q, (int)s, (int)half) : load(q + 64 * s + 32 * half);
        u[0] = _mm256_and_si256(v, byte);
        u[1] = _mm256_srli_epi16(v, 8);
    } else { /* q itself */
        const __m256i top = _mm256_set1_epi16(INT16_MIN);
        __m256i upper = load(q + 128 * s + 32 * half), lower = load(q + 128 * s + 64 + 32 * half);
        u[0] = _mm256_or_si256(_mm256_slli_epi16(upper, 8), _mm256_and_si256(lower, byte));
        u[1] = _mm256_or_si256(_mm256_andnot_si256(byte, upper), _mm256_srli_epi16(lower, 8));
        u[0] = _mm256_xor_si256(u[0], top);
        u[1] = _mm256_xor_si256(u[1], top);
    }
}

/* Products of the lanes of even numbers; of odd ones, after a shift. */
TARGET CRUX_INLINE __m256i product(__m256i a, __m256i b, bool odd) {
    return odd ? _mm256_mul_epi32(_mm256_srli_epi64(a, 32), _mm256_srli_epi64(b, 32))
               : _mm256_mul_epi32(a, b);
}

/* 8 outputs of one row. */
TARGET CRUX_INLINE void run(int64_t *acc, const struct crux_panel *panel, const uint8_t *row,
                            size_t half, uint32_t width) {
    const size_t q_bytes = crux_panel_q_bytes(width, panel->group);
    const uint8_t *sum = row + crux_pairs_sums_at(panel->blocks, panel->group);
    __m256i total[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
    for (uint32_t g = 0; g < panel->groups; g++, sum += CRUX_PAIRS_SUM_BYTES) {
        const uint8_t *q = panel->groups_at + crux_panel_q_at(q_bytes, panel->has_offsets, g),
                      *x = row + (size_t)2 * panel->group * g;
        __m256i c = width == CRUX_WIDTH_Q4    ? broadcast(sum)
                    : width != CRUX_WIDTH_Q16 ? broadcast(sum + 4)
                                              : _mm256_setzero_si256(),
                a = _mm256_setzero_si256(), u[2], m, n;
        for (uint32_t s = 0; s < panel->group / 4; s++) {
            load_pairs(u, q, width, s, half);
            for (uint32_t i = 0; i < 2; i++) {
                __m256i v = broadcast(x + 8 * s + 4 * i);
                if (width == CRUX_WIDTH_Q16) {
                    a = _mm256_add_epi32(a, _mm256_madd_epi16(_mm256_srai_epi16(v, 8), u[i]));
                    v = _mm256_and_si256(v, _mm256_set1_epi16(255));
                }
                c = _mm256_add_epi32(c, _mm256_madd_epi16(v, u[i]));
            }
        }
        if (width == CRUX_WIDTH_Q6) c = _mm256_srai_epi32(c, 2);
        load_entry(&m, &n, panel,
                   panel->groups_at + crux_panel_entry_at(q_bytes, panel->has_offsets, g), half);
        __m256i whole = _mm256_srai_epi32(
            _mm256_sub_epi32(_mm256_setzero_si256(), broadcast(sum + 4)), 7); /* X */
        for (int odd = 0; odd < 2; odd++) {
            __m256i more = _mm256_add_epi64(product(c, m, odd), product(n, whole, odd));
            if (width == CRUX_WIDTH_Q16)
                more = _mm256_add_epi64(more, _mm256_slli_epi64(product(a, m, odd), 8));
            total[odd] = _mm256_add_epi64(total[odd], more);
        }
    }
    __m256i low = _mm256_unpacklo_epi64(total[0], total[1]),
            high = _mm256_unpackhi_epi64(total[0], total[1]);
    _mm256_storeu_si256((__m256i *)(void *)acc, _mm256_permute2x128_si256(low, high, 0x20));
    _mm256_storeu_si256((__m256i *)(void *)(acc + 4), _mm256_permute2x128_si256(low, high, 0x31));
}

#define KERNEL(name, width)                                                                        \
    TARGET static void name(int64_t *acc, size_t acc_stride CRUX_UNUSED,                           \
                            const struct crux_panel *panel, const struct crux_panel_rows *x) {     \
        run(acc, panel, x->first, 0, width);                                                       \
        run(acc + 8, panel, x->first, 1, width);                                                   \
    }

KERNEL(q4, CRUX_WIDTH_Q4)
KERNEL(q8, CRUX_WIDTH_Q8)
KERNEL(q16, CRUX_WIDTH_Q16)
KERNEL(q6, CRUX_WIDTH_Q6)

crux_panel_kernel *crux_pairs_choose_wide_avx2(const struct crux_panel *panel,
                                               uint32_t rows CRUX_UNUSED, uint32_t *taken) {
    static crux_panel_kernel *const kernels[] = {q4, q8, q16, q6};
    *taken = 1;
    return kernels[panel->width - 1];
}

#endif
