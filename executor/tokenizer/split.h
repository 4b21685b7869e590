/* Cuts text into the words inside which byte BPE merges. The rule is a regular expression, run by PCRE2 over the
 * classes of the characters instead of the characters:
 *
 *     text    U+0048 U+00E9 U+0020 U+4E16      H é . 世
 *     classes   'H'   0x82    ' '   0x85       one byte each: ASCII itself, else 0x80 + class
 */
#ifndef CRUX_EXECUTOR_TOKENIZER_SPLIT_H
#define CRUX_EXECUTOR_TOKENIZER_SPLIT_H

#include <stddef.h>
#include <stdint.h>

#include "executor/tokenizer/error.h"
#include "executor/tokenizer/source.h"

/* A compiled rule; constant after it is made, so that threads may share it. */
struct crux_split_rule;

/* Out: *rule, to be freed.  In: which, not NONE.  Returns: CRUX_E_OUT_OF_MEMORY, CRUX_E_INTERNAL. */
CRUX_MUST_CHECK
enum crux_status crux_split_rule_new(struct crux_split_rule **rule, enum crux_tokenizer_split which,
                                     struct crux_tokenizer_error *error);
void crux_split_rule_free(struct crux_split_rule *rule);

/* One walk over one text. */
struct crux_split;

/* Out: *split, to be freed; rule and text must outlive it.  In: valid UTF-8.
 * Returns: CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_split_new(struct crux_split **split, const struct crux_split_rule *rule,
                                const char *text, size_t len, struct crux_tokenizer_error *error);
void crux_split_free(struct crux_split *split);

/* Out: the next word, never empty; *len is 0 after the last one. The words joined are the text.
 * Returns: CRUX_E_INTERNAL (the regular expression gave up). */
CRUX_MUST_CHECK
enum crux_status crux_split_next(struct crux_split *split, const char **word, size_t *len,
                                 struct crux_tokenizer_error *error);

#endif
