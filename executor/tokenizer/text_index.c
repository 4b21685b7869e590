#include <stdlib.h>
#include <string.h>

#include "executor/tokenizer/hash.h"
#include "executor/tokenizer/text_index.h"

static bool same(const struct crux_text_index *index, uint32_t id, const char *text, size_t len) {
    const struct crux_tokenizer_token *token = &index->source->token[id];
    return token->len == len && memcmp(index->source->text + token->at, text, len) == 0;
}

enum crux_status crux_text_index_build(struct crux_text_index *index,
                                       const struct crux_tokenizer_source *source, unsigned types,
                                       struct crux_tokenizer_error *error) {
    uint32_t slots = 64; /* at most half full */
    while (slots < 2 * source->token_count) slots *= 2;
    *index = (struct crux_text_index){.source = source, .mask = slots - 1};
    index->slot = calloc(slots, sizeof *index->slot);
    if (index->slot == NULL) {
        return crux_tokenizer_fail(error, CRUX_E_OUT_OF_MEMORY, "no memory for a vocabulary");
    }
    for (uint32_t id = 0; id < source->token_count; id++) {
        const struct crux_tokenizer_token *token = &source->token[id];
        if ((types >> token->type & 1) == 0 || token->len == 0) continue;
        const char *text = source->text + token->at;
        uint32_t at = (uint32_t)crux_hash_bytes(text, token->len) & index->mask;
        uint32_t probes = 0;
        while (index->slot[at] != 0 && !same(index, index->slot[at] - 1, text, token->len)) {
            at = (at + 1) & index->mask;
            if (++probes > CRUX_TOKENIZER_PROBES_MAX) {
                crux_text_index_free(index);
                return crux_tokenizer_fail(error, CRUX_E_UNSUPPORTED,
                                           "this vocabulary was made to be slow");
            }
        }
        if (index->slot[at] == 0) index->slot[at] = id + 1;
        if (token->len > index->longest) index->longest = token->len;
    }
    return CRUX_OK;
}

void crux_text_index_free(struct crux_text_index *index) {
    free(index->slot);
    *index = (struct crux_text_index){0};
}

uint32_t crux_text_index_find(const struct crux_text_index *index, const char *text, size_t len) {
    if (len == 0 || len > index->longest) return CRUX_TOKENIZER_NO_TOKEN;
    uint32_t at = (uint32_t)crux_hash_bytes(text, len) & index->mask;
    /* Ends: half of the slots are empty. */
    for (; index->slot[at] != 0; at = (at + 1) & index->mask) {
        if (same(index, index->slot[at] - 1, text, len)) return index->slot[at] - 1;
    }
    return CRUX_TOKENIZER_NO_TOKEN;
}
