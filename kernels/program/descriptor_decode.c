/* 256 bytes to an op: accepts exactly what descriptor_encode.c writes. spec/21-descriptors.md#descriptor
 *
 * Reading refuses what has no place in the struct, or a second form; crux_op_check refuses the rest. */
#include "kernels/base/bytes.h"
#include "kernels/ops/dim.h"
#include "kernels/program/op_check.h"
#include "kernels/program/program.h"

/* A value that must fit its field; the first one that does not names the error. */
static uint64_t get_below(struct crux_cursor *c, uint64_t end, enum crux_status status) {
    uint64_t v = crux_get_uvarint(c);
    if (v < end) return v;
    crux_cursor_fail(c, status);
    return 0;
}

static int32_t get_i32(struct crux_cursor *c, enum crux_status status) {
    int64_t v = crux_get_svarint(c);
    if (v >= INT32_MIN && v <= INT32_MAX) return (int32_t)v;
    crux_cursor_fail(c, status);
    return 0;
}

static void get_dim(struct crux_cursor *c, struct crux_dim *dim) {
    uint64_t tag = get_below(c, UINT64_C(1) << 32, CRUX_E_BAD_DIM);
    if (tag % 2 == 0) {
        *dim = crux_dim_constant((uint32_t)(tag / 2));
        return;
    }
    if (tag != 1) crux_cursor_fail(c, CRUX_E_BAD_DIM);
    dim->a = get_i32(c, CRUX_E_BAD_DIM);
    dim->b = get_i32(c, CRUX_E_BAD_DIM);
    dim->c = get_i32(c, CRUX_E_BAD_DIM);
    dim->d = (uint32_t)get_below(c, UINT64_C(1) << 31, CRUX_E_BAD_DIM);
    dim->e = (uint32_t)get_below(c, UINT64_C(1) << 31, CRUX_E_BAD_DIM);
    if (!crux_dim_grows(dim)) crux_cursor_fail(c, CRUX_E_BAD_DIM);
}

static void get_affine(struct crux_cursor *c, struct crux_affine *affine) {
    uint64_t mask = get_below(c, UINT64_C(1) << CRUX_VARS, CRUX_E_BAD_INDEX_MAP);
    for (unsigned i = 0; i < CRUX_VARS; i++) {
        if ((mask >> i & 1) == 0) continue;
        affine->coef[i] = get_i32(c, CRUX_E_BAD_INDEX_MAP);
        if (affine->coef[i] == 0) crux_cursor_fail(c, CRUX_E_NON_CANONICAL);
    }
}

static void get_view(struct crux_cursor *c, struct crux_operand *operand) {
    operand->ndim = crux_get_u8(c);
    if (operand->ndim > CRUX_DIMS_MAX) crux_cursor_fail(c, CRUX_E_BAD_SHAPE);
    for (unsigned i = 0; i < operand->ndim && c->status == CRUX_OK; i++) {
        get_dim(c, &operand->dim[i]);
        get_affine(c, &operand->index[i]);
    }
}

static uint32_t get_number(struct crux_cursor *c) {
    return (uint32_t)get_below(c, UINT64_C(1) << 32, CRUX_E_BAD_OPERAND);
}

static void get_range(struct crux_cursor *c, struct crux_operand *operand) {
    operand->lo = crux_get_svarint(c);
    operand->hi = crux_get_svarint(c);
}

static void get_source(struct crux_cursor *c, struct crux_operand *operand) {
    operand->layer = get_number(c);
    operand->tensor = get_number(c);
    operand->stores = get_number(c);
}

static void get_root(struct crux_cursor *c, struct crux_operand *operand) {
    const uint8_t *root = crux_get_bytes(c, CRUX_HASH_BYTES);
    if (root != NULL) crux_copy(operand->root, root, CRUX_HASH_BYTES);
}

static void get_operand(struct crux_cursor *c, struct crux_operand *operand, bool has_role) {
    operand->kind = crux_get_u8(c);
    if (operand->kind > CRUX_KIND_PARAM) crux_cursor_fail(c, CRUX_E_BAD_OPERAND);
    if (has_role) operand->role = crux_get_u8(c);
    if (has_role && operand->role == CRUX_ROLE_EXPONENT) operand->coef = crux_get_i8(c);
    if (c->status != CRUX_OK) return;
    switch ((enum crux_kind)operand->kind) {
    case CRUX_KIND_IMM: get_affine(c, &operand->at); break;
    case CRUX_KIND_STEP:
        operand->flags = crux_get_u8(c);
        operand->dtype = crux_get_u8(c);
        get_range(c, operand);
        operand->tensor = get_number(c);
        get_view(c, operand);
        break;
    case CRUX_KIND_MODEL:
        operand->flags = crux_get_u8(c);
        operand->dtype = crux_get_u8(c);
        operand->layout = crux_get_u8(c);
        get_range(c, operand);
        operand->tensor = get_number(c);
        get_root(c, operand);
        get_view(c, operand);
        break;
    case CRUX_KIND_RECORD:
        operand->flags = crux_get_u8(c);
        operand->dtype = crux_get_u8(c);
        get_range(c, operand);
        get_source(c, operand);
        operand->self = (uint32_t)get_below(c, CRUX_OPS_MAX + 1, CRUX_E_BAD_OPERAND) - 1;
        get_affine(c, &operand->at);
        get_view(c, operand);
        break;
    case CRUX_KIND_TOKEN:
        operand->flags = crux_get_u8(c);
        operand->dtype = CRUX_I32;
        get_range(c, operand);
        get_source(c, operand);
        get_affine(c, &operand->at);
        break;
    case CRUX_KIND_PARAM:
        operand->dtype = CRUX_I32;
        get_range(c, operand);
        operand->tensor = get_number(c);
        break;
    }
}

static void get_end(struct crux_cursor *c, struct crux_lut_end *end) {
    end->kind = crux_get_u8(c);
    end->value = crux_get_svarint(c);
    end->shift = (uint8_t)get_below(c, 256, CRUX_E_BAD_RANGE);
}

static void get_attributes(struct crux_cursor *c, struct crux_op *op) {
    if (op->code == CRUX_MAP && op->func == CRUX_MAP_REQUANT) {
        op->c0 = crux_get_svarint(c);
        op->m0 = crux_get_svarint(c);
        op->s0 = get_i32(c, CRUX_E_BAD_RANGE);
    }
    if (op->code == CRUX_MAP && op->func == CRUX_MAP_DYNEXP) op->limit = crux_get_svarint(c);
    if (op->code == CRUX_DIV || op->code == CRUX_SQRT)
        op->shift = (uint8_t)get_below(c, 256, CRUX_E_BAD_RANGE);
    if (op->code == CRUX_LUT) {
        op->x0 = crux_get_svarint(c);
        op->shift = (uint8_t)get_below(c, 256, CRUX_E_BAD_RANGE);
        op->cells = (uint32_t)get_below(c, UINT64_C(1) << 32, CRUX_E_BAD_RANGE);
        get_end(c, &op->left);
        get_end(c, &op->right);
    }
}

static void get_op(struct crux_cursor *c, struct crux_op *op) {
    op->code = crux_get_u8(c);
    op->func = crux_get_u8(c);
    op->cmp = crux_get_u8(c);
    op->rounding = crux_get_u8(c);
    op->dtype = crux_get_u8(c);
    uint8_t counts = crux_get_u8(c), has_x = crux_get_u8(c);
    op->ndim = counts & 7;
    op->nk = counts >> 3 & 3;
    op->nin = counts >> 5;
    op->has_x = has_x == 1;
    op->lo = crux_get_svarint(c);
    op->hi = crux_get_svarint(c);
    if (op->code < CRUX_LOAD || op->code > CRUX_FIND) crux_cursor_fail(c, CRUX_E_BAD_OP);
    if (op->ndim > CRUX_DIMS_MAX) crux_cursor_fail(c, CRUX_E_BAD_SHAPE);
    if (op->nin > CRUX_OPERANDS_MAX) crux_cursor_fail(c, CRUX_E_BAD_OPERAND);
    if (has_x > 1) crux_cursor_fail(c, CRUX_E_NON_CANONICAL);
    if (c->status != CRUX_OK) return;
    for (unsigned i = 0; i < op->ndim; i++) get_dim(c, &op->dim[i]);
    for (unsigned i = 0; i < op->nk; i++) get_dim(c, &op->kdim[i]);
    get_attributes(c, op);
    for (unsigned i = 0; i < op->nin; i++) {
        get_operand(c, &op->in[i], op->code == CRUX_MAP && op->func == CRUX_MAP_REQUANT);
    }
    if (op->has_x) get_operand(c, &op->x, false);
}

enum crux_status crux_descriptor_decode(struct crux_op *op,
                                        const uint8_t in[CRUX_DESCRIPTOR_BYTES]) {
    struct crux_cursor c;
    crux_zero(op, sizeof *op);
    crux_cursor_init(&c, in, CRUX_DESCRIPTOR_BYTES);
    get_op(&c, op);
    if (c.status == CRUX_E_TRUNCATED) return CRUX_E_DESCRIPTOR_TOO_LONG;
    if (c.status != CRUX_OK) return c.status;
    while (crux_cursor_left(&c) > 0) {
        if (crux_get_u8(&c) != 0) return CRUX_E_TRAILING_BYTES;
    }
    return crux_op_check(op, NULL);
}
