/* Integers of any size that a test needs, in base 2^16, sign and magnitude: slow, and unlike the machine's own arithmetic. */
#ifndef CRUX_TESTS_KERNELS_OPS_BIG_H
#define CRUX_TESTS_KERNELS_OPS_BIG_H

#include <stdbool.h>
#include <stdint.h>

enum { BIG_LIMBS = 40 }; /* 640 bits: four 64-bit factors, m0 and a shift by 95 need 415 */

struct big {
    bool negative; /* never of 0 */
    uint16_t limb[BIG_LIMBS];
};

struct big big_from(int64_t v);
struct big big_pow2(unsigned e);
struct big big_add(const struct big *a, const struct big *b);
struct big big_neg(const struct big *a);
struct big big_mul(const struct big *a, const struct big *b);
/* floor(a / 2^e), by halving. */
struct big big_floor_pow2(const struct big *a, unsigned e);
/* The two's complement of `bits` bits that a is equal to modulo 2^bits. */
struct big big_wrap(const struct big *a, unsigned bits);
/* Returns: -1, 0, 1. */
int big_cmp(const struct big *a, const struct big *b);
/* The nearest value within [lo, hi]. */
int64_t big_saturate(const struct big *a, int64_t lo, int64_t hi);

/* spec/20-ops.md#total-arithmetic, literally; s of either sign. */
struct big big_round(const struct big *a, int64_t s);
struct big big_floor(const struct big *a, int64_t s);

#endif
