#include "tests/support/random.h"

uint64_t crux_random_next(struct crux_random *random) {
    uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

uint64_t crux_random_below(struct crux_random *random, uint64_t end) {
    return crux_random_next(random) % end;
}

int64_t crux_random_between(struct crux_random *random, int64_t lo, int64_t hi) {
    uint64_t span = (uint64_t)hi - (uint64_t)lo;
    uint64_t step =
        span == UINT64_MAX ? crux_random_next(random) : crux_random_below(random, span + 1);
    return (int64_t)((uint64_t)lo + step);
}

bool crux_random_one_in(struct crux_random *random, unsigned times) {
    return crux_random_below(random, times) == 0;
}

int64_t crux_random_edgy(struct crux_random *random, int64_t lo, int64_t hi) {
    uint64_t v = 0;
    switch (crux_random_below(random, 6)) {
    case 0: return lo;
    case 1: return hi;
    case 2: break;
    case 3: v = UINT64_C(1) << crux_random_below(random, 64); break;
    case 4: v = 0 - (UINT64_C(1) << crux_random_below(random, 64)); break;
    default: return crux_random_between(random, lo, hi);
    }
    v += crux_random_below(random, 3) - 1;
    return (int64_t)v < lo ? lo : (int64_t)v > hi ? hi : (int64_t)v;
}
