/* The whole proof of one op. */
#ifndef CRUX_KERNELS_CERTIFICATE_OP_PROOF_H
#define CRUX_KERNELS_CERTIFICATE_OP_PROOF_H

#include "kernels/certificate/known_ops.h"
#include "kernels/certificate/proof.h"

/* Out: out.  In: known, ops proven before, or NULL; layers and ops, of the program and of this op's layer.
 * Returns: as crux_certify. */
CRUX_MUST_CHECK
enum crux_status crux_op_certify(struct crux_op_certificate *out, const struct crux_proof *proof,
                                 uint32_t layers, uint32_t ops, struct crux_known_ops *known);

#endif
