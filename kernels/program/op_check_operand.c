/* The rules of one operand: kind, flags, dtype, range, view and affine expressions. */
#include "kernels/ops/dim.h"
#include "kernels/ops/dtype.h"
#include "kernels/program/layout.h"
#include "kernels/program/op_check_internal.h"
#include "kernels/program/program.h"

enum { COEF_EXPONENT_MAX = 4 };

#define BIT(i) (1U << (i))

static bool is_requantise(const struct crux_op *op) {
    return op->code == CRUX_MAP && op->func == CRUX_MAP_REQUANT;
}

static bool is_table(const struct crux_op *op, unsigned slot) {
    return op->code == CRUX_LUT && slot == op->nin - 1U;
}

/* FIND reads r once, before it walks k. */
static bool is_find_r(const struct crux_op *op, unsigned slot) {
    return op->code == CRUX_FIND && slot == 1;
}

static unsigned permitted_kinds(const struct crux_op *op, unsigned slot) {
    if (slot == CRUX_SLOT_X || op->code == CRUX_STORE) return BIT(CRUX_KIND_STEP);
    if (op->code == CRUX_LOAD) {
        return BIT(CRUX_KIND_STEP) | BIT(CRUX_KIND_MODEL) | BIT(CRUX_KIND_RECORD) |
               BIT(CRUX_KIND_TOKEN) | BIT(CRUX_KIND_PARAM);
    }
    if (is_table(op, slot)) return BIT(CRUX_KIND_MODEL);
    if (op->code == CRUX_LUT) return BIT(CRUX_KIND_IMM) | BIT(CRUX_KIND_STEP);
    return BIT(CRUX_KIND_IMM) | BIT(CRUX_KIND_STEP) | BIT(CRUX_KIND_MODEL);
}

static unsigned permitted_flags(const struct crux_op *op, unsigned slot, enum crux_kind kind) {
    unsigned pad =
        slot == CRUX_SLOT_X || is_table(op, slot) || is_find_r(op, slot) ? 0 : CRUX_FLAG_PAD;
    switch (kind) {
    case CRUX_KIND_STEP:
    case CRUX_KIND_MODEL: return pad;
    case CRUX_KIND_RECORD: return pad | CRUX_FLAG_FROM_LAST;
    case CRUX_KIND_TOKEN: return CRUX_FLAG_FROM_LAST;
    case CRUX_KIND_IMM:
    case CRUX_KIND_PARAM: return 0;
    }
    return 0;
}

/* Variables that an operand's own affine (imm: its value; record, token: time) and its index maps may use. */
static unsigned element_variables(const struct crux_op *op) {
    unsigned mask = BIT(CRUX_VAR_ONE) | BIT(CRUX_VAR_POS) | BIT(CRUX_VAR_N);
    for (unsigned i = 0; i < op->ndim; i++) mask |= BIT(CRUX_VAR_O + i);
    return mask;
}

static unsigned index_variables(const struct crux_op *op, unsigned slot) {
    unsigned mask = element_variables(op);
    if (slot == CRUX_SLOT_X) return mask;
    if (op->has_x) mask |= BIT(CRUX_VAR_X);
    if (is_find_r(op, slot)) return mask;
    for (unsigned i = 0; i < op->nk; i++) mask |= BIT(CRUX_VAR_K + i);
    return mask;
}

static enum crux_op_rule check_affine(const struct crux_affine *affine, unsigned permitted) {
    for (unsigned i = 0; i < CRUX_VARS; i++) {
        int32_t coef = affine->coef[i];
        if (coef == 0) continue;
        if ((permitted & BIT(i)) == 0) return CRUX_RULE_VARIABLE;
        if (i != CRUX_VAR_ONE && (coef < -CRUX_COEF_MAX || coef > CRUX_COEF_MAX))
            return CRUX_RULE_COEFFICIENT;
    }
    return CRUX_RULE_NONE;
}

static enum crux_op_rule check_view(const struct crux_op *op, unsigned slot,
                                    const struct crux_operand *operand, uint8_t *dim) {
    bool constant = operand->kind == CRUX_KIND_MODEL || operand->kind == CRUX_KIND_RECORD;
    if (operand->ndim < 1 || operand->ndim > CRUX_DIMS_MAX) return CRUX_RULE_VIEW_NDIM;
    for (unsigned i = 0; i < operand->ndim; i++) {
        *dim = (uint8_t)i;
        if (!crux_dim_is_valid(&operand->dim[i])) return CRUX_RULE_VIEW_DIM;
        if (constant && crux_dim_grows(&operand->dim[i])) return CRUX_RULE_VIEW_GROWS;
        enum crux_op_rule rule = check_affine(&operand->index[i], index_variables(op, slot));
        if (rule != CRUX_RULE_NONE) return rule;
    }
    *dim = CRUX_FAULT_NOWHERE;
    return CRUX_RULE_NONE;
}

static enum crux_op_rule check_role(const struct crux_op *op, unsigned slot) {
    const struct crux_operand *operand = &op->in[slot];
    unsigned before = slot == 0 ? CRUX_ROLE_FACTOR : op->in[slot - 1].role;
    if (operand->role > CRUX_ROLE_EXPONENT || operand->role < before) return CRUX_RULE_ROLE_ORDER;
    if (slot > 0 && operand->role == CRUX_ROLE_ADD && before == CRUX_ROLE_ADD)
        return CRUX_RULE_ROLE_ORDER;
    if (operand->role != CRUX_ROLE_EXPONENT) return CRUX_RULE_NONE;
    bool fits = operand->coef != 0 && operand->coef >= -COEF_EXPONENT_MAX &&
                operand->coef <= COEF_EXPONENT_MAX;
    return fits ? CRUX_RULE_NONE : CRUX_RULE_EXPONENT;
}

static bool numbers_fit(const struct crux_operand *operand) {
    switch ((enum crux_kind)operand->kind) {
    case CRUX_KIND_IMM: return true;
    case CRUX_KIND_STEP: return operand->tensor < CRUX_OPS_MAX;
    case CRUX_KIND_MODEL: return operand->tensor < CRUX_TENSORS_MAX;
    case CRUX_KIND_RECORD:
        if (operand->self != CRUX_SELF_NONE && operand->self >= CRUX_OPS_MAX) return false;
        break;
    case CRUX_KIND_TOKEN: break;
    case CRUX_KIND_PARAM: return operand->tensor < CRUX_PARAMS;
    }
    return operand->layer < CRUX_LAYERS_MAX && operand->stores <= CRUX_STORES_MAX &&
           operand->tensor < operand->stores;
}

static enum crux_op_rule check_values(const struct crux_op *op,
                                      const struct crux_operand *operand) {
    struct crux_tile tile;
    bool i32_only = operand->kind == CRUX_KIND_TOKEN || operand->kind == CRUX_KIND_PARAM ||
                    (operand->kind == CRUX_KIND_MODEL && operand->layout != 0);
    if (crux_dtype_bytes(operand->dtype) == 0) return CRUX_RULE_OPERAND_DTYPE;
    if (i32_only && operand->dtype != CRUX_I32) return CRUX_RULE_OPERAND_DTYPE;
    if (op->code == CRUX_CONTRACT && crux_dtype_bytes(operand->dtype) > 4)
        return CRUX_RULE_WIDE_FACTOR;
    if (!crux_range_is_valid(operand->dtype, operand->lo, operand->hi))
        return CRUX_RULE_OPERAND_RANGE;
    if (operand->kind != CRUX_KIND_MODEL || operand->layout == 0) return CRUX_RULE_NONE;
    return crux_tile_decode(&tile, operand->layout) == CRUX_OK ? CRUX_RULE_NONE : CRUX_RULE_LAYOUT;
}

/* spec/21-descriptors.md#descriptor: "A LUT's table has a view of one constant dimension of cells+1 and an empty
 * affine." */
static bool table_is_valid(const struct crux_op *op, const struct crux_operand *table) {
    if (table->layout != 0 || table->ndim != 1 || table->dim[0].e != op->cells + 1) return false;
    return check_affine(&table->index[0], 0) == CRUX_RULE_NONE;
}

enum crux_op_rule crux_op_check_operand(const struct crux_op *op, unsigned slot, uint8_t *dim) {
    const struct crux_operand *operand = slot == CRUX_SLOT_X ? &op->x : &op->in[slot];
    enum crux_op_rule rule = CRUX_RULE_NONE;
    if (operand->kind > CRUX_KIND_PARAM || (permitted_kinds(op, slot) & BIT(operand->kind)) == 0) {
        return CRUX_RULE_KIND;
    }
    enum crux_kind kind = (enum crux_kind)operand->kind;
    if (is_requantise(op) && slot != CRUX_SLOT_X) rule = check_role(op, slot);
    if (rule != CRUX_RULE_NONE) return rule;
    if (kind == CRUX_KIND_IMM) return check_affine(&operand->at, index_variables(op, slot));
    if ((operand->flags & ~permitted_flags(op, slot, kind)) != 0) return CRUX_RULE_FLAGS;
    if (!numbers_fit(operand)) return CRUX_RULE_NUMBER;
    if ((rule = check_values(op, operand)) != CRUX_RULE_NONE) return rule;
    if (kind == CRUX_KIND_RECORD || kind == CRUX_KIND_TOKEN)
        rule = check_affine(&operand->at, element_variables(op));
    if (rule != CRUX_RULE_NONE || kind == CRUX_KIND_TOKEN || kind == CRUX_KIND_PARAM) return rule;
    if ((rule = check_view(op, slot, operand, dim)) != CRUX_RULE_NONE) return rule;
    return is_table(op, slot) && !table_is_valid(op, operand) ? CRUX_RULE_LUT_TABLE
                                                              : CRUX_RULE_NONE;
}
