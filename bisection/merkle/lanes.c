#include "bisection/merkle/lanes.h"

/* Pairs wait here until there are enough of them. Outputs overwrite inputs: node i of a level is written only when
 * nodes 2i and 2i+1 below it, and all before them, have been read. */
enum { PAIRS = 64 };

struct pairs {
    uint8_t pair[PAIRS][2][32];
    size_t count;
    uint8_t (*out)[32];
};

static void flush(struct pairs *pairs) {
    crux_sha256_nodes((uint8_t *)pairs->out, (const uint8_t *)pairs->pair, pairs->count);
    pairs->out += pairs->count;
    pairs->count = 0;
}

static void put(struct pairs *pairs, const uint8_t left[32], const uint8_t right[32]) {
    crux_copy(pairs->pair[pairs->count][0], left, 32);
    crux_copy(pairs->pair[pairs->count][1], right, 32);
    if (++pairs->count == PAIRS) flush(pairs);
}

static uint64_t half(uint64_t nodes) {
    return nodes / 2 + nodes % 2;
}

/* A level inside the rows: the neighbour that a row lacks is a tree of zero pages.  Returns: nodes of a row above. */
static uint64_t reduce_rows(uint8_t (*hash)[32], const struct crux_merkle_shape *shape,
                            uint64_t nodes, unsigned level, size_t lanes) {
    struct pairs pairs = {.out = hash};
    uint64_t above = half(nodes);
    const uint8_t *zero = nodes % 2 == 0 ? NULL : crux_merkle_zeros(shape->zero_bytes)[level];
    for (uint64_t row = 0; row < shape->rows; row++) {
        for (uint64_t i = 0; i < above; i++) {
            const uint8_t(*left)[32] = (const uint8_t(*)[32])hash + (row * nodes + 2 * i) * lanes;
            for (size_t lane = 0; lane < lanes; lane++)
                put(&pairs, left[lane], 2 * i + 1 < nodes ? left[lanes + lane] : zero);
        }
    }
    flush(&pairs);
    return above;
}

/* A level above the rows: where it has an odd number of nodes, the last one is also the node above it. */
static uint64_t reduce_nodes(uint8_t (*hash)[32], uint64_t nodes, size_t lanes) {
    struct pairs pairs = {.out = hash};
    for (uint64_t i = 0; i < nodes / 2; i++) {
        const uint8_t(*left)[32] = (const uint8_t(*)[32])hash + 2 * i * lanes;
        for (size_t lane = 0; lane < lanes; lane++) put(&pairs, left[lane], left[lanes + lane]);
    }
    flush(&pairs);
    if (nodes % 2 != 0 && nodes > 1)
        crux_copy(hash[nodes / 2 * lanes], hash[(nodes - 1) * lanes], lanes * 32);
    return half(nodes);
}

size_t crux_merkle_lanes_bytes(const struct crux_merkle_shape *shape, size_t lanes) {
    uint64_t leaves = shape->rows * shape->row_data;
    return (size_t)(leaves == 0 ? 1 : leaves) * lanes * 32;
}

void crux_merkle_lanes_roots(uint8_t (*hash)[32], const struct crux_merkle_shape *shape,
                             size_t lanes) {
    uint64_t nodes = shape->row_data;
    CRUX_ASSERT(crux_merkle_shape_leaves(shape) <= CRUX_MERKLE_LEAVES_MAX);
    if (shape->rows == 0) {
        for (size_t lane = 0; lane < lanes; lane++) crux_merkle_empty_root(hash[lane]);
        return;
    }
    for (unsigned level = 0; level < shape->row_log2; level++)
        nodes = reduce_rows(hash, shape, nodes, level, lanes);
    for (nodes = shape->rows; nodes > 1;) nodes = reduce_nodes(hash, nodes, lanes);
}
