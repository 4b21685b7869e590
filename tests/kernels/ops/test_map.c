/* MAP at its edges. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/kernels/ops/big.h"
#include "tests/kernels/ops/values.h"

#define POW2(e) (INT64_C(1) << (e))

static struct crux_op requant(struct crux_scale scale, struct crux_args args) {
    return crux_draft_requant(any_i64(), CRUX_ROW(1), scale, args);
}

static void rounds_ties_up(void **state) {
    static const struct {
        int64_t a;
        int32_t s;
        int64_t rounded, floored;
    } cases[] = {{-5, 1, -2, -3},    {-4, 1, -2, -2}, {-3, 1, -1, -2},  {-2, 1, -1, -1},
                 {-1, 1, 0, -1},     {0, 1, 0, 0},    {1, 1, 1, 0},     {2, 1, 1, 1},
                 {3, 1, 2, 1},       {5, 1, 3, 2},    {-6, 2, -1, -2},  {-7, 2, -2, -2},
                 {6, 2, 2, 1},       {5, 2, 1, 1},    {7, 0, 7, 7},     {-7, 0, -7, -7},
                 {-7, -3, -56, -56}, {7, -3, 56, 56}, {-128, 8, 0, -1}, {-129, 8, -1, -1},
                 {127, 8, 0, 0},     {128, 8, 1, 0}};
    (void)state;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(cases); i++) {
        struct crux_op op = requant(crux_scale_round(1, cases[i].s), CRUX_ARGS(value_operand()));
        assert_int_equal(values_eval3(&op, cases[i].a, 0, 0), cases[i].rounded);
        op = requant(crux_scale_floor(1, cases[i].s), CRUX_ARGS(value_operand()));
        assert_int_equal(values_eval3(&op, cases[i].a, 0, 0), cases[i].floored);
    }
}

/* Every shift, and those beyond the ends of [-31, 95]; products up to 2^95. */
static void shifts_are_clamped(void **state) {
    static const int64_t as[] = {0,         1,        -1,        3,         -3,           INT32_MAX,
                                 INT32_MIN, POW2(62), INT64_MAX, INT64_MIN, -POW2(62) - 1};
    static const int64_t ms[] = {1, -1, POW2(31), -POW2(31), POW2(32) - 1};
    (void)state;
    for (int32_t s0 = -256; s0 <= 256; s0 += s0 > -40 && s0 < 100 ? 1 : 27) {
        for (size_t i = 0; i < CRUX_ARRAY_LEN(as) * CRUX_ARRAY_LEN(ms); i++) {
            int64_t a = as[i % CRUX_ARRAY_LEN(as)], m = ms[i / CRUX_ARRAY_LEN(as)];
            int64_t s = s0 < -31 ? -31 : s0 > 95 ? 95 : s0;
            struct big x = big_from(a), y = big_from(m), product = big_mul(&x, &y), v;
            struct crux_op op = requant(crux_scale_round(m, s0), CRUX_ARGS(value_operand()));
            v = big_round(&product, s);
            assert_true(values_eval3(&op, a, 0, 0) == big_saturate(&v, INT64_MIN, INT64_MAX));
            op = requant(crux_scale_floor(m, s0), CRUX_ARGS(value_operand()));
            v = big_floor(&product, s);
            assert_true(values_eval3(&op, a, 0, 0) == big_saturate(&v, INT64_MIN, INT64_MAX));
        }
    }
}

static void exponents_add_up(void **state) {
    struct crux_op op =
        requant(crux_scale_round(1, 5),
                CRUX_ARGS(value_operand(), crux_operand_exponent(value_operand(), 4),
                          crux_operand_exponent(value_operand(), -3)));
    (void)state;
    assert_int_equal(values_eval3(&op, 1000, 1, 2), 125);     /* s = 5 + 4 - 6 = 3 */
    assert_int_equal(values_eval3(&op, 1000, -1, 1), 4000);   /* s = -2 */
    assert_int_equal(values_eval3(&op, 1000, 100, 0), 0);     /* s = 95 */
    assert_int_equal(values_eval3(&op, 1, 0, 100), POW2(31)); /* s = -31 */
    /* an exponent beyond 32 bits counts as the nearest one within */
    assert_int_equal(values_eval3(&op, 1, INT64_MAX, 0), 0);
    assert_int_equal(values_eval3(&op, 1, INT64_MIN, 0), POW2(31));
    op.in[1].coef = 1;
    op.in[2].coef = -1;
    assert_int_equal(values_eval3(&op, 64, INT64_MAX, INT32_MAX), 2); /* s = 5 + 0 */
}

static void adds_and_saturates(void **state) {
    struct crux_scale scale = {100, 3, 1, CRUX_ROUND};
    struct crux_op op = requant(
        scale, CRUX_ARGS(value_operand(), value_operand(), crux_operand_add(value_operand())));
    (void)state;
    assert_int_equal(values_eval3(&op, 5, 7, -1000), 100 - 1000 + 53); /* 3 * 35 / 2 = 52.5 */
    op.c0 = INT64_MAX;
    assert_true(values_eval3(&op, 0, 0, INT64_MAX) == INT64_MAX);
    assert_true(values_eval3(&op, 0, 0, INT64_MIN) == -1);
    op.c0 = INT64_MIN;
    assert_true(values_eval3(&op, 0, 0, INT64_MIN) == INT64_MIN);
    op.lo = -7;
    op.hi = 9;
    assert_int_equal(values_eval3(&op, 0, 0, INT64_MIN), -7);
    op.c0 = 0;
    assert_int_equal(values_eval3(&op, 0, 0, 10), 9);
    assert_int_equal(values_eval3(&op, 0, 0, 9), 9);
    assert_int_equal(values_eval3(&op, 0, 0, -8), -7);
    /* without a factor the product is m0 */
    struct crux_op constant = requant((struct crux_scale){5, 6, -1, CRUX_FLOOR}, crux_args_none());
    assert_int_equal(values_eval3(&constant, 1, 1, 1), 17);
}

static void finds_the_least_exponent(void **state) {
    static const int64_t limits[] = {1, 2, 3, 127, 4095, 32639, INT64_MAX};
    (void)state;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(limits); i++) {
        struct crux_op op = crux_draft_dynexp(-31, 95, CRUX_ROW(1), limits[i], value_operand());
        for (int64_t a = 1; a > 0 && a < POW2(61); a = a < 3000 ? a + 1 : a + a / 7 + 1) {
            struct big value = big_from(a), limit = big_from(limits[i]), v;
            int64_t e = values_eval3(&op, a, 0, 0);
            v = big_round(&value, e);
            assert_true(big_cmp(&v, &limit) <= 0);
            v = big_round(&value, e - 1);
            if (e > -31) assert_true(big_cmp(&v, &limit) > 0);
        }
        assert_int_equal(values_eval3(&op, 0, 0, 0), -31);
        assert_int_equal(values_eval3(&op, -5, 0, 0), -31);
        assert_int_equal(values_eval3(&op, INT64_MIN, 0, 0), -31);
    }
    struct crux_op op = crux_draft_dynexp(3, 8, CRUX_ROW(1), 127, value_operand());
    assert_int_equal(values_eval3(&op, 1, 0, 0), 3);
    assert_int_equal(values_eval3(&op, 127 << 3, 0, 0), 3);
    assert_int_equal(values_eval3(&op, (127 << 3) + 3, 0, 0), 3);
    assert_int_equal(values_eval3(&op, (127 << 3) + 4, 0, 0), 4); /* rounds to 128 at 3 */
    assert_int_equal(values_eval3(&op, 127 << 8, 0, 0), 8);
    assert_int_equal(values_eval3(&op, POW2(40), 0, 0), 8); /* none fits */
}

static void selects_and_compares(void **state) {
    static const int64_t v[] = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, INT64_MAX};
    struct crux_op select = crux_draft_select(any_i64(), CRUX_ROW(1), value_operand(),
                                              value_operand(), value_operand());
    struct crux_op min =
        crux_draft_pick(any_i64(), CRUX_ROW(1), CRUX_MAP_MIN, value_operand(), value_operand());
    struct crux_op max =
        crux_draft_pick(any_i64(), CRUX_ROW(1), CRUX_MAP_MAX, value_operand(), value_operand());
    (void)state;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(v); i++) {
        assert_int_equal(values_eval3(&select, v[i], 10, 20), v[i] != 0 ? 10 : 20);
        for (size_t j = 0; j < CRUX_ARRAY_LEN(v);
             j++) { /* v ascends, so that i and j are in the order of the values */
            const bool expected[] = {[CRUX_CMP_EQ] = i == j,
                                     [CRUX_CMP_NE] = i != j,
                                     [CRUX_CMP_LT] =
                                         i<j, [CRUX_CMP_LE] = i <= j, [CRUX_CMP_GT] = i> j,
                                     [CRUX_CMP_GE] = i >= j};
            for (unsigned cmp = CRUX_CMP_EQ; cmp <= CRUX_CMP_GE; cmp++) {
                struct crux_op op = crux_draft_compare(CRUX_ROW(1), value_operand(),
                                                       (enum crux_cmp)cmp, value_operand());
                assert_int_equal(values_eval3(&op, v[i], v[j], 0), expected[cmp]);
            }
            assert_true(values_eval3(&min, v[i], v[j], 0) == v[i < j ? i : j]);
            assert_true(values_eval3(&max, v[i], v[j], 0) == v[i > j ? i : j]);
        }
    }
}

static void counts_bits(void **state) {
    struct crux_op op = crux_draft_bitlen(CRUX_ROW(1), value_operand());
    (void)state;
    assert_int_equal(values_eval3(&op, 0, 0, 0), 0);
    assert_int_equal(values_eval3(&op, INT64_MIN, 0, 0), 64);
    for (int e = 0; e < 63; e++) {
        assert_int_equal(values_eval3(&op, POW2(e), 0, 0), e + 1);
        assert_int_equal(values_eval3(&op, -POW2(e), 0, 0), e + 1);
        assert_int_equal(values_eval3(&op, POW2(e) - 1, 0, 0), e);
        assert_int_equal(values_eval3(&op, 1 - POW2(e), 0, 0), e);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(rounds_ties_up),
                                       cmocka_unit_test(shifts_are_clamped),
                                       cmocka_unit_test(exponents_add_up),
                                       cmocka_unit_test(adds_and_saturates),
                                       cmocka_unit_test(finds_the_least_exponent),
                                       cmocka_unit_test(selects_and_compares),
                                       cmocka_unit_test(counts_bits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
