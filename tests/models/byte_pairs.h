/* A byte-level vocabulary learned from a text: the 256 bytes, then the pair that stands together most often, again and
 * again. Words begin at spaces, and no pair crosses from one into the next. */
#ifndef CRUX_TESTS_MODELS_BYTE_PAIRS_H
#define CRUX_TESTS_MODELS_BYTE_PAIRS_H

#include <stddef.h>
#include <stdint.h>

enum { PAIRS_VOCAB_MAX = 512, PAIRS_TOKEN_BYTES = 32 };

struct byte_pairs {
    uint32_t vocab;
    struct {
        uint8_t bytes[PAIRS_TOKEN_BYTES];
        uint32_t len;
        uint32_t left, right; /* of a pair */
    } token[PAIRS_VOCAB_MAX];
};

/* Out: pairs; ids, the text in tokens, len of them at most.  Returns: how many. */
size_t byte_pairs_learn(struct byte_pairs *pairs, uint32_t *ids, const uint8_t *text, size_t len);

#endif
