#ifndef CRUX_KERNELS_FUSED_KNOWN_H
#define CRUX_KERNELS_FUSED_KNOWN_H

#include "kernels/fused/kernels.h"

/* Asks every kernel of a table what the plain one knows. Takes less than a millisecond.
 * Returns: CRUX_OK, CRUX_E_KNOWN_ANSWER_FAILED or CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_fused_known_answers(const struct crux_fused_kernels *kernels);

#endif
