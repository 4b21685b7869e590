/* Router logits to softmax weights: what lowering and kernel share. Only kernels/fused/experts/ includes it. */
#ifndef CRUX_KERNELS_FUSED_EXPERTS_SCORE_H
#define CRUX_KERNELS_FUSED_EXPERTS_SCORE_H

#include "kernels/fused/exp2.h"
#include "kernels/fused/experts/experts.h"

enum {
    CRUX_ROUTE_LOG2_E_Q30 = 1549082005, /* log2(e) * 2^30 */
    CRUX_ROUTE_SHIFT = 30 - 16,         /* and the logits' fraction bits: scores have 16 */
    CRUX_ROUTE_SCORE_MAX = 1 << 30,
    CRUX_ROUTE_SHARE_ONE = 1 << CRUX_EXPERTS_SHARE_BITS
};

#endif
