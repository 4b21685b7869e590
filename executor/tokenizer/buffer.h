/* Growing arrays that callers own: token ids and text. Zero-initialised is empty. */
#ifndef CRUX_EXECUTOR_TOKENIZER_BUFFER_H
#define CRUX_EXECUTOR_TOKENIZER_BUFFER_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/kernels.h"

struct crux_tokens {
    uint32_t *id;
    size_t count;
    size_t cap;
};

/* Not ended by a zero byte, and may hold zero bytes. */
struct crux_text {
    char *bytes;
    size_t len;
    size_t cap;
};

/* Each returns CRUX_E_OUT_OF_MEMORY and leaves the array as it was. */
CRUX_MUST_CHECK
enum crux_status crux_tokens_add(struct crux_tokens *tokens, uint32_t id);
CRUX_MUST_CHECK
enum crux_status crux_text_add(struct crux_text *text, const void *bytes, size_t len);
/* For a string that ends with a zero byte. */
CRUX_MUST_CHECK
enum crux_status crux_text_put(struct crux_text *text, const char *string);

/* Frees what it holds and makes it empty. */
void crux_tokens_free(struct crux_tokens *tokens);
void crux_text_free(struct crux_text *text);

#endif
