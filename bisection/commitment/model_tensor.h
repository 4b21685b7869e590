/* The tree of a model tensor: pages of a plain one, tiles of a tiled one.   spec/10-machine.md#tiles
 *
 * A tiled tensor's bytes are its tiles one after the other, row by row; a plain one's are its elements. */
#ifndef CRUX_BISECTION_COMMITMENT_MODEL_TENSOR_H
#define CRUX_BISECTION_COMMITMENT_MODEL_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bisection/commitment/tensor.h"

/* How the bytes of a model tensor become leaves. */
struct crux_model_leaves {
    bool tiled;
    struct crux_layout plain; /* if not tiled */
    struct crux_tile tile;    /* the others: if tiled */
    uint64_t rows;
    uint64_t row_bytes;
    uint32_t inputs;
    uint32_t tiles; /* of one row */
    uint64_t leaf_count;
    uint64_t bytes; /* of the whole tensor as stored */
};

/* In: dtype, layout, ndim and dim of `tensor`; nothing else of it is read.
 * Returns: CRUX_E_BAD_DTYPE, CRUX_E_BAD_LAYOUT, CRUX_E_BAD_SHAPE, CRUX_E_BAD_DIM, CRUX_E_TOO_MANY_ELEMENTS. */
CRUX_MUST_CHECK
enum crux_status crux_model_leaves_init(struct crux_model_leaves *leaves,
                                        const struct crux_model_tensor *tensor);

/* Writes leaf `leaf` < leaf_count as it is committed.
 * Out: at most CRUX_TILE_BYTES_MAX bytes.  In: bytes, all leaves->bytes of the tensor.  Returns: the leaf's length. */
uint32_t crux_model_leaf(uint8_t *out, const struct crux_model_leaves *leaves, const uint8_t *bytes,
                         uint64_t leaf);

size_t crux_model_tensor_tree_bytes(const struct crux_model_leaves *leaves);
/* Out: tree, keeps `memory` but not the tensor's bytes. */
void crux_model_tensor_tree_build(struct crux_merkle_tree *tree,
                                  const struct crux_model_leaves *leaves, const uint8_t *bytes,
                                  void *memory);

#endif
