#include "kernels/fused/attention/attention.h"
#include "kernels/fused/exp2.h"
#include "kernels/lowering/split.h"

/* The shapes and index expressions of one attention. */
struct frame {
    struct crux_builder *b;
    const struct crux_fused_attention *config;
    uint32_t kv, group, width;
    struct crux_dim positions;
};

/* The position that index `o` of the position dimension stands for. */
static struct crux_affine time_of(const struct frame *f, struct crux_affine o) {
    return crux_fused_attention_windowed(f->config) ? crux_ix_sub(crux_ix_pos(), o) : o;
}

static struct crux_shape heads_by(const struct frame *f, struct crux_dim last) {
    return CRUX_SHAPE(crux_dim_constant(f->kv), crux_dim_constant(f->group), last);
}

static struct crux_value view_heads(const struct frame *f, struct crux_value x) {
    return crux_value_view(x, CRUX_CUBE(f->kv, f->group, f->width));
}

/* The cache of an exponent: [KV, J]. */
static struct crux_value load_exponents(const struct frame *f, const char *label,
                                        struct crux_record record) {
    struct crux_operand cache = CRUX_READ_CACHE(record, time_of(f, crux_ix_o(1)), crux_ix_o(0));
    return crux_emit(f->b, label,
                     crux_draft_load(CRUX_SHAPE(crux_dim_constant(f->kv), f->positions), cache));
}

/* Scores in log2 units, [KV, G, J]. */
static struct crux_value scores(const struct frame *f, const struct crux_fused_attention_args *args,
                                struct crux_record k_record, struct crux_record ek_record) {
    const struct crux_fused_attention *config = f->config;
    struct crux_shape shape = heads_by(f, f->positions);
    struct crux_operand cache =
        CRUX_READ_CACHE(k_record, time_of(f, crux_ix_o(1)), crux_ix_o(0), crux_ix_o(2));
    struct crux_value k =
        crux_emit(f->b, "keys",
                  crux_draft_load(CRUX_SHAPE(crux_dim_constant(f->kv), f->positions,
                                             crux_dim_constant(f->width)),
                                  cache));
    struct crux_value ek = load_exponents(f, "keys.e", ek_record);
    struct crux_value q = view_heads(f, args->q.x);
    struct crux_value eq = crux_value_view(args->q.e, CRUX_GRID(f->kv, f->group));
    int64_t most = (int64_t)f->width * q.type.hi * k.type.hi;
    if (most > INT32_MAX) crux_builder_fail(f->b, CRUX_E_OVERFLOW, "dot");
    if (f->b->status != CRUX_OK) return q;
    struct crux_value dot = crux_emit(
        f->b, "dot",
        crux_draft_contract(crux_type_of(CRUX_I32, -most, most), shape, CRUX_ROW(f->width),
                            CRUX_ARGS(CRUX_READ(q, crux_ix_o(0), crux_ix_o(1), crux_ix_k(0)),
                                      CRUX_READ(k, crux_ix_o(0), crux_ix_o(2), crux_ix_k(0)))));
    struct crux_operand shift_q = crux_operand_exponent(crux_operand_outer(eq, 3), -1);
    struct crux_operand shift_k =
        crux_operand_exponent(CRUX_READ(ek, crux_ix_o(0), crux_ix_o(2)), -1);
    struct crux_value score =
        crux_emit(f->b, "score",
                  crux_draft_requant(crux_type_of(CRUX_I32, -CRUX_SCORE_MAX, CRUX_SCORE_MAX), shape,
                                     crux_scale_round(config->m0, config->s0),
                                     CRUX_ARGS(crux_operand_same(dot), shift_q, shift_k)));
    if (config->softcap == 0) return score;
    return crux_emit(f->b, "cap",
                     crux_draft_lut(crux_type_of(CRUX_I32, -config->softcap, config->softcap),
                                    shape, crux_fused_attention_softcap_lut(config),
                                    CRUX_ARGS(crux_operand_same(score)), args->softcap));
}

static struct crux_value weights(const struct frame *f, struct crux_value score,
                                 struct crux_value exp2) {
    struct crux_value greatest = crux_split_last(f->b, "max", CRUX_REDUCE_MAX, score);
    return crux_emit(
        f->b, "weight",
        crux_draft_lut(crux_exp2_type(), score.shape, crux_exp2_lut(),
                       CRUX_ARGS(crux_operand_same(score), crux_operand_outer(greatest, 3)), exp2));
}

/* The weighted mean of v, [KV, G, d]. */
static struct crux_value mean(const struct frame *f, struct crux_value weight,
                              struct crux_record v_record, struct crux_record ev_record) {
    struct crux_shape shape = CRUX_CUBE(f->kv, f->group, f->width);
    unsigned bits = crux_fused_attention_mean_bits(f->config);
    struct crux_operand cache =
        CRUX_READ_CACHE(v_record, time_of(f, crux_ix_o(2)), crux_ix_o(0), crux_ix_o(1));
    struct crux_value v =
        crux_emit(f->b, "values",
                  crux_draft_load(CRUX_SHAPE(crux_dim_constant(f->kv), crux_dim_constant(f->width),
                                             f->positions),
                                  cache));
    struct crux_value ev = load_exponents(f, "values.e", ev_record);
    struct crux_value sum = crux_split_last(f->b, "sum", CRUX_REDUCE_SUM, weight);
    struct crux_value top = crux_split_last(f->b, "top", CRUX_REDUCE_MAX, ev);
    struct crux_operand up = crux_operand_exponent(CRUX_READ(top, crux_ix_o(0)), 1);
    struct crux_operand down = crux_operand_exponent(CRUX_READ(ev, crux_ix_o(0), crux_ix_o(2)), -1);
    struct crux_value shifted =
        crux_emit(f->b, "shifted",
                  crux_draft_requant(crux_exp2_type(), weight.shape, crux_scale_round(1, 0),
                                     CRUX_ARGS(crux_operand_same(weight), up, down)));
    struct crux_op dot =
        crux_draft_contract(crux_type_full(CRUX_I64), shape, CRUX_SHAPE(f->positions),
                            CRUX_ARGS(CRUX_READ(shifted, crux_ix_o(0), crux_ix_o(1), crux_ix_k(0)),
                                      CRUX_READ(v, crux_ix_o(0), crux_ix_o(2), crux_ix_k(0))));
    struct crux_value acc = crux_split(f->b, "acc", dot, 0, f->config->chunk);
    /* |acc| <= 32767 * sum, for a shifted weight is no greater than its weight */
    struct crux_value quotient =
        crux_emit(f->b, "mean",
                  crux_draft_div(crux_type_symmetric((int64_t)32767 << bits), shape, bits,
                                 crux_operand_same(acc), crux_operand_outer(sum, 3)));
    struct crux_operand scale = crux_operand_exponent(CRUX_READ(top, crux_ix_o(0)), -1);
    return crux_emit(f->b, "out",
                     crux_draft_requant(crux_type_symmetric(INT32_MAX), shape,
                                        crux_scale_round(1, (int32_t)bits + f->config->s1),
                                        CRUX_ARGS(crux_operand_same(quotient), scale)));
}

static bool is_valid(const struct crux_fused_attention *config) {
    if (config->kv_heads == 0 || config->heads == 0 || config->heads % config->kv_heads != 0)
        return false;
    if (config->width < 1 || config->width > CRUX_ATTENTION_WIDTH_MAX) return false;
    if (config->chunk < 1 || config->chunk > CRUX_ATTENTION_CHUNK_MAX) return false;
    return config->context >= 1 && config->context <= CRUX_CONTEXT_MAX && config->softcap >= 0;
}

struct crux_value crux_fused_attention(struct crux_builder *b, const char *label,
                                       const struct crux_fused_attention *config,
                                       const struct crux_fused_attention_args *args) {
    struct frame f = {.b = b,
                      .config = config,
                      .kv = config->kv_heads,
                      .width = config->width,
                      .positions = crux_dim_positions(crux_fused_attention_positions(config))};
    if (!is_valid(config)) crux_builder_fail(b, CRUX_E_USAGE, label);
    if (b->status != CRUX_OK) return args->q.x;
    f.group = config->heads / config->kv_heads;
    unsigned length = crux_builder_push(b, label);
    struct crux_record k = crux_builder_store(b, "k", args->k.x);
    struct crux_record ek = crux_builder_store(b, "k.e", args->k.e);
    struct crux_record v = crux_builder_store(b, "v", args->v.x);
    struct crux_record ev = crux_builder_store(b, "v.e", args->v.e);
    struct crux_value weight = weights(&f, scores(&f, args, k, ek), args->exp2);
    struct crux_value out = mean(&f, weight, v, ev);
    crux_builder_pop(b, length);
    return out;
}
