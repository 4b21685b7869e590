/* Roots of many nested trees of the same layouts: page by page, each page of all trees side by side. */
#include "bisection/commitment/nested.h"
#include "bisection/merkle/lanes.h"

enum { LANES = CRUX_SHA256_LANES_MAX };

/* The same page of several tensors, `stride` bytes apart. */
struct column {
    struct crux_tensor tensor; /* the first one */
    size_t stride, lanes;
};

/* Where the page lies as it is committed; NULL if it has padding. */
static const uint8_t *page_in_place(const struct crux_tensor *tensor, uint64_t page) {
    const struct crux_layout *layout = &tensor->layout;
    uint64_t bytes = layout->row_elements * layout->element_bytes;
    uint64_t at = page * layout->page_bytes, in_row = at % layout->stride_bytes;
    if (bytes == layout->stride_bytes) return tensor->elements + at;
    if (layout->stride_bytes <= layout->page_bytes || in_row + layout->page_bytes > bytes)
        return NULL;
    return tensor->elements + at / layout->stride_bytes * bytes + in_row;
}

static void hash_padded(uint8_t (*out)[32], const struct column *column, uint64_t page) {
    uint8_t pages[LANES][CRUX_RECORD_PAGE_BYTES];
    struct crux_tensor tensor = column->tensor;
    uint32_t length = 0;
    CRUX_ASSERT(tensor.layout.page_bytes <= sizeof pages[0]);
    for (size_t lane = 0; lane < column->lanes; lane++) {
        length = crux_tensor_page(pages[lane], &tensor, page);
        tensor.elements += column->stride;
    }
    crux_sha256_many((uint8_t *)out, 0x00, pages[0], length, sizeof pages[0], column->lanes);
}

static void hash_pages(uint8_t (*hash)[32], const struct column *column,
                       const struct crux_merkle_shape *shape) {
    const struct crux_layout *layout = &column->tensor.layout;
    uint64_t total = shape->rows * shape->row_data;
    for (uint64_t i = 0; i < total; i++, hash += column->lanes) {
        uint64_t page = ((i / shape->row_data) << shape->row_log2) + i % shape->row_data;
        const uint8_t *in = page_in_place(&column->tensor, page);
        if (in == NULL)
            hash_padded(hash, column, page);
        else
            crux_sha256_many((uint8_t *)hash, 0x00, in, crux_layout_page_length(layout, page),
                             column->stride, column->lanes);
    }
}

size_t crux_nested_roots_bytes(const struct crux_tensor *tensors, uint32_t count) {
    struct crux_merkle_shape outer = crux_merkle_shape_plain(count);
    size_t inner = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct crux_merkle_shape shape = crux_tensor_shape(&tensors[i].layout);
        size_t bytes = crux_merkle_lanes_bytes(&shape, LANES);
        if (bytes > inner) inner = bytes;
    }
    return crux_merkle_lanes_bytes(&outer, LANES) + inner;
}

/* In: n, at most LANES. */
static void some_roots(uint8_t (*roots)[32], const struct crux_tensor *tensors, uint32_t count,
                       size_t first, size_t stride, size_t n, void *memory) {
    struct crux_merkle_shape plain = crux_merkle_shape_plain(count);
    uint8_t(*outer)[32] = memory;
    uint8_t(*inner)[32] = outer + crux_merkle_lanes_bytes(&plain, LANES) / 32;
    for (uint32_t i = 0; i < count; i++) {
        struct column column = {tensors[i], stride, n};
        struct crux_merkle_shape shape = crux_tensor_shape(&tensors[i].layout);
        if (shape.rows != 0) column.tensor.elements += first * stride;
        hash_pages(inner, &column, &shape);
        crux_merkle_lanes_roots(inner, &shape, n);
        crux_copy(outer[i * n], inner[0], n * 32);
    }
    crux_merkle_lanes_roots(outer, &plain, n);
    crux_copy(roots[0], outer[0], n * 32);
}

void crux_nested_roots(uint8_t (*roots)[32], const struct crux_tensor *tensors, uint32_t count,
                       size_t stride, size_t n, void *memory) {
    for (size_t first = 0; first < n; first += LANES) {
        size_t some = n - first < LANES ? n - first : LANES;
        some_roots(roots + first, tensors, count, first, stride, some, memory);
    }
}
