/* Roots of several trees of one shape, hashed side by side so that every lane of a hash implementation has a message.
 *
 *   leaf 0 of tree 0 | leaf 0 of tree 1 | .. | leaf 1 of tree 0 | leaf 1 of tree 1 | ..      lanes = number of trees
 */
#ifndef CRUX_BISECTION_MERKLE_LANES_H
#define CRUX_BISECTION_MERKLE_LANES_H

#include <stddef.h>
#include <stdint.h>

#include "bisection/merkle/tree.h"

/* Returns: bytes of memory for crux_merkle_lanes_roots. */
size_t crux_merkle_lanes_bytes(const struct crux_merkle_shape *shape, size_t lanes);

/* In: hash, the leaves that hold data (shape->rows * shape->row_data a tree), in the order above.
 * Out: hash[0 .. lanes-1], the roots; all else in it is used up. */
void crux_merkle_lanes_roots(uint8_t (*hash)[32], const struct crux_merkle_shape *shape,
                             size_t lanes);

#endif
