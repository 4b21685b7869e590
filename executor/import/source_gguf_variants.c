/* Windows, caps and the divisor of scores from GGUF metadata; defaults are those of what writes and runs such files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "executor/import/source_parts.h"

enum {
    GEMMA2_WINDOW = 4096,
    GEMMA2_27B_BLOCKS = 46,
    GEMMA3_27B_BLOCKS = 62,
    F32_50 = 0x42480000,
    F32_30 = 0x41f00000
};

struct reading {
    struct crux_model_source *source;
    struct crux_import_message *message;
};

static enum crux_status unsupported(const struct reading *r, const char *what) {
    return crux_import_fail(r->message, CRUX_E_UNSUPPORTED,
                            "architecture '%.100s': %s is not supported", r->source->arch, what);
}

static const struct crux_gguf_entry *find(const struct reading *r, char full[200],
                                          const char *key) {
    (void)snprintf(full, 200, "%s.%s", r->source->arch, key);
    return crux_gguf_find(&r->source->gguf, full);
}

/* 0: there is none, or it is 0. */
static enum crux_status read_window(const struct reading *r, uint32_t otherwise) {
    struct crux_fused_decoder *d = &r->source->decoder;
    char full[200];
    d->window = otherwise;
    if (find(r, full, "attention.sliding_window") == NULL) return CRUX_OK;
    if (!crux_gguf_u32(&r->source->gguf, full, &d->window) || d->window > CRUX_CONTEXT_MAX)
        return unsupported(r, "this kind of sliding window");
    return CRUX_OK;
}

/* A number: every so-many-th block has no window; or for each block whether it has one. */
static enum crux_status read_pattern(const struct reading *r, uint32_t otherwise) {
    struct crux_fused_decoder *d = &r->source->decoder;
    char full[200];
    const struct crux_gguf_entry *entry = find(r, full, "attention.sliding_window_pattern");
    if (d->window == 0) return CRUX_OK;
    d->global_every = otherwise;
    if (entry == NULL) return CRUX_OK;
    if (entry->is_array) {
        bool known = entry->kind == CRUX_GGUF_BOOL && entry->count >= d->blocks;
        bool *local = calloc(d->blocks, sizeof *local);
        if (local == NULL) return CRUX_E_OUT_OF_MEMORY;
        for (uint32_t i = 0; known && i < d->blocks; i++) local[i] = entry->bytes[i] != 0;
        known = known && crux_source_set_locals(d, local);
        free(local);
        return known ? CRUX_OK : unsupported(r, "this order of blocks with a sliding window");
    }
    if (!crux_gguf_u32(&r->source->gguf, full, &d->global_every) ||
        d->global_every > CRUX_LAYERS_MAX)
        return unsupported(r, "this order of blocks with a sliding window");
    if (d->global_every == 1) d->window = d->global_every = 0;
    return CRUX_OK;
}

static enum crux_status read_caps(const struct reading *r, uint32_t score, uint32_t logit) {
    struct crux_fused_decoder *d = &r->source->decoder;
    char full[200];
    if (find(r, full, "attn_logit_softcapping") != NULL &&
        !crux_gguf_f32(&r->source->gguf, full, &score))
        return unsupported(r, "this kind of cap of its scores");
    if (find(r, full, "final_logit_softcapping") != NULL &&
        !crux_gguf_f32(&r->source->gguf, full, &logit))
        return unsupported(r, "this kind of cap of its logits");
    if (!crux_source_score_cap(d, score)) return unsupported(r, "the cap of its scores");
    if (!crux_source_logit_cap(d, logit)) return unsupported(r, "the cap of its logits");
    return CRUX_OK;
}

/* The largest models of these families divide as if heads were as wide as their share of the width. The file does not
 * say it; whatever runs such files goes by the number of blocks. */
static void set_divisor(struct crux_fused_decoder *d, unsigned gemma) {
    if ((gemma == 2 && d->blocks == GEMMA2_27B_BLOCKS) ||
        (gemma == 3 && d->blocks == GEMMA3_27B_BLOCKS))
        d->score_divisor = (uint64_t)(d->width / d->heads) << 32;
}

enum crux_status crux_source_gguf_variants(struct crux_model_source *source,
                                           struct crux_import_message *message) {
    const struct reading r = {source, message};
    unsigned gemma = crux_source_gemma(source->arch);
    uint32_t every = gemma == 2 ? 2 : gemma == 3 ? 6 : 0;
    char full[200];
    crux_source_set_gemma(source, gemma);
    set_divisor(&source->decoder, gemma);
    enum crux_status status = read_window(&r, gemma == 2 ? GEMMA2_WINDOW : 0);
    if (status == CRUX_OK && every != 0) status = read_pattern(&r, every);
    if (status == CRUX_OK && every == 0 &&
        find(&r, full, "attention.sliding_window_pattern") != NULL)
        status = unsupported(&r, "attention.sliding_window_pattern");
    if (status == CRUX_OK) status = read_caps(&r, gemma == 2 ? F32_50 : 0, gemma == 2 ? F32_30 : 0);
    return status;
}
