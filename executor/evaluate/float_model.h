/* A decoder in floats: what a GGUF file says, each weight decoded by its formula whenever it is used.
 *
 *   file (mapped) --> table of contents --> struct crux_float_model: shapes, and where each matrix lies
 *
 * Read from the file itself, apart from what import makes of it, so that it can find import wrong.
 */
#ifndef CRUX_EXECUTOR_EVALUATE_FLOAT_MODEL_H
#define CRUX_EXECUTOR_EVALUATE_FLOAT_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "executor/evaluate/float_tensor.h"

enum {
    CRUX_FLOAT_BLOCKS_MAX = 1024,
    CRUX_FLOAT_HEAD_WIDTH_MAX = 1024,
    CRUX_FLOAT_HEADS_MAX = 1024,
    CRUX_FLOAT_EXPERTS_MAX = 1024,
    CRUX_FLOAT_WIDTH_MAX = 1 << 17, /* of any row */
    CRUX_FLOAT_VOCAB_MAX = 1 << 20
};

enum crux_float_activation { CRUX_FLOAT_SILU, CRUX_FLOAT_GELU_TANH };

/* Vectors are NULL where the model has none. */
struct crux_float_block {
    struct crux_float_tensor q, k, v, o, gate, up, down;
    struct crux_float_tensor router, *expert; /* instead: gate, up, down of each expert, or NULL */
    double *n1, *n2, *after_attention, *after_ffn; /* width */
    double *q_norm, *k_norm;                       /* head_width */
    double *bq, *bk, *bv, *bo;
    uint32_t window;    /* positions that attention sees; 0: all */
    const double *turn; /* radians a position for each pair of a head */
};

struct crux_float_model {
    const uint8_t *map; /* NULL if the bytes are the caller's */
    size_t map_len;
    struct crux_gguf gguf;
    uint32_t blocks, width, heads, kv_heads, head_width, ffn_width, vocab, context;
    uint32_t experts, experts_used; /* 0: none */
    bool experts_of_all;            /* shares are of the softmax over all, not over those used */
    double eps, embed_scale, score_scale;
    double score_cap, logit_cap; /* 0: none */
    bool interleaved;            /* pairs of rope are neighbours; else half a head apart */
    enum crux_float_activation activation;
    struct crux_float_tensor embed, head;
    double *out_norm;
    double *turns, *local_turns; /* head_width / 2 */
    struct crux_float_block *block;
};

/* Out: model, to be freed with crux_float_model_free, on failure too; message, on failure.
 * In: path, of a GGUF file; context, positions that the model is used for, 0: as many as the file says.
 * Returns: CRUX_E_IO, CRUX_E_UNSUPPORTED (by name in message), crux_gguf_parse's. */
CRUX_MUST_CHECK
enum crux_status crux_float_model_open(struct crux_float_model *model, const char *path,
                                       uint32_t context, struct crux_import_message *message);
/* The same from bytes in memory, which must outlive the model. */
CRUX_MUST_CHECK
enum crux_status crux_float_model_parse(struct crux_float_model *model, const uint8_t *bytes,
                                        size_t len, uint32_t context,
                                        struct crux_import_message *message);
void crux_float_model_free(struct crux_float_model *model);

#endif
