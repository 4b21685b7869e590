/* layernorm: each row centred, divided by its standard deviation, times a weight, plus a bias.
 *
 *   r i32 [R, D] -- quant_rows, limit 32767 --> y i16, e
 *   c = D * y - sum of y                        D times the centred row, exact
 *   c ------------- quant_rows, limit 32767 --> z i16, e2
 *   z, e + e2 ----- norm (kernels/fused/norm/norm.h, eps times D^3) --> n i32 [R, D]
 *
 * spec/50-fused.md#layernorm
 */
#ifndef CRUX_KERNELS_FUSED_LAYERNORM_H
#define CRUX_KERNELS_FUSED_LAYERNORM_H

#include "kernels/fused/norm/norm.h"
#include "kernels/fused/quant_rows/quant_rows.h"

CRUX_MUST_CHECK
enum crux_status crux_fused_layernorm_constants(struct crux_norm_constants *constants,
                                                const struct crux_fused_norm *config);

/* The centred row's type and n's type. bias_most: the greatest |bias|. */
struct crux_type crux_fused_layernorm_centred(uint32_t width);
struct crux_type crux_fused_layernorm_out(const struct crux_norm_constants *constants,
                                          int64_t bias_most);

/* In: r, i32 [R, D] or [D]; w, model i16 [D] within +-config->weight_most; bias, model i32 [D]. Returns: n. */
struct crux_value crux_fused_layernorm(struct crux_builder *b, const char *label,
                                       const struct crux_fused_norm *config, struct crux_value r,
                                       struct crux_value w, struct crux_value bias);

/* Out: n, rows * width; z, c: width values of scratch each.  In: r, rows * width; e_max, of r's type and 32767.
 * n = r is permitted. */
void crux_fused_layernorm_reference(int32_t *n, int16_t *z, int64_t *c,
                                    const struct crux_norm_constants *constants,
                                    struct crux_type out, const int32_t *r, uint32_t rows,
                                    uint32_t width, int e_max, const int16_t *w,
                                    const int32_t *bias);

#endif
