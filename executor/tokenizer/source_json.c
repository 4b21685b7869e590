#include <string.h>

#include "executor/tokenizer/json_parts.h"
#include "executor/tokenizer/source_json.h"

const char *crux_tokenizer_json_word(const json_t *object, const char *key) {
    const char *word = json_string_value(json_object_get(object, key));
    return word != NULL ? word : "";
}

bool crux_tokenizer_json_none(const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);
    return value == NULL || json_is_null(value);
}

bool crux_tokenizer_json_flag(const json_t *object, const char *key, bool other) {
    const json_t *value = json_object_get(object, key);
    if (value == NULL || json_is_null(value) || json_is_false(value)) return false;
    return json_is_true(value) ? true : other;
}

size_t crux_tokenizer_json_steps(const json_t *part, const char *list) {
    if (part == NULL || json_is_null(part)) return 0;
    if (strcmp(crux_tokenizer_json_word(part, "type"), "Sequence") != 0) return 1;
    return json_array_size(json_object_get(part, list));
}

const json_t *crux_tokenizer_json_step(const json_t *part, const char *list, size_t at) {
    if (strcmp(crux_tokenizer_json_word(part, "type"), "Sequence") != 0) return part;
    return json_array_get(json_object_get(part, list), at);
}

uint32_t crux_tokenizer_json_token(const struct crux_tokenizer_source *source, const char *text) {
    size_t len = strlen(text);
    for (uint32_t id = 0; id < source->token_count && len > 0; id++) {
        const struct crux_tokenizer_token *token = &source->token[id];
        if (token->len == len && memcmp(source->text + token->at, text, len) == 0) return id;
    }
    return CRUX_TOKENIZER_NO_TOKEN;
}

static enum crux_status parse(json_t **root, const char *name, const char *bytes, size_t len,
                              struct crux_tokenizer_error *error) {
    json_error_t why;
    if (len > CRUX_TOKENIZER_JSON_BYTES_MAX) {
        return crux_tokenizer_fail(error, CRUX_E_UNSUPPORTED, "%s is larger than %zu bytes", name,
                                   CRUX_TOKENIZER_JSON_BYTES_MAX);
    }
    *root = json_loadb(bytes, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &why);
    if (*root == NULL) {
        return crux_tokenizer_fail(error, CRUX_E_SYNTAX, "%s:%d:%d: %s", name, why.line, why.column,
                                   why.text);
    }
    if (!json_is_object(*root)) {
        return crux_tokenizer_fail(error, CRUX_E_SYNTAX, "%s is not a JSON object", name);
    }
    return CRUX_OK;
}

enum crux_status crux_tokenizer_source_from_json(struct crux_tokenizer_source **source,
                                                 const char *tokenizer, size_t tokenizer_len,
                                                 const char *config, size_t config_len,
                                                 struct crux_tokenizer_error *error) {
    json_t *root = NULL, *more = NULL;
    struct crux_tokenizer_source *made = NULL;
    *source = NULL;
    enum crux_status status = parse(&root, "tokenizer.json", tokenizer, tokenizer_len, error);
    if (status == CRUX_OK && config != NULL) {
        status = parse(&more, "tokenizer_config.json", config, config_len, error);
    }
    if (status == CRUX_OK) status = crux_tokenizer_json_vocabulary(&made, root, error);
    if (status == CRUX_OK) status = crux_tokenizer_json_rules(made, root, error);
    if (status == CRUX_OK) status = crux_tokenizer_json_ends(made, root, error);
    if (status == CRUX_OK && more != NULL) status = crux_tokenizer_json_config(made, more, error);
    if (status == CRUX_OK) {
        crux_tokenizer_source_stops(made);
        status = crux_tokenizer_source_check(made, error);
    }
    if (status == CRUX_OK) {
        *source = made;
        made = NULL;
    }
    crux_tokenizer_source_free(made);
    json_decref(more);
    json_decref(root);
    return status;
}
