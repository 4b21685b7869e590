/* Something that says, for each position of a window of tokens, how likely each next token is. */
#ifndef CRUX_EXECUTOR_EVALUATE_LOGIT_SOURCE_H
#define CRUX_EXECUTOR_EVALUATE_LOGIT_SOURCE_H

#include <stdint.h>

#include "kernels/kernels.h"

struct crux_logit_source {
    void *ctx;
    uint32_t vocab;
    /* A window begins: count tokens, forgotten positions before them.  In: tokens, below vocab; kept until the next. */
    enum crux_status (*begin)(void *ctx, const uint32_t *tokens, uint32_t count);
    /* Out: logits [rows][vocab], natural units, of the window's next rows positions. */
    enum crux_status (*next)(void *ctx, double *logits, uint32_t rows);
};

#endif
