/* Everything that a row of a token goes through beside matrix products, once for each instruction set; never law, always
 * equal to the plain functions.
 *
 *   crux_fused_kernels(isa) -> | plain | avx2 | avx512 |       one const table each
 *                                |
 *                                `- norms, quantisation, rope, attention, activation, finish, embedding, sampling
 *
 * Each backend of kernels/backends names the instruction set that goes with it, so that whoever forces a backend forces
 * the instructions of everything. A table that lacks a faster way for something holds the plain one.
 */
#ifndef CRUX_KERNELS_FUSED_KERNELS_H
#define CRUX_KERNELS_FUSED_KERNELS_H

#include "kernels/fused/activation/activation.h"
#include "kernels/fused/attention/block.h"
#include "kernels/fused/embed/embed.h"
#include "kernels/fused/experts/experts.h"
#include "kernels/fused/layernorm/layernorm.h"
#include "kernels/fused/linear/finish_rows.h"
#include "kernels/fused/quant_rows/quant_rows.h"
#include "kernels/fused/residual/residual.h"
#include "kernels/fused/rmsnorm/rmsnorm.h"
#include "kernels/fused/rope/rope.h"
#include "kernels/fused/sample/sample.h"

enum crux_isa {
    CRUX_ISA_PLAIN,  /* C without intrinsics: the reference functions themselves */
    CRUX_ISA_AVX2,   /* x86 with AVX2 */
    CRUX_ISA_AVX512, /* x86 with AVX-512 F, BW, VL and DQ */
    CRUX_ISAS
};

/* Arguments and limits are those of the reference functions, which the plain table holds; but what sample leaves in its
 * scratch is nobody's business. */
struct crux_fused_kernels {
    enum crux_isa isa;
    const char *name;

    void (*quant_rows)(int16_t *x, int8_t *e, const int32_t *v, uint32_t rows, uint32_t width,
                       int32_t limit, int e_max);
    void (*rmsnorm)(int32_t *n, int16_t *y, const struct crux_norm_constants *constants,
                    const int32_t *r, uint32_t rows, uint32_t width, int e_max, const int16_t *w);
    void (*layernorm)(int32_t *n, int16_t *z, int64_t *c,
                      const struct crux_norm_constants *constants, struct crux_type out,
                      const int32_t *r, uint32_t rows, uint32_t width, int e_max, const int16_t *w,
                      const int32_t *bias);
    void (*rope)(int32_t *out, const struct crux_fused_rope *config, const int32_t *v,
                 uint32_t heads, uint32_t width, const int32_t *table);
    void (*activation)(int32_t *h, const struct crux_fused_activation *config, const int32_t *g,
                       const int32_t *u, uint32_t count, const int32_t *table);
    void (*attention)(const struct crux_attention_block *block, void *scratch);
    void (*residual)(int32_t *out, const struct crux_fused_residual *config, const int32_t *r,
                     const int32_t *y, uint32_t count);
    void (*finish)(int32_t *y, size_t y_stride, const struct crux_fused_finish *finish,
                   const int64_t *acc, size_t acc_stride, uint32_t rows, uint32_t o0, uint32_t o1);
    void (*mix)(int32_t *r, const struct crux_fused_mix *config, const int32_t *share,
                const int32_t *const *d, uint32_t width);
    void (*embed)(int32_t *r, const struct crux_fused_embed *config, uint32_t token,
                  const struct crux_tiles *table, const int32_t *rowmul, const int32_t *position);
    uint32_t (*sample)(struct crux_sample_scratch *scratch, const struct crux_fused_sample *config,
                       const int32_t *logits, const int32_t params[CRUX_SAMPLE_PARAMS],
                       const int32_t *recent, uint32_t recent_count, uint32_t draw,
                       const uint16_t exp2[CRUX_TABLE_ENTRIES]);
    uint32_t (*greedy)(const struct crux_fused_sample *config, const int32_t *logits);
};

/* Returns: the best instruction set of this processor. */
enum crux_isa crux_isa_best(void);

/* Returns: the table of `isa`, or NULL if this processor or this build lacks it. Plain is always there. */
const struct crux_fused_kernels *crux_fused_kernels(enum crux_isa isa);

#endif
