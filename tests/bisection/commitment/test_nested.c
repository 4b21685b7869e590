/* Records and step trees over random tensors, and nested multiproofs of their pages. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "bisection/commitment/step.h"
#include "tests/bisection/commitment/naive_tensor.h"
#include "tests/support/naive_tree.h"

enum { TENSORS_MAX = 20, PROOF_BYTES_MAX = 1 << 16 };

struct set {
    uint32_t count;
    struct naive_tensor naive[TENSORS_MAX];
    struct crux_tensor tensor[TENSORS_MAX];
    uint8_t roots[TENSORS_MAX][32];
    uint8_t root[32];
};

static void make(struct set *set, uint32_t count, struct crux_random *random) {
    set->count = count;
    for (uint32_t i = 0; i < count; i++) {
        struct crux_layout layout;
        naive_tensor_layout(&layout, random);
        naive_tensor_make(&set->naive[i], &layout, random);
        set->tensor[i] = set->naive[i].tensor;
        memcpy(set->roots[i], set->naive[i].root, 32);
    }
    naive_root(set->root, (const uint8_t(*)[32])set->roots, count);
}

static void drop(struct set *set) {
    for (uint32_t i = 0; i < set->count; i++) naive_tensor_free(&set->naive[i]);
}

/* At most CRUX_NESTED_LEAVES_MAX pages, from few tensors or from many. */
static size_t choose(struct crux_nested_leaf *leaves, const struct set *set,
                     struct crux_random *random) {
    unsigned tensor_rarity = (unsigned)crux_random_between(random, 1, 6);
    unsigned page_rarity = (unsigned)crux_random_between(random, 1, 30);
    size_t n = 0;
    for (uint32_t t = 0; t < set->count; t++) {
        if (!crux_random_one_in(random, tensor_rarity)) continue;
        for (uint64_t page = 0; page < set->naive[t].pages && n < CRUX_NESTED_LEAVES_MAX; page++) {
            if (crux_random_one_in(random, page_rarity))
                leaves[n++] = (struct crux_nested_leaf){t, page};
        }
    }
    return n;
}

/* The proof as spec/30-commitment.md#proofs says, from naive trees alone.  Returns: its bytes. */
static size_t naive_nested(uint8_t *out, const struct set *set,
                           const struct crux_nested_leaf *leaves, size_t n) {
    bool outer[TENSORS_MAX] = {false};
    size_t siblings = 0;
    for (uint32_t t = 0; t < set->count; t++) {
        const struct naive_tensor *naive = &set->naive[t];
        bool *proven = calloc(naive->pages + 1, sizeof *proven);
        assert_non_null(proven);
        for (size_t i = 0; i < n; i++) {
            if (leaves[i].tensor != t) continue;
            proven[leaves[i].leaf] = true;
            outer[t] = true;
        }
        if (outer[t]) {
            siblings += naive_proof((uint8_t(*)[32])out + siblings,
                                    (const uint8_t(*)[32])naive->leaves, naive->pages, proven);
        }
        free(proven);
    }
    if (n > 0) {
        siblings += naive_proof((uint8_t(*)[32])out + siblings, (const uint8_t(*)[32])set->roots,
                                set->count, outer);
    }
    return 32 * siblings;
}

/* Reads the proof back the way a verifier does: inner roots, then the outer one. */
static void verify(const struct set *set, const struct crux_nested_leaf *leaves, size_t n,
                   const uint8_t *proof, size_t proof_bytes) {
    uint64_t inner[CRUX_NESTED_LEAVES_MAX], outer[TENSORS_MAX];
    uint8_t hashes[CRUX_NESTED_LEAVES_MAX][32], roots[TENSORS_MAX][32], root[32];
    size_t tensors = 0;
    struct crux_cursor in;
    crux_cursor_init(&in, proof, proof_bytes);
    for (size_t first = 0, end = 0; first < n; first = end) {
        uint32_t t = leaves[first].tensor;
        for (; end < n && leaves[end].tensor == t; end++) {
            inner[end - first] = leaves[end].leaf;
            memcpy(hashes[end - first], set->naive[t].leaves[leaves[end].leaf], 32);
        }
        assert_int_equal(crux_merkle_root_from_proof(roots[tensors], set->naive[t].pages, inner,
                                                     (const uint8_t(*)[32])hashes, end - first,
                                                     &in),
                         CRUX_OK);
        outer[tensors++] = t;
    }
    assert_int_equal(crux_merkle_root_from_proof(root, set->count, outer,
                                                 (const uint8_t(*)[32])roots, tensors, &in),
                     CRUX_OK);
    assert_memory_equal(root, set->root, 32);
    assert_int_equal(crux_cursor_finish(&in), CRUX_OK);
}

static void check_proofs(const struct crux_nested *nested, const struct set *set,
                         struct crux_random *random) {
    static uint8_t proof[PROOF_BYTES_MAX], expected[PROOF_BYTES_MAX];
    struct crux_nested_leaf leaves[CRUX_NESTED_LEAVES_MAX + 1];
    struct crux_writer out;
    size_t n = choose(leaves, set, random), bytes = naive_nested(expected, set, leaves, n);
    crux_writer_init(&out, proof, sizeof proof);
    assert_int_equal(crux_nested_prove(&out, nested, leaves, n), CRUX_OK);
    assert_int_equal(out.at, bytes);
    assert_memory_equal(proof, expected, bytes);
    if (n == 0) return;
    verify(set, leaves, n, proof, bytes);
    leaves[n] = leaves[n - 1]; /* the same page twice */
    assert_int_equal(crux_nested_prove(&out, nested, leaves, n + 1),
                     n == CRUX_NESTED_LEAVES_MAX ? CRUX_E_TOO_MANY_LEAVES : CRUX_E_NON_CANONICAL);
    leaves[0].leaf = set->naive[leaves[0].tensor].pages;
    assert_int_equal(crux_nested_prove(&out, nested, leaves, n), CRUX_E_INDEX_BEYOND_COUNT);
    leaves[0] = (struct crux_nested_leaf){set->count, 0};
    assert_int_equal(crux_nested_prove(&out, nested, leaves, n), CRUX_E_INDEX_BEYOND_COUNT);
    assert_int_equal(out.at, bytes); /* what is refused writes nothing */
}

static void records_and_steps(void **unused CRUX_UNUSED) {
    struct crux_random random = {31};
    for (int round = 0; round < 120; round++) {
        struct set stores, tensors;
        struct crux_step_tree tree;
        uint8_t root[32];
        make(&stores, (uint32_t)crux_random_below(&random, 5), &random);
        make(&tensors, (uint32_t)crux_random_below(&random, TENSORS_MAX + 1), &random);
        void *memory = malloc(
            crux_step_tree_bytes(stores.tensor, stores.count, tensors.tensor, tensors.count) + 1);
        assert_non_null(memory);
        crux_step_tree_build(&tree, stores.tensor, stores.count, tensors.tensor, tensors.count,
                             memory);
        crux_nested_root(root, &tree.record);
        assert_memory_equal(root, stores.root, 32);
        crux_nested_root(root, &tree.tensors);
        assert_memory_equal(root, tensors.root, 32);
        naive_node(root, stores.root, tensors.root);
        assert_memory_equal(tree.root, root, 32);
        for (int k = 0; k < 8; k++) {
            check_proofs(&tree.record, &stores, &random);
            check_proofs(&tree.tensors, &tensors, &random);
        }
        free(memory);
        drop(&stores);
        drop(&tensors);
    }
}

/* Two tensors out of order are refused, though each page is there. */
static void order_is_by_tensor_and_page(void **unused CRUX_UNUSED) {
    struct crux_random random = {32};
    struct crux_tensor tensors[2];
    struct naive_tensor naive[2];
    struct crux_nested nested;
    struct crux_writer out;
    uint8_t proof[1024];
    for (int i = 0; i < 2; i++) {
        struct crux_layout layout;
        crux_layout_model(&layout, CRUX_U8, 1000);
        naive_tensor_make(&naive[i], &layout, &random);
        tensors[i] = naive[i].tensor;
    }
    void *memory = malloc(crux_nested_bytes(tensors, 2));
    assert_non_null(memory);
    crux_nested_build(&nested, tensors, 2, memory);
    static const struct crux_nested_leaf wrong[][2] = {
        {{1, 0}, {0, 0}}, {{1, 0}, {0, 3}}, {{0, 2}, {0, 1}}};
    for (size_t i = 0; i < CRUX_ARRAY_LEN(wrong); i++) {
        crux_writer_init(&out, proof, sizeof proof);
        assert_int_equal(crux_nested_prove(&out, &nested, wrong[i], 2), CRUX_E_NON_CANONICAL);
        assert_int_equal(out.at, 0);
    }
    static const struct crux_nested_leaf right[] = {{0, 3}, {1, 0}};
    assert_int_equal(crux_nested_prove(&out, &nested, right, 2), CRUX_OK);
    assert_int_equal(out.at, 4 * 32); /* two siblings in each tree of four pages, none outside */
    free(memory);
    for (int i = 0; i < 2; i++) naive_tensor_free(&naive[i]);
}

/* Copies of a set with other elements, `stride` bytes apart: each root is its own tree's, however many there are. */
static void side_by_side(void **unused CRUX_UNUSED) {
    enum { MOST = 35, GAP_MOST = 9 };
    struct crux_random random = {33};
    for (int round = 0; round < 60; round++) {
        struct set set;
        struct crux_tensor here[TENSORS_MAX];
        uint8_t roots[MOST][32], wanted[32];
        size_t at[TENSORS_MAX], stride = (size_t)crux_random_below(&random, GAP_MOST),
                                n = (size_t)crux_random_below(&random, MOST + 1);
        make(&set, (uint32_t)crux_random_below(&random, 8), &random);
        for (uint32_t i = 0; i < set.count; i++) {
            at[i] = stride;
            stride += (size_t)crux_tensor_bytes(&set.tensor[i].layout);
        }
        uint8_t *elements = malloc(n * stride + 1);
        uint8_t *memory = malloc(crux_nested_bytes(set.tensor, set.count) + 1),
                *many = malloc(crux_nested_roots_bytes(set.tensor, set.count));
        assert_true(elements != NULL && memory != NULL && many != NULL);
        for (size_t i = 0; i < n * stride; i++) elements[i] = (uint8_t)crux_random_next(&random);
        for (uint32_t i = 0; i < set.count; i++) {
            here[i] = set.tensor[i];
            here[i].elements = elements + at[i];
        }
        crux_nested_roots(roots, here, set.count, stride, n, many);
        for (size_t k = 0; k < n; k++) {
            struct crux_nested nested;
            crux_nested_build(&nested, here, set.count, memory);
            crux_nested_root(wanted, &nested);
            assert_memory_equal(roots[k], wanted, 32);
            for (uint32_t i = 0; i < set.count; i++) here[i].elements += stride;
        }
        free(elements);
        free(memory);
        free(many);
        drop(&set);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_and_steps),
        cmocka_unit_test(order_is_by_tensor_and_page),
        cmocka_unit_test(side_by_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
