/* Finds control and user-defined tokens in a text, before anything else sees it. */
#ifndef CRUX_EXECUTOR_TOKENIZER_SPECIAL_H
#define CRUX_EXECUTOR_TOKENIZER_SPECIAL_H

#include "executor/tokenizer/model.h"

struct crux_special_match {
    size_t
        at; /* where the match begins, white space that it swallows included; the text's length if there is none */
    size_t end; /* one after it, likewise */
    uint32_t id;
};

/* The first match at or after `from`, the longest of those that begin there.
 * In: control, whether control tokens count too. */
struct crux_special_match crux_special_find(const struct crux_tokenizer *tokenizer,
                                            const char *text, size_t len, size_t from,
                                            bool control);

#endif
