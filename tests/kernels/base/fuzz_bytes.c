/* The input is a script: each byte names a read, the cursor runs over the rest of the same bytes.
 * Whatever was read is written again, and must give the bytes that were consumed: so there is one
 * form for each value, and no read leaves the input. */
#include <stdint.h>
#include <string.h>

#include "kernels/base/bytes.h"

enum { INPUT_BYTES_MAX = 4096 };

static void read_and_write(uint8_t kind, struct crux_cursor *cursor, struct crux_writer *writer) {
    size_t len;
    const uint8_t *bytes;
    switch (kind % 11) {
    case 0: crux_put_u8(writer, crux_get_u8(cursor)); break;
    case 1: crux_put_u16(writer, crux_get_u16(cursor)); break;
    case 2: crux_put_u32(writer, crux_get_u32(cursor)); break;
    case 3: crux_put_u64(writer, crux_get_u64(cursor)); break;
    case 4: crux_put_i8(writer, crux_get_i8(cursor)); break;
    case 5: crux_put_i16(writer, crux_get_i16(cursor)); break;
    case 6: crux_put_i32(writer, crux_get_i32(cursor)); break;
    case 7: crux_put_i64(writer, crux_get_i64(cursor)); break;
    case 8: crux_put_uvarint(writer, crux_get_uvarint(cursor)); break;
    case 9: crux_put_svarint(writer, crux_get_svarint(cursor)); break;
    case 10:
        len = kind / 11;
        bytes = crux_get_bytes(cursor, len);
        CRUX_ASSERT((bytes != NULL) == (cursor->status == CRUX_OK));
        if (bytes != NULL) crux_put_bytes(writer, bytes, len);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t again[INPUT_BYTES_MAX];
    struct crux_cursor cursor;
    struct crux_writer writer;
    if (size < 1 || size > INPUT_BYTES_MAX) return 0;
    size_t steps = data[0] < size ? data[0] : size - 1;
    const uint8_t *in = data + 1 + steps;
    crux_cursor_init(&cursor, in, size - 1 - steps);
    crux_writer_init(&writer, again, sizeof again);
    for (size_t i = 0; i < steps; i++) {
        size_t before = cursor.at;
        read_and_write(data[1 + i], &cursor, &writer);
        CRUX_ASSERT(cursor.at >= before && cursor.at <= cursor.len);
        if (cursor.status != CRUX_OK) break;
        CRUX_ASSERT(writer.status == CRUX_OK && writer.at == cursor.at);
        CRUX_ASSERT(memcmp(again, in, cursor.at) == 0);
    }
    enum crux_status expected = cursor.status;
    if (expected == CRUX_OK && cursor.at < cursor.len) expected = CRUX_E_TRAILING_BYTES;
    CRUX_ASSERT(crux_cursor_finish(&cursor) == expected);
    return 0;
}
