#include "executor/evaluate/float_tensor.h"

#include <math.h>

static void tiles(const struct crux_float_tensor *tensor, uint32_t row, double *values) {
    const uint8_t *bytes = tensor->bytes + row * tensor->row_bytes;
    double scale =
        ldexp((double)crux_dtype_get(CRUX_I32, tensor->row_scale + 4 * (size_t)row), -tensor->k);
    uint32_t count = crux_tile_count(&tensor->tile, tensor->inputs);
    for (uint32_t t = 0; t < count; t++) {
        uint32_t inputs = crux_tile_inputs(&tensor->tile, tensor->inputs, t);
        for (uint32_t i = 0; i < inputs; i++)
            *values++ = scale * (double)crux_tile_value(&tensor->tile, bytes, inputs, i);
        bytes += crux_tile_bytes(&tensor->tile, inputs);
    }
}

enum crux_status crux_float_tensor_row(const struct crux_float_tensor *tensor, uint32_t row,
                                       double *values) {
    CRUX_ASSERT(row < tensor->rows);
    if (tensor->type == NULL) {
        tiles(tensor, row, values);
        return CRUX_OK;
    }
    return crux_block_doubles(values, tensor->type, tensor->bytes + row * tensor->row_bytes,
                              tensor->inputs);
}
