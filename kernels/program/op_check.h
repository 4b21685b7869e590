/* The rules that concern one op alone, in one place: encoder and decoder both call crux_op_check, so that neither
 * can accept what the other refuses. Freestanding. */
#ifndef CRUX_KERNELS_PROGRAM_OP_CHECK_H
#define CRUX_KERNELS_PROGRAM_OP_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "kernels/base/macros.h"
#include "kernels/base/status.h"
#include "kernels/ops/op.h"

enum crux_op_rule {
    CRUX_RULE_NONE = 0, /* nothing is wrong */
#define CRUX_OP_RULE(name, status, text) CRUX_RULE_##name,
#include "kernels/program/op_rules.def"
#undef CRUX_OP_RULE
    CRUX_RULE_COUNT_OF
};

enum { CRUX_FAULT_NOWHERE = UINT8_MAX };

/* Which rule an op breaks, and where. */
struct crux_op_fault {
    enum crux_op_rule rule;
    uint8_t slot; /* the operand, CRUX_SLOT_X, or CRUX_FAULT_NOWHERE: not about one */
    uint8_t dim;  /* of the output, of k or of the view, or CRUX_FAULT_NOWHERE */
};

/* Checks every rule that concerns the op alone; fields that its code, function and kinds do not use are not looked at.
 * Out: fault, if not NULL. */
CRUX_MUST_CHECK
enum crux_status crux_op_check(const struct crux_op *op, struct crux_op_fault *fault);

enum crux_status crux_op_rule_status(enum crux_op_rule rule);
/* Returns: the rule in words. */
const char *crux_op_rule_text(enum crux_op_rule rule);

/* Equal field by field, the unused ones too.  Out: what, if not NULL and if they differ, the field's name. */
bool crux_op_same(const struct crux_op *a, const struct crux_op *b, const char **what);

#endif
