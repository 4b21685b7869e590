/* Panels by byte dots of 512 bits, a group or two at a time. Equal to the reference: planes.h bounds every sum, and no
 * instruction here saturates. */
#ifndef CRUX_KERNELS_BACKENDS_PLANES_512_H
#define CRUX_KERNELS_BACKENDS_PLANES_512_H

#include <immintrin.h>
#include <string.h>

#include "kernels/backends/planes.h"

#define TARGET CRUX_TARGET("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")

/* Four bytes, or one word of sums, in every lane. */
TARGET CRUX_INLINE __m512i broadcast(const void *at) {
    int word;
    memcpy(&word, at, sizeof word);
    return _mm512_set1_epi32(word);
}

/* Returns: the low half of c below x << 16. */
TARGET CRUX_INLINE __m512i join(__m512i c, const void *x) {
    return _mm512_ternarylogic_epi32(c, _mm512_set1_epi32(0xffff), broadcast(x), 0xea);
}

/* u of 16 inputs out of A, B and C. */
TARGET CRUX_INLINE void load_six(__m512i u[4], const uint8_t *bytes) {
    const __m512i six = _mm512_set1_epi8(-4);
    __m512i a = _mm512_loadu_si512(bytes), b = _mm512_loadu_si512(bytes + 64),
            c = _mm512_loadu_si512(bytes + 128);
    u[0] = _mm512_and_si512(a, six);
    u[1] = _mm512_and_si512(b, six);
    u[2] = _mm512_and_si512(c, six);
    /* The first of two where the mask has ones, the second elsewhere. */
    __m512i ab = _mm512_ternarylogic_epi32(_mm512_set1_epi8(-64), _mm512_slli_epi16(a, 6),
                                           _mm512_slli_epi16(b, 4), 0xca),
            abc =
                _mm512_ternarylogic_epi32(_mm512_set1_epi8(-16), ab, _mm512_slli_epi16(c, 2), 0xca);
    u[3] = _mm512_and_si512(abc, six);
}

TARGET CRUX_INLINE void load_u(__m512i u[8], const uint8_t *bytes, uint32_t width, int steps) {
    const __m512i mask = _mm512_set1_epi8(15);
    CRUX_UNROLL
    for (int s = 0; s < steps; s += 4) {
        if (width == CRUX_WIDTH_Q6) load_six(u + s, bytes + 48 * s);
        CRUX_UNROLL
        for (int i = s; i < s + 4; i++) {
            if (width == CRUX_WIDTH_Q8) u[i] = _mm512_loadu_si512(bytes + 64 * i);
            if (width != CRUX_WIDTH_Q4) continue;
            __m512i v = _mm512_loadu_si512(bytes + 64 * (i / 2));
            u[i] = _mm512_and_si512(i % 2 == 0 ? v : _mm512_srli_epi16(v, 4), mask);
        }
    }
}

/* The sums of a span into acc[0..15], which are 0 before the first one. */
TARGET CRUX_INLINE void flush(int64_t *acc, __m512i high, __m512i low, uint32_t width, bool offsets,
                              bool first) {
    const bool fourfold = width == CRUX_WIDTH_Q6 && !offsets;
    const unsigned shift = width == CRUX_WIDTH_Q4 ? 8 : fourfold ? 14 : 16;
    if (fourfold) low = _mm512_srai_epi32(low, 2);
    CRUX_UNROLL
    for (int half = 0; half < 2; half++) {
        __m512i h = _mm512_cvtepi32_epi64(half == 0 ? _mm512_castsi512_si256(high)
                                                    : _mm512_extracti64x4_epi64(high, 1)),
                l = _mm512_cvtepi32_epi64(half == 0 ? _mm512_castsi512_si256(low)
                                                    : _mm512_extracti64x4_epi64(low, 1));
        __m512i sum = _mm512_add_epi64(_mm512_slli_epi64(h, shift), l);
        if (!first) sum = _mm512_add_epi64(sum, _mm512_loadu_si512(acc + 8 * half));
        _mm512_storeu_si512(acc + 8 * half, sum);
    }
}

/* Asks for what lies `ahead_bytes` behind q. */
TARGET CRUX_INLINE void ask(const struct crux_panel *panel, const uint8_t *q, size_t bytes) {
    for (size_t i = 0; i < bytes; i += 64)
        _mm_prefetch((const char *)((uintptr_t)q + panel->ahead_bytes + i), _MM_HINT_T0);
}

/* What one row's planes make of a group: high and low; for q6 and q8 the whole of it, and that plus 32768. */
TARGET CRUX_INLINE void dots(__m512i *h, __m512i *l, const __m512i u[8], const uint8_t *x,
                             const uint8_t *sums, uint32_t width, bool quarter, int steps) {
    const bool nibbles = width == CRUX_WIDTH_Q4;
    *h = nibbles ? broadcast(sums) : _mm512_setzero_si512();
    *l = broadcast(sums + (nibbles ? 4 : 0));
    CRUX_UNROLL
    for (int s = 0; s < steps; s++) {
        *h = _mm512_dpbusd_epi32(*h, u[s], broadcast(x + 4 * s));
        *l = _mm512_dpbusd_epi32(*l, u[s], broadcast(x + 32 + 4 * s));
    }
    if (nibbles) return;
    *l = _mm512_add_epi32(_mm512_slli_epi32(*h, 8), *l);
    if (quarter) *l = _mm512_srai_epi32(*l, 2);
    *h = _mm512_add_epi32(*l, _mm512_set1_epi32(32768));
}

/* Where the planes of group g lie in a row. */
CRUX_INLINE size_t planes_at(size_t g, int steps) {
    return steps == 8 ? 64 * g : 64 * (g / 2) + 16 * (g % 2);
}

/* One group with offsets into the sums. rows, width and steps are constants. */
TARGET CRUX_INLINE void add_group(__m512i high[], __m512i low[], const uint8_t *const row[],
                                  const uint8_t *const sum[], const struct crux_panel *panel,
                                  uint32_t g, int rows, uint32_t width, int steps) {
    const bool nibbles = width == CRUX_WIDTH_Q4;
    const size_t q_bytes = crux_panel_q_bytes(width, 4 * (uint32_t)steps);
    const uint8_t *q_at = panel->groups_at + crux_panel_q_at(q_bytes, true, g);
    __m512i u[8], h, l,
        mn = _mm512_loadu_si512(panel->groups_at + crux_panel_entry_at(q_bytes, true, g));
    if (rows >= CRUX_PANEL_AHEAD_ROWS) ask(panel, q_at, q_bytes + 64);
    load_u(u, q_at, width, steps);
    CRUX_UNROLL
    for (int r = 0; r < rows; r++) {
        const uint8_t *sums = sum[r] + CRUX_PLANES_SUM_BYTES * (size_t)g;
        dots(&h, &l, u, row[r] + planes_at(g, steps), sums, width, width == CRUX_WIDTH_Q6, steps);
        if (nibbles) {
            h = join(h, sums + 8), l = join(l, sums + 12);
            high[r] = _mm512_dpwssd_epi32(high[r], h, mn);
        } else {
            h = _mm512_ternarylogic_epi32(h, _mm512_set1_epi32(-65536), broadcast(sums + 4), 0xea);
            l = join(l, sums + 8);
            high[r] = _mm512_dpwssd_epi32(high[r], h, _mm512_rol_epi32(mn, 16));
        }
        low[r] = _mm512_dpwssd_epi32(low[r], l, mn);
    }
}

/* Two groups without offsets, or the last alone: their sums meet in one 16-bit dot. What is needed of h lies in its lower
 * halves (q4) or upper ones (q6, q8), of l always in the lower. */
TARGET CRUX_INLINE void add_pair(__m512i high[], __m512i low[], const uint8_t *const row[],
                                 const uint8_t *const sum[], const struct crux_panel *panel,
                                 uint32_t g, bool both, int rows, uint32_t width, int steps) {
    const bool nibbles = width == CRUX_WIDTH_Q4;
    const __mmask32 upper = 0xaaaaaaaa;
    const size_t q_bytes = crux_panel_q_bytes(width, 4 * (uint32_t)steps);
    const uint8_t *q_at = panel->groups_at + crux_panel_q_at(q_bytes, false, g);
    __m512i u[8], h, l, first[CRUX_PANEL_ROWS_MAX],
        mm = _mm512_loadu_si512(panel->groups_at + crux_panel_entry_at(q_bytes, false, g)),
        swapped = _mm512_rol_epi32(mm, 16);
    if (rows >= CRUX_PANEL_AHEAD_ROWS) ask(panel, q_at, q_bytes + 64);
    load_u(u, q_at, width, steps);
    CRUX_UNROLL
    for (int r = 0; r < rows; r++) {
        dots(&h, &l, u, row[r] + planes_at(g, steps), sum[r] + CRUX_PLANES_SUM_BYTES * (size_t)g,
             width, false, steps);
        /* q4: h below l; q6 and q8: l below h */
        first[r] = nibbles ? _mm512_mask_mov_epi16(h, upper, _mm512_slli_epi32(l, 16))
                           : _mm512_mask_mov_epi16(l, upper, h);
    }
    if (both) {
        if (rows >= CRUX_PANEL_AHEAD_ROWS) ask(panel, q_at + q_bytes, q_bytes);
        load_u(u, q_at + q_bytes, width, steps);
    }
    CRUX_UNROLL
    for (int r = 0; r < rows; r++) {
        h = l = _mm512_setzero_si512();
        if (both)
            dots(&h, &l, u, row[r] + planes_at(g + 1, steps),
                 sum[r] + CRUX_PLANES_SUM_BYTES * (size_t)(g + 1), width, false, steps);
        if (nibbles) {
            h = _mm512_mask_mov_epi16(first[r], upper, _mm512_slli_epi32(h, 16));
            l = _mm512_mask_mov_epi16(l, upper, first[r]);
            high[r] = _mm512_dpwssd_epi32(high[r], h, mm);
            low[r] = _mm512_dpwssd_epi32(low[r], l, swapped);
        } else {
            l = _mm512_mask_mov_epi16(first[r], upper, _mm512_slli_epi32(l, 16));
            h = _mm512_mask_mov_epi16(_mm512_srli_epi32(h, 16), upper, first[r]);
            high[r] = _mm512_dpwssd_epi32(high[r], h, swapped);
            low[r] = _mm512_dpwssd_epi32(low[r], l, mm);
        }
    }
}

#endif
