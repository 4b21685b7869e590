/* Vocabularies small enough to see through, as tokenizer.json. */
#ifndef CRUX_TESTS_EXECUTOR_TOKENIZER_SMALL_H
#define CRUX_TESTS_EXECUTOR_TOKENIZER_SMALL_H

#include <stddef.h>

#include "executor/tokenizer/tokenizer.h"

/* Ids: a 0, b 1, c 2, ab 3, abc 4, space 5, " a" 6, line end 7, " ab" 8, 0xC3 9, 0xA9 10, <s> 11 and </s> 12 control,
 * [UD] 13 and [UD]+ 14 user-defined, <r> 15 control that strips to the right, <l> 16 one that strips to the left.
 * The rule is gpt2; bos is added. */
extern const char small_bytes_json[];

/* SentencePiece BPE with merges: <unk> 0, <s> 1, </s> 2, U+2581 3, a 4, b 5, ab 6, U+2581 a 7, aa 8; no byte fallback. */
extern const char small_sentence_json[];

/* Aborts if it cannot. */
struct crux_tokenizer *small_open(const char *json);

/* Out: source, from text[i] of type[i] with score[i]; whatever else it needs is the caller's to set. */
struct crux_tokenizer_source *small_source(enum crux_tokenizer_kind kind, size_t tokens,
                                           const char *const *text, const uint8_t *type,
                                           const float *score, size_t merges);

/* Aborts unless the text gives these ids with these flags. */
void small_expect(const struct crux_tokenizer *tokenizer, const char *text, unsigned flags,
                  size_t count, const uint32_t *ids);

#endif
