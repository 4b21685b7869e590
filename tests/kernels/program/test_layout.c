/* Where elements lie: every byte of a tensor is one element's or padding, and rows are subtrees. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "kernels/ops/dim.h"
#include "kernels/ops/dtype.h"
#include "kernels/program/layout.h"
#include "tests/support/random.h"

static bool is_power_of_two(uint64_t v) {
    return v != 0 && (v & (v - 1)) == 0;
}

/* Marks the bytes of every element, then asks for each byte whether it is padding. */
static void check_bytes(const struct crux_layout *layout, unsigned dtype) {
    uint64_t elements = layout->rows * layout->row_elements, paged = 0;
    uint8_t *owned = calloc(layout->bytes + 1, 1);
    assert_non_null(owned);
    assert_int_equal(layout->element_bytes, crux_dtype_bytes(dtype));
    for (uint64_t flat = 0; flat < elements; flat++) {
        uint64_t at = crux_layout_offset(layout, flat);
        assert_true(at + layout->element_bytes <= layout->bytes);
        assert_int_equal(at / layout->page_bytes,
                         (at + layout->element_bytes - 1) / layout->page_bytes);
        for (unsigned i = 0; i < layout->element_bytes; i++) assert_int_equal(owned[at + i]++, 0);
    }
    for (uint64_t at = 0; at < layout->bytes; at++) {
        assert_int_equal(crux_layout_is_padding(layout, at), owned[at] == 0);
    }
    for (uint64_t page = 0; page < layout->pages; page++) {
        uint32_t length = crux_layout_page_length(layout, page);
        assert_in_range(length, 1, layout->page_bytes);
        if (page + 1 < layout->pages) assert_int_equal(length, layout->page_bytes);
        paged += length;
    }
    assert_int_equal(paged, layout->bytes);
    free(owned);
    if (layout->row_elements == 0) {
        assert_int_equal(layout->bytes, 0);
        return;
    }
    uint64_t row_bytes = layout->row_elements * layout->element_bytes;
    if (row_bytes <= layout->page_bytes) {
        assert_true(is_power_of_two(layout->stride_bytes) && layout->stride_bytes < 2 * row_bytes);
    } else {
        assert_true(layout->stride_bytes % layout->page_bytes == 0);
        assert_true(is_power_of_two(layout->stride_bytes / layout->page_bytes));
        assert_true(layout->stride_bytes >= row_bytes &&
                    layout->stride_bytes < 2 * (row_bytes + layout->page_bytes));
    }
}

static void test_every_byte_has_an_owner(void **state) {
    struct crux_random random = {51};
    (void)state;
    for (unsigned round = 0; round < 3000; round++) {
        unsigned dtype = (unsigned)crux_random_between(&random, CRUX_I8, CRUX_I64);
        unsigned ndim = (unsigned)crux_random_between(&random, 1, 4);
        struct crux_dim dim[CRUX_DIMS_MAX];
        struct crux_layout layout;
        uint32_t extent[CRUX_DIMS_MAX];
        uint32_t pos = (uint32_t)crux_random_below(&random, 9);
        uint64_t elements = 1;
        for (unsigned i = 0; i < ndim; i++) {
            dim[i] = crux_dim_constant(
                (uint32_t)crux_random_between(&random, 1, i + 1 == ndim ? 200 : 5));
            if (crux_random_one_in(&random, 4)) dim[i] = (struct crux_dim){0, 1, 0, 1, 6};
            extent[i] = crux_dim_value(&dim[i], pos, 1);
            elements *= extent[i];
        }
        crux_layout_step(&layout, dtype, ndim, dim, extent);
        assert_int_equal(layout.page_bytes, 256);
        if (elements > 0) assert_int_equal(layout.rows * layout.row_elements, elements);
        check_bytes(&layout, dtype);
        crux_layout_model(&layout, dtype, elements);
        assert_int_equal(layout.rows, 1);
        check_bytes(&layout, dtype);
        crux_layout_record(&layout, dtype, ndim, extent);
        assert_int_equal(layout.page_bytes, 1024);
        assert_int_equal(layout.row_elements, extent[ndim - 1]);
        check_bytes(&layout, dtype);
    }
}

static void test_rows_by_hand(void **state) {
    struct crux_dim dim[3] = {crux_dim_constant(3), {1, 1, 0, 1, 64}, crux_dim_constant(5)};
    uint32_t extent[3] = {3, 10, 5};
    struct crux_layout layout;
    (void)state;
    crux_layout_step(&layout, CRUX_I16, 3, dim, extent); /* 3 rows of 10*5*2 = 100 bytes */
    assert_int_equal(layout.rows, 3);
    assert_int_equal(layout.stride_bytes, 128);
    assert_int_equal(layout.bytes, 384);
    assert_int_equal(layout.pages, 2);
    assert_int_equal(crux_layout_page_length(&layout, 1), 128);
    assert_int_equal(crux_layout_offset(&layout, 50), 128);
    extent[1] = 60; /* 600 bytes: 4 pages a row */
    crux_layout_step(&layout, CRUX_I16, 3, dim, extent);
    assert_int_equal(layout.stride_bytes, 1024);
    assert_int_equal(layout.pages, 12);
    crux_layout_record(&layout, CRUX_I16, 3, extent);
    assert_int_equal(layout.rows, 180);
    assert_int_equal(layout.stride_bytes, 16);
}

static void test_tile_layout_bytes(void **state) {
    unsigned valid = 0;
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        struct crux_tile tile;
        if (crux_tile_decode(&tile, (uint8_t)byte) != CRUX_OK) continue;
        assert_int_equal(crux_tile_encode(&tile), byte);
        assert_true(crux_tile_bytes(&tile, tile.chunk) <= CRUX_TILE_BYTES_MAX);
        valid++;
    }
    assert_int_equal(valid, 3 * 2 * 2 * 3);
}

/* Packs random tiles by the spec's words and reads them back. */
static void test_tile_values(void **state) {
    struct crux_random random = {52};
    (void)state;
    for (unsigned round = 0; round < 2000; round++) {
        struct crux_tile tile = {
            1 + (uint32_t)crux_random_below(&random, 3), crux_random_one_in(&random, 2) ? 16 : 32,
            UINT32_C(128) << crux_random_below(&random, 3), crux_random_one_in(&random, 2)};
        uint32_t inputs = (uint32_t)crux_random_between(&random, 1, 1300), total = 0;
        for (uint32_t t = 0; t < crux_tile_count(&tile, inputs); t++) {
            uint32_t count = crux_tile_inputs(&tile, inputs, t),
                     groups = (count + tile.group - 1) / tile.group;
            uint8_t bytes[CRUX_TILE_BYTES_MAX] = {0};
            int64_t expected[512];
            uint32_t at = 0;
            int16_t m[32], n[32] = {0};
            assert_in_range(count, 1, tile.chunk);
            for (uint32_t g = 0; g < groups; g++, at += 2) {
                m[g] = (int16_t)crux_random_edgy(&random, INT16_MIN, INT16_MAX);
                crux_dtype_put(bytes + at, CRUX_I16, m[g]);
            }
            for (uint32_t g = 0; tile.has_offsets && g < groups; g++, at += 2) {
                n[g] = (int16_t)crux_random_edgy(&random, INT16_MIN, INT16_MAX);
                crux_dtype_put(bytes + at, CRUX_I16, n[g]);
            }
            for (uint32_t i = 0; i < count; i++) {
                int64_t q;
                if (tile.width == 1) {
                    q = crux_random_between(&random, 0, 15);
                    bytes[at + i / 2] |= (uint8_t)(q << 4 * (i % 2));
                } else if (tile.width == 2) {
                    q = crux_random_edgy(&random, INT8_MIN, INT8_MAX);
                    crux_dtype_put(bytes + at + i, CRUX_I8, q);
                } else {
                    q = crux_random_edgy(&random, INT16_MIN, INT16_MAX);
                    crux_dtype_put(bytes + at + 2 * i, CRUX_I16, q);
                }
                expected[i] = m[i / tile.group] * q + n[i / tile.group];
            }
            at += tile.width == 1 ? (count + 1) / 2 : tile.width == 2 ? count : 2 * count;
            assert_int_equal(crux_tile_bytes(&tile, count), at);
            for (uint32_t i = 0; i < count; i++) {
                assert_int_equal(crux_tile_value(&tile, bytes, count, i), (int32_t)expected[i]);
            }
            total += count;
        }
        assert_int_equal(total, inputs);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_byte_has_an_owner),
        cmocka_unit_test(test_rows_by_hand),
        cmocka_unit_test(test_tile_layout_bytes),
        cmocka_unit_test(test_tile_values),
    };
    return cmocka_run_group_tests_name("layout", tests, NULL, NULL);
}
