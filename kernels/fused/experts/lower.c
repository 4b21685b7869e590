#include "kernels/fused/experts/experts.h"
#include "kernels/fused/experts/score.h"
#include "kernels/lowering/split.h"

/* ---- route ---- */

/* logit * E - e: no two are equal, and of equal logits the lower number has the greater one. */
static struct crux_value keys(struct crux_builder *b, const struct crux_fused_route *config,
                              struct crux_value logits) {
    int64_t count = config->experts;
    struct crux_operand number = crux_operand_imm(crux_ix_mul(crux_ix_o(0), -1));
    struct crux_type type =
        crux_type_fit(logits.type.lo * count - count + 1, logits.type.hi * count, sizeof(int64_t));
    return crux_emit(
        b, "key",
        crux_draft_requant(type, logits.shape, crux_scale_round(count, 0),
                           CRUX_ARGS(crux_operand_same(logits), crux_operand_add(number))));
}

/* Ranks are a permutation of 0 .. E-1, so each slot finds exactly one expert. */
static struct crux_value choose(struct crux_builder *b, const struct crux_fused_route *config,
                                struct crux_value logits) {
    struct crux_type number = crux_type_of(CRUX_I16, 0, (int64_t)config->experts - 1);
    struct crux_value key = keys(b, config, logits);
    struct crux_op greater = crux_draft_reduce(crux_type_full(CRUX_I32), key.shape, key.shape,
                                               CRUX_REDUCE_COUNT, crux_args_none());
    greater = crux_draft_where(greater, CRUX_READ(key, crux_ix_k(0)), CRUX_CMP_GT,
                               CRUX_READ(key, crux_ix_o(0)));
    struct crux_value rank = crux_split(b, "rank", greater, 0, crux_split_block(key.type.dtype));
    struct crux_op found =
        crux_draft_reduce(number, CRUX_ROW(config->used), key.shape, CRUX_REDUCE_MIN,
                          CRUX_ARGS(crux_operand_imm(crux_ix_k(0))));
    return crux_emit(b, "chosen",
                     crux_draft_where(found, CRUX_READ(rank, crux_ix_k(0)), CRUX_CMP_EQ,
                                      crux_operand_imm(crux_ix_o(0))));
}

static struct crux_op scores(const struct crux_fused_route *config, struct crux_shape shape,
                             struct crux_operand logit) {
    return crux_draft_requant(
        crux_type_of(CRUX_I32, -CRUX_ROUTE_SCORE_MAX, CRUX_ROUTE_SCORE_MAX), shape,
        crux_scale_round(CRUX_ROUTE_LOG2_E_Q30, CRUX_ROUTE_SHIFT + config->fraction),
        CRUX_ARGS(logit));
}

/* 65535 * 2^(score - top), top being the greatest. */
static struct crux_value weights(struct crux_builder *b, const char *label, struct crux_value score,
                                 struct crux_value top, struct crux_value exp2) {
    return crux_emit(
        b, label,
        crux_draft_lut(crux_exp2_type(), score.shape, crux_exp2_lut(),
                       CRUX_ARGS(crux_operand_same(score), CRUX_READ(top, crux_ix_c(0))), exp2));
}

static bool is_route(const struct crux_fused_route *config) {
    return config->experts >= 1 && config->experts <= CRUX_EXPERTS_MAX && config->used >= 1 &&
           config->used <= config->experts && config->used <= CRUX_EXPERTS_USED_MAX &&
           config->fraction >= 0 && config->fraction <= 24;
}

struct crux_routed crux_fused_route(struct crux_builder *b, const char *label,
                                    const struct crux_fused_route *config, struct crux_value logits,
                                    struct crux_value exp2) {
    struct crux_routed routed = {logits, logits};
    if (!is_route(config)) crux_builder_fail(b, CRUX_E_USAGE, label);
    if (b->status != CRUX_OK) return routed;
    unsigned length = crux_builder_push(b, label);
    routed.chosen = choose(b, config, logits);
    struct crux_op score = scores(config, CRUX_ROW(config->used), CRUX_READ(logits, crux_ix_x()));
    struct crux_value top =
        crux_emit(b, "score", crux_draft_with_x(score, CRUX_READ(routed.chosen, crux_ix_o(0))));
    struct crux_value weight = weights(b, "weight", top, top, exp2), mass = weight;
    if (config->of_all) {
        struct crux_value all =
            crux_emit(b, "scores", scores(config, logits.shape, crux_operand_same(logits)));
        mass = weights(b, "weights", all, top, exp2);
    }
    struct crux_value sum = crux_split_last(b, "sum", CRUX_REDUCE_SUM, mass);
    routed.share =
        crux_emit(b, "share",
                  crux_draft_div(crux_type_of(CRUX_I32, 0, CRUX_ROUTE_SHARE_ONE), weight.shape,
                                 CRUX_EXPERTS_SHARE_BITS, crux_operand_same(weight),
                                 CRUX_READ(sum, crux_ix_c(0))));
    crux_builder_pop(b, length);
    return routed;
}

/* ---- expert linear ---- */

static uint32_t chunk_of(uint8_t layout) {
    struct crux_tile tile;
    return crux_tile_decode(&tile, layout) == CRUX_OK ? tile.chunk : 1;
}

struct crux_value crux_fused_expert_linear(struct crux_builder *b, const char *label,
                                           const struct crux_fused_linear *config,
                                           const struct crux_fused_expert_linear_values *values,
                                           struct crux_quantised x, bool by_slot,
                                           struct crux_value chosen) {
    struct crux_dim used = chosen.shape.dim[0], out = values->w.shape.dim[1],
                    in = values->w.shape.dim[2];
    struct crux_affine slot = crux_ix_o(by_slot ? 1 : 0), row = crux_ix_o(by_slot ? 0 : 1);
    struct crux_shape shape = by_slot ? CRUX_SHAPE(out, used) : CRUX_SHAPE(used, out);
    struct crux_shape x_shape = by_slot ? CRUX_SHAPE(used, in) : CRUX_SHAPE(in);
    struct crux_operand number = CRUX_READ(chosen, slot);
    struct crux_value rows = crux_value_view(x.x, x_shape);
    if (crux_shape_elements_max(&x.x.shape) != crux_shape_elements_max(&x_shape))
        crux_builder_fail(b, CRUX_E_BAD_VIEW, label);
    if (b->status != CRUX_OK) return chosen;
    struct crux_operand input =
        by_slot ? CRUX_READ(rows, slot, crux_ix_k(0)) : CRUX_READ(rows, crux_ix_k(0));
    struct crux_operand weight = CRUX_READ(values->w, crux_ix_x(), row, crux_ix_k(0));
    struct crux_op dot =
        crux_draft_contract(config->y, shape, CRUX_SHAPE(in), CRUX_ARGS(input, weight));
    unsigned length = crux_builder_push(b, label);
    struct crux_value acc =
        crux_split(b, "acc", crux_draft_with_x(dot, number), 0, chunk_of(values->w.layout));
    struct crux_operand e = CRUX_READ(x.e, by_slot ? slot : crux_ix_c(0));
    struct crux_op y = crux_draft_requant(config->y, shape, crux_scale_round(1, config->s0),
                                          CRUX_ARGS(crux_operand_same(acc),
                                                    CRUX_READ(values->rowmul, crux_ix_x(), row),
                                                    crux_operand_exponent(e, -1)));
    struct crux_value value = crux_emit(b, NULL, crux_draft_with_x(y, number));
    crux_builder_pop(b, length);
    return value;
}

/* ---- mix ---- */

struct crux_value crux_fused_mix(struct crux_builder *b, const char *label,
                                 const struct crux_fused_mix *config, struct crux_value share,
                                 struct crux_value d, struct crux_value r) {
    if (b->status != CRUX_OK) return r;
    unsigned length = crux_builder_push(b, label);
    struct crux_op sum = crux_draft_contract(
        config->y, r.shape, CRUX_ROW(config->used),
        CRUX_ARGS(CRUX_READ(share, crux_ix_k(0)), CRUX_READ(d, crux_ix_o(0), crux_ix_k(0))));
    struct crux_value acc = crux_split(b, "acc", sum, 0, config->used);
    struct crux_value value =
        crux_emit(b, NULL,
                  crux_draft_requant(
                      config->y, r.shape, crux_scale_round(1, config->s),
                      CRUX_ARGS(crux_operand_same(acc), crux_operand_add(crux_operand_same(r)))));
    crux_builder_pop(b, length);
    return value;
}
