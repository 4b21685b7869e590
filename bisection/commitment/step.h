/* The tree of one step: node(record root, tensors root).   spec/30-commitment.md#step-trees
 *
 * The fast path builds only the record (crux_nested_build over the STOREs); the rest when somebody asks. */
#ifndef CRUX_BISECTION_COMMITMENT_STEP_H
#define CRUX_BISECTION_COMMITMENT_STEP_H

#include <stddef.h>
#include <stdint.h>

#include "bisection/commitment/nested.h"

struct crux_step_tree {
    struct crux_nested record;  /* of the layer's STOREs, in order: layouts of 1,024-byte pages */
    struct crux_nested tensors; /* of the other ops, in order: op i is tensor i */
    uint8_t root[32];
};

size_t crux_step_tree_bytes(const struct crux_tensor *stores, uint32_t store_count,
                            const struct crux_tensor *tensors, uint32_t tensor_count);
/* Out: tree, keeps `memory` (aligned as malloc's). */
void crux_step_tree_build(struct crux_step_tree *tree, const struct crux_tensor *stores,
                          uint32_t store_count, const struct crux_tensor *tensors,
                          uint32_t tensor_count, void *memory);

#endif
