/* Where the reads of one operand fall among the leaves of its tensor, over all elements of an op at one position.
 *
 *   address of a read = start + (a multiple of 2^align) + sum over k of stride_i * k_i
 *
 *     leaf |-------|-------|-------|-------|          level 0: leaves of `unit` addresses
 *     node |---------------|---------------|          level 1: nodes of two leaves, and so on up to the root
 *             ^ run ^         ^ run ^
 *
 * Addresses are bytes of a plain tensor (unit: the page), inputs of a tiled one (unit: the chunk). For every level
 * crux_reach_nodes bounds the nodes that one element's reads touch, by the worst start; a multiproof of n_0 leaves
 * then has at most 1 - n_0 + (n_1 + .. + n_depth) siblings.  spec/25-certificates.md#siblings
 */
#ifndef CRUX_KERNELS_CERTIFICATE_REACH_H
#define CRUX_KERNELS_CERTIFICATE_REACH_H

#include "kernels/certificate/proof.h"

enum { CRUX_LEVELS_MAX = 48 }; /* a tree of at most 2^40 elements of 8 bytes has fewer */

/* All members are 64 bits wide: two reaches are the same exactly if their bytes are. */
struct crux_reach {
    uint64_t leaves;     /* of the tensor's tree; 0: it has none, so nothing is read */
    uint64_t unit;       /* addresses of a leaf, a power of two */
    uint64_t leaf_bytes; /* of the longest leaf */
    uint64_t length;     /* addresses of one read, at least 1 */
    uint64_t align;      /* at most 62 */
    uint64_t start;      /* below 2^align */
    uint64_t nk;
    uint64_t stride[CRUX_KDIMS_MAX]; /* ascending, in addresses; at most 2^62 */
    uint64_t count[CRUX_KDIMS_MAX];  /* at least 2 each */
};

/* In: slot, an operand of kind step or model, or record: then the reads of `self`. */
void crux_reach_of(struct crux_reach *reach, const struct crux_proof *proof,
                   const struct crux_bound_op *bound, unsigned slot);

/* Returns: at most how many nodes of this level (0: leaves) the reads of one element touch. */
uint64_t crux_reach_nodes(const struct crux_reach *reach, unsigned level);

/* Returns: the least d with 2^d >= count.  spec/30-commitment.md#trees */
unsigned crux_tree_depth(uint64_t count);

/* Returns: siblings of the multiproof of these leaves, exactly.  In: index ascending, each below leaf_count. */
uint32_t crux_tree_siblings(uint64_t leaf_count, const uint32_t *index, unsigned count);

#endif
