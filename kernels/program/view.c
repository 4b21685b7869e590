#include "kernels/program/view.h"

#include "kernels/ops/arith.h"
#include "kernels/ops/dim.h"

/* The product of the constant dimensions from *at on, up to the first growing one, where *at then stands.
 * Four factors below 2^31 stay below 2^124. */
static crux_u128 constants(struct crux_view v, unsigned *at) {
    crux_u128 product = 1;
    for (; *at < v.ndim && !crux_dim_grows(&v.dim[*at]); ++*at) product *= v.dim[*at].e;
    return product;
}

bool crux_view_keeps_step_rows(struct crux_view tensor, struct crux_view view) {
    unsigned i = 0, j = 0;
    if (constants(tensor, &i) != constants(view, &j)) return false;
    crux_u128 a = 1, b = 1; /* the constants inside a row */
    while (i < tensor.ndim && j < view.ndim) {
        if (!crux_dim_same(&tensor.dim[i++], &view.dim[j++])) return false;
        a *= constants(tensor, &i);
        b *= constants(view, &j);
    }
    return i == tensor.ndim && j == view.ndim && a == b;
}

bool crux_view_keeps_record_rows(struct crux_view tensor, struct crux_view view) {
    unsigned i = 0, j = 0;
    if (tensor.dim[tensor.ndim - 1].e != view.dim[view.ndim - 1].e) return false;
    return constants(tensor, &i) == constants(view, &j);
}
