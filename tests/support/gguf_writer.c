#include "tests/support/gguf_writer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 32 };

static void put(struct gguf_bytes *out, const void *bytes, size_t len) {
    if (out->len + len > out->cap) {
        out->cap = 2 * (out->len + len);
        out->p = realloc(out->p, out->cap);
        CRUX_ASSERT(out->p != NULL);
    }
    if (len > 0) memcpy(out->p + out->len, bytes, len);
    out->len += len;
}

static void put_u32(struct gguf_bytes *out, uint32_t value) {
    uint8_t bytes[4];
    crux_store_u32(bytes, value);
    put(out, bytes, 4);
}

static void put_u64(struct gguf_bytes *out, uint64_t value) {
    uint8_t bytes[8];
    crux_store_u64(bytes, value);
    put(out, bytes, 8);
}

static void put_text(struct gguf_bytes *out, const char *text) {
    put_u64(out, strlen(text));
    put(out, text, strlen(text));
}

static void align(struct gguf_bytes *out) {
    static const uint8_t zeros[ALIGNMENT];
    if (out->len % ALIGNMENT != 0) put(out, zeros, ALIGNMENT - out->len % ALIGNMENT);
}

void gguf_begin(struct gguf_writer *w) {
    *w = (struct gguf_writer){.version = 3};
}

static void put_key(struct gguf_writer *w, const char *key, uint32_t kind) {
    put_text(&w->entries, key);
    put_u32(&w->entries, kind);
    w->entry_count++;
}

void gguf_u32(struct gguf_writer *w, const char *key, uint32_t value) {
    put_key(w, key, 4);
    put_u32(&w->entries, value);
}

void gguf_f32(struct gguf_writer *w, const char *key, float value) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    put_key(w, key, 6);
    put_u32(&w->entries, bits);
}

void gguf_text(struct gguf_writer *w, const char *key, const char *value) {
    put_key(w, key, 8);
    put_text(&w->entries, value);
}

void gguf_texts(struct gguf_writer *w, const char *key, const char *const *value, uint64_t count) {
    put_key(w, key, 9);
    put_u32(&w->entries, 8);
    put_u64(&w->entries, count);
    for (uint64_t i = 0; i < count; i++) put_text(&w->entries, value[i]);
}

void gguf_i32s(struct gguf_writer *w, const char *key, const uint32_t *value, uint64_t count) {
    put_key(w, key, 9);
    put_u32(&w->entries, 5);
    put_u64(&w->entries, count);
    for (uint64_t i = 0; i < count; i++) put_u32(&w->entries, value[i]);
}

void gguf_tensor(struct gguf_writer *w, const char *name, uint32_t type, uint32_t dims,
                 const uint64_t *dim, const uint8_t *data, size_t len) {
    align(&w->data);
    put_text(&w->tensors, name);
    put_u32(&w->tensors, dims);
    for (uint32_t i = 0; i < dims; i++) put_u64(&w->tensors, dim[i]);
    put_u32(&w->tensors, type);
    put_u64(&w->tensors, w->data.len);
    put(&w->data, data, len);
    w->tensor_count++;
}

uint8_t *gguf_finish(struct gguf_writer *w, size_t *len) {
    struct gguf_bytes out = {NULL, 0, 0};
    put(&out, "GGUF", 4);
    put_u32(&out, w->version);
    put_u64(&out, w->tensor_count);
    put_u64(&out, w->entry_count);
    put(&out, w->entries.p, w->entries.len);
    put(&out, w->tensors.p, w->tensors.len);
    align(&out);
    put(&out, w->data.p, w->data.len);
    free(w->entries.p);
    free(w->tensors.p);
    free(w->data.p);
    *len = out.len;
    return out.p;
}

/* The f16 next to a number, towards zero.  In: value, within the range of an f16. */
static uint16_t half_of(double value) {
    int exponent;
    double part = frexp(fabs(value), &exponent); /* part * 2^exponent, part in [1/2, 1) */
    uint32_t sign = value < 0 ? 0x8000U : 0U;
    if (exponent < -13 || value == 0) return (uint16_t)(sign | (uint32_t)(fabs(value) * 0x1p24));
    uint32_t mantissa = (uint32_t)(part * 2048) & 1023;
    return (uint16_t)(sign | (uint32_t)(exponent + 14) << 10 | mantissa);
}

static double between(struct crux_random *random, double lo, double hi) {
    return lo + (hi - lo) * ldexp((double)(crux_random_next(random) >> 11), -53);
}

static void random_float(struct crux_random *random, uint8_t *out,
                         const struct crux_block_type *type, double size) {
    float value = (float)(size * (between(random, -1, 1) + between(random, -1, 1)));
    uint32_t bits;
    memcpy(&bits, &value, 4);
    if (type->number == CRUX_BLOCK_F32)
        crux_store_u32(out, bits);
    else
        crux_store_u16(out,
                       type->number == CRUX_BLOCK_BF16 ? (uint16_t)(bits >> 16) : half_of(value));
}

void gguf_random_rows(struct crux_random *random, uint8_t *out, const struct crux_block_type *type,
                      uint64_t weights, double size) {
    for (uint64_t at = 0; at < weights; at += type->inputs, out += type->bytes) {
        if (type->group == 0) {
            random_float(random, out, type, size);
            continue;
        }
        for (unsigned i = 0; i < type->bytes; i++) out[i] = (uint8_t)crux_random_next(random);
        double spread = size * between(random, 0.5, 2); /* from the middle to the end of a block */
        switch (type->number) {
        case CRUX_BLOCK_F32:
        case CRUX_BLOCK_F16:
        case CRUX_BLOCK_BF16: break;
        case CRUX_BLOCK_Q8_0: crux_store_u16(out, half_of(spread / 128)); break;
        case CRUX_BLOCK_Q4_0: crux_store_u16(out, half_of(-spread / 8)); break;
        case CRUX_BLOCK_Q5_0: crux_store_u16(out, half_of(-spread / 16)); break;
        case CRUX_BLOCK_Q4_1:
            crux_store_u16(out, half_of(spread / 8));
            crux_store_u16(out + 2, half_of(-spread * between(random, 0.8, 1.2)));
            break;
        case CRUX_BLOCK_Q5_1:
            crux_store_u16(out, half_of(spread / 16));
            crux_store_u16(out + 2, half_of(-spread * between(random, 0.8, 1.2)));
            break;
        case CRUX_BLOCK_Q4_K: /* six-bit scales are about 32: offsets in the middle of sixteen steps */
            crux_store_u16(out, half_of(spread / 8 / 32));
            crux_store_u16(out + 2, half_of(spread / 32));
            break;
        case CRUX_BLOCK_Q5_K:
            crux_store_u16(out, half_of(spread / 16 / 32));
            crux_store_u16(out + 2, half_of(spread / 32));
            break;
        case CRUX_BLOCK_Q6_K: crux_store_u16(out + 208, half_of(spread / 32 / 64)); break;
        }
    }
}

struct gguf_model gguf_small_model(const char *arch, uint32_t type) {
    struct gguf_model model = {.arch = arch,
                               .type = type,
                               .head_type = UINT32_MAX,
                               .blocks = 2,
                               .width = 256,
                               .heads = 4,
                               .kv_heads = 2,
                               .head_width = 64,
                               .ffn_width = 512,
                               .vocab = 96,
                               .context = 64,
                               .seed = 1};
    return model;
}

struct maker {
    struct gguf_writer *w;
    const struct gguf_model *model;
    struct crux_random random;
};

/* depth 0: two dimensions */
static void matrices(struct maker *m, const char *name, uint32_t type, uint64_t depth,
                     uint64_t rows, uint64_t inputs) {
    const struct crux_block_type *t = crux_block_type_of(type);
    uint64_t dim[3] = {inputs, rows, depth}, all = depth == 0 ? rows : depth * rows;
    CRUX_ASSERT(t != NULL && inputs % t->inputs == 0);
    size_t len = (size_t)(all * inputs / t->inputs * t->bytes);
    uint8_t *bytes = malloc(len + 1);
    CRUX_ASSERT(bytes != NULL);
    gguf_random_rows(&m->random, bytes, t, all * inputs, 1 / sqrt((double)inputs));
    gguf_tensor(m->w, name, type, depth == 0 ? 2 : 3, dim, bytes, len);
    free(bytes);
}

static void matrix(struct maker *m, const char *name, uint32_t type, uint64_t rows,
                   uint64_t inputs) {
    matrices(m, name, type, 0, rows, inputs);
}

static void vector(struct maker *m, const char *name, uint64_t len, double lo, double hi) {
    uint8_t *bytes = malloc((size_t)len * 4 + 1);
    CRUX_ASSERT(bytes != NULL);
    for (uint64_t i = 0; i < len; i++) {
        float value = (float)between(&m->random, lo, hi);
        uint32_t bits;
        memcpy(&bits, &value, 4);
        crux_store_u32(bytes + 4 * i, bits);
    }
    gguf_tensor(m->w, name, CRUX_BLOCK_F32, 1, &len, bytes, (size_t)len * 4);
    free(bytes);
}

static const char *blk(char out[64], uint32_t block, const char *name) {
    (void)snprintf(out, 64, "blk.%u.%s", (unsigned)block, name);
    return out;
}

static void put_experts(struct maker *m, uint32_t b) {
    static const char *const words[] = {"gate", "up", "down"};
    const struct gguf_model *model = m->model;
    char name[64], word[40];
    matrix(m, blk(name, b, "ffn_gate_inp.weight"), CRUX_BLOCK_F32, model->experts, model->width);
    for (unsigned i = 0; i < 3; i++) {
        uint32_t rows = i == 2 ? model->width : model->ffn_width,
                 inputs = i == 2 ? model->ffn_width : model->width;
        (void)snprintf(word, sizeof word, "ffn_%s_exps.weight", words[i]);
        if (!model->experts_apart)
            matrices(m, blk(name, b, word), model->type, model->experts, rows, inputs);
        for (uint32_t e = 0; model->experts_apart && e < model->experts; e++) {
            (void)snprintf(word, sizeof word, "ffn_%s.%u.weight", words[i], (unsigned)e);
            matrix(m, blk(name, b, word), model->type, rows, inputs);
        }
    }
}

static void put_block(struct maker *m, uint32_t b) {
    const struct gguf_model *model = m->model;
    uint64_t width = model->width, q = (uint64_t)model->heads * model->head_width,
             kv = (uint64_t)model->kv_heads * model->head_width, ffn = model->ffn_width;
    bool fused = strcmp(model->arch, "phi3") == 0;
    char name[64];
    vector(m, blk(name, b, "attn_norm.weight"), width, 0.5, 1.5);
    vector(m, blk(name, b, "ffn_norm.weight"), width, 0.5, 1.5);
    if (fused) {
        matrix(m, blk(name, b, "attn_qkv.weight"), model->type, q + 2 * kv, width);
        matrix(m, blk(name, b, "ffn_up.weight"), model->type, 2 * ffn, width);
    } else {
        matrix(m, blk(name, b, "attn_q.weight"), model->type, q, width);
        matrix(m, blk(name, b, "attn_k.weight"), model->type, kv, width);
        matrix(m, blk(name, b, "attn_v.weight"), model->type, kv, width);
    }
    if (model->experts == 0 && !fused) {
        matrix(m, blk(name, b, "ffn_gate.weight"), model->type, ffn, width);
        matrix(m, blk(name, b, "ffn_up.weight"), model->type, ffn, width);
    }
    matrix(m, blk(name, b, "attn_output.weight"), model->type, width, q);
    if (model->experts == 0) matrix(m, blk(name, b, "ffn_down.weight"), model->type, width, ffn);
    if (model->experts != 0) put_experts(m, b);
    if (strcmp(model->arch, "qwen2") == 0) {
        vector(m, blk(name, b, "attn_q.bias"), q, -2, 2);
        vector(m, blk(name, b, "attn_k.bias"), kv, -2, 2);
        vector(m, blk(name, b, "attn_v.bias"), kv, -0.5, 0.5);
    }
    if (strcmp(model->arch, "gemma2") == 0 || strcmp(model->arch, "gemma3") == 0) {
        double most = model->post_weight == 0 ? 0.8 : (double)model->post_weight;
        vector(m, blk(name, b, "post_attention_norm.weight"), width, most / 8, most);
        vector(m, blk(name, b, "post_ffw_norm.weight"), width, most / 8, most);
    }
    if (strncmp(model->arch, "qwen3", 5) == 0 || strcmp(model->arch, "gemma3") == 0) {
        vector(m, blk(name, b, "attn_q_norm.weight"), model->head_width, 0.5, 2);
        vector(m, blk(name, b, "attn_k_norm.weight"), model->head_width, 0.5, 2);
    }
}

static void put_u32_of(struct maker *m, const char *key, uint32_t value) {
    char full[96];
    (void)snprintf(full, sizeof full, "%s.%s", m->model->arch, key);
    gguf_u32(m->w, full, value);
}

static void put_f32_of(struct maker *m, const char *key, float value) {
    char full[96];
    (void)snprintf(full, sizeof full, "%s.%s", m->model->arch, key);
    gguf_f32(m->w, full, value);
}

static void put_scaling(struct maker *m) {
    const struct gguf_model *model = m->model;
    char full[96];
    if (model->scaling == NULL) return;
    (void)snprintf(full, sizeof full, "%s.rope.scaling.type", model->arch);
    gguf_text(m->w, full, model->scaling);
    if (strcmp(model->scaling, "longrope") == 0) {
        double stretch = (double)model->context / model->original;
        put_f32_of(m, "rope.scaling.attn_factor",
                   (float)sqrt(1 + log(stretch) / log(model->original)));
        vector(m, "rope_factors_long.weight", model->head_width / 2, 1, 2 * stretch);
        vector(m, "rope_factors_short.weight", model->head_width / 2, 1, 1.2);
    } else {
        put_f32_of(m, "rope.scaling.factor", model->scaling_factor);
    }
    if (model->original != 0)
        put_u32_of(m, "rope.scaling.original_context_length", model->original);
}

void gguf_put_model(struct gguf_writer *w, const struct gguf_model *model) {
    struct maker m = {w, model, {model->seed}};
    char full[96];
    gguf_text(w, "general.architecture", model->arch);
    gguf_text(w, "general.name", "a small \"test\" model");
    put_u32_of(&m, "block_count", model->blocks);
    put_u32_of(&m, "context_length", model->context);
    put_u32_of(&m, "embedding_length", model->width);
    bool of_experts = strcmp(model->arch, "qwen3moe") == 0; /* the width has a key of its own */
    put_u32_of(&m, "feed_forward_length", of_experts ? model->ffn_width + 32 : model->ffn_width);
    if (of_experts) put_u32_of(&m, "expert_feed_forward_length", model->ffn_width);
    if (model->experts != 0) {
        put_u32_of(&m, "expert_count", model->experts);
        put_u32_of(&m, "expert_used_count", model->experts_used);
    }
    put_u32_of(&m, "attention.head_count", model->heads);
    put_u32_of(&m, "attention.head_count_kv", model->kv_heads);
    if (model->head_width * model->heads != model->width) {
        put_u32_of(&m, "attention.key_length", model->head_width);
        put_u32_of(&m, "attention.value_length", model->head_width);
    }
    (void)snprintf(full, sizeof full, "%s.attention.layer_norm_rms_epsilon", model->arch);
    gguf_f32(w, full, 1e-5F);
    (void)snprintf(full, sizeof full, "%s.rope.freq_base", model->arch);
    gguf_f32(w, full, strcmp(model->arch, "gemma3") == 0 ? 1000000 : 10000);
    if (model->window != 0) put_u32_of(&m, "attention.sliding_window", model->window);
    if (strcmp(model->arch, "gemma2") == 0) {
        /* low enough for scores and logits of a small model to feel them */
        put_f32_of(&m, "attn_logit_softcapping", 2);
        put_f32_of(&m, "final_logit_softcapping", 3);
    }
    put_scaling(&m);
    matrix(&m, "token_embd.weight", model->type, model->vocab, model->width);
    if (model->head_type != UINT32_MAX)
        matrix(&m, "output.weight", model->head_type, model->vocab, model->width);
    vector(&m, "output_norm.weight", model->width, 0.5, 1.5);
    for (uint32_t b = 0; b < model->blocks; b++) put_block(&m, b);
}

uint8_t *gguf_make_model(const struct gguf_model *model, size_t *len) {
    struct gguf_writer w;
    gguf_begin(&w);
    gguf_put_model(&w, model);
    return gguf_finish(&w, len);
}
