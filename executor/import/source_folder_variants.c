/* What config.json says of a family beyond its shape. */
#include <stdlib.h>
#include <string.h>

#include "executor/import/source_config.h"

enum { GEMMA_WINDOW = 4096, F32_50 = 0x42480000, F32_30 = 0x41f00000, F32_256 = 0x43800000 };

bool crux_source_json_f32(uint32_t *bits, const json_t *value) {
    float f = (float)json_number_value(value);
    if (!json_is_number(value)) return false;
    memcpy(bits, &f, 4);
    return true;
}

const json_t *crux_source_json_get(const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);
    return json_is_null(value) ? NULL : value;
}

static enum crux_status unsupported(const struct crux_source_config *c, const char *what) {
    return crux_import_fail(c->message, CRUX_E_UNSUPPORTED, "config.json: %s is not supported",
                            what);
}

static bool is_true(const struct crux_source_config *c, const char *key) {
    return json_is_true(json_object_get(c->json, key));
}

/* The gate's function: gemma's newer name for the key goes before the older one. */
static enum crux_status check_activation(const struct crux_source_config *c) {
    const json_t *newer = crux_source_json_get(c->json, "hidden_activation"),
                 *value = c->gemma != 0 && newer != NULL
                              ? newer
                              : crux_source_json_get(c->json, "hidden_act");
    const char *name = json_string_value(value);
    if (value == NULL) return CRUX_OK;
    if (name == NULL || strcmp(name, c->gemma != 0 ? "gelu_pytorch_tanh" : "silu") != 0)
        return unsupported(c, value == newer ? "this hidden_activation" : "this hidden_act");
    return CRUX_OK;
}

/* Keys whose presence changes what the model computes. */
static enum crux_status refuse_variants(const struct crux_source_config *c, bool qkv_bias) {
    if (crux_source_json_get(c->json, "quantization_config") != NULL)
        return unsupported(c, "quantization_config");
    if (is_true(c, "mlp_bias")) return unsupported(c, "mlp_bias");
    if (is_true(c, "attention_bias") && !qkv_bias) return unsupported(c, "attention_bias");
    if (is_true(c, "use_bidirectional_attention"))
        return unsupported(c, "use_bidirectional_attention");
    return check_activation(c);
}

static enum crux_status read_window(const struct crux_source_config *c) {
    struct crux_fused_decoder *d = &c->source->decoder;
    const json_t *window = crux_source_json_get(c->json, "sliding_window"),
                 *use = crux_source_json_get(c->json, "use_sliding_window"),
                 *from = crux_source_json_get(c->json, "max_window_layers");
    bool asked = strncmp(c->type, "qwen", 4) != 0; /* qwen's have one only if they say so */
    if (use != NULL) asked = json_is_true(use);
    if (json_object_get(c->json, "sliding_window") == NULL && c->gemma >= 2)
        d->window = GEMMA_WINDOW;
    if (!asked || window == NULL) return CRUX_OK;
    if (!json_is_integer(window) || json_integer_value(window) < 1 ||
        json_integer_value(window) > CRUX_CONTEXT_MAX)
        return unsupported(c, "this sliding_window");
    d->window = (uint32_t)json_integer_value(window);
    if (from == NULL || crux_source_json_get(c->json, "layer_types") != NULL) return CRUX_OK;
    if (!json_is_integer(from)) return unsupported(c, "this max_window_layers");
    if (json_integer_value(from) >= (json_int_t)d->blocks)
        d->window = 0;
    else if (json_integer_value(from) != 0)
        return unsupported(c, "a max_window_layers between none and all");
    return CRUX_OK;
}

/* Which blocks have the window: a list, or every so many none. */
static enum crux_status read_pattern(const struct crux_source_config *c) {
    struct crux_fused_decoder *d = &c->source->decoder;
    const json_t *list = crux_source_json_get(c->json, "layer_types"),
                 *every = crux_source_json_get(c->json, "sliding_window_pattern");
    if (list == NULL) {
        if (c->gemma < 2) return CRUX_OK;
        d->global_every = c->gemma == 2 ? 2 : 6;
        if (every == NULL) return CRUX_OK;
        if (!json_is_integer(every) || json_integer_value(every) < 1 ||
            json_integer_value(every) > CRUX_LAYERS_MAX)
            return unsupported(c, "this sliding_window_pattern");
        d->global_every = (uint32_t)json_integer_value(every);
        if (d->global_every == 1) d->window = d->global_every = 0;
        return CRUX_OK;
    }
    bool *local = calloc(d->blocks, sizeof *local);
    if (local == NULL) return CRUX_E_OUT_OF_MEMORY;
    bool known = json_is_array(list) && json_array_size(list) == d->blocks;
    for (uint32_t i = 0; known && i < d->blocks; i++) {
        const char *type = json_string_value(json_array_get(list, i));
        local[i] = type != NULL && strcmp(type, "sliding_attention") == 0;
        known = local[i] || (type != NULL && strcmp(type, "full_attention") == 0);
    }
    known = known && crux_source_set_locals(d, local);
    free(local);
    return known ? CRUX_OK : unsupported(c, "this order of layer_types");
}

/* A number; `otherwise` if the key is missing, 0 if it is null.  Returns: false if it is something else. */
static bool may_f32(const struct crux_source_config *c, const char *key, uint32_t otherwise,
                    uint32_t *bits) {
    const json_t *value = json_object_get(c->json, key);
    *bits = value == NULL ? otherwise : 0;
    return value == NULL || json_is_null(value) || crux_source_json_f32(bits, value);
}

static enum crux_status read_gemma(const struct crux_source_config *c) {
    struct crux_fused_decoder *d = &c->source->decoder;
    uint32_t score = 0, logit = 0, divisor = 0;
    if (!may_f32(c, "attn_logit_softcapping", c->gemma == 2 ? F32_50 : 0, &score) ||
        !crux_source_score_cap(d, score))
        return unsupported(c, "this attn_logit_softcapping");
    if (!may_f32(c, "final_logit_softcapping", c->gemma == 2 ? F32_30 : 0, &logit) ||
        !crux_source_logit_cap(d, logit))
        return unsupported(c, "this final_logit_softcapping");
    if (!may_f32(c, "query_pre_attn_scalar", F32_256, &divisor) || !crux_source_divisor(d, divisor))
        return unsupported(c, "this query_pre_attn_scalar");
    return CRUX_OK;
}

enum crux_status crux_source_folder_variants(const struct crux_source_config *c, bool qkv_bias) {
    crux_source_set_gemma(c->source, c->gemma);
    enum crux_status status = refuse_variants(c, qkv_bias);
    if (status == CRUX_OK) status = read_window(c);
    if (status == CRUX_OK) status = read_pattern(c);
    if (status == CRUX_OK && c->gemma >= 2) status = read_gemma(c);
    return status;
}
