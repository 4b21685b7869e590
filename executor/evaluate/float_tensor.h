/* A matrix whose rows can be had as doubles, wherever they come from. */
#ifndef CRUX_EXECUTOR_EVALUATE_FLOAT_TENSOR_H
#define CRUX_EXECUTOR_EVALUATE_FLOAT_TENSOR_H

#include <stdint.h>

#include "executor/import/gguf.h"
#include "kernels/kernels.h"

struct crux_float_tensor {
    uint32_t rows, inputs;
    const struct crux_block_type *type;
    const uint8_t *bytes;
    size_t row_bytes;
};

/* Out: values, inputs of them.  Returns: CRUX_E_BAD_RANGE for infinities and what is no number. */
CRUX_MUST_CHECK
enum crux_status crux_float_tensor_row(const struct crux_float_tensor *tensor, uint32_t row,
                                       double *values);

#endif
