/* The .crux file: a model, everything that its root commits, and what a person needs to use it.
 *
 *   0       header     magic, version, length, model root, section table; its own SHA-256 at the end
 *   4096    tensors    each model tensor as stored (crux_model_leaves), 64-byte aligned, in program order
 *   ..      config, program (bound), tokenizer, chat template, manifest; 64-byte aligned, each with its SHA-256
 *
 * Opening maps the file and checks the header, every small section, the program's structure, that the configuration
 * lowers to that very program, and that program and manifest give the model root: milliseconds. That the weights are
 * the committed ones is what crux_model_file_verify proves, by hashing all of them.
 *
 * spec/55-import.md#model-files
 */
#ifndef CRUX_EXECUTOR_ENGINE_MODEL_FILE_H
#define CRUX_EXECUTOR_ENGINE_MODEL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "executor/engine/model_config.h"
#include "kernels/kernels.h"

enum { CRUX_MODEL_MESSAGE_BYTES = 512 };

struct crux_model_span {
    const uint8_t *bytes;
    size_t len;
};

/* An opened model. All pointers lead into the map or into memory that crux_model_file_close frees. */
struct crux_model_file {
    const uint8_t *map;
    size_t map_len;
    uint8_t root[32];
    uint8_t manifest_hash[32];
    struct crux_model_config config;
    struct crux_program program;     /* bound */
    struct crux_model_memory memory; /* its tensors, in the map: not to be written */
    struct crux_model_span tokenizer, chat_template, manifest;
};

/* Out: model, to be closed with crux_model_file_close if CRUX_OK is returned; message, on failure, why.
 * Returns: CRUX_E_IO, CRUX_E_BAD_MAGIC, CRUX_E_BAD_VERSION, CRUX_E_TRUNCATED, CRUX_E_CHECKSUM_MISMATCH, ... */
CRUX_MUST_CHECK
enum crux_status crux_model_file_open(struct crux_model_file *model, const char *path,
                                      char message[CRUX_MODEL_MESSAGE_BYTES]);
/* The same from bytes in memory, which must outlive the model. */
CRUX_MUST_CHECK
enum crux_status crux_model_file_parse(struct crux_model_file *model, const uint8_t *bytes,
                                       size_t len, char message[CRUX_MODEL_MESSAGE_BYTES]);
void crux_model_file_close(struct crux_model_file *model);

/* Hashes every tensor and compares with the root that the program commits, and checks the tables that have no freedom.
 * Out: message, on failure, which tensor.
 * In: progress, may be NULL; called with bytes done and bytes in all.
 * Returns: CRUX_E_PROOF_ROOT_MISMATCH, CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_model_file_verify(const struct crux_model_file *model,
                                        char message[CRUX_MODEL_MESSAGE_BYTES],
                                        void (*progress)(void *ctx, uint64_t done, uint64_t all),
                                        void *ctx);

/* Returns: the number of the tensor with this name, UINT32_MAX if there is none. */
uint32_t crux_model_file_find(const struct crux_model_file *model, const char *name);

/* ---- writing ---------------------------------------------------------------------------------------------------- */

/* A file in the making: invisible until it is finished. */
struct crux_model_writer {
    char *path, *temporary;
    int fd;
    uint8_t *map; /* the tensors, writable */
    size_t map_len;
    uint64_t *offset; /* of each tensor */
    uint32_t tensor_count;
};

/* Makes a temporary file beside `path`, with room for the tensors of `program`.
 * Out: writer, to be ended with crux_model_writer_end whatever is returned. */
CRUX_MUST_CHECK
enum crux_status crux_model_writer_begin(struct crux_model_writer *writer, const char *path,
                                         const struct crux_program *program,
                                         char message[CRUX_MODEL_MESSAGE_BYTES]);
/* Returns: where the bytes of a tensor belong; zeros at first. */
uint8_t *crux_model_writer_tensor(const struct crux_model_writer *writer, uint32_t tensor);

struct crux_model_parts {
    const struct crux_fused_decoder *decoder;
    const struct crux_program *program; /* bound, with the tensors of the one that began */
    struct crux_model_span tokenizer, chat_template, manifest;
};
/* Writes the rest, syncs, and gives the file its name. Out: root, the model root. */
CRUX_MUST_CHECK
enum crux_status crux_model_writer_finish(struct crux_model_writer *writer, uint8_t root[32],
                                          const struct crux_model_parts *parts,
                                          char message[CRUX_MODEL_MESSAGE_BYTES]);
/* Frees; removes the temporary file if it never got its name. */
void crux_model_writer_end(struct crux_model_writer *writer);

/* Binds tensor `number` of the program to its bytes: its root goes into the tensor and into every operand that names
 * it. Returns: CRUX_E_BAD_LAYOUT, CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_model_bind(struct crux_program *program, uint32_t number,
                                 const uint8_t *bytes, uint64_t len);
/* Copies the roots of the tensors into every operand that names one. */
void crux_model_bind_operands(struct crux_program *program);

#endif
