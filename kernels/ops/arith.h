/* Total integer arithmetic: defined for every operand, equal to mathematics wherever a certificate holds.
 *
 * spec/20-ops.md#total-arithmetic: "sums and products that a certificate would keep in 64 bits wrap modulo 2^64"
 */
#ifndef CRUX_KERNELS_OPS_ARITH_H
#define CRUX_KERNELS_OPS_ARITH_H

#include <stdbool.h>
#include <stdint.h>

#include "kernels/base/macros.h"

__extension__ typedef __int128 crux_i128;
__extension__ typedef unsigned __int128 crux_u128;

static inline int64_t crux_wrap_add(int64_t a, int64_t b) {
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

static inline int64_t crux_wrap_sub(int64_t a, int64_t b) {
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

static inline int64_t crux_wrap_mul(int64_t a, int64_t b) {
    return (int64_t)((uint64_t)a * (uint64_t)b);
}

static inline int64_t crux_wrap_shl(int64_t a, unsigned s) { /* s <= 63 */
    return (int64_t)((uint64_t)a << s);
}

static inline crux_i128 crux_wide_add(crux_i128 a, crux_i128 b) {
    return (crux_i128)((crux_u128)a + (crux_u128)b);
}

static inline crux_i128 crux_wide_mul(crux_i128 a, int64_t b) {
    return (crux_i128)((crux_u128)a * (crux_u128)(crux_i128)b);
}

/* floor(a / 2^s) or a * 2^-s; s in [-31, 95]. Right shifts of negative values are arithmetic in gcc and clang. */
static inline crux_i128 crux_wide_floor(crux_i128 a, int s) {
    return s >= 1 ? a >> s : (crux_i128)((crux_u128)a << -s);
}

static inline crux_i128 crux_wide_round(crux_i128 a, int s) {
    return s >= 1 ? crux_wide_add(a, (crux_i128)1 << (s - 1)) >> s : crux_wide_floor(a, s);
}

static inline int64_t crux_saturate(crux_i128 v, int64_t lo, int64_t hi) {
    return v < lo ? lo : v > hi ? hi : (int64_t)v;
}

static inline int64_t crux_clamp(int64_t v, int64_t lo, int64_t hi) {
    return v < lo ? lo : v > hi ? hi : v;
}

/* floor(a / d) for d > 0 */
static inline int64_t crux_floor_div(int64_t a, int64_t d) {
    int64_t q = a / d;
    return a % d < 0 ? q - 1 : q;
}

static inline uint64_t crux_magnitude(int64_t a) {
    return a < 0 ? 0 - (uint64_t)a : (uint64_t)a;
}

#endif
