/* Finds tokens by their text, among those that encoding may produce. */
#ifndef CRUX_EXECUTOR_TOKENIZER_TEXT_INDEX_H
#define CRUX_EXECUTOR_TOKENIZER_TEXT_INDEX_H

#include "executor/tokenizer/source.h"

struct crux_text_index {
    const struct crux_tokenizer_source *source;
    uint32_t *slot; /* id + 1, 0 is empty */
    uint32_t mask;
    uint32_t longest; /* bytes of the longest token in it */
};

/* Out: index, to be freed; the source must outlive it. In it are the tokens whose type has its bit (1 << type) in
 * `types` and whose text is not empty; of equal ones the least id.
 * Returns: CRUX_E_OUT_OF_MEMORY, CRUX_E_UNSUPPORTED (a vocabulary made to collide). */
CRUX_MUST_CHECK
enum crux_status crux_text_index_build(struct crux_text_index *index,
                                       const struct crux_tokenizer_source *source, unsigned types,
                                       struct crux_tokenizer_error *error);
void crux_text_index_free(struct crux_text_index *index);

/* Returns: the token, or CRUX_TOKENIZER_NO_TOKEN. */
uint32_t crux_text_index_find(const struct crux_text_index *index, const char *text, size_t len);

#endif
