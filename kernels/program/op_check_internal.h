/* What the parts of crux_op_check share. Each returns the first rule broken, CRUX_RULE_NONE if none is. */
#ifndef CRUX_KERNELS_PROGRAM_OP_CHECK_INTERNAL_H
#define CRUX_KERNELS_PROGRAM_OP_CHECK_INTERNAL_H

#include "kernels/program/op_check.h"

bool crux_dim_is_valid(const struct crux_dim *dim);
bool crux_range_is_valid(unsigned dtype, int64_t lo, int64_t hi);

/* In: slot < nin or CRUX_SLOT_X.  Out: dim, if the fault is about one dimension of the view. */
enum crux_op_rule crux_op_check_operand(const struct crux_op *op, unsigned slot, uint8_t *dim);

#endif
