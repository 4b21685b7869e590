/* What the parts of a certificate share: the op under proof, its surroundings, and the ranges of the index variables.
 * Only kernels/certificate/ and its tests include it. */
#ifndef CRUX_KERNELS_CERTIFICATE_PROOF_H
#define CRUX_KERNELS_CERTIFICATE_PROOF_H

#include <stdbool.h>
#include <stdint.h>

#include "kernels/certificate/certificate.h"
#include "kernels/certificate/interval.h"
#include "kernels/ops/dim.h"
#include "kernels/ops/eval.h"

/* What every op of a program has in common. */
struct crux_proof_frame {
    uint32_t context;
    bool by_length; /* one position, whose dimensions follow n: spec/10-machine.md#dimensions */
    uint64_t trace_leaves; /* of the longest run */
    struct crux_certificate_limits limits;
    struct crux_refusal *refusal;
};

struct crux_proof {
    const struct crux_proof_frame *frame;
    const struct crux_op *op;
    const char *label;
    uint32_t layer, number; /* number: in its layer */
    uint32_t tensors;       /* of a step tree of this layer: its ops that are not STOREs */
    bool from_last;         /* the layer is active only at positions >= n-1 */
};

/* Fills the frame's refusal.  Returns: status. */
CRUX_PRINTF(3, 4)
CRUX_MUST_CHECK
enum crux_status crux_proof_refuse(const struct crux_proof *proof, enum crux_status status,
                                   const char *format, ...);

/* The ranges of the index variables; an empty dimension counts as one of extent 1. */
struct crux_box {
    int64_t lo[CRUX_VARS], hi[CRUX_VARS];
};

/* Does any dimension of the op follow the position (or the length)? If not, all its positions are alike. */
bool crux_proof_grows(const struct crux_op *op);
bool crux_proof_k_grows(const struct crux_op *op);

/* The op's place `t` in its positions: position t, or, by length, n = t+1. */
struct crux_at crux_proof_at(const struct crux_proof *proof, uint32_t t);

/* Out: box, the variables of all elements at `bound`, or, if `everywhere`, at this shape and every position. */
void crux_box_of(struct crux_box *box, const struct crux_proof *proof,
                 const struct crux_bound_op *bound, bool everywhere);
void crux_box_join(struct crux_box *box, const struct crux_box *other);

struct crux_reachable {
    int64_t lo, hi;
};

/* Returns: the exact least and greatest value of the expression over the box; below 2^61 in magnitude. */
struct crux_reachable crux_box_affine(const struct crux_box *box, const struct crux_affine *affine);

/* Returns: the op's operand in this slot, NULL if it has none there. */
const struct crux_operand *crux_proof_operand(const struct crux_op *op, unsigned slot);
bool crux_operand_uses(const struct crux_operand *operand, unsigned var);

#endif
