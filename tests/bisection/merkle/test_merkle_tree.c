/* Trees with zero pages against the same trees with the zero pages hashed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "bisection/merkle/tree.h"
#include "tests/support/naive_tree.h"
#include "tests/support/random.h"

static const uint8_t zero_page[1024];

static void zero_constants_are_hashes_of_zeros(void **unused CRUX_UNUSED) {
    static const uint32_t sizes[] = {256, 1024};
    for (size_t s = 0; s < CRUX_ARRAY_LEN(sizes); s++) {
        const uint8_t(*zeros)[32] = crux_merkle_zeros(sizes[s]);
        uint8_t node[32];
        assert_non_null(zeros);
        naive_leaf(node, zero_page, sizes[s]);
        for (unsigned level = 0; level < CRUX_MERKLE_ZERO_LEVELS; level++) {
            assert_memory_equal(zeros[level], node, 32);
            naive_node(node, node, node);
        }
    }
    assert_null(crux_merkle_zeros(0));
    assert_null(crux_merkle_zeros(512));
}

/* The whole tree of the shape, leaf by leaf, with zero pages where the shape has them. */
static void expand(uint8_t (*out)[32], const struct crux_merkle_shape *shape,
                   const uint8_t (*data)[32]) {
    uint64_t leaves = crux_merkle_shape_leaves(shape), row_leaves = UINT64_C(1) << shape->row_log2;
    for (uint64_t i = 0; i < leaves; i++) {
        if (i % row_leaves < shape->row_data)
            memcpy(out[i], *data++, 32);
        else
            naive_leaf(out[i], zero_page, shape->zero_bytes);
    }
}

static void check_nodes(const struct crux_merkle_tree *tree, const uint8_t (*leaves)[32]) {
    for (unsigned level = 0; level <= tree->depth; level++) {
        for (uint64_t first = 0; first < tree->leaf_count; first += UINT64_C(1) << level) {
            uint64_t count = UINT64_C(1) << level;
            uint8_t node[32], naive[32];
            if (count > tree->leaf_count - first) count = tree->leaf_count - first;
            crux_merkle_tree_node(node, tree, level, first >> level);
            naive_root(naive, leaves + first, (size_t)count);
            assert_memory_equal(node, naive, 32);
        }
    }
}

static void check_proofs(const struct crux_merkle_tree *tree, const uint8_t (*leaves)[32],
                         struct crux_random *random) {
    size_t n = (size_t)tree->leaf_count, count = 0;
    bool *proven = calloc(n, sizeof *proven);
    uint64_t *indices = calloc(n, sizeof *indices), length;
    uint8_t(*expected)[32] = malloc(32 * n), *proof = malloc(32 * n);
    struct crux_writer out;
    assert_true(proven != NULL && indices != NULL && expected != NULL && proof != NULL);
    unsigned rarity = (unsigned)crux_random_between(random, 1, 20);
    for (size_t i = 0; i < n; i++) {
        proven[i] = crux_random_one_in(random, rarity) || i == n / 2;
        if (proven[i]) indices[count++] = i;
    }
    size_t siblings = naive_proof(expected, leaves, n, proven);
    assert_int_equal(crux_merkle_proof_length(&length, n, indices, count), CRUX_OK);
    assert_int_equal(length, siblings);
    crux_writer_init(&out, proof, 32 * n);
    assert_int_equal(crux_merkle_prove(&out, tree, indices, count), CRUX_OK);
    assert_int_equal(out.at, 32 * siblings);
    assert_memory_equal(proof, expected, 32 * siblings);
    if (siblings > 0) { /* and into a buffer that is too small */
        crux_writer_init(&out, proof, 32 * siblings - 1);
        assert_int_equal(crux_merkle_prove(&out, tree, indices, count), CRUX_E_TRUNCATED);
    }
    indices[0] = n; /* beyond the count, or not ascending */
    crux_writer_init(&out, proof, 32 * n);
    assert_int_equal(crux_merkle_prove(&out, tree, indices, count),
                     count > 1 ? CRUX_E_NON_CANONICAL : CRUX_E_INDEX_BEYOND_COUNT);
    assert_int_equal(out.at, 0);
    free(proven);
    free(indices);
    free(expected);
    free(proof);
}

static void check_shape(const struct crux_merkle_shape *shape, struct crux_random *random) {
    size_t data = (size_t)(shape->rows * shape->row_data),
           n = (size_t)crux_merkle_shape_leaves(shape);
    size_t bytes = crux_merkle_tree_bytes(shape);
    uint8_t(*leaves)[32] = malloc(32 * n + 1), (*memory)[32] = malloc(bytes + 1), root[32],
    naive[32];
    struct crux_merkle_tree tree;
    assert_true(leaves != NULL && memory != NULL);
    crux_merkle_tree_init(&tree, shape, memory);
    assert_int_equal(tree.leaf_count, n);
    uint8_t *hashes = (uint8_t *)memory;
    for (size_t i = 0; i < 32 * data; i++) hashes[i] = (uint8_t)crux_random_next(random);
    expand(leaves, shape, (const uint8_t(*)[32])memory);
    crux_merkle_tree_build(&tree);
    crux_merkle_tree_root(root, &tree);
    naive_root(naive, (const uint8_t(*)[32])leaves, n);
    assert_memory_equal(root, naive, 32);
    check_nodes(&tree, (const uint8_t(*)[32])leaves);
    if (n > 0) check_proofs(&tree, (const uint8_t(*)[32])leaves, random);
    free(leaves);
    free(memory);
}

static void plain_trees_of_every_count(void **unused CRUX_UNUSED) {
    struct crux_random random = {11};
    for (uint64_t n = 0; n <= 200; n++) {
        struct crux_merkle_shape shape = crux_merkle_shape_plain(n);
        check_shape(&shape, &random);
    }
}

static void rows_with_zero_pages(void **unused CRUX_UNUSED) {
    struct crux_random random = {12};
    for (uint32_t log2 = 0; log2 <= 4; log2++) {
        for (uint64_t data = 1; data <= UINT64_C(1) << log2; data++) {
            for (uint64_t rows = 0; rows <= 11; rows++) {
                struct crux_merkle_shape shape = {rows, data, log2, rows % 2 == 0 ? 256 : 1024};
                check_shape(&shape, &random);
            }
        }
    }
}

/* More pairs than one batch of the builder, and rows far longer than their data. */
static void large_shapes(void **unused CRUX_UNUSED) {
    struct crux_random random = {13};
    static const struct crux_merkle_shape shapes[] = {
        {1000, 1, 0, 0}, {200, 3, 2, 256},  {3, 131, 8, 1024},
        {1, 1, 10, 256}, {2, 513, 10, 256}, {129, 5, 3, 1024},
    };
    for (size_t i = 0; i < CRUX_ARRAY_LEN(shapes); i++) check_shape(&shapes[i], &random);
}

/* Memory is for the data alone, not for the padding. */
static void zero_pages_take_no_memory(void **unused CRUX_UNUSED) {
    struct crux_merkle_shape shape = {1, 1, 34, 256};
    struct crux_merkle_tree tree;
    uint8_t memory[35][32], root[32], expected[32];
    assert_int_equal(crux_merkle_tree_bytes(&shape), sizeof memory);
    crux_merkle_tree_init(&tree, &shape, memory);
    memset(memory[0], 7, 32);
    crux_merkle_tree_build(&tree);
    crux_merkle_tree_root(root, &tree);
    memset(expected, 7, 32);
    for (unsigned level = 0; level < 34; level++)
        naive_node(expected, expected, crux_merkle_zeros(256)[level]);
    assert_memory_equal(root, expected, 32);
}

static void pages_are_cut_and_hashed(void **unused CRUX_UNUSED) {
    struct crux_random random = {14};
    for (size_t bytes = 0; bytes <= 2100; bytes += bytes % 255 < 3 ? 1 : 17) {
        uint8_t in[2101] = {0}, hashes[9][32], expected[32];
        for (size_t i = 0; i < bytes; i++) in[i] = (uint8_t)crux_random_next(&random);
        crux_merkle_hash_pages(hashes, in, bytes, 256);
        for (size_t page = 0; page * 256 < bytes; page++) {
            size_t left = bytes - page * 256;
            naive_leaf(expected, in + page * 256, left < 256 ? left : 256);
            assert_memory_equal(hashes[page], expected, 32);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zero_constants_are_hashes_of_zeros),
        cmocka_unit_test(plain_trees_of_every_count),
        cmocka_unit_test(rows_with_zero_pages),
        cmocka_unit_test(large_shapes),
        cmocka_unit_test(zero_pages_take_no_memory),
        cmocka_unit_test(pages_are_cut_and_hashed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
