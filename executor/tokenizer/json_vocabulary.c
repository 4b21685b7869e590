/* "model" and "added_tokens". */
#include <string.h>

#include "executor/tokenizer/json_parts.h"
#include "executor/tokenizer/source_fill.h"

static const json_t *model_of(const json_t *root) {
    return json_object_get(root, "model");
}

static bool empty_word(const json_t *object, const char *key) {
    return crux_tokenizer_json_none(object, key) ||
           (json_is_string(json_object_get(object, key)) &&
            crux_tokenizer_json_word(object, key)[0] == '\0');
}

static bool refuses(const char *what, struct crux_tokenizer_error *error) {
    (void)crux_tokenizer_fail(error, CRUX_E_UNSUPPORTED, "tokenizer.json: %s is not supported",
                              what);
    return true;
}

static bool unsupported_model(const json_t *model, struct crux_tokenizer_error *error) {
    const json_t *dropout = json_object_get(model, "dropout");
    if (!empty_word(model, "continuing_subword_prefix")) {
        return refuses("continuing_subword_prefix", error);
    }
    if (!empty_word(model, "end_of_word_suffix")) return refuses("end_of_word_suffix", error);
    if (dropout != NULL && !json_is_null(dropout) && json_number_value(dropout) != 0) {
        return refuses("dropout", error);
    }
    return false;
}

/* Byte-level or not is told by the steps, not by the model. */
static bool has_byte_level(const json_t *root) {
    const json_t *part = json_object_get(root, "pre_tokenizer");
    for (size_t i = 0; i < crux_tokenizer_json_steps(part, "pretokenizers"); i++) {
        const json_t *step = crux_tokenizer_json_step(part, "pretokenizers", i);
        if (strcmp(crux_tokenizer_json_word(step, "type"), "ByteLevel") == 0) return true;
    }
    return false;
}

static enum crux_status find_kind(enum crux_tokenizer_kind *kind, const json_t *root,
                                  struct crux_tokenizer_error *error) {
    const json_t *model = model_of(root);
    const char *type = crux_tokenizer_json_word(model, "type");
    /* Unigram files are refused: their own reader sums scores in 64 bits, SentencePiece in 32, and cuts differ. */
    if (strcmp(type, "BPE") != 0 &&
        (type[0] != '\0' || !json_is_array(json_object_get(model, "merges")))) {
        return crux_tokenizer_fail(error, CRUX_E_UNSUPPORTED,
                                   "tokenizer.json: model '%.60s' is not supported", type);
    }
    *kind = has_byte_level(root) ? CRUX_TOKENIZER_BYTE_BPE : CRUX_TOKENIZER_SENTENCE_BPE;
    return unsupported_model(model, error) ? CRUX_E_UNSUPPORTED : CRUX_OK;
}

/* What one walk over the vocabulary hands to the function it calls. */
struct walk {
    enum crux_tokenizer_kind kind;
    const json_t *vocab;
    const json_t *added;
    size_t tokens; /* one more than the greatest id */
    size_t bytes;
    struct crux_tokenizer_source *source; /* NULL while counting */
    uint32_t used;
};

static enum crux_status bad_token(struct crux_tokenizer_error *error, size_t at) {
    return crux_tokenizer_fail(error, CRUX_E_SYNTAX, "tokenizer.json: token %zu is not well formed",
                               at);
}

static enum crux_status take(struct walk *walk, uint32_t id, uint8_t type, const char *text,
                             size_t len, struct crux_tokenizer_error *error) {
    if (walk->source == NULL) {
        if (id >= walk->tokens) walk->tokens = (size_t)id + 1;
        walk->bytes += len;
        return CRUX_OK;
    }
    struct crux_tokenizer_token *token = &walk->source->token[id];
    if (token->type != 0 && token->type != CRUX_TOKENIZER_UNUSED) {
        /* An added token names one of the vocabulary again. */
        if (token->len != len || memcmp(walk->source->text + token->at, text, len) != 0 ||
            type == CRUX_TOKENIZER_NORMAL) {
            return crux_tokenizer_fail(error, CRUX_E_DUPLICATE_NAME,
                                       "tokenizer.json: two tokens have the id %u", id);
        }
        token->type = type;
        return CRUX_OK;
    }
    crux_tokenizer_fill_token(walk->source, &walk->used, id, type, text, len);
    return CRUX_OK;
}

static bool is_id(const json_t *value) {
    return json_is_integer(value) && json_integer_value(value) >= 0 &&
           json_integer_value(value) < CRUX_TOKENIZER_TOKENS_MAX;
}

static bool looks_like_byte(const char *text, size_t len) {
    return len == 6 && memcmp(text, "<0x", 3) == 0 && text[5] == '>';
}

static enum crux_status walk_object(struct walk *walk, bool bytes,
                                    struct crux_tokenizer_error *error) {
    const char *text = NULL;
    json_t *value = NULL;
    size_t at = 0;
    /* The iteration macro takes no const. */
    json_object_foreach((json_t *)(uintptr_t)walk->vocab, text, value) {
        if (!is_id(value)) return bad_token(error, at);
        size_t len = strlen(text);
        uint8_t type =
            bytes && looks_like_byte(text, len) ? CRUX_TOKENIZER_BYTE : CRUX_TOKENIZER_NORMAL;
        enum crux_status status =
            take(walk, (uint32_t)json_integer_value(value), type, text, len, error);
        if (status != CRUX_OK) return status;
        at++;
    }
    return CRUX_OK;
}

static enum crux_status walk_added(struct walk *walk, struct crux_tokenizer_error *error) {
    for (size_t at = 0; at < json_array_size(walk->added); at++) {
        const json_t *token = json_array_get(walk->added, at);
        const json_t *id = json_object_get(token, "id"), *text = json_object_get(token, "content");
        if (!is_id(id) || !json_is_string(text) || json_string_length(text) == 0) {
            return crux_tokenizer_fail(error, CRUX_E_SYNTAX,
                                       "tokenizer.json: added token %zu is not well formed", at);
        }
        uint32_t number = (uint32_t)json_integer_value(id);
        uint8_t type = crux_tokenizer_json_flag(token, "special", false)
                           ? CRUX_TOKENIZER_CONTROL
                           : CRUX_TOKENIZER_USER_DEFINED;
        enum crux_status status =
            take(walk, number, type, json_string_value(text), json_string_length(text), error);
        if (status != CRUX_OK) return status;
        if (crux_tokenizer_json_flag(token, "single_word", true)) {
            return crux_tokenizer_fail(
                error, CRUX_E_UNSUPPORTED,
                "tokenizer.json: 'single_word' of added token %u is not supported", number);
        }
        if (walk->source == NULL) continue;
        unsigned left = crux_tokenizer_json_flag(token, "lstrip", true) ? 1 : 0;
        unsigned right = crux_tokenizer_json_flag(token, "rstrip", true) ? 1 : 0;
        walk->source->token[number].strip =
            (uint8_t)(left * CRUX_TOKENIZER_STRIP_LEFT | right * CRUX_TOKENIZER_STRIP_RIGHT);
    }
    return CRUX_OK;
}

static enum crux_status walk_all(struct walk *walk, const json_t *model,
                                 struct crux_tokenizer_error *error) {
    bool bytes = walk->kind != CRUX_TOKENIZER_BYTE_BPE &&
                 crux_tokenizer_json_flag(model, "byte_fallback", true);
    enum crux_status status = walk_object(walk, bytes, error);
    return status == CRUX_OK ? walk_added(walk, error) : status;
}

static enum crux_status merges(struct crux_tokenizer_source *source, const json_t *list,
                               struct crux_tokenizer_error *error) {
    struct crux_text_index index;
    enum crux_status status =
        crux_text_index_build(&index, source, CRUX_TOKENIZER_ALL_TYPES, error);
    for (uint32_t i = 0; i < source->merge_count && status == CRUX_OK; i++) {
        const json_t *item = json_array_get(list, i);
        const json_t *left = json_array_get(item, 0), *right = json_array_get(item, 1);
        if (json_is_string(item)) {
            status = crux_tokenizer_fill_merge_line(source, &index, i, json_string_value(item),
                                                    json_string_length(item), error);
        } else if (json_array_size(item) == 2 && json_is_string(left) && json_is_string(right)) {
            status = crux_tokenizer_fill_merge(source, &index, i, json_string_value(left),
                                               json_string_length(left), json_string_value(right),
                                               json_string_length(right), error);
        } else {
            status =
                crux_tokenizer_fail(error, CRUX_E_SYNTAX, "tokenizer.json: merge %u is no pair", i);
        }
    }
    crux_text_index_free(&index);
    return status;
}

static enum crux_status unknown(struct crux_tokenizer_source *source, const json_t *model,
                                struct crux_tokenizer_error *error) {
    if (!crux_tokenizer_json_none(model, "unk_token")) {
        const char *text = crux_tokenizer_json_word(model, "unk_token");
        source->unknown = crux_tokenizer_json_token(source, text);
        if (source->unknown == CRUX_TOKENIZER_NO_TOKEN) {
            return crux_tokenizer_fail(error, CRUX_E_UNKNOWN_NAME,
                                       "tokenizer.json: unk_token '%.60s' is no token", text);
        }
    }
    if (source->unknown < source->token_count) {
        struct crux_tokenizer_token *token = &source->token[source->unknown];
        if (source->kind != CRUX_TOKENIZER_BYTE_BPE || token->type == CRUX_TOKENIZER_CONTROL) {
            token->type = CRUX_TOKENIZER_UNKNOWN;
        }
    }
    return CRUX_OK;
}

static enum crux_status fill(struct walk *walk, const json_t *model,
                             struct crux_tokenizer_error *error) {
    struct crux_tokenizer_source *source = walk->source;
    enum crux_status status = walk_all(walk, model, error);
    if (status != CRUX_OK) return status;
    for (uint32_t id = 0; id < source->token_count; id++) {
        if (source->token[id].type == 0) source->token[id].type = CRUX_TOKENIZER_UNUSED;
    }
    status = unknown(source, model, error);
    if (status == CRUX_OK && source->merge_count > 0) {
        status = merges(source, json_object_get(model, "merges"), error);
    }
    if (status != CRUX_OK) return status;
    if (source->kind == CRUX_TOKENIZER_BYTE_BPE) {
        crux_tokenizer_fill_letters(source);
        return CRUX_OK;
    }
    return crux_tokenizer_fill_bytes(source, error);
}

enum crux_status crux_tokenizer_json_vocabulary(struct crux_tokenizer_source **source,
                                                const json_t *root,
                                                struct crux_tokenizer_error *error) {
    const json_t *model = model_of(root), *list = json_object_get(model, "merges");
    struct walk walk = {.vocab = json_object_get(model, "vocab"),
                        .added = json_object_get(root, "added_tokens")};
    enum crux_status status = find_kind(&walk.kind, root, error);
    if (status != CRUX_OK) return status;
    if (!json_is_object(walk.vocab) || !json_is_array(list)) {
        return crux_tokenizer_fail(error, CRUX_E_SYNTAX,
                                   "tokenizer.json: no vocabulary or no merges");
    }
    if (walk.kind == CRUX_TOKENIZER_SENTENCE_BPE &&
        (json_array_size(list) == 0 || crux_tokenizer_json_flag(model, "ignore_merges", true))) {
        return crux_tokenizer_fail(error, CRUX_E_UNSUPPORTED,
                                   "tokenizer.json: BPE over characters without merges is not "
                                   "supported");
    }
    status = walk_all(&walk, model, error);
    if (status != CRUX_OK) return status;
    struct crux_tokenizer_source *made = NULL;
    status =
        crux_tokenizer_source_new(&made, walk.tokens, json_array_size(list), walk.bytes, error);
    if (status != CRUX_OK) return status;
    made->kind = walk.kind;
    made->whole_words = walk.kind == CRUX_TOKENIZER_BYTE_BPE &&
                        crux_tokenizer_json_flag(model, "ignore_merges", true);
    made->fuse_unknown = crux_tokenizer_json_flag(model, "fuse_unk", true);
    walk.source = made;
    status = fill(&walk, model, error);
    if (status != CRUX_OK) {
        crux_tokenizer_source_free(made);
        return status;
    }
    *source = made;
    return CRUX_OK;
}
