/* A rule's error and its words. */
#include "kernels/program/op_check.h"

enum crux_status crux_op_rule_status(enum crux_op_rule rule) {
    switch (rule) {
    case CRUX_RULE_NONE: return CRUX_OK;
#define CRUX_OP_RULE(name, status, text)                                                           \
    case CRUX_RULE_##name:                                                                         \
        return CRUX_E_##status;
#include "kernels/program/op_rules.def"
#undef CRUX_OP_RULE
    case CRUX_RULE_COUNT_OF: break;
    }
    return CRUX_E_INTERNAL;
}

const char *crux_op_rule_text(enum crux_op_rule rule) {
    switch (rule) {
    case CRUX_RULE_NONE: return "nothing is wrong";
#define CRUX_OP_RULE(name, status, text)                                                           \
    case CRUX_RULE_##name:                                                                         \
        return text;
#include "kernels/program/op_rules.def"
#undef CRUX_OP_RULE
    case CRUX_RULE_COUNT_OF: break;
    }
    return "this number is not a rule";
}
