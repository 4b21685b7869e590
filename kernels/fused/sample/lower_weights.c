/* Softmax weights at a temperature; the greatest is 65535. */
#include "kernels/fused/exp2.h"
#include "kernels/fused/sample/steps.h"

struct crux_value crux_sample_weights(struct crux_builder *b,
                                      const struct crux_fused_sample *config,
                                      struct crux_value adjusted, struct crux_value best,
                                      struct crux_value temperature, struct crux_value exp2) {
    struct crux_shape shape = adjusted.shape;
    struct crux_op load = crux_draft_load(CRUX_ROW(1), CRUX_READ(adjusted, crux_ix_x()));
    struct crux_value greatest =
        crux_emit(b, "greatest", crux_draft_with_x(load, CRUX_READ(best, crux_ix_c(0))));
    struct crux_value below = crux_emit(
        b, "below",
        crux_draft_requant(crux_type_of(CRUX_I32, -INT32_MAX, 0), shape, crux_scale_round(-1, 0),
                           CRUX_ARGS(CRUX_READ(greatest, crux_ix_c(0)),
                                     crux_operand_add(crux_operand_same(adjusted)))));
    /* at temperature 0 the rate is 0 and all weights are equal; nobody looks at them */
    struct crux_type rates =
        crux_type_of(CRUX_I64, 0, (int64_t)CRUX_SAMPLE_LOG2_E_Q30 << CRUX_SAMPLE_RATE_SHIFT);
    struct crux_value rate =
        crux_emit(b, "rate",
                  crux_draft_div(rates, CRUX_ROW(1), CRUX_SAMPLE_RATE_SHIFT,
                                 crux_operand_imm(crux_ix_c(CRUX_SAMPLE_LOG2_E_Q30)),
                                 crux_operand_same(temperature)));
    /* |below * rate| < 2^31 * 2^62 */
    struct crux_value score = crux_emit(
        b, "score",
        crux_draft_requant(crux_type_of(CRUX_I32, CRUX_SAMPLE_SCORE_LEAST, 0), shape,
                           crux_scale_round(1, CRUX_SAMPLE_SCORE_SHIFT + config->fraction),
                           CRUX_ARGS(crux_operand_same(below), CRUX_READ(rate, crux_ix_c(0)))));
    return crux_emit(b, "weight",
                     crux_draft_lut(crux_exp2_type(), shape, crux_exp2_lut(),
                                    CRUX_ARGS(crux_operand_same(score)), exp2));
}
