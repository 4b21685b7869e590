/* GGUF files, versions 2 and 3, little-endian: a table of contents over bytes that somebody mapped.
 *
 *   | GGUF | version | tensors | entries | key value, key value, .. | name dims type offset, .. | pad | tensor data |
 *
 * Everything is checked when the file is opened: lengths, UTF-8 is not; names are unique, offsets aligned, tensors
 * inside the file and apart from each other. Nothing is copied but the two tables.
 */
#ifndef CRUX_EXECUTOR_IMPORT_GGUF_H
#define CRUX_EXECUTOR_IMPORT_GGUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "executor/import/blocks.h"
#include "executor/import/message.h"

enum {
    CRUX_GGUF_ENTRIES_MAX = 1 << 16,
    CRUX_GGUF_TENSORS_MAX = 1 << 16,
    CRUX_GGUF_KEY_BYTES_MAX = 1 << 16,
    CRUX_GGUF_NAME_BYTES_MAX = 64,
    CRUX_GGUF_ARRAY_MAX = 1 << 24, /* elements */
    CRUX_GGUF_DIMS_MAX = 4,
    CRUX_GGUF_ALIGNMENT_MAX = 1 << 16
};

/* Numbers are the format's. */
enum crux_gguf_kind {
    CRUX_GGUF_U8 = 0,
    CRUX_GGUF_I8 = 1,
    CRUX_GGUF_U16 = 2,
    CRUX_GGUF_I16 = 3,
    CRUX_GGUF_U32 = 4,
    CRUX_GGUF_I32 = 5,
    CRUX_GGUF_F32 = 6,
    CRUX_GGUF_BOOL = 7,
    CRUX_GGUF_STRING = 8,
    CRUX_GGUF_ARRAY = 9,
    CRUX_GGUF_U64 = 10,
    CRUX_GGUF_I64 = 11,
    CRUX_GGUF_F64 = 12,
    CRUX_GGUF_KINDS
};

struct crux_gguf_text {
    const char *text; /* not zero-terminated */
    size_t len;
};

struct crux_gguf_entry {
    struct crux_gguf_text key;
    enum crux_gguf_kind kind; /* of the elements, if it is an array; no arrays of arrays */
    bool is_array;
    uint64_t count;       /* of elements; 1 if it is none */
    const uint8_t *bytes; /* the elements; a string is its u64 length and its bytes */
    size_t len;
};

struct crux_gguf_tensor {
    struct crux_gguf_text name;
    const struct crux_block_type *type; /* NULL: one that is not known here; then len is 0 */
    uint32_t type_number;
    uint32_t dims;
    uint64_t dim[CRUX_GGUF_DIMS_MAX]; /* the fastest first; 1 beyond dims */
    const uint8_t *bytes;
    uint64_t len;
};

struct crux_gguf {
    uint32_t version;
    uint32_t alignment;
    struct crux_gguf_entry *entries; /* sorted by key */
    uint32_t entry_count;
    struct crux_gguf_tensor *tensors; /* sorted by name */
    uint32_t tensor_count;
};

/* Out: gguf, to be freed with crux_gguf_free, on failure too; message, on failure.
 * In: bytes, any; must outlive gguf. */
CRUX_MUST_CHECK
enum crux_status crux_gguf_parse(struct crux_gguf *gguf, const uint8_t *bytes, size_t len,
                                 struct crux_import_message *message);
void crux_gguf_free(struct crux_gguf *gguf);

/* Returns: NULL if there is none. */
const struct crux_gguf_entry *crux_gguf_find(const struct crux_gguf *gguf, const char *key);
const struct crux_gguf_tensor *crux_gguf_find_tensor(const struct crux_gguf *gguf,
                                                     const char *name);

/* Each returns false, and leaves its output alone, if the entry is missing, of another kind, an array or outside the
 * output's range. */
CRUX_MUST_CHECK
bool crux_gguf_u32(const struct crux_gguf *gguf, const char *key, uint32_t *out);
CRUX_MUST_CHECK
bool crux_gguf_bool(const struct crux_gguf *gguf, const char *key, bool *out);
/* Out: the bits of an f32. */
CRUX_MUST_CHECK
bool crux_gguf_f32(const struct crux_gguf *gguf, const char *key, uint32_t *bits);
CRUX_MUST_CHECK
bool crux_gguf_text(const struct crux_gguf *gguf, const char *key, struct crux_gguf_text *out);

/* Walks an array of strings: *at starts at 0.  Returns: false at its end. */
CRUX_MUST_CHECK
bool crux_gguf_next_text(const struct crux_gguf_entry *array, size_t *at,
                         struct crux_gguf_text *out);

#endif
