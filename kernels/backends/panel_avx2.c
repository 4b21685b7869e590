/* Panels of every width by 16-bit dots: c = sum(v * q), panel.h says what happens to it. v is x itself for q4 and q8:
 * |c| <= 32 * 32639 * 128 < 2^27. For q16 it is first x & 255, then x >> 8, with x = 256 * (x >> 8) + (x & 255), so
 * that |c| <= 32 * 255 * 32768 < 2^28. Equal to the reference: vpmaddwd does not saturate, each pair of products is
 * below 2^24, and the carries keep every other 32-bit sum in range, modulo 2^32 in between. */
#ifdef __x86_64__

#include <immintrin.h>
#include <string.h>

#include "kernels/backends/panel.h"

#define TARGET CRUX_TARGET("avx2")

enum plane { WHOLE, LOW_BYTE, HIGH_BYTE };

TARGET CRUX_INLINE __m256i broadcast(const void *at) {
    int word;
    memcpy(&word, at, sizeof word);
    return _mm256_set1_epi32(word);
}

/* Two inputs of a row, in every lane. */
TARGET CRUX_INLINE __m256i load_x(const uint8_t *at, enum plane plane) {
    __m256i x = broadcast(at);
    if (plane == LOW_BYTE) return _mm256_and_si256(x, _mm256_set1_epi16(255));
    return plane == HIGH_BYTE ? _mm256_srai_epi16(x, 8) : x;
}

/* Two inputs of outputs 0..7 and of 8..15. */
TARGET CRUX_INLINE void load_q(__m256i q[2], const uint8_t *bytes, uint32_t width) {
    const __m128i *at = (const __m128i *)(const void *)bytes;
    if (width == CRUX_WIDTH_Q4) {
        __m256i both = _mm256_cvtepu8_epi16(_mm_loadu_si128(at));
        q[0] = _mm256_and_si256(both, _mm256_set1_epi16(15));
        q[1] = _mm256_srli_epi16(both, 4);
    } else if (width == CRUX_WIDTH_Q8) {
        q[0] = _mm256_cvtepi8_epi16(_mm_loadu_si128(at));
        q[1] = _mm256_cvtepi8_epi16(_mm_loadu_si128(at + 1));
    } else {
        q[0] = _mm256_loadu_si256((const __m256i *)(const void *)bytes);
        q[1] = _mm256_loadu_si256((const __m256i *)(const void *)(bytes + 32));
    }
}

/* The multipliers of 8 outputs: m below n, or m below 0. */
TARGET CRUX_INLINE __m256i load_entry(const uint8_t *entry, bool offsets, int half) {
    if (offsets) return _mm256_loadu_si256((const __m256i *)(const void *)(entry + 32 * half));
    return _mm256_cvtepu16_epi32(
        _mm_loadu_si128((const __m128i *)(const void *)(entry + 16 * half)));
}

/* acc[0..7] += (65536 * hi + lo) << shift */
TARGET CRUX_INLINE void flush(int64_t *acc, __m256i hi, __m256i lo, int shift) {
    for (int half = 0; half < 2; half++) {
        __m256i *to = (__m256i *)(void *)(acc + 4 * half);
        __m256i h = _mm256_cvtepi32_epi64(half == 0 ? _mm256_castsi256_si128(hi)
                                                    : _mm256_extracti128_si256(hi, 1)),
                l = _mm256_cvtepi32_epi64(half == 0 ? _mm256_castsi256_si128(lo)
                                                    : _mm256_extracti128_si256(lo, 1));
        __m256i sum = _mm256_add_epi64(_mm256_slli_epi64(h, 16), l);
        _mm256_storeu_si256(
            to, _mm256_add_epi64(_mm256_loadu_si256(to), _mm256_slli_epi64(sum, shift)));
    }
}

TARGET CRUX_INLINE void fetch_ahead(const uint8_t *q, size_t q_bytes) {
    for (size_t i = 0; i < q_bytes + 64; i += 64)
        _mm_prefetch((const char *)((uintptr_t)q + CRUX_PANEL_AHEAD_BYTES + i), _MM_HINT_T0);
}

/* A sum of 32 bits each for 16 outputs of up to 4 rows. */
enum { ROWS_MAX = 4 };
struct sums {
    __m256i lo[ROWS_MAX][2], hi[ROWS_MAX][2];
};

/* One group into the sums. rows, width and plane are constants. */
TARGET CRUX_INLINE void add_group(struct sums *sums, const struct crux_panel *panel, uint32_t g,
                                  const uint8_t *const row[], int rows, uint32_t width,
                                  enum plane plane) {
    const int step_bytes = width == CRUX_WIDTH_Q4 ? 16 : width == CRUX_WIDTH_Q8 ? 32 : 64;
    const __m256i round = _mm256_set1_epi32(32768), zero = _mm256_setzero_si256();
    int steps = (int)panel->group / 2;
    size_t block = steps == 16 ? g : g / 2, half = steps == 16 ? 0 : g % 2;
    size_t at = block * sizeof(struct crux_panel_block) + 32 * half,
           at_sum = block * sizeof(struct crux_panel_block) + (steps == 16 ? 64 : 72 + 8 * half);
    const size_t q_bytes = (size_t)(steps * step_bytes);
    const uint8_t *q_at = panel->groups_at + crux_panel_q_at(q_bytes, panel->has_offsets, g),
                  *entry = panel->groups_at + crux_panel_entry_at(q_bytes, panel->has_offsets, g);
    __m256i c[ROWS_MAX][2], q[2];
    for (int r = 0; r < rows; r++) c[r][0] = c[r][1] = zero;
    if (rows == 1) fetch_ahead(q_at, q_bytes);
    for (int s = 0; s < steps; s++) {
        load_q(q, q_at + s * step_bytes, width);
        for (int r = 0; r < rows; r++) {
            __m256i x = load_x(row[r] + at + 4 * s, plane);
            c[r][0] = _mm256_add_epi32(c[r][0], _mm256_madd_epi16(x, q[0]));
            c[r][1] = _mm256_add_epi32(c[r][1], _mm256_madd_epi16(x, q[1]));
        }
    }
    for (int i = 0; i < 2; i++) {
        __m256i mn = load_entry(entry, panel->has_offsets, i),
                nm = _mm256_or_si256(_mm256_slli_epi32(mn, 16), _mm256_srli_epi32(mn, 16));
        for (int r = 0; r < rows; r++) {
            /* The low byte's pass adds the offsets of both. */
            __m256i low = plane == HIGH_BYTE ? zero : broadcast(row[r] + at_sum),
                    high = plane == HIGH_BYTE ? zero : broadcast(row[r] + at_sum + 4);
            __m256i d = _mm256_blend_epi16(high, _mm256_add_epi32(c[r][i], round), 0xaa);
            sums->lo[r][i] = _mm256_add_epi32(
                sums->lo[r][i], _mm256_madd_epi16(_mm256_blend_epi16(c[r][i], low, 0xaa), mn));
            sums->hi[r][i] = _mm256_add_epi32(sums->hi[r][i], _mm256_madd_epi16(d, nm));
        }
    }
}

TARGET CRUX_INLINE void run(int64_t *acc, const struct crux_panel *panel,
                            const struct crux_panel_rows *x, int rows, uint32_t width,
                            enum plane plane) {
    const __m256i wrap = _mm256_set1_epi32(CRUX_PANEL_CARRY_START);
    const uint8_t *row[ROWS_MAX];
    uint32_t g = 0, groups = panel->groups;
    struct sums sums;
    for (int r = 0; r < rows; r++)
        row[r] = (const uint8_t *)x->blocks + (size_t)r * x->stride_bytes;
    while (g < groups) {
        uint32_t left = (groups - g + panel->carry_groups - 1) / panel->carry_groups,
                 carries = left < panel->span_carries ? left : panel->span_carries;
        for (int i = 0; i < 2 * rows; i++) {
            sums.lo[i / 2][i % 2] = wrap;
            sums.hi[i / 2][i % 2] = _mm256_set1_epi32((int)carries + 1);
        }
        for (uint32_t k = 0; k < carries; k++) {
            uint32_t end = groups - g < panel->carry_groups ? groups : g + panel->carry_groups;
            for (; g < end; g++) add_group(&sums, panel, g, row, rows, width, plane);
            for (int i = 0; i < 2 * rows; i++) {
                __m256i *lo = &sums.lo[i / 2][i % 2], *hi = &sums.hi[i / 2][i % 2];
                *hi = _mm256_add_epi32(*hi, _mm256_srai_epi32(*lo, 16));
                *lo = _mm256_or_si256(*lo, wrap);
            }
        }
        for (int i = 0; i < 2 * rows; i++)
            flush(acc + 8 * i, sums.hi[i / 2][i % 2], sums.lo[i / 2][i % 2],
                  plane == HIGH_BYTE ? 8 : 0);
    }
}

#define KERNELS(rows)                                                                              \
    TARGET static void q4_##rows(int64_t *acc, const struct crux_panel *panel,                     \
                                 const struct crux_panel_rows *x) {                                \
        memset(acc, 0, rows *CRUX_PANEL_OUTPUTS * sizeof *acc);                                    \
        run(acc, panel, x, rows, CRUX_WIDTH_Q4, WHOLE);                                            \
    }                                                                                              \
    TARGET static void q8_##rows(int64_t *acc, const struct crux_panel *panel,                     \
                                 const struct crux_panel_rows *x) {                                \
        memset(acc, 0, rows *CRUX_PANEL_OUTPUTS * sizeof *acc);                                    \
        run(acc, panel, x, rows, CRUX_WIDTH_Q8, WHOLE);                                            \
    }                                                                                              \
    TARGET static void q16_##rows(int64_t *acc, const struct crux_panel *panel,                    \
                                  const struct crux_panel_rows *x) {                               \
        memset(acc, 0, rows *CRUX_PANEL_OUTPUTS * sizeof *acc);                                    \
        run(acc, panel, x, rows, CRUX_WIDTH_Q16, LOW_BYTE);                                        \
        run(acc, panel, x, rows, CRUX_WIDTH_Q16, HIGH_BYTE);                                       \
    }

KERNELS(4)
KERNELS(2)
KERNELS(1)

crux_panel_kernel *crux_panel_choose_avx2(const struct crux_panel *panel, uint32_t rows,
                                          uint32_t *taken) {
    static crux_panel_kernel *const kernels[3][3] = {
        {q4_1, q8_1, q16_1}, {q4_2, q8_2, q16_2}, {q4_4, q8_4, q16_4}};
    unsigned size = rows >= 4 ? 2 : rows >= 2 ? 1 : 0;
    *taken = 1U << size;
    return kernels[size][panel->width - 1];
}

#endif
