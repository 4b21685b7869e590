/* spec/20-ops.md#total-arithmetic: "a certificate (section 25) proves that the stated widths suffice" */
#ifndef CRUX_KERNELS_CERTIFICATE_OVERFLOW_H
#define CRUX_KERNELS_CERTIFICATE_OVERFLOW_H

#include "kernels/certificate/proof.h"

/* In: box, the variables over all positions; k_count, the greatest.
 * Out: margin_bits, the spare bits of the tightest intermediate, CRUX_CERTIFICATE_NO_MARGIN if there is none. */
CRUX_MUST_CHECK
enum crux_status crux_overflow_check(int32_t *margin_bits, const struct crux_proof *proof,
                                     const struct crux_box *box, uint32_t k_count);

#endif
