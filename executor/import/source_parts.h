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

/* ---- source_gguf_variants.c, source_gguf_rope.c: a GGUF file whose shape is known ---- */

/* What the family fixes beyond its shape: windows, caps, norms after branches, how scores are divided. */
CRUX_MUST_CHECK
enum crux_status crux_source_gguf_variants(struct crux_model_source *source,
                                           struct crux_import_message *message);
/* Frequencies.  In/out: used, by number of tensor. */
CRUX_MUST_CHECK
enum crux_status crux_source_gguf_rope(struct crux_model_source *source, bool *used,
                                       struct crux_import_message *message);

/* ---- source_variants.c ---- */

/* The families that scale their embeddings and use a smooth gate: 1, 2, 3 for gemma, gemma2, gemma3; else 0. */
unsigned crux_source_gemma(const char *arch);
/* In/out: source, of a family with that number. */
void crux_source_set_gemma(struct crux_model_source *source, unsigned gemma);
/* In/out: window and global_every.  In: local, for each block, whether it has the window.
 * Returns: false if they do not come in turns that end with a block that has none. */
CRUX_MUST_CHECK
bool crux_source_set_locals(struct crux_fused_decoder *decoder, const bool *local);
/* In: bits, an f32, 0 for none.  Returns: false if there cannot be such a cap. */
CRUX_MUST_CHECK
bool crux_source_score_cap(struct crux_fused_decoder *decoder, uint32_t bits);
CRUX_MUST_CHECK
bool crux_source_logit_cap(struct crux_fused_decoder *decoder, uint32_t bits);
/* In: bits, an f32 in the place of the width of a head. */
CRUX_MUST_CHECK
bool crux_source_divisor(struct crux_fused_decoder *decoder, uint32_t bits);

/* ---- rope_scaling.c, rope_yarn.c: frequencies in turns a position times 2^64 ---- */

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

/* Low frequencies by `factor`, high ones not, those of the pairs between in between. fast and slow: turns over the
 * original positions; all numbers f32 bits.  In: base, dims, of turns, dims / 2 of them. */
CRUX_MUST_CHECK
enum crux_status crux_rope_yarn(uint64_t *turns, uint32_t factor, uint32_t fast, uint32_t slow,
                                uint32_t positions, uint32_t base, uint32_t dims);

/* A number times 2^20 from f32 bits; 0 if it is no multiple of 2^-20 above 0 and up to 2^20. */
int64_t crux_rope_twentieths(uint32_t bits);

/* ---- rope_factor.c: what q and k are multiplied by, times 2^30; 0: not possible ---- */

/* 1 + ln(factor) * scale / 10, and 1 for factors up to 1.  In: f32 bits. */
int64_t crux_rope_yarn_factor(uint32_t factor, uint32_t scale);
/* The square of longrope's: 1 + ln(stretch) / ln(original), and 1 for stretches up to 1; stretch the factor, f32 bits, or
 * if that is 0 positions / original. */
int64_t crux_rope_long_square(uint32_t factor, uint32_t positions, uint32_t original);
/* An f32 itself. */
int64_t crux_rope_given_factor(uint32_t bits);

#endif
