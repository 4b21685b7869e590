/* An opened model source: what the decoder is, where its tensors lie, and what goes beside them.
 *
 *   GGUF file --open--> struct crux_model_source --> importer (exact), float reference (doubles)
 *
 * Tensors go by Crux's names: embed, out.norm, head, b7.n1, b7.q, b7.q.bias ..., whatever the source calls them; a
 * tensor may be a range of rows of one of the source's (fused q, k and v). Experts' matrices go one by one: b7.router,
 * and b7.gate.0, b7.gate.1 ...
 */
#ifndef CRUX_EXECUTOR_IMPORT_SOURCE_H
#define CRUX_EXECUTOR_IMPORT_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "executor/import/blocks.h"
#include "executor/import/gguf.h"
#include "executor/import/message.h"

enum {
    CRUX_SOURCE_NAME_BYTES = 24,
    CRUX_SOURCE_TEXT_BYTES = 128,
    CRUX_SOURCE_MAPS_MAX = 1024,     /* files of a folder */
    CRUX_SOURCE_HEAD_WIDTH_MAX = 256 /* what attention takes */
};

struct crux_source_tensor {
    char name[CRUX_SOURCE_NAME_BYTES]; /* Crux's */
    const struct crux_block_type *type;
    uint32_t rows, inputs; /* rows 1: a vector */
    bool plus_one;         /* the weights are one more than the numbers */
    const uint8_t *bytes;
    size_t row_bytes;
};

struct crux_source_map {
    const uint8_t *bytes;
    size_t len;
};

struct crux_model_source {
    char format[16];                   /* "gguf", "safetensors" */
    char arch[CRUX_SOURCE_TEXT_BYTES]; /* as the source says */
    char name[CRUX_SOURCE_TEXT_BYTES];
    /* Shape, layout, eps, tables. Tiles, shifts and fraction bits are the importer's to choose; rope_turns, if not
     * NULL, is the source's memory. */
    struct crux_fused_decoder decoder;
    struct crux_source_tensor *tensors; /* sorted by name */
    uint32_t tensor_count, tensor_cap;
    uint64_t *rope_turns;
    bool scale_embed;      /* rows of the embedding are multiplied by the root of the width */
    uint8_t hash[32];      /* of all files: spec/55-import.md#sources */
    struct crux_gguf gguf; /* empty if it is a folder */
    struct crux_source_map tokenizer_json,
        tokenizer_config;         /* of a folder; bytes NULL: not there */
    struct crux_source_map *maps; /* mapped files */
    uint32_t map_count;
};

/* Out: source, to be closed with crux_source_close, on failure too.
 * In: path, of a GGUF file, or of a folder with config.json and safetensors.
 * In: context, positions that the model shall have; 0: as many as the source says.
 * Returns: CRUX_E_IO, CRUX_E_UNSUPPORTED (naming what), the reader's errors. */
CRUX_MUST_CHECK
enum crux_status crux_source_open(struct crux_model_source *source, const char *path,
                                  uint32_t context, struct crux_import_message *message);
/* The same from bytes in memory, which must outlive the source. */
CRUX_MUST_CHECK
enum crux_status crux_source_parse(struct crux_model_source *source, const uint8_t *bytes,
                                   size_t len, uint32_t context,
                                   struct crux_import_message *message);
void crux_source_close(struct crux_model_source *source);

/* Returns: NULL if there is none. */
const struct crux_source_tensor *crux_source_find(const struct crux_model_source *source,
                                                  const char *name);

/* Row `row` < tensor->rows as doubles: for float references, never for the model itself. */
CRUX_MUST_CHECK
enum crux_status crux_source_doubles(double *values, const struct crux_source_tensor *tensor,
                                     uint32_t row);

#endif
