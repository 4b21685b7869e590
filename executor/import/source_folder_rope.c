/* Frequencies of rope from config.json.
 *
 *   older   rope_theta, rope_scaling {type ..}, rope_local_base_freq
 *   newer   rope_parameters {rope_type, rope_theta ..}, or one of these for each kind of block
 */
#include <stdlib.h>
#include <string.h>

#include "executor/import/source_config.h"
#include "executor/import/source_rope.h"

enum { GEMMA3_BASE = 1000000, BASE = 10000 };

static enum crux_status unsupported(const struct crux_source_config *c, const char *what) {
    return crux_import_fail(c->message, CRUX_E_UNSUPPORTED, "config.json: %s is not supported",
                            what);
}

/* A rope base; left alone if `value` is NULL. */
static bool may_base(uint32_t *base, const json_t *value) {
    uint32_t bits;
    return value == NULL ||
           (crux_source_json_f32(&bits, value) && crux_source_whole(base, bits, UINT32_MAX));
}

/* A number that need not be there; 0 stands for none.  Returns: false if it is something else. */
static bool may_f32(const json_t *object, const char *key, uint32_t *bits) {
    const json_t *value = crux_source_json_get(object, key);
    if (value == NULL) return true;
    return crux_source_json_f32(bits, value) && *bits >> 31 == 0;
}

/* One f32 a pair, malloced; NULL if there is no such list, or it is another. */
static uint8_t *list_of(const json_t *scaling, const char *key, uint32_t pairs) {
    const json_t *list = crux_source_json_get(scaling, key);
    if (!json_is_array(list) || json_array_size(list) != pairs) return NULL;
    uint8_t *bytes = malloc((size_t)pairs * 4);
    for (uint32_t i = 0; bytes != NULL && i < pairs; i++) {
        uint32_t bits = 0;
        /* what is no number is no factor either */
        (void)!crux_source_json_f32(&bits, json_array_get(list, i));
        crux_store_u32(bytes + (size_t)4 * i, bits);
    }
    return bytes;
}

/* spec/55-import.md#rope-scaling: the model's own number goes before the scaling's. */
static bool read_original(const struct crux_source_config *c, const json_t *scaling,
                          struct crux_source_rope *rope) {
    const json_t *positions = crux_source_json_get(c->json, "max_position_embeddings"),
                 *original = crux_source_json_get(c->json, "original_max_position_embeddings");
    if (original == NULL)
        original = crux_source_json_get(scaling, "original_max_position_embeddings");
    if (original == NULL && rope->kind != CRUX_ROPE_LLAMA3) original = positions;
    json_int_t value = json_integer_value(original), all = json_integer_value(positions);
    if (value < 1 || value >= CRUX_CONTEXT_MAX || all < 1) return false;
    rope->original = (uint32_t)value;
    rope->positions = (uint32_t)all; /* below CRUX_CONTEXT_MAX, as the shape has been read */
    return true;
}

static enum crux_status read_numbers(const struct crux_source_config *c, const json_t *scaling,
                                     struct crux_source_rope *rope) {
    static const char *const others[] = {"short_mscale", "long_mscale", "mrope_section"};
    for (size_t i = 0; i < CRUX_ARRAY_LEN(others); i++) {
        if (crux_source_json_get(scaling, others[i]) != NULL) return unsupported(c, others[i]);
    }
    const json_t *part = crux_source_json_get(scaling, "partial_rotary_factor");
    if (part != NULL && json_number_value(part) != 1)
        return unsupported(c, "partial_rotary_factor");
    if (rope->kind == CRUX_ROPE_YARN && json_is_false(json_object_get(scaling, "truncate")))
        return unsupported(c, "rope_scaling that does not truncate");
    if (!may_f32(scaling, "factor", &rope->factor) ||
        !may_f32(scaling, "low_freq_factor", &rope->low) ||
        !may_f32(scaling, "high_freq_factor", &rope->high) ||
        !may_f32(scaling, "beta_fast", &rope->fast) ||
        !may_f32(scaling, "beta_slow", &rope->slow) || !may_f32(scaling, "mscale", &rope->scale) ||
        !may_f32(scaling, "mscale_all_dim", &rope->scale_all) ||
        !may_f32(scaling, "attention_factor", &rope->attention))
        return unsupported(c, "a number of rope_scaling");
    if (rope->scale == 0 || rope->scale_all == 0) rope->scale = rope->scale_all = 0;
    if (rope->kind != CRUX_ROPE_PLAIN && rope->kind != CRUX_ROPE_LINEAR &&
        !read_original(c, scaling, rope))
        return unsupported(c, "rope_scaling without original_max_position_embeddings");
    /* which then change nothing, whatever they say */
    if (rope->kind != CRUX_ROPE_YARN && rope->kind != CRUX_ROPE_LONG) rope->attention = 0;
    return CRUX_OK;
}

static enum crux_status read_scaling(const struct crux_source_config *c, const json_t *scaling) {
    struct crux_source_rope rope = {.kind = CRUX_ROPE_PLAIN};
    const json_t *type = crux_source_json_get(scaling, "rope_type");
    uint32_t pairs = c->source->decoder.head_width / 2;
    if (type == NULL) type = crux_source_json_get(scaling, "type");
    const char *name = json_string_value(type);
    if (scaling != NULL && !json_is_object(scaling)) return unsupported(c, "this rope_scaling");
    if (type != NULL && name == NULL) return unsupported(c, "this type of rope_scaling");
    if (name == NULL && crux_source_json_get(scaling, "factor") != NULL)
        return unsupported(c, "rope_scaling without a type");
    if (name != NULL && !crux_source_rope_kind(&rope.kind, name, strlen(name)))
        return crux_import_fail(c->message, CRUX_E_UNSUPPORTED,
                                "rope scaling of type '%.40s' is not supported", name);
    enum crux_status status = read_numbers(c, scaling, &rope);
    if (status != CRUX_OK) return status;
    uint8_t *longer = rope.kind == CRUX_ROPE_LONG ? list_of(scaling, "long_factor", pairs) : NULL,
            *shorter = rope.kind == CRUX_ROPE_LONG ? list_of(scaling, "short_factor", pairs) : NULL;
    rope.long_factor = longer;
    rope.short_factor = shorter;
    status = crux_source_rope_apply(c->source, &rope, "config.json", c->message);
    free(longer);
    free(shorter);
    return status;
}

/* The scaling of global blocks, and the base of local ones, of a model that has both kinds. */
static enum crux_status read_local(const struct crux_source_config *c, const json_t *parameters,
                                   const json_t **scaling) {
    struct crux_fused_decoder *d = &c->source->decoder;
    const json_t *global = crux_source_json_get(parameters, "full_attention"),
                 *local = crux_source_json_get(parameters, "sliding_attention");
    const json_t *type = crux_source_json_get(local, "rope_type");
    uint32_t base = BASE;
    if (!may_base(&base, crux_source_json_get(c->json, "rope_local_base_freq")) ||
        !may_base(&base, crux_source_json_get(local, "rope_theta")))
        return unsupported(c, "a rope base of local blocks that is no whole number");
    if (type != NULL && (!json_is_string(type) || strcmp(json_string_value(type), "default") != 0))
        return unsupported(c, "rope scaling of sliding_attention");
    if (parameters != NULL && (global != NULL || local != NULL)) *scaling = global;
    d->rope_local_base = d->window != 0 ? base : 0;
    return CRUX_OK;
}

enum crux_status crux_source_folder_rope(const struct crux_source_config *c) {
    struct crux_fused_decoder *d = &c->source->decoder;
    const json_t *parameters = crux_source_json_get(c->json, "rope_parameters"),
                 *scaling = parameters != NULL ? parameters
                                               : crux_source_json_get(c->json, "rope_scaling"),
                 *part = crux_source_json_get(c->json, "partial_rotary_factor");
    enum crux_status status = CRUX_OK;
    if (part != NULL && json_number_value(part) != 1)
        return unsupported(c, "partial_rotary_factor");
    if (c->gemma == 3) status = read_local(c, parameters, &scaling);
    if (status != CRUX_OK) return status;
    d->rope_base = c->gemma == 3 ? GEMMA3_BASE : BASE;
    if (!may_base(&d->rope_base, crux_source_json_get(c->json, "rope_theta")) ||
        !may_base(&d->rope_base, crux_source_json_get(scaling, "rope_theta")))
        return unsupported(c, "a rope_theta that is no whole number");
    return read_scaling(c, scaling);
}
