/* CONTRACT, REDUCE and FIND at their edges: padding, no k at all, ties, wrapping. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "tests/kernels/ops/values.h"

enum { N = 6 };

static struct values numbers(const int64_t *a, size_t count) {
    struct values values;
    memset(&values, 0, sizeof values);
    memcpy(values.v[0], a, count * sizeof *a);
    return values;
}

static const struct crux_dim never = {0, -1, 0, 1, N}; /* 0 at every position */

static struct crux_op reduce(unsigned func) {
    struct crux_op op = crux_draft_reduce(any_i64(), CRUX_ROW(1), CRUX_ROW(N), func,
                                          CRUX_ARGS(values_read(N, crux_ix_k(0))));
    op.lo = -1000;
    op.hi = 1000;
    return op;
}

static void reduces(void **state) {
    static const int64_t a[N] = {3, -9, 7, 7, -9, 2};
    struct values values = numbers(a, N);
    static const int64_t expected[] = {
        [CRUX_REDUCE_MAX] = 7,    [CRUX_REDUCE_MIN] = -9, [CRUX_REDUCE_ABSMAX] = 9,
        [CRUX_REDUCE_ARGMAX] = 2, [CRUX_REDUCE_SUM] = 1,
    };
    (void)state;
    for (unsigned func = CRUX_REDUCE_MAX; func <= CRUX_REDUCE_SUM; func++) {
        struct crux_op op = reduce(func);
        assert_int_equal(values_eval(&op, &values, 0), expected[func]);
        op.hi = 1;
        assert_int_equal(values_eval(&op, &values, 0), expected[func] > 1 ? 1 : expected[func]);
    }
}

static void the_lowest_of_equals_wins(void **state) {
    struct values values;
    struct crux_op op =
        crux_draft_reduce(any_i64(), CRUX_ROW(1), CRUX_GRID(2, 3), CRUX_REDUCE_ARGMAX,
                          CRUX_ARGS(CRUX_READ(crux_value_view(values_tensor(6), CRUX_GRID(3, 2)),
                                              crux_ix_k(1), crux_ix_k(0))));
    (void)state;
    /* k runs row-major over [2, 3]; the tensor is read transposed: k number 0..5 is flat 0 2 4 1 3 5 */
    static const unsigned flat_of[] = {0, 2, 4, 1, 3, 5};
    for (unsigned mask = 1; mask < 64; mask++) {
        unsigned first = 0;
        while ((mask >> first & 1) == 0) first++;
        memset(&values, 0, sizeof values);
        for (unsigned k = 0; k < 6; k++)
            values.v[0][flat_of[k]] = (mask >> k & 1) != 0 ? INT64_MIN + 5 : INT64_MIN;
        assert_int_equal(values_eval(&op, &values, 0), first);
    }
}

/* No k at all, none that holds, none that is inside. */
static void nothing_gives_the_identity(void **state) {
    static const int64_t a[N] = {3, 1, 7, 7, 9, 2};
    struct values values = numbers(a, N);
    static const int64_t expected[] = {
        [CRUX_REDUCE_MAX] = -1000, [CRUX_REDUCE_MIN] = 1000, [CRUX_REDUCE_ABSMAX] = 0,
        [CRUX_REDUCE_ARGMAX] = 0,  [CRUX_REDUCE_SUM] = 0,    [CRUX_REDUCE_COUNT] = 0,
    };
    (void)state;
    for (unsigned func = CRUX_REDUCE_MAX; func <= CRUX_REDUCE_COUNT; func++) {
        struct crux_op op = reduce(func), empty, none, outside;
        if (func == CRUX_REDUCE_COUNT) op.nin = 0;
        struct crux_operand zero = crux_operand_imm(crux_ix_c(0)),
                            one = crux_operand_imm(crux_ix_c(1));
        empty = crux_draft_where(op, zero, CRUX_CMP_EQ, zero);
        empty.kdim[0] = never;
        assert_int_equal(values_eval(&empty, &values, 0), expected[func]);
        none = crux_draft_where(op, zero, CRUX_CMP_EQ, one);
        assert_int_equal(values_eval(&none, &values, 0), expected[func]);
        outside = crux_draft_where(op, zero, CRUX_CMP_EQ,
                                   crux_operand_pad(values_read(N, crux_ix_c(-1))));
        assert_int_equal(values_eval(&outside, &values, 0), expected[func]);
    }
}

static void padding_is_not_used(void **state) {
    static const int64_t a[N] = {-3, -1, -7, -7, -9, -2};
    struct values values = numbers(a, N);
    struct crux_op op = reduce(CRUX_REDUCE_MAX);
    (void)state;
    op.kdim[0].e = 20;
    op.in[0].index[0].coef[CRUX_VAR_ONE] = -5;
    assert_int_equal(values_eval(&op, &values, 0), 0); /* not marked pad: outside is 0 */
    op.in[0].flags = CRUX_FLAG_PAD;
    assert_int_equal(values_eval(&op, &values, 0), -1);
    op.func = CRUX_REDUCE_ARGMAX;
    assert_int_equal(values_eval(&op, &values, 0),
                     6); /* k numbers count from the first k, used or not */
    op.func = CRUX_REDUCE_COUNT;
    op.nin = 0;
    op = crux_draft_where(
        op, crux_operand_pad(values_read(N, crux_ix_add(crux_ix_k(0), crux_ix_c(-5)))), CRUX_CMP_LT,
        crux_operand_imm(crux_ix_c(-2)));
    assert_int_equal(values_eval(&op, &values, 0), 4);
}

static void absmax_of_the_least_value(void **state) {
    static const int64_t a[N] = {INT64_MIN, INT64_MAX, 0, 0, 0, 0};
    struct values values = numbers(a, N);
    struct crux_op op = reduce(CRUX_REDUCE_ABSMAX);
    (void)state;
    op.lo = INT64_MIN;
    op.hi = INT64_MAX;
    assert_true(values_eval(&op, &values, 0) == INT64_MAX); /* 2^63, saturated */
    values.v[0][0] = INT64_MIN + 2;
    values.v[0][1] = 5;
    assert_true(values_eval(&op, &values, 0) == INT64_MAX - 1);
}

static void sums_wrap(void **state) {
    static const int64_t a[N] = {INT64_MAX, 1, 0, 0, 0, 5};
    struct values values = numbers(a, N);
    struct crux_op op = reduce(CRUX_REDUCE_SUM);
    (void)state;
    op.lo = INT64_MIN;
    op.hi = INT64_MAX;
    assert_true(values_eval(&op, &values, 0) == INT64_MIN + 5);
}

static void contracts(void **state) {
    static const int64_t a[N] = {3, -9, 7, 7, -9, 2};
    struct values values = numbers(a, N);
    struct crux_operand x = values_read(N, crux_ix_k(0)),
                        y = values_read(N, crux_ix_sub(crux_ix_k(0), crux_ix_o(0)));
    struct crux_op op =
        crux_draft_contract(any_i64(), CRUX_ROW(N), CRUX_ROW(N), CRUX_ARGS(x, crux_operand_pad(y)));
    (void)state;
    memcpy(values.v[1], a, sizeof a);
    for (int shift = 0; shift < N; shift++) { /* an autocorrelation, zero outside */
        int64_t sum = 0;
        for (int k = shift; k < N; k++) sum += a[k] * a[k - shift];
        assert_int_equal(values_eval(&op, &values, (uint64_t)shift), sum);
    }
    op.kdim[0] = never;
    assert_int_equal(values_eval(&op, &values, 0), 0);
    op = crux_draft_contract(
        any_i64(), CRUX_ROW(N), (struct crux_shape){.ndim = 0},
        CRUX_ARGS(values_read(N, crux_ix_o(0)), crux_operand_imm(crux_ix_c(-10))));
    assert_int_equal(values_eval(&op, &values, 1), 90);
    op = crux_draft_contract(any_i64(), CRUX_ROW(1), (struct crux_shape){.ndim = 0},
                             CRUX_ARGS(value_operand(), value_operand()));
    assert_true(values_eval3(&op, INT64_C(1) << 32, INT64_C(1) << 31, 0) == INT64_MIN); /* wraps */
}

static void check_find(const struct values *values, bool pad, int64_t r, int64_t k,
                       int64_t remainder) {
    struct crux_operand w = values_read(N, crux_ix_add(crux_ix_k(0), crux_ix_c(pad ? -2 : 0)));
    struct values with_r = *values;
    struct crux_op op = crux_draft_find(any_i64(), CRUX_GRID(1, 2), CRUX_ROW(pad ? N + 5 : N),
                                        pad ? crux_operand_pad(w) : w, value_operand());
    with_r.v[1][0] = r;
    assert_int_equal(values_eval(&op, &with_r, 0), k);
    assert_int_equal(values_eval(&op, &with_r, 1), remainder);
}

static void finds(void **state) {
    static const int64_t w[N] = {0, 4, 0, 0, 6, 1};
    struct values values = numbers(w, N);
    (void)state;
    check_find(&values, false, -1, 0, -1); /* 0 exceeds -1 at once */
    check_find(&values, false, 0, 1, 0);
    check_find(&values, false, 3, 1, 3);
    check_find(&values, false, 4, 4, 0); /* not exceeded by 4 itself */
    check_find(&values, false, 9, 4, 5);
    check_find(&values, false, 10, 5, 0);
    check_find(&values, false, 11, 5, 1); /* none: the last k */
    check_find(&values, false, INT64_MAX, 5, INT64_MAX - 10);
    check_find(&values, true, 3, 3, 3); /* two k outside before the first, three after the last */
    check_find(&values, true, 11, 7, 1);
    struct crux_op op =
        crux_draft_find(any_i64(), CRUX_GRID(1, 2), CRUX_ROW(3),
                        crux_operand_pad(values_read(N, crux_ix_c(N))), value_operand());
    assert_int_equal(values_eval(&op, &values, 0), 0); /* all outside */
    assert_int_equal(values_eval(&op, &values, 1), 0);
    op.kdim[0] = never;
    assert_int_equal(values_eval(&op, &values, 1), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(reduces),
                                       cmocka_unit_test(the_lowest_of_equals_wins),
                                       cmocka_unit_test(nothing_gives_the_identity),
                                       cmocka_unit_test(padding_is_not_used),
                                       cmocka_unit_test(absmax_of_the_least_value),
                                       cmocka_unit_test(sums_wrap),
                                       cmocka_unit_test(contracts),
                                       cmocka_unit_test(finds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
