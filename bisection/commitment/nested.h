/* Several tensors under one root: the record of a step, and its tensors. The outer leaves are the tensors' roots.
 *
 *            outer root
 *           /          \
 *        .                root of tensor 2
 *      /   \
 *  root of  root of       proof of pages (0, 3) and (2, 0): siblings in tensor 0, then in tensor 2,
 *  tensor 0 tensor 1      then in the outer tree             spec/30-commitment.md#proofs
 */
#ifndef CRUX_BISECTION_COMMITMENT_NESTED_H
#define CRUX_BISECTION_COMMITMENT_NESTED_H

#include <stddef.h>
#include <stdint.h>

#include "bisection/commitment/tensor.h"

struct crux_nested {
    uint32_t count;
    struct crux_merkle_tree *inner; /* count trees, in the caller's memory */
    struct crux_merkle_tree outer;
};

/* spec/40-adjudicator.md#value: "A multiproof part holds at most 64 pages." */
enum { CRUX_NESTED_LEAVES_MAX = 64 };

/* A page by tensor and leaf. */
struct crux_nested_leaf {
    uint32_t tensor;
    uint64_t leaf;
};

/* Returns: bytes of memory for crux_nested_build. */
size_t crux_nested_bytes(const struct crux_tensor *tensors, uint32_t count);
/* Out: nested, keeps `memory` (aligned as malloc's) but not the tensors. */
void crux_nested_build(struct crux_nested *nested, const struct crux_tensor *tensors,
                       uint32_t count, void *memory);

void crux_nested_root(uint8_t out[32], const struct crux_nested *nested);

/* Returns: bytes of memory for crux_nested_roots. */
size_t crux_nested_roots_bytes(const struct crux_tensor *tensors, uint32_t count);
/* The roots alone of n nested trees, hashed side by side: tree i is that of the same layouts with elements i * stride
 * bytes further on. Out: roots, n of them.  In: memory, of any alignment. */
void crux_nested_roots(uint8_t (*roots)[32], const struct crux_tensor *tensors, uint32_t count,
                       size_t stride, size_t n, void *memory);

/* Writes the nested multiproof; nothing for n = 0.
 * Returns: CRUX_E_TOO_MANY_LEAVES, CRUX_E_NON_CANONICAL (not strictly ascending by tensor and leaf),
 *          CRUX_E_INDEX_BEYOND_COUNT, the writer's status. */
CRUX_MUST_CHECK
enum crux_status crux_nested_prove(struct crux_writer *out, const struct crux_nested *nested,
                                   const struct crux_nested_leaf *leaves, size_t n);

#endif
