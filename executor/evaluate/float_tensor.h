/* A matrix whose rows can be had as doubles, wherever they come from. */
#ifndef CRUX_EXECUTOR_EVALUATE_FLOAT_TENSOR_H
#define CRUX_EXECUTOR_EVALUATE_FLOAT_TENSOR_H

#include <stdint.h>

#include "executor/import/gguf.h"
#include "kernels/kernels.h"

struct crux_float_tensor {
    uint32_t rows, inputs;
    const uint8_t *bytes;
    size_t row_bytes;
    const struct crux_block_type *type; /* NULL: tiles, a weight is (m*q + n) * row scale / 2^k */
    struct crux_tile tile;
    const uint8_t *row_scale; /* i32, one a row */
    int32_t k;
};

/* Out: values, inputs of them.  Returns: CRUX_E_BAD_RANGE for infinities and what is no number. */
CRUX_MUST_CHECK
enum crux_status crux_float_tensor_row(const struct crux_float_tensor *tensor, uint32_t row,
                                       double *values);

#endif
