#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "executor/tokenizer/source.h"
#include "executor/tokenizer/utf8.h"

void crux_tokenizer_source_free(struct crux_tokenizer_source *source) {
    if (source == NULL) return;
    free(source->token);
    free(source->merge);
    free(source->text);
    free(source->chat_template);
    free(source);
}

/* Never NULL for want of elements: a source without merges is no failure. */
static void *array(size_t count, size_t size) {
    return calloc(count > 0 ? count : 1, size);
}

enum crux_status crux_tokenizer_source_new(struct crux_tokenizer_source **source, size_t tokens,
                                           size_t merges, size_t text_bytes,
                                           struct crux_tokenizer_error *error) {
    *source = NULL;
    if (tokens == 0 || tokens > CRUX_TOKENIZER_TOKENS_MAX) {
        return crux_tokenizer_fail(error, CRUX_E_UNSUPPORTED,
                                   "a vocabulary of %zu tokens; 1 to %u are supported", tokens,
                                   CRUX_TOKENIZER_TOKENS_MAX);
    }
    if (merges > CRUX_TOKENIZER_MERGES_MAX) {
        return crux_tokenizer_fail(error, CRUX_E_UNSUPPORTED,
                                   "%zu merges; at most %u are supported", merges,
                                   CRUX_TOKENIZER_MERGES_MAX);
    }
    if (text_bytes > CRUX_TOKENIZER_VOCAB_BYTES_MAX) {
        return crux_tokenizer_fail(error, CRUX_E_UNSUPPORTED,
                                   "the tokens have %zu bytes of text; at most %u are supported",
                                   text_bytes, CRUX_TOKENIZER_VOCAB_BYTES_MAX);
    }
    struct crux_tokenizer_source *s = calloc(1, sizeof *s);
    if (s != NULL) {
        s->token = array(tokens, sizeof *s->token);
        s->merge = array(merges, sizeof *s->merge);
        s->text = array(text_bytes, 1);
    }
    if (s == NULL || s->token == NULL || s->merge == NULL || s->text == NULL) {
        crux_tokenizer_source_free(s);
        return crux_tokenizer_fail(error, CRUX_E_OUT_OF_MEMORY, "no memory for a vocabulary");
    }
    s->token_count = (uint32_t)tokens;
    s->merge_count = (uint32_t)merges;
    s->text_len = (uint32_t)text_bytes;
    s->bos = s->eos = s->unknown = CRUX_TOKENIZER_NO_TOKEN;
    *source = s;
    return CRUX_OK;
}

static bool is_special(const struct crux_tokenizer_token *token) {
    return token->type == CRUX_TOKENIZER_CONTROL || token->type == CRUX_TOKENIZER_USER_DEFINED ||
           token->type == CRUX_TOKENIZER_UNKNOWN;
}

static uint32_t token_limit(const struct crux_tokenizer_source *source,
                            const struct crux_tokenizer_token *token) {
    if (is_special(token)) return CRUX_TOKENIZER_SPECIAL_BYTES_MAX;
    return source->kind == CRUX_TOKENIZER_UNIGRAM ? CRUX_TOKENIZER_PIECE_BYTES_MAX
                                                  : CRUX_TOKENIZER_TOKEN_BYTES_MAX;
}

static enum crux_status check_token(const struct crux_tokenizer_source *source, uint32_t id,
                                    struct crux_tokenizer_error *error) {
    const struct crux_tokenizer_token *token = &source->token[id];
    if (token->type < CRUX_TOKENIZER_NORMAL || token->type > CRUX_TOKENIZER_BYTE) {
        return crux_tokenizer_fail(error, CRUX_E_BAD_RANGE, "token %u has the unknown type %u", id,
                                   token->type);
    }
    if (token->at > source->text_len || token->len > source->text_len - token->at) {
        return crux_tokenizer_fail(error, CRUX_E_BAD_RANGE, "token %u lies outside the text", id);
    }
    if (token->len > token_limit(source, token)) {
        return crux_tokenizer_fail(error, CRUX_E_UNSUPPORTED,
                                   "token %u has %u bytes; at most %u are supported", id,
                                   token->len, token_limit(source, token));
    }
    if (token->strip > (CRUX_TOKENIZER_STRIP_LEFT | CRUX_TOKENIZER_STRIP_RIGHT) ||
        (token->strip != 0 && !is_special(token))) {
        return crux_tokenizer_fail(error, CRUX_E_BAD_RANGE,
                                   "token %u strips spaces and is not special", id);
    }
    if (!isfinite(token->score)) {
        return crux_tokenizer_fail(error, CRUX_E_BAD_RANGE, "the score of token %u is no number",
                                   id);
    }
    if (source->kind == CRUX_TOKENIZER_BYTE_BPE) {
        if (token->type == CRUX_TOKENIZER_BYTE || token->score != 0) {
            return crux_tokenizer_fail(error, CRUX_E_BAD_RANGE,
                                       "token %u is a byte token or has a score, in byte-level BPE",
                                       id);
        }
        if (token->type == CRUX_TOKENIZER_NORMAL) return CRUX_OK;
    } else if (token->type == CRUX_TOKENIZER_BYTE) {
        if (token->len == 1) return CRUX_OK;
        return crux_tokenizer_fail(error, CRUX_E_BAD_RANGE, "byte token %u is not one byte", id);
    }
    if (crux_utf8_valid(source->text + token->at, token->len) != token->len) {
        return crux_tokenizer_fail(error, CRUX_E_BAD_RANGE, "the text of token %u is not UTF-8",
                                   id);
    }
    return CRUX_OK;
}

static enum crux_status check_merges(const struct crux_tokenizer_source *source,
                                     struct crux_tokenizer_error *error) {
    if (source->kind == CRUX_TOKENIZER_UNIGRAM && source->merge_count > 0) {
        return crux_tokenizer_fail(error, CRUX_E_BAD_RANGE, "a unigram model with merges");
    }
    for (uint32_t i = 0; i < source->merge_count; i++) {
        const uint32_t part[2] = {source->merge[i].left, source->merge[i].right};
        for (size_t side = 0; side < 2; side++) {
            if (part[side] >= source->token_count || source->token[part[side]].len == 0 ||
                source->token[part[side]].type == CRUX_TOKENIZER_BYTE) {
                return crux_tokenizer_fail(error, CRUX_E_BAD_RANGE, "merge %u names no token", i);
            }
        }
    }
    return CRUX_OK;
}

static enum crux_status check_id(const struct crux_tokenizer_source *source, const char *name,
                                 uint32_t id, bool needed, struct crux_tokenizer_error *error) {
    if (id < source->token_count || (id == CRUX_TOKENIZER_NO_TOKEN && !needed)) return CRUX_OK;
    if (id == CRUX_TOKENIZER_NO_TOKEN) {
        return crux_tokenizer_fail(error, CRUX_E_BAD_RANGE, "%s is to be added, and there is none",
                                   name);
    }
    return crux_tokenizer_fail(error, CRUX_E_BAD_RANGE, "%s is token %u of %u", name, id,
                               source->token_count);
}

static enum crux_status check_kind(const struct crux_tokenizer_source *source,
                                   struct crux_tokenizer_error *error) {
    bool bytes = false;
    switch (source->kind) {
    case CRUX_TOKENIZER_BYTE_BPE: bytes = true; break;
    case CRUX_TOKENIZER_SENTENCE_BPE:
    case CRUX_TOKENIZER_UNIGRAM: break;
    }
    if (bytes != (source->split != CRUX_TOKENIZER_SPLIT_NONE) ||
        source->split > CRUX_TOKENIZER_SPLIT_GPT4O) {
        return crux_tokenizer_fail(error, CRUX_E_BAD_RANGE,
                                   "byte-level BPE, and nothing else, has a split rule");
    }
    if (bytes ? source->prefix != CRUX_TOKENIZER_PREFIX_NONE || source->byte_fallback ||
                    source->strip_prefix
              : source->nfc || source->whole_words) {
        return crux_tokenizer_fail(error, CRUX_E_BAD_RANGE,
                                   "the flags contradict the kind of tokenizer");
    }
    if (source->prefix > CRUX_TOKENIZER_PREFIX_MISSING_FIRST) {
        return crux_tokenizer_fail(error, CRUX_E_BAD_RANGE, "unknown prefix rule");
    }
    return CRUX_OK;
}

static enum crux_status check_fallback(const struct crux_tokenizer_source *source,
                                       struct crux_tokenizer_error *error) {
    bool seen[256] = {false};
    if (!source->byte_fallback) return CRUX_OK;
    for (uint32_t id = 0; id < source->token_count; id++) {
        const struct crux_tokenizer_token *token = &source->token[id];
        if (token->type != CRUX_TOKENIZER_BYTE) continue;
        uint8_t byte = (uint8_t)source->text[token->at];
        if (seen[byte]) {
            return crux_tokenizer_fail(error, CRUX_E_BAD_RANGE, "two tokens for byte 0x%02X", byte);
        }
        seen[byte] = true;
    }
    for (unsigned byte = 0; byte < 256; byte++) {
        if (!seen[byte]) {
            return crux_tokenizer_fail(error, CRUX_E_BAD_RANGE,
                                       "byte fallback without a token for byte 0x%02X", byte);
        }
    }
    return CRUX_OK;
}

enum crux_status crux_tokenizer_source_check(const struct crux_tokenizer_source *source,
                                             struct crux_tokenizer_error *error) {
    enum crux_status status = check_kind(source, error);
    for (uint32_t id = 0; id < source->token_count && status == CRUX_OK; id++) {
        status = check_token(source, id, error);
    }
    if (status == CRUX_OK) status = check_merges(source, error);
    if (status == CRUX_OK) status = check_id(source, "bos", source->bos, source->add_bos, error);
    if (status == CRUX_OK) status = check_id(source, "eos", source->eos, source->add_eos, error);
    if (status == CRUX_OK) status = check_id(source, "unknown", source->unknown, false, error);
    if (status == CRUX_OK && source->stop_count > CRUX_TOKENIZER_STOPS_MAX) {
        status = crux_tokenizer_fail(error, CRUX_E_UNSUPPORTED, "too many stop tokens");
    }
    for (uint32_t i = 0; i < source->stop_count && status == CRUX_OK; i++) {
        status = check_id(source, "stop", source->stop[i], true, error);
    }
    if (status == CRUX_OK) status = check_fallback(source, error);
    return status;
}

void crux_tokenizer_source_stop(struct crux_tokenizer_source *source, uint32_t id) {
    if (id == CRUX_TOKENIZER_NO_TOKEN || source->stop_count == CRUX_TOKENIZER_STOPS_MAX) return;
    for (uint32_t i = 0; i < source->stop_count; i++) {
        if (source->stop[i] == id) return;
    }
    source->stop[source->stop_count++] = id;
}

void crux_tokenizer_source_stops(struct crux_tokenizer_source *source) {
    static const char *const ends[] = {"<|im_end|>",    "<|eot_id|>", "<|eom_id|>",   "<|end|>",
                                       "<end_of_turn>", "<|eot|>",    "<|endoftext|>"};
    crux_tokenizer_source_stop(source, source->eos);
    for (uint32_t id = 0; id < source->token_count; id++) {
        const struct crux_tokenizer_token *token = &source->token[id];
        /* Some files call a turn's end a user-defined token; the text of a normal one may be typed. */
        if (!is_special(token)) continue;
        for (size_t i = 0; i < CRUX_ARRAY_LEN(ends); i++) {
            if (strlen(ends[i]) == token->len &&
                memcmp(ends[i], source->text + token->at, token->len) == 0) {
                crux_tokenizer_source_stop(source, id);
            }
        }
    }
}
