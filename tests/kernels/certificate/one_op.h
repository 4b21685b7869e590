/* One random op in random surroundings, ready to be certified by itself. */
#ifndef CRUX_TESTS_KERNELS_CERTIFICATE_ONE_OP_H
#define CRUX_TESTS_KERNELS_CERTIFICATE_ONE_OP_H

#include "kernels/certificate/op_proof.h"
#include "tests/kernels/certificate/true_witness.h"
#include "tests/support/random_op.h"

struct one_op {
    struct crux_op op;
    struct crux_proof_frame frame; /* limits so wide that only laws refuse */
    struct crux_proof proof;
    struct true_place place;
    struct crux_refusal refusal;
};

/* Out: one (not to be moved).  In: context, at least 1; padded: most operands may be read outside. */
void one_op_make(struct one_op *one, struct crux_random *random,
                 const struct crux_random_op_shape *shape, uint32_t context, bool padded);
enum crux_status one_op_certify(struct one_op *one, struct crux_op_certificate *out);

/* The request lengths that position `t` can have: lo .. hi. */
void one_op_lengths(const struct one_op *one, uint32_t t, uint32_t *lo, uint32_t *hi);

#endif
