#include <stdlib.h>
#include <string.h>

#include "executor/tokenizer/byte_letters.h"
#include "executor/tokenizer/source_fill.h"

void crux_tokenizer_fill_token(struct crux_tokenizer_source *source, uint32_t *used, uint32_t id,
                               uint8_t type, const char *text, size_t len) {
    CRUX_ASSERT(id < source->token_count && *used <= source->text_len &&
                len <= source->text_len - *used);
    struct crux_tokenizer_token *token = &source->token[id];
    if (len > 0) memcpy(source->text + *used, text, len);
    token->at = *used;
    token->len = (uint32_t)len;
    token->type = type;
    *used += (uint32_t)len;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Returns: the byte of "<0xNN>", or -1. */
static int byte_named(const char *text, size_t len) {
    if (len != 6 || memcmp(text, "<0x", 3) != 0 || text[5] != '>') return -1;
    int high = hex_digit(text[3]), low = hex_digit(text[4]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

enum crux_status crux_tokenizer_fill_bytes(struct crux_tokenizer_source *source,
                                           struct crux_tokenizer_error *error) {
    bool seen[256] = {false};
    unsigned count = 0;
    for (uint32_t id = 0; id < source->token_count; id++) {
        struct crux_tokenizer_token *token = &source->token[id];
        if (token->type != CRUX_TOKENIZER_BYTE) continue;
        int byte = byte_named(source->text + token->at, token->len);
        if (byte < 0) {
            return crux_tokenizer_fail(error, CRUX_E_SYNTAX, "byte token %u is not like <0x0A>",
                                       id);
        }
        source->text[token->at] = (char)(uint8_t)byte;
        token->len = 1;
        count += !seen[byte];
        seen[byte] = true;
    }
    source->byte_fallback = count == 256;
    return CRUX_OK;
}

void crux_tokenizer_fill_letters(struct crux_tokenizer_source *source) {
    char bytes[CRUX_TOKENIZER_TOKEN_BYTES_MAX];
    for (uint32_t id = 0; id < source->token_count; id++) {
        struct crux_tokenizer_token *token = &source->token[id];
        size_t len = 0;
        if (token->type != CRUX_TOKENIZER_NORMAL) continue;
        if (token->len <= sizeof bytes &&
            crux_byte_letters_read(bytes, &len, source->text + token->at, token->len)) {
            memcpy(source->text + token->at, bytes, len);
            token->len = (uint32_t)len;
        } else {
            token->type = CRUX_TOKENIZER_UNUSED;
        }
    }
}

enum crux_status crux_tokenizer_fill_merge(struct crux_tokenizer_source *source,
                                           const struct crux_text_index *index, uint32_t rank,
                                           const char *left, size_t left_len, const char *right,
                                           size_t right_len, struct crux_tokenizer_error *error) {
    struct crux_tokenizer_merge *merge = &source->merge[rank];
    merge->left = crux_text_index_find(index, left, left_len);
    merge->right = crux_text_index_find(index, right, right_len);
    if (merge->left != CRUX_TOKENIZER_NO_TOKEN && merge->right != CRUX_TOKENIZER_NO_TOKEN) {
        return CRUX_OK;
    }
    return crux_tokenizer_fail(error, CRUX_E_UNKNOWN_NAME,
                               "merge %u is of tokens that are not there", rank);
}

enum crux_status crux_tokenizer_fill_merge_line(struct crux_tokenizer_source *source,
                                                const struct crux_text_index *index, uint32_t rank,
                                                const char *line, size_t len,
                                                struct crux_tokenizer_error *error) {
    size_t cut = 1;
    while (cut < len && line[cut] != ' ') cut++;
    if (cut >= len) {
        return crux_tokenizer_fail(error, CRUX_E_SYNTAX, "merge %u is not two tokens and a space",
                                   rank);
    }
    return crux_tokenizer_fill_merge(source, index, rank, line, cut, line + cut + 1, len - cut - 1,
                                     error);
}

enum crux_status crux_tokenizer_fill_template(struct crux_tokenizer_source *source,
                                              const char *text, size_t len,
                                              struct crux_tokenizer_error *error) {
    free(source->chat_template);
    source->chat_template = malloc(len + 1);
    if (source->chat_template == NULL) {
        return crux_tokenizer_fail(error, CRUX_E_OUT_OF_MEMORY, "no memory for a chat template");
    }
    memcpy(source->chat_template, text, len);
    source->chat_template[len] = '\0';
    source->chat_template_len = len;
    return CRUX_OK;
}
