/* An opened tokenizer. Internal: callers see tokenizer.h. */
#ifndef CRUX_EXECUTOR_TOKENIZER_MODEL_H
#define CRUX_EXECUTOR_TOKENIZER_MODEL_H

#include "executor/tokenizer/buffer.h"
#include "executor/tokenizer/merge_table.h"
#include "executor/tokenizer/prefix_index.h"
#include "executor/tokenizer/source.h"
#include "executor/tokenizer/split.h"
#include "executor/tokenizer/text_index.h"

/* Constant after it is opened, so that threads may share it. */
struct crux_tokenizer {
    struct crux_tokenizer_source *source;
    struct crux_text_index words;     /* what merging may produce */
    struct crux_merge_table merges;   /* empty where scores decide */
    struct crux_prefix_index pieces;  /* unigram only */
    struct crux_prefix_index special; /* looked for in every text */
    struct crux_split_rule *rule;     /* byte BPE only */
    uint32_t byte_token[256];         /* CRUX_TOKENIZER_NO_TOKEN where there is none */
    float unknown_score;              /* unigram: of a character without a token */
};

struct crux_merge_symbol {
    uint32_t at, len; /* in the word */
    uint32_t id;      /* CRUX_TOKENIZER_NO_TOKEN: a character that has no token */
    uint32_t before, after;
};

struct crux_merge_candidate {
    uint64_t order; /* the least is merged first: rank or score, then the place */
    uint32_t left, right, made, len;
};

/* One call of encode: its output and its scratch memory. */
struct crux_encoding {
    const struct crux_tokenizer *tokenizer;
    struct crux_tokens *out;
    size_t lost; /* bytes of text that no token stands for */
    struct crux_merge_symbol *symbol;
    size_t symbol_cap;
    struct crux_merge_candidate *heap;
    size_t heap_count, heap_cap;
    struct crux_word_cache *cache; /* or NULL */
};

/* Each appends the tokens of the text to out.
 * Returns: CRUX_E_OUT_OF_MEMORY, CRUX_E_INTERNAL; out is then of no use. */

/* In: one word of byte BPE, or one whole text of SentencePiece BPE; at most CRUX_TOKENIZER_TEXT_BYTES_MAX * 3 bytes. */
CRUX_MUST_CHECK
enum crux_status crux_merge_text(struct crux_encoding *encoding, const char *text, size_t len,
                                 struct crux_tokenizer_error *error);

/* In: one whole text. */
CRUX_MUST_CHECK
enum crux_status crux_unigram_text(struct crux_encoding *encoding, const char *text, size_t len,
                                   struct crux_tokenizer_error *error);

/* A stretch of SentencePiece text without a token: its bytes, or the unknown token, or nothing but a count.
 * In: more, whether the stretch before it was unknown too. */
CRUX_MUST_CHECK
enum crux_status crux_unknown_text(struct crux_encoding *encoding, const char *text, size_t len,
                                   bool more, struct crux_tokenizer_error *error);

/* crux_tokens_add with a message. */
CRUX_MUST_CHECK
enum crux_status crux_encoding_add(struct crux_encoding *encoding, uint32_t id,
                                   struct crux_tokenizer_error *error);

#endif
