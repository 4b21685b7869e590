/* Merkle trees in memory that the caller owns.
 *
 * A tree is `rows` subtrees of 2^row_log2 leaves each, of which the first row_data hold data and the others are zero
 * pages, whose subtrees are known constants: neither hashed nor stored.
 *
 *    level 2            root               rows 2, row_log2 1, row_data 1:
 *                     /      \             stored: d0 d1, a b, root
 *    level 1        a          b
 *                  /  \       /  \         A plain tree of n leaves is n rows of one leaf; where a level has an odd
 *    level 0     d0    0    d1    0        number of nodes, the last one is also the node above it.
 *
 * Node (level, index) covers the leaves index * 2^level .. below (index + 1) * 2^level.   spec/30-commitment.md#trees
 */
#ifndef CRUX_BISECTION_MERKLE_TREE_H
#define CRUX_BISECTION_MERKLE_TREE_H

#include <stddef.h>
#include <stdint.h>

#include "bisection/merkle/proof.h"

struct crux_merkle_shape {
    uint64_t rows;
    uint64_t row_data; /* 1 .. 2^row_log2 */
    uint32_t row_log2;
    uint32_t zero_bytes; /* size of the zero pages, 256 or 1024; any value if there are none */
};

struct crux_merkle_shape crux_merkle_shape_plain(uint64_t leaf_count);
uint64_t crux_merkle_shape_leaves(const struct crux_merkle_shape *shape);

struct crux_merkle_tree {
    struct crux_merkle_shape shape;
    uint64_t leaf_count;
    unsigned depth;
    uint8_t (*hash)[32]; /* the caller's memory, level by level, stored nodes only */
    uint64_t level_at[CRUX_MERKLE_DEPTH_MAX + 1]; /* first hash of a level */
};

/* Returns: bytes of memory that a tree of this shape needs.  In: at most CRUX_MERKLE_LEAVES_MAX leaves. */
size_t crux_merkle_tree_bytes(const struct crux_merkle_shape *shape);

/* Out: tree, keeps `memory` (crux_merkle_tree_bytes, any alignment).
 * Then the caller writes the hashes of the leaves that hold data (shape.rows * shape.row_data of them, row by row) to
 * tree->hash, and calls crux_merkle_tree_build. */
void crux_merkle_tree_init(struct crux_merkle_tree *tree, const struct crux_merkle_shape *shape,
                           void *memory);
void crux_merkle_tree_build(struct crux_merkle_tree *tree);

void crux_merkle_tree_root(uint8_t out[32], const struct crux_merkle_tree *tree);
/* In: level <= depth, index * 2^level < leaf_count. */
void crux_merkle_tree_node(uint8_t out[32], const struct crux_merkle_tree *tree, unsigned level,
                           uint64_t index);

/* Writes the multiproof of the leaves `indices`; nothing for n = 0.
 * Returns: CRUX_E_NON_CANONICAL (not strictly ascending), CRUX_E_INDEX_BEYOND_COUNT, the writer's status. */
CRUX_MUST_CHECK
enum crux_status crux_merkle_prove(struct crux_writer *out, const struct crux_merkle_tree *tree,
                                   const uint64_t *indices, size_t n);

/* Leaf hashes of `bytes` bytes cut into pages, the last one perhaps shorter.  Out: 32 bytes a page. */
void crux_merkle_hash_pages(uint8_t (*out)[32], const uint8_t *in, uint64_t bytes,
                            uint32_t page_bytes);

/* Returns: roots of trees of 2^level zero pages, level 0 .. CRUX_MERKLE_ZERO_LEVELS-1; NULL unless page_bytes is 256
 * or 1024. */
enum { CRUX_MERKLE_ZERO_LEVELS = 36 };
const uint8_t (*crux_merkle_zeros(uint32_t page_bytes))[32];

#endif
