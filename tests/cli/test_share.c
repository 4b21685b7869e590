/* Shares: against numbers worked out by hand. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "cli/share.h"

static void test_shares(void **state) {
    static const struct {
        const char *text;
        uint32_t share;
    } cases[] = {{"0", 0},           {"1", 1000000000},  {"1.000", 1000000000}, {".5", 500000000},
                 {"0.05", 50000000}, {"0.000000001", 1}, {"00.25", 250000000}};
    static const char *const refused[] = {"",     ".",  "1.1",          "2",  "-0.5",  "1e-3",
                                          "0.1x", "5%", "0.0000000001", " 0", "1.2.3", "nan"};
    uint32_t share;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(crux_cli_share_read(&share, cases[i].text));
        assert_int_equal(share, cases[i].share);
    }
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        assert_false(crux_cli_share_read(&share, refused[i]));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_shares)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
