#include "bisection/merkle/tree.h"

struct crux_merkle_shape crux_merkle_shape_plain(uint64_t leaf_count) {
    return (struct crux_merkle_shape){
        .rows = leaf_count, .row_data = 1, .row_log2 = 0, .zero_bytes = 0};
}

uint64_t crux_merkle_shape_leaves(const struct crux_merkle_shape *shape) {
    CRUX_ASSERT(shape->row_log2 <= CRUX_MERKLE_DEPTH_MAX);
    CRUX_ASSERT(shape->rows <= CRUX_MERKLE_LEAVES_MAX >> shape->row_log2);
    CRUX_ASSERT(shape->row_data >= 1 && shape->row_data <= UINT64_C(1) << shape->row_log2);
    return shape->rows << shape->row_log2;
}

static uint64_t shift_up(uint64_t v, unsigned shift) {
    return (v + (UINT64_C(1) << shift) - 1) >> shift;
}

/* Stored nodes of one row at a level up to row_log2. */
static uint64_t row_nodes(const struct crux_merkle_shape *shape, unsigned level) {
    return shift_up(shape->row_data, level);
}

static uint64_t level_nodes(const struct crux_merkle_shape *shape, unsigned level) {
    if (level <= shape->row_log2) return shape->rows * row_nodes(shape, level);
    return shift_up(shape->rows, level - shape->row_log2);
}

size_t crux_merkle_tree_bytes(const struct crux_merkle_shape *shape) {
    unsigned depth = crux_merkle_depth(crux_merkle_shape_leaves(shape));
    uint64_t nodes = 0;
    for (unsigned level = 0; level <= depth; level++) nodes += level_nodes(shape, level);
    return (size_t)(nodes * 32);
}

void crux_merkle_tree_init(struct crux_merkle_tree *tree, const struct crux_merkle_shape *shape,
                           void *memory) {
    uint64_t at = 0;
    tree->shape = *shape;
    tree->leaf_count = crux_merkle_shape_leaves(shape);
    tree->depth = crux_merkle_depth(tree->leaf_count);
    tree->hash = memory;
    for (unsigned level = 0; level <= CRUX_MERKLE_DEPTH_MAX; level++) {
        tree->level_at[level] = at;
        if (level <= tree->depth) at += level_nodes(shape, level);
    }
    if (shape->row_data < UINT64_C(1) << shape->row_log2)
        CRUX_ASSERT(crux_merkle_zeros(shape->zero_bytes) != NULL);
}

/* One level of rows that have an odd number of nodes: the last node's neighbour is a tree of zero pages. Pairs are
 * gathered over many rows, so that short rows too are hashed side by side. */
static void build_odd_rows(struct crux_merkle_tree *tree, unsigned level) {
    enum { PAIRS = 64 };
    uint8_t pair[PAIRS][2][32];
    uint64_t nodes = row_nodes(&tree->shape, level), above = row_nodes(&tree->shape, level + 1);
    const uint8_t(*in)[32] = (const uint8_t(*)[32])tree->hash + tree->level_at[level];
    uint8_t(*out)[32] = tree->hash + tree->level_at[level + 1];
    const uint8_t *zero = crux_merkle_zeros(tree->shape.zero_bytes)[level];
    size_t filled = 0;
    for (uint64_t i = 0, total = tree->shape.rows * above; i < total; i++) {
        uint64_t row = i / above, left = 2 * (i % above);
        crux_copy(pair[filled][0], in[row * nodes + left], 32);
        crux_copy(pair[filled][1], left + 1 < nodes ? in[row * nodes + left + 1] : zero, 32);
        filled++;
        if (filled == PAIRS || i + 1 == total) {
            crux_sha256_nodes((uint8_t *)(out + i + 1 - filled), (const uint8_t *)pair, filled);
            filled = 0;
        }
    }
}

void crux_merkle_tree_build(struct crux_merkle_tree *tree) {
    for (unsigned level = 0; level < tree->depth; level++) {
        const uint8_t(*in)[32] = (const uint8_t(*)[32])tree->hash + tree->level_at[level];
        uint8_t(*out)[32] = tree->hash + tree->level_at[level + 1];
        uint64_t nodes = level_nodes(&tree->shape, level);
        if (level < tree->shape.row_log2 && row_nodes(&tree->shape, level) % 2 != 0) {
            build_odd_rows(tree, level);
            continue;
        }
        crux_sha256_nodes((uint8_t *)out, (const uint8_t *)in, (size_t)(nodes / 2));
        if (nodes % 2 != 0) crux_copy(out[nodes / 2], in[nodes - 1], 32);
    }
}

void crux_merkle_tree_node(uint8_t out[32], const struct crux_merkle_tree *tree, unsigned level,
                           uint64_t index) {
    const struct crux_merkle_shape *shape = &tree->shape;
    CRUX_ASSERT(level <= tree->depth && index < shift_up(tree->leaf_count, level));
    if (level > shape->row_log2) {
        crux_copy(out, tree->hash[tree->level_at[level] + index], 32);
        return;
    }
    uint64_t row = index >> (shape->row_log2 - level);
    uint64_t in_row = index - (row << (shape->row_log2 - level)), nodes = row_nodes(shape, level);
    if (in_row < nodes)
        crux_copy(out, tree->hash[tree->level_at[level] + row * nodes + in_row], 32);
    else
        crux_copy(out, crux_merkle_zeros(shape->zero_bytes)[level], 32);
}

void crux_merkle_tree_root(uint8_t out[32], const struct crux_merkle_tree *tree) {
    if (tree->leaf_count == 0)
        crux_merkle_empty_root(out);
    else
        crux_merkle_tree_node(out, tree, tree->depth, 0);
}
