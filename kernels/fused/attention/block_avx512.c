/* Equal to the plain loops: 16-bit dots are exact within the limit of q and k; requantise shifts the whole 64-bit product
 * and saturates where the law does; weights come from the same table by the same formula; and the sums of weights times
 * values are known modulo 2^32 and within 2^31 (block_inner.h). */
#include "kernels/fused/attention/block_inner.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#include "kernels/fused/exp2.h"

#define TARGET CRUX_TARGET("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")

enum { PAGE = CRUX_ATTENTION_PAGE, QUERIES = CRUX_ATTENTION_QUERIES, TILE = 6, PARTS = 4 };

/* near: sum of (w >> 8) * (v >> 8), and OFFSET a position so that what is left is as much above as below.
 * w * v - 2^16 * ((w >> 8) * (v >> 8) + 127) = 2^8 * (w >> 8) * (v & 255) + (w & 255) * v - 127 * 2^16
 * lies within -16678912 .. 16678913: for a page, below 2^15 * 32577. Two pages at most between settlements, so near
 * stays below 2^23. */
enum { NEAR_BITS = 16, NEAR_OFFSET = 127, NEAR_SPENDS = 32577 };

/* Two elements, or four bytes, in every lane. */
TARGET CRUX_INLINE __m512i broadcast(const void *at) {
    int word;
    memcpy(&word, at, sizeof word);
    return _mm512_set1_epi32(word);
}

TARGET CRUX_INLINE void ask(const void *at) {
    _mm_prefetch((const char *)at, _MM_HINT_T0);
}

/* ---- dots ---- */

/* n queries, a constant, with the 64 positions of a page. */
TARGET CRUX_INLINE void dots_of(const unsigned n, int32_t *dot, const int16_t *q, size_t q_stride,
                                const int16_t *k, const int16_t *next, uint32_t width) {
    __m512i sum[TILE][PARTS];
    CRUX_UNROLL
    for (unsigned r = 0; r < n; r++) {
        CRUX_UNROLL
        for (unsigned c = 0; c < PARTS; c++) sum[r][c] = _mm512_setzero_si512();
    }
    for (uint32_t i = 0; i < width; i += 2, k += 2 * PAGE, next += 2 * PAGE) {
        __m512i part[PARTS];
        CRUX_UNROLL
        for (unsigned c = 0; c < PARTS; c++) {
            part[c] = _mm512_load_si512(k + 32 * c);
            ask(next + 32 * c);
        }
        CRUX_UNROLL
        for (unsigned r = 0; r < n; r++) {
            __m512i pair = broadcast(q + r * q_stride + i);
            CRUX_UNROLL
            for (unsigned c = 0; c < PARTS; c++)
                sum[r][c] = _mm512_dpwssd_epi32(sum[r][c], part[c], pair);
        }
    }
    CRUX_UNROLL
    for (unsigned r = 0; r < n; r++) {
        CRUX_UNROLL
        for (unsigned c = 0; c < PARTS; c++) _mm512_store_si512(dot + r * PAGE + 16 * c, sum[r][c]);
    }
}

/* The next of `left` queries' tiles, all of about the same size. */
static uint32_t tile_of(uint32_t left) {
    uint32_t tiles = (left + TILE - 1) / TILE;
    return (left + tiles - 1) / tiles;
}

#define DOTS(n)                                                                                    \
    TARGET static void dots_##n(int32_t *dot, const int16_t *q, size_t q_stride, const int16_t *k, \
                                const int16_t *next, uint32_t width) {                             \
        dots_of(n, dot, q, q_stride, k, next, width);                                              \
    }
DOTS(1)
DOTS(2)
DOTS(3)
DOTS(4)
DOTS(5)
DOTS(6)

TARGET static void dots(const struct crux_attention_queries *queries, uint32_t m0, uint32_t m1,
                        int32_t *score, const int16_t *k, const int16_t *next, uint32_t width) {
    static void (*const functions[TILE])(int32_t *, const int16_t *, size_t, const int16_t *,
                                         const int16_t *, uint32_t) = {dots_1, dots_2, dots_3,
                                                                       dots_4, dots_5, dots_6};
    size_t columns = queries->columns;
    for (uint32_t m = m0, n; m < m1; m += n, next = k /* asked for */) {
        n = tile_of(m1 - m);
        functions[n - 1](score + (size_t)m * PAGE, queries->q + m * columns, columns, k, next,
                         width);
    }
}

/* ---- scores ---- */

/* Eight products, shifted right but for the last bit, saturated to 32 bits. */
TARGET CRUX_INLINE __m256i almost(const int32_t *dot, __m512i m0, __m512i shift) {
    __m512i wide = _mm512_cvtepi32_epi64(_mm256_load_si256((const __m256i *)(const void *)dot));
    return _mm512_cvtsepi64_epi32(_mm512_srav_epi64(_mm512_mullo_epi64(wide, m0), shift));
}

/* round(p / 2^s) is floor of (p / 2^(s-1)) and one more bit: x/2 + x%2 with x = floor(p / 2^(s-1)). Saturating x to 32
 * bits saturates that to +-2^30. A shift from 64 on leaves only the sign, for which it is 0. */
TARGET static void scores_of(int32_t *score, int32_t *greatest, int64_t m0, const int64_t *shifts,
                             int eq, uint64_t seen) {
    const __m512i m = _mm512_set1_epi64(m0), e = _mm512_set1_epi64(eq);
    __m512i most = _mm512_load_si512(greatest);
    CRUX_UNROLL
    for (unsigned c = 0; c < PARTS; c++) {
        const int64_t *shift = shifts + 16 * c;
        __m256i low = almost(score + 16 * c, m, _mm512_sub_epi64(_mm512_load_si512(shift), e));
        __m256i high =
            almost(score + 16 * c + 8, m, _mm512_sub_epi64(_mm512_load_si512(shift + 8), e));
        __m512i x = _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
        x = _mm512_add_epi32(_mm512_srai_epi32(x, 1), _mm512_and_si512(x, _mm512_set1_epi32(1)));
        _mm512_store_si512(score + 16 * c, x);
        most = _mm512_mask_max_epi32(most, (__mmask16)(seen >> (16 * c)), most, x);
    }
    _mm512_store_si512(greatest, most);
}

TARGET static void scores(const struct crux_attention_queries *queries, uint32_t m0, uint32_t m1,
                          int32_t *score, int32_t (*greatest)[CRUX_ATTENTION_LANES],
                          const struct crux_fused_attention *config, const int8_t *ek) {
    CRUX_ALIGNED(64) int64_t shifts[PAGE]; /* but for eq, less 1 */
    __m512i lows = _mm512_set1_epi64(INT64_MAX);
    /* then |m0 * dot| < 2^63 */
    bool narrow = config->m0 < INT64_C(1) << 32 && config->m0 > -(INT64_C(1) << 32);
    for (unsigned t = 0; t < PAGE; t += 8) {
        __m128i e = _mm_loadl_epi64((const __m128i *)(const void *)(ek + t));
        __m512i shift =
            _mm512_sub_epi64(_mm512_set1_epi64((int64_t)config->s0 - 1), _mm512_cvtepi8_epi64(e));
        lows = _mm512_min_epi64(lows, shift);
        _mm512_store_si512(shifts + t, shift);
    }
    int64_t least = _mm512_reduce_min_epi64(lows);
    for (uint32_t m = m0; m < m1; m++) {
        int32_t *at = score + (size_t)m * PAGE;
        if (narrow && least >= queries->eq[m])
            scores_of(at, greatest[m], config->m0, shifts, queries->eq[m], queries->seen[m]);
        else
            crux_attention_scores_any(at, greatest[m], config, queries->eq[m], ek,
                                      queries->seen[m]);
    }
}

/* ---- cap ---- */

/* So that every argument less x0, and the table's end, stay within 31 bits. */
enum { CAP_SHIFT_MAX = 18 };

/* Eight entries of the curve at t, which lies in the table: left + round(rise * within / 2^shift). */
TARGET CRUX_INLINE __m256i curve(__m256i t, unsigned shift, const int32_t *table) {
    const __m128i by = _mm_cvtsi32_si128((int)shift);
    const __m512i half = _mm512_set1_epi64((INT64_C(1) << shift) >> 1);
    __m256i within = _mm256_and_si256(t, _mm256_set1_epi32((1 << shift) - 1));
    __m512i both = _mm512_i32gather_epi64(_mm256_srl_epi32(t, by), table, 4);
    __m512i left = _mm512_srai_epi64(_mm512_slli_epi64(both, 32), 32);
    __m512i rise = _mm512_sub_epi64(_mm512_srai_epi64(both, 32), left); /* 33 bits */
    __m512i more = _mm512_mullo_epi64(rise, _mm512_cvtepi32_epi64(within));
    more = _mm512_sra_epi64(_mm512_add_epi64(more, half), by);
    return _mm512_cvtsepi64_epi32(_mm512_add_epi64(left, more));
}

TARGET static void cap(const struct crux_attention_queries *queries, uint32_t m0, uint32_t m1,
                       int32_t *score, const struct crux_lut *lut, int32_t most,
                       const int32_t *table) {
    if (lut->shift > CAP_SHIFT_MAX) {
        crux_attention_cap_any(queries, m0, m1, score, lut, most, table);
        return;
    }
    const __m512i high = _mm512_set1_epi32(most), low = _mm512_set1_epi32(-most);
    const __m512i last = _mm512_set1_epi32((int32_t)(lut->cells << lut->shift) - 1);
    const __m512i zero = _mm512_setzero_si512(), x0 = _mm512_set1_epi32((int32_t)lut->x0);
    for (uint32_t m = m0; m < m1; m++) {
        __m512i greatest = _mm512_load_si512(queries->greatest[m]);
        for (unsigned c = 0; c < PARTS; c++) {
            int32_t *at = score + (size_t)m * PAGE + 16 * c;
            __m512i t = _mm512_sub_epi32(_mm512_load_si512(at), x0);
            __m512i in = _mm512_min_epi32(_mm512_max_epi32(t, zero), last);
            __m256i a = curve(_mm512_castsi512_si256(in), lut->shift, table);
            __m256i b = curve(_mm512_extracti64x4_epi64(in, 1), lut->shift, table);
            __m512i x = _mm512_inserti64x4(_mm512_castsi256_si512(a), b, 1);
            x = _mm512_min_epi32(_mm512_max_epi32(x, low), high);
            x = _mm512_mask_mov_epi32(x, _mm512_cmplt_epi32_mask(t, zero), low);
            x = _mm512_mask_mov_epi32(x, _mm512_cmpgt_epi32_mask(t, last), high);
            _mm512_store_si512(at, x);
            greatest = _mm512_mask_max_epi32(greatest, (__mmask16)(queries->seen[m] >> (16 * c)),
                                             greatest, x);
        }
        _mm512_store_si512(queries->greatest[m], greatest);
    }
}

/* ---- weights ---- */

/* Sixteen weights from scores, 0 where not seen.  In: least, CRUX_EXP2_LEAST below the greatest score. */
TARGET CRUX_INLINE __m512i exp2_of(const int32_t *score, __m512i least, __mmask16 seen,
                                   const uint16_t *exp2) {
    const __m512i last = _mm512_set1_epi32(-CRUX_EXP2_LEAST - 1);
    __m512i t = _mm512_sub_epi32(_mm512_load_si512(score), least);
    __mmask16 top = _mm512_cmpgt_epi32_mask(t, last); /* among those seen: at 0 */
    __mmask16 inside = _mm512_mask_cmpge_epi32_mask(seen, t, _mm512_setzero_si512());
    t = _mm512_min_epu32(t, last); /* within the table also where the result is thrown away */
    /* an entry and the one after it in one read; the last cell's are the table's last two */
    __m512i both = _mm512_i32gather_epi32(_mm512_srli_epi32(t, CRUX_EXP2_SHIFT), exp2, 2);
    __m512i within = _mm512_and_si512(t, _mm512_set1_epi32((1 << CRUX_EXP2_SHIFT) - 1));
    __m512i left = _mm512_and_si512(both, _mm512_set1_epi32(0xffff));
    __m512i rise = _mm512_sub_epi32(_mm512_srli_epi32(both, 16), left);
    __m512i more = _mm512_add_epi32(_mm512_mullo_epi32(rise, within),
                                    _mm512_set1_epi32(1 << (CRUX_EXP2_SHIFT - 1)));
    left = _mm512_add_epi32(left, _mm512_srai_epi32(more, CRUX_EXP2_SHIFT));
    left = _mm512_mask_mov_epi32(left, top, _mm512_set1_epi32(CRUX_EXP2_ONE));
    return _mm512_maskz_mov_epi32(inside, left);
}

/* 32 weights brought to the exponent `top`: round(w / 2^s) = (w >> (s-1) + 1) >> 1, which is what avg does. */
TARGET CRUX_INLINE __m512i shifted(__m512i w, const int8_t *ev, __m256i top) {
    const __m512i zero = _mm512_setzero_si512();
    __m256i e = _mm256_load_si256((const __m256i *)(const void *)ev);
    __m512i shift = _mm512_cvtepi8_epi16(_mm256_sub_epi8(top, e));
    /* positions not seen may have any exponent; their weight is 0 */
    __mmask32 any = _mm512_test_epi16_mask(shift, shift);
    __m512i x = _mm512_srlv_epi16(w, _mm512_subs_epu16(shift, _mm512_set1_epi16(1)));
    return _mm512_mask_avg_epu16(x, any, x, zero);
}

TARGET static void weigh(struct crux_attention_queries *queries, uint32_t m0, uint32_t m1,
                         const int32_t *score, const int8_t *ev, const uint16_t *exp2) {
    const __m512i flip = _mm512_set1_epi16(INT16_MIN), ones = _mm512_set1_epi16(1);
    CRUX_ALIGNED(64)
    static const uint16_t evens[32] = {0,  2,  4,  6,  8,  10, 12, 14, 16, 18, 20,
                                       22, 24, 26, 28, 30, 32, 34, 36, 38, 40, 42,
                                       44, 46, 48, 50, 52, 54, 56, 58, 60, 62};
    const __m512i narrow = _mm512_load_si512(evens);
    for (uint32_t m = m0; m < m1; m++) {
        const int32_t *from = score + (size_t)m * PAGE;
        const __m512i least =
            _mm512_set1_epi32(queries->greatest[m][0] + CRUX_EXP2_LEAST); /* from -2^30 - 2^20 */
        const __m256i top = _mm256_set1_epi8((char)queries->top[m]);
        uint64_t seen = queries->seen[m];
        __m512i sum = _mm512_load_si512(queries->sum[m]);
        __m512i total = _mm512_setzero_si512(); /* of weights less 2^15 */
        for (unsigned c = 0; c < PARTS; c += 2) {
            __m512i a = exp2_of(from + 16 * c, least, (__mmask16)(seen >> (16 * c)), exp2);
            __m512i b =
                exp2_of(from + 16 * c + 16, least, (__mmask16)(seen >> (16 * c + 16)), exp2);
            sum = _mm512_add_epi32(sum, _mm512_add_epi32(a, b));
            __m512i w = shifted(_mm512_permutex2var_epi16(a, narrow, b), ev + 16 * c, top);
            _mm512_store_si512(queries->weight[m] + 16 * c, w);
            total = _mm512_dpwssd_epi32(total, _mm512_xor_si512(w, flip), ones);
        }
        _mm512_store_si512(queries->sum[m], sum);
        queries->page_sum[m] = (uint32_t)(_mm512_reduce_add_epi32(total) + PAGE * 32768);
    }
}

/* ---- sums ---- */

/* Rows of factors of one page, and where what they give of v is added. */
struct piece {
    int32_t *sums[TILE];
    const void *factors; /* PAGE of them a row: weights, or bytes */
    const int16_t *v, *next;
    uint32_t columns, positions; /* PAGE; as a constant it makes gcc copy all sums at each turn */
};

TARGET CRUX_INLINE void add_to(int32_t *sum, __m512i more) {
    _mm512_store_si512(sum, _mm512_add_epi32(_mm512_load_si512(sum), more));
}

/* What n rows of factors and `parts` times 16 columns of v give is added to sums. n and parts are constants: one function
 * each, for the sums are to stay in registers. */
TARGET CRUX_INLINE void mod_of(const unsigned n, const unsigned parts, const struct piece *p) {
    const int16_t *v = p->v, *next = p->next;
    const uint16_t *weight = p->factors;
    const size_t columns = p->columns;
    __m512i sum[TILE][PARTS];
    CRUX_UNROLL
    for (unsigned r = 0; r < n; r++) {
        CRUX_UNROLL
        for (unsigned c = 0; c < parts; c++) sum[r][c] = _mm512_setzero_si512();
    }
    for (uint32_t t = 0; t < p->positions; t += 2, v += 2 * columns, next += 2 * columns) {
        __m512i part[PARTS];
        CRUX_UNROLL
        for (unsigned c = 0; c < parts; c++) {
            part[c] = _mm512_load_si512(v + 32 * c);
            ask(next + 32 * c);
        }
        CRUX_UNROLL
        for (unsigned r = 0; r < n; r++) {
            __m512i pair = broadcast(weight + r * PAGE + t);
            CRUX_UNROLL
            for (unsigned c = 0; c < parts; c++)
                sum[r][c] = _mm512_dpwssd_epi32(sum[r][c], part[c], pair);
        }
    }
    CRUX_UNROLL
    for (unsigned r = 0; r < n; r++) {
        CRUX_UNROLL
        for (unsigned c = 0; c < parts; c++) add_to(p->sums[r] + 16 * c, sum[r][c]);
    }
}

/* Four positions to a multiplication, their high bytes in the order 2, 0, 3, 1. */
TARGET CRUX_INLINE void near_of(const unsigned n, const unsigned parts, const struct piece *p) {
    const __mmask64 high = UINT64_C(0xaaaaaaaaaaaaaaaa);
    const int16_t *v = p->v;
    const uint8_t *bytes = p->factors;
    const size_t columns = p->columns;
    __m512i sum[TILE][PARTS];
    CRUX_UNROLL
    for (unsigned r = 0; r < n; r++) {
        CRUX_UNROLL
        for (unsigned c = 0; c < parts; c++) sum[r][c] = _mm512_setzero_si512();
    }
    for (uint32_t t = 0; t < p->positions; t += 4, v += 4 * columns) {
        __m512i part[PARTS];
        CRUX_UNROLL
        for (unsigned c = 0; c < parts; c++) {
            __m512i a = _mm512_load_si512(v + 32 * c),
                    b = _mm512_load_si512(v + 2 * columns + 32 * c);
            part[c] = _mm512_mask_mov_epi8(_mm512_srli_epi16(b, 8), high, a);
        }
        CRUX_UNROLL
        for (unsigned r = 0; r < n; r++) {
            __m512i four = broadcast(bytes + r * PAGE + t);
            CRUX_UNROLL
            for (unsigned c = 0; c < parts; c++)
                sum[r][c] = _mm512_dpbusd_epi32(sum[r][c], four, part[c]);
        }
    }
    CRUX_UNROLL
    for (unsigned r = 0; r < n; r++) {
        CRUX_UNROLL
        for (unsigned c = 0; c < parts; c++) add_to(p->sums[r] + 16 * c, sum[r][c]);
    }
}

#define PIECE(n, parts)                                                                            \
    TARGET static void mod_##n##_##parts(const struct piece *p) {                                  \
        mod_of(n, parts, p);                                                                       \
    }                                                                                              \
    TARGET static void near_##n##_##parts(const struct piece *p) {                                 \
        near_of(n, parts, p);                                                                      \
    }
#define PIECES(parts)                                                                              \
    PIECE(1, parts) PIECE(2, parts) PIECE(3, parts) PIECE(4, parts) PIECE(5, parts) PIECE(6, parts)
#define NAMES(kind, parts)                                                                         \
    {                                                                                              \
        kind##_1_##parts, kind##_2_##parts, kind##_3_##parts, kind##_4_##parts, kind##_5_##parts,  \
            kind##_6_##parts                                                                       \
    }
PIECES(1)
PIECES(2)
PIECES(4)

/* by log2 of parts, then rows less 1 */
typedef void piece_function(const struct piece *p);
static piece_function *const mod_pieces[3][TILE] = {NAMES(mod, 1), NAMES(mod, 2), NAMES(mod, 4)};
static piece_function *const near_pieces[3][TILE] = {NAMES(near, 1), NAMES(near, 2),
                                                     NAMES(near, 4)};

/* All columns of n rows. */
static void run_pieces(piece_function *const functions[3][TILE], unsigned n, struct piece p) {
    for (uint32_t left = p.columns, some; left != 0; left -= some) {
        unsigned size = left >= 64 ? 2 : left >= 32 ? 1 : 0;
        some = 16U << size;
        functions[size][n - 1](&p);
        for (unsigned r = 0; r < n; r++) p.sums[r] += some;
        p.v += (size_t)2 * some;
        p.next += (size_t)2 * some;
    }
}

/* The high bytes of 64 weights in near_of's order; then the weights less 2^15, for mod. */
TARGET static void split(uint16_t *weight, uint8_t *bytes) {
    const __m512i flip = _mm512_set1_epi16(INT16_MIN);
    const __m512i order =
        _mm512_broadcast_i32x4(_mm_setr_epi8(2, 0, 3, 1, 6, 4, 7, 5, 10, 8, 11, 9, 14, 12, 15, 13));
    __m512i a = _mm512_load_si512(weight), b = _mm512_load_si512(weight + 32);
    __m256i low = _mm512_cvtepi16_epi8(_mm512_srli_epi16(a, 8)),
            high = _mm512_cvtepi16_epi8(_mm512_srli_epi16(b, 8));
    __m512i all = _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
    _mm512_store_si512(bytes, _mm512_shuffle_epi8(all, order));
    _mm512_store_si512(weight, _mm512_xor_si512(a, flip));
    _mm512_store_si512(weight + 32, _mm512_xor_si512(b, flip));
}

TARGET static void settle(struct crux_attention_queries *queries, uint32_t m) {
    size_t at = (size_t)m * queries->columns;
    for (uint32_t i = 0; i < queries->columns; i += 16) {
        __m512i near = _mm512_load_si512(queries->near + at + i);
        __m512i rest = _mm512_sub_epi32(_mm512_load_si512(queries->mod + at + i),
                                        _mm512_slli_epi32(near, NEAR_BITS));
        for (unsigned half = 0; half < 2; half++) {
            int64_t *acc = queries->acc + at + i + 8 * half;
            __m256i n =
                half == 0 ? _mm512_castsi512_si256(near) : _mm512_extracti64x4_epi64(near, 1);
            __m256i r =
                half == 0 ? _mm512_castsi512_si256(rest) : _mm512_extracti64x4_epi64(rest, 1);
            __m512i more = _mm512_add_epi64(_mm512_slli_epi64(_mm512_cvtepi32_epi64(n), NEAR_BITS),
                                            _mm512_cvtepi32_epi64(r));
            _mm512_store_si512(acc, _mm512_add_epi64(_mm512_load_si512(acc), more));
        }
        _mm512_store_si512(queries->near + at + i, _mm512_setzero_si512());
        _mm512_store_si512(queries->mod + at + i, _mm512_setzero_si512());
    }
    queries->spent[m] = 0;
}

/* What near adds for the queries in `which`, n of them, whose weights are split. In: taken, -2^15 times the sum of v. */
TARGET static void add_near(struct crux_attention_queries *queries, const uint32_t *which,
                            uint32_t n, const int16_t *v, const int32_t *taken) {
    const __m512i offset = _mm512_set1_epi32(NEAR_OFFSET * PAGE);
    uint32_t columns = queries->columns;
    for (uint32_t k = 0, some; k < n; k += some) {
        struct piece p = {{NULL}, (const uint8_t *)queries->high + k * PAGE, v, v, columns, PAGE};
        some = tile_of(n - k);
        for (uint32_t r = 0; r < some; r++) {
            size_t at = (size_t)which[k + r] * columns;
            p.sums[r] = queries->near + at;
            for (uint32_t i = 0; i < columns; i += 16) {
                add_to(queries->near + at + i, offset);
                _mm512_store_si512(queries->mod + at + i,
                                   _mm512_sub_epi32(_mm512_load_si512(queries->mod + at + i),
                                                    _mm512_load_si512(taken + i)));
            }
        }
        run_pieces(near_pieces, some, p);
    }
}

TARGET static void gather(struct crux_attention_queries *queries, uint32_t m0, uint32_t m1,
                          const int16_t *v, const int16_t *next) {
    CRUX_ALIGNED(64) int32_t taken[CRUX_ATTENTION_COLUMNS_MAX];
    uint32_t which[QUERIES], n = 0, columns = queries->columns, end = m1;
    uint8_t *high = (uint8_t *)queries->high;
    for (uint32_t m = m0; m < m1; m++) {
        bool is_near = queries->page_sum[m] > NEAR_SPENDS; /* if not, no weight has bit 15 */
        uint32_t spends = is_near ? NEAR_SPENDS : queries->page_sum[m];
        if (queries->spent[m] + spends > CRUX_ATTENTION_SPENT_MAX) settle(queries, m);
        queries->spent[m] += spends;
        if (!is_near) continue;
        split(queries->weight[m], high + n * PAGE);
        which[n++] = m;
    }
    if (n != 0) { /* one more row, of weights -2^15 */
        end++;
        memset(taken, 0, columns * sizeof *taken);
        _mm512_store_si512(queries->weight[m1], _mm512_set1_epi16(INT16_MIN));
        _mm512_store_si512(queries->weight[m1] + 32, _mm512_set1_epi16(INT16_MIN));
    }
    for (uint32_t m = m0, some; m < end; m += some, next = v /* asked for */) {
        struct piece p = {{NULL}, queries->weight[m], v, next, columns, PAGE};
        some = tile_of(end - m);
        for (uint32_t r = 0; r < some; r++)
            p.sums[r] = m + r == m1 ? taken : queries->mod + (size_t)(m + r) * columns;
        run_pieces(mod_pieces, some, p);
    }
    if (n != 0) add_near(queries, which, n, v, taken);
}

/* ---- means ---- */

/* Quotients q = floor(u / sum) of u below 2^30 * sum, by 32 bits of each: with 2^top <= sum < 2^(top + 1),
 * t = floor(u / 2^(top - 1)) and r = 2^(top + 32) / sum - e, 0 <= e <= 1, fit 32 bits, and t * r / 2^33 is more than
 * u / sum - 1, for each of the two takes less than a half away. Its floor is q or one less, as what is left tells. */
TARGET static void means(int32_t *out, const int64_t *acc, uint32_t width,
                         const struct crux_attention_mean *mean) {
    unsigned top = 63 - (unsigned)__builtin_clzll(mean->sum);
    if (top > 32 || mean->shift < 1 || mean->shift > 62) {
        crux_attention_means_any(out, acc, width, mean);
        return;
    }
    const __m512i sum = _mm512_set1_epi64((int64_t)mean->sum), ones = _mm512_set1_epi64(1),
                  less = _mm512_set1_epi64((int64_t)mean->sum - 1),
                  r = _mm512_set1_epi64((int64_t)(mean->inverse >> (32 - top)));
    const __m128i bits = _mm_cvtsi32_si128((int)mean->bits), down = _mm_cvtsi32_si128((int)top - 1),
                  shift = _mm_cvtsi32_si128(mean->shift), last = _mm_cvtsi32_si128(mean->shift - 1);
    for (uint32_t i = 0; i < width; i += 8) {
        uint32_t left = width - i;
        __m512i a = _mm512_load_si512(acc + i);
        __mmask8 negative = _mm512_movepi64_mask(a);
        __m512i u = _mm512_sll_epi64(_mm512_abs_epi64(a), bits);
        u = _mm512_mask_add_epi64(u, negative, u, less); /* as floor goes down */
        __m512i q = _mm512_srli_epi64(_mm512_mul_epu32(_mm512_srl_epi64(u, down), r), 33);
        __m512i rest = _mm512_sub_epi64(u, _mm512_mullo_epi64(q, sum));
        q = _mm512_mask_add_epi64(q, _mm512_cmpge_epu64_mask(rest, sum), q, ones);
        q = _mm512_mask_sub_epi64(q, negative, _mm512_setzero_si512(), q);
        q = _mm512_add_epi64(_mm512_sra_epi64(q, shift),
                             _mm512_and_si512(_mm512_sra_epi64(q, last), ones));
        _mm256_mask_storeu_epi32(out + i, left >= 8 ? 0xff : (__mmask8)((1U << left) - 1),
                                 _mm512_cvtepi64_epi32(q)); /* |q| <= 2^29 */
    }
}

const struct crux_attention_inner crux_attention_inner_avx512 = {dots,   scores, cap,  weigh,
                                                                 gather, settle, means};

#else
typedef int crux_attention_no_avx512;
#endif
