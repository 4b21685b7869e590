#include <math.h>
#include <string.h>

#include "executor/tokenizer/source_fill.h"
#include "executor/tokenizer/source_gguf.h"

static bool is(const struct crux_tokenizer_string *string, const char *word) {
    return string->bytes != NULL && string->len == strlen(word) &&
           memcmp(string->bytes, word, string->len) == 0;
}

/* For messages: "%.*s". */
static int shown(const struct crux_tokenizer_string *string) {
    return string->len < 60 ? (int)string->len : 60;
}

/* The names that GGUF files give to pre-tokenizers, for those rules that are exactly known here. */
static const struct {
    const char *name;
    enum crux_tokenizer_split split;
    bool whole_words;
    bool add_bos; /* where the file does not say */
} pre_names[] = {
    {"gpt-2", CRUX_TOKENIZER_SPLIT_GPT2, false, false},
    {"phi-2", CRUX_TOKENIZER_SPLIT_GPT2, false, false},
    {"smollm", CRUX_TOKENIZER_SPLIT_SMOLLM, false, false},
    {"starcoder", CRUX_TOKENIZER_SPLIT_SMOLLM, false, false},
    {"refact", CRUX_TOKENIZER_SPLIT_SMOLLM, false, false},
    {"codeshell", CRUX_TOKENIZER_SPLIT_SMOLLM, false, false},
    {"llama-bpe", CRUX_TOKENIZER_SPLIT_LLAMA3, true, true},
    {"llama3", CRUX_TOKENIZER_SPLIT_LLAMA3, true, true},
    {"llama-v3", CRUX_TOKENIZER_SPLIT_LLAMA3, true, true},
    {"dbrx", CRUX_TOKENIZER_SPLIT_LLAMA3, false, false},
    {"smaug-bpe", CRUX_TOKENIZER_SPLIT_LLAMA3, false, false},
    {"qwen2", CRUX_TOKENIZER_SPLIT_QWEN2, false, false},
    {"deepseek-r1-qwen", CRUX_TOKENIZER_SPLIT_QWEN2, false, false},
    {"tekken", CRUX_TOKENIZER_SPLIT_TEKKEN, true, true},
    {"gpt-4o", CRUX_TOKENIZER_SPLIT_GPT4O, false, false},
    {"llama4", CRUX_TOKENIZER_SPLIT_GPT4O, false, false},
};

static enum crux_status set_pre(struct crux_tokenizer_source *source,
                                const struct crux_tokenizer_string *pre,
                                struct crux_tokenizer_error *error) {
    if (pre->bytes == NULL) {
        return crux_tokenizer_fail(error, CRUX_E_UNSUPPORTED,
                                   "the file does not name its pre-tokenizer (tokenizer.ggml.pre): "
                                   "it is too old, convert the model again");
    }
    for (size_t i = 0; i < CRUX_ARRAY_LEN(pre_names); i++) {
        if (!is(pre, pre_names[i].name)) continue;
        source->split = pre_names[i].split;
        source->whole_words = pre_names[i].whole_words;
        source->add_bos = pre_names[i].add_bos;
        return CRUX_OK;
    }
    return crux_tokenizer_fail(error, CRUX_E_UNSUPPORTED, "pre-tokenizer '%.*s' is not supported",
                               shown(pre), pre->bytes);
}

static enum crux_status set_kind(struct crux_tokenizer_source *source,
                                 const struct crux_tokenizer_gguf *gguf,
                                 struct crux_tokenizer_error *error) {
    if (is(&gguf->model, "gpt2")) {
        source->kind = CRUX_TOKENIZER_BYTE_BPE;
        return set_pre(source, &gguf->pre, error);
    }
    if (is(&gguf->model, "llama")) {
        source->kind = CRUX_TOKENIZER_SENTENCE_BPE;
        /* What such files mean where they do not say. */
        source->bos = 1;
        source->eos = 2;
        source->unknown = 0;
        source->add_bos = true;
    } else if (is(&gguf->model, "t5")) {
        source->kind = CRUX_TOKENIZER_UNIGRAM;
        source->eos = 1;
        source->unknown = 2;
        source->add_eos = true;
    } else if (gguf->model.bytes == NULL) {
        return crux_tokenizer_fail(error, CRUX_E_UNSUPPORTED, "the file has no tokenizer");
    } else {
        return crux_tokenizer_fail(error, CRUX_E_UNSUPPORTED, "tokenizer '%.*s' is not supported",
                                   shown(&gguf->model), gguf->model.bytes);
    }
    source->fuse_unknown = true;
    if (gguf->charsmap_bytes > 0 || gguf->remove_extra_whitespaces == CRUX_TOKENIZER_TRUE) {
        return crux_tokenizer_fail(error, CRUX_E_UNSUPPORTED,
                                   "this tokenizer normalises its text (precompiled_charsmap, "
                                   "remove_extra_whitespaces), which is not supported");
    }
    if (gguf->scores == NULL) {
        return crux_tokenizer_fail(error, CRUX_E_BAD_RANGE, "the tokens have no scores");
    }
    if (gguf->add_space_prefix != CRUX_TOKENIZER_FALSE) {
        source->prefix = CRUX_TOKENIZER_PREFIX_EACH;
        source->strip_prefix = true;
    }
    return CRUX_OK;
}

static void set_ids(struct crux_tokenizer_source *source, const struct crux_tokenizer_gguf *gguf) {
    if (gguf->bos != NULL) source->bos = *gguf->bos;
    if (gguf->eos != NULL) source->eos = *gguf->eos;
    if (gguf->unknown != NULL && source->kind != CRUX_TOKENIZER_BYTE_BPE) {
        source->unknown = *gguf->unknown;
    }
    if (gguf->add_bos != CRUX_TOKENIZER_ABSENT) {
        source->add_bos = gguf->add_bos == CRUX_TOKENIZER_TRUE;
    }
    if (gguf->add_eos != CRUX_TOKENIZER_ABSENT) {
        source->add_eos = gguf->add_eos == CRUX_TOKENIZER_TRUE;
    }
}

static enum crux_status set_tokens(struct crux_tokenizer_source *source,
                                   const struct crux_tokenizer_gguf *gguf,
                                   struct crux_tokenizer_error *error) {
    uint32_t used = 0;
    for (uint32_t id = 0; id < source->token_count; id++) {
        int32_t type = gguf->token_type != NULL ? gguf->token_type[id] : CRUX_TOKENIZER_NORMAL;
        if (type < CRUX_TOKENIZER_NORMAL || type > CRUX_TOKENIZER_BYTE) {
            return crux_tokenizer_fail(error, CRUX_E_BAD_RANGE, "token %u has the unknown type %d",
                                       id, (int)type);
        }
        crux_tokenizer_fill_token(source, &used, id, (uint8_t)type, gguf->tokens[id].bytes,
                                  gguf->tokens[id].len);
        if (source->kind == CRUX_TOKENIZER_BYTE_BPE) continue;
        /* "Never" is written so by some converters. */
        float score = gguf->scores[id];
        source->token[id].score = isinf(score) && score < 0 ? -1e9f : score;
    }
    return CRUX_OK;
}

static enum crux_status set_merges(struct crux_tokenizer_source *source,
                                   const struct crux_tokenizer_gguf *gguf,
                                   struct crux_tokenizer_error *error) {
    struct crux_text_index index;
    enum crux_status status =
        crux_text_index_build(&index, source, CRUX_TOKENIZER_ALL_TYPES, error);
    for (uint32_t i = 0; i < source->merge_count && status == CRUX_OK; i++) {
        status = crux_tokenizer_fill_merge_line(source, &index, i, gguf->merges[i].bytes,
                                                gguf->merges[i].len, error);
    }
    crux_text_index_free(&index);
    return status;
}

static bool has_word(const struct crux_tokenizer_string *string, const char *word) {
    size_t len = strlen(word);
    for (size_t at = 0; at + len <= string->len; at++) {
        size_t same = 0;
        while (same < len && (string->bytes[at + same] | 0x20) == word[same]) same++;
        if (same == len) return true;
    }
    return false;
}

static bool text_is(const struct crux_tokenizer_source *source,
                    const struct crux_tokenizer_token *token, const char *word) {
    return token->len == strlen(word) && memcmp(source->text + token->at, word, token->len) == 0;
}

/* Phi-3's special tokens swallow the white space after them; GGUF has no key for that, so that every reader of it
 * goes by the model's name. */
static void set_phi3(struct crux_tokenizer_source *source) {
    static const char *const plain[] = {"<unk>", "<s>", "<|endoftext|>"};
    for (uint32_t id = 0; id < source->token_count; id++) {
        struct crux_tokenizer_token *token = &source->token[id];
        bool strips = token->type == CRUX_TOKENIZER_CONTROL ||
                      token->type == CRUX_TOKENIZER_USER_DEFINED || text_is(source, token, "</s>");
        for (size_t i = 0; i < CRUX_ARRAY_LEN(plain); i++) {
            if (text_is(source, token, plain[i])) strips = false;
        }
        if (!strips) continue;
        if (token->type == CRUX_TOKENIZER_NORMAL) token->type = CRUX_TOKENIZER_CONTROL;
        token->strip = CRUX_TOKENIZER_STRIP_RIGHT;
    }
}

/* Some files give the tokens that end a turn, which no text may contain, the type of words. */
static void set_ends(struct crux_tokenizer_source *source) {
    static const char *const ends[] = {"<|im_end|>", "<|eot_id|>", "<|end|>", "<end_of_turn>",
                                       "<|endoftext|>"};
    for (uint32_t id = 0; id < source->token_count; id++) {
        struct crux_tokenizer_token *token = &source->token[id];
        if (token->type != CRUX_TOKENIZER_NORMAL) continue;
        for (size_t i = 0; i < CRUX_ARRAY_LEN(ends); i++) {
            if (text_is(source, token, ends[i])) token->type = CRUX_TOKENIZER_CONTROL;
        }
    }
}

static enum crux_status fill(struct crux_tokenizer_source *source,
                             const struct crux_tokenizer_gguf *gguf,
                             struct crux_tokenizer_error *error) {
    enum crux_status status = set_kind(source, gguf, error);
    if (status != CRUX_OK) return status;
    set_ids(source, gguf);
    status = set_tokens(source, gguf, error);
    if (status != CRUX_OK) return status;
    set_ends(source);
    if (source->kind == CRUX_TOKENIZER_BYTE_BPE) {
        status = set_merges(source, gguf, error);
        crux_tokenizer_fill_letters(source);
    } else {
        status = crux_tokenizer_fill_bytes(source, error);
        if (has_word(&gguf->name, "phi-3") || has_word(&gguf->name, "phi3")) set_phi3(source);
    }
    if (status != CRUX_OK) return status;
    crux_tokenizer_source_stops(source);
    if (gguf->eot != NULL) crux_tokenizer_source_stop(source, *gguf->eot);
    if (gguf->eom != NULL) crux_tokenizer_source_stop(source, *gguf->eom);
    if (gguf->chat_template.bytes != NULL) {
        status = crux_tokenizer_fill_template(source, gguf->chat_template.bytes,
                                              gguf->chat_template.len, error);
        if (status != CRUX_OK) return status;
    }
    return crux_tokenizer_source_check(source, error);
}

enum crux_status crux_tokenizer_source_from_gguf(struct crux_tokenizer_source **source,
                                                 const struct crux_tokenizer_gguf *gguf,
                                                 struct crux_tokenizer_error *error) {
    *source = NULL;
    size_t bytes = 0;
    for (size_t i = 0; i < gguf->token_count; i++) {
        if (gguf->tokens[i].len > CRUX_TOKENIZER_VOCAB_BYTES_MAX - bytes) {
            return crux_tokenizer_fail(error, CRUX_E_UNSUPPORTED,
                                       "the tokens have too many bytes of text; at most %u are "
                                       "supported",
                                       CRUX_TOKENIZER_VOCAB_BYTES_MAX);
        }
        bytes += gguf->tokens[i].len;
    }
    struct crux_tokenizer_source *made = NULL;
    size_t merges = is(&gguf->model, "gpt2") ? gguf->merge_count : 0;
    enum crux_status status =
        crux_tokenizer_source_new(&made, gguf->token_count, merges, bytes, error);
    if (status != CRUX_OK) return status;
    status = fill(made, gguf, error);
    if (status != CRUX_OK) {
        crux_tokenizer_source_free(made);
        return status;
    }
    *source = made;
    return CRUX_OK;
}
