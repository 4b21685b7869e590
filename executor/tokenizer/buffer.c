#include <stdlib.h>
#include <string.h>

#include "executor/tokenizer/buffer.h"

/* Doubles, so that n additions cost n copies. */
static size_t grown(size_t cap, size_t need) {
    size_t next = cap < 32 ? 64 : cap * 2;
    return next < need ? need : next;
}

enum crux_status crux_tokens_add(struct crux_tokens *tokens, uint32_t id) {
    if (tokens->count == tokens->cap) {
        if (tokens->cap > SIZE_MAX / 2 / sizeof *tokens->id) return CRUX_E_OUT_OF_MEMORY;
        size_t cap = grown(tokens->cap, tokens->count + 1);
        uint32_t *next = realloc(tokens->id, cap * sizeof *next);
        if (next == NULL) return CRUX_E_OUT_OF_MEMORY;
        tokens->id = next;
        tokens->cap = cap;
    }
    tokens->id[tokens->count++] = id;
    return CRUX_OK;
}

enum crux_status crux_text_add(struct crux_text *text, const void *bytes, size_t len) {
    if (len == 0) return CRUX_OK;
    if (len > text->cap - text->len) {
        if (len > SIZE_MAX / 4 || text->cap > SIZE_MAX / 4) return CRUX_E_OUT_OF_MEMORY;
        size_t cap = grown(text->cap, text->len + len);
        char *next = realloc(text->bytes, cap);
        if (next == NULL) return CRUX_E_OUT_OF_MEMORY;
        text->bytes = next;
        text->cap = cap;
    }
    memcpy(text->bytes + text->len, bytes, len);
    text->len += len;
    return CRUX_OK;
}

enum crux_status crux_text_put(struct crux_text *text, const char *string) {
    return crux_text_add(text, string, strlen(string));
}

void crux_tokens_free(struct crux_tokens *tokens) {
    free(tokens->id);
    *tokens = (struct crux_tokens){0};
}

void crux_text_free(struct crux_text *text) {
    free(text->bytes);
    *text = (struct crux_text){0};
}
