#include "kernels/fused/linear/linear.h"
#include "kernels/lowering/split.h"

static uint32_t chunk_of(uint8_t layout) {
    struct crux_tile tile;
    if (crux_tile_decode(&tile, layout) != CRUX_OK) return 1;
    return tile.chunk;
}

struct crux_value crux_fused_linear(struct crux_builder *b, const char *label,
                                    const struct crux_fused_linear *config,
                                    const struct crux_fused_linear_values *values,
                                    struct crux_quantised x) {
    struct crux_dim out = values->w.shape.dim[0], in = values->w.shape.dim[1];
    struct crux_shape row = CRUX_SHAPE(out);
    struct crux_value flat = crux_value_view(x.x, CRUX_SHAPE(in));
    struct crux_args contract =
        CRUX_ARGS(CRUX_READ(flat, crux_ix_k(0)), CRUX_READ(values->w, crux_ix_o(0), crux_ix_k(0)));
    const struct crux_value *add = values->bias != NULL ? values->bias : values->residual;
    unsigned length = crux_builder_push(b, label);
    if (crux_shape_elements_max(&x.x.shape) != in.e) crux_builder_fail(b, CRUX_E_BAD_VIEW, label);
    struct crux_value acc =
        crux_split(b, "acc", crux_draft_contract(config->y, row, CRUX_SHAPE(in), contract), 0,
                   chunk_of(values->w.layout));
    struct crux_operand factor = crux_operand_same(acc), scale = crux_operand_same(values->rowmul);
    struct crux_operand e = crux_operand_exponent(crux_operand_outer(x.e, 1), -1);
    struct crux_args args =
        add == NULL ? CRUX_ARGS(factor, scale, e)
                    : CRUX_ARGS(factor, scale, crux_operand_add(crux_operand_same(*add)), e);
    struct crux_value y = crux_emit(
        b, NULL, crux_draft_requant(config->y, row, crux_scale_round(1, config->s0), args));
    if (values->bias != NULL && values->residual != NULL) {
        args =
            CRUX_ARGS(crux_operand_same(y), crux_operand_add(crux_operand_same(*values->residual)));
        y = crux_emit(b, "residual",
                      crux_draft_requant(config->y, row, crux_scale_round(1, 0), args));
    }
    crux_builder_pop(b, length);
    return y;
}
