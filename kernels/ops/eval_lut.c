/* LUT: linear interpolation in a committed table. */
#include "kernels/ops/eval_internal.h"

static crux_i128 at_end(const struct crux_lut_end *end, int64_t v) {
    if (end->kind == 0) return end->value;
    return crux_wide_round(crux_wide_mul(v, end->value), end->shift);
}

crux_i128 crux_eval_lut(const struct crux_element *element) {
    const struct crux_op *op = element->bound->op;
    unsigned table = op->nin - 1U;
    struct crux_fetch fetch;
    int64_t v = crux_fetch_one(element, 0);
    if (table == 2) v = crux_wrap_sub(v, crux_fetch_one(element, 1));
    crux_i128 t = (crux_i128)v - op->x0;
    if (t < 0) return at_end(&op->left, v);
    if (t >= (crux_i128)op->cells << op->shift) return at_end(&op->right, v);
    uint64_t offset = (uint64_t)t; /* below 2^16 * 2^31 */
    crux_fetch_begin(&fetch, element, table);
    fetch.place.flat = offset >> op->shift;
    int64_t left = element->reader->read(element->reader->ctx, &fetch.place);
    fetch.place.flat++;
    int64_t right = element->reader->read(element->reader->ctx, &fetch.place);
    int64_t within = (int64_t)(offset & ((UINT64_C(1) << op->shift) - 1));
    crux_i128 rise = crux_wide_mul((crux_i128)right - left, within);
    return crux_wide_round(crux_wide_add(crux_wide_floor(left, -(int)op->shift), rise), op->shift);
}
