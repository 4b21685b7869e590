/* Does a view keep the rows of its tensor?  spec/10-machine.md#rows */
#ifndef CRUX_KERNELS_PROGRAM_VIEW_H
#define CRUX_KERNELS_PROGRAM_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "kernels/ops/op.h"

struct crux_view {
    unsigned ndim;
    const struct crux_dim *dim;
};

/* Step tensors: rows and elements of a row are equal at every position. Judged by structure: the same growing
 * dimensions in the same order, the same product of constants before the first of them, and the same after. */
bool crux_view_keeps_step_rows(struct crux_view tensor, struct crux_view view);

/* Record tensors, all dimensions constant: a row is the last dimension. */
bool crux_view_keeps_record_rows(struct crux_view tensor, struct crux_view view);

#endif
