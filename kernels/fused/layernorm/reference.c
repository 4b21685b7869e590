#include "kernels/fused/layernorm/layernorm.h"

void crux_fused_layernorm_reference(int32_t *n, int16_t *z, int64_t *c,
                                    const struct crux_norm_constants *constants,
                                    struct crux_type out, const int32_t *r, uint32_t rows,
                                    uint32_t width, int e_max, const int16_t *w,
                                    const int32_t *bias) {
    int c_e_max = crux_fused_quant_rows_e_max(crux_fused_layernorm_centred(width), CRUX_LIMIT_WIDE);
    for (uint32_t row = 0; row < rows; row++, r += width, n += width) {
        int8_t e, e2;
        int64_t sum = 0;
        crux_fused_quant_rows_i32(z, &e, r, 1, width, CRUX_LIMIT_WIDE, e_max);
        for (uint32_t i = 0; i < width; i++) sum += z[i];
        for (uint32_t i = 0; i < width; i++)
            c[i] = (int64_t)width * z[i] - sum; /* within the centred type */
        crux_fused_quant_rows_i64(z, &e2, c, 1, width, CRUX_LIMIT_WIDE, c_e_max);
        crux_fused_norm_row(n, constants, out, z, width, e + e2, w, bias);
    }
}
