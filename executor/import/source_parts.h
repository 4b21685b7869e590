/* Inside executor/import: how a source is put together. */
#ifndef CRUX_EXECUTOR_IMPORT_SOURCE_PARTS_H
#define CRUX_EXECUTOR_IMPORT_SOURCE_PARTS_H

#include "executor/import/source.h"

/* Reads the shape and finds the tensors of a GGUF file of one of the architectures known here. */
CRUX_MUST_CHECK
enum crux_status crux_source_from_gguf(struct crux_model_source *source, uint32_t context,
                                       struct crux_import_message *message);

/* The same of a folder with config.json, *.safetensors and tokenizer.json. */
CRUX_MUST_CHECK
enum crux_status crux_source_from_folder(struct crux_model_source *source, const char *path,
                                         uint32_t context, struct crux_import_message *message);

/* Maps a file, until the source is closed.  Returns: CRUX_E_IO, with a message; CRUX_E_TOO_MANY_ELEMENTS. */
CRUX_MUST_CHECK
enum crux_status crux_source_map_file(struct crux_model_source *source, struct crux_source_map *map,
                                      const char *path, struct crux_import_message *message);

/* Adds a tensor under Crux's name. Returns: CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_source_add(struct crux_model_source *source,
                                 const struct crux_source_tensor *tensor);
/* In: name, shorter than CRUX_SOURCE_NAME_BYTES. */
void crux_source_name(struct crux_source_tensor *tensor, const char *name);
/* Sorts by name. Call it once, when all are there. */
void crux_source_sort(struct crux_model_source *source);

/* value = out->mantissa * 2^out->exponent with an odd mantissa (or 0).  In: bits, of an f32.
 * Returns: false for an infinity or no number. */
CRUX_MUST_CHECK
bool crux_source_f32(struct crux_block_float *out, uint32_t bits);

/* A whole number that an f32 may be.  Returns: false if it is none, or not within 1 .. most. */
CRUX_MUST_CHECK
bool crux_source_whole(uint32_t *out, uint32_t bits, uint32_t most);

/* ---- rope_scaling.c: frequencies in turns a position times 2^64 ---- */

/* turns[i] / factor[i].  In: factors, f32 bits, positive; count of both. */
CRUX_MUST_CHECK
enum crux_status crux_rope_divide(uint64_t *turns, const uint8_t *factors, uint32_t count);
/* All of them by one factor. */
CRUX_MUST_CHECK
enum crux_status crux_rope_linear(uint64_t *turns, uint32_t factor_bits, uint32_t count);

/* Low frequencies by `factor`, high ones not, those between in between; all numbers f32 bits.
 * spec/55-import.md#sources */
CRUX_MUST_CHECK
enum crux_status crux_rope_llama3(uint64_t *turns, uint32_t factor, uint32_t low, uint32_t high,
                                  uint32_t positions, uint32_t count);

#endif
