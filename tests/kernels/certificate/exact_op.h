/* Ops in 128-bit arithmetic that reports every intermediate which spec/20-ops.md keeps narrower. */
#ifndef CRUX_TESTS_KERNELS_CERTIFICATE_EXACT_OP_H
#define CRUX_TESTS_KERNELS_CERTIFICATE_EXACT_OP_H

#include "kernels/ops/eval_internal.h"

struct exact_watch {
    int spare;           /* least spare bits of any intermediate so far */
    bool shift_in_reach; /* requantise: no shift was clamped */
};

/* Returns: the element, before saturation. No intermediate of a certified op leaves 128 bits here. */
crux_i128 exact_op_element(struct exact_watch *watch, const struct crux_element *element);

#endif
