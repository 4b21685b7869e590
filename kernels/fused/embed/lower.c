#include "kernels/fused/embed/embed.h"

struct crux_value crux_fused_embed(struct crux_builder *b, const char *label,
                                   const struct crux_fused_embed *config,
                                   const struct crux_fused_embed_values *values) {
    struct crux_shape row = CRUX_SHAPE(values->table.shape.dim[1]);
    struct crux_operand weight = CRUX_READ(values->table, crux_ix_x(), crux_ix_o(0));
    struct crux_operand scale = CRUX_READ(values->rowmul, crux_ix_x());
    struct crux_args args = CRUX_ARGS(weight, scale);
    unsigned length = crux_builder_push(b, label);
    struct crux_value token = crux_emit(
        b, "token", crux_draft_load(CRUX_ROW(1), crux_operand_token(crux_ix_pos(), config->vocab)));
    if (values->positions != NULL) {
        struct crux_operand place = CRUX_READ(*values->positions, crux_ix_pos(), crux_ix_o(0));
        args = CRUX_ARGS(weight, scale, crux_operand_add(place));
    }
    struct crux_op draft =
        crux_draft_requant(config->r, row, crux_scale_round(1, config->s0), args);
    struct crux_value r =
        crux_emit(b, NULL, crux_draft_with_x(draft, CRUX_READ(token, crux_ix_c(0))));
    crux_builder_pop(b, length);
    return r;
}
