/* The norms against their real-valued formulas in double: the constants put the point where it belongs. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "kernels/fused/layernorm/layernorm.h"
#include "kernels/fused/rmsnorm/rmsnorm.h"
#include "tests/support/random.h"

enum { WIDTH_MAX = 4096, CASES = 400, E_MAX = 63 };

static int32_t r[WIDTH_MAX], n[WIDTH_MAX], bias[WIDTH_MAX];
static int16_t w[WIDTH_MAX], z[WIDTH_MAX];
static int64_t c[WIDTH_MAX];

/* Rows whose size is far from eps, near it, and far below it. */
static struct crux_fused_norm random_case(struct crux_random *random) {
    struct crux_fused_norm config = {.width = (uint32_t)crux_random_between(random, 1, WIDTH_MAX),
                                     .eps_m = 10995116, /* 1e-5 */
                                     .eps_shift = 40,
                                     .in_bits = (int32_t)crux_random_between(random, 12, 16),
                                     .weight_bits = 11,
                                     .out_bits = 14,
                                     .weight_most = INT16_MAX};
    int64_t size = INT64_C(1) << crux_random_between(random, 3, 27);
    for (uint32_t i = 0; i < config.width; i++) {
        r[i] = (int32_t)crux_random_between(random, -size, 2 * size);
        w[i] = (int16_t)crux_random_between(random, -6000, 6000);
        bias[i] = (int32_t)crux_random_between(random, -(1 << 16), 1 << 16);
    }
    return config;
}

/* Compares n with (r - mean) / sqrt(variance + eps) * w + bias in units of 2^-out_bits. */
static void compare(const struct crux_fused_norm *config, bool centred) {
    double mean = 0, variance = 0, most = 0, unit = ldexp(1, -config->in_bits);
    for (uint32_t i = 0; i < config->width && centred; i++) mean += r[i] * unit / config->width;
    for (uint32_t i = 0; i < config->width; i++) {
        double v = r[i] * unit - mean;
        variance += v * v / config->width;
        if (fabs(r[i] * unit) > most) most = fabs(r[i] * unit);
    }
    double root = sqrt(variance + ldexp((double)config->eps_m, -config->eps_shift));
    /* half a step of 2^-14 of the greatest value, through the greatest weight; a step of the result */
    double allowed = most * ldexp(1, -14) / root * 3 * ldexp(1, config->out_bits) + 2;
    if (centred) allowed *= 2;
    for (uint32_t i = 0; i < config->width; i++) {
        double want = (r[i] * unit - mean) / root * ldexp(w[i], -config->weight_bits);
        want = ldexp(want, config->out_bits) + (centred ? bias[i] : 0);
        if (fabs(want - n[i]) > allowed) {
            fail_msg("width %u, element %u: %d, should be %f within %f", (unsigned)config->width,
                     (unsigned)i, (int)n[i], want, allowed);
        }
    }
}

static void test_rmsnorm(void **state) {
    struct crux_random random = {1};
    (void)state;
    for (unsigned i = 0; i < CASES; i++) {
        struct crux_fused_norm config = random_case(&random);
        struct crux_norm_constants constants;
        assert_int_equal(crux_fused_rmsnorm_constants(&constants, &config), CRUX_OK);
        crux_fused_rmsnorm_reference(n, z, &constants, r, 1, config.width, E_MAX, w);
        compare(&config, false);
    }
}

static void test_layernorm(void **state) {
    struct crux_random random = {2};
    (void)state;
    for (unsigned i = 0; i < CASES; i++) {
        struct crux_fused_norm config = random_case(&random);
        struct crux_norm_constants constants;
        assert_int_equal(crux_fused_layernorm_constants(&constants, &config), CRUX_OK);
        crux_fused_layernorm_reference(n, z, c, &constants,
                                       crux_fused_layernorm_out(&constants, 1 << 16), r, 1,
                                       config.width, E_MAX, w, bias);
        compare(&config, true);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rmsnorm),
                                       cmocka_unit_test(test_layernorm)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
