#include <string.h>

#include "executor/tokenizer/utf8.h"
#include "tests/executor/tokenizer/fuzz_use.h"

enum { OWN_TOKENS_MAX = 64, OWN_BYTES_MAX = 4096 };

static void round_trip(const struct crux_tokenizer *t, const char *text, size_t len) {
    for (unsigned flags = 0; flags < 8; flags++) {
        struct crux_tokens ids = {0};
        struct crux_text back = {0};
        size_t lost = 0;
        enum crux_status status = crux_tokenizer_encode(t, &ids, &lost, text, len, flags, NULL);
        CRUX_ASSERT((status == CRUX_E_SYNTAX) == (crux_utf8_valid(text, len) < len));
        for (size_t i = 0; i < ids.count; i++) {
            CRUX_ASSERT(ids.id[i] < crux_tokenizer_source(t)->token_count);
        }
        status = crux_tokenizer_decode(t, &back, ids.id, ids.count, CRUX_DECODE_CONTROL, NULL);
        CRUX_ASSERT(status == CRUX_OK && crux_utf8_valid(back.bytes, back.len) == back.len);
        const struct crux_tokenizer_source *source = crux_tokenizer_source(t);
        bool whole = source->kind == CRUX_TOKENIZER_BYTE_BPE && !source->nfc && lost == 0 &&
                     source->unknown == CRUX_TOKENIZER_NO_TOKEN && flags == 0;
        for (uint32_t i = 0; i < source->token_count; i++)
            whole = whole && source->token[i].strip == 0;
        if (whole && crux_utf8_valid(text, len) == len) {
            CRUX_ASSERT(back.len == len && (len == 0 || memcmp(back.bytes, text, len) == 0));
        }
        crux_tokens_free(&ids);
        crux_text_free(&back);
    }
}

void fuzz_use(struct crux_tokenizer_source *source) {
    static const char *const texts[] = {
        "", "ab abc  a\n\nb", "It's 12345 x\xC3\xA9\xE4\xB8\x96\xF0\x9F\x98\x80 <s></s>[UD]+ ",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", "bad \xFF"};
    struct crux_tokenizer *t = NULL;
    if (crux_tokenizer_open(&t, &source, NULL) != CRUX_OK) {
        crux_tokenizer_source_free(source);
        return;
    }
    for (size_t i = 0; i < CRUX_ARRAY_LEN(texts); i++) round_trip(t, texts[i], strlen(texts[i]));
    const struct crux_tokenizer_source *own = crux_tokenizer_source(t);
    char joined[OWN_BYTES_MAX];
    size_t len = 0;
    for (uint32_t i = 0; i < own->token_count && i < OWN_TOKENS_MAX; i++) {
        if (own->token[i].len > sizeof joined - len) break;
        memcpy(joined + len, own->text + own->token[i].at, own->token[i].len);
        len += own->token[i].len;
    }
    round_trip(t, joined, len);
    struct crux_chat chat;
    if (crux_chat_recognise(&chat, own->chat_template, own->chat_template_len, NULL) == CRUX_OK) {
        const struct crux_chat_message message = {"user", joined, len};
        struct crux_text out = {0};
        CRUX_ASSERT(crux_chat_render(&chat, &out, t, &message, 1, NULL) == CRUX_OK);
        crux_text_free(&out);
    }
    crux_tokenizer_close(t);
}
