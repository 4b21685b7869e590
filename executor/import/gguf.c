#include "executor/import/gguf.h"

#include <stdlib.h>
#include <string.h>

static uint32_t kind_bytes(uint32_t kind) { /* 0: of no fixed length, or no kind */
    static const uint8_t bytes[CRUX_GGUF_KINDS] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
    return kind < CRUX_GGUF_KINDS ? bytes[kind] : 0;
}

static struct crux_gguf_text get_text(struct crux_cursor *cursor, uint64_t most) {
    struct crux_gguf_text text = {"", 0};
    uint64_t len = crux_get_u64(cursor);
    if (len > most) crux_cursor_fail(cursor, CRUX_E_TOO_MANY_ELEMENTS);
    const uint8_t *bytes = crux_get_bytes(cursor, len > most ? 0 : (size_t)len);
    if (bytes != NULL) text = (struct crux_gguf_text){(const char *)bytes, (size_t)len};
    return text;
}

static void skip_elements(struct crux_cursor *cursor, uint32_t kind, uint64_t count) {
    uint32_t each = kind_bytes(kind);
    if (count > CRUX_GGUF_ARRAY_MAX) {
        crux_cursor_fail(cursor, CRUX_E_TOO_MANY_ELEMENTS);
        return;
    }
    if (each != 0) {
        const uint8_t *bytes = crux_get_bytes(cursor, (size_t)(count * each));
        for (uint64_t i = 0; kind == CRUX_GGUF_BOOL && bytes != NULL && i < count; i++) {
            if (bytes[i] > 1) crux_cursor_fail(cursor, CRUX_E_NON_CANONICAL);
        }
        return;
    }
    if (kind != CRUX_GGUF_STRING) crux_cursor_fail(cursor, CRUX_E_BAD_DTYPE);
    for (uint64_t i = 0; i < count && cursor->status == CRUX_OK; i++) {
        (void)get_text(cursor, CRUX_GGUF_ARRAY_MAX);
    }
}

static void read_entry(struct crux_gguf_entry *entry, struct crux_cursor *cursor) {
    entry->key = get_text(cursor, CRUX_GGUF_KEY_BYTES_MAX);
    uint32_t kind = crux_get_u32(cursor);
    entry->count = 1;
    entry->is_array = kind == CRUX_GGUF_ARRAY;
    if (entry->is_array) {
        kind = crux_get_u32(cursor);
        entry->count = crux_get_u64(cursor);
    }
    entry->bytes = cursor->p + cursor->at;
    size_t start = cursor->at;
    skip_elements(cursor, kind, entry->count);
    entry->kind = (enum crux_gguf_kind)(kind < CRUX_GGUF_KINDS ? kind : 0);
    entry->len = cursor->at - start;
}

/* Elements and bytes, within 2^40 elements. */
static bool size_tensor(struct crux_gguf_tensor *tensor) {
    uint64_t elements = 1;
    for (uint32_t i = 0; i < CRUX_GGUF_DIMS_MAX; i++) {
        if (i >= tensor->dims) tensor->dim[i] = 1;
        if (tensor->dim[i] < 1 || tensor->dim[i] > UINT64_C(1) << 31) return false;
        elements *= tensor->dim[i]; /* below 2^40 * 2^31 */
        if (elements > UINT64_C(1) << 40) return false;
    }
    if (tensor->type == NULL) return true;
    if (tensor->dim[0] % tensor->type->inputs != 0) return false;
    tensor->len = elements / tensor->type->inputs * tensor->type->bytes;
    return true;
}

static void read_tensor(struct crux_gguf_tensor *tensor, uint64_t *offset,
                        struct crux_cursor *cursor) {
    tensor->name = get_text(cursor, CRUX_GGUF_NAME_BYTES_MAX);
    tensor->dims = crux_get_u32(cursor);
    if (tensor->dims < 1 || tensor->dims > CRUX_GGUF_DIMS_MAX) {
        crux_cursor_fail(cursor, CRUX_E_BAD_SHAPE);
        return;
    }
    for (uint32_t i = 0; i < tensor->dims; i++) tensor->dim[i] = crux_get_u64(cursor);
    tensor->type_number = crux_get_u32(cursor);
    tensor->type = crux_block_type_of(tensor->type_number);
    *offset = crux_get_u64(cursor);
    if (cursor->status == CRUX_OK && !size_tensor(tensor)) crux_cursor_fail(cursor, CRUX_E_BAD_DIM);
}

static int compare_text(struct crux_gguf_text a, struct crux_gguf_text b) {
    int order = memcmp(a.text, b.text, a.len < b.len ? a.len : b.len);
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_entries(const void *a, const void *b) {
    return compare_text(((const struct crux_gguf_entry *)a)->key,
                        ((const struct crux_gguf_entry *)b)->key);
}

static int compare_names(const void *a, const void *b) {
    return compare_text(((const struct crux_gguf_tensor *)a)->name,
                        ((const struct crux_gguf_tensor *)b)->name);
}

static int compare_places(const void *a, const void *b) {
    const uint8_t *x = ((const struct crux_gguf_tensor *)a)->bytes,
                  *y = ((const struct crux_gguf_tensor *)b)->bytes;
    return (x > y) - (x < y);
}

static enum crux_status read_entries(struct crux_gguf *gguf, struct crux_cursor *cursor,
                                     struct crux_import_message *message) {
    for (uint32_t i = 0; i < gguf->entry_count; i++) {
        read_entry(&gguf->entries[i], cursor);
        if (cursor->status != CRUX_OK)
            return crux_import_fail(message, cursor->status, "metadata entry %u of %u is not valid",
                                    (unsigned)i, (unsigned)gguf->entry_count);
    }
    qsort(gguf->entries, gguf->entry_count, sizeof *gguf->entries, compare_entries);
    for (uint32_t i = 1; i < gguf->entry_count; i++) {
        if (compare_entries(&gguf->entries[i - 1], &gguf->entries[i]) == 0)
            return crux_import_fail(message, CRUX_E_DUPLICATE_NAME, "the key '%.*s' is given twice",
                                    (int)gguf->entries[i].key.len, gguf->entries[i].key.text);
    }
    gguf->alignment = 32;
    if (crux_gguf_find(gguf, "general.alignment") != NULL &&
        !crux_gguf_u32(gguf, "general.alignment", &gguf->alignment))
        gguf->alignment = 0;
    if (gguf->alignment == 0 || (gguf->alignment & (gguf->alignment - 1)) != 0 ||
        gguf->alignment > CRUX_GGUF_ALIGNMENT_MAX)
        return crux_import_fail(message, CRUX_E_BAD_RANGE, "general.alignment is no power of two");
    return CRUX_OK;
}

static enum crux_status bad_tensor(struct crux_import_message *message, enum crux_status status,
                                   const struct crux_gguf_tensor *tensor, const char *what) {
    return crux_import_fail(message, status, "tensor '%.*s' %s", (int)tensor->name.len,
                            tensor->name.text, what);
}

/* In: offset, of each tensor in the data, which is everything from `data` on, `left` bytes. */
static enum crux_status place_tensors(struct crux_gguf *gguf, const uint64_t *offset,
                                      const uint8_t *data, uint64_t left,
                                      struct crux_import_message *message) {
    for (uint32_t i = 0; i < gguf->tensor_count; i++) {
        struct crux_gguf_tensor *tensor = &gguf->tensors[i];
        if (offset[i] % gguf->alignment != 0)
            return bad_tensor(message, CRUX_E_BAD_LAYOUT, tensor, "does not lie at its alignment");
        if (offset[i] > left || tensor->len > left - offset[i])
            return bad_tensor(message, CRUX_E_TRUNCATED, tensor, "reaches beyond the file's end");
        tensor->bytes = data + offset[i];
    }
    qsort(gguf->tensors, gguf->tensor_count, sizeof *gguf->tensors, compare_places);
    for (uint32_t i = 1; i < gguf->tensor_count; i++) {
        const struct crux_gguf_tensor *before = &gguf->tensors[i - 1];
        if ((uint64_t)(gguf->tensors[i].bytes - before->bytes) < before->len)
            return bad_tensor(message, CRUX_E_BAD_LAYOUT, before, "lies over another one");
    }
    qsort(gguf->tensors, gguf->tensor_count, sizeof *gguf->tensors, compare_names);
    for (uint32_t i = 1; i < gguf->tensor_count; i++) {
        if (compare_names(&gguf->tensors[i - 1], &gguf->tensors[i]) == 0)
            return bad_tensor(message, CRUX_E_DUPLICATE_NAME, &gguf->tensors[i], "is there twice");
    }
    return CRUX_OK;
}

static enum crux_status read_tensors(struct crux_gguf *gguf, struct crux_cursor *cursor,
                                     struct crux_import_message *message) {
    enum crux_status status = CRUX_OK;
    uint64_t *offset = calloc(gguf->tensor_count + 1U, sizeof *offset);
    if (offset == NULL) return CRUX_E_OUT_OF_MEMORY;
    for (uint32_t i = 0; i < gguf->tensor_count; i++) {
        read_tensor(&gguf->tensors[i], &offset[i], cursor);
        if (cursor->status == CRUX_OK) continue;
        status = crux_import_fail(message, cursor->status,
                                  "the description of tensor %u of %u is not valid", (unsigned)i,
                                  (unsigned)gguf->tensor_count);
        goto out;
    }
    uint64_t start = cursor->at, past = start % gguf->alignment;
    if (past != 0) start += gguf->alignment - past;
    if (start > cursor->len) start = cursor->len; /* only right if there are no tensors */
    status = place_tensors(gguf, offset, cursor->p + start, cursor->len - start, message);
out:
    free(offset);
    return status;
}

static enum crux_status parse(struct crux_gguf *gguf, struct crux_cursor *cursor,
                              struct crux_import_message *message) {
    const uint8_t *magic = crux_get_bytes(cursor, 4);
    if (magic == NULL || memcmp(magic, "GGUF", 4) != 0)
        return crux_import_fail(message, CRUX_E_BAD_MAGIC, "this is no GGUF file");
    gguf->version = crux_get_u32(cursor);
    if (gguf->version != 2 && gguf->version != 3)
        return crux_import_fail(message, CRUX_E_BAD_VERSION,
                                "GGUF version %u is not known here (2 and 3 are)",
                                (unsigned)gguf->version);
    uint64_t tensors = crux_get_u64(cursor), entries = crux_get_u64(cursor);
    if (cursor->status != CRUX_OK)
        return crux_import_fail(message, cursor->status, "the file ends in its header");
    if (tensors > CRUX_GGUF_TENSORS_MAX || entries > CRUX_GGUF_ENTRIES_MAX)
        return crux_import_fail(message, CRUX_E_TOO_MANY_ELEMENTS,
                                "the file names too many tensors or metadata entries");
    gguf->tensor_count = (uint32_t)tensors;
    gguf->entry_count = (uint32_t)entries;
    gguf->tensors = calloc(gguf->tensor_count + 1U, sizeof *gguf->tensors);
    gguf->entries = calloc(gguf->entry_count + 1U, sizeof *gguf->entries);
    if (gguf->tensors == NULL || gguf->entries == NULL)
        return crux_import_fail(message, CRUX_E_OUT_OF_MEMORY, "no memory for the file's tables");
    enum crux_status status = read_entries(gguf, cursor, message);
    return status == CRUX_OK ? read_tensors(gguf, cursor, message) : status;
}

enum crux_status crux_gguf_parse(struct crux_gguf *gguf, const uint8_t *bytes, size_t len,
                                 struct crux_import_message *message) {
    struct crux_cursor cursor;
    *gguf = (struct crux_gguf){0};
    crux_cursor_init(&cursor, bytes, len);
    return parse(gguf, &cursor, message);
}

void crux_gguf_free(struct crux_gguf *gguf) {
    free(gguf->tensors);
    free(gguf->entries);
    *gguf = (struct crux_gguf){0};
}

const struct crux_gguf_entry *crux_gguf_find(const struct crux_gguf *gguf, const char *key) {
    struct crux_gguf_entry wanted = {.key = {key, strlen(key)}};
    return bsearch(&wanted, gguf->entries, gguf->entry_count, sizeof wanted, compare_entries);
}

const struct crux_gguf_tensor *crux_gguf_find_tensor(const struct crux_gguf *gguf,
                                                     const char *name) {
    struct crux_gguf_tensor wanted = {.name = {name, strlen(name)}};
    return bsearch(&wanted, gguf->tensors, gguf->tensor_count, sizeof wanted, compare_names);
}
