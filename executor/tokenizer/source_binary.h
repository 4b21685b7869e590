/* The bytes of a tokenizer inside a .crux file: spec/65-tokenizer.md#the-binary-form. */
#ifndef CRUX_EXECUTOR_TOKENIZER_SOURCE_BINARY_H
#define CRUX_EXECUTOR_TOKENIZER_SOURCE_BINARY_H

#include "executor/tokenizer/source.h"

/* Returns: bytes that crux_tokenizer_source_encode needs at most. */
size_t crux_tokenizer_source_bound(const struct crux_tokenizer_source *source);

/* Out: up to cap bytes; *len.  In: a checked source.  Returns: CRUX_E_TRUNCATED if cap is too small. */
CRUX_MUST_CHECK
enum crux_status crux_tokenizer_source_encode(uint8_t *out, size_t *len, size_t cap,
                                              const struct crux_tokenizer_source *source);

/* Out: *source, to be freed; checked. What decodes is encoded to the same bytes.
 * Returns: CRUX_E_BAD_MAGIC, CRUX_E_BAD_VERSION, CRUX_E_TRUNCATED, CRUX_E_TRAILING_BYTES, CRUX_E_NON_CANONICAL,
 * CRUX_E_BAD_RANGE, CRUX_E_UNSUPPORTED, CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_tokenizer_source_decode(struct crux_tokenizer_source **source,
                                              const uint8_t *in, size_t len,
                                              struct crux_tokenizer_error *error);

#endif
