/* GGUF metadata and tensor names to a decoder. What a file has and this does not know is refused by name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "executor/import/source_parts.h"

/* An architecture of the decoder family. */
struct arch {
    const char *name;
    enum crux_rope_layout rope; /* the order that converters leave q and k in */
    bool qk_norm, fused_qkv, fused_gate;
    enum { NO_EXPERTS, MAY_HAVE_EXPERTS, HAS_EXPERTS } experts;
};

static const struct arch archs[] = {
    {"llama", CRUX_ROPE_INTERLEAVED, false, false, false, MAY_HAVE_EXPERTS}, /* Mixtral */
    {"qwen2", CRUX_ROPE_HALF_SPLIT, false, false, false, NO_EXPERTS},
    {"qwen3", CRUX_ROPE_HALF_SPLIT, true, false, false, NO_EXPERTS},
    {"qwen3moe", CRUX_ROPE_HALF_SPLIT, true, false, false, HAS_EXPERTS},
    {"phi3", CRUX_ROPE_HALF_SPLIT, false, true, true, NO_EXPERTS},
    {"gemma", CRUX_ROPE_HALF_SPLIT, false, false, false, NO_EXPERTS},
    {"gemma2", CRUX_ROPE_HALF_SPLIT, false, false, false, NO_EXPERTS},
    {"gemma3", CRUX_ROPE_HALF_SPLIT, true, false, false, NO_EXPERTS},
};

struct reading {
    struct crux_model_source *source;
    const struct arch *arch;
    struct crux_import_message *message;
    bool *used; /* by number of tensor */
};

static enum crux_status unsupported(const struct reading *r, const char *what) {
    return crux_import_fail(r->message, CRUX_E_UNSUPPORTED,
                            "architecture '%s': %s is not supported", r->arch->name, what);
}

/* "llama." + key */
static void arch_key(char out[96], const struct reading *r, const char *key) {
    (void)snprintf(out, 96, "%s.%s", r->arch->name, key);
}

static bool has_key(const struct reading *r, const char *key) {
    char full[96];
    arch_key(full, r, key);
    return crux_gguf_find(&r->source->gguf, full) != NULL;
}

static enum crux_status need_u32(const struct reading *r, const char *key, uint32_t most,
                                 uint32_t *out) {
    char full[96];
    arch_key(full, r, key);
    if (!crux_gguf_u32(&r->source->gguf, full, out))
        return crux_import_fail(r->message, CRUX_E_UNSUPPORTED,
                                "the file does not give %s as one whole number", full);
    if (*out < 1 || *out > most)
        return crux_import_fail(r->message, CRUX_E_BAD_RANGE, "%s is %u, which is not supported",
                                full, (unsigned)*out);
    return CRUX_OK;
}

/* The same, but for a key that need not be there. */
static enum crux_status may_u32(const struct reading *r, const char *key, uint32_t most,
                                uint32_t *out) {
    return has_key(r, key) ? need_u32(r, key, most, out) : CRUX_OK;
}

/* A key that is missing, or 0 as a whole number. */
static bool is_none(const struct reading *r, const char *key) {
    char full[96];
    uint32_t value;
    arch_key(full, r, key);
    if (crux_gguf_find(&r->source->gguf, full) == NULL) return true;
    return crux_gguf_u32(&r->source->gguf, full, &value) && value == 0;
}

/* What other families' experts have, and this law has not. */
static enum crux_status refuse_experts(const struct reading *r) {
    uint32_t softmax = 1, bits = 0;
    struct crux_block_float scale;
    char full[96];
    if (!is_none(r, "expert_shared_count") || !is_none(r, "expert_shared_feed_forward_length"))
        return unsupported(r, "an expert shared by all tokens");
    if (!is_none(r, "leading_dense_block_count"))
        return unsupported(r, "a mixture of dense blocks and experts");
    if (!is_none(r, "expert_group_count")) return unsupported(r, "experts in groups");
    arch_key(full, r, "expert_gating_func");
    if (!is_none(r, "expert_gating_func") &&
        (!crux_gguf_u32(&r->source->gguf, full, &softmax) || softmax != 1))
        return unsupported(r, "expert_gating_func other than softmax");
    arch_key(full, r, "expert_weights_scale");
    if (crux_gguf_find(&r->source->gguf, full) != NULL &&
        (!crux_gguf_f32(&r->source->gguf, full, &bits) || !crux_source_f32(&scale, bits) ||
         (scale.mantissa != 0 && (scale.mantissa != 1 || scale.exponent != 0))))
        return unsupported(r, "expert_weights_scale");
    return CRUX_OK;
}

static enum crux_status read_experts(const struct reading *r) {
    struct crux_fused_decoder *d = &r->source->decoder;
    char full[96];
    bool of_chosen = true;
    enum crux_status status;
    if (is_none(r, "expert_count"))
        return r->arch->experts == HAS_EXPERTS ? unsupported(r, "no expert_count") : CRUX_OK;
    if (r->arch->experts == NO_EXPERTS) return unsupported(r, "a mixture of experts");
    if ((status = need_u32(r, "expert_count", CRUX_EXPERTS_MAX, &d->experts)) != CRUX_OK ||
        (status = need_u32(r, "expert_used_count", CRUX_EXPERTS_USED_MAX, &d->experts_used)) !=
            CRUX_OK ||
        (status = may_u32(r, "expert_feed_forward_length", 1 << 20, &d->ffn_width)) != CRUX_OK)
        return status;
    if (d->experts_used > d->experts) return unsupported(r, "more experts used than there are");
    arch_key(full, r, "expert_weights_norm");
    if (crux_gguf_find(&r->source->gguf, full) != NULL &&
        !crux_gguf_bool(&r->source->gguf, full, &of_chosen))
        return unsupported(r, "this kind of expert_weights_norm");
    d->experts_of_all = !of_chosen;
    return refuse_experts(r);
}

static enum crux_status read_shape(const struct reading *r, uint32_t context) {
    struct crux_fused_decoder *d = &r->source->decoder;
    uint32_t positions = 0, value_width;
    enum crux_status status;
    if ((status = need_u32(r, "block_count", CRUX_LAYERS_MAX - 1, &d->blocks)) != CRUX_OK ||
        (status = need_u32(r, "context_length", CRUX_CONTEXT_MAX - 1, &positions)) != CRUX_OK ||
        (status = need_u32(r, "embedding_length", 1 << 20, &d->width)) != CRUX_OK ||
        (status = need_u32(r, "feed_forward_length", 1 << 20, &d->ffn_width)) != CRUX_OK ||
        (status = need_u32(r, "attention.head_count", 1 << 12, &d->heads)) != CRUX_OK)
        return status;
    d->kv_heads = d->heads;
    d->head_width = d->width / d->heads;
    if ((status = may_u32(r, "attention.head_count_kv", 1 << 12, &d->kv_heads)) != CRUX_OK ||
        (status = may_u32(r, "attention.key_length", 1 << 10, &d->head_width)) != CRUX_OK)
        return status;
    value_width = d->head_width;
    if ((status = may_u32(r, "attention.value_length", 1 << 10, &value_width)) != CRUX_OK)
        return status;
    if (value_width != d->head_width)
        return unsupported(r, "a width of values that is not the width of keys");
    if (d->head_width > CRUX_SOURCE_HEAD_WIDTH_MAX || d->head_width == 0)
        return unsupported(r, "the width of its heads");
    if (d->heads % d->kv_heads != 0)
        return unsupported(r, "a number of heads that kv heads do not divide");
    if ((status = read_experts(r)) != CRUX_OK) return status;
    d->context = context == 0 || context > positions ? positions : context;
    return CRUX_OK;
}

static enum crux_status read_eps(const struct reading *r) {
    struct crux_block_float eps;
    uint32_t bits;
    char full[96];
    arch_key(full, r, "attention.layer_norm_rms_epsilon");
    if (!crux_gguf_f32(&r->source->gguf, full, &bits) || !crux_source_f32(&eps, bits) ||
        eps.mantissa <= 0 || eps.exponent > 0 || eps.exponent < -64)
        return unsupported(r, "the epsilon of its norms");
    r->source->decoder.eps_m = eps.mantissa;
    r->source->decoder.eps_shift = -eps.exponent;
    return CRUX_OK;
}

/* ---- tensors ---- */

static const struct crux_gguf_tensor *take(const struct reading *r, const char *name) {
    const struct crux_gguf_tensor *tensor = crux_gguf_find_tensor(&r->source->gguf, name);
    if (tensor != NULL) r->used[tensor - r->source->gguf.tensors] = true;
    return tensor;
}

/* A tensor of depth x rows x inputs. */
static enum crux_status need(const struct reading *r, const struct crux_gguf_tensor **out,
                             const char *theirs, uint64_t depth, uint64_t rows, uint64_t inputs) {
    const struct crux_gguf_tensor *tensor = *out = take(r, theirs);
    if (tensor == NULL)
        return crux_import_fail(r->message, CRUX_E_UNKNOWN_NAME, "the file has no tensor '%s'",
                                theirs);
    if (tensor->type == NULL)
        return crux_import_fail(r->message, CRUX_E_UNSUPPORTED,
                                "tensor '%s' has type %u, which is not supported", theirs,
                                (unsigned)tensor->type_number);
    if (tensor->dim[0] != inputs || tensor->dim[1] != rows || tensor->dim[2] != depth ||
        tensor->dim[3] != 1)
        return crux_import_fail(r->message, CRUX_E_BAD_SHAPE,
                                "tensor '%s' is %llu x %llu x %llu, not %llu x %llu x %llu", theirs,
                                (unsigned long long)tensor->dim[2],
                                (unsigned long long)tensor->dim[1],
                                (unsigned long long)tensor->dim[0], (unsigned long long)depth,
                                (unsigned long long)rows, (unsigned long long)inputs);
    return CRUX_OK;
}

/* Rows of theirs from `first` on become Crux's `name`. */
static enum crux_status add_part(const struct reading *r, const char *name,
                                 const struct crux_gguf_tensor *tensor, uint64_t first,
                                 uint64_t rows, uint64_t inputs) {
    struct crux_source_tensor out = {.name = ""};
    crux_source_name(&out, name);
    out.type = tensor->type;
    out.rows = (uint32_t)rows;
    out.inputs = (uint32_t)inputs;
    out.row_bytes = (size_t)(inputs / tensor->type->inputs * tensor->type->bytes);
    out.bytes = tensor->bytes + first * out.row_bytes;
    return crux_source_add(r->source, &out);
}

/* Rows first .. first+rows-1 of a tensor of `all` rows become Crux's `name`. */
static enum crux_status add_rows(const struct reading *r, const char *name, const char *theirs,
                                 uint64_t all, uint64_t first, uint64_t rows, uint64_t inputs) {
    const struct crux_gguf_tensor *tensor;
    enum crux_status status = need(r, &tensor, theirs, 1, all, inputs);
    return status == CRUX_OK ? add_part(r, name, tensor, first, rows, inputs) : status;
}

/* A vector, which must be of a float type. */
static enum crux_status add_vector(const struct reading *r, const char *name, const char *theirs,
                                   uint64_t len) {
    const struct crux_gguf_tensor *tensor = crux_gguf_find_tensor(&r->source->gguf, theirs);
    if (tensor != NULL && (tensor->type == NULL || tensor->type->group != 0))
        return crux_import_fail(r->message, CRUX_E_UNSUPPORTED,
                                "tensor '%s' is not of a float type", theirs);
    return add_rows(r, name, theirs, 1, 0, 1, len);
}

struct part {
    const char *ours, *theirs;
    uint64_t all, first, rows, inputs;
};

/* One matrix of all experts, in a tensor of three dimensions or, in older files, in one each. */
static enum crux_status add_expert_matrix(const struct reading *r, uint32_t block, const char *ours,
                                          uint64_t rows, uint64_t inputs) {
    uint32_t count = r->source->decoder.experts;
    const struct crux_gguf_tensor *tensor = NULL;
    const struct crux_block_type *type = NULL;
    enum crux_status status = CRUX_OK;
    char name[48], theirs[96];
    (void)snprintf(theirs, sizeof theirs, "blk.%u.ffn_%s_exps.weight", (unsigned)block, ours);
    bool together = crux_gguf_find_tensor(&r->source->gguf, theirs) != NULL;
    for (uint32_t e = 0; e < count && status == CRUX_OK; e++) {
        (void)snprintf(name, sizeof name, "b%u.%s.%u", (unsigned)block, ours, (unsigned)e);
        if (!together)
            (void)snprintf(theirs, sizeof theirs, "blk.%u.ffn_%s.%u.weight", (unsigned)block, ours,
                           (unsigned)e);
        if (!together || e == 0)
            status = need(r, &tensor, theirs, together ? count : 1, rows, inputs);
        if (status != CRUX_OK) break;
        if (type != NULL && type != tensor->type)
            return unsupported(r, "a matrix of experts of different tensor types");
        type = tensor->type;
        status = add_part(r, name, tensor, together ? e * rows : 0, rows, inputs);
    }
    return status;
}

static enum crux_status add_experts(const struct reading *r, uint32_t block) {
    const struct crux_fused_decoder *d = &r->source->decoder;
    char ours[48], theirs[96];
    (void)snprintf(ours, sizeof ours, "b%u.router", (unsigned)block);
    (void)snprintf(theirs, sizeof theirs, "blk.%u.ffn_gate_inp.weight", (unsigned)block);
    enum crux_status status = add_rows(r, ours, theirs, d->experts, 0, d->experts, d->width);
    if (status == CRUX_OK) status = add_expert_matrix(r, block, "gate", d->ffn_width, d->width);
    if (status == CRUX_OK) status = add_expert_matrix(r, block, "up", d->ffn_width, d->width);
    if (status == CRUX_OK) status = add_expert_matrix(r, block, "down", d->width, d->ffn_width);
    return status;
}

static enum crux_status add_block(const struct reading *r, uint32_t block) {
    const struct crux_fused_decoder *d = &r->source->decoder;
    uint64_t width = d->width, q = (uint64_t)d->heads * d->head_width,
             kv = (uint64_t)d->kv_heads * d->head_width, ffn = d->ffn_width;
    bool qkv = r->arch->fused_qkv, both = r->arch->fused_gate;
    const char *fused = qkv ? "attn_qkv" : NULL;
    const struct part parts[] = {
        {"q", qkv ? fused : "attn_q", qkv ? q + 2 * kv : q, 0, q, width},
        {"k", qkv ? fused : "attn_k", qkv ? q + 2 * kv : kv, qkv ? q : 0, kv, width},
        {"v", qkv ? fused : "attn_v", qkv ? q + 2 * kv : kv, qkv ? q + kv : 0, kv, width},
        {"o", "attn_output", width, 0, width, q},
        {"gate", both ? "ffn_up" : "ffn_gate", both ? 2 * ffn : ffn, 0, ffn, width},
        {"up", "ffn_up", both ? 2 * ffn : ffn, both ? ffn : 0, ffn, width},
        {"down", "ffn_down", width, 0, width, ffn},
    };
    const struct part vectors[] = {
        {"n1", "attn_norm.weight", 1, 0, 1, width},
        {"n2", "ffn_norm.weight", 1, 0, 1, width},
        {d->post_norms ? "n1.post" : NULL, "post_attention_norm.weight", 1, 0, 1, width},
        {d->post_norms ? "n2.post" : NULL, "post_ffw_norm.weight", 1, 0, 1, width},
        {d->qk_norm ? "q.norm" : NULL, "attn_q_norm.weight", 1, 0, 1, d->head_width},
        {d->qk_norm ? "k.norm" : NULL, "attn_k_norm.weight", 1, 0, 1, d->head_width},
        {d->qkv_bias ? "q.bias" : NULL, "attn_q.bias", 1, 0, 1, q},
        {d->qkv_bias ? "k.bias" : NULL, "attn_k.bias", 1, 0, 1, kv},
        {d->qkv_bias ? "v.bias" : NULL, "attn_v.bias", 1, 0, 1, kv},
    };
    char ours[48], theirs[96];
    enum crux_status status = CRUX_OK;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(parts) && status == CRUX_OK; i++) {
        const struct part *p = &parts[i];
        if (d->experts != 0 && strncmp(p->theirs, "ffn_", 4) == 0) continue;
        (void)snprintf(ours, sizeof ours, "b%u.%s", (unsigned)block, p->ours);
        (void)snprintf(theirs, sizeof theirs, "blk.%u.%s.weight", (unsigned)block, p->theirs);
        status = add_rows(r, ours, theirs, p->all, p->first, p->rows, p->inputs);
    }
    for (size_t i = 0; i < CRUX_ARRAY_LEN(vectors) && status == CRUX_OK; i++) {
        if (vectors[i].ours == NULL) continue;
        (void)snprintf(ours, sizeof ours, "b%u.%s", (unsigned)block, vectors[i].ours);
        (void)snprintf(theirs, sizeof theirs, "blk.%u.%s", (unsigned)block, vectors[i].theirs);
        status = add_vector(r, ours, theirs, vectors[i].inputs);
    }
    return status == CRUX_OK && d->experts != 0 ? add_experts(r, block) : status;
}

static enum crux_status add_tensors(const struct reading *r) {
    struct crux_fused_decoder *d = &r->source->decoder;
    const struct crux_gguf *gguf = &r->source->gguf;
    const struct crux_gguf_tensor *embed = crux_gguf_find_tensor(gguf, "token_embd.weight");
    if (embed == NULL || embed->dim[1] > 1 << 18)
        return crux_import_fail(r->message, CRUX_E_UNSUPPORTED,
                                "the file has no token_embd.weight of at most 2^18 rows");
    d->vocab = (uint32_t)embed->dim[1];
    d->qkv_bias = crux_gguf_find_tensor(gguf, "blk.0.attn_q.bias") != NULL;
    d->qk_norm = r->arch->qk_norm;
    d->tied = crux_gguf_find_tensor(gguf, "output.weight") == NULL;
    enum crux_status status =
        add_rows(r, "embed", "token_embd.weight", d->vocab, 0, d->vocab, d->width);
    if (status == CRUX_OK && !d->tied)
        status = add_rows(r, "head", "output.weight", d->vocab, 0, d->vocab, d->width);
    if (status == CRUX_OK) status = add_vector(r, "out.norm", "output_norm.weight", d->width);
    for (uint32_t i = 0; i < d->blocks && status == CRUX_OK; i++) status = add_block(r, i);
    for (uint32_t i = 0; i < gguf->tensor_count && status == CRUX_OK; i++) {
        if (r->used[i]) continue;
        status = crux_import_fail(r->message, CRUX_E_UNSUPPORTED,
                                  "the file has a tensor '%.*s', which is not supported for '%s'",
                                  (int)gguf->tensors[i].name.len, gguf->tensors[i].name.text,
                                  r->arch->name);
    }
    return status;
}

static void copy_text(char out[CRUX_SOURCE_TEXT_BYTES], struct crux_gguf_text text) {
    size_t len = text.len < CRUX_SOURCE_TEXT_BYTES - 1 ? text.len : CRUX_SOURCE_TEXT_BYTES - 1;
    memcpy(out, text.text, len);
    out[len] = 0;
}

static enum crux_status choose_arch(struct reading *r) {
    struct crux_gguf_text text = {"", 0};
    if (!crux_gguf_text(&r->source->gguf, "general.architecture", &text))
        return crux_import_fail(r->message, CRUX_E_UNSUPPORTED,
                                "the file does not say its architecture");
    copy_text(r->source->arch, text);
    if (crux_gguf_text(&r->source->gguf, "general.name", &text)) copy_text(r->source->name, text);
    for (size_t i = 0; i < CRUX_ARRAY_LEN(archs); i++) {
        if (strcmp(r->source->arch, archs[i].name) == 0) r->arch = &archs[i];
    }
    if (r->arch == NULL)
        return crux_import_fail(r->message, CRUX_E_UNSUPPORTED,
                                "architecture '%.100s' is not supported", r->source->arch);
    return CRUX_OK;
}

enum crux_status crux_source_from_gguf(struct crux_model_source *source, uint32_t context,
                                       struct crux_import_message *message) {
    struct reading r = {.source = source, .message = message};
    enum crux_status status = choose_arch(&r);
    if (status != CRUX_OK) return status;
    r.used = calloc(source->gguf.tensor_count + 1U, sizeof *r.used);
    if (r.used == NULL) return CRUX_E_OUT_OF_MEMORY;
    source->decoder = (struct crux_fused_decoder){.blocks_per_layer = 1,
                                                  .norm = CRUX_DECODER_RMSNORM,
                                                  .positions = CRUX_DECODER_ROPE,
                                                  .ffn = CRUX_DECODER_GATED,
                                                  .activation = CRUX_TABLE_SILU,
                                                  .head = CRUX_DECODER_SAMPLED};
    status = read_shape(&r, context);
    if (status == CRUX_OK) status = read_eps(&r);
    if (status == CRUX_OK) source->decoder.rope_layout = r.arch->rope;
    if (status == CRUX_OK) status = crux_source_gguf_variants(source, message);
    if (status == CRUX_OK) status = crux_source_gguf_rope(source, r.used, message);
    if (status == CRUX_OK) status = add_tensors(&r);
    free(r.used);
    return status;
}
