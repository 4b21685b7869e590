#include "kernels/lowering/split.h"

#include "kernels/lowering/range.h"

uint32_t crux_split_block(uint8_t dtype) {
    return CRUX_SPLIT_OPERAND_BYTES / crux_dtype_bytes(dtype);
}

static bool uses_k(const struct crux_operand *operand, unsigned axis) {
    for (unsigned i = 0; i < operand->ndim; i++) {
        if (operand->index[i].coef[CRUX_VAR_K + axis] != 0) return true;
    }
    return operand->kind == CRUX_KIND_IMM && operand->at.coef[CRUX_VAR_K + axis] != 0;
}

/* k becomes block * o_last + k */
static void cut_affine(struct crux_affine *affine, unsigned axis, unsigned o_last, uint32_t block) {
    int64_t coef = (int64_t)affine->coef[CRUX_VAR_K + axis] * block;
    CRUX_ASSERT(coef >= -CRUX_COEF_MAX && coef <= CRUX_COEF_MAX);
    affine->coef[CRUX_VAR_O + o_last] = (int32_t)coef;
}

static bool is_ragged(const struct crux_dim *dim, uint32_t block) {
    return crux_dim_grows(dim) || dim->e % block != 0;
}

static struct crux_op cut(struct crux_op draft, unsigned axis, uint32_t block) {
    struct crux_op part = draft;
    unsigned o_last = part.ndim;
    CRUX_ASSERT(part.ndim < CRUX_DIMS_MAX);
    part.dim[part.ndim++] = crux_dim_blocks(draft.kdim[axis], block);
    part.kdim[axis] = crux_dim_constant(block);
    for (unsigned slot = 0; slot < part.nin; slot++) {
        struct crux_operand *operand = &part.in[slot];
        if (!uses_k(operand, axis)) continue;
        cut_affine(&operand->at, axis, o_last, block);
        for (unsigned i = 0; i < operand->ndim; i++)
            cut_affine(&operand->index[i], axis, o_last, block);
        if (is_ragged(&draft.kdim[axis], block) && operand->kind != CRUX_KIND_IMM)
            operand->flags |= CRUX_FLAG_PAD;
    }
    return part;
}

static bool adds(const struct crux_op *draft) {
    return draft->code == CRUX_CONTRACT || draft->func == CRUX_REDUCE_SUM ||
           draft->func == CRUX_REDUCE_COUNT;
}

static struct crux_op with_type(struct crux_op op, struct crux_type type) {
    op.dtype = type.dtype;
    op.lo = type.lo;
    op.hi = type.hi;
    return op;
}

static uint64_t k_max(const struct crux_op *op) {
    uint64_t k = 1;
    for (unsigned i = 0; i < op->nk; i++) k *= op->kdim[i].e; /* at most 2^12 in a valid program */
    return k;
}

/* The type that holds every value of the op. */
static bool type_of(struct crux_type *type, const struct crux_op *op) {
    struct crux_range range = {0, 1};
    if (adds(op)) {
        if (op->func != CRUX_REDUCE_COUNT) range = crux_range_product(op);
        return crux_range_sum_type(type, range, k_max(op));
    }
    *type = crux_type_of(op->in[0].dtype, op->in[0].lo, op->in[0].hi);
    if (op->func == CRUX_REDUCE_ABSMAX) {
        range = crux_range_absolute((struct crux_range){type->lo, type->hi});
        *type = crux_type_fit(0, (int64_t)range.hi, crux_dtype_bytes(type->dtype));
    }
    return true;
}

static struct crux_value emit(struct crux_builder *b, const char *label, struct crux_op op) {
    struct crux_type type = {CRUX_I32, 0, 0};
    if (!type_of(&type, &op)) crux_builder_fail(b, CRUX_E_OVERFLOW, label);
    return crux_emit(b, label, with_type(op, type));
}

/* The REDUCE over the last dimension of value that puts its blocks together. */
static struct crux_op join(const struct crux_value *value, struct crux_shape shape, unsigned func) {
    struct crux_affine index[CRUX_DIMS_MAX];
    unsigned last = value->shape.ndim - 1;
    for (unsigned i = 0; i < last; i++) index[i] = crux_ix_o(i);
    index[last] = crux_ix_k(0);
    return crux_draft_reduce(value->type, shape, CRUX_SHAPE(value->shape.dim[last]), func,
                             CRUX_ARGS(crux_operand_read(*value, index, value->shape.ndim)));
}

struct crux_value crux_split(struct crux_builder *b, const char *label, struct crux_op draft,
                             unsigned axis, uint32_t block) {
    struct crux_shape shape = crux_shape_of(draft.dim, draft.ndim);
    unsigned func = draft.code == CRUX_REDUCE && !adds(&draft) ? draft.func : CRUX_REDUCE_SUM;
    CRUX_ASSERT(axis < draft.nk);
    if (b->status != CRUX_OK || draft.kdim[axis].e <= block) return emit(b, label, draft);
    unsigned length = crux_builder_push(b, label);
    struct crux_value part = emit(b, "part", cut(draft, axis, block));
    crux_builder_pop(b, length);
    /* absmax of absolute values is their max */
    if (func == CRUX_REDUCE_ABSMAX) func = CRUX_REDUCE_MAX;
    return crux_split(b, label, join(&part, shape, func), 0, crux_split_block(part.type.dtype));
}

struct crux_value crux_split_last(struct crux_builder *b, const char *label, unsigned func,
                                  struct crux_value value) {
    struct crux_op draft = join(&value, crux_shape_outer(value.shape), func);
    return crux_split(b, label, draft, 0, crux_split_block(value.type.dtype));
}
