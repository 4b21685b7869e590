/* Tokens guessed from the text so far: what followed the last time that it ended as it does now.
 *
 *   .. the quick brown fox ..  .. said the quick     the longest end that was there before, the latest of those
 *          [   match ] draft ->          [match ]
 *
 * A guess is free to be wrong: the engine computes each guessed position and keeps those that the model chose. */
#ifndef CRUX_EXECUTOR_ENGINE_SPECULATE_H
#define CRUX_EXECUTOR_ENGINE_SPECULATE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    CRUX_SPECULATE_DRAFT_MAX = 15, /* tokens: with the one before them 16 rows of a step */
    CRUX_SPECULATE_MATCH_MOST = 8  /* tokens: a longer match tells no more */
};

/* How often guesses were right of late, by how long the match was. */
struct crux_speculate {
    struct crux_speculate_trust {
        uint32_t wrong; /* share of guessed tokens, Q16 */
        uint32_t left_out;
    } by_match[CRUX_SPECULATE_MATCH_MOST + 1];
};

void crux_speculate_init(struct crux_speculate *speculate);

/* Out: match, its length; draft, `most` tokens that may follow.  In: text, count tokens.
 * Returns: most; 0 if nothing is alike. */
uint32_t crux_speculate_lookup(uint32_t *draft, uint32_t *match, uint32_t most,
                               const uint32_t *text, uint32_t count);

/* Returns: how many tokens of a draft after such a match are worth a row; 0 for none now. Called once a step. */
uint32_t crux_speculate_length(struct crux_speculate *speculate, uint32_t match);
/* In: what became of a draft after such a match. */
void crux_speculate_learn(struct crux_speculate *speculate, uint32_t match, uint32_t drafted,
                          uint32_t accepted);

#endif
