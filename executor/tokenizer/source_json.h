/* A Hugging Face folder's tokenizer.json to a tokenizer source. Strict: a part of the file that would change a single
 * token and is not exactly known here is refused by name. */
#ifndef CRUX_EXECUTOR_TOKENIZER_SOURCE_JSON_H
#define CRUX_EXECUTOR_TOKENIZER_SOURCE_JSON_H

#include "executor/tokenizer/source.h"

/* Out: *source, to be freed.
 * In: the bytes of tokenizer.json; those of tokenizer_config.json for bos, eos and the chat template, or NULL.
 * Returns: CRUX_E_SYNTAX, CRUX_E_UNSUPPORTED, CRUX_E_BAD_RANGE, CRUX_E_UNKNOWN_NAME, CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_tokenizer_source_from_json(struct crux_tokenizer_source **source,
                                                 const char *tokenizer, size_t tokenizer_len,
                                                 const char *config, size_t config_len,
                                                 struct crux_tokenizer_error *error);

#endif
