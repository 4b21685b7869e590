/* Counting siblings against the recursion of spec/30-commitment.md#proofs, for every set of leaves of small trees. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "kernels/certificate/reach.h"
#include "tests/kernels/certificate/true_witness.h"

enum { LEAVES_MAX = 13, FOUR = 4 };

/* Nodes of the tree at this level that hold one of the leaves. */
static uint64_t nodes(const uint64_t *leaf, uint32_t count, unsigned level) {
    uint64_t found = 0;
    for (uint32_t i = 0; i < count; i++)
        found += i == 0 || leaf[i] >> level != leaf[i - 1] >> level;
    return found;
}

static void check_set(uint64_t leaves, uint32_t set) {
    uint64_t leaf[LEAVES_MAX], expected, above = 0;
    uint32_t index[LEAVES_MAX], count = 0;
    for (uint32_t i = 0; i < leaves; i++) {
        if ((set >> i & 1) == 0) continue;
        index[count] = i;
        leaf[count++] = i;
    }
    expected = true_siblings(leaves, leaf, count);
    assert_int_equal(crux_tree_siblings(leaves, index, count), expected);
    for (unsigned level = 1; level <= crux_tree_depth(leaves); level++)
        above += nodes(leaf, count, level);
    assert_true(expected <= 1 + above - count); /* what reach.h promises */
    if ((leaves & (leaves - 1)) == 0) assert_int_equal(expected, 1 + above - count);
}

static void test_every_set(void **state) {
    (void)state;
    for (uint64_t leaves = 1; leaves <= LEAVES_MAX; leaves++) {
        for (uint32_t set = 1; set < UINT32_C(1) << leaves; set++) check_set(leaves, set);
    }
}

static void test_depth(void **state) {
    (void)state;
    assert_int_equal(crux_tree_depth(0), 0);
    assert_int_equal(crux_tree_depth(1), 0);
    for (unsigned d = 1; d < 41; d++) {
        assert_int_equal(crux_tree_depth((UINT64_C(1) << (d - 1)) + 1), d);
        assert_int_equal(crux_tree_depth(UINT64_C(1) << d), d);
    }
}

/* The worst run: for every start that it may have, in every tree, at every level. */
static void test_runs(void **state) {
    (void)state;
    for (uint64_t align = 0; align <= 6; align++) {
        for (uint64_t start = 0; start < UINT64_C(1) << align; start += 3) {
            for (uint64_t length = 1; length <= 200; length += 7) {
                struct crux_reach reach = {.leaves = 1 << 10,
                                           .unit = 16,
                                           .length = length,
                                           .align = align,
                                           .start = start};
                for (unsigned level = 0; level <= 6; level++) {
                    uint64_t node = UINT64_C(16) << level, worst = 0;
                    for (uint64_t at = start; at < 2048; at += UINT64_C(1) << align) {
                        uint64_t touched = (at + length - 1) / node - at / node + 1;
                        if (touched > worst) worst = touched;
                    }
                    assert_int_equal(crux_reach_nodes(&reach, level), worst);
                }
            }
        }
    }
}

/* Runs of runs: never below the worst start, and equal to it where strides are powers of two. */
static void test_strides(void **state) {
    static const uint64_t strides[][2] = {{1, 8}, {2, 64}, {16, 256}, {3, 40}, {20, 130}, {64, 65}};
    (void)state;
    for (unsigned s = 0; s < sizeof strides / sizeof strides[0]; s++) {
        for (uint64_t align = 0; align <= 5; align++) {
            struct crux_reach reach = {.leaves = 1 << 12,
                                       .unit = 16,
                                       .length = 1,
                                       .align = align,
                                       .nk = 2,
                                       .stride = {strides[s][0], strides[s][1]},
                                       .count = {FOUR, FOUR}};
            for (unsigned level = 0; level <= 7; level++) {
                uint64_t worst = 0;
                for (uint64_t at = 0; at < 4096; at += UINT64_C(1) << align) {
                    uint64_t touched = 0, last = UINT64_MAX;
                    for (uint64_t node = 0; node < 4096 * 2 / (UINT64_C(16) << level); node++) {
                        for (unsigned k = 0; k < FOUR * FOUR; k++) {
                            uint64_t v = at + k / FOUR * strides[s][1] + k % FOUR * strides[s][0];
                            if (v / (UINT64_C(16) << level) != node || last == node) continue;
                            touched++;
                            last = node;
                        }
                    }
                    if (touched > worst) worst = touched;
                }
                assert_true(crux_reach_nodes(&reach, level) >= worst);
                if (s < 3) assert_true(crux_reach_nodes(&reach, level) <= 2 * worst);
            }
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_set),
                                       cmocka_unit_test(test_depth), cmocka_unit_test(test_runs),
                                       cmocka_unit_test(test_strides)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
