#include <float.h>
#include <stdlib.h>

#include "executor/tokenizer/model.h"
#include "executor/tokenizer/source_fill.h"
#include "executor/tokenizer/tokenizer.h"

#define SPECIAL_TYPES                                                                              \
    (1u << CRUX_TOKENIZER_CONTROL | 1u << CRUX_TOKENIZER_USER_DEFINED |                            \
     1u << CRUX_TOKENIZER_UNKNOWN)
/* What SentencePiece takes off the least score for a character without a token. */
#define UNKNOWN_PENALTY 10.0f

static void find_byte_tokens(struct crux_tokenizer *tokenizer) {
    const struct crux_tokenizer_source *source = tokenizer->source;
    bool bytes = source->kind == CRUX_TOKENIZER_BYTE_BPE;
    for (unsigned byte = 0; byte < 256; byte++) {
        char text = (char)(uint8_t)byte;
        tokenizer->byte_token[byte] =
            bytes ? crux_text_index_find(&tokenizer->words, &text, 1) : CRUX_TOKENIZER_NO_TOKEN;
    }
    for (uint32_t id = 0; id < source->token_count && !bytes; id++) {
        const struct crux_tokenizer_token *token = &source->token[id];
        if (token->type != CRUX_TOKENIZER_BYTE) continue;
        tokenizer->byte_token[(uint8_t)source->text[token->at]] = id;
    }
}

static float least_score(const struct crux_tokenizer_source *source) {
    float least = FLT_MAX;
    for (uint32_t id = 0; id < source->token_count; id++) {
        const struct crux_tokenizer_token *token = &source->token[id];
        if (token->type == CRUX_TOKENIZER_NORMAL && token->score < least) least = token->score;
    }
    return least;
}

static enum crux_status build(struct crux_tokenizer *tokenizer,
                              struct crux_tokenizer_error *error) {
    const struct crux_tokenizer_source *source = tokenizer->source;
    enum crux_status status =
        crux_prefix_index_build(&tokenizer->special, source, SPECIAL_TYPES, error);
    if (status != CRUX_OK) return status;
    if (source->kind == CRUX_TOKENIZER_UNIGRAM) {
        tokenizer->unknown_score = least_score(source) - UNKNOWN_PENALTY;
        status =
            crux_prefix_index_build(&tokenizer->pieces, source, 1u << CRUX_TOKENIZER_NORMAL, error);
    } else {
        status =
            crux_text_index_build(&tokenizer->words, source, CRUX_TOKENIZER_PRODUCED_TYPES, error);
        if (status == CRUX_OK &&
            (source->kind == CRUX_TOKENIZER_BYTE_BPE || source->merge_count > 0)) {
            status = crux_merge_table_build(&tokenizer->merges, &tokenizer->words, error);
        }
    }
    if (status != CRUX_OK) return status;
    find_byte_tokens(tokenizer);
    if (source->kind != CRUX_TOKENIZER_BYTE_BPE) return CRUX_OK;
    return crux_split_rule_new(&tokenizer->rule, source->split, error);
}

enum crux_status crux_tokenizer_open(struct crux_tokenizer **tokenizer,
                                     struct crux_tokenizer_source **source,
                                     struct crux_tokenizer_error *error) {
    *tokenizer = NULL;
    enum crux_status status = crux_tokenizer_source_check(*source, error);
    if (status != CRUX_OK) return status;
    struct crux_tokenizer *made = calloc(1, sizeof *made);
    if (made == NULL) return crux_tokenizer_fail(error, CRUX_E_OUT_OF_MEMORY, "no memory");
    made->source = *source;
    status = build(made, error);
    if (status != CRUX_OK) {
        made->source = NULL;
        crux_tokenizer_close(made);
        return status;
    }
    *source = NULL;
    *tokenizer = made;
    return CRUX_OK;
}

void crux_tokenizer_close(struct crux_tokenizer *tokenizer) {
    if (tokenizer == NULL) return;
    crux_split_rule_free(tokenizer->rule);
    crux_prefix_index_free(&tokenizer->special);
    crux_prefix_index_free(&tokenizer->pieces);
    crux_merge_table_free(&tokenizer->merges);
    crux_text_index_free(&tokenizer->words);
    crux_tokenizer_source_free(tokenizer->source);
    free(tokenizer);
}

const struct crux_tokenizer_source *crux_tokenizer_source(const struct crux_tokenizer *tokenizer) {
    return tokenizer->source;
}

bool crux_tokenizer_is_stop(const struct crux_tokenizer *tokenizer, uint32_t id) {
    for (uint32_t i = 0; i < tokenizer->source->stop_count; i++) {
        if (tokenizer->source->stop[i] == id) return true;
    }
    return false;
}

uint32_t crux_tokenizer_stops(uint32_t *stop, uint32_t most,
                              const struct crux_tokenizer *tokenizer) {
    const struct crux_tokenizer_source *source = crux_tokenizer_source(tokenizer);
    uint32_t count = 0;
    for (uint32_t i = 0; i < source->stop_count && count < most; i++) {
        uint32_t at = count, id = source->stop[i];
        bool known = false;
        for (uint32_t k = 0; k < count; k++) known = known || stop[k] == id;
        if (known) continue;
        for (; at > 0 && stop[at - 1] > id; at--) stop[at] = stop[at - 1];
        stop[at] = id;
        count++;
    }
    return count;
}
