/* The tree of one tensor: its elements cut into rows and pages, padded on the way into the hash.
 *
 *   dense elements   |row 0|row 1|row 2|      contiguous, little-endian, no padding: as an engine has them
 *   pages            |row 0|0..|row 1|0..|    spec/10-machine.md#rows
 *
 * For tensors of steps, records and requests, and plain model tensors.   spec/30-commitment.md#tensors
 */
#ifndef CRUX_BISECTION_COMMITMENT_TENSOR_H
#define CRUX_BISECTION_COMMITMENT_TENSOR_H

#include <stddef.h>
#include <stdint.h>

#include "bisection/merkle/tree.h"
#include "kernels/kernels.h"

struct crux_tensor {
    struct crux_layout layout;
    const uint8_t *elements; /* crux_tensor_bytes(&layout), dense; NULL if there are none */
};

/* Returns: bytes of the dense elements. */
uint64_t crux_tensor_bytes(const struct crux_layout *layout);

struct crux_merkle_shape crux_tensor_shape(const struct crux_layout *layout);

/* Writes page `page` < layout.pages as it is committed.  Out: at most layout.page_bytes bytes. Returns: its length. */
uint32_t crux_tensor_page(uint8_t *out, const struct crux_tensor *tensor, uint64_t page);

/* Returns: bytes of memory for crux_tensor_tree_build. */
size_t crux_tensor_tree_bytes(const struct crux_layout *layout);
/* Out: tree, keeps `memory` but not the elements. */
void crux_tensor_tree_build(struct crux_merkle_tree *tree, const struct crux_tensor *tensor,
                            void *memory);

/* The root alone; memory (crux_tensor_tree_bytes) is free again afterwards. For the request's and the output's tokens
 * (layout: crux_layout_model of CRUX_U32) and other tensors that are proven elsewhere. */
void crux_tensor_root(uint8_t out[32], const struct crux_tensor *tensor, void *memory);

#endif
