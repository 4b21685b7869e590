/* Any bytes as served records of a layer with five stores: read if and only if each length is right and nothing is left,
 * and then they are those bytes. */
#include <string.h>

#include "executor/engine/served.h"

enum { STORES = 5, RECORD_BYTES = 128, AT = 24 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Returns: bytes of a store, from one byte of the input. */
static uint64_t shape(struct crux_layout *layout, uint8_t byte) {
    static const uint8_t dtypes[] = {CRUX_I8, CRUX_I16, CRUX_I32};
    uint32_t extent[CRUX_DIMS_MAX] = {1 + byte % 2, 1 + byte / 2 % 2};
    uint8_t dtype = dtypes[byte / 4 % CRUX_ARRAY_LEN(dtypes)];
    crux_layout_record(layout, dtype, 2, extent);
    return (uint64_t)extent[0] * extent[1] * crux_dtype_bytes(dtype);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct crux_layout layout[STORES];
    uint8_t record[RECORD_BYTES], before[RECORD_BYTES];
    size_t at[STORES], len[STORES], where = STORES;
    struct crux_cursor in;
    if (size < STORES) return 0;
    for (unsigned i = 0; i < STORES; i++) {
        len[i] = (size_t)shape(&layout[i], data[i]);
        at[i] = (size_t)i * AT;
    }
    memset(record, 0xA5, sizeof record);
    memcpy(before, record, sizeof before);
    crux_cursor_init(&in, data + STORES, size - STORES);
    crux_served_get(record, &in, layout, at, STORES);
    if (crux_cursor_finish(&in) != CRUX_OK) return 0;
    for (unsigned i = 0; i < STORES; i++) {
        CRUX_ASSERT(crux_load_u32(data + where) == len[i]);
        CRUX_ASSERT(memcmp(record + at[i], data + where + 4, len[i]) == 0);
        memcpy(record + at[i], before, len[i]);
        where += 4 + len[i];
    }
    CRUX_ASSERT(where == size && memcmp(record, before, sizeof record) == 0);
    return 0;
}
