/* Many rows at once by tile registers (AMX), 16 outputs by 16 rows by 64 inputs at a time. Here a weight is what it is
 * worth, W = m*q + n (panel.h), so that groups do not matter and nothing has to be done where one ends.
 *
 *   weights  of 16 outputs, in 2 or 3 planes of bytes: | w0 | w1 (| w2) | of 64 inputs, then of the next 64, ..
 *            a plane is 16 outputs x inputs 4i..4i+3 | ..        W = 256*w1 + w0, or 65536*w2 + 256*w1 + w0
 *   rows     as planes.h has them: x = 256*high + low
 *
 * The upmost plane of W is signed, those below are not. |W| <= 2^15 * 2^7 + 2^15 < 2^23: three planes hold every weight
 * of at most 8 bits; two do where a panel is narrow: every W is an i16.
 *
 *   c0  += low*w0                          |c0|  <= 128 * 255 * inputs
 *   c8  += high*w0 + low*w1                |c8|  <= 255 * 255 * inputs
 *   c16 += high*w1 + low*w2                |c16| <= (127 * 255 + 128 * 128) * inputs
 *   c24 += high*w2                         |c24| <= 127 * 128 * inputs
 *   acc += 2^24*c24 + 2^16*c16 + 2^8*c8 + c0     after CRUX_SQUARES_INPUTS at most: all of them below 2^26
 */
#ifndef CRUX_KERNELS_BACKENDS_SQUARES_H
#define CRUX_KERNELS_BACKENDS_SQUARES_H

#include "kernels/backends/planes.h"

enum {
    CRUX_SQUARES_STEP = 64, /* inputs */
    /* Of weights in planes, which stay in the first cache while all rows pass. */
    CRUX_SQUARES_INPUTS = 576,
    CRUX_SQUARES_PLANES_MAX = 3,
    CRUX_SQUARES_PLANE = 1024, /* bytes of a step */
    CRUX_SQUARES_ROWS = 16,
};

_Static_assert(255 * 255 * CRUX_SQUARES_INPUTS < 1 << 26, "sums of a part");
_Static_assert(CRUX_SQUARES_INPUTS % CRUX_SQUARES_STEP == 0, "whole steps");

/* Of a thread. */
struct crux_squares_room {
    uint8_t weights[CRUX_SQUARES_INPUTS * CRUX_PANEL_OUTPUTS *
                    CRUX_SQUARES_PLANES_MAX] CRUX_ALIGNED(64);
    int32_t sums[2][4][CRUX_SQUARES_ROWS * CRUX_PANEL_OUTPUTS] CRUX_ALIGNED(64);
};

_Static_assert(sizeof(struct crux_squares_room) % CRUX_BACKEND_ALIGN_BYTES == 0, "as scratch is");

/* Out: to, `count` inputs of a panel in two planes if it is narrow, otherwise in three; 0 where the panel ends before.
 * In: from, count, multiples of 64; count at most CRUX_SQUARES_INPUTS, less than 64 of them beyond the panel's end. */
void crux_squares_unpack(uint8_t *to, const struct crux_panel *panel, uint32_t from,
                         uint32_t count);

/* As backend.h says, of at least CRUX_SQUARES_ROWS rows as planes.h has them, and weights of at most 8 bits. */
void crux_squares_matmul(int64_t *acc, size_t acc_stride, const struct crux_backend_matrix *w,
                         const void *prepared, uint32_t rows, uint32_t o0, uint32_t o1,
                         struct crux_squares_room *room);

#endif
