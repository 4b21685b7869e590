/* spec/20-ops.md#operands: "Only an operand marked `pad` may be read outside; for every other operand the certificate proves that it never is." */
#ifndef CRUX_KERNELS_CERTIFICATE_INSIDE_H
#define CRUX_KERNELS_CERTIFICATE_INSIDE_H

#include "kernels/certificate/proof.h"

/* All elements, k and x at one position (or, for an op that does not grow, at all).
 * In: bound->elements != 0; box, their variables. */
CRUX_MUST_CHECK
enum crux_status crux_inside_check(const struct crux_proof *proof,
                                   const struct crux_bound_op *bound, const struct crux_box *box);

#endif
