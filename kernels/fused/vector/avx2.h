/* Vectors of AVX2: the same names as avx512.h, half as wide. */
#ifndef CRUX_KERNELS_FUSED_VECTOR_AVX2_H
#define CRUX_KERNELS_FUSED_VECTOR_AVX2_H

#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "kernels/base/macros.h"

typedef __m256i v32; /* 8 of 32 bits */
typedef __m256i v64; /* 4 of 64 bits */
typedef __m256i vmask;

enum { V_LANES = 8 };

/* ---- memory ---- */

CRUX_INLINE v32 v_load(const int32_t *at) {
    return _mm256_loadu_si256((const __m256i *)(const void *)at);
}

CRUX_INLINE vmask v_first(uint32_t count) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int32_t)count),
                              _mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0));
}

CRUX_INLINE v32 v_load_some(const int32_t *at, uint32_t count) {
    return _mm256_maskload_epi32((const int *)at, v_first(count));
}

CRUX_INLINE void v_store(int32_t *at, v32 v) {
    _mm256_storeu_si256((__m256i *)(void *)at, v);
}

CRUX_INLINE void v_store_some(int32_t *at, v32 v, uint32_t count) {
    _mm256_maskstore_epi32((int *)at, v_first(count), v);
}

CRUX_INLINE v32 v_load16(const int16_t *at) {
    return _mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *)(const void *)at));
}

CRUX_INLINE v32 v_load16_some(const int16_t *at, uint32_t count) {
    int16_t padded[V_LANES] = {0};
    memcpy(padded, at, count * sizeof *at);
    return v_load16(padded);
}

CRUX_INLINE void v_store16(int16_t *at, v32 v) {
    _mm_storeu_si128((__m128i *)(void *)at,
                     _mm_packs_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1)));
}

CRUX_INLINE void v_store16_some(int16_t *at, v32 v, uint32_t count) {
    int16_t padded[V_LANES];
    v_store16(padded, v);
    memcpy(at, padded, count * sizeof *at);
}

CRUX_INLINE v64 v_load64(const int64_t *at) {
    return _mm256_loadu_si256((const __m256i *)(const void *)at);
}

/* ---- 32 bits ---- */

CRUX_INLINE v32 v_set(int32_t value) {
    return _mm256_set1_epi32(value);
}

CRUX_INLINE v32 v_add(v32 a, v32 b) {
    return _mm256_add_epi32(a, b);
}

CRUX_INLINE v32 v_sub(v32 a, v32 b) {
    return _mm256_sub_epi32(a, b);
}

CRUX_INLINE v32 v_mul(v32 a, v32 b) {
    return _mm256_mullo_epi32(a, b);
}

CRUX_INLINE v32 v_and(v32 a, v32 b) {
    return _mm256_and_si256(a, b);
}

CRUX_INLINE v32 v_or(v32 a, v32 b) {
    return _mm256_or_si256(a, b);
}

CRUX_INLINE v32 v_min(v32 a, v32 b) {
    return _mm256_min_epi32(a, b);
}

CRUX_INLINE v32 v_max(v32 a, v32 b) {
    return _mm256_max_epi32(a, b);
}

CRUX_INLINE v32 v_max_unsigned(v32 a, v32 b) {
    return _mm256_max_epu32(a, b);
}

CRUX_INLINE v32 v_abs(v32 a) {
    return _mm256_abs_epi32(a);
}

CRUX_INLINE v32 v_shift_right(v32 a, int s) {
    return _mm256_sra_epi32(a, _mm_cvtsi32_si128(s));
}

CRUX_INLINE v32 v_shift_right_unsigned(v32 a, int s) {
    return _mm256_srl_epi32(a, _mm_cvtsi32_si128(s));
}

CRUX_INLINE vmask v_less(v32 a, v32 b) {
    return _mm256_cmpgt_epi32(b, a);
}

CRUX_INLINE vmask v_equal(v32 a, v32 b) {
    return _mm256_cmpeq_epi32(a, b);
}

CRUX_INLINE uint32_t v_bits(vmask mask) {
    return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(mask));
}

CRUX_INLINE v32 v_select(vmask mask, v32 yes, v32 no) {
    return _mm256_blendv_epi8(no, yes, mask);
}

/* The greatest of the lanes of a; least and unsigned by turning them over. */
CRUX_INLINE int32_t v_greatest(v32 a) {
    __m128i m = _mm_max_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
    m = _mm_max_epi32(m, _mm_shuffle_epi32(m, 0x4e));
    return _mm_cvtsi128_si32(_mm_max_epi32(m, _mm_shuffle_epi32(m, 0xb1)));
}

CRUX_INLINE int32_t v_least(v32 a) {
    return ~v_greatest(_mm256_xor_si256(a, _mm256_set1_epi32(-1)));
}

CRUX_INLINE uint32_t v_greatest_unsigned(v32 a) {
    const __m256i top = _mm256_set1_epi32(INT32_MIN);
    return (uint32_t)v_greatest(_mm256_xor_si256(a, top)) ^ UINT32_C(0x80000000);
}

/* Even dwords of low and high, then their odd ones. */
CRUX_INLINE void v_unzip(v32 *even, v32 *odd, v64 low, v64 high) {
    __m256 a = _mm256_castsi256_ps(low), b = _mm256_castsi256_ps(high);
    *even = _mm256_permute4x64_epi64(_mm256_castps_si256(_mm256_shuffle_ps(a, b, 0x88)), 0xd8);
    *odd = _mm256_permute4x64_epi64(_mm256_castps_si256(_mm256_shuffle_ps(a, b, 0xdd)), 0xd8);
}

CRUX_INLINE void v_gather_two(v32 *first, v32 *second, const int32_t *base, v32 index) {
    const long long *at = (const long long *)(const void *)base;
    __m256i low = _mm256_i32gather_epi64(at, _mm256_castsi256_si128(index), 4),
            high = _mm256_i32gather_epi64(at, _mm256_extracti128_si256(index, 1), 4);
    v_unzip(first, second, low, high);
}

CRUX_INLINE v32 v_gather_pair16(const uint16_t *base, v32 index) {
    return _mm256_i32gather_epi32((const int *)(const void *)base, index, 2);
}

CRUX_INLINE void v_load_triples(v32 out[3], const int32_t *at, uint32_t count) {
    const __m256i index = _mm256_set_epi32(21, 18, 15, 12, 9, 6, 3, 0);
    for (int k = 0; k < 3; k++)
        out[k] =
            _mm256_mask_i32gather_epi32(_mm256_setzero_si256(), at + k, index, v_first(count), 4);
}

CRUX_INLINE void v_load_triples_even(v32 out[3], const int32_t *at, uint32_t count) {
    const __m256i index = _mm256_set_epi32(0, 9, 0, 6, 0, 3, 0, 0),
                  even = _mm256_set_epi32(0, -1, 0, -1, 0, -1, 0, -1);
    for (int k = 0; k < 3; k++)
        out[k] = _mm256_mask_i32gather_epi32(_mm256_setzero_si256(), at + k, index,
                                             _mm256_and_si256(v_first(2 * count), even), 4);
}

/* ---- 64 bits ---- */

CRUX_INLINE v64 v_set64(int64_t value) {
    return _mm256_set1_epi64x(value);
}

CRUX_INLINE v64 v_add64(v64 a, v64 b) {
    return _mm256_add_epi64(a, b);
}

CRUX_INLINE v64 v_sub64(v64 a, v64 b) {
    return _mm256_sub_epi64(a, b);
}

CRUX_INLINE v64 v_odd(v32 a) {
    return _mm256_srli_epi64(a, 32);
}

CRUX_INLINE v64 v_mul_wide(v32 a, v32 b) {
    return _mm256_mul_epi32(a, b);
}

CRUX_INLINE v64 v_mul_wide_unsigned(v32 a, v32 b) {
    return _mm256_mul_epu32(a, b);
}

CRUX_INLINE v64 v_extend(const int32_t *at) {
    return _mm256_cvtepi32_epi64(_mm_loadu_si128((const __m128i *)(const void *)at));
}

/* There is no arithmetic shift of 64 bits: a + 2^63 is shifted without sign, and 2^(63-s) taken away again. */
struct v_rounding {
    v64 half, top;
    __m128i s;
};

CRUX_INLINE struct v_rounding v_rounding(int s) {
    struct v_rounding r = {
        _mm256_set1_epi64x((int64_t)((UINT64_C(1) << 63) + (UINT64_C(1) << (s - 1)))),
        _mm256_set1_epi64x((int64_t)(UINT64_C(1) << (63 - s))), _mm_cvtsi32_si128(s)};
    return r;
}

CRUX_INLINE v64 v_round(v64 a, const struct v_rounding *r) {
    return _mm256_sub_epi64(_mm256_srl_epi64(_mm256_add_epi64(a, r->half), r->s), r->top);
}

CRUX_INLINE v64 v_floor31(v64 a) {
    const __m256i top = _mm256_set1_epi64x(INT64_MIN);
    return _mm256_sub_epi64(_mm256_srli_epi64(_mm256_xor_si256(a, top), 31),
                            _mm256_set1_epi64x((int64_t)(UINT64_C(1) << 32)));
}

/* A value fits 32 bits if its upper half is nothing but the sign of the lower one. Otherwise its sign decides. */
CRUX_INLINE v32 v_saturate(v32 lower, v32 upper) {
    __m256i fits = _mm256_cmpeq_epi32(_mm256_srai_epi32(lower, 31), upper);
    __m256i end = _mm256_xor_si256(_mm256_srai_epi32(upper, 31), _mm256_set1_epi32(INT32_MAX));
    return _mm256_blendv_epi8(end, lower, fits);
}

CRUX_INLINE v32 v_saturate_pairs(v64 even, v64 odd) {
    return v_saturate(_mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa),
                      _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa));
}

CRUX_INLINE v32 v_saturate_halves(v64 low, v64 high) {
    v32 lower, upper;
    v_unzip(&lower, &upper, low, high);
    return v_saturate(lower, upper);
}

CRUX_INLINE int64_t v_sum64(v64 a) {
    __m128i s = _mm_add_epi64(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
    return _mm_cvtsi128_si64(_mm_add_epi64(s, _mm_unpackhi_epi64(s, s)));
}

#include "kernels/fused/vector/upto.h"

#endif
