/* What the parts of crux_program_check share. */
#ifndef CRUX_KERNELS_PROGRAM_CHECK_INTERNAL_H
#define CRUX_KERNELS_PROGRAM_CHECK_INTERNAL_H

#include "kernels/program/program.h"
#include "kernels/program/time_bound.h"

struct crux_checker {
    const struct crux_program *program;
    struct crux_refusal *refusal;
    struct crux_positions positions;
    bool by_length; /* some dimension grows with n */
    uint32_t layer; /* where the check stands, UINT32_MAX before the first layer */
    uint32_t op;    /* in the layer */
};

/* Fills the refusal.  Returns: status. */
CRUX_PRINTF(3, 4)
enum crux_status crux_check_refuse(const struct crux_checker *checker, enum crux_status status,
                                   const char *format, ...);

/* Names, shapes, layouts, ranges and roots of the model tensors. */
CRUX_MUST_CHECK
enum crux_status crux_check_tensors(const struct crux_checker *checker);

/* What operand `slot` of the op at hand names.  The op has passed crux_op_check. */
CRUX_MUST_CHECK
enum crux_status crux_check_operand(const struct crux_checker *checker, unsigned slot);

/* Returns: op `number` of layer `layer`, both in range. */
const struct crux_op *crux_check_op_of(const struct crux_checker *checker, uint32_t layer,
                                       uint32_t number);

#endif
