/* Seeded numbers for tests (splitmix64): the same on every machine. */
#ifndef CRUX_TESTS_SUPPORT_RANDOM_H
#define CRUX_TESTS_SUPPORT_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct crux_random {
    uint64_t state; /* the seed; any value */
};

uint64_t crux_random_next(struct crux_random *random);
/* Returns: 0 .. end-1.  In: end >= 1. */
uint64_t crux_random_below(struct crux_random *random, uint64_t end);
/* Returns: lo .. hi.  In: lo <= hi. */
int64_t crux_random_between(struct crux_random *random, int64_t lo, int64_t hi);
/* Returns: true one time in `times`. */
bool crux_random_one_in(struct crux_random *random, unsigned times);
/* Returns: a value within [lo, hi] that is often an end, zero, a power of two, or next to one. */
int64_t crux_random_edgy(struct crux_random *random, int64_t lo, int64_t hi);

#endif
