#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "executor/tokenizer/special.h"
#include "executor/tokenizer/tokenizer.h"
#include "executor/tokenizer/utf8.h"
#include "executor/tokenizer/word_cache.h"

#define LOW_LINE "\xE2\x96\x81" /* U+2581 */
/* A cache costs 160 KB to clear: for texts that repay it. */
#define CACHED_TEXT_BYTES_MIN 1024

enum crux_status crux_encoding_add(struct crux_encoding *encoding, uint32_t id,
                                   struct crux_tokenizer_error *error) {
    if (crux_tokens_add(encoding->out, id) == CRUX_OK) return CRUX_OK;
    return crux_tokenizer_fail(error, CRUX_E_OUT_OF_MEMORY, "no memory for tokens");
}

enum crux_status crux_unknown_text(struct crux_encoding *encoding, const char *text, size_t len,
                                   bool more, struct crux_tokenizer_error *error) {
    const struct crux_tokenizer *tokenizer = encoding->tokenizer;
    const struct crux_tokenizer_source *source = tokenizer->source;
    if (!source->byte_fallback) {
        encoding->lost += len;
        if (source->unknown == CRUX_TOKENIZER_NO_TOKEN || (more && source->fuse_unknown)) {
            return CRUX_OK;
        }
        return crux_encoding_add(encoding, source->unknown, error);
    }
    for (size_t i = 0; i < len; i++) {
        enum crux_status status =
            crux_encoding_add(encoding, tokenizer->byte_token[(uint8_t)text[i]], error);
        if (status != CRUX_OK) return status;
    }
    return CRUX_OK;
}

static enum crux_status encode_word(struct crux_encoding *encoding, const char *word, size_t len,
                                    struct crux_tokenizer_error *error) {
    const struct crux_tokenizer *tokenizer = encoding->tokenizer;
    if (tokenizer->source->whole_words) {
        uint32_t id = crux_text_index_find(&tokenizer->words, word, len);
        if (id != CRUX_TOKENIZER_NO_TOKEN) return crux_encoding_add(encoding, id, error);
    }
    return crux_merge_text(encoding, word, len, error);
}

static enum crux_status encode_cached(struct crux_encoding *encoding, const char *word, size_t len,
                                      struct crux_tokenizer_error *error) {
    if (encoding->cache == NULL || len > CRUX_WORD_CACHE_BYTES_MAX) {
        return encode_word(encoding, word, len, error);
    }
    struct crux_cached_word *slot = crux_word_cache_slot(encoding->cache, word, len);
    if (crux_word_cache_holds(slot, word, len)) {
        enum crux_status status = CRUX_OK;
        for (size_t i = 0; i < slot->count && status == CRUX_OK; i++) {
            status = crux_encoding_add(encoding, encoding->out->id[slot->at + i], error);
        }
        encoding->lost += slot->lost;
        return status;
    }
    size_t at = encoding->out->count, lost = encoding->lost;
    enum crux_status status = encode_word(encoding, word, len, error);
    *slot =
        (struct crux_cached_word){word, len, at, encoding->out->count - at, encoding->lost - lost};
    return status;
}

static enum crux_status encode_words(struct crux_encoding *encoding, const char *text, size_t len,
                                     struct crux_tokenizer_error *error) {
    struct crux_split *split = NULL;
    enum crux_status status = crux_split_new(&split, encoding->tokenizer->rule, text, len, error);
    size_t word_len = 1;
    while (status == CRUX_OK && word_len > 0) {
        const char *word = NULL;
        status = crux_split_next(split, &word, &word_len, error);
        if (status == CRUX_OK && word_len > 0) {
            status = encode_cached(encoding, word, word_len, error);
        }
    }
    crux_split_free(split);
    return status;
}

static bool is_ascii(const char *text, size_t len) {
    for (size_t i = 0; i < len; i++) {
        if ((uint8_t)text[i] >= 0x80) return false;
    }
    return true;
}

static enum crux_status encode_byte_text(struct crux_encoding *encoding, const char *text,
                                         size_t len, struct crux_tokenizer_error *error) {
    if (!encoding->tokenizer->source->nfc || is_ascii(text, len)) {
        return encode_words(encoding, text, len, error);
    }
    utf8proc_uint8_t *normal = NULL;
    utf8proc_ssize_t made =
        utf8proc_map((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)len, &normal,
                     (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
    if (made < 0) {
        return crux_tokenizer_fail(error, CRUX_E_OUT_OF_MEMORY, "no NFC of %zu bytes of text: %s",
                                   len, utf8proc_errmsg(made));
    }
    enum crux_status status = encode_words(encoding, (const char *)normal, (size_t)made, error);
    /* It may point into what is freed here. */
    if (encoding->cache != NULL) memset(encoding->cache, 0, sizeof *encoding->cache);
    free(normal);
    return status;
}

static bool starts_with_space(const char *text, size_t len) {
    return text[0] == ' ' ||
           (len >= sizeof LOW_LINE - 1 && memcmp(text, LOW_LINE, sizeof LOW_LINE - 1) == 0);
}

static bool wants_prefix(const struct crux_tokenizer_source *source, const char *text, size_t len,
                         bool first) {
    switch (source->prefix) {
    case CRUX_TOKENIZER_PREFIX_NONE: return false;
    case CRUX_TOKENIZER_PREFIX_EACH: return true;
    case CRUX_TOKENIZER_PREFIX_MISSING_EACH: return !starts_with_space(text, len);
    case CRUX_TOKENIZER_PREFIX_MISSING_FIRST: return first && !starts_with_space(text, len);
    }
    return false;
}

static enum crux_status encode_sentence(struct crux_encoding *encoding, const char *text,
                                        size_t len, bool first,
                                        struct crux_tokenizer_error *error) {
    const struct crux_tokenizer_source *source = encoding->tokenizer->source;
    const size_t mark = sizeof LOW_LINE - 1;
    struct crux_text marked = {0};
    enum crux_status status = CRUX_OK;
    if (wants_prefix(source, text, len, first)) status = crux_text_add(&marked, LOW_LINE, mark);
    for (size_t at = 0; at < len && status == CRUX_OK;) {
        const char *space = memchr(text + at, ' ', len - at);
        size_t plain = space != NULL ? (size_t)(space - text) - at : len - at;
        status = crux_text_add(&marked, text + at, plain);
        if (status == CRUX_OK && space != NULL) status = crux_text_add(&marked, LOW_LINE, mark);
        at += plain + 1;
    }
    if (status != CRUX_OK) {
        crux_tokenizer_fail(error, status, "no memory for %zu bytes of text", len);
    } else if (source->kind == CRUX_TOKENIZER_UNIGRAM) {
        status = crux_unigram_text(encoding, marked.bytes, marked.len, error);
    } else {
        status = crux_merge_text(encoding, marked.bytes, marked.len, error);
    }
    crux_text_free(&marked);
    return status;
}

static enum crux_status encode_all(struct crux_encoding *encoding, const char *text, size_t len,
                                   unsigned flags, struct crux_tokenizer_error *error) {
    const struct crux_tokenizer *tokenizer = encoding->tokenizer;
    const struct crux_tokenizer_source *source = tokenizer->source;
    enum crux_status status = CRUX_OK;
    if ((flags & CRUX_ENCODE_BOS) && source->add_bos) {
        status = crux_encoding_add(encoding, source->bos, error);
    }
    for (size_t at = 0; at < len && status == CRUX_OK;) {
        struct crux_special_match match =
            crux_special_find(tokenizer, text, len, at, (flags & CRUX_ENCODE_CONTROL) != 0);
        if (match.at > at) {
            status = source->kind == CRUX_TOKENIZER_BYTE_BPE
                         ? encode_byte_text(encoding, text + at, match.at - at, error)
                         : encode_sentence(encoding, text + at, match.at - at, at == 0, error);
        }
        if (status == CRUX_OK && match.id != CRUX_TOKENIZER_NO_TOKEN) {
            status = crux_encoding_add(encoding, match.id, error);
        }
        at = match.end;
    }
    if (status == CRUX_OK && (flags & CRUX_ENCODE_EOS) && source->add_eos) {
        status = crux_encoding_add(encoding, source->eos, error);
    }
    return status;
}

enum crux_status crux_tokenizer_encode(const struct crux_tokenizer *tokenizer,
                                       struct crux_tokens *out, size_t *lost, const char *text,
                                       size_t len, unsigned flags,
                                       struct crux_tokenizer_error *error) {
    struct crux_encoding encoding = {.tokenizer = tokenizer, .out = out};
    size_t count = out->count;
    if (lost != NULL) *lost = 0;
    if (len > CRUX_TOKENIZER_TEXT_BYTES_MAX) {
        return crux_tokenizer_fail(error, CRUX_E_UNSUPPORTED,
                                   "a text of %zu bytes; at most %zu are taken at once", len,
                                   CRUX_TOKENIZER_TEXT_BYTES_MAX);
    }
    size_t valid = crux_utf8_valid(text, len);
    if (valid < len) {
        return crux_tokenizer_fail(error, CRUX_E_SYNTAX, "the text is not UTF-8 at byte %zu",
                                   valid);
    }
    if (len >= CACHED_TEXT_BYTES_MIN && tokenizer->source->kind == CRUX_TOKENIZER_BYTE_BPE) {
        encoding.cache = calloc(1, sizeof *encoding.cache); /* NULL only makes it slower */
    }
    enum crux_status status = encode_all(&encoding, text, len, flags, error);
    free(encoding.symbol);
    free(encoding.heap);
    free(encoding.cache);
    if (status != CRUX_OK) out->count = count;
    if (status == CRUX_OK && lost != NULL) *lost = encoding.lost;
    return status;
}
