#include "executor/engine/model_layout.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "bisection/bisection.h"

enum { HASHED_BYTES = CRUX_MODEL_HEADER_BYTES - CRUX_HASH_BYTES };
#define TENSOR_BYTES_MAX (UINT64_C(1) << 46)

uint64_t crux_model_align(uint64_t at) {
    return (at + CRUX_MODEL_ALIGNMENT - 1) / CRUX_MODEL_ALIGNMENT * CRUX_MODEL_ALIGNMENT;
}

enum crux_status crux_model_fail(char message[CRUX_MODEL_MESSAGE_BYTES], enum crux_status status,
                                 const char *format, ...) {
    va_list args;
    va_start(args, format);
    (void)vsnprintf(message, CRUX_MODEL_MESSAGE_BYTES, format, args);
    va_end(args);
    return status;
}

void crux_model_header_encode(uint8_t out[CRUX_MODEL_HEADER_BYTES],
                              const struct crux_model_header *header) {
    struct crux_writer writer;
    crux_zero(out, CRUX_MODEL_HEADER_BYTES);
    crux_writer_init(&writer, out, HASHED_BYTES);
    crux_put_bytes(&writer, CRUX_MODEL_MAGIC, 8);
    crux_put_u32(&writer, CRUX_MODEL_FILE_VERSION);
    crux_put_u32(&writer, CRUX_MODEL_SECTIONS);
    crux_put_u64(&writer, header->file_bytes);
    crux_put_bytes(&writer, header->root, 32);
    for (unsigned i = 0; i < CRUX_MODEL_SECTIONS; i++) {
        crux_put_u64(&writer, header->section[i].offset);
        crux_put_u64(&writer, header->section[i].len);
        crux_put_bytes(&writer, header->section[i].hash, 32);
    }
    CRUX_ASSERT(writer.status == CRUX_OK);
    crux_sha256(out + HASHED_BYTES, out, HASHED_BYTES);
}

enum crux_status crux_model_header_decode(struct crux_model_header *header,
                                          const uint8_t in[CRUX_MODEL_HEADER_BYTES]) {
    struct crux_cursor cursor;
    uint8_t again[CRUX_MODEL_HEADER_BYTES], hash[32];
    crux_cursor_init(&cursor, in, HASHED_BYTES);
    if (!crux_equal(crux_get_bytes(&cursor, 8), CRUX_MODEL_MAGIC, 8)) return CRUX_E_BAD_MAGIC;
    if (crux_get_u32(&cursor) != CRUX_MODEL_FILE_VERSION) return CRUX_E_BAD_VERSION;
    crux_sha256(hash, in, HASHED_BYTES);
    if (!crux_equal(hash, in + HASHED_BYTES, 32)) return CRUX_E_CHECKSUM_MISMATCH;
    if (crux_get_u32(&cursor) != CRUX_MODEL_SECTIONS) return CRUX_E_NON_CANONICAL;
    header->file_bytes = crux_get_u64(&cursor);
    crux_copy(header->root, crux_get_bytes(&cursor, 32), 32);
    for (unsigned i = 0; i < CRUX_MODEL_SECTIONS; i++) {
        header->section[i].offset = crux_get_u64(&cursor);
        header->section[i].len = crux_get_u64(&cursor);
        crux_copy(header->section[i].hash, crux_get_bytes(&cursor, 32), 32);
    }
    /* sections follow each other as the writer puts them */
    uint64_t at = CRUX_MODEL_HEADER_BYTES;
    for (unsigned i = 0; i < CRUX_MODEL_SECTIONS; i++) {
        uint64_t most = i == CRUX_MODEL_TENSORS ? TENSOR_BYTES_MAX : CRUX_MODEL_SECTION_BYTES_MAX;
        if (header->section[i].offset != at || header->section[i].len > most)
            return CRUX_E_NON_CANONICAL;
        at = crux_model_align(at + header->section[i].len);
    }
    if (header->file_bytes != at) return CRUX_E_NON_CANONICAL;
    crux_model_header_encode(again, header);
    return crux_equal(again, in, sizeof again) ? CRUX_OK : CRUX_E_NON_CANONICAL;
}

enum crux_status crux_model_tensor_offsets(uint64_t *offset, uint64_t *bytes,
                                           const struct crux_program *program) {
    uint64_t at = 0;
    for (uint32_t i = 0; i < program->tensor_count; i++) {
        uint64_t len = crux_model_tensor_bytes(&program->tensors[i]);
        if (len == 0) return CRUX_E_BAD_LAYOUT;
        if (len > TENSOR_BYTES_MAX - at) return CRUX_E_TOO_MANY_ELEMENTS;
        if (offset != NULL) offset[i] = at;
        at = crux_model_align(at + len);
    }
    *bytes = at;
    return CRUX_OK;
}

enum crux_status crux_model_file_root(uint8_t root[32], uint8_t manifest_hash[32],
                                      const struct crux_program *program,
                                      struct crux_model_span manifest) {
    struct crux_model_tree tree;
    void *memory = malloc(crux_model_tree_bytes(program) + 1);
    if (memory == NULL) return CRUX_E_OUT_OF_MEMORY;
    crux_manifest_hash(manifest_hash, manifest.bytes, manifest.len);
    enum crux_status status = crux_model_tree_build(&tree, program, manifest_hash, memory);
    if (status == CRUX_OK) crux_copy(root, tree.root, 32);
    free(memory);
    return status;
}
