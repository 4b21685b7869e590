#include "kernels/base/bytes.h"

void crux_cursor_init(struct crux_cursor *cursor, const uint8_t *in, size_t len) {
    /* A place to point at, so that an empty read from an empty input is not NULL. */
    static const uint8_t nothing[1];
    *cursor =
        (struct crux_cursor){.p = len > 0 ? in : nothing, .len = len, .at = 0, .status = CRUX_OK};
}

void crux_cursor_fail(struct crux_cursor *cursor, enum crux_status status) {
    CRUX_ASSERT(status != CRUX_OK);
    if (cursor->status == CRUX_OK) cursor->status = status;
}

size_t crux_cursor_left(const struct crux_cursor *cursor) {
    CRUX_ASSERT(cursor->at <= cursor->len);
    return cursor->status == CRUX_OK ? cursor->len - cursor->at : 0;
}

const uint8_t *crux_get_bytes(struct crux_cursor *cursor, size_t len) {
    if (len > crux_cursor_left(cursor)) crux_cursor_fail(cursor, CRUX_E_TRUNCATED);
    if (cursor->status != CRUX_OK) return NULL;
    const uint8_t *p = cursor->p + cursor->at;
    cursor->at += len;
    return p;
}

uint8_t crux_get_u8(struct crux_cursor *cursor) {
    const uint8_t *p = crux_get_bytes(cursor, 1);
    return p ? p[0] : 0;
}

uint16_t crux_get_u16(struct crux_cursor *cursor) {
    const uint8_t *p = crux_get_bytes(cursor, 2);
    return p ? crux_load_u16(p) : 0;
}

uint32_t crux_get_u32(struct crux_cursor *cursor) {
    const uint8_t *p = crux_get_bytes(cursor, 4);
    return p ? crux_load_u32(p) : 0;
}

uint64_t crux_get_u64(struct crux_cursor *cursor) {
    const uint8_t *p = crux_get_bytes(cursor, 8);
    return p ? crux_load_u64(p) : 0;
}

/* Unsigned to signed of the same width is two's complement in every compiler we build with (gcc and
 * clang say so). */
int8_t crux_get_i8(struct crux_cursor *cursor) {
    return (int8_t)crux_get_u8(cursor);
}

int16_t crux_get_i16(struct crux_cursor *cursor) {
    return (int16_t)crux_get_u16(cursor);
}

int32_t crux_get_i32(struct crux_cursor *cursor) {
    return (int32_t)crux_get_u32(cursor);
}

int64_t crux_get_i64(struct crux_cursor *cursor) {
    return (int64_t)crux_get_u64(cursor);
}

uint64_t crux_get_uvarint(struct crux_cursor *cursor) {
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
        const uint8_t *p = crux_get_bytes(cursor, 1);
        if (!p) return 0;
        uint64_t group = p[0] & 0x7f;
        bool last = (p[0] & 0x80) == 0;
        bool zero_at_top = last && group == 0 && shift > 0;
        bool above_64_bits = shift == 63 && (group > 1 || !last);
        if (zero_at_top || above_64_bits) {
            crux_cursor_fail(cursor, CRUX_E_NON_CANONICAL);
            return 0;
        }
        value |= group << shift;
        if (last) return value;
    }
}

int64_t crux_get_svarint(struct crux_cursor *cursor) {
    uint64_t z = crux_get_uvarint(cursor);
    return (int64_t)(z >> 1 ^ (0 - (z & 1)));
}

enum crux_status crux_cursor_finish(struct crux_cursor *cursor) {
    if (crux_cursor_left(cursor) > 0) crux_cursor_fail(cursor, CRUX_E_TRAILING_BYTES);
    return cursor->status;
}

void crux_writer_init(struct crux_writer *writer, uint8_t *out, size_t cap) {
    *writer = (struct crux_writer){.p = out, .cap = cap, .at = 0, .status = CRUX_OK};
}

void crux_put_bytes(struct crux_writer *writer, const void *in, size_t len) {
    CRUX_ASSERT(writer->at <= writer->cap);
    if (writer->status != CRUX_OK || len == 0) return;
    if (len > writer->cap - writer->at) {
        writer->status = CRUX_E_TRUNCATED;
        return;
    }
    crux_copy(writer->p + writer->at, in, len);
    writer->at += len;
}

void crux_put_u8(struct crux_writer *writer, uint8_t value) {
    crux_put_bytes(writer, &value, 1);
}

void crux_put_u16(struct crux_writer *writer, uint16_t value) {
    uint8_t b[2];
    crux_store_u16(b, value);
    crux_put_bytes(writer, b, sizeof b);
}

void crux_put_u32(struct crux_writer *writer, uint32_t value) {
    uint8_t b[4];
    crux_store_u32(b, value);
    crux_put_bytes(writer, b, sizeof b);
}

void crux_put_u64(struct crux_writer *writer, uint64_t value) {
    uint8_t b[8];
    crux_store_u64(b, value);
    crux_put_bytes(writer, b, sizeof b);
}

void crux_put_i8(struct crux_writer *writer, int8_t value) {
    crux_put_u8(writer, (uint8_t)value);
}

void crux_put_i16(struct crux_writer *writer, int16_t value) {
    crux_put_u16(writer, (uint16_t)value);
}

void crux_put_i32(struct crux_writer *writer, int32_t value) {
    crux_put_u32(writer, (uint32_t)value);
}

void crux_put_i64(struct crux_writer *writer, int64_t value) {
    crux_put_u64(writer, (uint64_t)value);
}

void crux_put_uvarint(struct crux_writer *writer, uint64_t value) {
    uint8_t b[CRUX_VARINT_BYTES_MAX];
    size_t len = 0;
    for (; value > 0x7f; value >>= 7) b[len++] = (uint8_t)(value | 0x80);
    b[len++] = (uint8_t)value;
    crux_put_bytes(writer, b, len);
}

void crux_put_svarint(struct crux_writer *writer, int64_t value) {
    uint64_t twice = (uint64_t)value << 1;
    crux_put_uvarint(writer, value < 0 ? ~twice : twice);
}

enum crux_status crux_writer_finish(const struct crux_writer *writer, size_t *len) {
    *len = writer->status == CRUX_OK ? writer->at : 0;
    return writer->status;
}
