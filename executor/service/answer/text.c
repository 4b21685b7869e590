#include "executor/service/answer/text.h"

#include <string.h>

void crux_answer_text_open(struct crux_answer_text *answer, const struct crux_tokenizer *tokenizer,
                           const char *const *stops, unsigned count) {
    memset(answer, 0, sizeof *answer);
    crux_detokenizer_init(&answer->detokenizer, tokenizer, 0);
    for (unsigned i = 0; i < count && i < CRUX_ANSWER_STOPS_MAX; i++)
        answer->stop[answer->stop_count++] = stops[i];
}

void crux_answer_text_free(struct crux_answer_text *answer) {
    crux_text_free(&answer->text);
}

/* Looks for a stop string that ends behind `from`, of several the one that begins first, and for how much of the text
 * cannot be the beginning of one. */
static void look(struct crux_answer_text *answer, size_t from) {
    const char *bytes = answer->text.bytes;
    size_t len = answer->text.len, shown = len, cut = len;
    for (unsigned i = 0; i < answer->stop_count; i++) {
        const char *stop = answer->stop[i];
        size_t stop_len = strlen(stop), at = from + 1 > stop_len ? from + 1 - stop_len : 0;
        for (; at < len; at++) {
            size_t rest = len - at < stop_len ? len - at : stop_len;
            if (memcmp(bytes + at, stop, rest) != 0) continue;
            if (rest == stop_len) answer->stopped = true;
            if (rest == stop_len && at < cut) cut = at;
            if (at < shown) shown = at;
            break; /* whatever begins later shows no less */
        }
    }
    if (answer->stopped) answer->text.len = cut;
    answer->shown = answer->stopped ? cut : shown;
}

enum crux_status crux_answer_text_feed(struct crux_answer_text *answer, uint32_t token) {
    size_t from = answer->text.len;
    enum crux_status status =
        crux_detokenizer_feed(&answer->detokenizer, &answer->text, token, NULL);
    if (status == CRUX_OK && answer->text.len > from) look(answer, from);
    return status;
}

enum crux_status crux_answer_text_end(struct crux_answer_text *answer) {
    size_t from = answer->text.len;
    if (answer->stopped) return CRUX_OK;
    enum crux_status status = crux_detokenizer_flush(&answer->detokenizer, &answer->text, NULL);
    if (status != CRUX_OK) return status;
    if (answer->text.len > from) look(answer, from);
    answer->shown = answer->text.len;
    return CRUX_OK;
}
