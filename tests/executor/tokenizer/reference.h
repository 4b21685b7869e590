/* Files of vocabularies, texts and the token ids that another tokenizer gave for them: written by reference_ids.py,
 * replayed here.
 *
 *     {"texts": [text, ...],
 *      "vocabularies": {name: GGUF keys without "tokenizer.ggml.", or {"tokenizer": ..., "config": ...}, ...},
 *      "cases": [{"name", "vocabulary", "pre"?, "flags", "back": decoding gives the text again, "ids": [[...], ...]}]}
 */
#ifndef CRUX_TESTS_EXECUTOR_TOKENIZER_REFERENCE_H
#define CRUX_TESTS_EXECUTOR_TOKENIZER_REFERENCE_H

#include <jansson.h>

#include "executor/tokenizer/tokenizer.h"

/* Aborts with a message if the file is not there or not of this form. The root is the caller's. */
json_t *reference_load(const char *path);

/* Out: a source, by the reader that its form asks for.  In: pre, NULL for the vocabulary's own. */
enum crux_status reference_source(struct crux_tokenizer_source **source, const json_t *vocabulary,
                                  const json_t *pre, struct crux_tokenizer_error *error);

struct reference_count {
    size_t lines, tokens, wrong_ids, wrong_text;
};

/* Runs one case: the source there and back through its binary form, every text to ids, and back. Prints the first few
 * differences. */
struct reference_count reference_run(const json_t *root, const json_t *the_case);

#endif
