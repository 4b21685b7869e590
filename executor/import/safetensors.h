/* A safetensors file: a table of contents over bytes that somebody mapped.
 *
 *   | header length u64 | JSON: {"name": {"dtype": "F16", "shape": [..], "data_offsets": [from, to]}, ..} | data |
 */
#ifndef CRUX_EXECUTOR_IMPORT_SAFETENSORS_H
#define CRUX_EXECUTOR_IMPORT_SAFETENSORS_H

#include <stddef.h>
#include <stdint.h>

#include "executor/import/blocks.h"
#include "executor/import/message.h"

enum {
    CRUX_SAFETENSORS_HEADER_MAX = 1 << 26,
    CRUX_SAFETENSORS_TENSORS_MAX = 1 << 16,
    CRUX_SAFETENSORS_NAME_BYTES = 96,
    CRUX_SAFETENSORS_DIMS_MAX = 4
};

struct crux_safetensor {
    char name[CRUX_SAFETENSORS_NAME_BYTES];
    const struct crux_block_type *type; /* NULL: a dtype that is not known here */
    uint32_t dims;
    uint64_t dim[CRUX_SAFETENSORS_DIMS_MAX]; /* the slowest first */
    const uint8_t *bytes;
    uint64_t len;
};

struct crux_safetensors {
    struct crux_safetensor *tensors;
    uint32_t count;
};

/* Out: file, to be freed with crux_safetensors_free, on failure too; message, on failure.
 * In: bytes, any; must outlive file. */
CRUX_MUST_CHECK
enum crux_status crux_safetensors_parse(struct crux_safetensors *file, const uint8_t *bytes,
                                        size_t len, struct crux_import_message *message);
void crux_safetensors_free(struct crux_safetensors *file);

#endif
