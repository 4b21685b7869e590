#include <string.h>

#include "executor/tokenizer/model.h"
#include "executor/tokenizer/tokenizer.h"
#include "executor/tokenizer/utf8.h"

#define LOW_LINE    "\xE2\x96\x81" /* U+2581 */
#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

void crux_detokenizer_init(struct crux_detokenizer *detokenizer,
                           const struct crux_tokenizer *tokenizer, unsigned flags) {
    *detokenizer = (struct crux_detokenizer){
        .tokenizer = tokenizer, .flags = flags, .at_start = (flags & CRUX_DECODE_CONTINUE) == 0};
}

static enum crux_status no_memory(struct crux_tokenizer_error *error) {
    return crux_tokenizer_fail(error, CRUX_E_OUT_OF_MEMORY, "no memory for text");
}

/* Appends bytes of which the first may belong to what is held; holds what is not whole yet. */
static enum crux_status add_bytes(struct crux_detokenizer *d, struct crux_text *out,
                                  const char *bytes, size_t len) {
    if (d->flags & CRUX_DECODE_BYTES) return crux_text_add(out, bytes, len);
    for (size_t i = 0; i < len;) {
        size_t valid = d->held_len == 0 ? crux_utf8_valid(bytes + i, len - i) : 0;
        enum crux_status status = crux_text_add(out, bytes + i, valid);
        if (status != CRUX_OK) return status;
        i += valid;
        if (i == len) break;
        d->held[d->held_len++] = bytes[i++];
        struct crux_utf8_look look = crux_utf8_look(d->held, d->held_len);
        if (look.state == CRUX_UTF8_CUT) continue;
        if (look.state == CRUX_UTF8_WHOLE) {
            status = crux_text_add(out, d->held, look.len);
            d->held_len = 0;
        } else {
            /* The last byte made it invalid: it begins anew, unless it stands alone. */
            bool alone = d->held_len == look.len;
            status = crux_text_put(out, REPLACEMENT);
            d->held_len = 0;
            if (!alone) i--;
        }
        if (status != CRUX_OK) return status;
    }
    return CRUX_OK;
}

/* SentencePiece text: U+2581 is a space, and the first space may be one that encoding added. */
static enum crux_status add_marked(struct crux_detokenizer *d, struct crux_text *out,
                                   const char *bytes, size_t len) {
    const size_t mark = sizeof LOW_LINE - 1;
    for (size_t i = 0; i < len;) {
        enum crux_status status = CRUX_OK;
        if (len - i >= mark && memcmp(bytes + i, LOW_LINE, mark) == 0) {
            if (!d->at_start) status = add_bytes(d, out, " ", 1);
            i += mark;
        } else {
            size_t plain = 1;
            while (i + plain < len && bytes[i + plain] != LOW_LINE[0]) plain++;
            status = add_bytes(d, out, bytes + i, plain);
            i += plain;
        }
        d->at_start = false;
        if (status != CRUX_OK) return status;
    }
    return CRUX_OK;
}

enum crux_status crux_detokenizer_feed(struct crux_detokenizer *detokenizer, struct crux_text *out,
                                       uint32_t id, struct crux_tokenizer_error *error) {
    const struct crux_tokenizer_source *source = detokenizer->tokenizer->source;
    if (id >= source->token_count) {
        return crux_tokenizer_fail(error, CRUX_E_BAD_RANGE, "token %u of %u", id,
                                   source->token_count);
    }
    const struct crux_tokenizer_token *token = &source->token[id];
    const char *bytes = source->text + token->at;
    enum crux_status status = CRUX_OK;
    bool marked = source->kind != CRUX_TOKENIZER_BYTE_BPE;
    switch ((enum crux_tokenizer_type)token->type) {
    case CRUX_TOKENIZER_CONTROL:
    case CRUX_TOKENIZER_UNKNOWN:
        if ((detokenizer->flags & CRUX_DECODE_CONTROL) == 0) return CRUX_OK;
        marked = false;
        break;
    case CRUX_TOKENIZER_USER_DEFINED:
    case CRUX_TOKENIZER_BYTE: marked = false; break;
    case CRUX_TOKENIZER_NORMAL:
    case CRUX_TOKENIZER_UNUSED: break;
    }
    if (marked && !source->strip_prefix) detokenizer->at_start = false;
    if (marked) {
        status = add_marked(detokenizer, out, bytes, token->len);
    } else {
        status = add_bytes(detokenizer, out, bytes, token->len);
        if (token->len > 0) detokenizer->at_start = false;
    }
    return status == CRUX_OK ? CRUX_OK : no_memory(error);
}

enum crux_status crux_detokenizer_flush(struct crux_detokenizer *detokenizer, struct crux_text *out,
                                        struct crux_tokenizer_error *error) {
    if (detokenizer->held_len == 0) return CRUX_OK;
    detokenizer->held_len = 0;
    return crux_text_put(out, REPLACEMENT) == CRUX_OK ? CRUX_OK : no_memory(error);
}

enum crux_status crux_tokenizer_decode(const struct crux_tokenizer *tokenizer,
                                       struct crux_text *out, const uint32_t *id, size_t count,
                                       unsigned flags, struct crux_tokenizer_error *error) {
    struct crux_detokenizer detokenizer;
    enum crux_status status = CRUX_OK;
    crux_detokenizer_init(&detokenizer, tokenizer, flags);
    for (size_t i = 0; i < count && status == CRUX_OK; i++) {
        status = crux_detokenizer_feed(&detokenizer, out, id[i], error);
    }
    return status == CRUX_OK ? crux_detokenizer_flush(&detokenizer, out, error) : status;
}
