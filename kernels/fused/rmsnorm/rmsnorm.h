/* rmsnorm: each row divided by its root mean square, times a weight.
 *
 *   r i32 [R, D] -- quant_rows, limit 32767 --> y i16, e      |y| >= 2^14 somewhere, unless the row is tiny
 *   y, e --------- norm (kernels/fused/norm/norm.h) --------> n i32 [R, D]
 *
 * The same for q and k norms: R heads of D = head width, one weight for all.
 *
 * spec/50-fused.md#rmsnorm
 */
#ifndef CRUX_KERNELS_FUSED_RMSNORM_H
#define CRUX_KERNELS_FUSED_RMSNORM_H

#include "kernels/fused/norm/norm.h"
#include "kernels/fused/quant_rows/quant_rows.h"

CRUX_MUST_CHECK
enum crux_status crux_fused_rmsnorm_constants(struct crux_norm_constants *constants,
                                              const struct crux_fused_norm *config);

/* In: r, i32 [R, D] or [D]; w, model i16 [D] within +-config->weight_most. Returns: n, of r's shape. */
struct crux_value crux_fused_rmsnorm(struct crux_builder *b, const char *label,
                                     const struct crux_fused_norm *config, struct crux_value r,
                                     struct crux_value w);

/* Out: n, rows * width; y, width values of scratch.  In: r, rows * width; e_max, crux_fused_quant_rows_e_max of r's
 * type and 32767; w, width. n = r is permitted. */
void crux_fused_rmsnorm_reference(int32_t *n, int16_t *y,
                                  const struct crux_norm_constants *constants, const int32_t *r,
                                  uint32_t rows, uint32_t width, int e_max, const int16_t *w);

#endif
