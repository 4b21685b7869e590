#include "tests/models/byte_pairs.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/base/macros.h"

enum { WORD = 1U << 31 /* marks the first token of a word */ };

static bool is_letter(uint8_t byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

/* As GPT-2's rule, a little coarser: a word is letters after at most one space; everything else stands alone. */
static bool begins_word(const uint8_t *text, size_t i) {
    if (i == 0 || !is_letter(text[i])) return true;
    return !is_letter(text[i - 1]) && text[i - 1] != ' ';
}

static uint32_t id_of(uint32_t marked) {
    return marked & ~(uint32_t)WORD;
}

/* Returns: the pair that is most frequent, left * vocab + right; UINT32_MAX if none comes twice or fits. */
static uint32_t best_pair(const struct byte_pairs *pairs, const uint32_t *ids, size_t count,
                          uint32_t *seen) {
    uint32_t best = UINT32_MAX, most = 1;
    memset(seen, 0, sizeof *seen * PAIRS_VOCAB_MAX * PAIRS_VOCAB_MAX);
    for (size_t i = 0; i + 1 < count; i++) {
        uint32_t left = id_of(ids[i]), right = ids[i + 1];
        if ((right & WORD) != 0) continue;
        if (pairs->token[left].len + pairs->token[right].len > PAIRS_TOKEN_BYTES) continue;
        uint32_t pair = left * PAIRS_VOCAB_MAX + right, times = ++seen[pair];
        if (times > most || (times == most && pair < best)) {
            most = times;
            best = pair;
        }
    }
    return best;
}

static size_t merge(uint32_t *ids, size_t count, uint32_t left, uint32_t right, uint32_t joined) {
    size_t to = 0;
    for (size_t i = 0; i < count; i++) {
        if (i + 1 < count && id_of(ids[i]) == left && ids[i + 1] == right) {
            ids[to++] = joined | (ids[i] & WORD);
            i++;
        } else {
            ids[to++] = ids[i];
        }
    }
    return to;
}

size_t byte_pairs_learn(struct byte_pairs *pairs, uint32_t *ids, const uint8_t *text, size_t len) {
    uint32_t *seen = malloc(sizeof *seen * PAIRS_VOCAB_MAX * PAIRS_VOCAB_MAX), pair;
    size_t count = len;
    CRUX_ASSERT(seen != NULL);
    memset(pairs, 0, sizeof *pairs);
    for (pairs->vocab = 0; pairs->vocab < 256; pairs->vocab++) {
        pairs->token[pairs->vocab].bytes[0] = (uint8_t)pairs->vocab;
        pairs->token[pairs->vocab].len = 1;
    }
    for (size_t i = 0; i < len; i++) ids[i] = text[i] | (begins_word(text, i) ? WORD : 0);
    /* one id is kept for the end of a text */
    while (pairs->vocab < PAIRS_VOCAB_MAX - 1 &&
           (pair = best_pair(pairs, ids, count, seen)) != UINT32_MAX) {
        uint32_t left = pair / PAIRS_VOCAB_MAX, right = pair % PAIRS_VOCAB_MAX, id = pairs->vocab++;
        pairs->token[id] = pairs->token[left];
        memcpy(pairs->token[id].bytes + pairs->token[left].len, pairs->token[right].bytes,
               pairs->token[right].len);
        pairs->token[id].len += pairs->token[right].len;
        pairs->token[id].left = left;
        pairs->token[id].right = right;
        count = merge(ids, count, left, right, id);
    }
    for (size_t i = 0; i < count; i++) ids[i] = id_of(ids[i]);
    free(seen);
    return count;
}
