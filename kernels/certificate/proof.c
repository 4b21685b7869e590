#include "kernels/certificate/proof.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum crux_status crux_proof_refuse(const struct crux_proof *proof, enum crux_status status,
                                   const char *format, ...) {
    struct crux_refusal *refusal = proof->frame->refusal;
    va_list arguments;
    if (refusal == NULL) return status;
    memset(refusal, 0, sizeof *refusal);
    refusal->status = status;
    refusal->layer = proof->layer;
    refusal->op = proof->number;
    if (proof->label != NULL) snprintf(refusal->label, sizeof refusal->label, "%s", proof->label);
    va_start(arguments, format);
    vsnprintf(refusal->what, sizeof refusal->what, format, arguments);
    va_end(arguments);
    return status;
}

static bool any_grows(const struct crux_dim *dim, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        if (crux_dim_grows(&dim[i])) return true;
    }
    return false;
}

bool crux_proof_k_grows(const struct crux_op *op) {
    return any_grows(op->kdim, op->nk);
}

bool crux_proof_grows(const struct crux_op *op) {
    if (any_grows(op->dim, op->ndim) || crux_proof_k_grows(op)) return true;
    for (unsigned slot = 0; slot < CRUX_SLOTS_MAX; slot++) {
        const struct crux_operand *operand = crux_proof_operand(op, slot);
        if (operand != NULL && any_grows(operand->dim, operand->ndim)) return true;
    }
    return false;
}

struct crux_at crux_proof_at(const struct crux_proof *proof, uint32_t t) {
    bool by_length = proof->frame->by_length;
    return (struct crux_at){
        .pos = by_length ? 0 : t, .n = by_length ? t + 1 : 1, .layer = proof->layer};
}

static void set(struct crux_box *box, unsigned var, int64_t lo, int64_t hi) {
    box->lo[var] = lo;
    box->hi[var] = hi < lo ? lo : hi;
}

/* spec/10-machine.md#positions: "So 0 <= pos < context and 1 <= n <= context." */
static void set_position(struct crux_box *box, const struct crux_proof *proof,
                         const struct crux_at *at, bool everywhere) {
    const struct crux_proof_frame *frame = proof->frame;
    if (frame->by_length) {
        set(box, CRUX_VAR_POS, 0, 0);
        set(box, CRUX_VAR_N, everywhere ? 1 : at->n, everywhere ? frame->context : at->n);
    } else {
        set(box, CRUX_VAR_POS, everywhere ? 0 : at->pos, everywhere ? frame->context - 1 : at->pos);
        set(box, CRUX_VAR_N, 1, proof->from_last ? box->hi[CRUX_VAR_POS] + 1 : frame->context);
    }
}

void crux_box_of(struct crux_box *box, const struct crux_proof *proof,
                 const struct crux_bound_op *bound, bool everywhere) {
    const struct crux_op *op = proof->op;
    *box = (struct crux_box){.lo = {0}, .hi = {0}};
    set(box, CRUX_VAR_ONE, 1, 1);
    for (unsigned i = 0; i < op->ndim; i++) set(box, CRUX_VAR_O + i, 0, (int64_t)bound->dim[i] - 1);
    for (unsigned i = 0; i < op->nk; i++) set(box, CRUX_VAR_K + i, 0, (int64_t)bound->kdim[i] - 1);
    set_position(box, proof, &bound->at, everywhere);
    /* An x beyond 32 bits makes every index that uses it outside: spec/20-ops.md#operands */
    if (op->has_x) {
        set(box, CRUX_VAR_X, crux_clamp(op->x.lo, INT32_MIN, INT32_MAX),
            crux_clamp(op->x.hi, INT32_MIN, INT32_MAX));
    }
}

void crux_box_join(struct crux_box *box, const struct crux_box *other) {
    for (unsigned i = 0; i < CRUX_VARS; i++) {
        if (other->lo[i] < box->lo[i]) box->lo[i] = other->lo[i];
        if (other->hi[i] > box->hi[i]) box->hi[i] = other->hi[i];
    }
}

struct crux_reachable crux_box_affine(const struct crux_box *box,
                                      const struct crux_affine *affine) {
    struct crux_reachable r = {0, 0};
    for (unsigned i = 0; i < CRUX_VARS;
         i++) { /* |coefficient| <= 2^24 or variable 1: no sum passes 2^61 */
        int64_t c = affine->coef[i];
        if (c == 0) continue;
        r.lo += c * (c > 0 ? box->lo[i] : box->hi[i]);
        r.hi += c * (c > 0 ? box->hi[i] : box->lo[i]);
    }
    return r;
}

const struct crux_operand *crux_proof_operand(const struct crux_op *op, unsigned slot) {
    if (slot == CRUX_SLOT_X) return op->has_x ? &op->x : NULL;
    return slot < op->nin ? &op->in[slot] : NULL;
}

bool crux_operand_uses(const struct crux_operand *operand, unsigned var) {
    for (unsigned i = 0; i < operand->ndim; i++) {
        if (operand->index[i].coef[var] != 0) return true;
    }
    return operand->at.coef[var] != 0;
}
