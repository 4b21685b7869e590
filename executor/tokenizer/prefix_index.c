#include <stdlib.h>
#include <string.h>

#include "executor/tokenizer/prefix_index.h"

struct item {
    const char *text;
    uint32_t len;
    uint32_t id;
};

static int by_text(const void *a, const void *b) {
    const struct item *x = a, *y = b;
    uint32_t len = x->len < y->len ? x->len : y->len;
    int order = memcmp(x->text, y->text, len);
    if (order != 0) return order;
    if (x->len != y->len) return x->len < y->len ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

static const struct crux_tokenizer_token *token(const struct crux_prefix_index *index,
                                                uint32_t at) {
    return &index->source->token[index->id[at]];
}

static uint8_t byte_at(const struct crux_prefix_index *index, uint32_t at, uint32_t depth) {
    return (uint8_t)index->source->text[token(index, at)->at + depth];
}

enum crux_status crux_prefix_index_build(struct crux_prefix_index *index,
                                         const struct crux_tokenizer_source *source, unsigned types,
                                         struct crux_tokenizer_error *error) {
    struct item *item = malloc(source->token_count * sizeof *item);
    *index = (struct crux_prefix_index){.source = source};
    index->id = malloc(source->token_count * sizeof *index->id);
    if (item == NULL || index->id == NULL) {
        free(item);
        crux_prefix_index_free(index);
        return crux_tokenizer_fail(error, CRUX_E_OUT_OF_MEMORY, "no memory for a vocabulary");
    }
    uint32_t found = 0;
    for (uint32_t id = 0; id < source->token_count; id++) {
        const struct crux_tokenizer_token *t = &source->token[id];
        if ((types >> t->type & 1) == 0 || t->len == 0) continue;
        item[found++] = (struct item){source->text + t->at, t->len, id};
    }
    if (found > 0) qsort(item, found, sizeof *item, by_text);
    for (uint32_t i = 0; i < found; i++) {
        if (i > 0 && item[i].len == item[i - 1].len &&
            memcmp(item[i].text, item[i - 1].text, item[i].len) == 0) {
            continue;
        }
        index->id[index->count++] = item[i].id;
    }
    free(item);
    uint32_t at = 0;
    for (unsigned byte = 0; byte < 256; byte++) {
        index->first[byte] = at;
        while (at < index->count && byte_at(index, at, 0) == byte) at++;
    }
    index->first[256] = at;
    return CRUX_OK;
}

void crux_prefix_index_free(struct crux_prefix_index *index) {
    free(index->id);
    *index = (struct crux_prefix_index){0};
}

bool crux_prefix_begin(struct crux_prefix_walk *walk, const struct crux_prefix_index *index,
                       uint8_t byte) {
    *walk = (struct crux_prefix_walk){index->first[byte], index->first[byte + 1], 1};
    return walk->low < walk->high;
}

/* The first of the walk's tokens whose next byte is `byte` or greater. One that ends here comes first of all. */
static uint32_t bound(const struct crux_prefix_walk *walk, const struct crux_prefix_index *index,
                      unsigned byte) {
    uint32_t low = walk->low, high = walk->high;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (token(index, middle)->len == walk->depth ||
            byte_at(index, middle, walk->depth) < byte) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

bool crux_prefix_step(struct crux_prefix_walk *walk, const struct crux_prefix_index *index,
                      uint8_t byte) {
    uint32_t low = bound(walk, index, byte), high = bound(walk, index, byte + 1u);
    *walk = (struct crux_prefix_walk){low, high, walk->depth + 1};
    return low < high;
}

uint32_t crux_prefix_token(const struct crux_prefix_walk *walk,
                           const struct crux_prefix_index *index) {
    return walk->low < walk->high && token(index, walk->low)->len == walk->depth
               ? index->id[walk->low]
               : CRUX_TOKENIZER_NO_TOKEN;
}
