/* The witness bound against witnesses as they are. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "tests/kernels/certificate/one_op.h"

enum { ROUNDS = 6000, CONTEXT_MAX = 6, ELEMENTS = 24 };

struct greatest {
    uint64_t bytes;
    uint32_t pages, part_pages, k_work;
};

static void visit(struct greatest *greatest, struct crux_random *random, const struct one_op *one,
                  const struct crux_bound_op *bound, uint64_t flat) {
    uint32_t index[CRUX_DIMS_MAX];
    crux_op_unflatten(bound, flat, index);
    int64_t x_lo = one->op.has_x ? one->op.x.lo : 0, x_hi = one->op.has_x ? one->op.x.hi : 0;
    for (int64_t x = x_lo; x <= x_hi; x++) {
        struct true_witness witness;
        true_witness_of(&witness, random, &one->place, bound, index, x);
        if (witness.bytes > greatest->bytes) greatest->bytes = witness.bytes;
        if (witness.pages > greatest->pages) greatest->pages = witness.pages;
        if (witness.part_pages > greatest->part_pages) greatest->part_pages = witness.part_pages;
    }
    if (bound->k_count > greatest->k_work) greatest->k_work = bound->k_count;
}

/* All elements of a small op; of a large one the first, the last, and some between. */
static struct greatest greatest_of(struct crux_random *random, const struct one_op *one) {
    struct greatest greatest = {0};
    for (uint32_t t = 0; t < one->frame.context; t++) {
        struct crux_at at = crux_proof_at(&one->proof, t);
        struct crux_bound_op bound;
        uint8_t seed[32] = {0};
        uint32_t lo, hi;
        one_op_lengths(one, t, &lo, &hi);
        at.n = lo + (uint32_t)crux_random_below(random, hi - lo + 1);
        at.seed = seed;
        assert_int_equal(crux_op_bind(&bound, &one->op, &at), CRUX_OK);
        uint64_t count = bound.elements < ELEMENTS ? bound.elements : ELEMENTS;
        for (uint64_t i = 0; i < count; i++) {
            uint64_t flat = bound.elements <= ELEMENTS ? i
                            : i == 0                   ? bound.elements - 1
                            : i == 1                   ? 0
                                                       : crux_random_below(random, bound.elements);
            visit(&greatest, random, one, &bound, flat);
        }
    }
    return greatest;
}

static void test_never_below(void **state) {
    struct crux_random random = {21};
    unsigned certified = 0, tight = 0;
    double ratio_sum = 0;
    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct crux_random_op_shape shape = {.dim_max =
                                                 2 + (uint32_t)crux_random_below(&random, 150)};
        struct crux_op_certificate certificate;
        struct one_op one;
        one_op_make(&one, &random, &shape, 1 + (uint32_t)crux_random_below(&random, CONTEXT_MAX),
                    true);
        if (one_op_certify(&one, &certificate) != CRUX_OK) continue;
        struct greatest greatest = greatest_of(&random, &one);
        if (greatest.bytes > certificate.witness_bytes || greatest.pages > certificate.pages ||
            greatest.part_pages > CRUX_CERTIFICATE_PART_PAGES_MAX ||
            greatest.k_work > certificate.k_work) {
            fail_msg("round %u, op %u: witness %llu of %u bytes, %u of %u pages, %u of %u k", round,
                     one.op.code, (unsigned long long)greatest.bytes, certificate.witness_bytes,
                     greatest.pages, certificate.pages, greatest.k_work, certificate.k_work);
        }
        if (greatest.bytes == 0) continue;
        certified++;
        ratio_sum += (double)greatest.bytes / certificate.witness_bytes;
        tight += greatest.bytes == certificate.witness_bytes;
    }
    printf("certified %u of %d, mean of true/bound %.3f, bound reached by %u\n", certified, ROUNDS,
           ratio_sum / certified, tight);
    assert_true(certified > ROUNDS / 4);
    assert_true(tight > certified / 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_never_below)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
