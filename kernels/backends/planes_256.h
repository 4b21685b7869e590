/* Panels of q4 and q8 by byte dots of 256 bits, and wide panels: the same code for both encodings of the dots.
 * Equal to the reference: planes.h bounds every sum, backend.h those of 64 bits, and no instruction here saturates.
 *
 * The file that includes this defines TARGET, DOT_BYTES and DOT_WORDS (sum, a, b), ROWS_MOST and CHOOSE.
 */
#include <immintrin.h>
#include <string.h>

#include "kernels/backends/planes.h"
#include "kernels/backends/six_avx2.h"

enum { ROWS_MAX = 4 };

TARGET CRUX_INLINE __m256i load(const uint8_t *at) {
    return _mm256_loadu_si256((const __m256i *)(const void *)at);
}

/* Four bytes, or one word of sums, in every lane. */
TARGET CRUX_INLINE __m256i broadcast(const void *at) {
    int word;
    memcpy(&word, at, sizeof word);
    return _mm256_set1_epi32(word);
}

/* Step s of 8 outputs: 4 inputs each. */
TARGET CRUX_INLINE __m256i load_u(const uint8_t *q, int s, int half, uint32_t width) {
    if (width == CRUX_WIDTH_Q6) return crux_six(q, s, half);
    if (width != CRUX_WIDTH_Q4) return load(q + 64 * s + 32 * half);
    __m256i v = load(q + 64 * (s / 2) + 32 * half);
    return _mm256_and_si256(s % 2 == 0 ? v : _mm256_srli_epi16(v, 4), _mm256_set1_epi8(15));
}

/* --- spans ----------------------------------------------------------------------------------- */

/* The multipliers of 8 outputs: m below n, or m below 0. */
TARGET CRUX_INLINE __m256i load_entry(const uint8_t *entry, bool offsets, int half) {
    __m256i mn = load(entry + 32 * half);
    return offsets ? mn : _mm256_and_si256(mn, _mm256_set1_epi32(0xffff));
}

/* acc[0..7] = (first ? 0 : acc[0..7]) + (high << shift) + low */
TARGET CRUX_INLINE void flush(int64_t *acc, __m256i high, __m256i low, int shift, bool first) {
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

/* What the sums of one group's planes add. */
TARGET CRUX_INLINE void add_products(struct sums *sums, int r, int half, __m256i h, __m256i l,
                                     __m256i mn, const uint8_t *sum, uint32_t width, bool offsets) {
    __m256i nm = mn;
    if (width == CRUX_WIDTH_Q4) {
        if (offsets) {
            h = _mm256_blend_epi16(h, broadcast(sum + 8), 0xaa);
            l = _mm256_blend_epi16(l, broadcast(sum + 12), 0xaa);
        }
    } else {
        l = _mm256_add_epi32(_mm256_slli_epi32(h, 8), l);
        if (width == CRUX_WIDTH_Q6 && offsets) l = _mm256_srai_epi32(l, 2);
        h = _mm256_add_epi32(l, _mm256_set1_epi32(32768));
        nm = _mm256_slli_epi32(mn, 16);
        if (offsets) {
            nm = _mm256_or_si256(nm, _mm256_srli_epi32(mn, 16));
            h = _mm256_blend_epi16(broadcast(sum + 4), h, 0xaa);
            l = _mm256_blend_epi16(l, broadcast(sum + 8), 0xaa);
        }
    }
    sums->high[r][half] = DOT_WORDS(sums->high[r][half], h, nm);
    sums->low[r][half] = DOT_WORDS(sums->low[r][half], l, mn);
}

/* One group into the sums. rows, width, offsets and steps are constants. */
TARGET CRUX_INLINE void add_group(struct sums *sums, const uint8_t *const row[],
                                  const uint8_t *const sum[], const struct crux_panel *panel,
                                  uint32_t g, int rows, uint32_t width, bool offsets, int steps) {
    const bool nibbles = width == CRUX_WIDTH_Q4;
    const size_t q_bytes = crux_panel_q_bytes(width, 4 * (uint32_t)steps);
    size_t at = crux_planes_at(g, steps), at_sum = CRUX_PLANES_SUM_BYTES * (size_t)g;
    const uint8_t *q = panel->groups_at + crux_panel_q_at(q_bytes, offsets, g),
                  *entry = panel->groups_at + crux_panel_entry_at(q_bytes, offsets, g);
    __m256i h[ROWS_MAX][2], l[ROWS_MAX][2];
    crux_panel_ask(panel, q, q_bytes + (offsets ? 64 : 32), rows, g);
    CRUX_UNROLL
    for (int r = 0; r < rows; r++) {
        h[r][0] = h[r][1] = nibbles ? broadcast(sum[r] + at_sum) : _mm256_setzero_si256();
        l[r][0] = l[r][1] = broadcast(sum[r] + at_sum + (nibbles ? 4 : 0));
    }
    CRUX_UNROLL
    for (int s = 0; s < steps; s++) {
        __m256i u0 = load_u(q, s, 0, width), u1 = load_u(q, s, 1, width);
        CRUX_UNROLL
        for (int r = 0; r < rows; r++) {
            __m256i high = broadcast(row[r] + at + 4 * s),
                    low = broadcast(row[r] + at + CRUX_PLANES_LOW + 4 * s);
            h[r][0] = DOT_BYTES(h[r][0], u0, high);
            h[r][1] = DOT_BYTES(h[r][1], u1, high);
            l[r][0] = DOT_BYTES(l[r][0], u0, low);
            l[r][1] = DOT_BYTES(l[r][1], u1, low);
        }
    }
    CRUX_UNROLL
    for (int half = 0; half < 2; half++) {
        __m256i mn = load_entry(entry, offsets, half);
        CRUX_UNROLL
        for (int r = 0; r < rows; r++)
            add_products(sums, r, half, h[r][half], l[r][half], mn, sum[r] + at_sum, width,
                         offsets);
    }
}

TARGET CRUX_INLINE void run(int64_t *acc, size_t acc_stride, const struct crux_panel *panel,
                            const struct crux_panel_rows *x, int rows, uint32_t width, bool offsets,
                            int steps) {
    const bool nibbles = width == CRUX_WIDTH_Q4, fourfold = width == CRUX_WIDTH_Q6 && !offsets;
    const uint8_t *row[ROWS_MAX], *sum[ROWS_MAX];
    uint32_t groups = panel->groups, span = crux_planes_span(panel);
    for (int r = 0; r < rows; r++) {
        row[r] = x->first + (size_t)r * x->stride_bytes;
        sum[r] = row[r] + crux_planes_sums_at(panel, width, steps);
    }
    for (uint32_t g = 0, end; g < groups; g = end) {
        struct sums sums;
        uint32_t begin = g;
        end = groups - g < span ? groups : g + span;
        memset(&sums, 0, sizeof sums);
        for (; g < end; g++) add_group(&sums, row, sum, panel, g, rows, width, offsets, steps);
        for (int i = 0; i < 2 * rows; i++)
            flush(acc + (size_t)(i / 2) * acc_stride + 8 * (i % 2), sums.high[i / 2][i % 2],
                  fourfold ? _mm256_srai_epi32(sums.low[i / 2][i % 2], 2) : sums.low[i / 2][i % 2],
                  nibbles    ? 8
                  : fourfold ? 14
                             : 16,
                  begin == 0);
    }
}

/* --- wide panels ----------------------------------------------------------------------------- */

/* m' and n' of 8 outputs in 32 bits each. */
TARGET CRUX_INLINE void load_wide_entry(__m256i *m, __m256i *n, const struct crux_panel *panel,
                                        const uint8_t *entry, int half) {
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

/* Products of the lanes of even numbers; of odd ones, after a shift. */
TARGET CRUX_INLINE __m256i product(__m256i a, __m256i b, bool odd) {
    return odd ? _mm256_mul_epi32(_mm256_srli_epi64(a, 32), _mm256_srli_epi64(b, 32))
               : _mm256_mul_epi32(a, b);
}

/* Out: c = 65536*a + the value returned, of 8 outputs.  In: x, the planes of a group; its sums in both forms. */
TARGET CRUX_INLINE __m256i wide_dot(__m256i *a, const uint8_t *q, const uint8_t *x,
                                    const uint8_t *nibbles, const uint8_t *bytes, uint32_t width,
                                    int steps, int half) {
    __m256i high = _mm256_setzero_si256(), low = high;
    *a = high;
    if (width == CRUX_WIDTH_Q4) {
        high = broadcast(nibbles);
        low = broadcast(nibbles + 4);
    } else if (width != CRUX_WIDTH_Q16) {
        low = broadcast(bytes);
    } else { /* -128 times the sum of each plane */
        *a = _mm256_sub_epi32(low, _mm256_srai_epi32(broadcast(nibbles + 8), 9));
        high = _mm256_sub_epi32(low, _mm256_srai_epi32(broadcast(nibbles + 12), 9));
    }
    for (int s = 0; s < steps; s++) {
        __m256i x_high = broadcast(x + 4 * s), x_low = broadcast(x + CRUX_PLANES_LOW + 4 * s),
                u = load_u(q, width == CRUX_WIDTH_Q16 ? 2 * s + 1 : s, half, width);
        high = DOT_BYTES(high, u, x_high);
        low = DOT_BYTES(low, u, x_low);
        if (width != CRUX_WIDTH_Q16) continue;
        u = load_u(q, 2 * s, half, width);
        *a = DOT_BYTES(*a, u, x_high);
        high = DOT_BYTES(high, u, x_low);
    }
    low = _mm256_add_epi32(_mm256_slli_epi32(high, 8), low);
    return width == CRUX_WIDTH_Q6 ? _mm256_srai_epi32(low, 2) : low;
}

/* 8 outputs of one row. */
TARGET CRUX_INLINE void run_wide(int64_t *acc, const struct crux_panel *panel, const uint8_t *row,
                                 int half, uint32_t width) {
    const size_t q_bytes = crux_panel_q_bytes(width, panel->group);
    const uint8_t *nibbles = row + crux_planes_nibbles_at(panel->blocks, panel->group),
                  *bytes = row + crux_planes_bytes_at(panel->blocks, panel->group);
    int steps = (int)panel->group / 4;
    __m256i total[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
    for (uint32_t g = 0; g < panel->groups; g++) {
        const uint8_t *q = panel->groups_at + crux_panel_q_at(q_bytes, panel->has_offsets, g);
        __m256i a, m, n,
            whole = broadcast(bytes + 12),
            c = wide_dot(&a, q, row + crux_planes_at(g, steps), nibbles, bytes, width, steps, half);
        load_wide_entry(&m, &n, panel,
                        panel->groups_at + crux_panel_entry_at(q_bytes, panel->has_offsets, g),
                        half);
        for (int odd = 0; odd < 2; odd++) {
            __m256i more = _mm256_add_epi64(product(c, m, odd), product(n, whole, odd));
            if (width == CRUX_WIDTH_Q16)
                more = _mm256_add_epi64(more, _mm256_slli_epi64(product(a, m, odd), 16));
            total[odd] = _mm256_add_epi64(total[odd], more);
        }
        nibbles += CRUX_PLANES_SUM_BYTES;
        bytes += CRUX_PLANES_SUM_BYTES;
    }
    __m256i low = _mm256_unpacklo_epi64(total[0], total[1]),
            high = _mm256_unpackhi_epi64(total[0], total[1]);
    _mm256_storeu_si256((__m256i *)(void *)acc, _mm256_permute2x128_si256(low, high, 0x20));
    _mm256_storeu_si256((__m256i *)(void *)(acc + 4), _mm256_permute2x128_si256(low, high, 0x31));
}

/* --- the kernels ----------------------------------------------------------------------------- */

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
#define WIDE_KERNEL(name, width)                                                                   \
    TARGET static void name(int64_t *acc, size_t acc_stride CRUX_UNUSED,                           \
                            const struct crux_panel *panel, const struct crux_panel_rows *x) {     \
        run_wide(acc, panel, x->first, 0, width);                                                  \
        run_wide(acc + 8, panel, x->first, 1, width);                                              \
    }

#if ROWS_MOST == 4
KERNELS(4)
#endif
KERNELS(2)
KERNELS(1)
WIDE_KERNEL(wide_q4, CRUX_WIDTH_Q4)
WIDE_KERNEL(wide_q8, CRUX_WIDTH_Q8)
WIDE_KERNEL(wide_q16, CRUX_WIDTH_Q16)
WIDE_KERNEL(wide_q6, CRUX_WIDTH_Q6)

crux_panel_kernel *CHOOSE(const struct crux_panel *panel, uint32_t rows, uint32_t *taken) {
    static crux_panel_kernel *const wide[] = {wide_q4, wide_q8, wide_q16, wide_q6};
    static crux_panel_kernel *const kernels[][3][4] = {
        NAMES(1),
        NAMES(2),
#if ROWS_MOST == 4
        NAMES(4),
#endif
    };
    *taken = 1;
    if (crux_planes_span(panel) == 0) return wide[panel->width - 1];
    unsigned most = rows >= ROWS_MOST ? ROWS_MOST / 2 : rows >= 2;
    *taken = 1U << most;
    return kernels[most][crux_panel_kind(panel)][2 * panel->has_offsets + (panel->group == 32)];
}
