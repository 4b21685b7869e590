/* What went wrong, in words for a person. */
#ifndef CRUX_EXECUTOR_TOKENIZER_ERROR_H
#define CRUX_EXECUTOR_TOKENIZER_ERROR_H

#include "kernels/kernels.h"

#define CRUX_TOKENIZER_ERROR_BYTES 256

struct crux_tokenizer_error {
    char text[CRUX_TOKENIZER_ERROR_BYTES];
};

/* Out: *error, cut to its size; may be NULL.  Returns: status, so that a caller can return it. */
CRUX_PRINTF(3, 4)
enum crux_status crux_tokenizer_fail(struct crux_tokenizer_error *error, enum crux_status status,
                                     const char *format, ...);

#endif
