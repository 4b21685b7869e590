/* The element evaluator: the law of every op, as code.
 *
 *   bind   descriptor + position  -> extents of output, k and views, once per op and position
 *   x      output index           -> the data-dependent index (only ops that have one)
 *   element output index, x       -> the value
 *
 * The interpreter, the adjudicator and the wasm call exactly this; what differs is the reader behind it.
 * Freestanding; no operand value, and no descriptor that decodes, makes it undefined or runs it past CRUX_K_WORK_MAX.
 */
#ifndef CRUX_KERNELS_OPS_EVAL_H
#define CRUX_KERNELS_OPS_EVAL_H

#include <stdbool.h>
#include <stdint.h>

#include "kernels/base/macros.h"
#include "kernels/base/status.h"
#include "kernels/ops/op.h"

enum crux_source {
    CRUX_FROM_STEP = 1,   /* tensor: op number */
    CRUX_FROM_MODEL = 2,  /* tensor: model tensor number */
    CRUX_FROM_RECORD = 3, /* layer, tensor: store number, time: position of the step read */
    CRUX_FROM_TOKENS = 4, /* time: index among the request's tokens, below n */
    CRUX_FROM_PARAM = 5   /* tensor: parameter number */
};

/* One operand element to be read: always inside its tensor's view. */
struct crux_place {
    const struct crux_operand *operand;
    uint8_t slot;   /* 0..3, or CRUX_SLOT_X */
    uint8_t source; /* enum crux_source */
    uint32_t tensor;
    uint32_t layer;
    uint32_t time;
    uint64_t flat; /* row-major element number in the view; 0 for tokens and params */
};

/* The evaluator reads every operand of an element in a fixed order, and, except for a LUT's table and what x selects,
 * at places that do not depend on any value read: a caller can learn the places by a first pass over a reader that
 * returns 0.  `read` clamps model and request values to the declared range (spec/10-machine.md#reading). */
struct crux_reader {
    void *ctx;
    int64_t (*read)(void *ctx, const struct crux_place *place);
};

struct crux_bound_op {
    const struct crux_op *op;
    struct crux_at at;
    uint32_t dim[CRUX_DIMS_MAX]; /* output extents */
    uint32_t kdim[CRUX_KDIMS_MAX];
    uint32_t k_count; /* product of kdim, at most CRUX_K_WORK_MAX; 1 when the op has no k */
    uint32_t view[CRUX_SLOTS_MAX][CRUX_DIMS_MAX]; /* operand extents */
    uint64_t elements;                            /* of the output */
};

/* Out: bound; keeps pointers to op and at->seed.
 * Returns: CRUX_E_WORK_TOO_LARGE if an element runs over more than CRUX_K_WORK_MAX k,
 *          CRUX_E_TOO_MANY_ELEMENTS if output or a view exceeds 2^40 elements. */
CRUX_MUST_CHECK
enum crux_status crux_op_bind(struct crux_bound_op *bound, const struct crux_op *op,
                              const struct crux_at *at);

/* Out: index[0..ndim-1], the coordinates of element `flat` < bound->elements. */
void crux_op_unflatten(const struct crux_bound_op *bound, uint64_t flat,
                       uint32_t index[CRUX_DIMS_MAX]);

/* Returns: the op's data-dependent index for this element; 0, without reading, if it has none. */
int64_t crux_op_x(const struct crux_bound_op *bound, const uint32_t index[CRUX_DIMS_MAX],
                  const struct crux_reader *reader);

/* Returns: the element's value, saturated to the output's declared range. */
int64_t crux_op_element(const struct crux_bound_op *bound, const uint32_t index[CRUX_DIMS_MAX],
                        int64_t x, const struct crux_reader *reader);

#endif
