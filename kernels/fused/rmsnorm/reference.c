#include "kernels/fused/rmsnorm/rmsnorm.h"

void crux_fused_rmsnorm_reference(int32_t *n, int16_t *y,
                                  const struct crux_norm_constants *constants, const int32_t *r,
                                  uint32_t rows, uint32_t width, int e_max, const int16_t *w) {
    struct crux_type out = {CRUX_I32, -constants->out_most, constants->out_most};
    for (uint32_t row = 0; row < rows; row++, r += width, n += width) {
        int8_t e;
        crux_fused_quant_rows_i32(y, &e, r, 1, width, CRUX_LIMIT_WIDE, e_max);
        crux_fused_norm_row(n, constants, out, y, width, e, w, NULL);
    }
}
