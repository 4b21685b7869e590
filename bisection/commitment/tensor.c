#include "bisection/commitment/tensor.h"

uint64_t crux_tensor_bytes(const struct crux_layout *layout) {
    return layout->rows * layout->row_elements * layout->element_bytes;
}

static uint64_t row_bytes(const struct crux_layout *layout) {
    return layout->row_elements * layout->element_bytes;
}

struct crux_merkle_shape crux_tensor_shape(const struct crux_layout *layout) {
    if (layout->stride_bytes <= layout->page_bytes) return crux_merkle_shape_plain(layout->pages);
    return (struct crux_merkle_shape){
        .rows = layout->rows,
        .row_data = (row_bytes(layout) + layout->page_bytes - 1) / layout->page_bytes,
        .row_log2 = crux_merkle_depth(layout->stride_bytes / layout->page_bytes),
        .zero_bytes = layout->page_bytes,
    };
}

/* Rows within a page. */
static void copy_rows(uint8_t *out, const struct crux_tensor *tensor, uint64_t first_byte,
                      uint32_t length) {
    const struct crux_layout *layout = &tensor->layout;
    uint64_t bytes = row_bytes(layout), row = first_byte / layout->stride_bytes;
    for (uint64_t at = 0; at < length; at += layout->stride_bytes, row++) {
        crux_copy(out + at, tensor->elements + row * bytes, (size_t)bytes);
    }
}

/* A piece of one row. */
static void copy_piece(uint8_t *out, const struct crux_tensor *tensor, uint64_t first_byte,
                       uint32_t length) {
    const struct crux_layout *layout = &tensor->layout;
    uint64_t bytes = row_bytes(layout), row = first_byte / layout->stride_bytes;
    uint64_t at = first_byte % layout->stride_bytes, left = at < bytes ? bytes - at : 0;
    if (left > 0)
        crux_copy(out, tensor->elements + row * bytes + at,
                  (size_t)(left < length ? left : length));
}

uint32_t crux_tensor_page(uint8_t *out, const struct crux_tensor *tensor, uint64_t page) {
    const struct crux_layout *layout = &tensor->layout;
    CRUX_ASSERT(page < layout->pages);
    uint32_t length = crux_layout_page_length(layout, page);
    uint64_t first_byte = page * layout->page_bytes;
    crux_zero(out, length);
    if (layout->stride_bytes <= layout->page_bytes)
        copy_rows(out, tensor, first_byte, length);
    else
        copy_piece(out, tensor, first_byte, length);
    return length;
}

size_t crux_tensor_tree_bytes(const struct crux_layout *layout) {
    struct crux_merkle_shape shape = crux_tensor_shape(layout);
    return crux_merkle_tree_bytes(&shape);
}

/* Hashes of the pages that hold data, through a buffer in which they are padded. */
static void hash_data_pages(struct crux_merkle_tree *tree, const struct crux_tensor *tensor) {
    enum { BATCH = 16 }; /* CRUX_SHA256_LANES_MAX */
    uint8_t buffer[BATCH * CRUX_RECORD_PAGE_BYTES];
    const struct crux_merkle_shape *shape = &tree->shape;
    uint32_t page_bytes = tensor->layout.page_bytes;
    uint64_t total = shape->rows * shape->row_data;
    CRUX_ASSERT(page_bytes <= CRUX_RECORD_PAGE_BYTES);
    for (uint64_t first = 0; first < total; first += BATCH) {
        uint64_t bytes = 0;
        for (uint64_t i = first; i < total && i < first + BATCH; i++) {
            uint64_t page = ((i / shape->row_data) << shape->row_log2) + i % shape->row_data;
            bytes += crux_tensor_page(buffer + bytes, tensor,
                                      page); /* only the last page may be shorter */
        }
        crux_merkle_hash_pages(tree->hash + first, buffer, bytes, page_bytes);
    }
}

void crux_tensor_tree_build(struct crux_merkle_tree *tree, const struct crux_tensor *tensor,
                            void *memory) {
    const struct crux_layout *layout = &tensor->layout;
    struct crux_merkle_shape shape = crux_tensor_shape(layout);
    crux_merkle_tree_init(tree, &shape, memory);
    if (row_bytes(layout) == layout->stride_bytes) {
        crux_merkle_hash_pages(tree->hash, tensor->elements, layout->bytes, layout->page_bytes);
    } else {
        hash_data_pages(tree, tensor);
    }
    crux_merkle_tree_build(tree);
}

void crux_tensor_root(uint8_t out[32], const struct crux_tensor *tensor, void *memory) {
    struct crux_merkle_tree tree;
    crux_tensor_tree_build(&tree, tensor, memory);
    crux_merkle_tree_root(out, &tree);
}
