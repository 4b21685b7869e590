/* Which nodes a reveal shows.   spec/70-game.md#frontiers
 *
 *   level 3            (3,0)                 6 leaves. The frontier of (3,0):
 *                    /       \                 k = 2    (2,0) (2,1)
 *   level 2      (2,0)       (2,1)             k = 3    (1,0) (1,1) (2,1)
 *                /   \         |               k = 4    (1,0) (1,1) (1,2)
 *   level 1   (1,0) (1,1)    (1,2)             k = 8    (0,0) .. (0,5)
 *             /  |   |  \    /   \
 *   level 0  0   1   2   3  4     5          (2,1) has an only child, so it is written (1,2).
 */
#ifndef CRUX_BISECTION_GAME_FRONTIER_H
#define CRUX_BISECTION_GAME_FRONTIER_H

#include <stdint.h>

#include "bisection/game/parameters.h"
#include "bisection/merkle/proof.h"

/* Covers the leaves index * 2^level .. below (index + 1) * 2^level that the tree has. */
struct crux_game_node {
    uint32_t level;
    uint64_t index;
};

/* The node's lowest form: while it has an only child, that child.  In: a node of a tree of leaf_count leaves. */
struct crux_game_node crux_game_lowest(uint64_t leaf_count, struct crux_game_node node);

/* Out: nodes, left to right, each in its lowest form; at most k.
 * Returns: how many; 1 for a leaf; 0 for what is no node of a tree of leaf_count leaves.  In: k 2 .. 64. */
uint32_t crux_game_frontier(struct crux_game_node nodes[CRUX_GAME_K_MAX], uint64_t leaf_count,
                            struct crux_game_node node, uint32_t k);

/* Out: the hash of `node` that its frontier leads to.  In: hashes, one for each node of the frontier. */
void crux_game_frontier_hash(uint8_t out[32], uint64_t leaf_count, struct crux_game_node node,
                             uint32_t k, const uint8_t (*hashes)[32]);

#endif
