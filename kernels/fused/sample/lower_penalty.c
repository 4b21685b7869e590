/* Repetition penalty: a seen token's logit is divided by the penalty if positive, multiplied otherwise. */
#include "kernels/fused/sample/steps.h"

enum { Q16 = 16 };

/* How often each vocabulary entry is among the last tokens: u8 [V]. */
static struct crux_value count_seen(struct crux_builder *b, struct crux_shape shape) {
    struct crux_dim recent = crux_dim_positions(CRUX_SAMPLE_RECENT);
    struct crux_affine time = crux_ix_sub(crux_ix_pos(), crux_ix_o(0));
    struct crux_value tokens = crux_emit(
        b, "recent", crux_draft_load(CRUX_SHAPE(recent), crux_operand_token(time, shape.dim[0].e)));
    struct crux_op count =
        crux_draft_reduce(crux_type_of(CRUX_U8, 0, CRUX_SAMPLE_RECENT), shape, CRUX_SHAPE(recent),
                          CRUX_REDUCE_COUNT, crux_args_none());
    return crux_emit(b, "seen",
                     crux_draft_where(count, CRUX_READ(tokens, crux_ix_k(0)), CRUX_CMP_EQ,
                                      crux_operand_imm(crux_ix_o(0))));
}

struct crux_value crux_sample_penalty(struct crux_builder *b, struct crux_value logits) {
    struct crux_type type = crux_type_symmetric(INT32_MAX);
    struct crux_shape shape = logits.shape;
    struct crux_operand logit = crux_operand_same(logits), zero = crux_operand_imm(crux_ix_c(0));
    struct crux_value penalty = crux_sample_param_value(b, "penalty", CRUX_SAMPLE_PENALTY);
    struct crux_operand by = CRUX_READ(penalty, crux_ix_c(0));
    struct crux_value seen = count_seen(b, shape);
    struct crux_value down = crux_emit(b, "down", crux_draft_div(type, shape, Q16, logit, by));
    struct crux_value up = crux_emit(
        b, "up", crux_draft_requant(type, shape, crux_scale_round(1, Q16), CRUX_ARGS(logit, by)));
    struct crux_value above =
        crux_emit(b, "above", crux_draft_compare(shape, logit, CRUX_CMP_GT, zero));
    struct crux_value less =
        crux_emit(b, "less",
                  crux_draft_select(type, shape, crux_operand_same(above), crux_operand_same(down),
                                    crux_operand_same(up)));
    return crux_emit(
        b, "adjusted",
        crux_draft_select(type, shape, crux_operand_same(seen), crux_operand_same(less), logit));
}
