/* Rows for byte dots: x = 256*high + low, both signed bytes. x within +-32639 makes high at most 127 in magnitude.
 *
 *   row   | (high[64], low[64]) of each two blocks of 32 inputs | sums of groups, in the forms below |
 *
 * A byte dot takes u as the unsigned operand and a plane as the signed one, and adds up without saturation. Its first
 * value takes away what u was raised by. X = sum of x over a group, X_high and X_low of its planes.
 *
 * q4   high = sum(x_high * u) - 7*X_high:  |high| <= 32 * 127 * 8 < 2^15
 *      low  = sum(x_low * u) - 7*X_low:    -32 * 128 * 8 = -2^15 <= low <= 32 * 127 * 8 < 2^15: both fit an i16
 *      A_high += m'*high + n'*X_high       one 16-bit dot each; |X_high| and |X_low| are at most 32 * 128 = 2^12, so
 *      A_low  += m'*low + n'*X_low           both stay at or below 2^12 * 522223 in a span
 *      acc    += 256*A_high + A_low        at its end
 * q8   c = 256 * sum(x_high * u) + sum(x_low * u) - 128*X:  |c| <= 32 * 32639 * 128 < 2^27, its parts below 2^29
 *      c = 65536*c_high + c_low, c_low an i16: |c_high| <= 2^11;  the same for X: |X_high| <= 2^4
 *      A_low  += m'*c_low + n'*X_low       stays at or below 2^15 * 65533 in a span
 *      A_high += m'*c_high + n'*X_high     at or below 2^11 * 65533
 *      acc    += 65536*A_high + A_low
 * q6   as q8: c of 4*v is within the same bounds, and so are the sums. Without offsets A_low is a sum of multiples
 *      of 4 (65536 is one, so c_low is), and acc += (65536*A_high + A_low)/4; with offsets c is divided first.
 * wide c as above, products and sums of 64 bits. For q16, u = 256*u_high + u_low:
 *      c = 65536*a + 256*b + d:  a = sum(x_high * (u_high - 128)), |a| < 2^20;  d = sum(x_low * u_low), |d| < 2^20
 *                                b = sum(x_high * u_low) + sum(x_low * (u_high - 128)), |b| < 2^21
 *
 * By 512 bits, acc of q4, q6 and q8 is formed once. At the end of a span the upper bits of A_low go over into A_high: all
 * but 8 of q4, whose A_high takes less than 2^23 of it; all but 16 of the others, whose A_high takes at most 2^15. Those of
 * A_high beyond 16 go over into a third register, of q4 each time: 2^12 * 522223 + 2^16 + 2^23 < 2^31; of the others after
 * 8 spans: 8 * (2^11 * 65533 + 2^15) + 2^16 < 2^31, while A_low stays below 2^15 * 65533 + 2^16 < 2^31. The third takes
 * at most 2^15 at a time, 2^13 times: less than 2^29.
 */
#ifndef CRUX_KERNELS_BACKENDS_PLANES_H
#define CRUX_KERNELS_BACKENDS_PLANES_H

#include <string.h>

#include "kernels/backends/panel.h"

/* The sums of one group, for q4. */
struct crux_planes_nibbles {
    int32_t start_high, start_low; /* -7*X_high, -7*X_low, of the planes */
    uint32_t x_high, x_low;        /* X_high << 16, X_low << 16, of the planes */
};

/* And for q6, q8 and wide panels. */
struct crux_planes_bytes {
    int32_t start;          /* -128*X */
    uint32_t x_high, x_low; /* X_high & 0xffff, X_low << 16, of X */
    int32_t x;              /* X */
};

enum { CRUX_PLANES_LOW = 64, CRUX_PLANES_SUM_BYTES = 16 };

/* Where the upper plane of block b begins in a row; the lower one follows CRUX_PLANES_LOW bytes later. */
CRUX_INLINE size_t crux_planes_block_at(size_t b) {
    return 128 * (b / 2) + 32 * (b % 2);
}

/* And of group g, of 4 * steps inputs. */
CRUX_INLINE size_t crux_planes_at(size_t g, int steps) {
    return steps == 8 ? crux_planes_block_at(g) : 128 * (g / 4) + 16 * (g % 4);
}

/* Where the sums of groups of 32 or 16 begin in a row. */
CRUX_INLINE size_t crux_planes_nibbles_at(size_t blocks, uint32_t group) {
    return blocks * (group == 32 ? 64 : 80);
}

CRUX_INLINE size_t crux_planes_bytes_at(size_t blocks, uint32_t group) {
    return blocks * (group == 32 ? 112 : 128);
}

/* In: width, the panel's: a constant in kernels; steps, of four inputs in a group. */
CRUX_INLINE size_t crux_planes_sums_at(const struct crux_panel *panel, uint32_t width, int steps) {
    uint32_t group = 4 * (uint32_t)steps;
    return width == CRUX_WIDTH_Q4 ? crux_planes_nibbles_at(panel->blocks, group)
                                  : crux_planes_bytes_at(panel->blocks, group);
}

/* The most groups whose sums fit; 0: a wide panel. */
CRUX_INLINE uint32_t crux_planes_span(const struct crux_panel *panel) {
    return panel->width == CRUX_WIDTH_Q4 ? panel->span_planes : panel->span_halves;
}

/* An odd number of lines: at an even one, the same place of many rows falls on few sets of a cache. */
CRUX_INLINE size_t crux_planes_row_bytes(uint32_t inputs) {
    return ((crux_panel_blocks(inputs) * 160 / 64) | 1) * 64;
}

/* Out: zeros, where a row has bytes after its sums. */
CRUX_INLINE void crux_planes_end(void *row, uint32_t inputs) {
    size_t used = crux_panel_blocks(inputs) * 160;
    memset((uint8_t *)row + used, 0, crux_planes_row_bytes(inputs) - used);
}

/* Out: row, crux_planes_row_bytes.  In: x, inputs. All write the same bytes. */
void crux_planes_prepare(void *row, const int16_t *x, uint32_t inputs);
void crux_planes_prepare_avx2(void *row, const int16_t *x, uint32_t inputs);
void crux_planes_prepare_avx512(void *row, const int16_t *x, uint32_t inputs);

/* Kernels for every panel; those of wide ones by themselves. */
crux_panel_choose crux_planes_choose_avx512, crux_planes_choose_wide_avx512;
crux_panel_together crux_planes_together_avx512;
/* By 256 bits, in the encoding of AVX-VNNI and in that of AVX-512 VL. */
crux_panel_choose crux_planes_choose_vex, crux_planes_choose_evex;

#endif
