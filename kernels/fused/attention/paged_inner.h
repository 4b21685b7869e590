/* The inner loops of paged attention, plain and by instruction set: same arguments, same integers. Only
 * kernels/fused/attention/paged*.c include it. */
#ifndef CRUX_KERNELS_FUSED_ATTENTION_PAGED_INNER_H
#define CRUX_KERNELS_FUSED_ATTENTION_PAGED_INNER_H

#include "kernels/fused/attention/paged.h"

enum {
    /* positions: |v| * 255 summed over them stays within 31 bits */
    CRUX_ATTENTION_PIECE = CRUX_ATTENTION_WEIGHTS
};

struct crux_attention_inner {
    /* Out: dot[t], of q and row t of k. */
    void (*dots)(int32_t *dot, const int16_t *q, const int16_t *k, uint32_t positions,
                 uint32_t width);
    /* Out: weight[t], by the table from score[t] - greatest <= 0, brought to the exponent `top` from ev[t] <= top.
     * Returns: their sum before that.  In: positions, at most CRUX_ATTENTION_PIECE. */
    int64_t (*weigh)(uint16_t *weight, const int32_t *score, int32_t greatest, int top,
                     const int8_t *ev, uint32_t positions, const uint16_t *exp2);
    /* acc[i] += sum of weight[t] * v[t][i].  In: positions, at most CRUX_ATTENTION_PIECE. */
    void (*gather)(int64_t *acc, const uint16_t *weight, const int16_t *v, uint32_t positions,
                   uint32_t width);
};

#if defined(__x86_64__)
/* For a width that is a multiple of 16, on a processor with AVX2. */
extern const struct crux_attention_inner crux_attention_inner_avx2;
#endif

#endif
