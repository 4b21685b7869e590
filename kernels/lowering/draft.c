#include "kernels/lowering/draft.h"

#include "kernels/base/macros.h"

static struct crux_op begin(uint8_t code, uint8_t func, struct crux_type type,
                            struct crux_shape shape) {
    struct crux_op op = {.code = code,
                         .func = func,
                         .dtype = type.dtype,
                         .lo = type.lo,
                         .hi = type.hi,
                         .ndim = (uint8_t)shape.ndim};
    for (unsigned i = 0; i < shape.ndim; i++) op.dim[i] = shape.dim[i];
    return op;
}

static void add_k(struct crux_op *op, struct crux_shape k) {
    CRUX_ASSERT(k.ndim <= CRUX_KDIMS_MAX);
    op->nk = (uint8_t)k.ndim;
    for (unsigned i = 0; i < k.ndim; i++) op->kdim[i] = k.dim[i];
}

static void add_args(struct crux_op *op, struct crux_args args) {
    CRUX_ASSERT(op->nin + args.count <= CRUX_OPERANDS_MAX);
    for (unsigned i = 0; i < args.count; i++) op->in[op->nin++] = args.operand[i];
}

struct crux_op crux_draft_load(struct crux_shape shape, struct crux_operand operand) {
    struct crux_type type = {operand.dtype, operand.lo, operand.hi};
    /* an outside read, or one of a step that does not exist, gives 0 */
    if (type.lo > 0) type.lo = 0;
    if (type.hi < 0) type.hi = 0;
    struct crux_op op = begin(CRUX_LOAD, 0, type, shape);
    add_args(&op, CRUX_ARGS(operand));
    return op;
}

struct crux_op crux_draft_contract(struct crux_type type, struct crux_shape shape,
                                   struct crux_shape k, struct crux_args args) {
    struct crux_op op = begin(CRUX_CONTRACT, 0, type, shape);
    add_k(&op, k);
    add_args(&op, args);
    return op;
}

struct crux_op crux_draft_reduce(struct crux_type type, struct crux_shape shape,
                                 struct crux_shape k, unsigned func, struct crux_args args) {
    struct crux_op op = begin(CRUX_REDUCE, (uint8_t)func, type, shape);
    add_k(&op, k);
    add_args(&op, args);
    return op;
}

struct crux_op crux_draft_where(struct crux_op draft, struct crux_operand left, enum crux_cmp cmp,
                                struct crux_operand right) {
    draft.cmp = (uint8_t)cmp;
    add_args(&draft, CRUX_ARGS(left, right));
    return draft;
}

struct crux_scale crux_scale_round(int64_t m0, int32_t s0) {
    struct crux_scale scale = {0, m0, s0, CRUX_ROUND};
    return scale;
}

struct crux_scale crux_scale_floor(int64_t m0, int32_t s0) {
    struct crux_scale scale = {0, m0, s0, CRUX_FLOOR};
    return scale;
}

struct crux_op crux_draft_requant(struct crux_type type, struct crux_shape shape,
                                  struct crux_scale scale, struct crux_args args) {
    struct crux_op op = begin(CRUX_MAP, CRUX_MAP_REQUANT, type, shape);
    op.rounding = scale.rounding;
    op.c0 = scale.c0;
    op.m0 = scale.m0;
    op.s0 = scale.s0;
    add_args(&op, args);
    return op;
}

struct crux_op crux_draft_dynexp(int lo, int hi, struct crux_shape shape, int64_t limit,
                                 struct crux_operand a) {
    struct crux_op op = begin(CRUX_MAP, CRUX_MAP_DYNEXP, crux_type_of(CRUX_I8, lo, hi), shape);
    op.limit = limit;
    add_args(&op, CRUX_ARGS(a));
    return op;
}

struct crux_op crux_draft_select(struct crux_type type, struct crux_shape shape,
                                 struct crux_operand c, struct crux_operand a,
                                 struct crux_operand b) {
    struct crux_op op = begin(CRUX_MAP, CRUX_MAP_SELECT, type, shape);
    add_args(&op, CRUX_ARGS(c, a, b));
    return op;
}

struct crux_op crux_draft_compare(struct crux_shape shape, struct crux_operand a, enum crux_cmp cmp,
                                  struct crux_operand b) {
    struct crux_op op = begin(CRUX_MAP, CRUX_MAP_COMPARE, crux_type_of(CRUX_U8, 0, 1), shape);
    op.cmp = (uint8_t)cmp;
    add_args(&op, CRUX_ARGS(a, b));
    return op;
}

struct crux_op crux_draft_pick(struct crux_type type, struct crux_shape shape, unsigned func,
                               struct crux_operand a, struct crux_operand b) {
    struct crux_op op = begin(CRUX_MAP, (uint8_t)func, type, shape);
    add_args(&op, CRUX_ARGS(a, b));
    return op;
}

struct crux_op crux_draft_bitlen(struct crux_shape shape, struct crux_operand a) {
    struct crux_op op = begin(CRUX_MAP, CRUX_MAP_BITLEN, crux_type_of(CRUX_U8, 0, 64), shape);
    add_args(&op, CRUX_ARGS(a));
    return op;
}

struct crux_lut_end crux_lut_constant(int64_t value) {
    struct crux_lut_end end = {0, 0, value};
    return end;
}

struct crux_lut_end crux_lut_line(int64_t m, unsigned s) {
    struct crux_lut_end end = {1, (uint8_t)s, m};
    CRUX_ASSERT(s <= 62);
    return end;
}

struct crux_op crux_draft_lut(struct crux_type type, struct crux_shape shape, struct crux_lut lut,
                              struct crux_args args, struct crux_value table) {
    struct crux_op op = begin(CRUX_LUT, 0, type, shape);
    op.x0 = lut.x0;
    op.shift = (uint8_t)lut.shift;
    op.cells = lut.cells;
    op.left = lut.left;
    op.right = lut.right;
    add_args(&op, args);
    add_args(&op, CRUX_ARGS(CRUX_READ(table, crux_ix_c(0))));
    return op;
}

struct crux_op crux_draft_div(struct crux_type type, struct crux_shape shape, unsigned shift,
                              struct crux_operand a, struct crux_operand d) {
    struct crux_op op = begin(CRUX_DIV, 0, type, shape);
    op.shift = (uint8_t)shift;
    add_args(&op, CRUX_ARGS(a, d));
    return op;
}

struct crux_op crux_draft_sqrt(struct crux_type type, struct crux_shape shape, unsigned shift,
                               struct crux_operand a) {
    struct crux_op op = begin(CRUX_SQRT, 0, type, shape);
    op.shift = (uint8_t)shift;
    add_args(&op, CRUX_ARGS(a));
    return op;
}

struct crux_op crux_draft_rand(struct crux_shape shape) {
    return begin(CRUX_RAND, 0, crux_type_of(CRUX_I32, 0, (INT64_C(1) << 30) - 1), shape);
}

struct crux_op crux_draft_find(struct crux_type type, struct crux_shape outer, struct crux_shape k,
                               struct crux_operand w, struct crux_operand r) {
    struct crux_op op = begin(CRUX_FIND, 0, type, crux_shape_with(outer, crux_dim_constant(2)));
    add_k(&op, k);
    add_args(&op, CRUX_ARGS(w, r));
    return op;
}

struct crux_op crux_draft_with_x(struct crux_op draft, struct crux_operand x) {
    draft.has_x = true;
    draft.x = x;
    return draft;
}
