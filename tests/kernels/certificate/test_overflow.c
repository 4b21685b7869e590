/* The overflow proof against arithmetic that cannot overflow, on the operand values that are worst. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "tests/kernels/certificate/exact_op.h"
#include "tests/kernels/certificate/one_op.h"

enum { ROUNDS = 12000, ASSIGNMENTS = 24, ELEMENTS = 4 };

/* Assignments 0..15: each slot wholly at its lo or hi. The others: each element at an end or anywhere. */
struct assignment {
    unsigned number;
    uint64_t seed;
};

static int64_t assigned(void *ctx, const struct crux_place *place) {
    const struct assignment *assignment = ctx;
    const struct crux_operand *operand = place->operand;
    if (assignment->number < 16) {
        /* neighbouring entries of a table at opposite ends rise the most */
        bool flip = operand->kind == CRUX_KIND_MODEL && (place->flat & 1) != 0;
        return ((assignment->number >> place->slot & 1) != 0) != flip ? operand->hi : operand->lo;
    }
    struct crux_random random = {assignment->seed ^ place->flat * 64 ^ place->slot};
    if (crux_random_one_in(&random, 2))
        return crux_random_one_in(&random, 2) ? operand->lo : operand->hi;
    return crux_random_edgy(&random, operand->lo, operand->hi);
}

static const unsigned arithmetic[] = {CRUX_CONTRACT, CRUX_REDUCE, CRUX_MAP, CRUX_LUT,
                                      CRUX_DIV,      CRUX_SQRT,   CRUX_FIND};

/* Ranges so wide that nearly every op overflows would teach little: make half of them narrow. */
static void narrow(struct crux_op *op, struct crux_random *random) {
    for (unsigned slot = 0; slot < op->nin; slot++) {
        struct crux_operand *operand = &op->in[slot];
        if (operand->kind == CRUX_KIND_IMM || crux_random_one_in(random, 4)) continue;
        int64_t limit = INT64_C(1)
                        << crux_random_below(random, op->code == CRUX_CONTRACT ? 32 : 62);
        if (operand->lo < -limit) operand->lo = -limit;
        if (operand->hi > limit) operand->hi = limit;
        if (operand->lo > operand->hi) operand->lo = operand->hi;
    }
    if (op->code == CRUX_DIV || op->code == CRUX_SQRT)
        op->shift = (uint8_t)crux_random_below(random, 50);
    if (op->code != CRUX_LUT) return;
    op->shift = (uint8_t)crux_random_below(random, 20);
    op->x0 = crux_random_between(random, -1000000, 1000);
    op->left.value >>= crux_random_below(random, 64);
    op->right.value >>= crux_random_below(random, 64);
}

struct outcome {
    int spare;
    bool clamped;
};

static void try_element(struct outcome *outcome, const struct one_op *one,
                        const struct crux_bound_op *bound, struct crux_random *random,
                        unsigned round) {
    struct assignment assignment = {.number = (unsigned)crux_random_below(random, ASSIGNMENTS),
                                    .seed = crux_random_next(random)};
    struct crux_reader reader = {&assignment, assigned};
    struct exact_watch watch = {outcome->spare, true};
    uint32_t index[CRUX_DIMS_MAX];
    uint64_t flat = crux_random_below(random, bound->elements);
    crux_op_unflatten(bound, flat, index);
    int64_t x = one->op.has_x ? crux_random_between(random, one->op.x.lo, one->op.x.hi) : 0;
    struct crux_element element = {.bound = bound, .reader = &reader, .flat = flat};
    element.vars.v[CRUX_VAR_ONE] = 1;
    for (unsigned i = 0; i < one->op.ndim; i++) element.vars.v[CRUX_VAR_O + i] = index[i];
    element.vars.v[CRUX_VAR_POS] = bound->at.pos;
    element.vars.v[CRUX_VAR_N] = bound->at.n;
    element.vars.v[CRUX_VAR_X] = x;
    crux_i128 exact = exact_op_element(&watch, &element);
    int64_t law = crux_op_element(bound, index, x, &reader);
    if (law != crux_saturate(exact, one->op.lo, one->op.hi)) {
        fail_msg("round %u, op %u func %u: the evaluator wrapped", round, one->op.code,
                 one->op.func);
    }
    outcome->spare = watch.spare;
    outcome->clamped = outcome->clamped || !watch.shift_in_reach;
}

static void test_certified_never_overflows(void **state) {
    struct crux_random random = {31};
    unsigned certified = 0, refused = 0, bounded = 0, reached = 0, clamped = 0;
    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct crux_random_op_shape shape = {.code = arithmetic[round % CRUX_ARRAY_LEN(arithmetic)],
                                             .dim_max =
                                                 2 + (uint32_t)crux_random_below(&random, 12),
                                             .wild = crux_random_one_in(&random, 8)};
        struct crux_op_certificate certificate;
        struct outcome outcome = {CRUX_CERTIFICATE_NO_MARGIN, false};
        struct one_op one;
        if (shape.code == CRUX_MAP) shape.func = CRUX_MAP_REQUANT;
        if (shape.code == CRUX_REDUCE) shape.func = CRUX_REDUCE_SUM;
        one_op_make(&one, &random, &shape, 1 + (uint32_t)crux_random_below(&random, 4), true);
        narrow(&one.op, &random);
        enum crux_status status = one_op_certify(&one, &certificate);
        if (status == CRUX_E_OVERFLOW) refused++;
        if (status != CRUX_OK) continue;
        for (uint32_t t = 0; t < one.frame.context; t++) {
            struct crux_at at = crux_proof_at(&one.proof, t);
            struct crux_bound_op bound;
            assert_int_equal(crux_op_bind(&bound, &one.op, &at), CRUX_OK);
            for (unsigned i = 0; i < ELEMENTS * ASSIGNMENTS && bound.elements != 0; i++) {
                try_element(&outcome, &one, &bound, &random, round);
            }
        }
        if (outcome.spare < certificate.margin_bits) {
            fail_msg("round %u, op %u func %u: %d spare bits, promised %d", round, one.op.code,
                     one.op.func, outcome.spare, certificate.margin_bits);
        }
        certified++;
        if (certificate.margin_bits == CRUX_CERTIFICATE_NO_MARGIN) continue;
        bounded++;
        reached += outcome.spare == certificate.margin_bits;
        clamped += outcome.clamped;
    }
    printf("certified %u, refused %u of %d; promised margin reached by %u of %u; shift clamped "
           "harmlessly in %u\n",
           certified, refused, ROUNDS, reached, bounded, clamped);
    assert_true(certified > ROUNDS / 6);
    assert_true(refused > ROUNDS / 50);
    assert_true(reached > bounded / 2);
    assert_true(clamped > 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_certified_never_overflows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
