/* quant_rows: each row to 16 bits with its own power-of-two exponent, without calibration data.
 *
 *   v  [R, D]   |  12  -70000  3100 ..|      absmax = 70000, limit = 32639
 *   e  [R]      |  2  |                      the least e with round(absmax, e) <= limit
 *   x  [R, D]   |   3  -17500   775 ..|      round(v, e); v is about x * 2^e
 *
 * spec/50-fused.md#quant_rows
 */
#ifndef CRUX_KERNELS_FUSED_QUANT_ROWS_H
#define CRUX_KERNELS_FUSED_QUANT_ROWS_H

#include "kernels/lowering/builder.h"

enum {
    CRUX_LIMIT_LINEAR =
        32639, /* inputs of linear: leaves an unsigned byte plane room (32639 = 127 * 257) */
    CRUX_LIMIT_WIDE = 32767 /* norms and v */
};

/* Returns: the widest limit, at most 32639, for which a dot of two rows of `width` elements stays below 2^31: for q, k. */
int32_t crux_fused_quant_rows_dot_limit(uint32_t width);

/* Returns: the least e that suffices for every row within `type`; the upper end of e's range. */
int crux_fused_quant_rows_e_max(struct crux_type type, int32_t limit);

struct crux_quantised {
    struct crux_value x; /* i16, v's shape, within +-limit */
    struct crux_value e; /* i8 [R], or [1] for a v of one dimension; within [0, e_max] */
};

/* In: v, an i16, i32 or i64 value [R, D] or [D]; limit from 1 to 32767. */
struct crux_quantised crux_fused_quant_rows(struct crux_builder *b, const char *label,
                                            int32_t limit, struct crux_value v);

/* Out: x, rows * width; e, rows.  In: v, rows * width, e_max as above. */
void crux_fused_quant_rows_i32(int16_t *x, int8_t *e, const int32_t *v, uint32_t rows,
                               uint32_t width, int32_t limit, int e_max);
void crux_fused_quant_rows_i64(int16_t *x, int8_t *e, const int64_t *v, uint32_t rows,
                               uint32_t width, int32_t limit, int e_max);

#endif
