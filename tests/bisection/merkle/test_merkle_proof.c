/* Multiproofs against the recursion of spec/30-commitment.md, every subset of every small tree. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "bisection/merkle/tree.h"
#include "tests/support/naive_tree.h"
#include "tests/support/random.h"

enum { SMALL = 10, LARGE = 300 };

/* Trees whose leaf i is the one byte i, hashed with another program. */
static const char *const known_roots[] = {
    "dbc1b4c900ffe48d575b5da5c638040125f65db0fe3e24494b76ea986457d986",
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "a20bf9a7cc2dc8a08f5f415a71b19f6ac427bab54d24eec868b5d3103449953a",
    "3b6cccd7e3e023ff393006f030315ee7ad9eb111b022b41fba7e5b7a3973f688",
    "9bcd51240af4005168f033121ba85be5a6ed4f0e6a5fac262066729b8fbfdecb",
    "b855b42d6c30f5b087e05266783fbd6e394f7b926013ccaa67700a8b0c5a596f",
    "bb36e7d3d4cee5720cbd323d02fab15962e2ba1dadf5f8fc6eeef4fd6ad056a8",
    "3560191803028444b232018ac047fdb561c09c23a7a6876c85e08b5e4d48e9f3",
    "ef7f49b620f6c7ea9b963a214da34b5021c6ded8ed57734380a311ab726aa907",
    "162a21c2230e0284ea38cb8739ee4bb75947a1acd5d529c638ec068969fb3c4a",
    "487540cba07f8eee7688295955ee3b4c04003e8ca2de94426237cd44491108a7",
    "e177ad5a8a17108dad67c70a51266681aa02b9e2b7ad6a0357585ba4289982ac",
    "e1638fb3b9f61905f83ee361fd1342365d39e2848015a44a69a1dd82105ef04d",
    "df5ee130e5a247600d190c31074458de3c0dc58f0b0d8a6a2b3dd4fd7e569501",
    "a634b1bfbcedff2e39ffe69201b948646210f4e942bef01b3cfe1e5165c953d6",
    "504df18ccb021fe5f19677228be6b1f6e597a9c63d0a300bbddb113c98f4b368",
    "93f2bd0cd60b2e597cf53fb12ae63ed157e0c10efbfe097d23caf8a5f59c6e27",
    "8e31c4ca74a9e3449f253ee8cbe60e07149e3a1398e6e3f0f4a3c312a9fe14f3",
};

static void byte_leaves(uint8_t (*leaves)[32], size_t n) {
    for (size_t i = 0; i < n; i++) {
        uint8_t page = (uint8_t)i;
        crux_merkle_leaf_hash(leaves[i], &page, 1);
    }
}

static void random_leaves(struct crux_random *random, uint8_t (*leaves)[32], size_t n) {
    uint8_t *bytes = (uint8_t *)leaves;
    for (size_t i = 0; i < 32 * n; i++) bytes[i] = (uint8_t)crux_random_next(random);
}

static void plain_tree(struct crux_merkle_tree *tree, uint8_t *memory, size_t cap,
                       const uint8_t (*leaves)[32], size_t n) {
    struct crux_merkle_shape shape = crux_merkle_shape_plain(n);
    assert_true(crux_merkle_tree_bytes(&shape) <= cap);
    crux_merkle_tree_init(tree, &shape, memory);
    memcpy(memory, leaves, 32 * n);
    crux_merkle_tree_build(tree);
}

static void known_small_trees(void **unused CRUX_UNUSED) {
    assert_int_equal(CRUX_ARRAY_LEN(known_roots), 18);
    for (size_t n = 0; n <= 17; n++) {
        uint8_t leaves[17][32], root[32], naive[32], memory[64 * 32];
        char hex[65];
        struct crux_merkle_tree tree;
        byte_leaves(leaves, n);
        naive_root(naive, (const uint8_t(*)[32])leaves, n);
        plain_tree(&tree, memory, sizeof memory, (const uint8_t(*)[32])leaves, n);
        crux_merkle_tree_root(root, &tree);
        assert_memory_equal(root, naive, 32);
        for (size_t i = 0; i < 32; i++) snprintf(hex + 2 * i, 3, "%02x", root[i]);
        assert_string_equal(hex, known_roots[n]);
    }
}

/* The header's picture: leaves 1 and 4 of 6. */
static void the_drawn_proof(void **unused CRUX_UNUSED) {
    uint8_t leaves[6][32], expected[3][32], proof[96], memory[16 * 32];
    const uint64_t indices[] = {1, 4};
    struct crux_merkle_tree tree;
    struct crux_writer out;
    byte_leaves(leaves, 6);
    plain_tree(&tree, memory, sizeof memory, (const uint8_t(*)[32])leaves, 6);
    memcpy(expected[0], leaves[0], 32);
    naive_node(expected[1], leaves[2], leaves[3]);
    memcpy(expected[2], leaves[5], 32);
    crux_writer_init(&out, proof, sizeof proof);
    assert_int_equal(crux_merkle_prove(&out, &tree, indices, 2), CRUX_OK);
    assert_int_equal(out.at, sizeof proof);
    assert_memory_equal(proof, expected, sizeof proof);
}

/* One set of leaves of one tree: emission, length and verification against the naive proof. */
static void check_set(const struct crux_merkle_tree *tree, const uint8_t (*leaves)[32], size_t n,
                      const bool *proven) {
    static uint8_t expected[LARGE][32], proof[LARGE * 32], hashes[LARGE][32];
    uint64_t indices[LARGE], length;
    uint8_t root[32], found[32];
    struct crux_writer out;
    struct crux_cursor in;
    size_t count = 0, siblings = naive_proof(expected, leaves, n, proven);
    for (size_t i = 0; i < n; i++) {
        if (!proven[i]) continue;
        memcpy(hashes[count], leaves[i], 32);
        indices[count++] = i;
    }
    assert_int_equal(crux_merkle_proof_length(&length, n, indices, count), CRUX_OK);
    assert_int_equal(length, siblings);
    crux_writer_init(&out, proof, sizeof proof);
    assert_int_equal(crux_merkle_prove(&out, tree, indices, count), CRUX_OK);
    assert_int_equal(out.at, 32 * siblings);
    assert_memory_equal(proof, expected, 32 * siblings);
    crux_cursor_init(&in, proof, sizeof proof); /* more than the proof: exactly the proof is read */
    assert_int_equal(
        crux_merkle_root_from_proof(found, n, indices, (const uint8_t(*)[32])hashes, count, &in),
        CRUX_OK);
    assert_int_equal(in.at, 32 * siblings);
    naive_root(root, leaves, n);
    assert_memory_equal(found, root, 32);
    assert_int_equal(
        crux_merkle_verify(root, n, indices, (const uint8_t(*)[32])hashes, count, proof, out.at),
        CRUX_OK);
}

static void every_subset_of_small_trees(void **unused CRUX_UNUSED) {
    struct crux_random random = {1};
    for (size_t n = 1; n <= SMALL; n++) {
        uint8_t leaves[SMALL][32], memory[32 * 32];
        struct crux_merkle_tree tree;
        random_leaves(&random, leaves, n);
        plain_tree(&tree, memory, sizeof memory, (const uint8_t(*)[32])leaves, n);
        for (unsigned set = 1; set < 1U << n; set++) {
            bool proven[SMALL];
            for (size_t i = 0; i < n; i++) proven[i] = (set >> i & 1) != 0;
            check_set(&tree, (const uint8_t(*)[32])leaves, n, proven);
        }
    }
}

static void every_range_and_random_sets_of_larger_trees(void **unused CRUX_UNUSED) {
    static uint8_t leaves[LARGE][32], memory[2 * LARGE * 32 + 320];
    struct crux_random random = {2};
    for (size_t n = 11; n <= LARGE; n += n < 40 ? 1 : 37) {
        struct crux_merkle_tree tree;
        bool proven[LARGE];
        random_leaves(&random, leaves, n);
        plain_tree(&tree, memory, sizeof memory, (const uint8_t(*)[32])leaves, n);
        size_t step = n < 40 ? 1 : 17;
        for (size_t first = 0; first < n; first += step) {
            for (size_t end = first + 1; end <= n; end += step) {
                for (size_t i = 0; i < n; i++) proven[i] = i >= first && i < end;
                check_set(&tree, (const uint8_t(*)[32])leaves, n, proven);
            }
        }
        for (int round = 0; round < 50; round++) {
            for (size_t i = 0; i < n; i++)
                proven[i] = crux_random_one_in(&random, 1 + (unsigned)round);
            proven[crux_random_below(&random, n)] = true;
            check_set(&tree, (const uint8_t(*)[32])leaves, n, proven);
        }
    }
}

static void depth_is_the_least_that_suffices(void **unused CRUX_UNUSED) {
    static const struct {
        uint64_t n;
        unsigned depth;
    } cases[] = {{0, 0},
                 {1, 0},
                 {2, 1},
                 {3, 2},
                 {4, 2},
                 {5, 3},
                 {8, 3},
                 {9, 4},
                 {17, 5},
                 {UINT64_C(1) << 41, 41},
                 {(UINT64_C(1) << 63) + 1, 64},
                 {UINT64_MAX, 64}};
    for (size_t i = 0; i < CRUX_ARRAY_LEN(cases); i++) {
        assert_int_equal(crux_merkle_depth(cases[i].n), cases[i].depth);
    }
}

/* The largest tree that is allowed, without building it: a proof of made-up siblings gives the root that the same
 * siblings give by hand. */
static void largest_tree(void **unused CRUX_UNUSED) {
    uint8_t siblings[CRUX_MERKLE_DEPTH_MAX][32], leaf[1][32], root[32], by_hand[32];
    struct crux_random random = {3};
    struct crux_cursor in;
    uint64_t length;
    for (int round = 0; round < 20; round++) {
        uint64_t index = crux_random_below(&random, CRUX_MERKLE_LEAVES_MAX);
        if (round == 0) index = 0;
        if (round == 1) index = CRUX_MERKLE_LEAVES_MAX - 1;
        random_leaves(&random, siblings, CRUX_MERKLE_DEPTH_MAX);
        random_leaves(&random, leaf, 1);
        assert_int_equal(crux_merkle_proof_length(&length, CRUX_MERKLE_LEAVES_MAX, &index, 1),
                         CRUX_OK);
        assert_int_equal(length, CRUX_MERKLE_DEPTH_MAX);
        crux_cursor_init(&in, (const uint8_t *)siblings, sizeof siblings);
        assert_int_equal(crux_merkle_root_from_proof(root, CRUX_MERKLE_LEAVES_MAX, &index,
                                                     (const uint8_t(*)[32])leaf, 1, &in),
                         CRUX_OK);
        /* From the leaf up: a left child's sibling stands after those of the subtree it belongs to, a right child's
         * before them. So peel both ends of the list from outside in. */
        uint8_t order[CRUX_MERKLE_DEPTH_MAX][32];
        size_t low = 0, high = CRUX_MERKLE_DEPTH_MAX;
        for (unsigned level = CRUX_MERKLE_DEPTH_MAX; level-- > 0;) {
            bool is_right = (index >> level & 1) != 0;
            memcpy(order[level], is_right ? siblings[low++] : siblings[--high], 32);
        }
        memcpy(by_hand, leaf[0], 32);
        for (unsigned level = 0; level < CRUX_MERKLE_DEPTH_MAX; level++) {
            bool is_right = (index >> level & 1) != 0;
            if (is_right)
                naive_node(by_hand, order[level], by_hand);
            else
                naive_node(by_hand, by_hand, order[level]);
        }
        assert_memory_equal(root, by_hand, 32);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_small_trees),
        cmocka_unit_test(the_drawn_proof),
        cmocka_unit_test(every_subset_of_small_trees),
        cmocka_unit_test(every_range_and_random_sets_of_larger_trees),
        cmocka_unit_test(depth_is_the_least_that_suffices),
        cmocka_unit_test(largest_tree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
