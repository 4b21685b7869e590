/* One block: attention and feed-forward, each from a norm of r back into r. */
#include <stdio.h>

#include "kernels/fused/activation/activation.h"
#include "kernels/fused/attention/attention.h"
#include "kernels/fused/decoder/parts.h"
#include "kernels/fused/residual/residual.h"
#include "kernels/lowering/split.h"

/* The block being lowered. */
struct frame {
    const struct crux_decoder_parts *parts;
    char prefix[CRUX_DECODER_NAME_BYTES]; /* of tensor names: "b7." */
    uint32_t block;
};

static struct crux_value project(const struct frame *f, enum crux_decoder_matrix matrix,
                                 const char *name, uint32_t out, uint32_t in, bool bias,
                                 const struct crux_value *residual, struct crux_quantised x) {
    const struct crux_fused_decoder *config = f->parts->config;
    int32_t out_bits = residual == NULL ? config->inner_bits : config->r_bits;
    struct crux_decoder_linear linear = {.prefix = f->prefix,
                                         .name = name,
                                         .tiles = config->block_tiles,
                                         .out = out,
                                         .in = in,
                                         .bias = bias,
                                         .residual = residual};
    if (config->plans != NULL) {
        linear.tiles = config->plans[f->block].tiles[matrix];
        linear.s0 = config->plans[f->block].s0[matrix];
    } else {
        linear.s0 = crux_decoder_shift(config->block_tiles.most, in, config->inner_bits, out_bits);
    }
    return crux_decoder_linear(f->parts, &linear, x);
}

static int32_t weight_bits(const struct frame *f, enum crux_decoder_norm_of norm) {
    const struct crux_fused_decoder *config = f->parts->config;
    return config->plans != NULL ? config->plans[f->block].norm_bits[norm] : config->norm_bits;
}

/* q or k: linear, norm by head, rotation, 16 bits. */
static struct crux_quantised heads(const struct frame *f, enum crux_decoder_matrix matrix,
                                   const char *name, uint32_t count, struct crux_quantised x) {
    const struct crux_fused_decoder *config = f->parts->config;
    struct crux_builder *b = f->parts->b;
    char word[CRUX_DECODER_NAME_BYTES];
    uint32_t width = config->head_width;
    struct crux_value v =
        project(f, matrix, name, count * width, config->width, config->qkv_bias, NULL, x);
    v = crux_value_view(v, CRUX_GRID(count, width));
    if (config->qk_norm) {
        int32_t bits =
            weight_bits(f, matrix == CRUX_DECODER_Q ? CRUX_DECODER_NORM_Q : CRUX_DECODER_NORM_K);
        crux_decoder_name(word, name, ".norm");
        const struct crux_decoder_norm_parts norm = {
            f->prefix,          word, CRUX_DECODER_RMSNORM, width,
            config->inner_bits, bits, config->inner_bits};
        v = crux_decoder_norm(f->parts, &norm, v);
    }
    if (config->positions == CRUX_DECODER_ROPE) {
        struct crux_fused_rope rope = {config->rope_layout, crux_fused_rope_type(v.type)};
        crux_decoder_name(word, name, ".rope");
        bool locally = crux_fused_decoder_turns_locally(config, f->block);
        v = crux_fused_rope(b, word, &rope, v, locally ? f->parts->rope_local : f->parts->rope);
    }
    crux_decoder_name(word, name, ".row");
    return crux_fused_quant_rows(b, word, crux_fused_quant_rows_dot_limit(width), v);
}

/* A norm over the residual stream's width. */
static struct crux_value normed(const struct frame *f, const char *name,
                                enum crux_decoder_norm_of norm, int32_t in_bits, int32_t out_bits,
                                struct crux_value v) {
    const struct crux_fused_decoder *config = f->parts->config;
    const struct crux_decoder_norm_parts parts = {
        f->prefix, name, config->norm, config->width, in_bits, weight_bits(f, norm), out_bits};
    return crux_decoder_norm(f->parts, &parts, v);
}

/* The last linear of a branch, into the residual stream. */
static struct crux_value join(const struct frame *f, enum crux_decoder_matrix matrix,
                              const char *name, uint32_t in, enum crux_decoder_norm_of post,
                              struct crux_value r, struct crux_quantised x) {
    const struct crux_fused_decoder *config = f->parts->config;
    const struct crux_fused_residual residual = {0, crux_type_symmetric(INT32_MAX)};
    char word[CRUX_DECODER_NAME_BYTES];
    if (!config->post_norms)
        return project(f, matrix, name, config->width, in, config->bias, &r, x);
    struct crux_value y = project(f, matrix, name, config->width, in, config->bias, NULL, x);
    crux_decoder_name(word, post == CRUX_DECODER_NORM_1_POST ? "n1" : "n2", ".post");
    y = normed(f, word, post, config->inner_bits, config->r_bits, y);
    crux_decoder_name(word, name, ".add");
    return crux_fused_residual(f->parts->b, word, &residual, r, y);
}

static struct crux_value attend(const struct frame *f, struct crux_value r) {
    const struct crux_fused_decoder *config = f->parts->config;
    struct crux_builder *b = f->parts->b;
    uint32_t kv_width = config->kv_heads * config->head_width,
             width = config->heads * config->head_width;
    struct crux_fused_attention attention = {.heads = config->heads,
                                             .kv_heads = config->kv_heads,
                                             .width = config->head_width,
                                             .context = config->context,
                                             .window = crux_fused_decoder_window(config, f->block),
                                             .softcap = config->softcap,
                                             .chunk = CRUX_SPLIT_SOFTMAX};
    crux_fused_attention_scale(&attention, crux_fused_decoder_divisor(config),
                               2 * config->inner_bits);
    struct crux_value n =
        normed(f, "n1", CRUX_DECODER_NORM_1, config->r_bits, config->inner_bits, r);
    struct crux_quantised x = crux_fused_quant_rows(b, "n1.row", CRUX_LIMIT_LINEAR, n);
    struct crux_fused_attention_args args = {.exp2 = f->parts->exp2, .softcap = f->parts->softcap};
    args.q = heads(f, CRUX_DECODER_Q, "q", config->heads, x);
    args.k = heads(f, CRUX_DECODER_K, "k", config->kv_heads, x);
    struct crux_value v =
        project(f, CRUX_DECODER_V, "v", kv_width, config->width, config->qkv_bias, NULL, x);
    v = crux_value_view(v, CRUX_GRID(config->kv_heads, config->head_width));
    args.v = crux_fused_quant_rows(b, "v.row", CRUX_LIMIT_WIDE, v);
    struct crux_value out = crux_fused_attention(b, "attn", &attention, &args);
    struct crux_quantised mixed = crux_fused_quant_rows(b, "attn.row", CRUX_LIMIT_LINEAR,
                                                        crux_value_view(out, CRUX_ROW(width)));
    return join(f, CRUX_DECODER_O, "o", width, CRUX_DECODER_NORM_1_POST, r, mixed);
}

static struct crux_value feed_forward(const struct frame *f, struct crux_value r) {
    const struct crux_fused_decoder *config = f->parts->config;
    struct crux_builder *b = f->parts->b;
    bool gated = config->ffn == CRUX_DECODER_GATED;
    struct crux_table_grid grid = crux_table_activation_grid((unsigned)config->inner_bits);
    struct crux_type wide = crux_type_symmetric(INT32_MAX);
    struct crux_fused_activation activation = {.lut = {.x0 = grid.x0,
                                                       .shift = grid.shift,
                                                       .cells = grid.cells,
                                                       .left = crux_lut_constant(0),
                                                       .right = crux_lut_line(1, 0)},
                                               .a = wide,
                                               .s = config->inner_bits,
                                               .h = wide};
    struct crux_value n =
        normed(f, "n2", CRUX_DECODER_NORM_2, config->r_bits, config->inner_bits, r);
    struct crux_quantised x = crux_fused_quant_rows(b, "n2.row", CRUX_LIMIT_LINEAR, n);
    if (config->experts != 0)
        return crux_decoder_experts(f->parts, f->prefix, f->block, &activation, x, r);
    struct crux_value up, gate;
    up = project(f, CRUX_DECODER_UP, "up", config->ffn_width, config->width, config->bias, NULL, x);
    gate = gated ? project(f, CRUX_DECODER_GATE, "gate", config->ffn_width, config->width,
                           config->bias, NULL, x)
                 : up;
    struct crux_value h =
        crux_fused_activation(b, "act", &activation, gate, gated ? &up : NULL, f->parts->act);
    struct crux_quantised row = crux_fused_quant_rows(b, "act.row", CRUX_LIMIT_LINEAR, h);
    return join(f, CRUX_DECODER_DOWN, "down", config->ffn_width, CRUX_DECODER_NORM_2_POST, r, row);
}

struct crux_value crux_decoder_block(const struct crux_decoder_parts *parts, uint32_t block,
                                     struct crux_value r) {
    const struct crux_fused_decoder *config = parts->config;
    struct frame f = {.parts = parts, .block = block};
    char word[CRUX_DECODER_NAME_BYTES];
    (void)snprintf(f.prefix, sizeof f.prefix, "b%u.", (unsigned)block);
    (void)snprintf(word, sizeof word, "b%u", (unsigned)(block % config->blocks_per_layer));
    unsigned length = 0;
    /* the labels of one layer need the block only if there are several */
    if (config->blocks_per_layer > 1) length = crux_builder_push(parts->b, word);
    r = feed_forward(&f, attend(&f, r));
    if (config->blocks_per_layer > 1) crux_builder_pop(parts->b, length);
    return r;
}
