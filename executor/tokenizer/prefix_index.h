/* All tokens that a text begins with, shortest first: a sorted list, narrowed byte by byte. */
#ifndef CRUX_EXECUTOR_TOKENIZER_PREFIX_INDEX_H
#define CRUX_EXECUTOR_TOKENIZER_PREFIX_INDEX_H

#include "executor/tokenizer/source.h"

struct crux_prefix_index {
    const struct crux_tokenizer_source *source;
    uint32_t *id; /* sorted by text */
    uint32_t count;
    uint32_t first[257]; /* where the tokens with each first byte begin */
};

/* Out: index, to be freed; the source must outlive it. In it are the tokens whose type has its bit in `types` and
 * whose text is not empty; of equal ones the least id.  Returns: CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_prefix_index_build(struct crux_prefix_index *index,
                                         const struct crux_tokenizer_source *source, unsigned types,
                                         struct crux_tokenizer_error *error);
void crux_prefix_index_free(struct crux_prefix_index *index);

struct crux_prefix_walk {
    uint32_t low, high; /* tokens that agree so far */
    uint32_t depth;     /* bytes walked */
};

/* In: the first byte.  Returns: whether any token begins with it. */
bool crux_prefix_begin(struct crux_prefix_walk *walk, const struct crux_prefix_index *index,
                       uint8_t byte);
/* In: the next byte.  Returns: whether any token still agrees. */
bool crux_prefix_step(struct crux_prefix_walk *walk, const struct crux_prefix_index *index,
                      uint8_t byte);
/* Returns: the token that is exactly the bytes walked, or CRUX_TOKENIZER_NO_TOKEN. */
uint32_t crux_prefix_token(const struct crux_prefix_walk *walk,
                           const struct crux_prefix_index *index);

#endif
