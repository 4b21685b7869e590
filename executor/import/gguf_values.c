/* Single values out of the metadata. Lengths were checked when the file was parsed. */
#include <string.h>

#include "executor/import/gguf.h"

static const struct crux_gguf_entry *scalar(const struct crux_gguf *gguf, const char *key) {
    const struct crux_gguf_entry *entry = crux_gguf_find(gguf, key);
    return entry == NULL || entry->is_array ? NULL : entry;
}

bool crux_gguf_u32(const struct crux_gguf *gguf, const char *key, uint32_t *out) {
    const struct crux_gguf_entry *entry = scalar(gguf, key);
    uint64_t value = 0, most = UINT32_MAX;
    if (entry == NULL) return false;
    switch (entry->kind) {
    case CRUX_GGUF_I8:
        most = INT8_MAX; /* a negative number is beyond what its kind's positive ones reach */
        value = entry->bytes[0];
        break;
    case CRUX_GGUF_U8: value = entry->bytes[0]; break;
    case CRUX_GGUF_I16:
        most = INT16_MAX;
        value = crux_load_u16(entry->bytes);
        break;
    case CRUX_GGUF_U16: value = crux_load_u16(entry->bytes); break;
    case CRUX_GGUF_I32:
        most = INT32_MAX;
        value = crux_load_u32(entry->bytes);
        break;
    case CRUX_GGUF_U32: value = crux_load_u32(entry->bytes); break;
    case CRUX_GGUF_U64:
    case CRUX_GGUF_I64: value = crux_load_u64(entry->bytes); break;
    case CRUX_GGUF_F32:
    case CRUX_GGUF_BOOL:
    case CRUX_GGUF_STRING:
    case CRUX_GGUF_ARRAY:
    case CRUX_GGUF_F64:
    case CRUX_GGUF_KINDS: return false;
    }
    if (value > most) return false;
    *out = (uint32_t)value;
    return true;
}

bool crux_gguf_bool(const struct crux_gguf *gguf, const char *key, bool *out) {
    const struct crux_gguf_entry *entry = scalar(gguf, key);
    if (entry == NULL || entry->kind != CRUX_GGUF_BOOL) return false;
    *out = entry->bytes[0] != 0;
    return true;
}

bool crux_gguf_f32(const struct crux_gguf *gguf, const char *key, uint32_t *bits) {
    const struct crux_gguf_entry *entry = scalar(gguf, key);
    if (entry == NULL || entry->kind != CRUX_GGUF_F32) return false;
    *bits = crux_load_u32(entry->bytes);
    return true;
}

bool crux_gguf_text(const struct crux_gguf *gguf, const char *key, struct crux_gguf_text *out) {
    const struct crux_gguf_entry *entry = scalar(gguf, key);
    if (entry == NULL || entry->kind != CRUX_GGUF_STRING) return false;
    *out = (struct crux_gguf_text){(const char *)entry->bytes + 8, entry->len - 8};
    return true;
}

bool crux_gguf_next_text(const struct crux_gguf_entry *array, size_t *at,
                         struct crux_gguf_text *out) {
    if (array->kind != CRUX_GGUF_STRING || *at >= array->len) return false;
    uint64_t len = crux_load_u64(array->bytes + *at);
    *out = (struct crux_gguf_text){(const char *)array->bytes + *at + 8, (size_t)len};
    *at += 8 + (size_t)len;
    return true;
}
