#include "executor/engine/speculate.h"

enum {
    MATCH_LEAST = 2, /* tokens */
    SCAN = 1 << 15,  /* tokens looked back: some microseconds, of milliseconds that a token takes */
    ONE = 1 << 16,
    /* Of a step of one row, on a processor that is busy with such a step: a second row costs a fifth, for it is
     * computed on weights that are read anyway; each later one two fifths. A row is worth what it costs if it is
     * right as often as that. */
    SECOND_ROW = ONE / 5,
    LATER_ROW = ONE * 2 / 5,
    /* before anything is known */
    LONG_MATCH = 4,
    SHORT_WRONG = ONE * 3 / 8,
    LONG_WRONG = ONE / 4,
    TRY_EVERY = 16, /* where guesses are hardly ever right */
    MEMORY = 8      /* tokens that the share of wrong ones is taken over, about */
};

/* Tokens that text[..end) and text[..count) have in common at their ends, up to CRUX_SPECULATE_MATCH_MOST. */
static uint32_t common(const uint32_t *text, uint32_t end, uint32_t count) {
    uint32_t n = 0;
    while (n < CRUX_SPECULATE_MATCH_MOST && n < end && text[end - 1 - n] == text[count - 1 - n])
        n++;
    return n;
}

uint32_t crux_speculate_lookup(uint32_t *draft, uint32_t *match, uint32_t most,
                               const uint32_t *text, uint32_t count) {
    uint32_t best = MATCH_LEAST - 1, from = 0, last = count > SCAN ? count - SCAN : 0;
    for (uint32_t end = count; end-- > last + 1 && best < CRUX_SPECULATE_MATCH_MOST;) {
        uint32_t n = text[end - 1] == text[count - 1] ? common(text, end, count) : 0;
        if (n <= best) continue;
        best = n;
        from = end;
    }
    if (best < MATCH_LEAST) return 0;
    *match = best;
    /* beyond the end of the text the guess goes on from itself: text that repeats goes on repeating */
    for (uint32_t i = 0; i < most; i++)
        draft[i] = from + i < count ? text[from + i] : draft[from + i - count];
    return most;
}

void crux_speculate_init(struct crux_speculate *speculate) {
    for (uint32_t match = 0; match <= CRUX_SPECULATE_MATCH_MOST; match++)
        speculate->by_match[match] =
            (struct crux_speculate_trust){match < LONG_MATCH ? SHORT_WRONG : LONG_WRONG, 0};
}

uint32_t crux_speculate_length(struct crux_speculate *speculate, uint32_t match) {
    struct crux_speculate_trust *trust = &speculate->by_match[match];
    uint64_t right = ONE - trust->wrong,
             all = right; /* all: that this token and those before are right */
    uint32_t length = 1;
    if (right < SECOND_ROW) return ++trust->left_out % TRY_EVERY == 0 ? 1 : 0;
    while (length < CRUX_SPECULATE_DRAFT_MAX && (all = all * right / ONE) >= LATER_ROW) length++;
    return length;
}

void crux_speculate_learn(struct crux_speculate *speculate, uint32_t match, uint32_t drafted,
                          uint32_t accepted) {
    uint32_t *wrong = &speculate->by_match[match].wrong;
    for (uint32_t i = 0; i < accepted; i++) *wrong -= *wrong / MEMORY;
    if (accepted < drafted) *wrong += (ONE - *wrong) / MEMORY;
}
