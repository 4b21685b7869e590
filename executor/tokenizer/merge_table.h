/* Which pair of tokens merges into which, and how early. */
#ifndef CRUX_EXECUTOR_TOKENIZER_MERGE_TABLE_H
#define CRUX_EXECUTOR_TOKENIZER_MERGE_TABLE_H

#include "executor/tokenizer/text_index.h"

struct crux_merge_entry {
    uint32_t left, right; /* both CRUX_TOKENIZER_NO_TOKEN: empty */
    uint32_t rank;
    uint32_t made;
};

struct crux_merge_table {
    struct crux_merge_entry *slot;
    uint32_t mask;
};

/* Out: table, to be freed.  In: a checked source, and the index of its tokens.
 * Returns: CRUX_E_OUT_OF_MEMORY, CRUX_E_UNSUPPORTED, CRUX_E_UNKNOWN_NAME (a merge makes no token). */
CRUX_MUST_CHECK
enum crux_status crux_merge_table_build(struct crux_merge_table *table,
                                        const struct crux_text_index *index,
                                        struct crux_tokenizer_error *error);
void crux_merge_table_free(struct crux_merge_table *table);

/* Returns: NULL if this pair does not merge. */
const struct crux_merge_entry *crux_merge_table_find(const struct crux_merge_table *table,
                                                     uint32_t left, uint32_t right);

#endif
