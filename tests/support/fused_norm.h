/* Random norm configurations: fraction bits, eps and weights as models have them, and further out. */
#ifndef CRUX_TESTS_SUPPORT_FUSED_NORM_H
#define CRUX_TESTS_SUPPORT_FUSED_NORM_H

#include "kernels/fused/norm/norm.h"
#include "tests/support/fused_harness.h"

static inline struct crux_fused_norm fused_norm_config(struct harness *h, uint32_t width) {
    struct crux_random *random = &h->random;
    struct crux_fused_norm config = {.width = width, .weight_most = 32767};
    config.in_bits = (int32_t)crux_random_between(random, 8, 20);
    config.weight_bits = (int32_t)crux_random_between(random, 6, 15);
    config.out_bits = (int32_t)crux_random_between(random, 6, 20);
    /* 0, or from 2^-40 to 1/16 */
    config.eps_m =
        crux_random_one_in(random, 5) ? 0 : crux_random_between(random, 1 << 23, 1 << 24);
    config.eps_shift = (int32_t)crux_random_between(random, 28, 63);
    return config;
}

#endif
