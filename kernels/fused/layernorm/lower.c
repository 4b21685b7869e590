#include "kernels/fused/layernorm/layernorm.h"
#include "kernels/lowering/range.h"
#include "kernels/lowering/split.h"

enum crux_status crux_fused_layernorm_constants(struct crux_norm_constants *constants,
                                                const struct crux_fused_norm *config) {
    return crux_fused_norm_constants(constants, config, 3, 1);
}

struct crux_type crux_fused_layernorm_centred(uint32_t width) {
    int64_t most = (int64_t)(width > 1 ? width - 1 : 1) * 2 * INT16_MAX;
    return crux_type_fit(-most, most, sizeof(int32_t));
}

struct crux_type crux_fused_layernorm_out(const struct crux_norm_constants *constants,
                                          int64_t bias_most) {
    int64_t most = constants->out_most + bias_most;
    if (most > INT32_MAX) most = INT32_MAX;
    return crux_type_of(CRUX_I32, -most, most);
}

/* D * y - sum of y; the sum is taken of -y. */
static struct crux_value centre(struct crux_builder *b, uint32_t width, struct crux_value y) {
    struct crux_operand along =
        y.shape.ndim == 1 ? CRUX_READ(y, crux_ix_k(0)) : CRUX_READ(y, crux_ix_o(0), crux_ix_k(0));
    struct crux_op sum = crux_draft_contract(y.type, crux_shape_outer(y.shape), CRUX_ROW(width),
                                             CRUX_ARGS(along, crux_operand_imm(crux_ix_c(-1))));
    struct crux_value minus_sum = crux_split(b, "sum", sum, 0, crux_split_block(CRUX_I16));
    struct crux_operand add = crux_operand_add(crux_operand_outer(minus_sum, y.shape.ndim));
    return crux_emit(b, "c",
                     crux_draft_requant(crux_fused_layernorm_centred(width), y.shape,
                                        crux_scale_round(width, 0),
                                        CRUX_ARGS(crux_operand_same(y), add)));
}

struct crux_value crux_fused_layernorm(struct crux_builder *b, const char *label,
                                       const struct crux_fused_norm *config, struct crux_value r,
                                       struct crux_value w, struct crux_value bias) {
    struct crux_norm_constants constants = {0};
    unsigned length = crux_builder_push(b, label);
    crux_builder_fail(b, crux_fused_layernorm_constants(&constants, config), label);
    if (crux_shape_last(&r.shape).e != config->width) crux_builder_fail(b, CRUX_E_BAD_SHAPE, label);
    struct crux_quantised y = crux_fused_quant_rows(b, "y", CRUX_LIMIT_WIDE, r);
    struct crux_quantised z =
        crux_fused_quant_rows(b, "z", CRUX_LIMIT_WIDE, centre(b, config->width, y.x));
    struct crux_value exponents[2] = {y.e, z.e};
    struct crux_type out = crux_fused_layernorm_out(
        &constants, (int64_t)crux_range_absolute(crux_range_of(bias.type)).hi);
    struct crux_value n = crux_fused_norm_tail(b, &constants, out, z.x, exponents, 2, w, &bias);
    crux_builder_pop(b, length);
    return n;
}
