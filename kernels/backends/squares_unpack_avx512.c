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
struct group_512 {
    __m512i m, start;
    __m512i flip; /* bits of each field: of raw q4, whose m is not negated */
};

#define UPPER ((__mmask32)0xaaaaaaaa) /* halves of lanes */

TARGET CRUX_INLINE struct group_512 load_group(const struct crux_panel *panel,
                                               const uint8_t *entry) {
    __m512i mn = _mm512_loadu_si512(entry), m = _mm512_srai_epi32(_mm512_slli_epi32(mn, 16), 16),
            n = panel->has_offsets ? _mm512_srai_epi32(mn, 16) : _mm512_setzero_si512();
    struct group_512 group = {m, n, _mm512_setzero_si512()};
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
TARGET CRUX_INLINE void put_two(uint8_t *to, __m512i even, __m512i odd,
                                const struct group_512 *group) {
    __m512i m = _mm512_mask_mov_epi16(group->m, UPPER, _mm512_slli_epi32(group->m, 16)),
            start = _mm512_mask_mov_epi16(group->start, UPPER, _mm512_slli_epi32(group->start, 16));
    const __m512i low = _mm512_set1_epi16(255);
    even = _mm512_add_epi16(start, _mm512_mullo_epi16(even, m));
    odd = _mm512_add_epi16(start, _mm512_mullo_epi16(odd, m));
    /* The first of two where the mask has ones, the second elsewhere. */
    _mm512_store_si512(to, _mm512_ternarylogic_epi32(low, even, _mm512_slli_epi16(odd, 8), 0xca));
    _mm512_store_si512(to + PLANE,
                       _mm512_ternarylogic_epi32(low, _mm512_srli_epi16(even, 8), odd, 0xca));
}

TARGET CRUX_INLINE void put_three(uint8_t *to, __m512i even, __m512i odd,
                                  const struct group_512 *group, __m512i bytes01, __m512i bytes22) {
    __m512i first = _mm512_and_si512(group->m, _mm512_set1_epi32(0xffff)),
            third = _mm512_slli_epi32(group->m, 16);
    __m512i a = _mm512_dpwssd_epi32(group->start, even, first),
            b = _mm512_dpwssd_epi32(group->start, odd, first),
            c = _mm512_dpwssd_epi32(group->start, even, third),
            d = _mm512_dpwssd_epi32(group->start, odd, third);
    __m512i ab = _mm512_permutex2var_epi8(a, bytes01, b),
            cd = _mm512_permutex2var_epi8(c, bytes01, d);
    _mm512_store_si512(to, _mm512_mask_mov_epi16(ab, UPPER, _mm512_slli_epi32(cd, 16)));
    _mm512_store_si512(to + PLANE, _mm512_mask_mov_epi16(_mm512_srli_epi32(ab, 16), UPPER, cd));
    _mm512_store_si512(to + 2 * PLANE,
                       _mm512_mask_mov_epi16(_mm512_permutex2var_epi8(a, bytes22, b), UPPER,
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

/* In: fours, of inputs in a group; width, offsets, fours and planes are constants. */
TARGET CRUX_INLINE void unpack(uint8_t *to, const struct crux_panel *panel, uint32_t from,
                               uint32_t count, uint32_t width, bool offsets, int fours,
                               int planes) {
    const uint32_t group = 4 * (uint32_t)fours;
    const size_t q_bytes = crux_panel_q_bytes(width, group);
    const __m512i bytes01 = turns(0, 1), bytes22 = turns(2, 2);
    uint32_t first = from / group, end = (from + count) / group;
    if (end > panel->groups) end = panel->groups;
    for (uint32_t g = first; g < end; g++) {
        const uint8_t *entry = panel->groups_at + crux_panel_entry_at(q_bytes, offsets, g),
                      *bytes = panel->groups_at + crux_panel_q_at(q_bytes, offsets, g);
        uint32_t at = (g - first) * group;
        uint8_t *part = to + (size_t)(at / 64) * PLANE * (size_t)planes + at % 64 / 4 * 64;
        struct group_512 made = load_group(panel, entry);
        __m512i q[8];
        CRUX_UNROLL
        for (int i = 0; i < fours; i++) {
            if (width == CRUX_WIDTH_Q8 || (width == CRUX_WIDTH_Q4 && i < fours / 2))
                q[i] = _mm512_loadu_si512(bytes + 64 * i);
        }
        CRUX_UNROLL
        for (int i = 0; i < fours && width == CRUX_WIDTH_Q6; i += 4)
            load_six(q + i, bytes + 48 * i);
        CRUX_UNROLL
        for (int i = 0; i < fours; i++) {
            __m512i even, odd;
            split(&even, &odd, q, i, width, made.flip);
            if (planes == 2)
                put_two(part + 64 * i, even, odd, &made);
            else
                put_three(part + 64 * i, even, odd, &made, bytes01, bytes22);
        }
    }
    uint32_t done = (end - first) * group;
    if (done % 64 != 0) { /* anything would do, for the rows' inputs there are 0 */
        for (int p = 0; p < planes; p++)
            memset(to + ((size_t)(done / 64) * (size_t)planes + (size_t)p) * PLANE + done % 64 * 16,
                   0, PLANE - done % 64 * 16);
    }
}

#define UNPACK(name, width, offsets, fours, planes)                                                \
    TARGET static void name(uint8_t *to, const struct crux_panel *panel, uint32_t from,            \
                            uint32_t count) {                                                      \
        unpack(to, panel, from, count, width, offsets, fours, planes);                             \
    }

UNPACK(narrow_g16, CRUX_WIDTH_Q4, false, 4, 2)
UNPACK(narrow_g32, CRUX_WIDTH_Q4, false, 8, 2)
UNPACK(narrow_g16_n, CRUX_WIDTH_Q4, true, 4, 2)
UNPACK(narrow_g32_n, CRUX_WIDTH_Q4, true, 8, 2)
UNPACK(q4_g16_n, CRUX_WIDTH_Q4, true, 4, 3)
UNPACK(q4_g32_n, CRUX_WIDTH_Q4, true, 8, 3)
UNPACK(q6_g16, CRUX_WIDTH_Q6, false, 4, 3)
UNPACK(q6_g32, CRUX_WIDTH_Q6, false, 8, 3)
UNPACK(q6_g16_n, CRUX_WIDTH_Q6, true, 4, 3)
UNPACK(q6_g32_n, CRUX_WIDTH_Q6, true, 8, 3)
UNPACK(q8_g16, CRUX_WIDTH_Q8, false, 4, 3)
UNPACK(q8_g32, CRUX_WIDTH_Q8, false, 8, 3)
UNPACK(q8_g16_n, CRUX_WIDTH_Q8, true, 4, 3)
UNPACK(q8_g32_n, CRUX_WIDTH_Q8, true, 8, 3)

void crux_squares_unpack(uint8_t *to, const struct crux_panel *panel, uint32_t from,
                         uint32_t count) {
    typedef void function(uint8_t *, const struct crux_panel *, uint32_t, uint32_t);
    /* q4 without offsets is centred, and so always narrow. */
    static function *const narrow[] = {narrow_g16, narrow_g32, narrow_g16_n, narrow_g32_n},
                           *const others[3][4] = {{NULL, NULL, q4_g16_n, q4_g32_n},
                                                  {q6_g16, q6_g32, q6_g16_n, q6_g32_n},
                                                  {q8_g16, q8_g32, q8_g16_n, q8_g32_n}};
    unsigned form = 2U * panel->has_offsets + (panel->group == 32);
    function *by = panel->is_narrow ? narrow[form] : others[crux_panel_kind(panel)][form];
    CRUX_ASSERT(from % CRUX_SQUARES_STEP == 0 && count % CRUX_SQUARES_STEP == 0);
    CRUX_ASSERT(count <= CRUX_SQUARES_INPUTS && from < panel->groups * panel->group && by != NULL);
    by(to, panel, from, count);
}

#endif
