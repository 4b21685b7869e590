/* Unigram: the cut of the text into tokens with the greatest sum of scores, found from left to right. */
#include <float.h>
#include <stdlib.h>

#include "executor/tokenizer/model.h"
#include "executor/tokenizer/utf8.h"

/* Sums are those of the reference only if a float is a float. */
_Static_assert(FLT_EVAL_METHOD == 0, "floats are computed as floats");

struct place {
    float score;    /* of the best way to get here */
    uint32_t from;  /* where its last token begins */
    uint32_t token; /* CRUX_TOKENIZER_NO_TOKEN: a character without one */
    bool reached;
};

static void reach(struct place *place, float score, uint32_t from, uint32_t token) {
    if (place->reached && score <= place->score) return;
    *place = (struct place){score, from, token, true};
}

static void steps_from(const struct crux_tokenizer *tokenizer, struct place *place,
                       const char *text, size_t len, uint32_t at) {
    const struct crux_prefix_index *pieces = &tokenizer->pieces;
    size_t character = crux_utf8_look(text + at, len - at).len;
    float here = place[at].score;
    bool single = false;
    struct crux_prefix_walk walk;
    bool more = crux_prefix_begin(&walk, pieces, (uint8_t)text[at]);
    for (size_t end = (size_t)at + 1; more; end++) {
        uint32_t id = crux_prefix_token(&walk, pieces);
        if (id != CRUX_TOKENIZER_NO_TOKEN) {
            reach(&place[end], here + tokenizer->source->token[id].score, at, id);
            if (end - at == character) single = true;
        }
        more = end < len && crux_prefix_step(&walk, pieces, (uint8_t)text[end]);
    }
    if (!single) {
        reach(&place[at + character], here + tokenizer->unknown_score, at, CRUX_TOKENIZER_NO_TOKEN);
    }
}

/* From the end to the beginning, each place on the way is told where its token ends. */
static void turn_round(struct place *place, size_t len) {
    uint32_t at = (uint32_t)len, token = place[len].token, from = place[len].from;
    while (at > 0) {
        uint32_t next_token = place[from].token, next_from = place[from].from;
        place[from].token = token;
        place[from].from = at; /* from now on: to */
        at = from;
        token = next_token;
        from = next_from;
    }
}

enum crux_status crux_unigram_text(struct crux_encoding *encoding, const char *text, size_t len,
                                   struct crux_tokenizer_error *error) {
    const struct crux_tokenizer *tokenizer = encoding->tokenizer;
    enum crux_status status = CRUX_OK;
    if (len == 0) return CRUX_OK;
    struct place *place = calloc(len + 1, sizeof *place);
    if (place == NULL) {
        return crux_tokenizer_fail(error, CRUX_E_OUT_OF_MEMORY, "no memory for %zu bytes of text",
                                   len);
    }
    place[0].reached = true;
    for (uint32_t at = 0; at < len; at++) {
        if (place[at].reached) steps_from(tokenizer, place, text, len, at);
    }
    CRUX_ASSERT(place[len].reached);
    turn_round(place, len);
    bool unknown = false;
    for (uint32_t at = 0; at < len && status == CRUX_OK; at = place[at].from) {
        if (place[at].token != CRUX_TOKENIZER_NO_TOKEN) {
            status = crux_encoding_add(encoding, place[at].token, error);
            unknown = false;
        } else {
            status = crux_unknown_text(encoding, text + at, place[at].from - at, unknown, error);
            unknown = true;
        }
    }
    free(place);
    return status;
}
