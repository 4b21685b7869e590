/* Bytes: copy, compare, fixed-width little-endian access, and the length-checked cursor and writer
 * through which every untrusted or canonical byte string passes. Freestanding.
 *
 * Cursor and writer carry a sticky status: after the first failure every get returns 0 (NULL) and
 * every put writes nothing, and the first status stays. So a parser may read a whole struct and
 * check once, before it uses a value as a length, an index or a count.
 *
 * Argument order: context, out, in, length after its array. */
#ifndef CRUX_KERNELS_BASE_BYTES_H
#define CRUX_KERNELS_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/base/macros.h"
#include "kernels/base/status.h"

/* out and in do not overlap; both may be NULL when len is 0. */
static inline void crux_copy(void *restrict out, const void *restrict in, size_t len) {
    uint8_t *restrict o = out;
    const uint8_t *restrict i = in;
    for (size_t k = 0; k < len; k++) o[k] = i[k];
}

static inline void crux_zero(void *out, size_t len) {
    uint8_t *o = out;
    for (size_t k = 0; k < len; k++) o[k] = 0;
}

/* For public bytes: the time taken tells where they differ. */
static inline bool crux_equal(const void *a, const void *b, size_t len) {
    const uint8_t *x = a;
    const uint8_t *y = b;
    for (size_t k = 0; k < len; k++) {
        if (x[k] != y[k]) return false;
    }
    return true;
}

static inline uint16_t crux_load_u16(const uint8_t *in) {
    return (uint16_t)((uint32_t)in[0] | (uint32_t)in[1] << 8);
}

static inline uint32_t crux_load_u32(const uint8_t *in) {
    return (uint32_t)in[0] | (uint32_t)in[1] << 8 | (uint32_t)in[2] << 16 | (uint32_t)in[3] << 24;
}

static inline uint64_t crux_load_u64(const uint8_t *in) {
    return (uint64_t)crux_load_u32(in) | (uint64_t)crux_load_u32(in + 4) << 32;
}

static inline void crux_store_u16(uint8_t *out, uint16_t value) {
    out[0] = (uint8_t)value;
    out[1] = (uint8_t)(value >> 8);
}

static inline void crux_store_u32(uint8_t *out, uint32_t value) {
    crux_store_u16(out, (uint16_t)value);
    crux_store_u16(out + 2, (uint16_t)(value >> 16));
}

static inline void crux_store_u64(uint8_t *out, uint64_t value) {
    crux_store_u32(out, (uint32_t)value);
    crux_store_u32(out + 4, (uint32_t)(value >> 32));
}

/* Invariant: at <= len. */
struct crux_cursor {
    const uint8_t *p;
    size_t len;
    size_t at;
    enum crux_status status;
};

/* Bytes of the longest LEB128 form of 64 bits. */
#define CRUX_VARINT_BYTES_MAX 10

/* in may be NULL when len is 0; it must outlive the cursor and what crux_get_bytes returned. */
void crux_cursor_init(struct crux_cursor *cursor, const uint8_t *in, size_t len);

/* Makes the cursor fail with `status`, unless it has failed already. For a parser's own checks. */
void crux_cursor_fail(struct crux_cursor *cursor, enum crux_status status);

/* Returns: bytes not yet read; 0 after a failure. */
size_t crux_cursor_left(const struct crux_cursor *cursor);

uint8_t crux_get_u8(struct crux_cursor *cursor);
uint16_t crux_get_u16(struct crux_cursor *cursor);
uint32_t crux_get_u32(struct crux_cursor *cursor);
uint64_t crux_get_u64(struct crux_cursor *cursor);
int8_t crux_get_i8(struct crux_cursor *cursor);
int16_t crux_get_i16(struct crux_cursor *cursor);
int32_t crux_get_i32(struct crux_cursor *cursor);
int64_t crux_get_i64(struct crux_cursor *cursor);

/* Returns: a pointer to the next `len` bytes inside the input, or NULL after a failure. Not NULL
 * for len 0. */
const uint8_t *crux_get_bytes(struct crux_cursor *cursor, size_t len);

/* LEB128, least significant group first, in as few bytes as the value needs: anything else is
 * CRUX_E_NON_CANONICAL, as is a value above 64 bits. */
uint64_t crux_get_uvarint(struct crux_cursor *cursor);

/* Zigzag (0, -1, 1, -2, ... as 0, 1, 2, 3, ...) in a uvarint. */
int64_t crux_get_svarint(struct crux_cursor *cursor);

/* Returns: the sticky status; CRUX_E_TRAILING_BYTES if all went well but bytes are left. */
CRUX_MUST_CHECK
enum crux_status crux_cursor_finish(struct crux_cursor *cursor);

/* Invariant: at <= cap. A put that does not fit fails with CRUX_E_TRUNCATED and writes nothing. */
struct crux_writer {
    uint8_t *p;
    size_t cap;
    size_t at;
    enum crux_status status;
};

/* out may be NULL when cap is 0. */
void crux_writer_init(struct crux_writer *writer, uint8_t *out, size_t cap);

void crux_put_u8(struct crux_writer *writer, uint8_t value);
void crux_put_u16(struct crux_writer *writer, uint16_t value);
void crux_put_u32(struct crux_writer *writer, uint32_t value);
void crux_put_u64(struct crux_writer *writer, uint64_t value);
void crux_put_i8(struct crux_writer *writer, int8_t value);
void crux_put_i16(struct crux_writer *writer, int16_t value);
void crux_put_i32(struct crux_writer *writer, int32_t value);
void crux_put_i64(struct crux_writer *writer, int64_t value);
void crux_put_bytes(struct crux_writer *writer, const void *in, size_t len);
void crux_put_uvarint(struct crux_writer *writer, uint64_t value);
void crux_put_svarint(struct crux_writer *writer, int64_t value);

/* Out: *len, the bytes written; 0 after a failure. Returns: the sticky status. */
CRUX_MUST_CHECK
enum crux_status crux_writer_finish(const struct crux_writer *writer, size_t *len);

#endif
