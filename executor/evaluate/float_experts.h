/* A mixture of experts by float arithmetic: for each position a few of many feed-forwards, by the softmax of a router. */
#ifndef CRUX_EXECUTOR_EVALUATE_FLOAT_EXPERTS_H
#define CRUX_EXECUTOR_EVALUATE_FLOAT_EXPERTS_H

#include "executor/evaluate/float_model.h"
#include "executor/evaluate/float_product.h"

/* Memory for `positions`; a zeroed struct is empty. */
struct crux_float_experts {
    const struct crux_float_model *model;
    uint32_t positions;
    uint32_t *chosen; /* [position][used] */
    double *share;    /* the same */
    float *logits;    /* [position][experts] */
    float *x, *gate, *up, *out;
    float *packed;
    double gap; /* least distance so far of a logit that was not chosen below one that was */
};

/* Out: experts, to be freed with crux_float_experts_free, on failure too.  In: model, with experts, outlives it.
 * Returns: CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_float_experts_open(struct crux_float_experts *experts,
                                         const struct crux_float_model *model, uint32_t positions);
void crux_float_experts_free(struct crux_float_experts *experts);

/* Out: y, [count][width].  In: x, the same; scratch as for crux_float_multiply.  Returns: a tensor's error. */
CRUX_MUST_CHECK
enum crux_status crux_float_experts_run(float *y, struct crux_float_experts *experts,
                                        const struct crux_float_block *block, const float *x,
                                        uint32_t count, struct crux_threads *threads,
                                        void *const *scratch);

#endif
