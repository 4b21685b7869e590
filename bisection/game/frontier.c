#include "bisection/game/frontier.h"

struct crux_game_node crux_game_lowest(uint64_t leaf_count, struct crux_game_node node) {
    /* bound: CRUX_MERKLE_DEPTH_MAX levels */
    while (node.level > 0 && (2 * node.index + 1) << (node.level - 1) >= leaf_count) {
        node.level--;
        node.index *= 2;
    }
    return node;
}

static uint32_t floor_log2(uint32_t k) {
    uint32_t m = 0;
    while (m < 6 && k >> (m + 1) != 0) m++;
    return m;
}

/* A frontier: `count` nodes of one level, from index `first` on, the first `opened` of them replaced by children. */
struct shape {
    uint32_t level;
    uint64_t first;
    uint32_t count, opened;
};

/* Only a damaged store asks about what is none. */
static bool is_node(uint64_t leaf_count, struct crux_game_node node) {
    return leaf_count > 0 && node.level <= CRUX_MERKLE_DEPTH_MAX &&
           node.index <= (leaf_count - 1) >> node.level;
}

static struct shape shape_of(uint64_t leaf_count, struct crux_game_node node, uint32_t k) {
    uint32_t m = floor_log2(k), extra = k - (1u << m);
    uint32_t down = node.level < m ? node.level : m;
    struct shape shape = {.level = node.level - down, .first = node.index << down};
    uint64_t nodes = ((leaf_count - 1) >> shape.level) + 1; /* of this level */
    uint64_t end = shape.first + (UINT64_C(1) << down);
    if (end > nodes) end = nodes;
    CRUX_ASSERT(end > shape.first);
    shape.count = (uint32_t)(end - shape.first);
    if (shape.level > 0) shape.opened = extra < shape.count ? extra : shape.count;
    return shape;
}

static bool has_leaves(uint64_t leaf_count, struct crux_game_node node) {
    return node.index << node.level < leaf_count;
}

/* spec/70-game.md#frontiers: "all nodes of level max(v - m, 0) under it, left to right; then, if that level is not 0, the
 * first k - 2^m of them are replaced by their children." */
uint32_t crux_game_frontier(struct crux_game_node nodes[CRUX_GAME_K_MAX], uint64_t leaf_count,
                            struct crux_game_node node, uint32_t k) {
    uint32_t count = 0;
    if (!is_node(leaf_count, node)) return 0;
    node = crux_game_lowest(leaf_count, node);
    struct shape shape = shape_of(leaf_count, node, k);
    for (uint32_t i = 0; i < shape.count; i++) {
        struct crux_game_node at = {shape.level, shape.first + i};
        if (i >= shape.opened) {
            nodes[count++] = crux_game_lowest(leaf_count, at);
            continue;
        }
        struct crux_game_node left = {at.level - 1, 2 * at.index};
        struct crux_game_node right = {at.level - 1, 2 * at.index + 1};
        nodes[count++] = crux_game_lowest(leaf_count, left);
        if (has_leaves(leaf_count, right)) nodes[count++] = crux_game_lowest(leaf_count, right);
    }
    CRUX_ASSERT(count <= k);
    return count;
}

void crux_game_frontier_hash(uint8_t out[32], uint64_t leaf_count, struct crux_game_node node,
                             uint32_t k, const uint8_t (*hashes)[32]) {
    uint8_t row[CRUX_GAME_K_MAX][32];
    crux_zero(out, 32);
    if (!is_node(leaf_count, node)) return;
    node = crux_game_lowest(leaf_count, node);
    struct shape shape = shape_of(leaf_count, node, k);
    for (uint32_t i = 0; i < shape.count; i++) {
        struct crux_game_node right = {shape.level - 1, 2 * (shape.first + i) + 1};
        if (i < shape.opened && has_leaves(leaf_count, right)) {
            crux_merkle_node_hash(row[i], hashes[0], hashes[1]);
            hashes += 2;
        } else {
            crux_copy(row[i], *hashes++, 32);
        }
    }
    /* A level up in each turn; the last node of an odd row is an only child, and has its parent's hash. */
    for (uint32_t count = shape.count; count > 1; count = (count + 1) / 2) {
        for (uint32_t i = 0; 2 * i < count; i++) {
            if (2 * i + 1 < count)
                crux_merkle_node_hash(row[i], row[2 * i], row[2 * i + 1]);
            else if (i > 0)
                crux_copy(row[i], row[2 * i], 32);
        }
    }
    crux_copy(out, row[0], 32);
}
