/* Vectors of AVX-512: what each fused op's vector.h is written in. avx2.h has the same names.
 *
 *   v32    V_LANES of 32 bits          v64    half as many of 64 bits          vmask    one truth a 32-bit lane
 *
 *   v_load, v_store     whole vectors; .._some: the first `count` lanes, others read as 0 and are not written
 *   v_load16, v_store16 from 16 bits to 32, and back, saturating
 *   v_mul_wide          64-bit products of the even lanes; v_odd(a) brings the odd ones there
 *   v_saturate_pairs    back from even and odd; v_saturate_halves: from a lower and an upper half
 *   v_extend            half a vector of 32 bits as 64 bits
 *   v_round             floor((a + 2^(s-1)) / 2^s), 1 <= s <= 62.  In: a + 2^(s-1) within 63 bits
 */
#ifndef CRUX_KERNELS_FUSED_VECTOR_AVX512_H
#define CRUX_KERNELS_FUSED_VECTOR_AVX512_H

#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>

#include "kernels/base/macros.h"

typedef __m512i v32; /* 16 of 32 bits */
typedef __m512i v64; /* 8 of 64 bits */
typedef __mmask16 vmask;

enum { V_LANES = 16 };

/* ---- memory ---- */

CRUX_INLINE vmask v_first(uint32_t count) {
    return (vmask)((1U << count) - 1);
}

CRUX_INLINE v32 v_load(const int32_t *at) {
    return _mm512_loadu_si512(at);
}

CRUX_INLINE v32 v_load_some(const int32_t *at, uint32_t count) {
    return _mm512_maskz_loadu_epi32(v_first(count), at);
}

CRUX_INLINE void v_store(int32_t *at, v32 v) {
    _mm512_storeu_si512(at, v);
}

CRUX_INLINE void v_store_some(int32_t *at, v32 v, uint32_t count) {
    _mm512_mask_storeu_epi32(at, v_first(count), v);
}

CRUX_INLINE v32 v_load16(const int16_t *at) {
    return _mm512_cvtepi16_epi32(_mm256_loadu_si256((const __m256i *)(const void *)at));
}

CRUX_INLINE v32 v_load16_some(const int16_t *at, uint32_t count) {
    return _mm512_cvtepi16_epi32(_mm256_maskz_loadu_epi16(v_first(count), at));
}

CRUX_INLINE void v_store16(int16_t *at, v32 v) {
    _mm256_storeu_si256((__m256i *)(void *)at, _mm512_cvtsepi32_epi16(v));
}

CRUX_INLINE void v_store16_some(int16_t *at, v32 v, uint32_t count) {
    _mm256_mask_storeu_epi16(at, v_first(count), _mm512_cvtsepi32_epi16(v));
}

CRUX_INLINE v64 v_load64(const int64_t *at) {
    return _mm512_loadu_si512(at);
}

/* ---- 32 bits ---- */

CRUX_INLINE v32 v_set(int32_t value) {
    return _mm512_set1_epi32(value);
}

CRUX_INLINE v32 v_add(v32 a, v32 b) {
    return _mm512_add_epi32(a, b);
}

CRUX_INLINE v32 v_sub(v32 a, v32 b) {
    return _mm512_sub_epi32(a, b);
}

CRUX_INLINE v32 v_mul(v32 a, v32 b) {
    return _mm512_mullo_epi32(a, b);
}

CRUX_INLINE v32 v_and(v32 a, v32 b) {
    return _mm512_and_si512(a, b);
}

CRUX_INLINE v32 v_or(v32 a, v32 b) {
    return _mm512_or_si512(a, b);
}

CRUX_INLINE v32 v_min(v32 a, v32 b) {
    return _mm512_min_epi32(a, b);
}

CRUX_INLINE v32 v_max(v32 a, v32 b) {
    return _mm512_max_epi32(a, b);
}

CRUX_INLINE v32 v_max_unsigned(v32 a, v32 b) {
    return _mm512_max_epu32(a, b);
}

CRUX_INLINE v32 v_abs(v32 a) {
    return _mm512_abs_epi32(a);
}

CRUX_INLINE v32 v_shift_right(v32 a, int s) {
    return _mm512_sra_epi32(a, _mm_cvtsi32_si128(s));
}

CRUX_INLINE v32 v_shift_right_unsigned(v32 a, int s) {
    return _mm512_srl_epi32(a, _mm_cvtsi32_si128(s));
}

CRUX_INLINE vmask v_less(v32 a, v32 b) {
    return _mm512_cmplt_epi32_mask(a, b);
}

CRUX_INLINE vmask v_equal(v32 a, v32 b) {
    return _mm512_cmpeq_epi32_mask(a, b);
}

CRUX_INLINE uint32_t v_bits(vmask mask) {
    return mask;
}

CRUX_INLINE v32 v_select(vmask mask, v32 yes, v32 no) {
    return _mm512_mask_blend_epi32(mask, no, yes);
}

CRUX_INLINE uint32_t v_greatest_unsigned(v32 a) {
    return _mm512_reduce_max_epu32(a);
}

CRUX_INLINE int32_t v_greatest(v32 a) {
    return _mm512_reduce_max_epi32(a);
}

CRUX_INLINE int32_t v_least(v32 a) {
    return _mm512_reduce_min_epi32(a);
}

/* base[index] and base[index + 1] */
CRUX_INLINE void v_gather_two(v32 *first, v32 *second, const int32_t *base, v32 index) {
    __m512i low = _mm512_i32gather_epi64(_mm512_castsi512_si256(index), base, 4),
            high = _mm512_i32gather_epi64(_mm512_extracti64x4_epi64(index, 1), base, 4);
    __m512i even = _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
    *first = _mm512_permutex2var_epi32(low, even, high);
    *second = _mm512_permutex2var_epi32(low, _mm512_add_epi32(even, _mm512_set1_epi32(1)), high);
}

/* base[index], and above it base[index + 1] */
CRUX_INLINE v32 v_gather_pair16(const uint16_t *base, v32 index) {
    return _mm512_i32gather_epi32(index, base, 2);
}

/* out[k], lane i: at[3 * i + k], of `count` triples. */
CRUX_INLINE void v_load_triples(v32 out[3], const int32_t *at, uint32_t count) {
    const __m512i index =
        _mm512_set_epi32(45, 42, 39, 36, 33, 30, 27, 24, 21, 18, 15, 12, 9, 6, 3, 0);
    for (int k = 0; k < 3; k++)
        out[k] =
            _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), v_first(count), index, at + k, 4);
}

/* The same in even lanes only. */
CRUX_INLINE void v_load_triples_even(v32 out[3], const int32_t *at, uint32_t count) {
    const __m512i index = _mm512_set_epi32(0, 21, 0, 18, 0, 15, 0, 12, 0, 9, 0, 6, 0, 3, 0, 0);
    for (int k = 0; k < 3; k++)
        out[k] = _mm512_mask_i32gather_epi32(
            _mm512_setzero_si512(), (vmask)(v_first(2 * count) & 0x5555), index, at + k, 4);
}

/* ---- 64 bits ---- */

CRUX_INLINE v64 v_set64(int64_t value) {
    return _mm512_set1_epi64(value);
}

CRUX_INLINE v64 v_add64(v64 a, v64 b) {
    return _mm512_add_epi64(a, b);
}

CRUX_INLINE v64 v_sub64(v64 a, v64 b) {
    return _mm512_sub_epi64(a, b);
}

CRUX_INLINE v64 v_odd(v32 a) {
    return _mm512_srli_epi64(a, 32);
}

CRUX_INLINE v64 v_mul_wide(v32 a, v32 b) {
    return _mm512_mul_epi32(a, b);
}

CRUX_INLINE v64 v_mul_wide_unsigned(v32 a, v32 b) {
    return _mm512_mul_epu32(a, b);
}

CRUX_INLINE v64 v_extend(const int32_t *at) {
    return _mm512_cvtepi32_epi64(_mm256_loadu_si256((const __m256i *)(const void *)at));
}

struct v_rounding {
    v64 half;
    __m128i s;
};

CRUX_INLINE struct v_rounding v_rounding(int s) {
    struct v_rounding r = {_mm512_set1_epi64((int64_t)(UINT64_C(1) << (s - 1))),
                           _mm_cvtsi32_si128(s)};
    return r;
}

CRUX_INLINE v64 v_round(v64 a, const struct v_rounding *r) {
    return _mm512_sra_epi64(_mm512_add_epi64(a, r->half), r->s);
}

CRUX_INLINE v64 v_floor31(v64 a) {
    return _mm512_srai_epi64(a, 31);
}

CRUX_INLINE v32 v_saturate_pairs(v64 even, v64 odd) {
    const __m512i lo = _mm512_set1_epi64(INT32_MIN), hi = _mm512_set1_epi64(INT32_MAX);
    even = _mm512_max_epi64(_mm512_min_epi64(even, hi), lo);
    odd = _mm512_max_epi64(_mm512_min_epi64(odd, hi), lo);
    return _mm512_mask_blend_epi32(0xaaaa, even, _mm512_slli_epi64(odd, 32));
}

CRUX_INLINE v32 v_saturate_halves(v64 low, v64 high) {
    return _mm512_inserti64x4(_mm512_castsi256_si512(_mm512_cvtsepi64_epi32(low)),
                              _mm512_cvtsepi64_epi32(high), 1);
}

CRUX_INLINE int64_t v_sum64(v64 a) {
    return _mm512_reduce_add_epi64(a);
}

#include "kernels/fused/vector/upto.h"

#endif
