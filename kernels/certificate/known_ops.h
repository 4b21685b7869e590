/* Ops already proven: a model repeats its layers, so most ops were proven before under another layer's tensors.
 *
 * Two ops share a proof exactly if they differ in nothing that it looks at: the same descriptor but for the numbers and
 * roots of model tensors and the number of a record's layer, the same step tree, the same activity. */
#ifndef CRUX_KERNELS_CERTIFICATE_KNOWN_OPS_H
#define CRUX_KERNELS_CERTIFICATE_KNOWN_OPS_H

#include <stdbool.h>

#include "kernels/certificate/proof.h"
#include "kernels/certificate/witness_bound.h"

struct crux_op_proven {
    struct crux_witness_parts parts; /* at the position where they are longest */
    uint32_t pos;
    uint32_t pages; /* most at any position */
    uint32_t k_work;
    int32_t margin_bits;
};

struct crux_known_ops;

/* Returns: an empty set that remembers at most 2^14 ops; NULL without memory. */
struct crux_known_ops *crux_known_ops_new(uint32_t op_count);
void crux_known_ops_free(struct crux_known_ops *known);

/* In: known, or NULL.  Returns: whether the proof of such an op is known. */
bool crux_known_ops_find(struct crux_op_proven *out, const struct crux_known_ops *known,
                         const struct crux_proof *proof);
/* Does nothing if known is NULL or full. */
void crux_known_ops_add(struct crux_known_ops *known, const struct crux_proof *proof,
                        const struct crux_op_proven *proven);

#endif
