#include "bisection/commitment/model_tensor.h"

static uint32_t tile_bytes(const struct crux_model_leaves *leaves, uint32_t t) {
    return crux_tile_bytes(&leaves->tile, crux_tile_inputs(&leaves->tile, leaves->inputs, t));
}

/* Where tile t of a row starts: all tiles before it are full. */
static uint64_t tile_at(const struct crux_model_leaves *leaves, uint32_t t) {
    return (uint64_t)t * crux_tile_bytes(&leaves->tile, leaves->tile.chunk);
}

static enum crux_status count_elements(uint64_t *elements, const struct crux_model_tensor *tensor) {
    *elements = 1;
    if (tensor->ndim < 1 || tensor->ndim > CRUX_DIMS_MAX) return CRUX_E_BAD_SHAPE;
    for (unsigned i = 0; i < tensor->ndim; i++) {
        if (tensor->dim[i] < 1 || tensor->dim[i] > INT32_MAX) return CRUX_E_BAD_DIM;
        *elements *= tensor->dim[i]; /* below 2^40 * 2^31 */
        if (*elements > UINT64_C(1) << 40) return CRUX_E_TOO_MANY_ELEMENTS;
    }
    return CRUX_OK;
}

enum crux_status crux_model_leaves_init(struct crux_model_leaves *leaves,
                                        const struct crux_model_tensor *tensor) {
    uint64_t elements;
    enum crux_status status = count_elements(&elements, tensor);
    crux_zero(leaves, sizeof *leaves);
    if (status != CRUX_OK) return status;
    if (tensor->layout == 0) {
        if (tensor->dtype < CRUX_I8 || tensor->dtype > CRUX_I64) return CRUX_E_BAD_DTYPE;
        crux_layout_model(&leaves->plain, tensor->dtype, elements);
        leaves->leaf_count = leaves->plain.pages;
        leaves->bytes = crux_tensor_bytes(&leaves->plain);
        return CRUX_OK;
    }
    if (tensor->dtype != CRUX_I32) return CRUX_E_BAD_DTYPE;
    status = crux_tile_decode(&leaves->tile, tensor->layout);
    if (status != CRUX_OK) return status;
    leaves->tiled = true;
    leaves->inputs = tensor->dim[tensor->ndim - 1];
    leaves->rows = elements / leaves->inputs;
    leaves->tiles = crux_tile_count(&leaves->tile, leaves->inputs);
    leaves->row_bytes = tile_at(leaves, leaves->tiles - 1) + tile_bytes(leaves, leaves->tiles - 1);
    leaves->leaf_count = leaves->rows * leaves->tiles;
    leaves->bytes = leaves->rows * leaves->row_bytes;
    return CRUX_OK;
}

uint32_t crux_model_leaf(uint8_t *out, const struct crux_model_leaves *leaves, const uint8_t *bytes,
                         uint64_t leaf) {
    CRUX_ASSERT(leaf < leaves->leaf_count);
    if (!leaves->tiled) {
        struct crux_tensor tensor = {leaves->plain, bytes};
        return crux_tensor_page(out, &tensor, leaf);
    }
    uint32_t t = (uint32_t)(leaf % leaves->tiles), length = tile_bytes(leaves, t);
    crux_copy(out, bytes + leaf / leaves->tiles * leaves->row_bytes + tile_at(leaves, t), length);
    return length;
}

size_t crux_model_tensor_tree_bytes(const struct crux_model_leaves *leaves) {
    struct crux_merkle_shape shape = crux_merkle_shape_plain(leaves->leaf_count);
    return leaves->tiled ? crux_merkle_tree_bytes(&shape) : crux_tensor_tree_bytes(&leaves->plain);
}

/* The same tile of many rows side by side: tiles of one column have one length. */
static void hash_tiles(struct crux_merkle_tree *tree, const struct crux_model_leaves *leaves,
                       const uint8_t *bytes) {
    enum { BATCH = 64 };
    uint8_t column[BATCH][32];
    for (uint64_t first = 0; first < leaves->rows; first += BATCH) {
        size_t rows = leaves->rows - first < BATCH ? (size_t)(leaves->rows - first) : BATCH;
        for (uint32_t t = 0; t < leaves->tiles; t++) {
            crux_sha256_many((uint8_t *)column, 0x00,
                             bytes + first * leaves->row_bytes + tile_at(leaves, t),
                             tile_bytes(leaves, t), (size_t)leaves->row_bytes, rows);
            for (size_t r = 0; r < rows; r++)
                crux_copy(tree->hash[(first + r) * leaves->tiles + t], column[r], 32);
        }
    }
}

void crux_model_tensor_tree_build(struct crux_merkle_tree *tree,
                                  const struct crux_model_leaves *leaves, const uint8_t *bytes,
                                  void *memory) {
    if (!leaves->tiled) {
        struct crux_tensor tensor = {leaves->plain, bytes};
        crux_tensor_tree_build(tree, &tensor, memory);
        return;
    }
    struct crux_merkle_shape shape = crux_merkle_shape_plain(leaves->leaf_count);
    crux_merkle_tree_init(tree, &shape, memory);
    hash_tiles(tree, leaves, bytes);
    crux_merkle_tree_build(tree);
}
