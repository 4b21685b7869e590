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

/* What outgrows 32 bits moves up after a span: of low into high, and of high into top. planes.h says how often. */
TARGET CRUX_INLINE void lift_low(__m512i *high, __m512i *low, uint32_t width) {
    const unsigned shift = width == CRUX_WIDTH_Q4 ? 8 : 16;
    *high = _mm512_add_epi32(*high, _mm512_srai_epi32(*low, shift));
    *low = _mm512_and_si512(*low, _mm512_set1_epi32((1 << shift) - 1));
}

TARGET CRUX_INLINE void lift_high(__m512i *top, __m512i *high) {
    *top = _mm512_add_epi32(*top, _mm512_srai_epi32(*high, 16));
    *high = _mm512_and_si512(*high, _mm512_set1_epi32(65535));
}

/* After how many spans high has to be lifted. */
CRUX_INLINE uint32_t spans_of_high(uint32_t width) {
    return width == CRUX_WIDTH_Q4 ? 1 : 8;
}

TARGET CRUX_INLINE __m512i widen(__m512i v, int half) {
    return _mm512_cvtepi32_epi64(half == 0 ? _mm512_castsi512_si256(v)
                                           : _mm512_extracti64x4_epi64(v, 1));
}

/* Out: acc[0..15]. */
TARGET CRUX_INLINE void store(int64_t *acc, __m512i top, __m512i high, __m512i low, uint32_t width,
                              bool offsets) {
    const unsigned shift = width == CRUX_WIDTH_Q4 ? 8 : 16;
    CRUX_UNROLL
    for (int half = 0; half < 2; half++) {
        __m512i sum = _mm512_add_epi64(_mm512_slli_epi64(widen(top, half), 16), widen(high, half));
        sum = _mm512_add_epi64(_mm512_slli_epi64(sum, shift), widen(low, half));
        if (width == CRUX_WIDTH_Q6 && !offsets) sum = _mm512_srai_epi64(sum, 2);
        _mm512_storeu_si512(acc + 8 * half, sum);
    }
}

CRUX_INLINE size_t sums_at(size_t g) {
    return CRUX_PLANES_SUM_BYTES * g;
}

/* What group g makes of the planes of a row or two: high and low; for q6 and q8 the whole of it, and that plus 32768. */
TARGET CRUX_INLINE void dots(__m512i h[], __m512i l[], const __m512i u[8],
                             const uint8_t *const row[], const uint8_t *const sum[], uint32_t g,
                             int rows, uint32_t width, bool quarter, int steps) {
    const bool nibbles = width == CRUX_WIDTH_Q4;
    CRUX_UNROLL
    for (int r = 0; r < rows; r++) {
        h[r] = nibbles ? broadcast(sum[r] + sums_at(g)) : _mm512_setzero_si512();
        l[r] = broadcast(sum[r] + sums_at(g) + (nibbles ? 4 : 0));
    }
    CRUX_UNROLL
    for (int s = 0; s < steps; s++) {
        CRUX_UNROLL
        for (int r = 0; r < rows; r++) {
            const uint8_t *at = row[r] + crux_planes_at(g, steps) + 4 * s;
            h[r] = _mm512_dpbusd_epi32(h[r], u[s], broadcast(at));
            l[r] = _mm512_dpbusd_epi32(l[r], u[s], broadcast(at + CRUX_PLANES_LOW));
        }
    }
    CRUX_UNROLL
    for (int r = 0; r < rows && !nibbles; r++) {
        l[r] = _mm512_add_epi32(_mm512_slli_epi32(h[r], 8), l[r]);
        if (quarter) l[r] = _mm512_srai_epi32(l[r], 2);
        h[r] = _mm512_add_epi32(l[r], _mm512_set1_epi32(32768));
    }
}

/* Rows of one panel and their sums, from which a kernel takes a group or two at a time. */
struct rows_512 {
    __m512i *high, *low;
    const uint8_t *const *row, *const *sum;
};

/* A group of a row or two, whose multipliers and offsets are mn, into the sums. some is a constant. */
TARGET CRUX_INLINE void add_group_rows(const struct rows_512 *x, int r, int some,
                                       const __m512i u[8], __m512i mn, uint32_t g, uint32_t width,
                                       int steps) {
    __m512i h[2], l[2];
    dots(h, l, u, x->row + r, x->sum + r, g, some, width, width == CRUX_WIDTH_Q6, steps);
    CRUX_UNROLL
    for (int i = 0; i < some; i++) {
        const uint8_t *sums = x->sum[r + i] + sums_at(g);
        __m512i *high = &x->high[r + i], *low = &x->low[r + i];
        if (width == CRUX_WIDTH_Q4) {
            *high = _mm512_dpwssd_epi32(*high, join(h[i], sums + 8), mn);
            *low = _mm512_dpwssd_epi32(*low, join(l[i], sums + 12), mn);
        } else {
            h[i] = _mm512_ternarylogic_epi32(h[i], _mm512_set1_epi32(-65536), broadcast(sums + 4),
                                             0xea);
            *high = _mm512_dpwssd_epi32(*high, h[i], _mm512_rol_epi32(mn, 16));
            *low = _mm512_dpwssd_epi32(*low, join(l[i], sums + 8), mn);
        }
    }
}

/* One group with offsets into the sums. The dots of a row wait for each other, those of two rows in turn hardly do.
 * rows, width and steps are constants. */
TARGET CRUX_INLINE void add_group(const struct rows_512 *x, const struct crux_panel *panel,
                                  uint32_t g, int rows, uint32_t width, int steps) {
    const size_t q_bytes = crux_panel_q_bytes(width, 4 * (uint32_t)steps);
    const uint8_t *q_at = panel->groups_at + crux_panel_q_at(q_bytes, true, g);
    __m512i u[8], mn = _mm512_loadu_si512(panel->groups_at + crux_panel_entry_at(q_bytes, true, g));
    crux_panel_ask(panel, q_at - 64, 64 + q_bytes, rows, g);
    load_u(u, q_at, width, steps);
    CRUX_UNROLL
    for (int r = 0; r + 1 < rows; r += 2) add_group_rows(x, r, 2, u, mn, g, width, steps);
    if (rows % 2 != 0) add_group_rows(x, rows - 1, 1, u, mn, g, width, steps);
}

/* The second where a lane's upper half is, the first below. */
TARGET CRUX_INLINE __m512i halves(__m512i lower, __m512i upper) {
    return _mm512_mask_mov_epi16(lower, (__mmask32)0xaaaaaaaa, upper);
}

/* What the dots of one row made of two groups of 16, and what becomes of it in four steps. */
struct pair_512 {
    __m512i h[2], l[2];
};

TARGET CRUX_INLINE void finish_pair(__m512i *high, __m512i *low, struct pair_512 *p, __m512i mm,
                                    int step) {
    const __m512i half = _mm512_set1_epi32(32768);
    if (step == 0) {
        p->l[0] = _mm512_add_epi32(_mm512_slli_epi32(p->h[0], 8), p->l[0]);
        p->l[1] = _mm512_add_epi32(_mm512_slli_epi32(p->h[1], 8), p->l[1]);
    } else if (step == 1) {
        p->h[0] = _mm512_add_epi32(p->l[0], half);
        p->l[0] = halves(p->l[0], _mm512_slli_epi32(p->l[1], 16));
    } else if (step == 2) {
        p->h[1] = _mm512_add_epi32(p->l[1], half);
        p->h[0] = halves(_mm512_srli_epi32(p->h[0], 16), p->h[1]);
    } else {
        *high = _mm512_dpwssd_epi32(*high, p->h[0], mm);
        *low = _mm512_dpwssd_epi32(*low, p->l[0], mm);
    }
}

/* Two groups of 16 inputs without offsets, of q6 or q8: the u of both fit into registers. What is left of a row is done
 * among the dots of the next one, which wait for nothing of it. */
TARGET CRUX_INLINE void add_pair_16(const struct rows_512 *x, const struct crux_panel *panel,
                                    uint32_t g, int rows, uint32_t width) {
    const size_t q_bytes = crux_panel_q_bytes(width, 16);
    const uint8_t *q_at = panel->groups_at + crux_panel_q_at(q_bytes, false, g);
    __m512i u[2][8],
        mm = _mm512_loadu_si512(panel->groups_at + crux_panel_entry_at(q_bytes, false, g));
    struct pair_512 of[2];
    crux_panel_ask(panel, q_at - 64, 64 + 2 * q_bytes, rows, g / 2);
    load_u(u[0], q_at, width, 4);
    load_u(u[1], q_at + q_bytes, width, 4);
    CRUX_UNROLL
    for (int r = 0; r <= rows; r++) {
        struct pair_512 *now = &of[r % 2], *before = &of[1 - r % 2];
        CRUX_UNROLL
        for (int k = 0; k < 2 && r < rows; k++) {
            now->h[k] = _mm512_setzero_si512();
            now->l[k] = broadcast(x->sum[r] + sums_at(g + (uint32_t)k));
        }
        CRUX_UNROLL
        for (int s = 0; s < 4; s++) {
            CRUX_UNROLL
            for (int k = 0; k < 2 && r < rows; k++) {
                const uint8_t *at = x->row[r] + crux_planes_at(g + (uint32_t)k, 4) + 4 * s;
                now->h[k] = _mm512_dpbusd_epi32(now->h[k], u[k][s], broadcast(at));
                now->l[k] =
                    _mm512_dpbusd_epi32(now->l[k], u[k][s], broadcast(at + CRUX_PLANES_LOW));
            }
            if (r > 0) finish_pair(&x->high[r - 1], &x->low[r - 1], before, mm, s);
        }
    }
}

/* Two groups without offsets, or the last alone, into the sums: they meet in one 16-bit dot. What is needed of h lies in
 * its lower halves (q4) or upper ones (q6, q8), of l always in the lower. Two rows at once would gain nothing here. */
TARGET CRUX_INLINE void add_pair(const struct rows_512 *x, const struct crux_panel *panel,
                                 uint32_t g, bool both, int rows, uint32_t width, int steps) {
    const bool nibbles = width == CRUX_WIDTH_Q4;
    const size_t q_bytes = crux_panel_q_bytes(width, 4 * (uint32_t)steps);
    const uint8_t *q_at = panel->groups_at + crux_panel_q_at(q_bytes, false, g);
    __m512i u[8], h, l, first[CRUX_PANEL_ROWS_MAX],
        mm = _mm512_loadu_si512(panel->groups_at + crux_panel_entry_at(q_bytes, false, g)),
        swapped = _mm512_rol_epi32(mm, 16);
    crux_panel_ask(panel, q_at - 64, 64 + q_bytes, rows, g / 2);
    load_u(u, q_at, width, steps);
    CRUX_UNROLL
    for (int r = 0; r < rows; r++) {
        dots(&h, &l, u, x->row + r, x->sum + r, g, 1, width, false, steps);
        /* q4: h below l; q6 and q8: l below h */
        first[r] = nibbles ? halves(h, _mm512_slli_epi32(l, 16)) : halves(l, h);
    }
    if (both) {
        crux_panel_ask(panel, q_at + q_bytes, q_bytes, rows, g / 2);
        load_u(u, q_at + q_bytes, width, steps);
    }
    CRUX_UNROLL
    for (int r = 0; r < rows; r++) {
        h = l = _mm512_setzero_si512();
        if (both) dots(&h, &l, u, x->row + r, x->sum + r, g + 1, 1, width, false, steps);
        if (nibbles) {
            h = halves(first[r], _mm512_slli_epi32(h, 16));
            l = halves(l, first[r]);
            x->high[r] = _mm512_dpwssd_epi32(x->high[r], h, mm);
            x->low[r] = _mm512_dpwssd_epi32(x->low[r], l, swapped);
        } else {
            l = halves(first[r], _mm512_slli_epi32(l, 16));
            h = halves(_mm512_srli_epi32(h, 16), first[r]);
            x->high[r] = _mm512_dpwssd_epi32(x->high[r], h, swapped);
            x->low[r] = _mm512_dpwssd_epi32(x->low[r], l, mm);
        }
    }
}

#endif
