/* Steps that every reader of a source from strings takes. Internal. */
#ifndef CRUX_EXECUTOR_TOKENIZER_SOURCE_FILL_H
#define CRUX_EXECUTOR_TOKENIZER_SOURCE_FILL_H

#include "executor/tokenizer/text_index.h"

/* Puts a token's text at the end of what is there.  In: source->text has room; *used grows. */
void crux_tokenizer_fill_token(struct crux_tokenizer_source *source, uint32_t *used, uint32_t id,
                               uint8_t type, const char *text, size_t len);

/* Makes each <0xNN> of type BYTE the byte that it stands for.
 * Out: source->byte_fallback, true if there are all 256.  Returns: CRUX_E_SYNTAX for another text. */
CRUX_MUST_CHECK
enum crux_status crux_tokenizer_fill_bytes(struct crux_tokenizer_source *source,
                                           struct crux_tokenizer_error *error);

/* Makes normal tokens of byte BPE the bytes that their letters stand for. One with other characters can never be
 * produced: it becomes unused. */
void crux_tokenizer_fill_letters(struct crux_tokenizer_source *source);

/* Finds the two tokens of merge number `rank` by their text as written in the file.
 * Returns: CRUX_E_UNKNOWN_NAME. */
CRUX_MUST_CHECK
enum crux_status crux_tokenizer_fill_merge(struct crux_tokenizer_source *source,
                                           const struct crux_text_index *index, uint32_t rank,
                                           const char *left, size_t left_len, const char *right,
                                           size_t right_len, struct crux_tokenizer_error *error);

/* "left right", cut at the first space that has something before it.  Returns: CRUX_E_SYNTAX too. */
CRUX_MUST_CHECK
enum crux_status crux_tokenizer_fill_merge_line(struct crux_tokenizer_source *source,
                                                const struct crux_text_index *index, uint32_t rank,
                                                const char *line, size_t len,
                                                struct crux_tokenizer_error *error);

/* Out: source->chat_template, a copy.  Returns: CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_tokenizer_fill_template(struct crux_tokenizer_source *source,
                                              const char *text, size_t len,
                                              struct crux_tokenizer_error *error);

/* Types of tokens that the index of a file's own texts holds: all. */
#define CRUX_TOKENIZER_ALL_TYPES 0x7Fu
/* Types that merging and unigram may produce: user text never becomes a control token. */
#define CRUX_TOKENIZER_PRODUCED_TYPES                                                              \
    (1u << CRUX_TOKENIZER_NORMAL | 1u << CRUX_TOKENIZER_USER_DEFINED)

#endif
