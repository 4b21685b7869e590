/* One output of a tiled matrix, plainly, for the reference kernel and the reference backend. */
#ifndef CRUX_KERNELS_FUSED_LINEAR_DOT_H
#define CRUX_KERNELS_FUSED_LINEAR_DOT_H

#include "kernels/fused/tiles.h"

/* Returns: sum over k of x[k] * W[o, k].  In: x, w->inputs; o < w->rows. */
int64_t crux_fused_linear_dot(const struct crux_tiles *w, uint32_t o, const int16_t *x);

#endif
