/* Hashes of Merkle trees and multiproofs: the side that trusts nothing. Freestanding.
 *
 *            root                 proving leaves 1 and 4 of 6: the siblings are those in brackets,
 *          /      \               left to right as the recursion meets them:
 *       .            .                [0]  [2..3]  [5]
 *     /   \        /   \
 *    .   [2..3]   4    [5]        spec/30-commitment.md#proofs
 *   / \
 * [0]  1
 */
#ifndef CRUX_BISECTION_MERKLE_PROOF_H
#define CRUX_BISECTION_MERKLE_PROOF_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/kernels.h"

enum {
    /* A tensor has at most 2^40 elements; padding of rows at most doubles that. */
    CRUX_MERKLE_DEPTH_MAX = 41
};
#define CRUX_MERKLE_LEAVES_MAX (UINT64_C(1) << CRUX_MERKLE_DEPTH_MAX)

void crux_merkle_leaf_hash(uint8_t out[32], const uint8_t *page, size_t page_bytes);
/* out may be left or right. */
void crux_merkle_node_hash(uint8_t out[32], const uint8_t left[32], const uint8_t right[32]);
/* The root of a tree without leaves. */
void crux_merkle_empty_root(uint8_t out[32]);

/* Returns: the least d with 2^d >= leaf_count; 0 for 0. */
unsigned crux_merkle_depth(uint64_t leaf_count);

/* Out: siblings, the number of hashes in a multiproof of these leaves; 0 for n = 0.
 * Returns: CRUX_E_TOO_MANY_LEAVES, CRUX_E_NON_CANONICAL (not strictly ascending), CRUX_E_INDEX_BEYOND_COUNT. */
CRUX_MUST_CHECK
enum crux_status crux_merkle_proof_length(uint64_t *siblings, uint64_t leaf_count,
                                          const uint64_t *indices, size_t n);

/* Out: root, what the leaves and the siblings lead to. The caller compares it.
 * In: n leaves by index and hash, n >= 1. In/out: siblings, from which exactly the proof is read.
 * Returns: as crux_merkle_proof_length; CRUX_E_NON_CANONICAL for n = 0; the cursor's status, CRUX_E_TRUNCATED if it
 *          ends within the proof. */
CRUX_MUST_CHECK
enum crux_status crux_merkle_root_from_proof(uint8_t root[32], uint64_t leaf_count,
                                             const uint64_t *indices, const uint8_t (*hashes)[32],
                                             size_t n, struct crux_cursor *siblings);

/* The same for a proof that stands alone, compared with `root`.
 * Returns: also CRUX_E_PROOF_LENGTH (fewer or more bytes than the proof has), CRUX_E_PROOF_ROOT_MISMATCH. */
CRUX_MUST_CHECK
enum crux_status crux_merkle_verify(const uint8_t root[32], uint64_t leaf_count,
                                    const uint64_t *indices, const uint8_t (*hashes)[32], size_t n,
                                    const uint8_t *proof, size_t proof_bytes);

#endif
