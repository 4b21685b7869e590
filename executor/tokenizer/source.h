/* What a tokenizer is made of, before it is indexed: filled from GGUF metadata, from tokenizer.json or from its own
 * binary form, and checked alike.
 *
 *     GGUF metadata ----\
 *     tokenizer.json ----+--> struct crux_tokenizer_source --> crux_tokenizer_open
 *     binary (.crux) <--/
 */
#ifndef CRUX_EXECUTOR_TOKENIZER_SOURCE_H
#define CRUX_EXECUTOR_TOKENIZER_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "executor/tokenizer/error.h"
#include "executor/tokenizer/limits.h"

enum crux_tokenizer_kind {
    CRUX_TOKENIZER_BYTE_BPE, /* bytes, merges by rank inside the words that a split rule makes */
    CRUX_TOKENIZER_SENTENCE_BPE, /* SentencePiece: characters, merges by rank if there are any, else by score */
    CRUX_TOKENIZER_UNIGRAM, /* SentencePiece: the segmentation with the greatest sum of scores */
};

/* The rule that cuts text into words for byte BPE. Numbers are part of the binary form: append. */
enum crux_tokenizer_split {
    CRUX_TOKENIZER_SPLIT_NONE = 0,
    CRUX_TOKENIZER_SPLIT_GPT2 = 1,
    CRUX_TOKENIZER_SPLIT_SMOLLM = 2, /* each digit alone, then gpt2 */
    CRUX_TOKENIZER_SPLIT_LLAMA3 = 3,
    CRUX_TOKENIZER_SPLIT_QWEN2 = 4,
    CRUX_TOKENIZER_SPLIT_TEKKEN = 5,
    CRUX_TOKENIZER_SPLIT_GPT4O = 6,
};

/* Where SentencePiece puts a space that is not in the text. */
enum crux_tokenizer_prefix {
    CRUX_TOKENIZER_PREFIX_NONE = 0,
    CRUX_TOKENIZER_PREFIX_EACH = 1,          /* before the text, and after each special token */
    CRUX_TOKENIZER_PREFIX_MISSING_EACH = 2,  /* there, unless a space stands there */
    CRUX_TOKENIZER_PREFIX_MISSING_FIRST = 3, /* only before the text, unless a space stands there */
};

/* Numbers are GGUF's. */
enum crux_tokenizer_type {
    CRUX_TOKENIZER_NORMAL = 1,
    CRUX_TOKENIZER_UNKNOWN = 2,
    CRUX_TOKENIZER_CONTROL = 3,
    CRUX_TOKENIZER_USER_DEFINED = 4, /* matched in every text before anything else */
    CRUX_TOKENIZER_UNUSED = 5,       /* never comes out of encode */
    CRUX_TOKENIZER_BYTE = 6,
};

/* Special tokens that swallow white space beside them. */
enum { CRUX_TOKENIZER_STRIP_LEFT = 1, CRUX_TOKENIZER_STRIP_RIGHT = 2 };

#define CRUX_TOKENIZER_NO_TOKEN UINT32_MAX

struct crux_tokenizer_token {
    uint32_t
        at; /* in source.text. Normal tokens of byte BPE and byte tokens are the bytes that they stand for */
    uint32_t len;
    float score;   /* 0 where the kind has no scores */
    uint8_t type;  /* enum crux_tokenizer_type */
    uint8_t strip; /* CRUX_TOKENIZER_STRIP_ bits */
};

/* Token ids; the place in the list is the rank. The token it makes is the one whose text is theirs joined. */
struct crux_tokenizer_merge {
    uint32_t left;
    uint32_t right;
};

struct crux_tokenizer_source {
    enum crux_tokenizer_kind kind;
    enum crux_tokenizer_split split;
    enum crux_tokenizer_prefix prefix;
    bool nfc;           /* text is normalised to NFC first */
    bool whole_words;   /* a word that is a token is not merged ("ignore_merges") */
    bool byte_fallback; /* characters without a token become byte tokens */
    bool fuse_unknown;  /* a run of unknown characters is one unknown token */
    bool strip_prefix;  /* decoding drops one leading space */
    bool add_bos;
    bool add_eos;
    uint32_t bos, eos, unknown;              /* CRUX_TOKENIZER_NO_TOKEN if there is none */
    uint32_t stop[CRUX_TOKENIZER_STOPS_MAX]; /* tokens that end an answer, eos among them */
    uint32_t stop_count;
    struct crux_tokenizer_token *token;
    uint32_t token_count;
    struct crux_tokenizer_merge *merge;
    uint32_t merge_count;
    char *text;
    uint32_t text_len;
    /* The model's own chat template if the source had one, else NULL. Not in the binary form. */
    char *chat_template;
    size_t chat_template_len;
};

/* Frees the source and all it holds; NULL is nothing. */
void crux_tokenizer_source_free(struct crux_tokenizer_source *source);

/* Out: *source, to be freed. Room for so many tokens, merges and bytes of text; everything zero, ids NO_TOKEN.
 * Returns: CRUX_E_OUT_OF_MEMORY; CRUX_E_UNSUPPORTED beyond a limit. */
CRUX_MUST_CHECK
enum crux_status crux_tokenizer_source_new(struct crux_tokenizer_source **source, size_t tokens,
                                           size_t merges, size_t text_bytes,
                                           struct crux_tokenizer_error *error);

/* Every rule that the rest of this folder relies on, whoever filled the source, but for the tokens that merges make:
 * those need the index, so that crux_tokenizer_open finds them missing.
 * Returns: CRUX_E_UNSUPPORTED beyond a limit, CRUX_E_BAD_RANGE for anything else. */
CRUX_MUST_CHECK
enum crux_status crux_tokenizer_source_check(const struct crux_tokenizer_source *source,
                                             struct crux_tokenizer_error *error);

/* Adds a stop token unless it is there, none, or the list is full. */
void crux_tokenizer_source_stop(struct crux_tokenizer_source *source, uint32_t id);

/* Adds eos and the control tokens that chat models end their turns with, found by their text. */
void crux_tokenizer_source_stops(struct crux_tokenizer_source *source);

#endif
