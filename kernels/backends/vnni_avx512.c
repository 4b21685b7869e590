/* Panels of q4 and q8 by byte dots: c = sum((x + 32768) * q) from two unsigned byte planes of x, panel.h says what
 * happens to it. Equal to the reference: no instruction here saturates, vpdpbusd adds four products below 2^15 exactly,
 * |c| <= 32 * 65407 * 128 < 2^28, and the carries keep every other 32-bit sum in range. */
#ifdef __x86_64__

#include <immintrin.h>
#include <string.h>

#include "kernels/backends/panel.h"

#define TARGET CRUX_TARGET("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")

/* Four bytes, or one word of sums, in every lane. */
TARGET CRUX_INLINE __m512i broadcast(const void *at) {
    int word;
    memcpy(&word, at, sizeof word);
    return _mm512_set1_epi32(word);
}

/* acc[0..15] += 65536 * hi + lo */
TARGET CRUX_INLINE void flush(int64_t *acc, __m512i hi, __m512i lo) {
    for (int half = 0; half < 2; half++) {
        __m512i h = _mm512_cvtepi32_epi64(half == 0 ? _mm512_castsi512_si256(hi)
                                                    : _mm512_extracti64x4_epi64(hi, 1)),
                l = _mm512_cvtepi32_epi64(half == 0 ? _mm512_castsi512_si256(lo)
                                                    : _mm512_extracti64x4_epi64(lo, 1));
        __m512i sum = _mm512_add_epi64(_mm512_slli_epi64(h, 16), l);
        _mm512_storeu_si512(acc + 8 * half,
                            _mm512_add_epi64(_mm512_loadu_si512(acc + 8 * half), sum));
    }
}

/* The multipliers of one group: m below n, or m below 0. */
TARGET CRUX_INLINE __m512i load_entry(const uint8_t *entry, bool offsets) {
    if (offsets) return _mm512_loadu_si512(entry);
    return _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(const void *)entry));
}

TARGET CRUX_INLINE void load_q(__m512i q[8], const uint8_t *bytes, bool nibbles, int steps) {
    const __m512i mask = _mm512_set1_epi8(15);
    for (int s = 0; s < steps; s += nibbles ? 2 : 1) {
        __m512i v = _mm512_loadu_si512(bytes + 64 * (nibbles ? s / 2 : s));
        if (!nibbles) {
            q[s] = v;
            continue;
        }
        q[s] = _mm512_and_si512(v, mask);
        q[s + 1] = _mm512_and_si512(_mm512_srli_epi16(v, 4), mask);
    }
}

TARGET CRUX_INLINE void fetch_ahead(const uint8_t *q, size_t q_bytes) {
    for (size_t i = 0; i < q_bytes + 64; i += 64)
        _mm_prefetch((const char *)((uintptr_t)q + CRUX_PANEL_AHEAD_BYTES + i), _MM_HINT_T0);
}

/* `rows` rows of one panel. rows, nibbles, offsets and steps (4 inputs each; a group is 4 or 8) are constants. */
TARGET CRUX_INLINE void run(int64_t *acc, const struct crux_panel *panel,
                            const struct crux_panel_rows *x, int rows, bool nibbles, bool offsets,
                            int steps) {
    const __m512i round = _mm512_set1_epi32(32768), low16 = _mm512_set1_epi32(0xffff),
                  wrap = _mm512_set1_epi32(CRUX_PANEL_CARRY_START);
    const size_t q_bytes = (size_t)steps * (nibbles ? 32 : 64);
    const uint8_t *row[CRUX_PANEL_ROWS_MAX];
    uint32_t g = 0, groups = panel->groups;
    for (int r = 0; r < rows; r++) {
        row[r] = (const uint8_t *)x->blocks + (size_t)r * x->stride_bytes;
        memcpy(acc + 16 * r, panel->start, 16 * sizeof *acc);
    }
    while (g < groups) {
        uint32_t left = (groups - g + panel->carry_groups - 1) / panel->carry_groups,
                 carries = left < panel->span_carries ? left : panel->span_carries;
        __m512i lo[CRUX_PANEL_ROWS_MAX], hi[CRUX_PANEL_ROWS_MAX];
        for (int r = 0; r < rows; r++) {
            lo[r] = wrap;
            hi[r] = _mm512_set1_epi32((int)carries + 1);
        }
        for (uint32_t k = 0; k < carries; k++) {
            uint32_t end = groups - g < panel->carry_groups ? groups : g + panel->carry_groups;
            for (; g < end; g++) {
                size_t block = steps == 8 ? g : g / 2, half = steps == 8 ? 0 : g % 2;
                size_t at = block * sizeof(struct crux_panel_block);
                size_t at_x = at + 16 * half;
                size_t at_sum = at + (steps == 8 ? 64 : 72 + 8 * half);
                const uint8_t *q_at = panel->groups_at + crux_panel_q_at(q_bytes, offsets, g),
                              *entry = panel->groups_at + crux_panel_entry_at(q_bytes, offsets, g);
                __m512i q[8];
                if (rows == 1) fetch_ahead(q_at, q_bytes);
                load_q(q, q_at, nibbles, steps);
                __m512i mn = load_entry(entry, offsets), nm = _mm512_rol_epi32(mn, 16);
                for (int r = 0; r < rows; r++) {
                    const uint8_t *from = row[r] + at_x, *sum = row[r] + at_sum;
                    __m512i high = _mm512_setzero_si512(), low = _mm512_setzero_si512();
                    for (int s = 0; s < steps; s++) {
                        high = _mm512_dpbusd_epi32(high, broadcast(from + 4 * s), q[s]);
                        low = _mm512_dpbusd_epi32(low, broadcast(from + 32 + 4 * s), q[s]);
                    }
                    __m512i c = _mm512_add_epi32(_mm512_slli_epi32(high, 8), low);
                    __m512i d = _mm512_add_epi32(c, round);
                    if (offsets) {
                        c = _mm512_ternarylogic_epi32(c, low16, broadcast(sum), 0xea);
                        d = _mm512_ternarylogic_epi32(d, wrap, broadcast(sum + 4), 0xea);
                    }
                    lo[r] = _mm512_dpwssd_epi32(lo[r], c, mn);
                    hi[r] = _mm512_dpwssd_epi32(hi[r], d, nm);
                }
            }
            for (int r = 0; r < rows; r++) {
                hi[r] = _mm512_add_epi32(hi[r], _mm512_srai_epi32(lo[r], 16));
                lo[r] = _mm512_or_si512(lo[r], wrap);
            }
        }
        for (int r = 0; r < rows; r++) flush(acc + 16 * r, hi[r], lo[r]);
    }
}

#define KERNEL(name, rows, nibbles, offsets, steps)                                                \
    TARGET static void name(int64_t *acc, const struct crux_panel *panel,                          \
                            const struct crux_panel_rows *x) {                                     \
        run(acc, panel, x, rows, nibbles, offsets, steps);                                         \
    }
#define KERNELS(rows)                                                                              \
    KERNEL(q4_g16_##rows, rows, true, false, 4)                                                    \
    KERNEL(q4_g32_##rows, rows, true, false, 8)                                                    \
    KERNEL(q4_g16_n_##rows, rows, true, true, 4)                                                   \
    KERNEL(q4_g32_n_##rows, rows, true, true, 8)                                                   \
    KERNEL(q8_g16_##rows, rows, false, false, 4)                                                   \
    KERNEL(q8_g32_##rows, rows, false, false, 8)                                                   \
    KERNEL(q8_g16_n_##rows, rows, false, true, 4)                                                  \
    KERNEL(q8_g32_n_##rows, rows, false, true, 8)
#define NAMES(rows)                                                                                \
    {                                                                                              \
        q4_g16_##rows, q4_g32_##rows, q4_g16_n_##rows, q4_g32_n_##rows, q8_g16_##rows,             \
            q8_g32_##rows, q8_g16_n_##rows, q8_g32_n_##rows                                        \
    }

KERNELS(8)
KERNELS(4)
KERNELS(2)
KERNELS(1)

crux_panel_kernel *crux_panel_choose_vnni(const struct crux_panel *panel, uint32_t rows,
                                          uint32_t *taken) {
    static crux_panel_kernel *const kernels[4][8] = {NAMES(1), NAMES(2), NAMES(4), NAMES(8)};
    unsigned size = rows >= 8 ? 3 : rows >= 4 ? 2 : rows >= 2 ? 1 : 0;
    if (panel->width == CRUX_WIDTH_Q16) return crux_panel_choose_avx2(panel, rows, taken);
    *taken = 1U << size;
    return kernels[size][(panel->width == CRUX_WIDTH_Q8 ? 4 : 0) + (panel->has_offsets ? 2 : 0) +
                         (panel->group == 32 ? 1 : 0)];
}

#endif
