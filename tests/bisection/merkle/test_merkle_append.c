#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "bisection/merkle/append.h"
#include "tests/support/naive_tree.h"

enum { LEAVES = 200 };

static uint8_t leaves[LEAVES][32];

static int make_leaves(void **unused CRUX_UNUSED) {
    for (size_t i = 0; i < LEAVES; i++) {
        uint8_t page = (uint8_t)i;
        naive_leaf(leaves[i], &page, 1);
    }
    return 0;
}

static void leaf_by_leaf(void **unused CRUX_UNUSED) {
    struct crux_merkle_append append;
    crux_merkle_append_init(&append);
    for (size_t n = 0;; n++) {
        uint8_t root[32], naive[32];
        crux_merkle_append_root(root, &append);
        naive_root(naive, (const uint8_t(*)[32])leaves, n);
        assert_memory_equal(root, naive, 32);
        assert_int_equal(append.leaf_count, n);
        if (n == LEAVES) break;
        assert_int_equal(crux_merkle_append_leaf(&append, leaves[n]), CRUX_OK);
    }
}

/* Each count up to LEAVES by the largest subtrees that fit, and by every smaller size. */
static void by_subtrees(void **unused CRUX_UNUSED) {
    for (size_t n = 1; n <= LEAVES; n++) {
        for (unsigned level_max = 0; level_max < 8; level_max++) {
            struct crux_merkle_append append;
            uint8_t root[32], naive[32];
            crux_merkle_append_init(&append);
            for (size_t at = 0; at < n;) {
                unsigned level = level_max;
                while (at % ((size_t)1 << level) != 0 || at + ((size_t)1 << level) > n) level--;
                naive_root(root, (const uint8_t(*)[32])leaves + at, (size_t)1 << level);
                assert_int_equal(crux_merkle_append_subtree(&append, root, level), CRUX_OK);
                at += (size_t)1 << level;
            }
            crux_merkle_append_root(root, &append);
            naive_root(naive, (const uint8_t(*)[32])leaves, n);
            assert_memory_equal(root, naive, 32);
        }
    }
}

static void misplaced_subtrees_are_refused(void **unused CRUX_UNUSED) {
    for (size_t n = 0; n < 40; n++) {
        for (unsigned level = 0; level <= 6; level++) {
            struct crux_merkle_append append;
            uint8_t before[32], after[32];
            crux_merkle_append_init(&append);
            for (size_t i = 0; i < n; i++)
                assert_int_equal(crux_merkle_append_leaf(&append, leaves[i]), CRUX_OK);
            crux_merkle_append_root(before, &append);
            bool fits = n % ((size_t)1 << level) == 0;
            assert_int_equal(crux_merkle_append_subtree(&append, leaves[0], level),
                             fits ? CRUX_OK : CRUX_E_USAGE);
            crux_merkle_append_root(after, &append);
            assert_int_equal(memcmp(before, after, 32) == 0, !fits);
        }
    }
}

static void no_more_leaves_than_the_limit(void **unused CRUX_UNUSED) {
    struct crux_merkle_append append;
    uint8_t root[32];
    crux_merkle_append_init(&append);
    assert_int_equal(crux_merkle_append_subtree(&append, leaves[0], CRUX_MERKLE_DEPTH_MAX + 1),
                     CRUX_E_TOO_MANY_LEAVES);
    assert_int_equal(crux_merkle_append_subtree(&append, leaves[0], 64), CRUX_E_TOO_MANY_LEAVES);
    for (unsigned level = CRUX_MERKLE_DEPTH_MAX; level-- > 0;) {
        assert_int_equal(crux_merkle_append_subtree(&append, leaves[level], level), CRUX_OK);
    }
    assert_int_equal(crux_merkle_append_leaf(&append, leaves[0]),
                     CRUX_OK); /* the last one: every carry at once */
    assert_int_equal(append.leaf_count, CRUX_MERKLE_LEAVES_MAX);
    crux_merkle_append_root(root, &append);
    assert_int_equal(crux_merkle_append_leaf(&append, leaves[0]), CRUX_E_TOO_MANY_LEAVES);
    uint8_t by_hand[32];
    memcpy(by_hand, leaves[0], 32);
    for (unsigned level = 0; level < CRUX_MERKLE_DEPTH_MAX; level++)
        naive_node(by_hand, leaves[level], by_hand);
    assert_memory_equal(root, by_hand, 32);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaf_by_leaf),
        cmocka_unit_test(by_subtrees),
        cmocka_unit_test(misplaced_subtrees_are_refused),
        cmocka_unit_test(no_more_leaves_than_the_limit),
    };
    return cmocka_run_group_tests(tests, make_leaves, NULL);
}
