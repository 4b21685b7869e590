#include "executor/evaluate/float_tensor.h"

enum crux_status crux_float_tensor_row(const struct crux_float_tensor *tensor, uint32_t row,
                                       double *values) {
    CRUX_ASSERT(row < tensor->rows);
    return crux_block_doubles(values, tensor->type, tensor->bytes + row * tensor->row_bytes,
                              tensor->inputs);
}
