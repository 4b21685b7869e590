#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "bisection/commitment/preimage.h"
#include "bisection/commitment/trace.h"
#include "bisection/merkle/tree.h"
#include "tests/support/naive_tree.h"
#include "tests/support/random.h"

enum { LEAVES_MAX = 200 };

/* A run of P+N-1 positions whose last layer is a head that is active from position P-1. */
static void check_run(uint32_t p, uint32_t n, uint32_t layers, struct crux_random *random) {
    uint8_t leaves[LEAVES_MAX][32], root[32], naive[32], null_leaf[32];
    struct crux_claim claim = {.request_tokens = p, .chosen_tokens = n};
    struct crux_trace trace;
    uint32_t positions = crux_claim_positions(&claim);
    crux_null_leaf(null_leaf);
    crux_trace_init(&trace, layers);
    for (size_t i = 0; i < 32; i++) claim.output_root[i] = (uint8_t)crux_random_next(random);
    for (uint32_t pos = 0; pos < positions; pos++) {
        for (uint32_t l = 0; l < layers; l++) {
            uint8_t *leaf = leaves[crux_trace_leaf(pos, l, layers)];
            bool active = l + 1 < layers || pos + 1 >= p;
            for (size_t i = 0; i < 32; i++) leaf[i] = (uint8_t)crux_random_next(random);
            if (!active) memcpy(leaf, null_leaf, 32);
            /* Before its last step the trace closes for no claim of this size. */
            assert_int_equal(crux_trace_close(root, &trace, &claim), CRUX_E_CLAIM_INVALID);
            assert_int_equal(crux_trace_append(&trace, active ? leaf : NULL), CRUX_OK);
        }
        /* It closes for the shorter run that ends here, and goes on. */
        if (pos + 1 >= p && pos + 1 < positions) {
            struct crux_claim shorter = claim;
            shorter.chosen_tokens = pos + 2 - p;
            assert_int_equal(crux_trace_close(root, &trace, &shorter), CRUX_OK);
        }
    }
    uint64_t count = crux_trace_leaves(positions, layers);
    crux_close_leaf(leaves[count - 1], p, n, 0, claim.output_root);
    assert_int_equal(crux_trace_close(root, &trace, &claim), CRUX_OK);
    for (claim.chosen_tokens = 1; claim.chosen_tokens < n; claim.chosen_tokens++) {
        assert_int_equal(crux_trace_close(naive, &trace, &claim), CRUX_E_CLAIM_INVALID);
    }
    naive_root(naive, (const uint8_t(*)[32])leaves, (size_t)count);
    assert_memory_equal(root, naive, 32);
}

static void runs(void **unused CRUX_UNUSED) {
    struct crux_random random = {41};
    for (uint32_t p = 1; p <= 6; p++) {
        for (uint32_t n = 1; n <= 6; n++) {
            for (uint32_t layers = 1; layers <= 9; layers++) check_run(p, n, layers, &random);
        }
    }
}

static void close_binds_every_field(void **unused CRUX_UNUSED) {
    struct crux_claim claim = {.request_tokens = 2, .chosen_tokens = 3};
    struct crux_trace trace;
    uint8_t leaf[32] = {1}, root[32], other[32];
    crux_trace_init(&trace, 1);
    for (int i = 0; i < 4; i++) assert_int_equal(crux_trace_append(&trace, leaf), CRUX_OK);
    assert_int_equal(crux_trace_close(root, &trace, &claim), CRUX_OK);
    claim.cancelled = 3;
    assert_int_equal(crux_trace_close(other, &trace, &claim), CRUX_OK);
    assert_memory_not_equal(root, other, 32);
    claim.cancelled = 0;
    claim.request_tokens = 3;
    claim.chosen_tokens = 2;
    assert_int_equal(crux_trace_close(other, &trace, &claim), CRUX_OK);
    assert_memory_not_equal(root, other, 32);
    claim.cancelled = 1; /* neither 0 nor N */
    assert_int_equal(crux_trace_close(other, &trace, &claim), CRUX_E_CLAIM_INVALID);
    claim = (struct crux_claim){.request_tokens = 2, .chosen_tokens = 3, .output_root = {1}};
    assert_int_equal(crux_trace_close(other, &trace, &claim), CRUX_OK);
    assert_memory_not_equal(root, other, 32);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs),
        cmocka_unit_test(close_binds_every_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
