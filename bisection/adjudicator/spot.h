/* From a place the evaluator reads to the leaf and the bytes that hold it. Shared by adjudicator and witness builder. */
#ifndef CRUX_BISECTION_ADJUDICATOR_SPOT_H
#define CRUX_BISECTION_ADJUDICATOR_SPOT_H

#include <stdbool.h>
#include <stdint.h>

#include "kernels/kernels.h"

/* The leaves of one operand's tensor. */
struct crux_leaves {
    bool tiled;
    uint8_t dtype;
    uint64_t count;
    struct crux_layout layout; /* plain */
    struct crux_tile tile;     /* tiled */
    uint32_t inputs;           /* tiled: inputs of a row */
};

struct crux_spot {
    uint64_t leaf;
    uint32_t leaf_bytes;
    uint32_t at; /* plain: byte of the element in the leaf; tiled: input of the tile */
};

/* How the tensor behind an operand is cut into leaves, for the source that the evaluator has found. */
void crux_leaves_of_operand(struct crux_leaves *leaves, const struct crux_bound_op *bound,
                            const struct crux_place *place);

/* In: place->flat inside the tensor. */
void crux_spot_find(struct crux_spot *spot, const struct crux_leaves *leaves,
                    const struct crux_place *place);

/* Returns: the element, not clamped.  In: bytes, spot->leaf_bytes of them. */
int64_t crux_spot_value(const struct crux_leaves *leaves, const struct crux_spot *spot,
                        const uint8_t *bytes);

#endif
