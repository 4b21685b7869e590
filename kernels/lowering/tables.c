/* Why the entries are nearest: each is a function value with an error below 2^-44 of its unit, rounded
 * once; so it lies within 1/2 + 2^-44 of the true value, far inside the one unit that the spec allows. */
#include "kernels/lowering/tables.h"

#include "kernels/base/macros.h"
#include "kernels/lowering/fixed.h"

/* 2 * sqrt(2 / pi) * log2(e), times 2^60 */
#define GELU_TANH_Q60    UINT64_C(0x24d5d84379ceb297)
#define INV_SQRT_2PI_Q62 UINT64_C(0x19884533d436508d)

struct crux_table_grid crux_table_exp2_grid(void) {
    struct crux_table_grid grid = {-(INT64_C(16) << CRUX_EXP2_FRACTION), 8, CRUX_TABLE_CELLS};
    return grid;
}

void crux_table_exp2(uint16_t out[CRUX_TABLE_ENTRIES]) {
    for (unsigned i = 0; i <= CRUX_TABLE_CELLS; i++) {
        crux_u128 t = (crux_u128)(CRUX_TABLE_CELLS - i)
                      << (CRUX_FIXED_BITS - 8); /* 256 cells a unit */
        struct crux_fixed_power power = crux_fixed_exp2_neg(t);
        crux_u128 product = (crux_u128)power.mantissa * CRUX_EXP2_ONE;
        unsigned s = CRUX_FIXED_BITS + power.shift; /* at most 62 + 16 */
        out[i] = (uint16_t)((product + ((crux_u128)1 << (s - 1))) >> s);
    }
}

enum { SIDE = 16, SQUARE_BITS = 48, WIDE_BITS = 112 }; /* |x| < 16 on the grid */

struct crux_table_grid crux_table_activation_grid(unsigned fraction) {
    CRUX_ASSERT(fraction >= 7 && fraction <= CRUX_TABLE_FRACTION_MAX);
    struct crux_table_grid grid = {-((int64_t)SIDE << fraction), (uint8_t)(fraction - 7),
                                   CRUX_TABLE_CELLS};
    return grid;
}

/* floor(a * b / 2^s).  In: the result below 2^127, 1 <= s <= 64. */
static crux_u128 scale(crux_u128 a, uint64_t b, unsigned s) {
    crux_u128 low = (crux_u128)(uint64_t)a * b;
    return (((crux_u128)(uint64_t)(a >> 64) * b) << (64 - s)) + (low >> s);
}

/* What |x| is multiplied by for x > 0, in Q62; for x < 0 it is one minus this.
 * In: |x| = n / 2^fraction <= 16. */
static uint64_t logistic(struct crux_fixed_power power) { /* 1 / (1 + power) */
    crux_u128 one = (crux_u128)1 << (2 * CRUX_FIXED_BITS);
    return (uint64_t)(one / (CRUX_FIXED_ONE + crux_fixed_of_power(power)));
}

static uint64_t share_silu(uint64_t n, unsigned fraction) {
    return logistic(crux_fixed_exp_neg(n, UINT64_C(1) << fraction));
}

/* 1/2 (1 + tanh u) is the logistic function of 2u, u = sqrt(2/pi) (x + 0.044715 x^3). */
static uint64_t share_gelu_tanh(uint64_t n, unsigned fraction) {
    crux_u128 x = (crux_u128)n << (SQUARE_BITS - fraction);     /* Q48, at most 2^52 */
    crux_u128 cube = (x * x >> SQUARE_BITS) * x >> SQUARE_BITS; /* at most 2^60 */
    crux_u128 w = x + cube * 44715 / 1000000;
    return logistic(crux_fixed_exp2_neg(w * GELU_TANH_Q60 >> (SQUARE_BITS + 60 - CRUX_FIXED_BITS)));
}

/* Phi(x) = 1/2 + phi(x) * sum of x^(2j+1) / (1 * 3 * .. * (2j+1)): positive terms, each below 1/2. */
static uint64_t share_gelu_erf(uint64_t n, unsigned fraction) {
    crux_u128 x = (crux_u128)n << (SQUARE_BITS - fraction), sum = 0;
    if (n >= UINT64_C(9) << fraction) return CRUX_FIXED_ONE; /* 1 - Phi(9) < 2^-62 */
    struct crux_fixed_power power = crux_fixed_exp_neg(n * n, UINT64_C(2) << (2 * fraction));
    crux_u128 term = (crux_u128)power.mantissa << (WIDE_BITS - CRUX_FIXED_BITS) >> power.shift;
    uint64_t square = (uint64_t)(x * x >> SQUARE_BITS); /* Q48, below 81 * 2^48 */
    term = scale(scale(term, INV_SQRT_2PI_Q62, CRUX_FIXED_BITS), (uint64_t)x, SQUARE_BITS);
    for (unsigned j = 1; term != 0;
         j++) { /* below 300 terms: the last ones shrink by 81 / (2j + 1) */
        sum += term;
        term = scale(term, square, SQUARE_BITS) / (2 * j + 1);
    }
    return CRUX_FIXED_ONE / 2 + (uint64_t)(sum >> (WIDE_BITS - CRUX_FIXED_BITS));
}

static uint64_t share(enum crux_table_activation function, uint64_t n, unsigned fraction) {
    switch (function) {
    case CRUX_TABLE_SILU: return share_silu(n, fraction);
    case CRUX_TABLE_GELU_TANH: return share_gelu_tanh(n, fraction);
    case CRUX_TABLE_GELU_ERF: return share_gelu_erf(n, fraction);
    }
    return 0;
}

void crux_table_activation(int32_t out[CRUX_TABLE_ENTRIES], enum crux_table_activation function,
                           unsigned fraction, unsigned fraction_out) {
    struct crux_table_grid grid = crux_table_activation_grid(fraction);
    CRUX_ASSERT(fraction_out <= CRUX_TABLE_FRACTION_MAX);
    int s = (int)(CRUX_FIXED_BITS + fraction - fraction_out);
    for (unsigned i = 0; i <= CRUX_TABLE_CELLS; i++) {
        int64_t x = grid.x0 + ((int64_t)i << grid.shift);
        uint64_t part = share(function, crux_magnitude(x), fraction);
        if (x < 0) part = CRUX_FIXED_ONE - part;
        out[i] = (int32_t)crux_wide_round((crux_i128)x * (int64_t)part, s);
    }
}

struct crux_table_grid crux_table_softcap_grid(int32_t cap) {
    CRUX_ASSERT(cap >= 1 && cap < 1 << 30);
    struct crux_table_grid grid = {0, 0, CRUX_TABLE_CELLS};
    while ((INT64_C(CRUX_TABLE_CELLS / 2) << grid.shift) < 8 * (int64_t)cap) grid.shift++;
    grid.x0 = -(INT64_C(CRUX_TABLE_CELLS / 2) << grid.shift);
    return grid;
}

void crux_table_softcap(int32_t out[CRUX_TABLE_ENTRIES], int32_t cap) {
    struct crux_table_grid grid = crux_table_softcap_grid(cap);
    for (unsigned i = 0; i <= CRUX_TABLE_CELLS; i++) {
        int64_t x = grid.x0 + ((int64_t)i << grid.shift);
        uint64_t power =
            crux_fixed_of_power(crux_fixed_exp_neg(2 * crux_magnitude(x), (uint64_t)cap));
        crux_u128 top = (crux_u128)(CRUX_FIXED_ONE - power) * (crux_u128)cap; /* below 2^92 */
        crux_u128 bottom = (crux_u128)CRUX_FIXED_ONE + power;
        int32_t y = (int32_t)((2 * top + bottom) / (2 * bottom));
        out[i] = x < 0 ? -y : y;
    }
}

void crux_table_rope_turns(uint64_t *turns, uint32_t base, uint32_t dims) {
    CRUX_ASSERT(dims >= 2 && dims % 2 == 0 && dims <= CRUX_TABLE_ROPE_DIMS_MAX);
    for (uint32_t i = 0; i < dims / 2; i++) turns[i] = crux_fixed_turns(base, 2 * i, dims);
}

static int32_t rope_entry(int64_t v) {
    int s = CRUX_FIXED_BITS - CRUX_TABLE_ROPE_BITS;
    int32_t size = (int32_t)crux_wide_round((crux_i128)crux_magnitude(v), s);
    return v < 0 ? -size : size;
}

void crux_table_rope(int32_t *out, const uint64_t *turns, uint32_t pairs, uint32_t first,
                     uint32_t positions) {
    CRUX_ASSERT((uint64_t)first + positions <= 1 << 24);
    for (uint32_t t = 0; t < positions; t++) {
        for (uint32_t i = 0; i < pairs; i++) {
            int32_t *entry = out + ((uint64_t)t * pairs + i) * 3;
            int64_t sine, cosine;
            /* turns is off by at most 2^-64.9 of a turn, so the angle by 2^24 * 2^-62: 2^-8 of a unit */
            crux_fixed_sincos(&sine, &cosine, turns[i] * ((uint64_t)first + t));
            entry[0] = -rope_entry(sine);
            entry[1] = rope_entry(cosine);
            entry[2] = rope_entry(sine);
        }
    }
}
