/* Programs that are refused, each with its own error and its own words. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <string.h>

#include "tests/kernels/certificate/small_program.h"

static const struct crux_type i32 = {CRUX_I32, INT32_MIN, INT32_MAX};
static const struct crux_type i64 = {CRUX_I64, INT64_MIN, INT64_MAX};

#define O0 crux_ix_o(0)
#define K0 crux_ix_k(0)

static void refuse(uint32_t context, struct crux_type type, struct crux_shape shape,
                   small_program_draft *make, enum crux_status status, const char *what) {
    struct crux_certificate certificate = {.ops = NULL};
    struct crux_program program;
    struct crux_refusal refusal = {0};
    small_program_build(&program, context, type, shape, make);
    enum crux_status found = crux_certify(&program, NULL, &certificate, &refusal);
    if (found != status || strcmp(refusal.what, what) != 0) {
        fail_msg("%s: %s", crux_status_name(found), refusal.what);
    }
    assert_int_equal(refusal.status, status);
    assert_int_equal(refusal.layer, 0);
    assert_int_equal(refusal.op, 1);
    assert_string_equal(refusal.label, "tested");
    crux_program_free(&program);
}

static struct crux_op long_sum(struct crux_builder *b, struct crux_value a) {
    (void)b;
    return crux_draft_contract(i64, CRUX_ROW(1), CRUX_ROW(4),
                               CRUX_ARGS(CRUX_READ(a, K0), CRUX_READ(a, K0)));
}
static struct crux_op cube(struct crux_builder *b, struct crux_value a) {
    (void)b;
    return crux_draft_contract(i64, CRUX_ROW(1), CRUX_ROW(1),
                               CRUX_ARGS(CRUX_READ(a, K0), CRUX_READ(a, K0), CRUX_READ(a, K0)));
}
static struct crux_op wide_product(struct crux_builder *b, struct crux_value a) {
    (void)b;
    return crux_draft_requant(i64, CRUX_ROW(4), crux_scale_round(3, 40),
                              CRUX_ARGS(crux_operand_same(a), crux_operand_same(a)));
}
static struct crux_op negative_sum(struct crux_builder *b, struct crux_value a) {
    (void)b;
    return crux_draft_reduce(i64, CRUX_ROW(1), CRUX_ROW(2), CRUX_REDUCE_SUM,
                             CRUX_ARGS(CRUX_READ(a, K0)));
}
static struct crux_op difference(struct crux_builder *b, struct crux_value a) {
    struct crux_value table = crux_builder_tensor(b, "t", 0, i32, CRUX_ROW(5));
    struct crux_lut lut = {0, 4, 4, crux_lut_constant(0), crux_lut_constant(0)};
    return crux_draft_lut(i32, CRUX_ROW(4), lut,
                          CRUX_ARGS(crux_operand_same(a), crux_operand_same(a)), table);
}
static struct crux_op line(struct crux_builder *b, struct crux_value a) {
    struct crux_value table = crux_builder_tensor(b, "t", 0, i32, CRUX_ROW(5));
    struct crux_lut lut = {0, 4, 4, crux_lut_constant(0), crux_lut_line(INT64_C(1) << 33, 33)};
    return crux_draft_lut(i32, CRUX_ROW(4), lut, CRUX_ARGS(crux_operand_same(a)), table);
}
static struct crux_op long_division(struct crux_builder *b, struct crux_value a) {
    (void)b;
    return crux_draft_div(i64, CRUX_ROW(4), 33, crux_operand_same(a), crux_operand_same(a));
}
static struct crux_op wide_root(struct crux_builder *b, struct crux_value a) {
    (void)b;
    return crux_draft_sqrt(i64, CRUX_ROW(4), 32, crux_operand_same(a));
}
static struct crux_op far_shift(struct crux_builder *b, struct crux_value a) {
    (void)b;
    return crux_draft_requant(
        i64, CRUX_ROW(4), crux_scale_round(1, 0),
        CRUX_ARGS(crux_operand_same(a), crux_operand_exponent(CRUX_READ(a, O0), -1)));
}

static void test_overflow(void **state) {
    struct crux_shape four = CRUX_ROW(4);
    (void)state;
    refuse(1, i32, four, long_sum, CRUX_E_OVERFLOW,
           "sum of products can reach 18446744073709551616, bound is below 2^63");
    refuse(1, i32, four, cube, CRUX_E_OVERFLOW,
           "product of operands can reach 9903520309671356180765605888, bound is below 2^63");
    refuse(1, crux_type_of(CRUX_I64, 0, INT64_MAX), four, wide_product, CRUX_E_OVERFLOW,
           "m0 * product of factors can reach 42535295865117307932921825928971026432 or beyond, "
           "bound is "
           "below 2^95");
    refuse(1, crux_type_of(CRUX_I64, INT64_MIN, 0), four, negative_sum, CRUX_E_OVERFLOW,
           "sum of values can reach -18446744073709551616, bound is -2^63");
    refuse(1, i64, four, difference, CRUX_E_OVERFLOW,
           "a - b can reach 18446744073709551615, bound is below 2^63");
    refuse(1, i32, four, line, CRUX_E_OVERFLOW,
           "v * m of the right end can reach 18446744065119617024, bound is below 2^63");
    refuse(1, crux_type_of(CRUX_I32, 0, 1 << 30), four, long_division, CRUX_E_OVERFLOW,
           "a * 2^s can reach 9223372036854775808, bound is below 2^63");
    refuse(1, crux_type_of(CRUX_U32, 0, UINT32_MAX), four, wide_root, CRUX_E_OVERFLOW,
           "a * 2^s can reach 18446744069414584320, bound is below 2^63");
    refuse(1, crux_type_of(CRUX_I32, 0, 32), four, far_shift, CRUX_E_OVERFLOW,
           "shift can reach -32, bound is -31");
}

static struct crux_op beyond(struct crux_builder *b, struct crux_value a) {
    (void)b;
    return crux_draft_bitlen(CRUX_ROW(64), CRUX_READ(a, crux_ix_add(O0, crux_ix_c(1))));
}
static struct crux_op before(struct crux_builder *b, struct crux_value a) {
    (void)b;
    return crux_draft_bitlen(CRUX_ROW(64), CRUX_READ(a, crux_ix_add(O0, crux_ix_c(-3))));
}
static struct crux_op chosen(struct crux_builder *b, struct crux_value a) {
    (void)b;
    return crux_draft_with_x(crux_draft_bitlen(CRUX_ROW(64), CRUX_READ(a, crux_ix_x())),
                             CRUX_READ(a, crux_ix_c(0)));
}
static struct crux_op tomorrow(struct crux_builder *b, struct crux_value a) {
    (void)b;
    return crux_draft_bitlen(CRUX_ROW(1), CRUX_READ(a, crux_ix_add(crux_ix_pos(), crux_ix_c(1))));
}

static void test_outside(void **state) {
    struct crux_shape positions = CRUX_SHAPE(crux_dim_positions(5));
    (void)state;
    refuse(9, i32, CRUX_ROW(64), beyond, CRUX_E_INDEX_OUTSIDE,
           "operand 0 dim 0: index reaches 64 at position 0, dimension is 64");
    refuse(9, i32, CRUX_ROW(64), before, CRUX_E_INDEX_OUTSIDE,
           "operand 0 dim 0: index reaches -3 at position 0, dimension is 64");
    refuse(9, crux_type_of(CRUX_I32, 0, 64), CRUX_ROW(64), chosen, CRUX_E_INDEX_OUTSIDE,
           "operand 0 dim 0: index reaches 64 at position 0, dimension is 64");
    refuse(9, i64, CRUX_ROW(64), chosen, CRUX_E_INDEX_OUTSIDE,
           "operand 0: x can be as large as 9223372036854775807, beyond 32 bits every index is "
           "outside");
    refuse(9, i32, positions, tomorrow, CRUX_E_INDEX_OUTSIDE,
           "operand 0 dim 0: index reaches 1 at position 0, dimension is 1");
}

/* Right up to position 4, wrong from 5 on. */
static struct crux_op stopped(struct crux_builder *b, struct crux_value a) {
    (void)b;
    return crux_draft_bitlen(CRUX_ROW(1), CRUX_READ(a, crux_ix_pos()));
}

static void test_outside_later(void **state) {
    struct crux_shape positions = CRUX_SHAPE(crux_dim_positions(5));
    (void)state;
    refuse(9, i32, positions, stopped, CRUX_E_INDEX_OUTSIDE,
           "operand 0 dim 0: index reaches 5 at position 5, dimension is 5");
}

static struct crux_op all_positions(struct crux_builder *b, struct crux_value a) {
    (void)b;
    return crux_draft_reduce(i32, CRUX_ROW(1), CRUX_SHAPE(crux_dim_positions(8192)),
                             CRUX_REDUCE_MAX, CRUX_ARGS(CRUX_READ(a, K0)));
}
static struct crux_op all_rows(struct crux_builder *b, struct crux_value a) {
    (void)b;
    return crux_draft_reduce(i32, CRUX_ROW(1), CRUX_SHAPE(crux_dim_positions(100)), CRUX_REDUCE_MAX,
                             CRUX_ARGS(CRUX_READ(a, K0, crux_ix_c(0))));
}

static void test_unbounded(void **state) {
    struct crux_shape bytes = CRUX_SHAPE(crux_dim_positions(8192));
    (void)state;
    refuse(8192, crux_type_of(CRUX_I8, -128, 127), bytes, all_positions, CRUX_E_WITNESS_UNBOUNDED,
           "k grows with the position: 2049 multiply-adds at position 2048, limit is 2048");
    refuse(2048, i32, bytes, all_positions, CRUX_E_WITNESS_UNBOUNDED,
           "k grows with the position: witness 8521 bytes at position 1984 (fixed 261, page 4, x "
           "0, step 8256, table 0, "
           "load 0), limit is 4096");
    refuse(100, i32, CRUX_GRID(100, 64), all_rows, CRUX_E_WITNESS_UNBOUNDED,
           "k grows with the position: one part of a witness can have 65 pages at position 64, "
           "limit is 64");
}

static struct crux_op constant_block(struct crux_builder *b, struct crux_value a) {
    (void)b;
    return crux_draft_reduce(i32, CRUX_ROW(1), CRUX_ROW(1024), CRUX_REDUCE_MAX,
                             CRUX_ARGS(CRUX_READ(a, K0)));
}
static struct crux_op constant_rows(struct crux_builder *b, struct crux_value a) {
    (void)b;
    return crux_draft_reduce(i32, CRUX_ROW(1), CRUX_ROW(65), CRUX_REDUCE_MAX,
                             CRUX_ARGS(CRUX_READ(a, K0, crux_ix_c(0))));
}
static struct crux_op constant_work(struct crux_builder *b, struct crux_value a) {
    (void)b;
    return crux_draft_reduce(i32, CRUX_ROW(1), CRUX_ROW(2049), CRUX_REDUCE_MAX,
                             CRUX_ARGS(CRUX_READ(a, K0)));
}

static void test_too_large(void **state) {
    (void)state;
    refuse(1, i32, CRUX_ROW(1024), constant_block, CRUX_E_WITNESS_TOO_LARGE,
           "witness 4415 bytes at position 0 (fixed 251, page 4, x 0, step 4160, table 0, load 0), "
           "limit is 4096");
    refuse(1, i32, CRUX_GRID(65, 64), constant_rows, CRUX_E_TOO_MANY_LEAVES,
           "one part of a witness can have 65 pages at position 0, limit is 64");
    refuse(1, crux_type_of(CRUX_I8, -128, 127), CRUX_ROW(2049), constant_work,
           CRUX_E_WORK_TOO_LARGE, "2049 multiply-adds at position 0, limit is 2048");
}

/* The same program under a limit of one byte more and one byte less than it needs. */
static void test_limit_is_exact(void **state) {
    struct crux_certificate_limits limits = crux_certificate_default_limits();
    struct crux_certificate certificate = {.ops = NULL};
    struct crux_program program;
    struct crux_refusal refusal = {0};
    (void)state;
    small_program_build(&program, 1, i32, CRUX_ROW(1024), constant_block);
    limits.witness_bytes = 4415;
    assert_int_equal(crux_certify(&program, &limits, &certificate, &refusal), CRUX_OK);
    assert_int_equal(certificate.witness_bytes.value, 4415);
    limits.witness_bytes = 4414;
    assert_int_equal(crux_certify(&program, &limits, &certificate, &refusal),
                     CRUX_E_WITNESS_TOO_LARGE);
    limits.witness_bytes = 4415;
    limits.k_work = 1023;
    assert_int_equal(crux_certify(&program, &limits, &certificate, &refusal),
                     CRUX_E_WORK_TOO_LARGE);
    limits.witness_bytes = 100; /* less than `output` needs, which belongs to no op */
    assert_int_equal(crux_certify(&program, &limits, &certificate, &refusal),
                     CRUX_E_WITNESS_TOO_LARGE);
    assert_int_equal(refusal.op, UINT32_MAX);
    crux_program_free(&program);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_overflow),      cmocka_unit_test(test_outside),
        cmocka_unit_test(test_outside_later), cmocka_unit_test(test_unbounded),
        cmocka_unit_test(test_too_large),     cmocka_unit_test(test_limit_is_exact)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
