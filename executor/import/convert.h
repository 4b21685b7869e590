/* Inside executor/import: the tensors of a program from those of a source. */
#ifndef CRUX_EXECUTOR_IMPORT_CONVERT_H
#define CRUX_EXECUTOR_IMPORT_CONVERT_H

#include "executor/import/import.h"

/* Sums of squares, for people. */
struct crux_import_sums {
    double error, value;
    uint64_t weights;
};

/* An import under way. */
struct crux_import_work {
    const struct crux_model_source *source;
    const struct crux_import_options *options;
    struct crux_import_message *message;
    /* The configuration: the source's, with what the importer chooses. */
    struct crux_fused_decoder decoder;
    struct crux_decoder_plan *plans;
    int32_t embed_s0, head_s0;
    int32_t *rowmul,
        *embed_rowmul; /* of the matrix last converted; the embedding's, for a tied head */
    uint32_t rowmul_count;
    int32_t embed_k;
    struct crux_import_sums norms;
    struct crux_import_sums types[CRUX_IMPORT_TYPES];
    const char *type_names[CRUX_IMPORT_TYPES];
};

/* Out: work, with the layout of every tensor; ranges and shifts are placeholders until they are converted.
 * To be freed with crux_import_work_free, on failure too; not to be moved. */
CRUX_MUST_CHECK
enum crux_status crux_import_work_init(struct crux_import_work *work,
                                       const struct crux_model_source *source,
                                       const struct crux_import_options *options,
                                       struct crux_import_message *message);
void crux_import_work_free(struct crux_import_work *work);

/* Out: bytes, tensor's, zero at first. The matrix of a .scale comes before it.
 * In/out: work, whose configuration learns range, shift and fraction bits. */
CRUX_MUST_CHECK
enum crux_status crux_import_convert(struct crux_import_work *work, uint8_t *bytes, uint64_t len,
                                     const struct crux_model_tensor *tensor);

/* ---- stream.c ---- */

/* In/out: rowmul, times the root of the width and 2^-result, so that the greatest stays within 2^30.
 * spec/55-import.md#vectors */
int32_t crux_import_scale_embed(int32_t *rowmul, uint32_t rows, uint32_t width);
/* In/out: work, whose embedding has been converted: its decoder's r_bits.
 * Returns: CRUX_E_BAD_RANGE, CRUX_E_UNKNOWN_NAME, with a message. */
CRUX_MUST_CHECK
enum crux_status crux_import_stream_bits(struct crux_import_work *work);

/* Vectors. Out: w, i16 with *bits fraction bits, as many as fit the greatest; sums. */
CRUX_MUST_CHECK
enum crux_status crux_import_norm(uint8_t *bytes, int32_t *bits, struct crux_import_sums *sums,
                                  const struct crux_source_tensor *tensor);
/* Out: i32 with `bits` fraction bits.  In: most, the greatest magnitude permitted. */
CRUX_MUST_CHECK
enum crux_status crux_import_bias(uint8_t *bytes, int32_t bits, int64_t most,
                                  const struct crux_source_tensor *tensor);

#endif
