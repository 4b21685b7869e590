/* "post_processor", "decoder", and tokenizer_config.json. */
#include <string.h>

#include "executor/tokenizer/json_parts.h"
#include "executor/tokenizer/source_fill.h"

static bool is(const json_t *object, const char *key, const char *word) {
    return strcmp(crux_tokenizer_json_word(object, key), word) == 0;
}

static enum crux_status refuse(struct crux_tokenizer_error *error, const char *part,
                               const json_t *step) {
    return crux_tokenizer_fail(error, CRUX_E_UNSUPPORTED,
                               "tokenizer.json: %s '%.60s' is not supported in this form", part,
                               crux_tokenizer_json_word(step, "type"));
}

/* [one special token], the text, [one special token]. */
static enum crux_status template(struct crux_tokenizer_source *source, const json_t *step,
                                 struct crux_tokenizer_error *error) {
    const json_t *single = json_object_get(step, "single"); bool text_seen = false;
    for (size_t i = 0; i < json_array_size(single); i++){
        const json_t *item = json_array_get(single, i);
        const json_t *special = json_object_get(item, "SpecialToken");
        if (json_object_get(item, "Sequence") != NULL && !text_seen){text_seen = true; continue;}
uint32_t id = crux_tokenizer_json_token(source, crux_tokenizer_json_word(special, "id"));
bool *add = text_seen ? &source->add_eos : &source->add_bos;
if (id == CRUX_TOKENIZER_NO_TOKEN || *add) return refuse(error, "post_processor", step);
*(text_seen ? &source->eos : &source->bos) = id;
*add = true;
}
return text_seen ? CRUX_OK : refuse(error, "post_processor", step);
}

static enum crux_status decoder(struct crux_tokenizer_source *source, const json_t *step,
                                struct crux_tokenizer_error *error) {
    const json_t *pattern = json_object_get(step, "pattern");
    if (source->kind == CRUX_TOKENIZER_BYTE_BPE) {
        return is(step, "type", "ByteLevel") ? CRUX_OK : refuse(error, "decoder", step);
    }
    if (is(step, "type", "ByteFallback") || is(step, "type", "Fuse")) return CRUX_OK;
    if (is(step, "type", "Replace") && is(pattern, "String", CRUX_TOKENIZER_LOW_LINE) &&
        is(step, "content", " ")) {
        return CRUX_OK;
    }
    if (is(step, "type", "Strip") && is(step, "content", " ") &&
        json_integer_value(json_object_get(step, "start")) <= 1 &&
        json_integer_value(json_object_get(step, "stop")) == 0) {
        if (json_integer_value(json_object_get(step, "start")) == 1) source->strip_prefix = true;
        return CRUX_OK;
    }
    if (is(step, "type", "Metaspace") && is(step, "replacement", CRUX_TOKENIZER_LOW_LINE)) {
        source->strip_prefix = is(step, "prepend_scheme", "always") ||
                               is(step, "prepend_scheme", "first") ||
                               crux_tokenizer_json_flag(step, "add_prefix_space", false);
        return CRUX_OK;
    }
    return refuse(error, "decoder", step);
}

enum crux_status crux_tokenizer_json_ends(struct crux_tokenizer_source *source, const json_t *root,
                                          struct crux_tokenizer_error *error) {
    const json_t *after = json_object_get(root, "post_processor");
    const json_t *back = json_object_get(root, "decoder");
    enum crux_status status = CRUX_OK;
    for (size_t i = 0; i < crux_tokenizer_json_steps(after, "processors"); i++) {
        const json_t *step = crux_tokenizer_json_step(after, "processors", i);
        if (is(step, "type", "ByteLevel")) continue; /* only offsets */
        status = is(step, "type", "TemplateProcessing") ? template(source, step, error)
                                                        : refuse(error, "post_processor", step);
        if (status != CRUX_OK) return status;
    }
    for (size_t i = 0; i < crux_tokenizer_json_steps(back, "decoders"); i++) {
        status = decoder(source, crux_tokenizer_json_step(back, "decoders", i), error);
        if (status != CRUX_OK) return status;
    }
    return CRUX_OK;
}

/* A special token is written as its text or as an object that has it. */
static const char *token_text(const json_t *config, const char *key) {
    const json_t *value = json_object_get(config, key);
    return json_is_object(value) ? crux_tokenizer_json_word(value, "content")
                                 : crux_tokenizer_json_word(config, key);
}

/* One template, or a list of named ones. */
static const json_t *template_of(const json_t *config) {
    const json_t *value = json_object_get(config, "chat_template");
    for (size_t i = 0; i < json_array_size(value); i++) {
        const json_t *item = json_array_get(value, i);
        if (is(item, "name", "default")) return json_object_get(item, "template");
    }
    return value;
}

enum crux_status crux_tokenizer_json_config(struct crux_tokenizer_source *source,
                                            const json_t *config,
                                            struct crux_tokenizer_error *error) {
    const json_t *template_text = template_of(config);
    uint32_t bos = crux_tokenizer_json_token(source, token_text(config, "bos_token"));
    uint32_t eos = crux_tokenizer_json_token(source, token_text(config, "eos_token"));
    /* What the post-processor adds is what counts. */
    if (!source->add_bos && bos != CRUX_TOKENIZER_NO_TOKEN) source->bos = bos;
    if (!source->add_eos && eos != CRUX_TOKENIZER_NO_TOKEN) source->eos = eos;
    /* Both may differ: a text may end with one token, an answer with another. */
    crux_tokenizer_source_stop(source, eos);
    if (!json_is_string(template_text)) return CRUX_OK;
    return crux_tokenizer_fill_template(source, json_string_value(template_text),
                                        json_string_length(template_text), error);
}
