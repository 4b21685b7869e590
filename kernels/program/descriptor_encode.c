/* An op to its 256 bytes. spec/21-descriptors.md#descriptor */
#include "kernels/base/bytes.h"
#include "kernels/ops/dim.h"
#include "kernels/program/op_check.h"
#include "kernels/program/program.h"

static void put_dim(struct crux_writer *w, const struct crux_dim *dim) {
    if (!crux_dim_grows(dim)) {
        crux_put_uvarint(w, 2 * (uint64_t)dim->e);
        return;
    }
    crux_put_uvarint(w, 1);
    crux_put_svarint(w, dim->a);
    crux_put_svarint(w, dim->b);
    crux_put_svarint(w, dim->c);
    crux_put_uvarint(w, dim->d);
    crux_put_uvarint(w, dim->e);
}

static void put_affine(struct crux_writer *w, const struct crux_affine *affine) {
    uint64_t mask = 0;
    for (unsigned i = 0; i < CRUX_VARS; i++) mask |= (uint64_t)(affine->coef[i] != 0) << i;
    crux_put_uvarint(w, mask);
    for (unsigned i = 0; i < CRUX_VARS; i++) {
        if (affine->coef[i] != 0) crux_put_svarint(w, affine->coef[i]);
    }
}

static void put_view(struct crux_writer *w, const struct crux_operand *operand) {
    crux_put_u8(w, operand->ndim);
    for (unsigned i = 0; i < operand->ndim; i++) {
        put_dim(w, &operand->dim[i]);
        put_affine(w, &operand->index[i]);
    }
}

static void put_range(struct crux_writer *w, int64_t lo, int64_t hi) {
    crux_put_svarint(w, lo);
    crux_put_svarint(w, hi);
}

static void put_source(struct crux_writer *w, const struct crux_operand *operand) {
    crux_put_uvarint(w, operand->layer);
    crux_put_uvarint(w, operand->tensor);
    crux_put_uvarint(w, operand->stores);
}

static void put_operand(struct crux_writer *w, const struct crux_operand *operand, bool has_role) {
    crux_put_u8(w, operand->kind);
    if (has_role) crux_put_u8(w, operand->role);
    if (has_role && operand->role == CRUX_ROLE_EXPONENT) crux_put_i8(w, operand->coef);
    switch ((enum crux_kind)operand->kind) {
    case CRUX_KIND_IMM: put_affine(w, &operand->at); break;
    case CRUX_KIND_STEP:
        crux_put_u8(w, operand->flags);
        crux_put_u8(w, operand->dtype);
        put_range(w, operand->lo, operand->hi);
        crux_put_uvarint(w, operand->tensor);
        put_view(w, operand);
        break;
    case CRUX_KIND_MODEL:
        crux_put_u8(w, operand->flags);
        crux_put_u8(w, operand->dtype);
        crux_put_u8(w, operand->layout);
        put_range(w, operand->lo, operand->hi);
        crux_put_uvarint(w, operand->tensor);
        crux_put_bytes(w, operand->root, CRUX_HASH_BYTES);
        put_view(w, operand);
        break;
    case CRUX_KIND_RECORD:
        crux_put_u8(w, operand->flags);
        crux_put_u8(w, operand->dtype);
        put_range(w, operand->lo, operand->hi);
        put_source(w, operand);
        crux_put_uvarint(w, operand->self == CRUX_SELF_NONE ? 0 : operand->self + 1);
        put_affine(w, &operand->at);
        put_view(w, operand);
        break;
    case CRUX_KIND_TOKEN:
        crux_put_u8(w, operand->flags);
        put_range(w, operand->lo, operand->hi);
        put_source(w, operand);
        put_affine(w, &operand->at);
        break;
    case CRUX_KIND_PARAM:
        put_range(w, operand->lo, operand->hi);
        crux_put_uvarint(w, operand->tensor);
        break;
    }
}

static void put_end(struct crux_writer *w, const struct crux_lut_end *end) {
    crux_put_u8(w, end->kind);
    crux_put_svarint(w, end->value);
    crux_put_uvarint(w, end->shift);
}

static void put_attributes(struct crux_writer *w, const struct crux_op *op) {
    if (op->code == CRUX_MAP && op->func == CRUX_MAP_REQUANT) {
        crux_put_svarint(w, op->c0);
        crux_put_svarint(w, op->m0);
        crux_put_svarint(w, op->s0);
    }
    if (op->code == CRUX_MAP && op->func == CRUX_MAP_DYNEXP) crux_put_svarint(w, op->limit);
    if (op->code == CRUX_DIV || op->code == CRUX_SQRT) crux_put_uvarint(w, op->shift);
    if (op->code == CRUX_LUT) {
        crux_put_svarint(w, op->x0);
        crux_put_uvarint(w, op->shift);
        crux_put_uvarint(w, op->cells);
        put_end(w, &op->left);
        put_end(w, &op->right);
    }
}

enum crux_status crux_descriptor_encode(uint8_t out[CRUX_DESCRIPTOR_BYTES], size_t *used,
                                        const struct crux_op *op) {
    bool requantise = op->code == CRUX_MAP && op->func == CRUX_MAP_REQUANT;
    struct crux_writer w;
    struct crux_op again;
    enum crux_status status = crux_op_check(op, NULL);
    if (status != CRUX_OK) return status;
    crux_zero(out, CRUX_DESCRIPTOR_BYTES);
    crux_writer_init(&w, out, CRUX_DESCRIPTOR_BYTES);
    crux_put_u8(&w, op->code);
    crux_put_u8(&w, op->func);
    crux_put_u8(&w, op->cmp);
    crux_put_u8(&w, op->rounding);
    crux_put_u8(&w, op->dtype);
    crux_put_u8(&w, (uint8_t)(op->ndim | op->nk << 3 | op->nin << 5));
    crux_put_u8(&w, op->has_x);
    put_range(&w, op->lo, op->hi);
    for (unsigned i = 0; i < op->ndim; i++) put_dim(&w, &op->dim[i]);
    for (unsigned i = 0; i < op->nk; i++) put_dim(&w, &op->kdim[i]);
    put_attributes(&w, op);
    for (unsigned i = 0; i < op->nin; i++) put_operand(&w, &op->in[i], requantise);
    if (op->has_x) put_operand(&w, &op->x, false);
    if (crux_writer_finish(&w, used) != CRUX_OK) return CRUX_E_DESCRIPTOR_TOO_LONG;
    /* A field that the bytes do not carry must be zero: what is evaluated is then always what is committed. */
    status = crux_descriptor_decode(&again, out);
    CRUX_ASSERT(status == CRUX_OK);
    return crux_op_same(op, &again, NULL) ? CRUX_OK : CRUX_E_NON_CANONICAL;
}
