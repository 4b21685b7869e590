/* LUT, DIV and SQRT at their edges. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "tests/kernels/ops/big.h"
#include "tests/kernels/ops/values.h"

#define POW2(e) (INT64_C(1) << (e))

static struct crux_op lut_op(struct crux_lut lut, bool difference) {
    struct crux_value table = values_tensor(lut.cells + 1);
    table.kind = CRUX_KIND_MODEL;
    struct crux_args args = CRUX_ARGS(value_operand(), value_operand());
    args.count = difference ? 2 : 1;
    return crux_draft_lut(any_i64(), CRUX_ROW(1), lut, args, table);
}

static void hits_every_edge_of_every_cell(void **state) {
    static const int64_t table[] = {5, -7, 100, 100, INT32_MAX, INT32_MIN};
    (void)state;
    for (unsigned shift = 0; shift <= 31; shift++) {
        struct crux_lut lut = {-3, shift, 5, crux_lut_constant(-1000), crux_lut_constant(1000)};
        struct crux_op op = lut_op(lut, false);
        int64_t cell = POW2(shift);
        struct values values;
        memset(&values, 0, sizeof values);
        memcpy(values.v[1], table, sizeof table);
        for (int64_t i = 0; i < 5; i++) {
            const int64_t offsets[] = {0, 1, cell / 2 - 1, cell / 2, cell / 2 + 1, cell - 1};
            for (size_t j = 0; j < CRUX_ARRAY_LEN(offsets); j++) {
                int64_t f = offsets[j];
                if (f < 0 || f >= cell) continue;
                /* T[i] + rise * f / 2^shift, rounded */
                struct big rise = big_from(table[i + 1] - table[i]), at = big_from(f),
                           base = big_from(table[i]), v;
                rise = big_mul(&rise, &at);
                v = big_round(&rise, shift);
                v = big_add(&v, &base); /* adding an integer before or after rounding is the same */
                values.v[0][0] = lut.x0 + i * cell + f;
                assert_true(values_eval(&op, &values, 0) == big_saturate(&v, INT64_MIN, INT64_MAX));
            }
        }
        values.v[0][0] = lut.x0 - 1;
        assert_int_equal(values_eval(&op, &values, 0), -1000);
        values.v[0][0] = lut.x0 + 5 * cell;
        assert_int_equal(values_eval(&op, &values, 0), 1000);
        values.v[0][0] = INT64_MAX;
        assert_int_equal(values_eval(&op, &values, 0), 1000);
        values.v[0][0] = INT64_MIN;
        assert_int_equal(values_eval(&op, &values, 0), -1000);
    }
}

static void ends_are_scaled_identities(void **state) {
    struct crux_lut lut = {0, 2, 1, crux_lut_line(3, 2), crux_lut_line(-1, 0)};
    struct crux_op op = lut_op(lut, false);
    struct values values;
    (void)state;
    memset(&values, 0, sizeof values);
    static const int64_t left[][2] = {{-1, -1}, {-2, -1}, {-3, -2},
                                      {-4, -3}, {-6, -4}, {-100, -75}};
    for (size_t i = 0; i < CRUX_ARRAY_LEN(left); i++) {
        values.v[0][0] = left[i][0]; /* round(3v / 4), ties up: -1.5 to -1, -4.5 to -4 */
        assert_int_equal(values_eval(&op, &values, 0), left[i][1]);
    }
    values.v[0][0] = 4;
    assert_int_equal(values_eval(&op, &values, 0), -4);
    values.v[0][0] = INT64_MAX;
    assert_true(values_eval(&op, &values, 0) == -INT64_MAX);
    op.right.value = op.left.value = INT64_MIN; /* v * m is 2^126: exact, then saturated */
    assert_true(values_eval(&op, &values, 0) == INT64_MIN);
    values.v[0][0] = INT64_MIN;
    op.left.shift = 62;
    assert_true(values_eval(&op, &values, 0) == INT64_MAX);
}

static void takes_a_difference(void **state) {
    struct crux_lut lut = {INT64_MIN, 0, 1, crux_lut_constant(1), crux_lut_constant(2)};
    struct crux_op op = lut_op(lut, true);
    struct values values;
    (void)state;
    memset(&values, 0, sizeof values);
    values.v[2][0] = 50; /* the table is operand 2 */
    values.v[2][1] = 60;
    values.v[0][0] = INT64_MIN + 5;
    values.v[1][0] = 5;
    assert_int_equal(values_eval(&op, &values, 0), 50);
    values.v[1][0] = 4;
    assert_int_equal(values_eval(&op, &values, 0), 2);
    values.v[1][0] = 6; /* a - b wraps to the greatest value */
    assert_int_equal(values_eval(&op, &values, 0), 2);
    op.x0 = INT64_MAX;
    assert_int_equal(values_eval(&op, &values, 0), 50);
    values.v[1][0] = 5;
    assert_int_equal(values_eval(&op, &values, 0), 1);
}

static void divides_downward(void **state) {
    static const int64_t as[] = {0, 1, -1, 6, 7, -6, -7, INT64_MAX, INT64_MIN, INT64_MIN + 1};
    static const int64_t ds[] = {1, 2, 3, 7, POW2(62), INT64_MAX};
    struct crux_op op = crux_draft_div(any_i64(), CRUX_ROW(1), 0, value_operand(), value_operand());
    (void)state;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(as); i++) {
        assert_int_equal(values_eval3(&op, as[i], 0, 0), 0);
        assert_int_equal(values_eval3(&op, as[i], -1, 0), 0);
        assert_int_equal(values_eval3(&op, as[i], INT64_MIN, 0), 0);
        for (size_t j = 0; j < CRUX_ARRAY_LEN(ds); j++) {
            struct big q = big_from(values_eval3(&op, as[i], ds[j], 0)), one = big_from(1),
                       d = big_from(ds[j]);
            struct big a = big_from(as[i]), low = big_mul(&q, &d), next;
            next = big_add(&q, &one);
            next = big_mul(&next, &d);
            assert_true(big_cmp(&low, &a) <= 0 && big_cmp(&a, &next) < 0);
        }
    }
    op.shift = 20;
    assert_int_equal(values_eval3(&op, -3, 7, 0), -449390); /* floor(-3145728 / 7), -449389.7 */
    op.shift = 62;
    assert_true(values_eval3(&op, -1, 1, 0) == -POW2(62));
    assert_int_equal(values_eval3(&op, 4, 1, 0), 0); /* 2^64 wraps */
}

static void check_root(const struct crux_op *op, uint64_t r) {
    int64_t square = (int64_t)(r * r);
    assert_true(values_eval3(op, square, 0, 0) == (int64_t)r);
    assert_true(values_eval3(op, square + (int64_t)r, 0, 0) == (int64_t)r);
    assert_true(values_eval3(op, square + 2 * (int64_t)r, 0, 0) == (int64_t)r); /* (r+1)^2 - 1 */
    if (r > 0) assert_true(values_eval3(op, square - 1, 0, 0) == (int64_t)r - 1);
}

static void takes_roots(void **state) {
    struct crux_op op = crux_draft_sqrt(any_i64(), CRUX_ROW(1), 0, value_operand());
    (void)state;
    for (uint64_t r = 0; r < 2000; r++) check_root(&op, r);
    for (unsigned e = 10; e <= 31; e++) {
        for (uint64_t d = 0; d < 3; d++) check_root(&op, (UINT64_C(1) << e) + d - 1);
    }
    assert_true(values_eval3(&op, INT64_MAX, 0, 0) == INT64_C(3037000499));
    assert_true(values_eval3(&op, INT64_C(3037000499) * INT64_C(3037000499), 0, 0) ==
                INT64_C(3037000499));
    assert_true(values_eval3(&op, INT64_C(3037000499) * INT64_C(3037000499) - 1, 0, 0) ==
                INT64_C(3037000498));
    assert_int_equal(values_eval3(&op, -1, 0, 0), 0);
    assert_int_equal(values_eval3(&op, INT64_MIN, 0, 0), 0);
    op.shift = 62;
    assert_int_equal(values_eval3(&op, 1, 0, 0), POW2(31));
    assert_int_equal(values_eval3(&op, 0, 0, 0), 0);
    op.shift = 5;
    assert_int_equal(values_eval3(&op, 2, 0, 0), 8);
    assert_int_equal(values_eval3(&op, 3, 0, 0), 9);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hits_every_edge_of_every_cell),
        cmocka_unit_test(ends_are_scaled_identities), cmocka_unit_test(takes_a_difference),
        cmocka_unit_test(divides_downward), cmocka_unit_test(takes_roots)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
