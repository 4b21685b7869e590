#include "executor/tokenizer/special.h"
#include "executor/tokenizer/space.h"

static bool counts(const struct crux_tokenizer *tokenizer, uint32_t id, bool control) {
    return id != CRUX_TOKENIZER_NO_TOKEN &&
           (control || tokenizer->source->token[id].type == CRUX_TOKENIZER_USER_DEFINED);
}

struct crux_special_match crux_special_find(const struct crux_tokenizer *tokenizer,
                                            const char *text, size_t len, size_t from,
                                            bool control) {
    const struct crux_prefix_index *index = &tokenizer->special;
    struct crux_special_match found = {len, len, CRUX_TOKENIZER_NO_TOKEN};
    if (index->count == 0) return found;
    for (size_t at = from; at < len; at++) {
        struct crux_prefix_walk walk;
        bool more = crux_prefix_begin(&walk, index, (uint8_t)text[at]);
        for (size_t end = at + 1; more; end++) {
            uint32_t id = crux_prefix_token(&walk, index);
            if (counts(tokenizer, id, control)) {
                found = (struct crux_special_match){at, end, id};
            }
            more = end < len && crux_prefix_step(&walk, index, (uint8_t)text[end]);
        }
        if (found.id == CRUX_TOKENIZER_NO_TOKEN) continue;
        uint8_t strip = tokenizer->source->token[found.id].strip;
        if (strip & CRUX_TOKENIZER_STRIP_LEFT)
            found.at = crux_space_skip_back(text, from, found.at);
        if (strip & CRUX_TOKENIZER_STRIP_RIGHT) found.end = crux_space_skip(text, len, found.end);
        break;
    }
    return found;
}
