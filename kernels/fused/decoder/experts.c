/* The feed-forward of a block of experts: route, then gate, up and down of the chosen ones, then their mix into r. */
#include "kernels/fused/experts/experts.h"

#include "kernels/fused/activation/activation.h"
#include "kernels/fused/decoder/parts.h"

enum { ROWMUL_BITS = 30 };

/* The block being lowered. */
struct frame {
    const struct crux_decoder_parts *parts;
    const char *prefix;
    uint32_t block;
};

static struct crux_decoder_tiles tiles_of(const struct frame *f, enum crux_decoder_matrix matrix) {
    const struct crux_fused_decoder *config = f->parts->config;
    return config->plans != NULL ? config->plans[f->block].tiles[matrix] : config->block_tiles;
}

static int32_t shift_of(const struct frame *f, enum crux_decoder_matrix matrix, uint32_t in,
                        int32_t out_bits) {
    const struct crux_fused_decoder *config = f->parts->config;
    if (config->plans != NULL) return config->plans[f->block].s0[matrix];
    return crux_decoder_shift(config->block_tiles.most, in, config->inner_bits, out_bits);
}

static struct crux_value logits_of(const struct frame *f, struct crux_quantised x) {
    const struct crux_fused_decoder *config = f->parts->config;
    struct crux_decoder_linear linear = {.prefix = f->prefix,
                                         .name = "router",
                                         .tiles = tiles_of(f, CRUX_DECODER_ROUTER),
                                         .out = config->experts,
                                         .in = config->width};
    linear.s0 = shift_of(f, CRUX_DECODER_ROUTER, config->width, config->logit_bits);
    return crux_decoder_linear(f->parts, &linear, x);
}

struct project {
    enum crux_decoder_matrix matrix;
    const char *name;
    uint32_t out, in;
    bool by_slot;
};

static struct crux_value project(const struct frame *f, const struct project *p,
                                 struct crux_quantised x, struct crux_value chosen) {
    const struct crux_fused_decoder *config = f->parts->config;
    struct crux_builder *b = f->parts->b;
    struct crux_decoder_tiles tiles = tiles_of(f, p->matrix);
    struct crux_fused_linear linear = {shift_of(f, p->matrix, p->in, config->inner_bits),
                                       crux_type_symmetric(INT32_MAX)};
    struct crux_fused_expert_linear_values values;
    char name[CRUX_DECODER_NAME_BYTES], scale[CRUX_DECODER_NAME_BYTES];
    crux_decoder_name(name, f->prefix, p->name);
    crux_decoder_name(scale, name, ".scale");
    values.w =
        crux_builder_tensor(b, name, tiles.layout, crux_type_of(CRUX_I32, -tiles.most, tiles.most),
                            CRUX_CUBE(config->experts, p->out, p->in));
    values.rowmul =
        crux_builder_tensor(b, scale, 0, crux_type_of(CRUX_I32, 0, INT64_C(1) << ROWMUL_BITS),
                            CRUX_GRID(config->experts, p->out));
    return crux_fused_expert_linear(b, p->name, &linear, &values, x, p->by_slot, chosen);
}

struct crux_fused_route crux_fused_decoder_route(const struct crux_fused_decoder *config) {
    return (struct crux_fused_route){.experts = config->experts,
                                     .used = config->experts_used,
                                     .fraction = config->logit_bits,
                                     .of_all = config->experts_of_all};
}

struct crux_fused_mix crux_fused_decoder_mix(const struct crux_fused_decoder *config) {
    return (struct crux_fused_mix){.used = config->experts_used,
                                   .s = CRUX_EXPERTS_SHARE_BITS + config->inner_bits -
                                        config->r_bits,
                                   .y = {CRUX_I32, -INT32_MAX, INT32_MAX}};
}

struct crux_value crux_decoder_experts(const struct crux_decoder_parts *parts, const char *prefix,
                                       uint32_t block,
                                       const struct crux_fused_activation *activation,
                                       struct crux_quantised x, struct crux_value r) {
    const struct crux_fused_decoder *config = parts->config;
    const struct frame f = {parts, prefix, block};
    const uint32_t width = config->width, ffn = config->ffn_width;
    const struct crux_fused_route route = crux_fused_decoder_route(config);
    const struct crux_fused_mix mix = crux_fused_decoder_mix(config);
    struct crux_routed routed =
        crux_fused_route(parts->b, "route", &route, logits_of(&f, x), parts->exp2);
    struct crux_value up =
        project(&f, &(struct project){CRUX_DECODER_UP, "up", ffn, width, false}, x, routed.chosen);
    struct crux_value gate = up;
    bool gated = config->ffn == CRUX_DECODER_GATED;
    if (gated)
        gate = project(&f, &(struct project){CRUX_DECODER_GATE, "gate", ffn, width, false}, x,
                       routed.chosen);
    struct crux_value h =
        crux_fused_activation(parts->b, "act", activation, gate, gated ? &up : NULL, parts->act);
    struct crux_quantised row = crux_fused_quant_rows(parts->b, "act.row", CRUX_LIMIT_LINEAR, h);
    struct crux_value d = project(
        &f, &(struct project){CRUX_DECODER_DOWN, "down", width, ffn, true}, row, routed.chosen);
    return crux_fused_mix(parts->b, "mix", &mix, routed.share, d, r);
}
