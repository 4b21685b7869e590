/* The evaluator's reader over a step in the making and its world. Only kernels/interpreter/ includes it. */
#ifndef CRUX_KERNELS_INTERPRETER_READER_H
#define CRUX_KERNELS_INTERPRETER_READER_H

#include "kernels/interpreter/interpreter.h"
#include "kernels/ops/eval.h"
#include "kernels/program/layout.h"

/* A model operand's storage. */
struct crux_constants {
    const uint8_t *bytes;
    struct crux_tile tile; /* these three: tiled only */
    uint32_t inputs;
    uint64_t row_bytes;
};

struct crux_step_reader {
    const struct crux_step *step;
    const struct crux_world *world;
    struct crux_constants model[CRUX_OPERANDS_MAX]; /* of the op at hand, by slot */
};

/* Finds the constants of the op's model operands.  Returns: CRUX_OK or CRUX_E_BAD_LAYOUT. */
CRUX_MUST_CHECK
enum crux_status crux_step_reader_begin(struct crux_step_reader *reader, const struct crux_op *op);

/* A crux_reader's `read`; its ctx is a struct crux_step_reader. */
int64_t crux_step_reader_read(void *ctx, const struct crux_place *place);

#endif
