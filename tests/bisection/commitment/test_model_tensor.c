#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "bisection/commitment/model_tensor.h"
#include "tests/bisection/commitment/naive_tensor.h"
#include "tests/support/naive_tree.h"

/* spec/10-machine.md#tiles, anew from the layout byte. */
static size_t tile_length(uint8_t layout, uint32_t inputs) {
    uint32_t group = (layout & 4) != 0 ? 16 : 32, g = (inputs + group - 1) / group;
    size_t q = (layout & 3) == 1   ? (inputs + 1) / 2
               : (layout & 3) == 2 ? inputs
                                   : 2 * (size_t)inputs;
    return 2 * (size_t)g * ((layout & 8) != 0 ? 2 : 1) + q;
}

static void check_tiled(uint8_t layout, uint32_t rows_a, uint32_t rows_b, uint32_t inputs,
                        struct crux_random *random) {
    struct crux_model_tensor tensor = {
        .dtype = CRUX_I32, .layout = layout, .ndim = 3, .dim = {rows_a, rows_b, inputs}};
    struct crux_model_leaves leaves;
    struct crux_merkle_tree tree;
    uint8_t root[32], naive[32], copy[CRUX_TILE_BYTES_MAX + 1], hash[32];
    uint32_t chunk = 128U << (layout >> 4 & 3), tiles = (inputs + chunk - 1) / chunk;
    size_t rows = (size_t)rows_a * rows_b, n = rows * tiles, at = 0;
    assert_int_equal(crux_model_leaves_init(&leaves, &tensor), CRUX_OK);
    assert_int_equal(leaves.leaf_count, n);
    uint8_t *bytes = malloc((size_t)leaves.bytes), (*expected)[32] = malloc(32 * n);
    void *memory = malloc(crux_model_tensor_tree_bytes(&leaves));
    assert_true(bytes != NULL && expected != NULL && memory != NULL);
    for (size_t i = 0; i < leaves.bytes; i++) bytes[i] = (uint8_t)crux_random_next(random);
    crux_model_tensor_tree_build(&tree, &leaves, bytes, memory);
    for (size_t i = 0; i < n; i++) {
        uint32_t left = inputs - (uint32_t)(i % tiles) * chunk;
        size_t length = tile_length(layout, left < chunk ? left : chunk);
        naive_leaf(expected[i], bytes + at, length);
        assert_int_equal(crux_model_leaf(copy, &leaves, bytes, i), length);
        assert_memory_equal(copy, bytes + at, length);
        crux_merkle_tree_node(hash, &tree, 0, i);
        assert_memory_equal(hash, expected[i], 32);
        at += length;
    }
    assert_int_equal(at, leaves.bytes);
    naive_root(naive, (const uint8_t(*)[32])expected, n);
    crux_merkle_tree_root(root, &tree);
    assert_memory_equal(root, naive, 32);
    free(bytes);
    free(expected);
    free(memory);
}

static void every_tile_layout(void **unused CRUX_UNUSED) {
    static const uint32_t inputs[] = {1,   15,  16,  17,  31,  33,   127,  128, 129,
                                      300, 511, 512, 513, 576, 1024, 1536, 1537};
    struct crux_random random = {51};
    unsigned layouts = 0;
    for (unsigned layout = 1; layout < 256; layout++) {
        struct crux_tile tile;
        if (crux_tile_decode(&tile, (uint8_t)layout) != CRUX_OK) continue;
        layouts++;
        for (size_t i = 0; i < CRUX_ARRAY_LEN(inputs); i++) {
            check_tiled((uint8_t)layout, (uint32_t)crux_random_between(&random, 1, 3),
                        (uint32_t)crux_random_between(&random, 1, 9), inputs[i], &random);
        }
    }
    assert_int_equal(layouts, 3 * 2 * 2 * 3);
    check_tiled(0x2a, 1, 200, 576, &random); /* more rows than a batch */
}

static void plain_tensors(void **unused CRUX_UNUSED) {
    struct crux_random random = {52};
    for (uint32_t elements = 1; elements < 3000; elements += elements < 70 ? 1 : 61) {
        struct crux_model_tensor tensor = {.dtype = CRUX_I16, .ndim = 1, .dim = {elements}};
        struct crux_model_leaves leaves;
        struct crux_merkle_tree tree;
        struct crux_layout layout;
        struct naive_tensor naive;
        uint8_t root[32], page[CRUX_TILE_BYTES_MAX];
        assert_int_equal(crux_model_leaves_init(&leaves, &tensor), CRUX_OK);
        crux_layout_model(&layout, CRUX_I16, elements);
        naive_tensor_make(&naive, &layout, &random);
        assert_int_equal(leaves.bytes, 2 * elements);
        assert_int_equal(leaves.leaf_count, naive.pages);
        void *memory = malloc(crux_model_tensor_tree_bytes(&leaves));
        assert_non_null(memory);
        crux_model_tensor_tree_build(&tree, &leaves, naive.elements, memory);
        crux_merkle_tree_root(root, &tree);
        assert_memory_equal(root, naive.root, 32);
        for (size_t i = 0; i < naive.pages; i++) {
            uint32_t length = crux_model_leaf(page, &leaves, naive.elements, i);
            assert_memory_equal(page, naive.padded + 256 * i, length);
        }
        free(memory);
        naive_tensor_free(&naive);
    }
}

static void bad_tensors_are_refused(void **unused CRUX_UNUSED) {
    static const struct {
        struct crux_model_tensor tensor;
        enum crux_status status;
    } cases[] = {
        {{.dtype = CRUX_I8, .ndim = 0}, CRUX_E_BAD_SHAPE},
        {{.dtype = CRUX_I8, .ndim = 5, .dim = {1, 1, 1, 1}}, CRUX_E_BAD_SHAPE},
        {{.dtype = CRUX_I8, .ndim = 2, .dim = {4, 0}}, CRUX_E_BAD_DIM},
        {{.dtype = CRUX_I8, .ndim = 1, .dim = {UINT32_C(1) << 31}}, CRUX_E_BAD_DIM},
        {{.dtype = CRUX_I8, .ndim = 2, .dim = {1 << 20, (1 << 20) + 1}}, CRUX_E_TOO_MANY_ELEMENTS},
        {{.dtype = CRUX_I8, .ndim = 4, .dim = {INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX}},
         CRUX_E_TOO_MANY_ELEMENTS},
        {{.dtype = CRUX_I8, .ndim = 2, .dim = {1 << 20, 1 << 20}}, CRUX_OK},
        {{.dtype = 0, .ndim = 1, .dim = {4}}, CRUX_E_BAD_DTYPE},
        {{.dtype = 8, .ndim = 1, .dim = {4}}, CRUX_E_BAD_DTYPE},
        {{.dtype = CRUX_I8, .layout = 2, .ndim = 1, .dim = {4}}, CRUX_E_BAD_DTYPE},
        {{.dtype = CRUX_I32, .layout = 4, .ndim = 1, .dim = {4}}, CRUX_E_BAD_LAYOUT},
        {{.dtype = CRUX_I32, .layout = 0x32, .ndim = 1, .dim = {4}}, CRUX_E_BAD_LAYOUT},
        {{.dtype = CRUX_I32, .layout = 0x42, .ndim = 1, .dim = {4}}, CRUX_E_BAD_LAYOUT},
        {{.dtype = CRUX_I32, .layout = 1, .ndim = 3, .dim = {1 << 20, 1 << 20, 1}}, CRUX_OK},
    };
    for (size_t i = 0; i < CRUX_ARRAY_LEN(cases); i++) {
        struct crux_model_leaves leaves;
        assert_int_equal(crux_model_leaves_init(&leaves, &cases[i].tensor), cases[i].status);
        if (cases[i].status == CRUX_OK) assert_true(leaves.leaf_count <= CRUX_MERKLE_LEAVES_MAX);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_tile_layout),
        cmocka_unit_test(plain_tensors),
        cmocka_unit_test(bad_tensors_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
