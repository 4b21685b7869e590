#include "bisection/merkle/tree.h"

struct proven {
    const struct crux_merkle_tree *tree;
    const uint64_t *indices;
    struct crux_writer *out;
};

/* The node (level, index), with the proven leaves indices[from .. to-1] under it.
 * The tree's levels are the recursion of spec/30-commitment.md#proofs: where a node has no right child, it is its left
 * child. Recursion: no deeper than the tree. */
static void emit(const struct proven *proven, unsigned level, uint64_t index, size_t from,
                 size_t to) {
    if (from == to) {
        uint8_t sibling[32];
        crux_merkle_tree_node(sibling, proven->tree, level, index);
        crux_put_bytes(proven->out, sibling, sizeof sibling);
        return;
    }
    if (level == 0) return;
    uint64_t right_leaf = (2 * index + 1) << (level - 1);
    size_t middle = from;
    while (middle < to && proven->indices[middle] < right_leaf) middle++;
    emit(proven, level - 1, 2 * index, from, middle);
    if (right_leaf < proven->tree->leaf_count) emit(proven, level - 1, 2 * index + 1, middle, to);
}

enum crux_status crux_merkle_prove(struct crux_writer *out, const struct crux_merkle_tree *tree,
                                   const uint64_t *indices, size_t n) {
    struct proven proven = {tree, indices, out};
    uint64_t siblings;
    enum crux_status status = crux_merkle_proof_length(&siblings, tree->leaf_count, indices, n);
    if (status != CRUX_OK) return status;
    if (n > 0) emit(&proven, tree->depth, 0, 0, n);
    return out->status;
}
