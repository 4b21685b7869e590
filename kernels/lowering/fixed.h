/* Elementary functions in fixed point, by integer arithmetic alone: the same bits on every machine.
 *
 * "Q62" is a number times 2^62. Errors are stated in units of 2^-62; the tables built on these have
 * at most 30 fraction bits, so their entries are the nearest integers but for ties closer than 2^-20.
 */
#ifndef CRUX_KERNELS_LOWERING_FIXED_H
#define CRUX_KERNELS_LOWERING_FIXED_H

#include <stdint.h>

#include "kernels/ops/arith.h"

enum { CRUX_FIXED_BITS = 62 };
#define CRUX_FIXED_ONE (UINT64_C(1) << CRUX_FIXED_BITS)

/* mantissa / 2^62 * 2^-shift; the mantissa is about (1/2, 1] in Q62. */
struct crux_fixed_power {
    uint64_t mantissa;
    uint32_t shift;
};

/* 2^-t.  In: t in Q62, any.  Error: 8 units of the mantissa. */
struct crux_fixed_power crux_fixed_exp2_neg(crux_u128 t);

/* e^-(num / den).  In: den > 0.  Error: 8 + num/den units of the mantissa. */
struct crux_fixed_power crux_fixed_exp_neg(uint64_t num, uint64_t den);

/* The same value in Q62, 0 where it is below 2^-62. */
uint64_t crux_fixed_of_power(struct crux_fixed_power power);

/* Sine and cosine of 2 pi * turns / 2^64 in Q62.  Error: 12 units. */
void crux_fixed_sincos(int64_t *sine, int64_t *cosine, uint64_t turns);

/* log2(value) times 2^48, rounded down.  In: value >= 1. */
uint64_t crux_fixed_log2(uint32_t value);

/* base^-(num / den) / (2 pi), times 2^64, rounded: turns a position of a rotation that starts at one
 * radian a position.  In: base >= 1, num <= 1024, 1 <= den <= 1024.
 * Error: 1/2 + 2^-40 of the last bit. */
uint64_t crux_fixed_turns(uint32_t base, uint32_t num, uint32_t den);

#endif
