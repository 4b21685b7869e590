/* Inside kernels/fused/decoder: what lowering passes around. */
#ifndef CRUX_KERNELS_FUSED_DECODER_PARTS_H
#define CRUX_KERNELS_FUSED_DECODER_PARTS_H

#include "kernels/fused/activation/activation.h"
#include "kernels/fused/decoder/decoder.h"
#include "kernels/fused/norm/norm.h"
#include "kernels/fused/quant_rows/quant_rows.h"
#include "kernels/lowering/builder.h"

enum { CRUX_DECODER_NAME_BYTES = 24 };

struct crux_decoder_parts {
    struct crux_builder *b;
    const struct crux_fused_decoder *config;
    struct crux_value rope, rope_local, exp2, act, softcap, logit_cap; /* those it has */
};

/* s0 for a matrix with `inputs` inputs whose weights fill their range: a row keeps its size, but for the
 * fraction bits gained or lost. */
int32_t crux_decoder_shift(int64_t most, uint32_t inputs, int32_t in_bits, int32_t out_bits);

/* `prefix` + `name` */
void crux_decoder_name(char out[CRUX_DECODER_NAME_BYTES], const char *prefix, const char *name);

/* A norm with its weights as tensors `prefix`name, and `prefix`name.bias. */
struct crux_decoder_norm_parts {
    const char *prefix, *name;
    enum crux_decoder_norm kind;
    uint32_t width;
    int32_t in_bits, weight_bits, out_bits;
};
struct crux_value crux_decoder_norm(const struct crux_decoder_parts *parts,
                                    const struct crux_decoder_norm_parts *norm,
                                    struct crux_value r);

/* One linear and its tensors. */
struct crux_decoder_linear {
    const char *prefix, *name;
    struct crux_decoder_tiles tiles;
    uint32_t out, in;
    int32_t s0;
    bool bias;
    const struct crux_value *residual; /* or NULL */
    const struct crux_value *w;        /* a matrix that exists already, or NULL */
};
struct crux_value crux_decoder_linear(const struct crux_decoder_parts *parts,
                                      const struct crux_decoder_linear *linear,
                                      struct crux_quantised x);

/* The experts of block number `block`, whose tensors start with `prefix`. Returns: the new r. */
struct crux_value crux_decoder_experts(const struct crux_decoder_parts *parts, const char *prefix,
                                       uint32_t block,
                                       const struct crux_fused_activation *activation,
                                       struct crux_quantised x, struct crux_value r);

/* Block number `block`. Returns: the new r. */
struct crux_value crux_decoder_block(const struct crux_decoder_parts *parts, uint32_t block,
                                     struct crux_value r);

#endif
