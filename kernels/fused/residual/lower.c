#include "kernels/fused/residual/residual.h"

struct crux_value crux_fused_residual(struct crux_builder *b, const char *label,
                                      const struct crux_fused_residual *config, struct crux_value r,
                                      struct crux_value y) {
    struct crux_args args = CRUX_ARGS(crux_operand_same(y), crux_operand_add(crux_operand_same(r)));
    return crux_emit(
        b, label, crux_draft_requant(config->out, r.shape, crux_scale_round(1, config->s), args));
}
