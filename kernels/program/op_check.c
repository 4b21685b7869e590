/* Code, function, attributes and output of one op; the operands are in op_check_operand.c. */
#include "kernels/program/op_check.h"

#include <stddef.h>

#include "kernels/ops/dim.h"
#include "kernels/ops/dtype.h"
#include "kernels/program/op_check_internal.h"

enum {
    S0_MAX = 256,
    SHIFT_LUT_MAX = 31,
    SHIFT_MAX = 62,
    CELLS_MAX = 65536,
    EXPONENT_LO = -31,
    EXPONENT_HI = 95
};

bool crux_dim_is_valid(const struct crux_dim *dim) {
    if (dim->d < 1 || dim->d > INT32_MAX || dim->e < 1 || dim->e > INT32_MAX) return false;
    if (!crux_dim_grows(dim)) return dim->d == 1 && dim->a == (int32_t)dim->e;
    if (dim->b != 0 && dim->c != 0) return false;
    return dim->a != INT32_MIN && dim->b != INT32_MIN && dim->c != INT32_MIN;
}

bool crux_range_is_valid(unsigned dtype, int64_t lo, int64_t hi) {
    return lo <= hi && lo >= crux_dtype_lo(dtype) && hi <= crux_dtype_hi(dtype);
}

/* Functions of a code are numbered 1..; 0 stands for an op without functions. */
static unsigned function_count(const struct crux_op *op) {
    if (op->code == CRUX_REDUCE) return CRUX_REDUCE_COUNT;
    return op->code == CRUX_MAP ? CRUX_MAP_BITLEN : 0;
}

static bool is_map(const struct crux_op *op, enum crux_map func) {
    return op->code == CRUX_MAP && op->func == func;
}

static enum crux_op_rule check_function(const struct crux_op *op) {
    bool has_cmp = op->code == CRUX_REDUCE || is_map(op, CRUX_MAP_COMPARE);
    bool needs_cmp =
        is_map(op, CRUX_MAP_COMPARE) || (op->code == CRUX_REDUCE && op->func == CRUX_REDUCE_COUNT);
    if (op->code < CRUX_LOAD || op->code > CRUX_FIND) return CRUX_RULE_CODE;
    if (op->func > function_count(op) || (op->func == 0) != (function_count(op) == 0))
        return CRUX_RULE_FUNC;
    if (op->cmp > (has_cmp ? CRUX_CMP_GE : CRUX_CMP_NONE)) return CRUX_RULE_CMP;
    if (needs_cmp && op->cmp == CRUX_CMP_NONE) return CRUX_RULE_CMP;
    if (op->rounding > (is_map(op, CRUX_MAP_REQUANT) ? CRUX_FLOOR : CRUX_ROUND))
        return CRUX_RULE_ROUNDING;
    return CRUX_RULE_NONE;
}

static bool has_operand_count(const struct crux_op *op) {
    switch ((enum crux_opcode)op->code) {
    case CRUX_LOAD:
    case CRUX_STORE:
    case CRUX_SQRT: return op->nin == 1;
    case CRUX_CONTRACT: return op->nin >= 1 && op->nin <= 3;
    case CRUX_REDUCE:
        return op->nin ==
               (op->func == CRUX_REDUCE_COUNT ? 0 : 1) + (op->cmp == CRUX_CMP_NONE ? 0 : 2);
    case CRUX_LUT: return op->nin == 2 || op->nin == 3;
    case CRUX_DIV:
    case CRUX_FIND: return op->nin == 2;
    case CRUX_RAND: return op->nin == 0;
    case CRUX_MAP: break;
    }
    switch ((enum crux_map)op->func) {
    case CRUX_MAP_REQUANT: return op->nin <= CRUX_OPERANDS_MAX;
    case CRUX_MAP_DYNEXP:
    case CRUX_MAP_BITLEN: return op->nin == 1;
    case CRUX_MAP_COMPARE:
    case CRUX_MAP_MIN:
    case CRUX_MAP_MAX: return op->nin == 2;
    case CRUX_MAP_SELECT: return op->nin == 3;
    }
    return false;
}

static bool has_k_count(const struct crux_op *op) {
    if (op->code == CRUX_CONTRACT) return op->nk <= CRUX_KDIMS_MAX;
    if (op->code == CRUX_REDUCE || op->code == CRUX_FIND)
        return op->nk >= 1 && op->nk <= CRUX_KDIMS_MAX;
    return op->nk == 0;
}

static bool end_is_valid(const struct crux_lut_end *end) {
    return end->kind == 0 ? end->shift == 0 : end->kind == 1 && end->shift <= SHIFT_MAX;
}

static enum crux_op_rule check_attributes(const struct crux_op *op) {
    if (is_map(op, CRUX_MAP_REQUANT) && (op->s0 < -S0_MAX || op->s0 > S0_MAX))
        return CRUX_RULE_SHIFT;
    if (is_map(op, CRUX_MAP_DYNEXP)) {
        if (op->limit < 1) return CRUX_RULE_LIMIT;
        if (op->lo < EXPONENT_LO || op->hi > EXPONENT_HI) return CRUX_RULE_DYNEXP_RANGE;
    }
    if ((op->code == CRUX_DIV || op->code == CRUX_SQRT) && op->shift > SHIFT_MAX)
        return CRUX_RULE_SHIFT;
    if (op->code == CRUX_LUT) {
        if (op->shift > SHIFT_LUT_MAX) return CRUX_RULE_SHIFT;
        if (op->cells < 1 || op->cells > CELLS_MAX) return CRUX_RULE_CELLS;
        if (!end_is_valid(&op->left) || !end_is_valid(&op->right)) return CRUX_RULE_LUT_END;
    }
    return CRUX_RULE_NONE;
}

static enum crux_op_rule check_output(const struct crux_op *op, uint8_t *dim) {
    if (crux_dtype_bytes(op->dtype) == 0) return CRUX_RULE_DTYPE;
    if (!crux_range_is_valid(op->dtype, op->lo, op->hi)) return CRUX_RULE_RANGE;
    if (op->ndim < 1 || op->ndim > CRUX_DIMS_MAX) return CRUX_RULE_NDIM;
    if (!has_k_count(op)) return CRUX_RULE_NK;
    for (unsigned i = 0; i < op->ndim; i++) {
        *dim = (uint8_t)i;
        if (!crux_dim_is_valid(&op->dim[i])) return CRUX_RULE_DIM;
        if (op->code == CRUX_STORE && crux_dim_grows(&op->dim[i])) return CRUX_RULE_STORE_GROWS;
    }
    if (op->code == CRUX_FIND &&
        (crux_dim_grows(&op->dim[op->ndim - 1]) || op->dim[op->ndim - 1].e != 2)) {
        return CRUX_RULE_FIND_PAIR;
    }
    for (unsigned i = 0; i < op->nk; i++) {
        *dim = (uint8_t)i;
        if (!crux_dim_is_valid(&op->kdim[i])) return CRUX_RULE_DIM;
    }
    *dim = CRUX_FAULT_NOWHERE;
    return CRUX_RULE_NONE;
}

static enum crux_op_rule check(const struct crux_op *op, struct crux_op_fault *fault) {
    enum crux_op_rule rule = check_function(op);
    if (rule == CRUX_RULE_NONE) rule = check_output(op, &fault->dim);
    if (rule == CRUX_RULE_NONE) rule = check_attributes(op);
    if (rule != CRUX_RULE_NONE) return rule;
    if (!has_operand_count(op)) return CRUX_RULE_COUNT;
    if (op->has_x && (op->code == CRUX_STORE || op->code == CRUX_RAND)) return CRUX_RULE_X;
    for (unsigned slot = 0; slot < CRUX_SLOTS_MAX; slot++) {
        if (slot == CRUX_SLOT_X ? !op->has_x : slot >= op->nin) continue;
        fault->slot = (uint8_t)slot;
        rule = crux_op_check_operand(op, slot, &fault->dim);
        if (rule != CRUX_RULE_NONE) return rule;
    }
    return CRUX_RULE_NONE;
}

enum crux_status crux_op_check(const struct crux_op *op, struct crux_op_fault *fault) {
    struct crux_op_fault found = {CRUX_RULE_NONE, CRUX_FAULT_NOWHERE, CRUX_FAULT_NOWHERE};
    found.rule = check(op, &found);
    if (fault != NULL) *fault = found;
    return crux_op_rule_status(found.rule);
}
