/* The index proof against every index there is. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "tests/kernels/certificate/one_op.h"

enum { ROUNDS = 60000, CONTEXT_MAX = 5 };

static bool read_without_k(const struct crux_op *op, unsigned slot) {
    return slot == CRUX_SLOT_X || (op->code == CRUX_FIND && slot == 1);
}

/* Is some operand without pad outside its view at these variables? */
static bool outside_at(const struct crux_bound_op *bound, const struct crux_vars *vars) {
    const struct crux_op *op = bound->op;
    for (unsigned slot = 0; slot < CRUX_SLOTS_MAX; slot++) {
        const struct crux_operand *operand = crux_proof_operand(op, slot);
        if (operand == NULL || (operand->flags & CRUX_FLAG_PAD) != 0) continue;
        if (op->code == CRUX_LUT && slot + 1U == op->nin) continue;
        if (bound->k_count == 0 && !read_without_k(op, slot)) continue;
        for (unsigned i = 0; i < operand->ndim; i++) {
            int64_t index = crux_affine_value(&operand->index[i], vars);
            if (index < 0 || index >= bound->view[slot][i]) return true;
        }
    }
    return false;
}

/* Counts through the variables like an odometer. Returns: false after the last setting. */
static bool next(struct crux_vars *vars, const struct crux_box *box) {
    for (unsigned i = 0; i < CRUX_VARS; i++) {
        if (++vars->v[i] <= box->hi[i]) return true;
        vars->v[i] = box->lo[i];
    }
    return false;
}

static bool outside_anywhere(const struct one_op *one) {
    for (uint32_t t = 0; t < one->frame.context; t++) {
        struct crux_at at = crux_proof_at(&one->proof, t);
        struct crux_bound_op bound;
        struct crux_box box = {{0}, {0}};
        struct crux_vars vars;
        uint32_t n_lo, n_hi;
        assert_int_equal(crux_op_bind(&bound, &one->op, &at), CRUX_OK);
        if (bound.elements == 0) continue;
        one_op_lengths(one, t, &n_lo, &n_hi);
        if (!crux_proof_grows(
                &one->op)) { /* spec/25-certificates.md#inside: pos and n are taken as independent */
            n_lo = 1;
            n_hi = one->frame.context;
        }
        box.lo[CRUX_VAR_ONE] = box.hi[CRUX_VAR_ONE] = 1;
        for (unsigned i = 0; i < one->op.ndim; i++) box.hi[CRUX_VAR_O + i] = bound.dim[i] - 1;
        for (unsigned i = 0; i < one->op.nk && bound.k_count != 0; i++)
            box.hi[CRUX_VAR_K + i] = bound.kdim[i] - 1;
        box.lo[CRUX_VAR_POS] = box.hi[CRUX_VAR_POS] = at.pos;
        if (one->op.has_x) {
            box.lo[CRUX_VAR_X] = one->op.x.lo;
            box.hi[CRUX_VAR_X] = one->op.x.hi;
        }
        box.lo[CRUX_VAR_N] = n_lo;
        box.hi[CRUX_VAR_N] = n_hi;
        for (unsigned i = 0; i < CRUX_VARS; i++) vars.v[i] = box.lo[i];
        do {
            if (outside_at(&bound, &vars)) return true;
        } while (next(&vars, &box));
    }
    return false;
}

static void test_exact(void **state) {
    struct crux_random random = {11};
    unsigned accepted = 0, refused = 0;
    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct crux_random_op_shape shape = {.dim_max = 2 + round % 4};
        struct crux_op_certificate certificate;
        struct one_op one;
        uint32_t context = 1 + (uint32_t)crux_random_below(&random, CONTEXT_MAX);
        one_op_make(&one, &random, &shape, context, round % 2 == 0);
        enum crux_status status = one_op_certify(&one, &certificate);
        bool outside = outside_anywhere(&one);
        if ((status == CRUX_E_INDEX_OUTSIDE) != outside) {
            fail_msg("round %u: %s (%s), but an index is %s", round, crux_status_name(status),
                     one.refusal.what, outside ? "outside" : "never outside");
        }
        if (outside)
            refused++;
        else
            accepted++;
    }
    assert_true(accepted > ROUNDS / 5);
    assert_true(refused > ROUNDS / 5);
}

/* An x beyond 32 bits is outside even where the sum would come back in: spec/20-ops.md#operands */
static void test_wide_x(void **state) {
    struct crux_random random = {12};
    struct crux_random_op_shape shape = {.code = CRUX_MAP, .func = CRUX_MAP_BITLEN, .dim_max = 4};
    struct crux_op_certificate certificate;
    struct one_op one;
    (void)state;
    do one_op_make(&one, &random, &shape, 1, false);
    while (!one.op.has_x || one.op.in[0].kind != CRUX_KIND_STEP || crux_proof_grows(&one.op) ||
           one_op_certify(&one, &certificate) != CRUX_OK);
    one.op.in[0].ndim = 1;
    one.op.in[0].index[0] = (struct crux_affine){.coef = {INT32_MIN, [CRUX_VAR_X] = 1}};
    for (unsigned i = 1; i < CRUX_DIMS_MAX; i++) {
        one.op.in[0].dim[i] = (struct crux_dim){0, 0, 0, 0, 0};
        one.op.in[0].index[i] = (struct crux_affine){{0}};
    }
    one.op.x.dtype = CRUX_I64;
    one.op.x.lo = one.op.x.hi = INT64_C(1) << 31;
    assert_int_equal(one_op_certify(&one, &certificate), CRUX_E_INDEX_OUTSIDE);
    assert_non_null(strstr(one.refusal.what, "x can be as large as 2147483648"));
    one.op.in[0].index[0].coef[CRUX_VAR_ONE] = -INT32_MAX;
    one.op.x.lo = one.op.x.hi = INT32_MAX;
    assert_int_equal(one_op_certify(&one, &certificate), CRUX_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_exact), cmocka_unit_test(test_wide_x)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
