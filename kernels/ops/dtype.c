#include "kernels/ops/dtype.h"

#include <stddef.h>

struct info {
    const char *name;
    uint32_t bytes;
    int64_t lo, hi;
};

static const struct info table[] = {
    [CRUX_I8] = {"i8", 1, INT8_MIN, INT8_MAX},     [CRUX_U8] = {"u8", 1, 0, UINT8_MAX},
    [CRUX_I16] = {"i16", 2, INT16_MIN, INT16_MAX}, [CRUX_U16] = {"u16", 2, 0, UINT16_MAX},
    [CRUX_I32] = {"i32", 4, INT32_MIN, INT32_MAX}, [CRUX_U32] = {"u32", 4, 0, UINT32_MAX},
    [CRUX_I64] = {"i64", 8, INT64_MIN, INT64_MAX},
};

static const struct info *find(unsigned dtype) {
    static const struct info none = {NULL, 0, 0, 0};
    return dtype >= CRUX_I8 && dtype <= CRUX_I64 ? &table[dtype] : &none;
}

uint32_t crux_dtype_bytes(unsigned dtype) {
    return find(dtype)->bytes;
}
int64_t crux_dtype_lo(unsigned dtype) {
    return find(dtype)->lo;
}
int64_t crux_dtype_hi(unsigned dtype) {
    return find(dtype)->hi;
}
const char *crux_dtype_name(unsigned dtype) {
    return find(dtype)->name;
}

int64_t crux_dtype_get(unsigned dtype, const uint8_t *p) {
    uint32_t bytes = find(dtype)->bytes;
    uint64_t v = 0;
    for (uint32_t i = 0; i < bytes; i++) v |= (uint64_t)p[i] << (8 * i);
    if (find(dtype)->lo < 0 && bytes < 8 && (v >> (8 * bytes - 1)) != 0) {
        v |= ~(uint64_t)0 << (8 * bytes);
    }
    return (int64_t)v;
}

void crux_dtype_put(uint8_t *p, unsigned dtype, int64_t v) {
    uint32_t bytes = find(dtype)->bytes;
    for (uint32_t i = 0; i < bytes; i++) p[i] = (uint8_t)((uint64_t)v >> (8 * i));
}
