/* A seeded sequence for demos: the same on every machine. Not for secrets. */
#ifndef CRUX_CLI_RANDOM_H
#define CRUX_CLI_RANDOM_H

#include <stdint.h>

struct crux_cli_random {
    uint64_t state;
};

static inline uint64_t crux_cli_random_next(struct crux_cli_random *random) {
    /* splitmix64 (Steele, Lea, Flood 2014) */
    uint64_t z = (random->state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Returns: a number below `bound` > 0. Slightly uneven for large bounds, which nothing here minds. */
static inline uint64_t crux_cli_random_below(struct crux_cli_random *random, uint64_t bound) {
    return crux_cli_random_next(random) % bound;
}

#endif
