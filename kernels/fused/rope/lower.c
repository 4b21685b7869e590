#include "kernels/fused/rope/rope.h"
#include "kernels/lowering/range.h"

struct crux_type crux_fused_rope_type(struct crux_type in) {
    struct crux_range range = crux_range_absolute(crux_range_of(in));
    int64_t most = range.hi > INT32_MAX / 2 ? INT32_MAX : (int64_t)range.hi * 2;
    return crux_type_of(CRUX_I32, -most, most);
}

struct crux_value crux_fused_rope(struct crux_builder *b, const char *label,
                                  const struct crux_fused_rope *config, struct crux_value v,
                                  struct crux_value table) {
    bool halves = config->layout == CRUX_ROPE_HALF_SPLIT;
    uint32_t heads = v.shape.dim[0].e, pairs = v.shape.dim[1].e / 2;
    struct crux_shape shape = halves ? CRUX_CUBE(heads, 2, pairs) : CRUX_CUBE(heads, pairs, 2);
    struct crux_affine pair = crux_ix_o(halves ? 2 : 1), part = crux_ix_o(halves ? 1 : 2);
    struct crux_value parts = crux_value_view(v, shape);
    struct crux_operand value = halves ? CRUX_READ(parts, crux_ix_o(0), crux_ix_k(0), pair)
                                       : CRUX_READ(parts, crux_ix_o(0), pair, crux_ix_k(0));
    struct crux_affine which = crux_ix_add(crux_ix_c(1), crux_ix_sub(part, crux_ix_k(0)));
    struct crux_operand turn = CRUX_READ(table, crux_ix_pos(), pair, which);
    unsigned length = crux_builder_push(b, label);
    if (v.shape.ndim != 2 || v.shape.dim[1].e % 2 != 0)
        crux_builder_fail(b, CRUX_E_BAD_SHAPE, label);
    struct crux_type sum = {CRUX_I64, 0, 0};
    struct crux_op dot = crux_draft_contract(sum, shape, CRUX_ROW(2), CRUX_ARGS(value, turn));
    if (!crux_range_sum_type(&sum, crux_range_product(&dot), 2))
        crux_builder_fail(b, CRUX_E_OVERFLOW, label);
    struct crux_value turned =
        crux_emit(b, "dot", crux_draft_contract(sum, shape, CRUX_ROW(2), CRUX_ARGS(value, turn)));
    struct crux_value out =
        crux_emit(b, NULL,
                  crux_draft_requant(config->out, shape, crux_scale_round(1, CRUX_ROPE_BITS),
                                     CRUX_ARGS(crux_operand_same(turned))));
    crux_builder_pop(b, length);
    return crux_value_view(out, v.shape);
}
