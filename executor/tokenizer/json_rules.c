/* "normalizer" and "pre_tokenizer": only what is known to give the same pieces here. */
#include <string.h>

#include "executor/tokenizer/json_parts.h"

/* What the steps of a file have asked for so far. */
struct rules {
    struct crux_tokenizer_source *source;
    bool normalised;      /* by anything: then added tokens may not ask for it too */
    bool low_lines;       /* spaces become U+2581 */
    bool low_lines_early; /* by a normaliser, so that a pre-tokenizer sees no space */
    bool digits;          /* each digit alone */
    bool byte_level;
};

static bool is(const json_t *object, const char *key, const char *word) {
    return strcmp(crux_tokenizer_json_word(object, key), word) == 0;
}

static enum crux_status refuse(struct crux_tokenizer_error *error, const char *part,
                               const json_t *step) {
    return crux_tokenizer_fail(error, CRUX_E_UNSUPPORTED,
                               "tokenizer.json: %s '%.60s' is not supported in this form", part,
                               crux_tokenizer_json_word(step, "type"));
}

static bool replaces_spaces(const json_t *step) {
    return is(json_object_get(step, "pattern"), "String", " ") &&
           is(step, "content", CRUX_TOKENIZER_LOW_LINE);
}

static enum crux_status normalizer(struct rules *rules, const json_t *step,
                                   struct crux_tokenizer_error *error) {
    struct crux_tokenizer_source *source = rules->source;
    bool sentence = source->kind != CRUX_TOKENIZER_BYTE_BPE;
    rules->normalised = true;
    if (is(step, "type", "NFC") && !sentence) {
        source->nfc = true;
        return CRUX_OK;
    }
    /* Before the spaces are replaced or after makes no difference. */
    if (is(step, "type", "Prepend") && is(step, "prepend", CRUX_TOKENIZER_LOW_LINE) && sentence &&
        source->prefix == CRUX_TOKENIZER_PREFIX_NONE) {
        source->prefix = CRUX_TOKENIZER_PREFIX_EACH;
        return CRUX_OK;
    }
    if (is(step, "type", "Replace") && replaces_spaces(step) && sentence) {
        rules->low_lines = rules->low_lines_early = true;
        return CRUX_OK;
    }
    return refuse(error, "normalizer", step);
}

/* The expressions that files spell out, byte for byte; what they mean is in split.c. */
#define CONTRACTIONS "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
#define SPACES       "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define UPPER        "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define LOWER        "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
static const struct {
    const char *expression;
    enum crux_tokenizer_split split;
} expressions[] = {
    {"'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
     CRUX_TOKENIZER_SPLIT_GPT2},
    {CONTRACTIONS
     "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*" SPACES,
     CRUX_TOKENIZER_SPLIT_LLAMA3},
    {CONTRACTIONS "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*" SPACES,
     CRUX_TOKENIZER_SPLIT_QWEN2},
    {"[^\\r\\n\\p{L}\\p{N}]?" UPPER "*" LOWER "+|[^\\r\\n\\p{L}\\p{N}]?" UPPER "+" LOWER
     "*|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*" SPACES,
     CRUX_TOKENIZER_SPLIT_TEKKEN},
    {"[^\\r\\n\\p{L}\\p{N}]?" UPPER "*" LOWER "+" CONTRACTIONS "?|[^\\r\\n\\p{L}\\p{N}]?" UPPER
     "+" LOWER "*" CONTRACTIONS "?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*" SPACES,
     CRUX_TOKENIZER_SPLIT_GPT4O},
};

static enum crux_status split(struct rules *rules, const json_t *step,
                              struct crux_tokenizer_error *error) {
    const json_t *pattern = json_object_get(step, "pattern");
    const char *expression = crux_tokenizer_json_word(pattern, "Regex");
    if (rules->source->kind != CRUX_TOKENIZER_BYTE_BPE) {
        /* Gemma: the normaliser has left no space to cut at. */
        if (rules->low_lines_early && is(pattern, "String", " ")) return CRUX_OK;
        return refuse(error, "pre_tokenizer", step);
    }
    if (!is(step, "behavior", "Isolated") || crux_tokenizer_json_flag(step, "invert", true) ||
        rules->source->split != CRUX_TOKENIZER_SPLIT_NONE || rules->digits) {
        return refuse(error, "pre_tokenizer", step);
    }
    for (size_t i = 0; i < CRUX_ARRAY_LEN(expressions); i++) {
        if (strcmp(expressions[i].expression, expression) == 0) {
            rules->source->split = expressions[i].split;
            return CRUX_OK;
        }
    }
    return crux_tokenizer_fail(error, CRUX_E_UNSUPPORTED,
                               "tokenizer.json: pre_tokenizer pattern '%.120s' is not supported",
                               expression);
}

static enum crux_status byte_level(struct rules *rules, const json_t *step,
                                   struct crux_tokenizer_error *error) {
    struct crux_tokenizer_source *source = rules->source;
    /* Absent means true, for this one. */
    bool own_rule = json_object_get(step, "use_regex") == NULL ||
                    crux_tokenizer_json_flag(step, "use_regex", true);
    if (crux_tokenizer_json_flag(step, "add_prefix_space", true) || rules->byte_level ||
        own_rule != (source->split == CRUX_TOKENIZER_SPLIT_NONE)) {
        return refuse(error, "pre_tokenizer", step);
    }
    rules->byte_level = true;
    if (own_rule) {
        source->split = rules->digits ? CRUX_TOKENIZER_SPLIT_SMOLLM : CRUX_TOKENIZER_SPLIT_GPT2;
    }
    return CRUX_OK;
}

static enum crux_status metaspace(struct rules *rules, const json_t *step,
                                  struct crux_tokenizer_error *error) {
    struct crux_tokenizer_source *source = rules->source;
    if (source->kind == CRUX_TOKENIZER_BYTE_BPE ||
        !is(step, "replacement", CRUX_TOKENIZER_LOW_LINE) || rules->low_lines ||
        source->prefix != CRUX_TOKENIZER_PREFIX_NONE) {
        return refuse(error, "pre_tokenizer", step);
    }
    rules->low_lines = true;
    if (is(step, "prepend_scheme", "first")) {
        source->prefix = CRUX_TOKENIZER_PREFIX_MISSING_FIRST;
    } else if (is(step, "prepend_scheme", "always") ||
               (crux_tokenizer_json_none(step, "prepend_scheme") &&
                crux_tokenizer_json_flag(step, "add_prefix_space", false))) {
        source->prefix = CRUX_TOKENIZER_PREFIX_MISSING_EACH;
    } else if (!is(step, "prepend_scheme", "never")) {
        return refuse(error, "pre_tokenizer", step);
    }
    if (json_object_get(step, "split") != NULL && !crux_tokenizer_json_flag(step, "split", true)) {
        return CRUX_OK;
    }
    /* It cuts before each space, and encoding here does not cut: the same only if no token goes on after one. */
    for (uint32_t id = 0; id < source->token_count; id++) {
        const struct crux_tokenizer_token *token = &source->token[id];
        if (token->type != CRUX_TOKENIZER_NORMAL) continue;
        for (uint32_t at = 1; at + 3 <= token->len; at++) {
            if (memcmp(source->text + token->at + at, CRUX_TOKENIZER_LOW_LINE, 3) == 0) {
                return refuse(error, "pre_tokenizer", step);
            }
        }
    }
    return CRUX_OK;
}

static enum crux_status pre_tokenizer(struct rules *rules, const json_t *step,
                                      struct crux_tokenizer_error *error) {
    if (rules->byte_level) return refuse(error, "pre_tokenizer", step);
    if (is(step, "type", "Split")) return split(rules, step, error);
    if (is(step, "type", "ByteLevel")) return byte_level(rules, step, error);
    if (is(step, "type", "Metaspace")) return metaspace(rules, step, error);
    if (is(step, "type", "Digits") && crux_tokenizer_json_flag(step, "individual_digits", false) &&
        rules->source->split == CRUX_TOKENIZER_SPLIT_NONE) {
        rules->digits = true;
        return CRUX_OK;
    }
    return refuse(error, "pre_tokenizer", step);
}

/* An added token that is looked for in the normalised text could be found elsewhere than in the text. */
static enum crux_status added(const json_t *list, struct crux_tokenizer_error *error) {
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *token = json_array_get(list, i);
        if (crux_tokenizer_json_flag(token, "normalized", true)) {
            return crux_tokenizer_fail(
                error, CRUX_E_UNSUPPORTED,
                "tokenizer.json: 'normalized' of added token '%.60s' is not supported with a "
                "normalizer",
                crux_tokenizer_json_word(token, "content"));
        }
    }
    return CRUX_OK;
}

enum crux_status crux_tokenizer_json_rules(struct crux_tokenizer_source *source, const json_t *root,
                                           struct crux_tokenizer_error *error) {
    struct rules rules = {.source = source};
    const json_t *normalizers = json_object_get(root, "normalizer");
    const json_t *cutters = json_object_get(root, "pre_tokenizer");
    enum crux_status status = CRUX_OK;
    for (size_t i = 0; i < crux_tokenizer_json_steps(normalizers, "normalizers"); i++) {
        const json_t *step = crux_tokenizer_json_step(normalizers, "normalizers", i);
        if (status == CRUX_OK) status = normalizer(&rules, step, error);
    }
    for (size_t i = 0; i < crux_tokenizer_json_steps(cutters, "pretokenizers"); i++) {
        const json_t *step = crux_tokenizer_json_step(cutters, "pretokenizers", i);
        if (status == CRUX_OK) status = pre_tokenizer(&rules, step, error);
    }
    if (status != CRUX_OK) return status;
    bool sentence = source->kind != CRUX_TOKENIZER_BYTE_BPE;
    if (sentence ? !rules.low_lines || rules.digits : !rules.byte_level) {
        return crux_tokenizer_fail(error, CRUX_E_UNSUPPORTED,
                                   "tokenizer.json: this combination of normalizer and "
                                   "pre_tokenizer is not supported");
    }
    return rules.normalised ? added(json_object_get(root, "added_tokens"), error) : CRUX_OK;
}
