/* Equality of two ops, field by field: padding between the fields does not count. */
#include "kernels/base/bytes.h"
#include "kernels/ops/dim.h"
#include "kernels/program/op_check.h"

static bool same_affine(const struct crux_affine *a, const struct crux_affine *b) {
    return crux_equal(a->coef, b->coef, sizeof a->coef);
}

static bool same_dims(const struct crux_dim *a, const struct crux_dim *b, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        if (!crux_dim_same(&a[i], &b[i])) return false;
    }
    return true;
}

static bool same_end(const struct crux_lut_end *a, const struct crux_lut_end *b) {
    return a->kind == b->kind && a->shift == b->shift && a->value == b->value;
}

/* Returns: the first field that differs, NULL if none does. */
static const char *operand_difference(const struct crux_operand *a, const struct crux_operand *b) {
    if (a->kind != b->kind) return "operand kind";
    if (a->dtype != b->dtype) return "operand dtype";
    if (a->layout != b->layout) return "operand layout";
    if (a->flags != b->flags) return "operand flags";
    if (a->role != b->role || a->coef != b->coef) return "operand role or coefficient";
    if (a->tensor != b->tensor) return "operand tensor";
    if (a->layer != b->layer || a->stores != b->stores) return "operand layer or stores";
    if (a->self != b->self) return "operand self";
    if (a->lo != b->lo || a->hi != b->hi) return "operand range";
    if (!same_affine(&a->at, &b->at)) return "operand value or time";
    if (a->ndim != b->ndim || !same_dims(a->dim, b->dim, CRUX_DIMS_MAX)) return "operand view";
    for (unsigned i = 0; i < CRUX_DIMS_MAX; i++) {
        if (!same_affine(&a->index[i], &b->index[i])) return "operand index map";
    }
    return crux_equal(a->root, b->root, CRUX_HASH_BYTES) ? NULL : "operand root";
}

static const char *difference(const struct crux_op *a, const struct crux_op *b) {
    if (a->code != b->code || a->func != b->func) return "code or function";
    if (a->cmp != b->cmp) return "comparison";
    if (a->rounding != b->rounding) return "rounding";
    if (a->dtype != b->dtype) return "dtype";
    if (a->ndim != b->ndim || !same_dims(a->dim, b->dim, CRUX_DIMS_MAX)) return "dims";
    if (a->nk != b->nk || !same_dims(a->kdim, b->kdim, CRUX_KDIMS_MAX)) return "k dims";
    if (a->lo != b->lo || a->hi != b->hi) return "range";
    if (a->c0 != b->c0) return "c0";
    if (a->m0 != b->m0) return "m0";
    if (a->s0 != b->s0) return "s0";
    if (a->limit != b->limit) return "limit";
    if (a->shift != b->shift) return "shift";
    if (a->x0 != b->x0 || a->cells != b->cells) return "table grid";
    if (!same_end(&a->left, &b->left) || !same_end(&a->right, &b->right)) return "table ends";
    if (a->nin != b->nin || a->has_x != b->has_x) return "operand count";
    for (unsigned i = 0; i < CRUX_OPERANDS_MAX; i++) {
        const char *what = operand_difference(&a->in[i], &b->in[i]);
        if (what != NULL) return what;
    }
    return operand_difference(&a->x, &b->x);
}

bool crux_op_same(const struct crux_op *a, const struct crux_op *b, const char **what) {
    const char *field = difference(a, b);
    if (field != NULL && what != NULL) *what = field;
    return field == NULL;
}
