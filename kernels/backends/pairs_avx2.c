/* Panels of q4 and q8 by 16-bit dots. Equal to the reference: pairs.h bounds every sum, and vpmaddwd does not
 * saturate. */
#ifdef __x86_64__

#include <immintrin.h>
#include <string.h>

#include "kernels/backends/pairs.h"
#include "kernels/backends/six_avx2.h"

#define TARGET CRUX_TARGET("avx2")

/* Keeps the compiler from adding products up before it adds them to v: they would not all find a register. */
#define KEEP(v) __asm__("" : "+x"(v))

enum { ROWS_MAX = 4 };

TARGET CRUX_INLINE __m256i broadcast(const void *at) {
    int word;
    memcpy(&word, at, sizeof word);
    return _mm256_set1_epi32(word);
}

/* The multipliers of 8 outputs: m below n, or m below 0. */
TARGET CRUX_INLINE __m256i load_entry(const uint8_t *entry, bool offsets, int half) {
    __m256i mn = _mm256_loadu_si256((const __m256i *)(const void *)(entry + 32 * half));
    return offsets ? mn : _mm256_and_si256(mn, _mm256_set1_epi32(0xffff));
}

/* 8 outputs of word i out of 32 bytes of u: inputs (0, 2), (1, 3), and of q4 then (4, 6), (5, 7). */
TARGET CRUX_INLINE __m256i pick(__m256i v, int i, bool nibbles) {
    if (!nibbles)
        return i == 0 ? _mm256_and_si256(v, _mm256_set1_epi16(255)) : _mm256_srli_epi16(v, 8);
    if (i == 3) return _mm256_srli_epi16(v, 12);
    if (i != 0) v = _mm256_srli_epi16(v, i == 1 ? 8 : 4);
    return _mm256_and_si256(v, _mm256_set1_epi16(15));
}

/* 32 bytes of u: word s of 8 outputs. */
TARGET CRUX_INLINE __m256i load_u(const uint8_t *q, int s, int half, uint32_t width) {
    if (width == CRUX_WIDTH_Q6) return crux_six(q, s, half);
    return _mm256_loadu_si256((const __m256i *)(const void *)(q + 64 * s + 32 * half));
}

/* acc[0..7] = (first ? 0 : acc[0..7]) + (high << shift) + low */
TARGET CRUX_INLINE void flush(int64_t *acc, __m256i high, __m256i low, int shift, bool first) {
    CRUX_UNROLL
    for (int half = 0; half < 2; half++) {
        __m256i *to = (__m256i *)(void *)(acc + 4 * half);
        __m256i h = _mm256_cvtepi32_epi64(half == 0 ? _mm256_castsi256_si128(high)
                                                    : _mm256_extracti128_si256(high, 1)),
                l = _mm256_cvtepi32_epi64(half == 0 ? _mm256_castsi256_si128(low)
                                                    : _mm256_extracti128_si256(low, 1));
        __m256i sum = _mm256_add_epi64(_mm256_slli_epi64(h, shift), l);
        if (!first) sum = _mm256_add_epi64(sum, _mm256_loadu_si256(to));
        _mm256_storeu_si256(to, sum);
    }
}

/* A sum of 32 bits each for 16 outputs of the rows. */
struct sums {
    __m256i high[ROWS_MAX][2], low[ROWS_MAX][2];
};

/* One group into the sums. rows, width, offsets and steps (of 4 inputs) are constants. */
TARGET CRUX_INLINE void add_group(struct sums *sums, const struct crux_panel *panel, uint32_t g,
                                  const uint8_t *const row[], const uint8_t *const sum[], int rows,
                                  uint32_t width, bool offsets, int steps) {
    const bool nibbles = width == CRUX_WIDTH_Q4;
    const size_t q_bytes = crux_panel_q_bytes(width, 4 * (uint32_t)steps);
    const int words = nibbles ? 4 : 2;
    const bool quarter = width == CRUX_WIDTH_Q6 && offsets;
    size_t at = 8 * (size_t)steps * g, at_sum = CRUX_PAIRS_SUM_BYTES * (size_t)g;
    const uint8_t *q_at = panel->groups_at + crux_panel_q_at(q_bytes, offsets, g),
                  *entry = panel->groups_at + crux_panel_entry_at(q_bytes, offsets, g);
    __m256i c[ROWS_MAX][2];
    crux_panel_ask(panel, q_at, q_bytes + (offsets ? 64 : 32), rows, g);
    CRUX_UNROLL
    for (int r = 0; r < rows; r++)
        c[r][0] = c[r][1] = broadcast(sum[r] + at_sum + (nibbles ? 0 : 4));
    CRUX_UNROLL
    for (int s = 0; s < 2 * steps / words; s++) {
        __m256i v0 = load_u(q_at, s, 0, width), v1 = load_u(q_at, s, 1, width);
        CRUX_UNROLL
        for (int i = 0; i < words; i++) {
            __m256i u0 = pick(v0, i, nibbles), u1 = pick(v1, i, nibbles);
            CRUX_UNROLL
            for (int r = 0; r < rows; r++) {
                __m256i x = broadcast(row[r] + at + 4 * (s * words + i));
                c[r][0] = _mm256_add_epi32(c[r][0], _mm256_madd_epi16(x, u0));
                c[r][1] = _mm256_add_epi32(c[r][1], _mm256_madd_epi16(x, u1));
                KEEP(c[r][0]);
                KEEP(c[r][1]);
            }
        }
    }
    CRUX_UNROLL
    for (int i = 0; i < 2; i++) {
        __m256i mn = load_entry(entry, offsets, i),
                nm = offsets ? _mm256_or_si256(_mm256_slli_epi32(mn, 16), _mm256_srli_epi32(mn, 16))
                             : _mm256_slli_epi32(mn, 16);
        CRUX_UNROLL
        for (int r = 0; r < rows; r++) {
            __m256i low = quarter ? _mm256_srai_epi32(c[r][i], 2) : c[r][i],
                    high = _mm256_add_epi32(low, _mm256_set1_epi32(32768));
            if (offsets) {
                high = _mm256_blend_epi16(broadcast(sum[r] + at_sum + 8), high, 0xaa);
                low = _mm256_blend_epi16(low, broadcast(sum[r] + at_sum + 12), 0xaa);
            }
            sums->high[r][i] = _mm256_add_epi32(sums->high[r][i], _mm256_madd_epi16(high, nm));
            sums->low[r][i] = _mm256_add_epi32(sums->low[r][i], _mm256_madd_epi16(low, mn));
        }
    }
}

TARGET CRUX_INLINE void run(int64_t *acc, size_t acc_stride, const struct crux_panel *panel,
                            const struct crux_panel_rows *x, int rows, uint32_t width, bool offsets,
                            int steps) {
    const bool fourfold = width == CRUX_WIDTH_Q6 && !offsets;
    const uint8_t *row[ROWS_MAX], *sum[ROWS_MAX];
    uint32_t groups = panel->groups, span = panel->span_halves;
    CRUX_UNROLL
    for (int r = 0; r < rows; r++) {
        row[r] = x->first + (size_t)r * x->stride_bytes;
        sum[r] = row[r] + crux_pairs_sums_at(panel->blocks, 4 * (uint32_t)steps);
    }
    for (uint32_t g = 0, end; g < groups; g = end) {
        struct sums sums;
        uint32_t begin = g;
        end = groups - g < span ? groups : g + span;
        memset(&sums, 0, sizeof sums);
        for (; g < end; g++) add_group(&sums, panel, g, row, sum, rows, width, offsets, steps);
        CRUX_UNROLL
        for (int r = 0; r < rows; r++) {
            CRUX_UNROLL
            for (int i = 0; i < 2; i++)
                flush(acc + (size_t)r * acc_stride + 8 * i, sums.high[r][i],
                      fourfold ? _mm256_srai_epi32(sums.low[r][i], 2) : sums.low[r][i],
                      fourfold ? 14 : 16, begin == 0);
        }
    }
}

#define KERNEL(name, rows, width, offsets, steps)                                                  \
    TARGET static void name(int64_t *acc, size_t acc_stride, const struct crux_panel *panel,       \
                            const struct crux_panel_rows *x) {                                     \
        run(acc, acc_stride, panel, x, rows, width, offsets, steps);                               \
    }
#define KERNELS_OF(name, rows, width)                                                              \
    KERNEL(name##_g16_##rows, rows, width, false, 4)                                               \
    KERNEL(name##_g32_##rows, rows, width, false, 8)                                               \
    KERNEL(name##_g16_n_##rows, rows, width, true, 4)                                              \
    KERNEL(name##_g32_n_##rows, rows, width, true, 8)
#define KERNELS(rows)                                                                              \
    KERNELS_OF(q4, rows, CRUX_WIDTH_Q4)                                                            \
    KERNELS_OF(q6, rows, CRUX_WIDTH_Q6)                                                            \
    KERNELS_OF(q8, rows, CRUX_WIDTH_Q8)
#define NAMES_OF(name, rows)                                                                       \
    { name##_g16_##rows, name##_g32_##rows, name##_g16_n_##rows, name##_g32_n_##rows }
#define NAMES(rows)                                                                                \
    { NAMES_OF(q4, rows), NAMES_OF(q6, rows), NAMES_OF(q8, rows) }

KERNELS(4)
KERNELS(3)
KERNELS(2)
KERNELS(1)

crux_panel_kernel *crux_pairs_choose_avx2(const struct crux_panel *panel, uint32_t rows,
                                          uint32_t *taken) {
    static crux_panel_kernel *const kernels[][3][4] = {NAMES(1), NAMES(2), NAMES(3), NAMES(4)};
    if (panel->span_halves == 0) return crux_pairs_choose_wide_avx2(panel, rows, taken);
    *taken = rows == 5 ? 3 : rows < ROWS_MAX ? rows : ROWS_MAX;
    return kernels[*taken - 1][crux_panel_kind(panel)]
                  [2 * panel->has_offsets + (panel->group == 32)];
}

#endif
