/* Dimensions, affine expressions, dtypes and total arithmetic, against 128-bit division and plain definitions. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "kernels/ops/arith.h"
#include "kernels/ops/dim.h"
#include "kernels/ops/dtype.h"
#include "tests/kernels/ops/big.h"
#include "tests/kernels/ops/naive.h"
#include "tests/support/random.h"

static void dims_follow_the_formula(void **state) {
    static const uint32_t positions[] = {0, 1, 2, 7, (1 << 24) - 1, UINT32_MAX};
    struct crux_random random = {11};
    unsigned zero = 0, capped = 0, between = 0;
    (void)state;
    for (unsigned i = 0; i < 200000; i++) {
        int64_t most = i % 2 == 0 ? INT32_MAX : 9;
        struct crux_dim dim = {(int32_t)crux_random_edgy(&random, -most, most),
                               (int32_t)crux_random_edgy(&random, -most, most),
                               (int32_t)crux_random_edgy(&random, -most, most),
                               (uint32_t)crux_random_edgy(&random, 1, most),
                               (uint32_t)crux_random_edgy(&random, 1, INT32_MAX)};
        if (i % 3 == 0) dim.b = 0;
        if (i % 3 == 1) dim.c = 0;
        uint32_t pos =
            i % 5 == 0 ? positions[i / 5 % 6] : (uint32_t)crux_random_below(&random, 100);
        uint32_t n =
            i % 7 == 0 ? positions[i / 7 % 6] : 1 + (uint32_t)crux_random_below(&random, 100);
        uint32_t v = crux_dim_value(&dim, pos, n);
        assert_int_equal(v, naive_dim(&dim, pos, n));
        if (v == 0)
            zero++;
        else if (v == dim.e)
            capped++;
        else
            between++;
    }
    assert_true(zero > 10000 && capped > 10000 && between > 10000);
    const struct crux_dim extreme = {-INT32_MAX, -INT32_MAX, -INT32_MAX, INT32_MAX, INT32_MAX};
    assert_int_equal(crux_dim_value(&extreme, UINT32_MAX, UINT32_MAX), 0);
    const struct crux_dim other = {INT32_MAX, INT32_MAX, INT32_MAX, 1, INT32_MAX};
    assert_int_equal(crux_dim_value(&other, UINT32_MAX, UINT32_MAX), INT32_MAX);
}

static void dims_are_constant_or_grow(void **state) {
    struct crux_dim constant = crux_dim_constant(INT32_MAX), window = {1, 1, 0, 1, 4},
                    blocks = {1, 1, 0, 3, 100};
    (void)state;
    assert_false(crux_dim_grows(&constant));
    assert_true(crux_dim_grows(&window));
    assert_int_equal(crux_dim_value(&constant, 5, 6), INT32_MAX);
    for (uint32_t pos = 0; pos < 20; pos++) {
        assert_int_equal(crux_dim_value(&window, pos, 1), pos < 4 ? pos + 1 : 4);
        assert_int_equal(crux_dim_value(&blocks, pos, 1), (pos + 3) / 3);
    }
    assert_true(crux_dim_same(&window, &window));
    for (unsigned i = 0; i < 5; i++) {
        struct crux_dim other = window;
        int32_t *fields[] = {&other.a, &other.b, &other.c};
        if (i < 3) (*fields[i])++;
        if (i == 3) other.d++;
        if (i == 4) other.e++;
        assert_false(crux_dim_same(&window, &other));
    }
}

static void affine_is_a_sum(void **state) {
    struct crux_random random = {12};
    (void)state;
    for (unsigned i = 0; i < 20000; i++) {
        struct crux_affine affine;
        struct crux_vars vars;
        struct big sum = big_from(0);
        for (unsigned v = 0; v < CRUX_VARS; v++) {
            int64_t limit = v == 0 ? INT32_MAX : CRUX_COEF_MAX;
            affine.coef[v] = (int32_t)crux_random_edgy(&random, -limit, limit);
            vars.v[v] = v == 0 ? 1 : crux_random_edgy(&random, INT32_MIN, UINT32_MAX);
            struct big a = big_from(affine.coef[v]), b = big_from(vars.v[v]);
            a = big_mul(&a, &b);
            sum = big_add(&sum, &a);
        }
        int64_t v = crux_affine_value(&affine, &vars);
        struct big value = big_from(v);
        assert_int_equal(big_cmp(&value, &sum), 0);
        assert_true(v < INT64_C(1) << 61 && v > -(INT64_C(1) << 61));
    }
}

static void dtypes_hold_their_ranges(void **state) {
    static const struct {
        unsigned dtype;
        const char *name;
        uint32_t bytes;
        bool is_signed;
    } cases[] = {{CRUX_I8, "i8", 1, true},   {CRUX_U8, "u8", 1, false},
                 {CRUX_I16, "i16", 2, true}, {CRUX_U16, "u16", 2, false},
                 {CRUX_I32, "i32", 4, true}, {CRUX_U32, "u32", 4, false},
                 {CRUX_I64, "i64", 8, true}};
    struct crux_random random = {13};
    (void)state;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(cases); i++) {
        unsigned dtype = cases[i].dtype, bits = 8 * cases[i].bytes;
        struct big half = big_pow2(bits - 1), whole = big_pow2(bits), minus_one = big_from(-1), lo,
                   hi;
        lo = cases[i].is_signed ? big_neg(&half) : big_from(0);
        hi = cases[i].is_signed ? half : whole;
        hi = big_add(&hi, &minus_one);
        assert_string_equal(crux_dtype_name(dtype), cases[i].name);
        assert_int_equal(crux_dtype_bytes(dtype), cases[i].bytes);
        struct big named = big_from(crux_dtype_lo(dtype));
        assert_int_equal(big_cmp(&named, &lo), 0);
        named = big_from(crux_dtype_hi(dtype));
        assert_int_equal(big_cmp(&named, &hi), 0);
        for (unsigned j = 0; j < 2000; j++) {
            int64_t v = crux_random_edgy(&random, crux_dtype_lo(dtype), crux_dtype_hi(dtype));
            uint8_t bytes[9];
            memset(bytes, 0xa5, sizeof bytes);
            crux_dtype_put(bytes, dtype, v);
            assert_int_equal(bytes[cases[i].bytes], 0xa5);
            assert_true(crux_dtype_get(dtype, bytes) == v);
            for (unsigned b = 0; b < cases[i].bytes; b++)
                assert_int_equal(bytes[b], (uint64_t)v >> (8 * b) & 0xff);
        }
    }
    for (unsigned dtype = 0; dtype < 300; dtype += dtype == 0 ? 8 : 1) { /* 0, and 8 and above */
        assert_int_equal(crux_dtype_bytes(dtype), 0);
        assert_null(crux_dtype_name(dtype));
    }
}

static void arithmetic_is_total(void **state) {
    struct crux_random random = {14};
    (void)state;
    for (unsigned i = 0; i < 50000; i++) {
        int64_t a = crux_random_edgy(&random, INT64_MIN, INT64_MAX),
                b = crux_random_edgy(&random, INT64_MIN, INT64_MAX);
        unsigned s = (unsigned)crux_random_below(&random, 64);
        struct big x = big_from(a), y = big_from(b), minus_y = big_neg(&y), factor = big_pow2(s), v;
        v = big_add(&x, &y);
        v = big_wrap(&v, 64);
        assert_true(crux_wrap_add(a, b) == big_saturate(&v, INT64_MIN, INT64_MAX));
        v = big_add(&x, &minus_y);
        v = big_wrap(&v, 64);
        assert_true(crux_wrap_sub(a, b) == big_saturate(&v, INT64_MIN, INT64_MAX));
        v = big_mul(&x, &y);
        v = big_wrap(&v, 64);
        assert_true(crux_wrap_mul(a, b) == big_saturate(&v, INT64_MIN, INT64_MAX));
        v = big_mul(&x, &factor);
        v = big_wrap(&v, 64);
        assert_true(crux_wrap_shl(a, s) == big_saturate(&v, INT64_MIN, INT64_MAX));
        int64_t lo = a < b ? a : b, hi = a < b ? b : a, w = (int64_t)crux_random_next(&random);
        assert_true(crux_clamp(w, lo, hi) == (w < lo ? lo : w > hi ? hi : w));
        assert_true(crux_magnitude(a) == (a < 0 ? (uint64_t) - (a + 1) + 1 : (uint64_t)a));
        if (b > 0) {
            int64_t q = crux_floor_div(a, b);
            crux_i128 product = (crux_i128)q * b;
            assert_true(product <= a && product + b > a);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dims_follow_the_formula), cmocka_unit_test(dims_are_constant_or_grow),
        cmocka_unit_test(affine_is_a_sum), cmocka_unit_test(dtypes_hold_their_ranges),
        cmocka_unit_test(arithmetic_is_total)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
