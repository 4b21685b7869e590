/* Frequencies of rope from GGUF metadata. */
#include <stdio.h>
#include <string.h>

#include "executor/import/source_rope.h"

enum { F32_ONE = 0x3f800000, GEMMA3_LOCAL_BASE = 10000 };

struct reading {
    struct crux_model_source *source;
    struct crux_import_message *message;
    bool *used;
};

static enum crux_status unsupported(const struct reading *r, const char *what) {
    return crux_import_fail(r->message, CRUX_E_UNSUPPORTED,
                            "architecture '%.100s': %s is not supported", r->source->arch, what);
}

static bool has(const struct reading *r, char full[200], const char *key) {
    (void)snprintf(full, 200, "%s.%s", r->source->arch, key);
    return crux_gguf_find(&r->source->gguf, full) != NULL;
}

/* A key that need not be there.  Returns: false if it is, but is no f32. */
static bool may_f32(const struct reading *r, const char *key, uint32_t *bits) {
    char full[200];
    return !has(r, full, key) || crux_gguf_f32(&r->source->gguf, full, bits);
}

static bool may_whole_f32(const struct reading *r, const char *key, uint32_t *value) {
    uint32_t bits;
    char full[200];
    return !has(r, full, key) || (crux_gguf_f32(&r->source->gguf, full, &bits) &&
                                  crux_source_whole(value, bits, UINT32_MAX));
}

static bool may_u32(const struct reading *r, const char *key, uint32_t *value) {
    char full[200];
    return !has(r, full, key) || crux_gguf_u32(&r->source->gguf, full, value);
}

/* A list of one f32 a pair; NULL: the file has none. */
static enum crux_status read_list(const struct reading *r, const char *name, const uint8_t **out) {
    const struct crux_gguf *gguf = &r->source->gguf;
    const struct crux_gguf_tensor *tensor = crux_gguf_find_tensor(gguf, name);
    if (tensor == NULL) return CRUX_OK;
    r->used[tensor - gguf->tensors] = true;
    if (tensor->type == NULL || tensor->type->number != CRUX_BLOCK_F32 ||
        tensor->len != (uint64_t)(r->source->decoder.head_width / 2) * 4)
        return unsupported(r, "this form of its rope factors");
    *out = tensor->bytes;
    return CRUX_OK;
}

/* Without a type, a factor is linear scaling's. */
static enum crux_status read_kind(const struct reading *r, struct crux_source_rope *rope) {
    struct crux_gguf_text type = {"linear", 6};
    char full[200];
    bool typed = has(r, full, "rope.scaling.type");
    if (typed && !crux_gguf_text(&r->source->gguf, full, &type))
        return unsupported(r, "the type of its rope scaling");
    if (!crux_source_rope_kind(&rope->kind, type.text, type.len))
        return crux_import_fail(r->message, CRUX_E_UNSUPPORTED,
                                "rope scaling of type '%.*s' is not supported",
                                (int)(type.len < 40 ? type.len : 40), type.text);
    if (!may_f32(r, "rope.scale_linear", &rope->factor) ||
        !may_f32(r, "rope.scaling.factor", &rope->factor))
        return unsupported(r, "the factor of its rope scaling");
    if (rope->kind == CRUX_ROPE_LINEAR && rope->factor == 0) {
        if (typed) return unsupported(r, "linear rope scaling without a factor");
        rope->kind = CRUX_ROPE_PLAIN;
    }
    return CRUX_OK;
}

/* What is read differently by what writes the file and what runs it is not guessed at. */
static enum crux_status refuse_unclear(const struct reading *r) {
    static const char *const keys[] = {"rope.scaling.yarn_ext_factor",
                                       "rope.scaling.yarn_attn_factor",
                                       "rope.scaling.yarn_log_multiplier", "rope.scaling.alpha"};
    char full[200];
    for (size_t i = 0; i < CRUX_ARRAY_LEN(keys); i++) {
        if (has(r, full, keys[i])) return unsupported(r, keys[i]);
    }
    return CRUX_OK;
}

static enum crux_status read_scaling(const struct reading *r, struct crux_source_rope *rope) {
    struct crux_fused_decoder *d = &r->source->decoder;
    enum crux_status status = read_kind(r, rope);
    if (status == CRUX_OK) status = refuse_unclear(r);
    if (status != CRUX_OK) return status;
    rope->original = d->context;
    if (!may_u32(r, "context_length", &rope->original)) rope->original = d->context;
    if (!may_u32(r, "rope.scaling.original_context_length", &rope->original) ||
        rope->original >= CRUX_CONTEXT_MAX)
        return unsupported(r, "rope.scaling.original_context_length");
    rope->positions = d->context; /* not looked at beside an attention factor */
    if (!may_f32(r, "rope.scaling.yarn_beta_fast", &rope->fast) ||
        !may_f32(r, "rope.scaling.yarn_beta_slow", &rope->slow) ||
        !may_f32(r, "rope.scaling.attn_factor", &rope->attention_more))
        return unsupported(r, "a number of its rope scaling");
    if ((status = read_list(r, "rope_factors_long.weight", &rope->long_factor)) != CRUX_OK ||
        (status = read_list(r, "rope_factors_short.weight", &rope->short_factor)) != CRUX_OK ||
        (status = read_list(r, "rope_freqs.weight", &rope->divisors)) != CRUX_OK)
        return status;
    if (rope->kind == CRUX_ROPE_LONG) {
        rope->attention = F32_ONE; /* the file says all of it */
        if (rope->long_factor == NULL || rope->short_factor == NULL)
            return unsupported(r, "longrope without both rope_factors");
    } else if (rope->long_factor != NULL || rope->short_factor != NULL) {
        return unsupported(r, "rope_factors without longrope");
    }
    return CRUX_OK;
}

enum crux_status crux_source_gguf_rope(struct crux_model_source *source, bool *used,
                                       struct crux_import_message *message) {
    const struct reading r = {source, message, used};
    struct crux_fused_decoder *d = &source->decoder;
    struct crux_source_rope rope = {.kind = CRUX_ROPE_PLAIN};
    uint32_t dims = d->head_width;
    char who[200];
    bool local = d->window != 0 && crux_source_gemma(source->arch) == 3;
    d->rope_base = 10000;
    d->rope_local_base = local ? GEMMA3_LOCAL_BASE : 0;
    if (!may_whole_f32(&r, "rope.freq_base", &d->rope_base))
        return unsupported(&r, "a rope base that is no whole number");
    if (d->global_every != 0 && !may_whole_f32(&r, "rope.freq_base_swa", &d->rope_local_base))
        return unsupported(&r, "a rope base of its local blocks that is no whole number");
    if (!may_u32(&r, "rope.dimension_count", &dims) || dims != d->head_width)
        return unsupported(&r, "rope over a part of each head");
    if (dims % 2 != 0 || dims > CRUX_TABLE_ROPE_DIMS_MAX)
        return unsupported(&r, "the width of its heads");
    enum crux_status status = read_scaling(&r, &rope);
    if (status != CRUX_OK) return status;
    (void)snprintf(who, sizeof who, "architecture '%.100s'", source->arch);
    return crux_source_rope_apply(source, &rope, who, message);
}
