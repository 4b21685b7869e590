/* Rows for 16-bit dots: x itself, two inputs to a word.
 *
 *   row   | x of each block of 32 inputs, each four as 0 2 1 3 | sums of groups, in the form below |
 *
 * The low and the high halves of u's 16-bit lanes are inputs 0 and 2, and 1 and 3, of four: hence the order.
 * X = sum of x over a group.
 *
 * q4   c = sum(x*u) - 7*X = sum(x*v):    |c| <= 32 * 32639 * 8 < 2^23, its parts below 2^24
 * q8   c = sum(x*u) - 128*X = sum(x*v):  |c| <= 32 * 32639 * 128 < 2^27, its parts below 2^28
 *      c = 65536*c_high + c_low, c_low an i16: |c_high| <= 2^11;  the same for X: |X_high| <= 2^4
 *      A_low  += m'*c_low + n'*X_low       both stay at or below 2^15 * 65533 < 2^31 in a span
 *      A_high += m'*c_high + n'*X_high
 *      acc    += 65536*A_high + A_low      at its end
 * q6   as q8, with a fourth taken as planes.h says
 * wide c as above, products and sums of 64 bits. For q16, x = 256*(x >> 8) + (x & 255):
 *      c = 256*a + b:  a = sum((x >> 8) * q), |a| <= 32 * 128 * 32768 = 2^27;  b = sum((x & 255) * q), |b| < 2^28
 */
#ifndef CRUX_KERNELS_BACKENDS_PAIRS_H
#define CRUX_KERNELS_BACKENDS_PAIRS_H

#include "kernels/backends/panel.h"

/* The sums of one group. */
struct crux_pairs_sum {
    int32_t start4, start8; /* -7*X, -128*X */
    uint32_t x_high, x_low; /* X_high & 0xffff, X_low << 16 */
};

enum { CRUX_PAIRS_SUM_BYTES = 16 };

/* Where the sums of groups of 32 or 16 begin in a row. */
CRUX_INLINE size_t crux_pairs_sums_at(size_t blocks, uint32_t group) {
    return blocks * (group == 32 ? 64 : 80);
}

CRUX_INLINE size_t crux_pairs_row_bytes(uint32_t inputs) {
    return (crux_panel_blocks(inputs) * 112 + 63) / 64 * 64;
}

/* Out: row, crux_pairs_row_bytes.  In: x, inputs. Both write the same bytes. */
void crux_pairs_prepare(void *row, const int16_t *x, uint32_t inputs);
void crux_pairs_prepare_avx2(void *row, const int16_t *x, uint32_t inputs);

/* Kernels for every panel; those of wide ones by themselves. */
crux_panel_choose crux_pairs_choose_avx2, crux_pairs_choose_wide_avx2;

#endif
