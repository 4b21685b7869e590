/* The text of an answer as its tokens come: whole characters only, nothing that a stop string may yet cut off.
 *
 *   token --> detokenizer --> text |--- may be shown ---|--- may be the beginning of a stop string ---|
 *                                                       ^ shown
 *
 * Pure; belongs to one thread at a time. */
#ifndef CRUX_EXECUTOR_SERVICE_ANSWER_TEXT_H
#define CRUX_EXECUTOR_SERVICE_ANSWER_TEXT_H

#include "executor/tokenizer/tokenizer.h"

enum { CRUX_ANSWER_STOPS_MAX = 4 };

struct crux_answer_text {
    struct crux_detokenizer detokenizer;
    const char *stop[CRUX_ANSWER_STOPS_MAX]; /* the caller's, with ends; outlive this */
    unsigned stop_count;
    struct crux_text text; /* up to a stop string that was found, that not included */
    size_t shown;          /* bytes of it that may be shown now */
    bool stopped;          /* a stop string was found */
};

/* In: tokenizer outlives it; stops, count of them, none empty. */
void crux_answer_text_open(struct crux_answer_text *answer, const struct crux_tokenizer *tokenizer,
                           const char *const *stops, unsigned count);
void crux_answer_text_free(struct crux_answer_text *answer);

/* Takes a token; none after the one that stopped it.  Returns: CRUX_E_BAD_RANGE, CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_answer_text_feed(struct crux_answer_text *answer, uint32_t token);

/* There are no more tokens: all of the text may be shown, half a character becomes U+FFFD. */
CRUX_MUST_CHECK
enum crux_status crux_answer_text_end(struct crux_answer_text *answer);

#endif
