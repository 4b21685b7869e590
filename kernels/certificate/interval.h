/* Closed intervals over the integers, wide enough for every intermediate of an op. Results are exact up to
 * 2^124 in magnitude and stop at +-2^125 beyond, which no limit of a certificate reaches. */
#ifndef CRUX_KERNELS_CERTIFICATE_INTERVAL_H
#define CRUX_KERNELS_CERTIFICATE_INTERVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/ops/arith.h"

enum { CRUX_INTERVAL_CAP_BITS = 125 };

struct crux_interval {
    crux_i128 lo, hi; /* lo <= hi */
};

struct crux_interval crux_interval_of(int64_t lo, int64_t hi);
struct crux_interval crux_interval_add(struct crux_interval a, struct crux_interval b);
struct crux_interval crux_interval_sub(struct crux_interval a, struct crux_interval b);
struct crux_interval crux_interval_mul(struct crux_interval a, struct crux_interval b);
/* a * 2^s */
struct crux_interval crux_interval_shl(struct crux_interval a, unsigned s);
/* The sums of any 0 to `count` values of a, in any order: every partial sum is one of them. */
struct crux_interval crux_interval_sums(struct crux_interval a, uint32_t count);
/* The least interval that holds a and 0. */
struct crux_interval crux_interval_with_zero(struct crux_interval a);

/* Returns: the greatest s for which a * 2^s is within [-2^bits, 2^bits - 1]; negative if a itself is not. */
int crux_interval_spare(struct crux_interval a, unsigned bits);

enum { CRUX_I128_TEXT = 48 };
/* Out: text, v in decimal, zero-terminated.  Returns: text. */
char *crux_i128_text(char text[CRUX_I128_TEXT], crux_i128 v);

#endif
