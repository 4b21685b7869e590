#include <string.h>

#include "executor/tokenizer/source_binary.h"

#define MAGIC       "CRUXTOKN"
#define VERSION     1
#define FIXED_BYTES 128 /* more than header, ids and stops need */

/* Longest forms of one: length, type, score; two ids. */
#define TOKEN_BYTES_MAX 12
#define MERGE_BYTES_MAX 10

size_t crux_tokenizer_source_bound(const struct crux_tokenizer_source *source) {
    size_t bytes = FIXED_BYTES;
    for (uint32_t id = 0; id < source->token_count; id++) {
        bytes += TOKEN_BYTES_MAX + source->token[id].len;
    }
    return bytes + (size_t)source->merge_count * MERGE_BYTES_MAX;
}

/* In the order of their bits. */
static unsigned pack_flags(const struct crux_tokenizer_source *s) {
    return (unsigned)s->nfc | (unsigned)s->whole_words << 1 | (unsigned)s->byte_fallback << 2 |
           (unsigned)s->fuse_unknown << 3 | (unsigned)s->strip_prefix << 4 |
           (unsigned)s->add_bos << 5 | (unsigned)s->add_eos << 6;
}

static void unpack_flags(struct crux_tokenizer_source *s, unsigned flags) {
    s->nfc = flags & 1;
    s->whole_words = flags >> 1 & 1;
    s->byte_fallback = flags >> 2 & 1;
    s->fuse_unknown = flags >> 3 & 1;
    s->strip_prefix = flags >> 4 & 1;
    s->add_bos = flags >> 5 & 1;
    s->add_eos = flags >> 6 & 1;
}

enum crux_status crux_tokenizer_source_encode(uint8_t *out, size_t *len, size_t cap,
                                              const struct crux_tokenizer_source *source) {
    struct crux_writer writer;
    crux_writer_init(&writer, out, cap);
    crux_put_bytes(&writer, MAGIC, sizeof MAGIC - 1);
    crux_put_u32(&writer, VERSION);
    crux_put_u8(&writer, (uint8_t)source->kind);
    crux_put_u8(&writer, (uint8_t)source->split);
    crux_put_u8(&writer, (uint8_t)source->prefix);
    crux_put_u8(&writer, (uint8_t)pack_flags(source));
    crux_put_u32(&writer, source->bos);
    crux_put_u32(&writer, source->eos);
    crux_put_u32(&writer, source->unknown);
    crux_put_u32(&writer, source->stop_count);
    for (uint32_t i = 0; i < source->stop_count; i++) crux_put_u32(&writer, source->stop[i]);
    crux_put_u32(&writer, source->token_count);
    crux_put_u32(&writer, source->merge_count);
    uint32_t text_len = 0;
    for (uint32_t id = 0; id < source->token_count; id++) text_len += source->token[id].len;
    crux_put_u32(&writer, text_len);
    for (uint32_t id = 0; id < source->token_count; id++) {
        const struct crux_tokenizer_token *token = &source->token[id];
        crux_put_u8(&writer, (uint8_t)(token->type | token->strip << 4));
        if (source->kind != CRUX_TOKENIZER_BYTE_BPE) {
            uint32_t bits;
            memcpy(&bits, &token->score, sizeof bits);
            crux_put_u32(&writer, bits);
        }
        crux_put_uvarint(&writer, token->len);
        crux_put_bytes(&writer, source->text + token->at, token->len);
    }
    for (uint32_t i = 0; i < source->merge_count; i++) {
        crux_put_uvarint(&writer, source->merge[i].left);
        crux_put_uvarint(&writer, source->merge[i].right);
    }
    return crux_writer_finish(&writer, len);
}

static void get_token(struct crux_tokenizer_source *source, uint32_t id, uint32_t *used,
                      struct crux_cursor *cursor) {
    struct crux_tokenizer_token *token = &source->token[id];
    uint8_t type = crux_get_u8(cursor);
    token->type = type & 0xF;
    token->strip = type >> 4;
    if (source->kind != CRUX_TOKENIZER_BYTE_BPE) {
        uint32_t bits = crux_get_u32(cursor);
        memcpy(&token->score, &bits, sizeof bits);
    }
    uint64_t len = crux_get_uvarint(cursor);
    if (len > source->text_len - *used) {
        crux_cursor_fail(cursor, CRUX_E_BAD_RANGE);
        return;
    }
    const uint8_t *text = crux_get_bytes(cursor, (size_t)len);
    if (text == NULL) return;
    memcpy(source->text + *used, text, (size_t)len);
    token->at = *used;
    token->len = (uint32_t)len;
    *used += (uint32_t)len;
}

/* In: source is made, with room for what the header announced. */
static enum crux_status get_body(struct crux_tokenizer_source *source, struct crux_cursor *cursor) {
    uint32_t used = 0;
    for (uint32_t id = 0; id < source->token_count && cursor->status == CRUX_OK; id++) {
        get_token(source, id, &used, cursor);
    }
    if (used != source->text_len) crux_cursor_fail(cursor, CRUX_E_NON_CANONICAL);
    for (uint32_t i = 0; i < source->merge_count && cursor->status == CRUX_OK; i++) {
        uint64_t left = crux_get_uvarint(cursor), right = crux_get_uvarint(cursor);
        if (left >= source->token_count || right >= source->token_count) {
            crux_cursor_fail(cursor, CRUX_E_BAD_RANGE);
        }
        source->merge[i] = (struct crux_tokenizer_merge){(uint32_t)left, (uint32_t)right};
    }
    return crux_cursor_finish(cursor);
}

static enum crux_status fail(struct crux_tokenizer_error *error, enum crux_status status) {
    return crux_tokenizer_fail(error, status, "the tokenizer's bytes are damaged: %s",
                               crux_status_text(status));
}

enum crux_status crux_tokenizer_source_decode(struct crux_tokenizer_source **source,
                                              const uint8_t *in, size_t len,
                                              struct crux_tokenizer_error *error) {
    struct crux_cursor cursor;
    struct crux_tokenizer_source head = {0}, *made = NULL;
    *source = NULL;
    crux_cursor_init(&cursor, in, len);
    const uint8_t *magic = crux_get_bytes(&cursor, sizeof MAGIC - 1);
    if (magic == NULL || memcmp(magic, MAGIC, sizeof MAGIC - 1) != 0) {
        return fail(error, magic == NULL ? CRUX_E_TRUNCATED : CRUX_E_BAD_MAGIC);
    }
    uint32_t version = crux_get_u32(&cursor);
    if (cursor.status == CRUX_OK && version != VERSION) return fail(error, CRUX_E_BAD_VERSION);
    uint8_t kind = crux_get_u8(&cursor), split = crux_get_u8(&cursor);
    uint8_t prefix = crux_get_u8(&cursor), flags = crux_get_u8(&cursor);
    head.bos = crux_get_u32(&cursor);
    head.eos = crux_get_u32(&cursor);
    head.unknown = crux_get_u32(&cursor);
    head.stop_count = crux_get_u32(&cursor);
    if (kind > CRUX_TOKENIZER_UNIGRAM || split > CRUX_TOKENIZER_SPLIT_GPT4O ||
        prefix > CRUX_TOKENIZER_PREFIX_MISSING_FIRST || flags > 0x7F ||
        head.stop_count > CRUX_TOKENIZER_STOPS_MAX) {
        crux_cursor_fail(&cursor, CRUX_E_BAD_RANGE);
        head.stop_count = 0;
    }
    for (uint32_t i = 0; i < head.stop_count; i++) head.stop[i] = crux_get_u32(&cursor);
    uint32_t tokens = crux_get_u32(&cursor), merges = crux_get_u32(&cursor);
    uint32_t text_len = crux_get_u32(&cursor);
    /* A token has two bytes at least, a merge too: a short file cannot ask for much memory. */
    size_t left = crux_cursor_left(&cursor);
    if (tokens > left / 2 || merges > left / 2 || text_len > left) {
        crux_cursor_fail(&cursor, CRUX_E_TRUNCATED);
    }
    if (cursor.status != CRUX_OK) return fail(error, cursor.status);
    enum crux_status status = crux_tokenizer_source_new(&made, tokens, merges, text_len, error);
    if (status != CRUX_OK) return status;
    made->kind = (enum crux_tokenizer_kind)kind;
    made->split = (enum crux_tokenizer_split)split;
    made->prefix = (enum crux_tokenizer_prefix)prefix;
    unpack_flags(made, flags);
    made->bos = head.bos;
    made->eos = head.eos;
    made->unknown = head.unknown;
    made->stop_count = head.stop_count;
    memcpy(made->stop, head.stop, sizeof made->stop);
    status = get_body(made, &cursor);
    if (status != CRUX_OK) fail(error, status);
    if (status == CRUX_OK) status = crux_tokenizer_source_check(made, error);
    if (status != CRUX_OK) {
        crux_tokenizer_source_free(made);
        return status;
    }
    *source = made;
    return CRUX_OK;
}
