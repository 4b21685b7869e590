/* Weights of a panel into planes of bytes, as squares.h has them. */
#ifdef __x86_64__

#include <immintrin.h>
#include <string.h>

#include "kernels/backends/planes_512.h"
#include "kernels/backends/squares.h"

#undef TARGET
#define TARGET CRUX_TARGET("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx512vbmi")

enum { PLANE = CRUX_SQUARES_PLANE };

/* What a group's weights are made of: W = start + m*field. */
struct group {
    __m512i m, start;
    __m512i flip; /* of each field's bits */
};

TARGET CRUX_INLINE struct group load_group(const struct crux_panel *panel, const uint8_t *entry) {
    __m512i mn = _mm512_loadu_si512(entry), m = _mm512_srai_epi32(_mm512_slli_epi32(mn, 16), 16),
            n = panel->has_offsets ? _mm512_srai_epi32(mn, 16) : _mm512_setzero_si512();
    struct group group = {m, n, _mm512_setzero_si512()};
    if (panel->width == CRUX_WIDTH_Q4 && panel->is_raw)
        group.flip = _mm512_set1_epi16(15);
    else if (panel->width == CRUX_WIDTH_Q4)
        group.start = _mm512_sub_epi32(_mm512_add_epi32(n, m), _mm512_slli_epi32(m, 3));
    else if (panel->width == CRUX_WIDTH_Q8)
        group.start = _mm512_sub_epi32(n, _mm512_slli_epi32(m, 7));
    else if (panel->is_raw)
        group.start = _mm512_sub_epi32(n, _mm512_slli_epi32(m, 4));
    else
        group.start = _mm512_sub_epi32(n, _mm512_slli_epi32(m, 5));
    return group;
}

/* Of 4 inputs each, fields of the first and the third, of the second and the fourth. */
TARGET CRUX_INLINE void split(__m512i *even, __m512i *odd, const __m512i *q, int i, uint32_t width,
                              __m512i flip) {
    if (width == CRUX_WIDTH_Q4) {
        const __m512i mask = _mm512_set1_epi16(15);
        __m512i v = q[i / 2];
        *even =
            _mm512_ternarylogic_epi32(i % 2 == 0 ? v : _mm512_srli_epi16(v, 4), mask, flip, 0x6a);
        *odd = i % 2 == 0 ? _mm512_ternarylogic_epi32(_mm512_srli_epi16(v, 8), mask, flip, 0x6a)
                          : _mm512_xor_si512(_mm512_srli_epi16(v, 12), flip);
    } else if (width == CRUX_WIDTH_Q6) {
        *even = _mm512_and_si512(_mm512_srli_epi16(q[i], 2), _mm512_set1_epi16(63));
        *odd = _mm512_srli_epi16(q[i], 10);
    } else {
        *even = _mm512_and_si512(q[i], _mm512_set1_epi16(255));
        *odd = _mm512_srli_epi16(q[i], 8);
    }
}

/* A vector of each plane. */
TARGET CRUX_INLINE void put_two(uint8_t *to, __m512i even, __m512i odd, const struct group *group) {
    __m512i m = _mm512_mask_mov_epi16(group->m, 0xaaaaaaaa, _mm512_slli_epi32(group->m, 16)),
            start = _mm512_mask_mov_epi16(group->start, 0xaaaaaaaa,
                                          _mm512_slli_epi32(group->start, 16));
    const __m512i low = _mm512_set1_epi16(255);
    even = _mm512_add_epi16(start, _mm512_mullo_epi16(even, m));
    odd = _mm512_add_epi16(start, _mm512_mullo_epi16(odd, m));
    /* The first of two where the mask has ones, the second elsewhere. */
    _mm512_store_si512(to, _mm512_ternarylogic_epi32(low, even, _mm512_slli_epi16(odd, 8), 0xca));
    _mm512_store_si512(to + PLANE,
                       _mm512_ternarylogic_epi32(low, _mm512_srli_epi16(even, 8), odd, 0xca));
}

TARGET CRUX_INLINE void put_three(uint8_t *to, __m512i even, __m512i odd, const struct group *group,
                                  __m512i bytes01, __m512i bytes22) {
    __m512i first = _mm512_and_si512(group->m, _mm512_set1_epi32(0xffff)),
            third = _mm512_slli_epi32(group->m, 16);
    __m512i a = _mm512_dpwssd_epi32(group->start, even, first),
            b = _mm512_dpwssd_epi32(group->start, odd, first),
            c = _mm512_dpwssd_epi32(group->start, even, third),
            d = _mm512_dpwssd_epi32(group->start, odd, third);
    __m512i ab = _mm512_permutex2var_epi8(a, bytes01, b),
            cd = _mm512_permutex2var_epi8(c, bytes01, d);
    const __mmask32 upper = (__mmask32)0xaaaaaaaa;
    _mm512_store_si512(to, _mm512_mask_mov_epi16(ab, upper, _mm512_slli_epi32(cd, 16)));
    _mm512_store_si512(to + PLANE, _mm512_mask_mov_epi16(_mm512_srli_epi32(ab, 16), upper, cd));
    _mm512_store_si512(to + 2 * PLANE,
                       _mm512_mask_mov_epi16(_mm512_permutex2var_epi8(a, bytes22, b), upper,
                                             _mm512_permutex2var_epi8(c, bytes22, d)));
}

/* Returns: bytes of vectors a and b by turns, of each lane: (a first, b first, a second, b second). */
TARGET CRUX_INLINE __m512i turns(int first, int second) {
    uint32_t word = (uint32_t)first | (uint32_t)(first + 64) << 8 | (uint32_t)second << 16 |
                    (uint32_t)(second + 64) << 24;
    __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    return _mm512_add_epi32(_mm512_set1_epi32((int)word),
                            _mm512_mullo_epi32(lanes, _mm512_set1_epi32(0x04040404)));
}

/* width, offsets, group and planes are constants. */
TARGET CRUX_INLINE void unpack(uint8_t *to, const struct crux_panel *panel, uint32_t from,
                               uint32_t count, uint32_t width, bool offsets, int steps,
                               int planes) {
    const uint32_t group = 4 * (uint32_t)steps;
    const size_t q_bytes = crux_panel_q_bytes(width, group);
    const __m512i bytes01 = turns(0, 1), bytes22 = turns(2, 2);
    uint32_t first = from / group, end = (from + count) / group;
    if (end > panel->groups) end = panel->groups;
    for (uint32_t g = first; g < end; g++) {
        const uint8_t *entry = panel->groups_at + crux_panel_entry_at(q_bytes, offsets, g),
                      *bytes = panel->groups_at + crux_panel_q_at(q_bytes, offsets, g);
        uint32_t at = (g - first) * group;
        uint8_t *part = to + (size_t)(at / 64) * PLANE * (size_t)planes + at % 64 / 4 * 64;
        struct group parts = load_group(panel, entry);
        __m512i q[8];
        CRUX_UNROLL
        for (int i = 0; i < steps; i++) {
            if (width == CRUX_WIDTH_Q8 || (width == CRUX_WIDTH_Q4 && i < steps / 2))
                q[i] = _mm512_loadu_si512(bytes + 64 * i);
        }
        CRUX_UNROLL
        for (int i = 0; i < steps && width == CRUX_WIDTH_Q6; i += 4)
            load_six(q + i, bytes + 48 * i);
        CRUX_UNROLL
        for (int i = 0; i < steps; i++) {
            __m512i even, odd;
            split(&even, &odd, q, i, width, parts.flip);
            if (planes == 2)
                put_two(part + 64 * i, even, odd, &parts);
            else
                put_three(part + 64 * i, even, odd, &parts, bytes01, bytes22);
        }
    }
    uint32_t done = (end - first) * group;
    if (done % 64 != 0) { /* the rows' inputs there are 0 */
        for (int p = 0; p < planes; p++)
            memset(to + ((size_t)(done / 64) * (size_t)planes + (size_t)p) * PLANE + done % 64 * 16,
                   0, PLANE - done % 64 * 16);
    }
}

#define UNPACK(name, width, offsets, steps)                                                        \
    TARGET static void name##_2(uint8_t *to, const struct crux_panel *panel, uint32_t from,        \
                                uint32_t count) {                                                  \
        unpack(to, panel, from, count, width, offsets, steps, 2);                                  \
    }                                                                                              \
    TARGET static void name##_3(uint8_t *to, const struct crux_panel *panel, uint32_t from,        \
                                uint32_t count) {                                                  \
        unpack(to, panel, from, count, width, offsets, steps, 3);                                  \
    }
#define UNPACKS(name, width)                                                                       \
    UNPACK(name##_g16, width, false, 4)                                                            \
    UNPACK(name##_g32, width, false, 8)                                                            \
    UNPACK(name##_g16_n, width, true, 4)                                                           \
    UNPACK(name##_g32_n, width, true, 8)
#define UNPACK_NAMES(name)                                                                         \
    {                                                                                              \
        {name##_g16_2, name##_g16_3}, {name##_g32_2, name##_g32_3},                                \
            {name##_g16_n_2, name##_g16_n_3}, {                                                    \
            name##_g32_n_2, name##_g32_n_3                                                         \
        }                                                                                          \
    }

UNPACKS(q4, CRUX_WIDTH_Q4)
UNPACKS(q6, CRUX_WIDTH_Q6)
UNPACKS(q8, CRUX_WIDTH_Q8)

void crux_squares_unpack(uint8_t *to, const struct crux_panel *panel, uint32_t from, uint32_t count,
                         int planes) {
    static void (*const by[3][4][2])(uint8_t *, const struct crux_panel *, uint32_t, uint32_t) = {
        UNPACK_NAMES(q4), UNPACK_NAMES(q6), UNPACK_NAMES(q8)};
    by[crux_panel_kind(panel)][2 * panel->has_offsets + (panel->group == 32)][planes - 2](
        to, panel, from, count);
}

#endif
