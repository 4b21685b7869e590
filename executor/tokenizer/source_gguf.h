/* GGUF metadata to a tokenizer source. The reader of the file only points into it; what the keys mean is known here. */
#ifndef CRUX_EXECUTOR_TOKENIZER_SOURCE_GGUF_H
#define CRUX_EXECUTOR_TOKENIZER_SOURCE_GGUF_H

#include "executor/tokenizer/source.h"

struct crux_tokenizer_string {
    const char *bytes; /* NULL: the key is absent */
    size_t len;
};

enum crux_tokenizer_given { CRUX_TOKENIZER_ABSENT = 0, CRUX_TOKENIZER_FALSE, CRUX_TOKENIZER_TRUE };

/* One field for each key under tokenizer.ggml. that matters; zero-initialised is a file without any. */
struct crux_tokenizer_gguf {
    struct crux_tokenizer_string name; /* general.name: phi-3 files leave out a rule, see below */
    struct crux_tokenizer_string model;
    struct crux_tokenizer_string pre;
    const struct crux_tokenizer_string *tokens;
    size_t token_count;
    const int32_t *token_type; /* token_count of them, or NULL */
    const float *scores;       /* token_count of them, or NULL */
    const struct crux_tokenizer_string *merges;
    size_t merge_count;
    /* *_token_id; NULL: the key is absent */
    const uint32_t *bos, *eos, *eot, *eom, *unknown;
    enum crux_tokenizer_given add_bos, add_eos, add_space_prefix, remove_extra_whitespaces;
    size_t charsmap_bytes;                      /* of precompiled_charsmap */
    struct crux_tokenizer_string chat_template; /* tokenizer.chat_template */
};

/* Out: *source, to be freed; it holds copies.
 * Returns: CRUX_E_UNSUPPORTED (a model, pre-tokenizer or normaliser that is not exactly known here, by name),
 * CRUX_E_BAD_RANGE, CRUX_E_SYNTAX (a merge that is no pair), CRUX_E_UNKNOWN_NAME (of tokens not there),
 * CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_tokenizer_source_from_gguf(struct crux_tokenizer_source **source,
                                                 const struct crux_tokenizer_gguf *gguf,
                                                 struct crux_tokenizer_error *error);

#endif
