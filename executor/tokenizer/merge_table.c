#include <stdlib.h>
#include <string.h>

#include "executor/tokenizer/hash.h"
#include "executor/tokenizer/merge_table.h"

static bool empty(const struct crux_merge_entry *entry) {
    return entry->left == CRUX_TOKENIZER_NO_TOKEN;
}

static uint32_t home(const struct crux_merge_table *table, uint32_t left, uint32_t right) {
    return (uint32_t)crux_hash_mix((uint64_t)left << 32 | right) & table->mask;
}

static uint32_t joined(const struct crux_text_index *index,
                       const struct crux_tokenizer_merge *merge) {
    const struct crux_tokenizer_source *source = index->source;
    const struct crux_tokenizer_token *left = &source->token[merge->left];
    const struct crux_tokenizer_token *right = &source->token[merge->right];
    char text[CRUX_TOKENIZER_TOKEN_BYTES_MAX];
    if (left->len + right->len > sizeof text) return CRUX_TOKENIZER_NO_TOKEN;
    memcpy(text, source->text + left->at, left->len);
    memcpy(text + left->len, source->text + right->at, right->len);
    return crux_text_index_find(index, text, left->len + right->len);
}

enum crux_status crux_merge_table_build(struct crux_merge_table *table,
                                        const struct crux_text_index *index,
                                        struct crux_tokenizer_error *error) {
    const struct crux_tokenizer_source *source = index->source;
    uint32_t slots = 64; /* at most half full */
    while (slots < 2 * source->merge_count) slots *= 2;
    table->mask = slots - 1;
    table->slot = malloc(slots * sizeof *table->slot);
    if (table->slot == NULL) {
        return crux_tokenizer_fail(error, CRUX_E_OUT_OF_MEMORY, "no memory for merges");
    }
    memset(table->slot, 0xFF, slots * sizeof *table->slot);
    for (uint32_t rank = 0; rank < source->merge_count; rank++) {
        const struct crux_tokenizer_merge *merge = &source->merge[rank];
        uint32_t made = joined(index, merge);
        if (made == CRUX_TOKENIZER_NO_TOKEN) {
            crux_merge_table_free(table);
            return crux_tokenizer_fail(error, CRUX_E_UNKNOWN_NAME,
                                       "merge %u, of tokens %u and %u, makes no token", rank,
                                       merge->left, merge->right);
        }
        uint32_t at = home(table, merge->left, merge->right), probes = 0;
        while (!empty(&table->slot[at]) &&
               (table->slot[at].left != merge->left || table->slot[at].right != merge->right)) {
            at = (at + 1) & table->mask;
            if (++probes > CRUX_TOKENIZER_PROBES_MAX) {
                crux_merge_table_free(table);
                return crux_tokenizer_fail(error, CRUX_E_UNSUPPORTED,
                                           "these merges were made to be slow");
            }
        }
        /* Of a pair that is listed twice the first counts. */
        if (empty(&table->slot[at])) {
            table->slot[at] = (struct crux_merge_entry){merge->left, merge->right, rank, made};
        }
    }
    return CRUX_OK;
}

void crux_merge_table_free(struct crux_merge_table *table) {
    free(table->slot);
    *table = (struct crux_merge_table){0};
}

const struct crux_merge_entry *crux_merge_table_find(const struct crux_merge_table *table,
                                                     uint32_t left, uint32_t right) {
    if (left == CRUX_TOKENIZER_NO_TOKEN) return NULL;
    uint32_t at = home(table, left, right);
    for (; !empty(&table->slot[at]); at = (at + 1) & table->mask) {
        if (table->slot[at].left == left && table->slot[at].right == right) return &table->slot[at];
    }
    return NULL;
}
