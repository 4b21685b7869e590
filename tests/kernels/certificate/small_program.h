/* Whole programs of one layer around one op, for tests that want a certificate to say something particular. */
#ifndef CRUX_TESTS_KERNELS_CERTIFICATE_SMALL_PROGRAM_H
#define CRUX_TESTS_KERNELS_CERTIFICATE_SMALL_PROGRAM_H

#include "kernels/certificate/certificate.h"
#include "kernels/lowering/builder.h"

enum { SMALL_VOCAB = 100, SMALL_STEP_TENSORS = 4 };

/* Op 0 is a tensor `a` of the given type and shape, op 1 the op under test, which `make` drafts from `a`; then come
 * op 2, `filler`, op 3, the token, and its STORE. */
typedef struct crux_op small_program_draft(struct crux_builder *b, struct crux_value a);

/* Builds and checks the program; fails the test if it is not valid.  Out: program, to be freed. */
void small_program_build(struct crux_program *program, uint32_t context, struct crux_type type,
                         struct crux_shape shape, small_program_draft *make);

#endif
