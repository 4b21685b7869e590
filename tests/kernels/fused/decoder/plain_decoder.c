#include "tests/kernels/fused/decoder/plain_decoder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/fused/activation/activation.h"
#include "kernels/fused/attention/attention.h"
#include "kernels/fused/embed/embed.h"
#include "kernels/fused/layernorm/layernorm.h"
#include "kernels/fused/linear/linear.h"
#include "kernels/fused/lut.h"
#include "kernels/fused/rmsnorm/rmsnorm.h"
#include "kernels/fused/sample/sample.h"
#include "kernels/fused/softcap.h"

enum { E_MAX = 63, BIAS_MOST = 1 << 24 };

static const struct crux_type wide = {CRUX_I32, -INT32_MAX, INT32_MAX};

/* Scratch of one call; the model is small. */
static void *scratch(size_t count, size_t size) {
    void *p = calloc(count, size);
    if (p == NULL) abort();
    return p;
}

static uint32_t number(const struct plain_decoder *d, const char *name) {
    for (uint32_t i = 0; i < d->program->tensor_count; i++) {
        if (strcmp(d->program->tensors[i].name, name) == 0) return i;
    }
    printf("no tensor %s\n", name);
    abort();
}

static const void *tensor(const struct plain_decoder *d, const char *name) {
    return d->model->tensors[number(d, name)].bytes;
}

static const void *part_of(const struct plain_decoder *d, const char *name, const char *suffix) {
    char full[64];
    (void)snprintf(full, sizeof full, "%s%s", name, suffix);
    return tensor(d, full);
}

static struct crux_tiles tiles_of(const struct plain_decoder *d, const char *name) {
    const struct crux_model_tensor *entry = &d->program->tensors[number(d, name)];
    struct crux_tiles tiles = {
        .rows = entry->dim[0], .inputs = entry->dim[1], .bytes = tensor(d, name)};
    if (crux_tile_decode(&tiles.tile, entry->layout) != CRUX_OK) abort();
    return tiles;
}

/* The shift that lowering chose: read from the program, for it is a constant of the op with this label. */
static int32_t shift_of(const struct plain_decoder *d, uint32_t layer, const char *label) {
    const struct crux_layer *l = &d->program->layers[layer];
    for (uint32_t i = 0; i < l->ops; i++) {
        const struct crux_labelled_op *op = &d->program->ops[l->first + i];
        if (strcmp(op->label, label) == 0) return op->op.s0;
    }
    printf("no op %s\n", label);
    abort();
}

struct row {
    int16_t *x;
    int8_t e;
};

static struct row quantise(const int32_t *v, uint32_t width) {
    struct row row = {scratch(width, sizeof(int16_t)), 0};
    crux_fused_quant_rows_i32(row.x, &row.e, v, 1, width, CRUX_LIMIT_LINEAR, E_MAX);
    return row;
}

static void normalise_to(const struct plain_decoder *d, const char *name,
                         enum crux_decoder_norm kind, int32_t *n, const int32_t *r, uint32_t rows,
                         uint32_t width, int32_t in_bits, int32_t out_bits) {
    const struct crux_fused_decoder *config = d->config;
    struct crux_fused_norm norm = {
        width, config->eps_m, config->eps_shift, in_bits, config->norm_bits, out_bits, INT16_MAX};
    struct crux_norm_constants constants;
    int16_t *z = scratch(width, sizeof *z);
    int64_t *c = scratch(width, sizeof *c);
    if (kind == CRUX_DECODER_RMSNORM) {
        harness_ok(crux_fused_rmsnorm_constants(&constants, &norm));
        crux_fused_rmsnorm_reference(n, z, &constants, r, rows, width, E_MAX, tensor(d, name));
    } else {
        harness_ok(crux_fused_layernorm_constants(&constants, &norm));
        crux_fused_layernorm_reference(n, z, c, &constants,
                                       crux_fused_layernorm_out(&constants, BIAS_MOST), r, rows,
                                       width, E_MAX, tensor(d, name), part_of(d, name, ".bias"));
    }
    free(z);
    free(c);
}

static void normalise(const struct plain_decoder *d, const char *name, enum crux_decoder_norm kind,
                      int32_t *n, const int32_t *r, uint32_t rows, uint32_t width,
                      int32_t in_bits) {
    normalise_to(d, name, kind, n, r, rows, width, in_bits, d->config->inner_bits);
}

struct matrix {
    char tensor[32], label[32];
    uint32_t layer;
    bool bias;
};

static void multiply(const struct plain_decoder *d, const struct matrix *m, int32_t *y,
                     struct row x, const int32_t *residual) {
    struct crux_fused_linear linear = {shift_of(d, m->layer, m->label), wide};
    struct crux_tiles w = tiles_of(d, m->tensor);
    crux_fused_linear_reference(y, &linear, x.x, x.e, &w, part_of(d, m->tensor, ".scale"),
                                m->bias ? part_of(d, m->tensor, ".bias") : NULL, residual);
}

static struct matrix matrix_of(const struct plain_decoder *d, uint32_t block, const char *name,
                               bool bias) {
    struct matrix m = {.layer = block / d->config->blocks_per_layer, .bias = bias};
    (void)snprintf(m.tensor, sizeof m.tensor, "b%u.%s", (unsigned)block, name);
    if (d->config->blocks_per_layer > 1) {
        (void)snprintf(m.label, sizeof m.label, "b%u.%s",
                       (unsigned)(block % d->config->blocks_per_layer), name);
    } else {
        (void)snprintf(m.label, sizeof m.label, "%s", name);
    }
    return m;
}

void plain_decoder_init(struct plain_decoder *d, struct harness *h,
                        const struct crux_fused_decoder *config, const struct crux_program *program,
                        const struct crux_model_memory *model) {
    size_t heads = (size_t)config->context * config->kv_heads, width = heads * config->head_width;
    *d = (struct plain_decoder){.h = h, .config = config, .program = program, .model = model};
    d->cache = harness_alloc(h, config->blocks, sizeof *d->cache);
    d->r = harness_alloc(h, config->width, sizeof *d->r);
    for (uint32_t i = 0; i < config->blocks; i++) {
        d->cache[i].k = harness_alloc(h, width, sizeof(int16_t));
        d->cache[i].v = harness_alloc(h, width, sizeof(int16_t));
        d->cache[i].ek = harness_alloc(h, heads, 1);
        d->cache[i].ev = harness_alloc(h, heads, 1);
    }
}

void plain_decoder_embed(struct plain_decoder *d, uint32_t token) {
    const struct crux_fused_decoder *config = d->config;
    struct crux_fused_embed embed = {config->vocab, shift_of(d, 0, "embed"), wide};
    struct crux_tiles table = tiles_of(d, "embed");
    const int32_t *positions =
        config->positions == CRUX_DECODER_LEARNED ? tensor(d, "positions") : NULL;
    if (positions != NULL) positions += (size_t)d->pos * config->width;
    crux_fused_embed_reference(d->r, &embed, token, &table, tensor(d, "embed.scale"), positions);
}

/* What a branch adds to r.  In: post, the norm of it. */
static void join(struct plain_decoder *d, uint32_t block, const struct matrix *m, const char *post,
                 struct row x) {
    const struct crux_fused_decoder *config = d->config;
    char name[48];
    if (!config->post_norms) {
        multiply(d, m, d->r, x, d->r);
        return;
    }
    int32_t *y = scratch(config->width, sizeof *y);
    multiply(d, m, y, x, NULL);
    (void)snprintf(name, sizeof name, "b%u.%s", (unsigned)block, post);
    normalise_to(d, name, config->norm, y, y, 1, config->width, config->inner_bits, config->r_bits);
    for (uint32_t i = 0; i < config->width; i++) {
        int64_t sum = (int64_t)d->r[i] + y[i];
        d->r[i] = (int32_t)crux_clamp(sum, -INT32_MAX, INT32_MAX);
    }
    free(y);
}

/* q or k, up to its 16-bit rows. */
static void heads_of(const struct plain_decoder *d, uint32_t block, const char *name,
                     uint32_t count, int16_t *x, int8_t *e, struct row in) {
    const struct crux_fused_decoder *config = d->config;
    uint32_t width = config->head_width;
    struct matrix m = matrix_of(d, block, name, config->qkv_bias);
    int32_t *v = scratch((size_t)count * width, sizeof *v);
    struct crux_type type = wide;
    multiply(d, &m, v, in, NULL);
    if (config->qk_norm) {
        char norm_name[48];
        struct crux_fused_norm norm = {width,
                                       config->eps_m,
                                       config->eps_shift,
                                       config->inner_bits,
                                       config->norm_bits,
                                       config->inner_bits,
                                       INT16_MAX};
        struct crux_norm_constants constants;
        (void)snprintf(norm_name, sizeof norm_name, "%s.norm", m.tensor);
        normalise(d, norm_name, CRUX_DECODER_RMSNORM, v, v, count, width, config->inner_bits);
        harness_ok(crux_fused_rmsnorm_constants(&constants, &norm));
        type = crux_type_of(CRUX_I32, -constants.out_most, constants.out_most);
    }
    if (config->positions == CRUX_DECODER_ROPE) {
        struct crux_fused_rope rope = {config->rope_layout, crux_fused_rope_type(type)};
        bool global =
            config->global_every != 0 && block % config->global_every + 1 == config->global_every;
        const int32_t *table =
            tensor(d, config->rope_local_base != 0 && !global ? "rope.local" : "rope");
        crux_fused_rope_reference(v, &rope, v, count, width,
                                  table + (size_t)d->pos * (width / 2) * 3);
    }
    crux_fused_quant_rows_i32(x, e, v, count, width, crux_fused_quant_rows_dot_limit(width), E_MAX);
    free(v);
}

static void attend(struct plain_decoder *d, uint32_t block) {
    const struct crux_fused_decoder *config = d->config;
    struct plain_cache *cache = &d->cache[block];
    uint32_t kv = config->kv_heads, kv_width = kv * config->head_width,
             width = config->heads * config->head_width;
    struct crux_fused_attention attention = {.heads = config->heads,
                                             .kv_heads = kv,
                                             .width = config->head_width,
                                             .context = config->context,
                                             .window = crux_fused_decoder_window(config, block),
                                             .softcap = config->softcap};
    char name[48];
    int32_t *n = scratch(config->width, sizeof *n), *v = scratch(kv_width, sizeof *v);
    int32_t *out = scratch(width, sizeof *out), *score = scratch(d->pos + 1U, sizeof *score);
    uint16_t *weight = scratch(d->pos + 1U, sizeof *weight);
    int16_t *q = scratch(width, sizeof *q);
    int8_t *eq = scratch(config->heads, sizeof *eq);
    size_t row = (size_t)d->pos * kv_width, head = (size_t)d->pos * kv;
    (void)snprintf(name, sizeof name, "b%u.n1", (unsigned)block);
    normalise(d, name, config->norm, n, d->r, 1, config->width, config->r_bits);
    struct row x = quantise(n, config->width);
    heads_of(d, block, "q", config->heads, q, eq, x);
    heads_of(d, block, "k", kv, cache->k + row, cache->ek + head, x);
    struct matrix m = matrix_of(d, block, "v", config->qkv_bias);
    multiply(d, &m, v, x, NULL);
    crux_fused_quant_rows_i32(cache->v + row, cache->ev + head, v, kv, config->head_width,
                              CRUX_LIMIT_WIDE, E_MAX);
    crux_fused_attention_scale(&attention, crux_fused_decoder_divisor(config),
                               2 * config->inner_bits);
    uint32_t most = crux_fused_attention_positions(&attention);
    uint32_t used = d->pos + 1 < most ? d->pos + 1 : most, first = d->pos + 1 - used;
    struct crux_attention_cache rows = {
        cache->k + (size_t)first * kv_width, cache->ek + (size_t)first * kv,
        cache->v + (size_t)first * kv_width, cache->ev + (size_t)first * kv, used};
    struct crux_attention_tables tables = {tensor(d, "exp2"),
                                           config->softcap == 0 ? NULL : tensor(d, "softcap")};
    crux_fused_attention_reference(out, score, weight, &attention, q, eq, &rows, &tables);
    struct row mixed = quantise(out, width);
    m = matrix_of(d, block, "o", config->bias);
    join(d, block, &m, "n1.post", mixed);
    free(n), free(v), free(out), free(score), free(weight), free(q), free(eq), free(x.x),
        free(mixed.x);
}

static struct crux_fused_activation activation_of(const struct crux_fused_decoder *config) {
    struct crux_table_grid grid = crux_table_activation_grid((unsigned)config->inner_bits);
    return (struct crux_fused_activation){
        .lut = {grid.x0, grid.shift, grid.cells, crux_lut_constant(0), crux_lut_line(1, 0)},
        .a = wide,
        .s = config->inner_bits,
        .h = wide};
}

/* One expert's part of a matrix of all. */
static void multiply_by_expert(const struct plain_decoder *d, const struct matrix *m,
                               uint32_t expert, int32_t *y, struct row x) {
    struct crux_fused_linear linear = {shift_of(d, m->layer, m->label), wide};
    const struct crux_model_tensor *entry = &d->program->tensors[number(d, m->tensor)];
    struct crux_tiles all = {.rows = entry->dim[0] * entry->dim[1],
                             .inputs = entry->dim[2],
                             .bytes = tensor(d, m->tensor)};
    const int32_t *rowmul = part_of(d, m->tensor, ".scale");
    if (crux_tile_decode(&all.tile, entry->layout) != CRUX_OK) abort();
    struct crux_tiles w = crux_fused_expert_tiles(&all, entry->dim[0], expert);
    crux_fused_linear_reference(y, &linear, x.x, x.e, &w, rowmul + (size_t)expert * w.rows, NULL,
                                NULL);
}

static void one_expert(const struct plain_decoder *d, uint32_t block, uint32_t expert, int32_t *y,
                       struct row x) {
    const struct crux_fused_decoder *config = d->config;
    bool gated = config->ffn == CRUX_DECODER_GATED;
    struct crux_fused_activation activation = activation_of(config);
    int32_t *up = scratch(config->ffn_width, sizeof *up),
            *gate = scratch(config->ffn_width, sizeof *gate);
    struct matrix m = matrix_of(d, block, "up", false);
    multiply_by_expert(d, &m, expert, up, x);
    if (gated) {
        m = matrix_of(d, block, "gate", false);
        multiply_by_expert(d, &m, expert, gate, x);
    }
    crux_fused_activation_reference(gate, &activation, gated ? gate : up, gated ? up : NULL,
                                    config->ffn_width, tensor(d, "act"));
    struct row h = quantise(gate, config->ffn_width);
    m = matrix_of(d, block, "down", false);
    multiply_by_expert(d, &m, expert, y, h);
    free(up), free(gate), free(h.x);
}

static void experts(const struct plain_decoder *d, uint32_t block, struct row x) {
    const struct crux_fused_decoder *config = d->config;
    const struct crux_fused_route route = crux_fused_decoder_route(config);
    const struct crux_fused_mix mix = crux_fused_decoder_mix(config);
    uint16_t chosen[CRUX_EXPERTS_USED_MAX];
    int32_t share[CRUX_EXPERTS_USED_MAX], *y[CRUX_EXPERTS_USED_MAX];
    int32_t *logits = scratch(config->experts, sizeof *logits);
    struct matrix m = matrix_of(d, block, "router", false);
    multiply(d, &m, logits, x, NULL);
    crux_fused_route_reference(chosen, share, &route, logits, tensor(d, "exp2"));
    for (uint32_t i = 0; i < route.used; i++) {
        y[i] = scratch(config->width, sizeof *y[i]);
        one_expert(d, block, chosen[i], y[i], x);
    }
    crux_fused_mix_reference(d->r, &mix, share, (const int32_t *const *)y, config->width);
    for (uint32_t i = 0; i < route.used; i++) free(y[i]);
    free(logits);
}

static void feed_forward(struct plain_decoder *d, uint32_t block) {
    const struct crux_fused_decoder *config = d->config;
    bool gated = config->ffn == CRUX_DECODER_GATED;
    struct crux_fused_activation activation = activation_of(config);
    char name[48];
    int32_t *n = scratch(config->width, sizeof *n);
    int32_t *up = scratch(config->ffn_width, sizeof *up),
            *gate = scratch(config->ffn_width, sizeof *gate);
    (void)snprintf(name, sizeof name, "b%u.n2", (unsigned)block);
    normalise(d, name, config->norm, n, d->r, 1, config->width, config->r_bits);
    struct row x = quantise(n, config->width);
    if (config->experts != 0) {
        experts(d, block, x);
        free(n), free(up), free(gate), free(x.x);
        return;
    }
    struct matrix m = matrix_of(d, block, "up", config->bias);
    multiply(d, &m, up, x, NULL);
    if (gated) {
        m = matrix_of(d, block, "gate", config->bias);
        multiply(d, &m, gate, x, NULL);
    }
    crux_fused_activation_reference(gate, &activation, gated ? gate : up, gated ? up : NULL,
                                    config->ffn_width, tensor(d, "act"));
    struct row h = quantise(gate, config->ffn_width);
    m = matrix_of(d, block, "down", config->bias);
    join(d, block, &m, "n2.post", h);
    free(n), free(up), free(gate), free(x.x), free(h.x);
}

void plain_decoder_block(struct plain_decoder *d, uint32_t block) {
    attend(d, block);
    feed_forward(d, block);
}

uint32_t plain_decoder_head(struct plain_decoder *d, const uint32_t *tokens,
                            const struct crux_run_request *request) {
    const struct crux_fused_decoder *config = d->config;
    struct crux_fused_sample sample = {config->vocab, CRUX_SAMPLE_BLOCK, config->logit_bits};
    uint32_t layer = d->program->header.layers - 1, token = 0, recent_count = 0;
    int32_t recent[CRUX_SAMPLE_RECENT];
    int32_t *n = scratch(config->width, sizeof *n),
            *logits = scratch(config->vocab, sizeof *logits);
    normalise(d, "out.norm", config->norm, n, d->r, 1, config->width, config->r_bits);
    struct row x = quantise(n, config->width);
    struct crux_fused_linear linear = {shift_of(d, layer, "head"), wide};
    struct crux_tiles w = tiles_of(d, config->tied ? "embed" : "head");
    crux_fused_linear_reference(logits, &linear, x.x, x.e, &w, tensor(d, "head.scale"), NULL, NULL);
    if (config->logit_cap != 0) {
        struct crux_lut cap = crux_softcap_lut(config->logit_cap);
        for (uint32_t i = 0; i < config->vocab; i++)
            logits[i] = (int32_t)crux_exact_lut(&cap, logits[i], tensor(d, "logit.cap"),
                                                -config->logit_cap, config->logit_cap);
    }
    if (config->head == CRUX_DECODER_GREEDY) {
        token = crux_fused_sample_greedy_reference(&sample, logits);
    } else {
        struct crux_sample_scratch room = {.adjusted = scratch(config->vocab, sizeof(int32_t)),
                                           .weight = scratch(config->vocab, sizeof(uint16_t)),
                                           .count = scratch(CRUX_SAMPLE_WEIGHTS, sizeof(uint32_t))};
        for (uint32_t back = 0; back <= d->pos && back < CRUX_SAMPLE_RECENT; back++) {
            recent[recent_count++] = (int32_t)tokens[d->pos - back];
        }
        token = crux_fused_sample_reference(
            &room, &sample, logits, request->params, recent, recent_count,
            crux_fused_sample_draw(request->seed, d->pos, request->sample), tensor(d, "exp2"));
        free(room.adjusted), free(room.weight), free(room.count);
    }
    free(n), free(logits), free(x.x);
    return token;
}
