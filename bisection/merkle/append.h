/* A tree that grows at its end: the roots of its full subtrees, one for each one-bit of the leaf count. */
#ifndef CRUX_BISECTION_MERKLE_APPEND_H
#define CRUX_BISECTION_MERKLE_APPEND_H

#include <stdint.h>

#include "bisection/merkle/proof.h"

struct crux_merkle_append {
    uint64_t leaf_count;
    uint8_t peak[CRUX_MERKLE_DEPTH_MAX + 1]
                [32]; /* [b] is the subtree of 2^b leaves, if bit b of leaf_count is set */
};

void crux_merkle_append_init(struct crux_merkle_append *append);

/* Returns: CRUX_E_TOO_MANY_LEAVES. */
CRUX_MUST_CHECK
enum crux_status crux_merkle_append_leaf(struct crux_merkle_append *append, const uint8_t leaf[32]);

/* Appends 2^level leaves by the root of their tree.
 * Returns: CRUX_E_TOO_MANY_LEAVES; CRUX_E_USAGE unless leaf_count is a multiple of 2^level. */
CRUX_MUST_CHECK
enum crux_status crux_merkle_append_subtree(struct crux_merkle_append *append,
                                            const uint8_t root[32], unsigned level);

void crux_merkle_append_root(uint8_t out[32], const struct crux_merkle_append *append);

#endif
