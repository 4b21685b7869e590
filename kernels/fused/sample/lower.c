#include "kernels/fused/sample/steps.h"
#include "kernels/lowering/split.h"

struct crux_value crux_sample_param_value(struct crux_builder *b, const char *label,
                                          enum crux_sample_param param) {
    struct crux_sample_range range = crux_fused_sample_range(param);
    struct crux_op load =
        crux_draft_load(CRUX_ROW(1), crux_operand_param(param, range.lo, range.hi));
    load.lo = range.lo; /* a parameter always exists: no 0 joins its range */
    return crux_emit(b, label, load);
}

static bool begin(struct crux_builder *b, const char *label,
                  const struct crux_fused_sample *config) {
    bool valid = config->vocab >= 1 && config->block >= CRUX_SAMPLE_BLOCK_MIN &&
                 config->block <= CRUX_SAMPLE_BLOCK && config->fraction >= 0 &&
                 config->fraction <= 31;
    if (!valid || (config->vocab - 1) / config->block >= CRUX_SAMPLE_BLOCKS_MAX) {
        crux_builder_fail(b, CRUX_E_USAGE, label);
    }
    return b->status == CRUX_OK;
}

struct crux_value crux_fused_sample(struct crux_builder *b, const char *label,
                                    const struct crux_fused_sample *config,
                                    struct crux_value logits, struct crux_value exp2) {
    if (!begin(b, label, config)) return logits;
    unsigned length = crux_builder_push(b, label);
    struct crux_value temperature =
        crux_sample_param_value(b, "temperature", CRUX_SAMPLE_TEMPERATURE);
    struct crux_value adjusted = crux_sample_penalty(b, logits);
    struct crux_value best = crux_split_argmax(b, "best", adjusted, config->block);
    struct crux_value weight = crux_sample_weights(b, config, adjusted, best, temperature, exp2);
    struct crux_value least = crux_sample_threshold(b, config, weight);
    struct crux_value drawn = crux_sample_choice(b, config, weight, least);
    struct crux_value token =
        crux_emit(b, "token",
                  crux_draft_select(best.type, best.shape, crux_operand_same(temperature),
                                    crux_operand_same(drawn), crux_operand_same(best)));
    crux_builder_pop(b, length);
    return token;
}

struct crux_value crux_fused_sample_greedy(struct crux_builder *b, const char *label,
                                           const struct crux_fused_sample *config,
                                           struct crux_value logits) {
    if (!begin(b, label, config)) return logits;
    return crux_split_argmax(b, label, logits, config->block);
}
