#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "kernels/base/bytes.h"

static const uint64_t edges[] = {
    0,
    1,
    0x7f,
    0x80,
    0xff,
    0x100,
    0x3fff,
    0x4000,
    0x7fff,
    0x8000,
    0xffff,
    0x10000,
    0x1fffff,
    0x200000,
    INT32_MAX,
    (uint64_t)INT32_MAX + 1,
    UINT32_MAX,
    (uint64_t)UINT32_MAX + 1,
    (UINT64_C(1) << 56) - 1,
    UINT64_C(1) << 56,
    INT64_MAX,
    (uint64_t)INT64_MAX + 1,
    UINT64_MAX - 1,
    UINT64_MAX,
};

/* A heap copy of exactly this size, so that a sanitizer sees a read past its end. */
static uint8_t *exact(const uint8_t *in, size_t len) {
    uint8_t *copy = malloc(len > 0 ? len : 1);
    assert_non_null(copy);
    if (len > 0) memcpy(copy, in, len);
    return copy;
}

static void copy_zero_equal(void **unused CRUX_UNUSED) {
    uint8_t a[40], b[40];
    for (size_t i = 0; i < sizeof a; i++) a[i] = (uint8_t)(i + 1);
    for (size_t len = 0; len < 32; len++) {
        memset(b, 0xee, sizeof b);
        crux_copy(b + 1, a, len);
        assert_int_equal(b[0], 0xee);
        assert_int_equal(b[len + 1], 0xee);
        assert_true(crux_equal(b + 1, a, len));
        for (size_t i = 0; i < len; i++) {
            b[1 + i] ^= 0x80;
            assert_false(crux_equal(b + 1, a, len));
            b[1 + i] ^= 0x80;
        }
        crux_zero(b + 1, len);
        for (size_t i = 0; i < len; i++) assert_int_equal(b[1 + i], 0);
        assert_int_equal(b[0], 0xee);
        assert_int_equal(b[len + 1], 0xee);
    }
    crux_copy(NULL, NULL, 0);
    crux_zero(NULL, 0);
    assert_true(crux_equal(NULL, NULL, 0));
}

static void little_endian(void **unused CRUX_UNUSED) {
    const uint8_t b[8] = {0x81, 0x92, 0xa3, 0xb4, 0xc5, 0xd6, 0xe7, 0xf8};
    uint8_t out[8];
    assert_int_equal(crux_load_u16(b), 0x9281);
    assert_int_equal(crux_load_u32(b), 0xb4a39281);
    assert_true(crux_load_u64(b) == UINT64_C(0xf8e7d6c5b4a39281));
    crux_store_u64(out, UINT64_C(0xf8e7d6c5b4a39281));
    assert_memory_equal(out, b, 8);
    crux_store_u32(out, 0xb4a39281);
    assert_memory_equal(out, b, 4);
    crux_store_u16(out, 0x9281);
    assert_memory_equal(out, b, 2);
}

static size_t write_all(uint8_t *out, size_t cap, enum crux_status expected) {
    struct crux_writer writer;
    size_t len;
    crux_writer_init(&writer, out, cap);
    crux_put_u8(&writer, 0xfe);
    crux_put_i8(&writer, -2);
    crux_put_u16(&writer, 0xfedc);
    crux_put_i16(&writer, INT16_MIN);
    crux_put_u32(&writer, 0xfedcba98);
    crux_put_i32(&writer, INT32_MIN);
    crux_put_u64(&writer, UINT64_C(0xfedcba9876543210));
    crux_put_i64(&writer, INT64_MIN);
    crux_put_uvarint(&writer, 300);
    crux_put_svarint(&writer, -300);
    crux_put_bytes(&writer, "crux", 4);
    crux_put_bytes(&writer, NULL, 0);
    assert_int_equal(crux_writer_finish(&writer, &len), expected);
    return len;
}

enum { ALL_BYTES = 2 * (1 + 2 + 4 + 8) + 2 + 2 + 4 };

static void read_all(struct crux_cursor *cursor) {
    bool ok = cursor->len >= ALL_BYTES;
    uint8_t u8 = crux_get_u8(cursor);
    int8_t i8 = crux_get_i8(cursor);
    uint16_t u16 = crux_get_u16(cursor);
    int16_t i16 = crux_get_i16(cursor);
    uint32_t u32 = crux_get_u32(cursor);
    int32_t i32 = crux_get_i32(cursor);
    uint64_t u64 = crux_get_u64(cursor);
    int64_t i64 = crux_get_i64(cursor);
    uint64_t uv = crux_get_uvarint(cursor);
    int64_t sv = crux_get_svarint(cursor);
    const uint8_t *bytes = crux_get_bytes(cursor, 4);
    if (!ok) {
        assert_null(bytes);
        return;
    }
    assert_int_equal(u8, 0xfe);
    assert_int_equal(i8, -2);
    assert_int_equal(u16, 0xfedc);
    assert_int_equal(i16, INT16_MIN);
    assert_true(u32 == 0xfedcba98);
    assert_true(i32 == INT32_MIN);
    assert_true(u64 == UINT64_C(0xfedcba9876543210));
    assert_true(i64 == INT64_MIN);
    assert_int_equal(uv, 300);
    assert_int_equal(sv, -300);
    assert_memory_equal(bytes, "crux", 4);
}

static void every_kind_round_trips(void **unused CRUX_UNUSED) {
    uint8_t b[ALL_BYTES + 1];
    struct crux_cursor cursor;
    memset(b, 0x77, sizeof b);
    assert_int_equal(write_all(b, sizeof b, CRUX_OK), ALL_BYTES);
    assert_int_equal(b[ALL_BYTES], 0x77);
    crux_cursor_init(&cursor, b, ALL_BYTES);
    read_all(&cursor);
    assert_int_equal(crux_cursor_finish(&cursor), CRUX_OK);
    assert_non_null(crux_get_bytes(&cursor, 0));
}

static void every_truncation_is_refused(void **unused CRUX_UNUSED) {
    uint8_t b[ALL_BYTES];
    assert_int_equal(write_all(b, sizeof b, CRUX_OK), ALL_BYTES);
    for (size_t len = 0; len < ALL_BYTES; len++) {
        uint8_t *in = exact(b, len);
        struct crux_cursor cursor;
        crux_cursor_init(&cursor, in, len);
        read_all(&cursor);
        assert_int_equal(cursor.status, CRUX_E_TRUNCATED);
        assert_int_equal(crux_cursor_left(&cursor), 0);
        assert_int_equal(crux_get_u64(&cursor), 0);
        assert_null(crux_get_bytes(&cursor, 0));
        assert_int_equal(crux_cursor_finish(&cursor), CRUX_E_TRUNCATED);
        assert_int_equal(write_all(in, len, CRUX_E_TRUNCATED), 0);
        free(in);
    }
}

static void trailing_bytes_are_refused(void **unused CRUX_UNUSED) {
    const uint8_t b[3] = {1, 2, 3};
    struct crux_cursor cursor;
    for (size_t extra = 0; extra <= 2; extra++) {
        crux_cursor_init(&cursor, b, 1 + extra);
        assert_int_equal(crux_get_u8(&cursor), 1);
        assert_int_equal(crux_cursor_left(&cursor), extra);
        assert_int_equal(crux_cursor_finish(&cursor), extra > 0 ? CRUX_E_TRAILING_BYTES : CRUX_OK);
    }
    crux_cursor_init(&cursor, NULL, 0);
    assert_non_null(crux_get_bytes(&cursor, 0));
    assert_int_equal(crux_cursor_finish(&cursor), CRUX_OK);
}

static void first_failure_stays(void **unused CRUX_UNUSED) {
    const uint8_t b[2] = {1, 2};
    struct crux_cursor cursor;
    crux_cursor_init(&cursor, b, 2);
    crux_cursor_fail(&cursor, CRUX_E_BAD_MAGIC);
    crux_cursor_fail(&cursor, CRUX_E_BAD_OP);
    assert_int_equal(crux_get_u8(&cursor), 0);
    assert_null(crux_get_bytes(&cursor, SIZE_MAX));
    assert_int_equal(crux_cursor_finish(&cursor), CRUX_E_BAD_MAGIC);
}

static void huge_lengths_do_not_wrap(void **unused CRUX_UNUSED) {
    const uint8_t b[4] = {1, 2, 3, 4};
    for (size_t back = 0; back < 8; back++) {
        struct crux_cursor cursor;
        crux_cursor_init(&cursor, b, 4);
        assert_int_equal(crux_get_u16(&cursor), 0x0201);
        assert_null(crux_get_bytes(&cursor, SIZE_MAX - back));
        assert_int_equal(cursor.status, CRUX_E_TRUNCATED);
    }
}

static void a_failed_put_writes_nothing(void **unused CRUX_UNUSED) {
    uint8_t b[8];
    size_t len;
    struct crux_writer writer;
    memset(b, 0x77, sizeof b);
    crux_writer_init(&writer, b, 7);
    crux_put_u64(&writer, 0);
    crux_put_u8(&writer, 0);
    for (size_t i = 0; i < sizeof b; i++) assert_int_equal(b[i], 0x77);
    assert_int_equal(crux_writer_finish(&writer, &len), CRUX_E_TRUNCATED);
    assert_int_equal(len, 0);
    crux_writer_init(&writer, NULL, 0);
    assert_int_equal(crux_writer_finish(&writer, &len), CRUX_OK);
    crux_put_bytes(&writer, b, SIZE_MAX);
    assert_int_equal(crux_writer_finish(&writer, &len), CRUX_E_TRUNCATED);
}

/* Independent of the writer: how many groups of 7 bits the value has. */
static size_t groups(uint64_t value) {
    size_t n = 1;
    while (n < 10 && value >> (7 * n) != 0) n++;
    return n;
}

static void check_uvarint(uint64_t value) {
    uint8_t b[CRUX_VARINT_BYTES_MAX];
    size_t len;
    struct crux_writer writer;
    struct crux_cursor cursor;
    crux_writer_init(&writer, b, sizeof b);
    crux_put_uvarint(&writer, value);
    assert_int_equal(crux_writer_finish(&writer, &len), CRUX_OK);
    assert_int_equal(len, groups(value));
    crux_cursor_init(&cursor, b, len);
    assert_true(crux_get_uvarint(&cursor) == value);
    assert_int_equal(crux_cursor_finish(&cursor), CRUX_OK);
    for (size_t cut = 0; cut < len; cut++) {
        crux_cursor_init(&cursor, b, cut);
        assert_true(crux_get_uvarint(&cursor) == 0);
        assert_int_equal(crux_cursor_finish(&cursor), CRUX_E_TRUNCATED);
        crux_writer_init(&writer, b, cut);
        crux_put_uvarint(&writer, value);
        assert_int_equal(writer.status, CRUX_E_TRUNCATED);
        assert_int_equal(writer.at, 0);
    }
}

static void uvarint_values(void **unused CRUX_UNUSED) {
    for (uint64_t value = 0; value < 70000; value++) check_uvarint(value);
    for (size_t i = 0; i < CRUX_ARRAY_LEN(edges); i++) check_uvarint(edges[i]);
    for (unsigned s = 0; s < 64; s++) {
        check_uvarint(UINT64_C(1) << s);
        check_uvarint((UINT64_C(1) << s) - 1);
    }
}

static void svarint_values(void **unused CRUX_UNUSED) {
    for (size_t i = 0; i < 2 * CRUX_ARRAY_LEN(edges) + 4000; i++) {
        int64_t value = (int64_t)i - 2000;
        if (i >= 4000) value = (int64_t)(i % 2 ? edges[(i - 4000) / 2] : 0 - edges[(i - 4000) / 2]);
        uint8_t b[CRUX_VARINT_BYTES_MAX];
        size_t len;
        struct crux_writer writer;
        struct crux_cursor cursor;
        crux_writer_init(&writer, b, sizeof b);
        crux_put_svarint(&writer, value);
        assert_int_equal(crux_writer_finish(&writer, &len), CRUX_OK);
        if (value >= -64 && value <= 63) assert_int_equal(len, 1);
        if (value == -1) assert_int_equal(b[0], 1);
        if (value == 1) assert_int_equal(b[0], 2);
        crux_cursor_init(&cursor, b, len);
        assert_true(crux_get_svarint(&cursor) == value);
        assert_int_equal(crux_cursor_finish(&cursor), CRUX_OK);
    }
}

/* What the definition says about a string of at most three bytes, and nothing cleverer. */
static enum crux_status judge(const uint8_t *b, size_t len, uint64_t *value, size_t *used) {
    *value = 0;
    *used = 0;
    for (size_t i = 0; i < len; i++) {
        *value |= (uint64_t)(b[i] & 0x7f) << (7 * i);
        if (b[i] & 0x80) continue;
        *used = i + 1;
        return groups(*value) == i + 1 ? CRUX_OK : CRUX_E_NON_CANONICAL;
    }
    return CRUX_E_TRUNCATED;
}

static void all_short_uvarints(void **unused CRUX_UNUSED) {
    for (size_t len = 0; len <= 3; len++) {
        uint32_t strings = UINT32_C(1) << (8 * len);
        for (uint32_t s = 0; s < strings; s++) {
            const uint8_t b[3] = {(uint8_t)s, (uint8_t)(s >> 8), (uint8_t)(s >> 16)};
            uint64_t value;
            size_t used;
            struct crux_cursor cursor;
            enum crux_status expected = judge(b, len, &value, &used);
            crux_cursor_init(&cursor, b, len);
            uint64_t got = crux_get_uvarint(&cursor);
            if (cursor.status != expected || got != (expected == CRUX_OK ? value : 0) ||
                (expected == CRUX_OK && cursor.at != used)) {
                fail_msg("string %x of %zu bytes: %s", s, len, crux_status_name(cursor.status));
            }
        }
    }
}

static void long_uvarints_are_refused(void **unused CRUX_UNUSED) {
    struct crux_cursor cursor;
    uint8_t b[12];
    for (unsigned top = 0; top < 256; top++) {
        memset(b, 0xff, sizeof b);
        b[9] = (uint8_t)top;
        b[10] = 0;
        crux_cursor_init(&cursor, b, 11);
        uint64_t value = crux_get_uvarint(&cursor);
        assert_int_equal(cursor.status, top == 1 ? CRUX_OK : CRUX_E_NON_CANONICAL);
        assert_true(value == (top == 1 ? UINT64_MAX : 0));
    }
    /* 2^63 with a zero group too many, and zero in ten bytes */
    memset(b, 0x80, sizeof b);
    b[9] = 0;
    crux_cursor_init(&cursor, b, 10);
    assert_true(crux_get_uvarint(&cursor) == 0);
    assert_int_equal(cursor.status, CRUX_E_NON_CANONICAL);
    b[9] = 1;
    crux_cursor_init(&cursor, b, 10);
    assert_true(crux_get_uvarint(&cursor) == UINT64_C(1) << 63);
    assert_int_equal(cursor.status, CRUX_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copy_zero_equal),
        cmocka_unit_test(little_endian),
        cmocka_unit_test(every_kind_round_trips),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(trailing_bytes_are_refused),
        cmocka_unit_test(first_failure_stays),
        cmocka_unit_test(huge_lengths_do_not_wrap),
        cmocka_unit_test(a_failed_put_writes_nothing),
        cmocka_unit_test(uvarint_values),
        cmocka_unit_test(svarint_values),
        cmocka_unit_test(all_short_uvarints),
        cmocka_unit_test(long_uvarints_are_refused),
    };
    return cmocka_run_group_tests_name("bytes", tests, NULL, NULL);
}
