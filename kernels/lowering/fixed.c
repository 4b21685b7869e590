#include "kernels/lowering/fixed.h"

#include "kernels/base/macros.h"

#define LN2_Q62      UINT64_C(0x2c5c85fdf473de6b)
#define LOG2_E_Q62   UINT64_C(0x5c551d94ae0bf85e)
#define HALF_PI_Q62  UINT64_C(0x6487ed5110b4611a)

#define WIDE(hi, lo) ((crux_u128)UINT64_C(hi) << 64 | UINT64_C(lo))
#define LN2_Q128     WIDE(0xb17217f7d1cf79ab, 0xc9e3b39803f2f6af)
#define TURN_Q130    WIDE(0xa2f9836e4e441529, 0xfc2757d1f534ddc1) /* 1 / (2 pi) */

static uint64_t mul62(uint64_t a, uint64_t b) {
    return (uint64_t)((crux_u128)a * b >> CRUX_FIXED_BITS);
}

/* e^-y for y in [0, 1) as its series: the terms of either sign are summed apart, so nothing wraps. */
static uint64_t series(uint64_t y) {
    uint64_t sum[2] = {0, 0}, term = CRUX_FIXED_ONE;
    for (unsigned j = 1; term != 0; j++) { /* below 25 terms: 1/24! < 2^-62 */
        sum[(j - 1) & 1] += term;
        term = mul62(term, y) / j;
    }
    return sum[0] - sum[1];
}

struct crux_fixed_power crux_fixed_exp2_neg(crux_u128 t) {
    struct crux_fixed_power power = {0, 0};
    crux_u128 whole = t >> CRUX_FIXED_BITS;
    if (whole > 1 << 20) return power;
    power.mantissa = series(mul62((uint64_t)t & (CRUX_FIXED_ONE - 1), LN2_Q62));
    power.shift = (uint32_t)whole;
    return power;
}

struct crux_fixed_power crux_fixed_exp_neg(uint64_t num, uint64_t den) {
    return crux_fixed_exp2_neg((crux_u128)num * LOG2_E_Q62 / den); /* below 2^64 * 2^63 */
}

uint64_t crux_fixed_of_power(struct crux_fixed_power power) {
    return power.shift > CRUX_FIXED_BITS ? 0 : power.mantissa >> power.shift;
}

/* Sine and cosine of a in [0, pi/4], Q62. */
static void small_angle(uint64_t *sine, uint64_t *cosine, uint64_t a) {
    uint64_t sum[4] = {0, 0, 0, 0}, term = CRUX_FIXED_ONE;
    for (unsigned j = 1; term != 0; j++) {
        sum[(j - 1) & 3] += term;
        term = mul62(term, a) / j;
    }
    *cosine = sum[0] - sum[2];
    *sine = sum[1] - sum[3];
}

void crux_fixed_sincos(int64_t *sine, int64_t *cosine, uint64_t turns) {
    /* octant n: the angle from the nearest multiple of a quarter turn, which is (n + 1) / 2 quarters */
    unsigned octant = (unsigned)(turns >> 61), quarter = ((octant + 1) / 2) & 3;
    uint64_t rest = turns & ((UINT64_C(1) << 61) - 1), s, c;
    if ((octant & 1) != 0) rest = (UINT64_C(1) << 61) - rest;
    small_angle(&s, &c, mul62(rest, HALF_PI_Q62)); /* 2 pi * rest / 2^64 = pi/2 * rest / 2^62 */
    int64_t y = (octant & 1) != 0 ? -(int64_t)s : (int64_t)s, x = (int64_t)c;
    *sine = quarter == 0 ? y : quarter == 1 ? x : quarter == 2 ? -y : -x;
    *cosine = quarter == 0 ? x : quarter == 1 ? -y : quarter == 2 ? -x : y;
}

/* floor(a * b / 2^128) */
static crux_u128 high(crux_u128 a, crux_u128 b) {
    uint64_t a1 = (uint64_t)(a >> 64), a0 = (uint64_t)a, b1 = (uint64_t)(b >> 64), b0 = (uint64_t)b;
    crux_u128 low = (crux_u128)a0 * b0 >> 64, m = (crux_u128)a1 * b0, n = (crux_u128)a0 * b1;
    crux_u128 middle = low + (uint64_t)m + (uint64_t)n; /* below 3 * 2^64 */
    return (crux_u128)a1 * b1 + (m >> 64) + (n >> 64) + (middle >> 64);
}

enum { LOG_BITS = 112, MANTISSA_BITS = 124 };

/* log2(base) in Q112. Squaring doubles the logarithm, which shows its next bit; a rounding of 2^-126
 * at bit j counts 2^-j of it, so all of them together stay below 2^-124. */
static crux_u128 log2_of(uint32_t base) {
    unsigned whole = 31;
    while (base >> whole == 0) whole--;
    crux_u128 log = whole, m = (crux_u128)base << (127 - whole); /* Q127, in [1, 2) */
    for (unsigned i = 0; i < LOG_BITS; i++) {
        m = high(m, m); /* Q126, in [1, 4) */
        bool two = m >> 127 != 0;
        if (!two) m <<= 1;
        log = log << 1 | (two ? 1 : 0);
    }
    return log;
}

uint64_t crux_fixed_log2(uint32_t value) {
    CRUX_ASSERT(value >= 1);
    return (uint64_t)(log2_of(value) >> (LOG_BITS - 48)); /* below 32 * 2^48 */
}

/* 2^-r in Q124 for r in [0, 1) in Q112. */
static crux_u128 wide_series(crux_u128 r) {
    crux_u128 y = high(r << (MANTISSA_BITS - LOG_BITS), LN2_Q128) << 4; /* Q128 */
    crux_u128 sum[2] = {0, 0}, term = (crux_u128)1 << MANTISSA_BITS;
    for (unsigned j = 1; term != 0; j++) { /* below 40 terms */
        sum[(j - 1) & 1] += term;
        term = high(term, y) / j;
    }
    return sum[0] - sum[1];
}

uint64_t crux_fixed_turns(uint32_t base, uint32_t num, uint32_t den) {
    CRUX_ASSERT(base >= 1 && num <= 1024 && den >= 1 && den <= 1024);
    crux_u128 t = log2_of(base) * num / den; /* below 2^117 * 2^10 */
    unsigned whole = (unsigned)(t >> LOG_BITS);
    crux_u128 mantissa = wide_series(t & (((crux_u128)1 << LOG_BITS) - 1));
    crux_u128 value = high(mantissa, TURN_Q130); /* Q126: 124 + 130 - 128 */
    unsigned shift = 62 + whole;
    if (shift > 127) return 0;
    return (uint64_t)((value + ((crux_u128)1 << (shift - 1))) >> shift);
}
