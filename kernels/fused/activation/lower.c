#include "kernels/fused/activation/activation.h"

struct crux_value crux_fused_activation(struct crux_builder *b, const char *label,
                                        const struct crux_fused_activation *config,
                                        struct crux_value g, const struct crux_value *u,
                                        struct crux_value table) {
    unsigned length = crux_builder_push(b, label);
    struct crux_value h = crux_emit(
        b, u == NULL ? NULL : "curve",
        crux_draft_lut(config->a, g.shape, config->lut, CRUX_ARGS(crux_operand_same(g)), table));
    if (u != NULL) {
        struct crux_args args = CRUX_ARGS(crux_operand_same(h), crux_operand_same(*u));
        h = crux_emit(b, NULL,
                      crux_draft_requant(config->h, g.shape, crux_scale_round(1, config->s), args));
    }
    crux_builder_pop(b, length);
    return h;
}
