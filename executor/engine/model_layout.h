/* The bytes of a .crux file's first page.   spec/55-import.md#model-files */
#ifndef CRUX_EXECUTOR_ENGINE_MODEL_LAYOUT_H
#define CRUX_EXECUTOR_ENGINE_MODEL_LAYOUT_H

#include "executor/engine/model_file.h"

enum {
    CRUX_MODEL_FILE_VERSION = 1,
    CRUX_MODEL_HEADER_BYTES = 4096,
    CRUX_MODEL_ALIGNMENT = 64,
    CRUX_MODEL_SECTION_BYTES_MAX = 1 << 28 /* of a section that is hashed on opening */
};
#define CRUX_MODEL_MAGIC "CRUXMODL"

/* In the file in this order; numbers are part of the format. */
enum crux_model_section {
    CRUX_MODEL_TENSORS,
    CRUX_MODEL_CONFIG,
    CRUX_MODEL_PROGRAM,
    CRUX_MODEL_TOKENIZER,
    CRUX_MODEL_TEMPLATE,
    CRUX_MODEL_MANIFEST,
    CRUX_MODEL_SECTIONS
};

struct crux_model_header {
    uint64_t file_bytes;
    uint8_t root[32];
    struct {
        uint64_t offset, len;
        uint8_t hash[32]; /* of its bytes; zero for the tensors */
    } section[CRUX_MODEL_SECTIONS];
};

void crux_model_header_encode(uint8_t out[CRUX_MODEL_HEADER_BYTES],
                              const struct crux_model_header *header);
/* Returns: CRUX_E_BAD_MAGIC, CRUX_E_BAD_VERSION, CRUX_E_CHECKSUM_MISMATCH, CRUX_E_NON_CANONICAL, CRUX_E_TRUNCATED. */
CRUX_MUST_CHECK
enum crux_status crux_model_header_decode(struct crux_model_header *header,
                                          const uint8_t in[CRUX_MODEL_HEADER_BYTES]);

/* Where each tensor starts, from the start of the tensors; and the bytes of them all.
 * Out: offset, program->tensor_count of them; may be NULL.
 * Returns: CRUX_E_BAD_LAYOUT, CRUX_E_TOO_MANY_ELEMENTS (beyond 2^46 bytes). */
CRUX_MUST_CHECK
enum crux_status crux_model_tensor_offsets(uint64_t *offset, uint64_t *bytes,
                                           const struct crux_program *program);

/* Next multiple of CRUX_MODEL_ALIGNMENT.  In: below 2^63. */
uint64_t crux_model_align(uint64_t at);

/* printf into message.  Returns: status. */
CRUX_PRINTF(3, 4)
enum crux_status crux_model_fail(char message[CRUX_MODEL_MESSAGE_BYTES], enum crux_status status,
                                 const char *format, ...);

/* The root over a bound program and a manifest.  Returns: CRUX_E_OUT_OF_MEMORY, crux_model_tree_build's. */
CRUX_MUST_CHECK
enum crux_status crux_model_file_root(uint8_t root[32], uint8_t manifest_hash[32],
                                      const struct crux_program *program,
                                      struct crux_model_span manifest);

#endif
