/* Decimals to Q16: against numbers worked out by hand, and every value back from its exact decimal form. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>

#include "executor/engine/sampling.h"

static void test_values(void **state) {
    static const struct {
        const char *text;
        int32_t value;
    } cases[] = {{"0", 0},
                 {"1", 65536},
                 {"1.", 65536},
                 {".5", 32768},
                 {"0.7", 45875},  /* 45875.2 */
                 {"0.95", 62259}, /* 62259.2 */
                 {"0.00000762939453124", 0},
                 {"0.00000762939453125", 0}, /* half of 2^-16, cut to 12 digits: below half */
                 {"0.000007629395", 1},
                 {"0.999999999999", 65536},
                 {"32767", 32767 * 65536},
                 {"16.0000000000000000000000000", 16 * 65536}};
    static const char *const refused[] = {"",   ".",     "-1",    "1e3", "0x10", " 1",
                                          "1 ", "1.2.3", "32768", "nan", "1,5",  "99999999999999"};
    int32_t value;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(crux_sampling_q16(&value, cases[i].text));
        assert_int_equal(value, cases[i].value);
    }
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        assert_false(crux_sampling_q16(&value, refused[i]));
}

static void test_all_below_four(void **state) {
    (void)state;
    for (int32_t want = 0; want < 4 * 65536; want++) {
        char text[32];
        int32_t value;
        (void)snprintf(text, sizeof text, "%d.%010lld", want / 65536,
                       (long long)(want % 65536) * 10000000000LL / 65536);
        assert_true(crux_sampling_q16(&value, text));
        assert_int_equal(value, want);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_values),
                                       cmocka_unit_test(test_all_below_four)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
