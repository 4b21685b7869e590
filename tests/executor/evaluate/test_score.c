/* Scores by hand: what can be worked out on paper. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "executor/evaluate/score.h"

static void near(double got, double want) {
    if (!(fabs(got - want) <= 1e-12 * (1 + fabs(want)))) fail_msg("%.17g, want %.17g", got, want);
}

static void a_fair_coin_costs_ln_2(void **state) {
    const double even[] = {7, 7}, four[] = {0, 0, 0, 0};
    (void)state;
    near(crux_score_nll(even, 2, 0), log(2));
    near(crux_score_nll(even, 2, 1), log(2));
    near(crux_score_nll(four, 4, 3), log(4));
    near(crux_score_log_mass(even, 2), 7 + log(2));
}

static void logits_are_logarithms_of_odds(void **state) {
    /* 1 : 2 : 5 */
    const double logits[] = {0, log(2), log(5)};
    (void)state;
    near(crux_score_nll(logits, 3, 0), log(8));
    near(crux_score_nll(logits, 3, 1), log(4));
    near(crux_score_nll(logits, 3, 2), log(8.0 / 5));
}

static void a_constant_more_changes_nothing(void **state) {
    const double a[] = {1, -2, 0.5}, b[] = {1e5 + 1, 1e5 - 2, 1e5 + 0.5};
    (void)state;
    for (uint32_t i = 0; i < 3; i++)
        assert_true(fabs(crux_score_nll(a, 3, i) - crux_score_nll(b, 3, i)) < 1e-9);
    assert_true(crux_score_kl(a, b, 3) < 1e-9);
}

static void huge_logits_do_not_overflow(void **state) {
    const double logits[] = {1e6, 0, -1e6};
    (void)state;
    near(crux_score_nll(logits, 3, 0), 0);
    near(crux_score_nll(logits, 3, 1), 1e6);
    near(crux_score_nll(logits, 3, 2), 2e6);
}

static void divergence_has_a_direction(void **state) {
    const double even[] = {0, 0}, odd[] = {0, log(3)};
    (void)state;
    near(crux_score_kl(even, even, 2), 0);
    near(crux_score_kl(odd, odd, 2), 0);
    /* of (1/2, 1/2) against (1/4, 3/4): 1/2 ln 2 + 1/2 ln 2/3; the other way 1/4 ln 1/2 + 3/4 ln 3/2 */
    near(crux_score_kl(even, odd, 2), 0.5 * log(2) + 0.5 * log(2.0 / 3));
    near(crux_score_kl(odd, even, 2), 0.25 * log(0.5) + 0.75 * log(1.5));
}

static void of_equal_logits_the_first_is_greatest(void **state) {
    const double logits[] = {-1, 3, 3, 2}, falling[] = {0, -1};
    (void)state;
    assert_int_equal(crux_score_argmax(logits, 4), 1);
    assert_int_equal(crux_score_argmax(falling, 2), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fair_coin_costs_ln_2),
        cmocka_unit_test(logits_are_logarithms_of_odds),
        cmocka_unit_test(a_constant_more_changes_nothing),
        cmocka_unit_test(huge_logits_do_not_overflow),
        cmocka_unit_test(divergence_has_a_direction),
        cmocka_unit_test(of_equal_logits_the_first_is_greatest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
