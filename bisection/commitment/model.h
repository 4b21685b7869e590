/* A bound program and its manifest under one root.   spec/30-commitment.md#programs-and-models
 *
 *     model root = H(tag, header, manifest hash, layers root)
 *                                                 |
 *                                    layer leaf = (layer, ops root) ...
 *                                                          |
 *                                                     op leaf = descriptor ...
 */
#ifndef CRUX_BISECTION_COMMITMENT_MODEL_H
#define CRUX_BISECTION_COMMITMENT_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "bisection/merkle/tree.h"
#include "kernels/kernels.h"

/* What a layer leaf hashes: layer (16), ops root (32). */
enum { CRUX_LAYER_LEAF_BYTES = CRUX_LAYER_BYTES + 32 };

struct crux_model_tree {
    uint8_t header[CRUX_HEADER_BYTES];
    uint8_t manifest_hash[32];
    uint8_t root[32];
    struct crux_merkle_tree layers;
    struct crux_merkle_tree *ops; /* one tree a layer, in the caller's memory */
    uint8_t (*layer_leaf)[CRUX_LAYER_LEAF_BYTES];
};

/* Returns: bytes of memory for crux_model_tree_build. */
size_t crux_model_tree_bytes(const struct crux_program *program);
/* Out: tree, keeps `memory` (aligned as malloc's) but not the program.
 * In: a program that crux_program_check accepts.
 * Returns: CRUX_E_PROGRAM_INVALID if a model operand is unbound (its root is zero); an encoder's error. */
CRUX_MUST_CHECK
enum crux_status crux_model_tree_build(struct crux_model_tree *tree,
                                       const struct crux_program *program,
                                       const uint8_t manifest_hash[32], void *memory);

/* Siblings of a layer leaf, and of an op leaf within its layer.
 * Returns: CRUX_E_INDEX_BEYOND_COUNT, the writer's status. */
CRUX_MUST_CHECK
enum crux_status crux_model_prove_layer(struct crux_writer *out, const struct crux_model_tree *tree,
                                        uint32_t layer);
CRUX_MUST_CHECK
enum crux_status crux_model_prove_op(struct crux_writer *out, const struct crux_model_tree *tree,
                                     uint32_t layer, uint32_t op);

#endif
