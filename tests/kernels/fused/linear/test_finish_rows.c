/* finish, on every output of a batch, by every instruction set, against the wide arithmetic of the law. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "kernels/fused/exact.h"
#include "kernels/fused/kernels.h"
#include "tests/support/random.h"

enum { ROWS = 3, OUTPUTS = 29, O0 = 5, O1 = 23, WIDTH = O1 - O0 + 2, Y = OUTPUTS + 1 };

/* The law's two requantisations, in 128 bits throughout. */
static int32_t by_law(const struct crux_fused_linear *config, int64_t acc, int32_t rowmul, int s,
                      const int32_t *bias, const int32_t *residual) {
    int64_t add = bias != NULL ? *bias : residual != NULL ? *residual : 0;
    int64_t y = crux_exact_requant((crux_i128)acc * rowmul, s, add, config->y.lo, config->y.hi);
    if (bias != NULL && residual != NULL)
        y = crux_exact_requant(y, 0, *residual, config->y.lo, config->y.hi);
    return (int32_t)y;
}

static void one_case(struct crux_random *random, const struct crux_fused_kernels *fused) {
    int64_t acc[ROWS * WIDTH];
    int32_t rowmul[OUTPUTS], bias[OUTPUTS], residual[ROWS * OUTPUTS], y[ROWS * Y];
    int8_t e[ROWS];
    struct crux_fused_linear config = {.s0 = (int32_t)crux_random_edgy(random, -40, 127),
                                       .y = crux_type_full(CRUX_I32)};
    bool has_bias = crux_random_one_in(random, 2), has_residual = crux_random_one_in(random, 2);
    if (crux_random_one_in(random, 2))
        config.y = crux_type_symmetric(crux_random_between(random, 1, INT32_MAX));
    for (size_t i = 0; i < ROWS * WIDTH; i++)
        acc[i] = crux_random_one_in(random, 2)
                     ? crux_random_edgy(random, -(INT64_C(1) << 62), INT64_C(1) << 62)
                     : crux_random_edgy(random, -(INT64_C(1) << 40), INT64_C(1) << 40);
    for (size_t i = 0; i < OUTPUTS; i++) {
        rowmul[i] = (int32_t)crux_random_edgy(random, INT32_MIN, INT32_MAX);
        bias[i] = (int32_t)crux_random_edgy(random, INT32_MIN, INT32_MAX);
    }
    for (size_t i = 0; i < ROWS * OUTPUTS; i++)
        residual[i] = (int32_t)crux_random_edgy(random, INT32_MIN, INT32_MAX);
    for (size_t r = 0; r < ROWS; r++) e[r] = (int8_t)crux_random_edgy(random, 0, 63);
    struct crux_fused_finish finish = {
        &config, rowmul, has_bias ? bias : NULL, has_residual ? residual : NULL, OUTPUTS, e, 1};
    memset(y, 0x11, sizeof y);
    fused->finish(y, Y, &finish, acc, WIDTH, ROWS, O0, O1);
    for (size_t r = 0; r < ROWS; r++) {
        for (size_t o = 0; o < Y; o++) {
            int32_t expected = 0x11111111;
            if (o >= O0 && o < O1)
                expected = by_law(&config, acc[r * WIDTH + o - O0], rowmul[o], config.s0 - e[r],
                                  has_bias ? &bias[o] : NULL,
                                  has_residual ? &residual[r * OUTPUTS + o] : NULL);
            assert_int_equal(y[r * Y + o], expected);
        }
    }
}

static void finish_is_the_law(void **state CRUX_UNUSED) {
    for (unsigned isa = 0; isa < CRUX_ISAS; isa++) {
        struct crux_random random = {23};
        const struct crux_fused_kernels *fused = crux_fused_kernels((enum crux_isa)isa);
        if (fused == NULL) print_message("skipped: this processor lacks set %u\n", isa);
        for (int i = 0; i < 20000 && fused != NULL; i++) one_case(&random, fused);
    }
}

/* The residual stream is added to in place. */
static void y_may_be_the_residual(void **state CRUX_UNUSED) {
    struct crux_fused_linear config = {.s0 = 1, .y = crux_type_full(CRUX_I32)};
    const int64_t acc[4] = {10, -11, 1, INT64_C(1) << 40};
    const int32_t rowmul[4] = {1, 1, 1, 1};
    const int8_t e = 0;
    for (unsigned isa = 0; isa < CRUX_ISAS; isa++) {
        const struct crux_fused_kernels *fused = crux_fused_kernels((enum crux_isa)isa);
        int32_t y[4] = {100, 200, -300, 400};
        struct crux_fused_finish finish = {&config, rowmul, NULL, y, 4, &e, 1};
        if (fused == NULL) continue;
        fused->finish(y, 4, &finish, acc, 4, 1, 0, 4);
        assert_int_equal(y[0], 105);
        assert_int_equal(y[1], 195); /* -5.5 rounds up to -5 */
        assert_int_equal(y[2], -299);
        assert_int_equal(y[3], INT32_MAX);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finish_is_the_law),
        cmocka_unit_test(y_may_be_the_residual),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
