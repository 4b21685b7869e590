/* Trees of tensors over random shapes against padded bytes and a naive tree. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "tests/bisection/commitment/naive_tensor.h"

static void check_layout(const struct crux_layout *layout, struct crux_random *random) {
    struct naive_tensor naive;
    struct crux_merkle_tree tree;
    uint8_t root[32], page[1024 + 1];
    void *memory = malloc(crux_tensor_tree_bytes(layout) + 1);
    assert_non_null(memory);
    naive_tensor_make(&naive, layout, random);
    assert_int_equal(layout->bytes, naive.padded_bytes);
    assert_int_equal(layout->pages, naive.pages);
    crux_tensor_tree_build(&tree, &naive.tensor, memory);
    assert_int_equal(tree.leaf_count, naive.pages);
    crux_merkle_tree_root(root, &tree);
    assert_memory_equal(root, naive.root, 32);
    for (size_t i = 0; i < naive.pages; i++) {
        size_t at = i * layout->page_bytes, left = naive.padded_bytes - at;
        uint8_t leaf[32];
        memset(page, 0xee, sizeof page);
        uint32_t length = crux_tensor_page(page, &naive.tensor, i);
        assert_int_equal(length, left < layout->page_bytes ? left : layout->page_bytes);
        assert_memory_equal(page, naive.padded + at, length);
        assert_int_equal(page[length], 0xee);
        crux_merkle_tree_node(leaf, &tree, 0, i);
        assert_memory_equal(leaf, naive.leaves[i], 32);
    }
    crux_tensor_root(root, &naive.tensor, memory);
    assert_memory_equal(root, naive.root, 32);
    free(memory);
    naive_tensor_free(&naive);
}

static void random_layouts(void **unused CRUX_UNUSED) {
    struct crux_random random = {21};
    for (int i = 0; i < 1500; i++) {
        struct crux_layout layout;
        naive_tensor_layout(&layout, &random);
        check_layout(&layout, &random);
    }
}

/* Every row length about the page sizes, for every dtype that a byte, two, four and eight long elements have. */
static void rows_about_a_page(void **unused CRUX_UNUSED) {
    static const unsigned dtypes[] = {CRUX_U8, CRUX_I16, CRUX_U32, CRUX_I64};
    struct crux_random random = {22};
    for (size_t d = 0; d < CRUX_ARRAY_LEN(dtypes); d++) {
        for (uint32_t row = 1; row <= 2100;
             row += row < 20 || row % 256 < 2 || row % 256 > 254 ? 1 : 23) {
            uint32_t extent[2] = {(uint32_t)crux_random_between(&random, 1, 9), row};
            struct crux_dim dim[2] = {{.a = 9, .d = 1, .e = 9}, {.b = 1, .d = 1, .e = 5000}};
            struct crux_layout layout;
            crux_layout_step(&layout, dtypes[d], 2, dim, extent);
            check_layout(&layout, &random);
            crux_layout_record(&layout, dtypes[d], 2, extent);
            check_layout(&layout, &random);
            crux_layout_model(&layout, dtypes[d], row);
            check_layout(&layout, &random);
        }
    }
}

/* A tensor that has not grown yet has no pages, and NULL elements will do. */
static void no_elements(void **unused CRUX_UNUSED) {
    struct crux_dim dim[2] = {{.a = 3, .d = 1, .e = 3}, {.b = 1, .d = 1, .e = 9}};
    uint32_t extent[2] = {3, 0};
    struct crux_tensor tensor = {.elements = NULL};
    uint8_t root[32], empty[32];
    crux_layout_step(&tensor.layout, CRUX_I32, 2, dim, extent);
    assert_int_equal(crux_tensor_tree_bytes(&tensor.layout), 0);
    crux_tensor_root(root, &tensor, NULL);
    crux_merkle_empty_root(empty);
    assert_memory_equal(root, empty, 32);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_layouts),
        cmocka_unit_test(rows_about_a_page),
        cmocka_unit_test(no_elements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
