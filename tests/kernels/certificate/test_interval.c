/* Intervals against every pair of small numbers, and at the ends of what they hold. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "kernels/certificate/interval.h"

enum { LO = -4, HI = 4 };

/* The least interval of op(a, b) over all a and b, by trying them. */
static struct crux_interval hull(struct crux_interval a, struct crux_interval b, int op) {
    struct crux_interval r = {INT64_MAX, INT64_MIN};
    for (crux_i128 x = a.lo; x <= a.hi; x++) {
        for (crux_i128 y = b.lo; y <= b.hi; y++) {
            crux_i128 v = op == 0 ? x + y : op == 1 ? x - y : x * y;
            if (v < r.lo) r.lo = v;
            if (v > r.hi) r.hi = v;
        }
    }
    return r;
}

static void assert_same(struct crux_interval a, struct crux_interval b) {
    assert_true(a.lo == b.lo && a.hi == b.hi);
}

static void test_small(void **state) {
    (void)state;
    for (int64_t a = LO; a <= HI; a++) {
        for (int64_t b = a; b <= HI; b++) {
            struct crux_interval left = crux_interval_of(a, b);
            for (int64_t c = LO; c <= HI; c++) {
                for (int64_t d = c; d <= HI; d++) {
                    struct crux_interval right = crux_interval_of(c, d);
                    assert_same(crux_interval_add(left, right), hull(left, right, 0));
                    assert_same(crux_interval_sub(left, right), hull(left, right, 1));
                    assert_same(crux_interval_mul(left, right), hull(left, right, 2));
                }
            }
            struct crux_interval sums = crux_interval_of(0, 0);
            for (unsigned count = 1; count <= 3; count++) {
                sums = hull(sums, crux_interval_with_zero(left), 0);
                assert_same(crux_interval_sums(left, count), sums);
            }
            assert_same(crux_interval_shl(left, 5), crux_interval_of(a * 32, b * 32));
            assert_true(crux_interval_with_zero(left).lo <= 0 &&
                        crux_interval_with_zero(left).hi >= 0);
        }
    }
}

static void test_spare(void **state) {
    (void)state;
    for (int64_t a = -70; a <= 70; a++) {
        for (int64_t b = a; b <= 70; b++) {
            int spare = crux_interval_spare(crux_interval_of(a, b), 10);
            int64_t lo = a * (INT64_C(1) << spare), hi = b * (INT64_C(1) << spare);
            assert_in_range(spare, 3, 10);
            assert_true(lo >= -1024 && hi <= 1023);
            assert_true(spare == 10 || 2 * lo < -1024 || 2 * hi > 1023);
        }
    }
    assert_int_equal(crux_interval_spare(crux_interval_of(INT64_MIN, INT64_MAX), 63), 0);
    assert_int_equal(crux_interval_spare((struct crux_interval){0, (crux_i128)1 << 63}, 63), -1);
    assert_int_equal(crux_interval_spare((struct crux_interval){-((crux_i128)1 << 63) - 1, 0}, 63),
                     -1);
}

/* Beyond 2^125 a result stops there: always too large for every limit, never wrapped. */
static void test_cap(void **state) {
    struct crux_interval all = crux_interval_of(INT64_MIN, INT64_MAX), power = all;
    const crux_i128 cap = (crux_i128)1 << CRUX_INTERVAL_CAP_BITS;
    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        power = crux_interval_mul(power, all);
        assert_true(crux_interval_spare(power, 95) < 0);
        assert_true(power.lo >= -cap && power.hi <= cap);
    }
    assert_same(power, (struct crux_interval){-cap, cap});
    assert_same(crux_interval_add(power, power), (struct crux_interval){-cap, cap});
    assert_same(crux_interval_sub(power, power), (struct crux_interval){-cap, cap});
    assert_same(crux_interval_shl(power, 62), (struct crux_interval){-cap, cap});
    assert_same(crux_interval_sums(power, 4096), (struct crux_interval){-cap, cap});
    assert_same(crux_interval_mul(power, crux_interval_of(0, 0)), crux_interval_of(0, 0));
}

static void test_text(void **state) {
    char text[CRUX_I128_TEXT];
    (void)state;
    assert_string_equal(crux_i128_text(text, 0), "0");
    assert_string_equal(crux_i128_text(text, -105), "-105");
    assert_string_equal(crux_i128_text(text, INT64_MIN), "-9223372036854775808");
    assert_string_equal(crux_i128_text(text, (crux_i128)1 << 125),
                        "42535295865117307932921825928971026432");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_small), cmocka_unit_test(test_spare),
                                       cmocka_unit_test(test_cap), cmocka_unit_test(test_text)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
