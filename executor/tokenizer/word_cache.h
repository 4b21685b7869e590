/* Words that this text had before, and where their tokens are in the output. Direct mapped: a newer word takes the
 * place of an older one. Nothing but time depends on it. */
#ifndef CRUX_EXECUTOR_TOKENIZER_WORD_CACHE_H
#define CRUX_EXECUTOR_TOKENIZER_WORD_CACHE_H

#include <string.h>

#include "executor/tokenizer/hash.h"

#define CRUX_WORD_CACHE_SLOTS 4096u
/* Longer ones hardly come again. */
#define CRUX_WORD_CACHE_BYTES_MAX 64u

struct crux_cached_word {
    const char *word; /* in the text; NULL: empty */
    size_t len;
    size_t at, count; /* of its tokens in the output */
    size_t lost;
};

struct crux_word_cache {
    struct crux_cached_word slot[CRUX_WORD_CACHE_SLOTS];
};

/* Returns: the one place for this word; it holds it if word and len agree. */
static inline struct crux_cached_word *crux_word_cache_slot(struct crux_word_cache *cache,
                                                            const char *word, size_t len) {
    return &cache->slot[crux_hash_bytes(word, len) % CRUX_WORD_CACHE_SLOTS];
}

static inline int crux_word_cache_holds(const struct crux_cached_word *slot, const char *word,
                                        size_t len) {
    return slot->word != NULL && slot->len == len && memcmp(slot->word, word, len) == 0;
}

#endif
