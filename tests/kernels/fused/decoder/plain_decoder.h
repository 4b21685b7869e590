/* A decoder made of reference kernels alone, position by position: what an engine does, without its speed. */
#ifndef CRUX_TESTS_KERNELS_FUSED_DECODER_PLAIN_DECODER_H
#define CRUX_TESTS_KERNELS_FUSED_DECODER_PLAIN_DECODER_H

#include "kernels/fused/decoder/decoder.h"
#include "kernels/interpreter/run.h"
#include "tests/support/fused_harness.h"

/* One block's cache: rows of positions 0 .. context-1. */
struct plain_cache {
    int16_t *k, *v;  /* [context][kv_heads * head_width] */
    int8_t *ek, *ev; /* [context][kv_heads] */
};

struct plain_decoder {
    struct harness *h; /* for memory */
    const struct crux_fused_decoder *config;
    const struct crux_program *program;
    const struct crux_model_memory *model;
    struct plain_cache *cache; /* blocks */
    int32_t *r;                /* width */
    uint32_t pos;
};

void plain_decoder_init(struct plain_decoder *d, struct harness *h,
                        const struct crux_fused_decoder *config, const struct crux_program *program,
                        const struct crux_model_memory *model);
/* Position d->pos: r from the token, then the blocks in order. */
void plain_decoder_embed(struct plain_decoder *d, uint32_t token);
void plain_decoder_block(struct plain_decoder *d, uint32_t block);
/* Returns: the token chosen at d->pos.  In: tokens, those of positions 0 .. pos. */
uint32_t plain_decoder_head(struct plain_decoder *d, const uint32_t *tokens,
                            const struct crux_run_request *request);

#endif
