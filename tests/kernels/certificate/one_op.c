#include "tests/kernels/certificate/one_op.h"

#include "kernels/base/macros.h"

static bool by_length(const struct crux_op *op) {
    bool found = false;
    for (unsigned i = 0; i < op->ndim; i++) found = found || op->dim[i].c != 0;
    for (unsigned i = 0; i < op->nk; i++) found = found || op->kdim[i].c != 0;
    for (unsigned slot = 0; slot < CRUX_SLOTS_MAX; slot++) {
        const struct crux_operand *operand = crux_proof_operand(op, slot);
        for (unsigned i = 0; operand != NULL && i < operand->ndim; i++)
            found = found || operand->dim[i].c != 0;
    }
    return found;
}

static void pad(struct crux_op *op, struct crux_random *random) {
    for (unsigned slot = 0; slot < op->nin; slot++) {
        struct crux_operand *operand = &op->in[slot];
        bool fixed =
            (op->code == CRUX_LUT && slot + 1U == op->nin) || (op->code == CRUX_FIND && slot == 1);
        if (fixed || operand->ndim == 0 || crux_random_one_in(random, 12)) continue;
        operand->flags |= CRUX_FLAG_PAD;
    }
}

/* Tensors of their own, or the very tensor and view of operand 0, read elsewhere or alike. */
static void number_tensors(struct crux_op *op, struct crux_random *random, uint32_t tensors) {
    for (unsigned slot = 0; slot < op->nin; slot++) {
        struct crux_operand *operand = &op->in[slot];
        if (operand->kind == CRUX_KIND_RECORD && operand->self != CRUX_SELF_NONE)
            operand->self %= tensors;
        if (operand->kind != CRUX_KIND_STEP) continue;
        operand->tensor = (slot * 16 + (uint32_t)crux_random_below(random, 16)) % tensors;
        if (slot == 0 || op->in[0].kind != CRUX_KIND_STEP || !crux_random_one_in(random, 3))
            continue;
        uint8_t role = operand->role;
        int8_t coef = operand->coef;
        uint8_t flags = op->code == CRUX_FIND ? operand->flags : op->in[0].flags;
        bool alike = op->code != CRUX_FIND && crux_random_one_in(random, 2);
        struct crux_affine index[CRUX_DIMS_MAX];
        for (unsigned i = 0; i < CRUX_DIMS_MAX; i++) index[i] = operand->index[i];
        bool same_ndim = operand->ndim == op->in[0].ndim;
        *operand = op->in[0];
        operand->role = role;
        operand->coef = coef;
        operand->flags = flags;
        if (op->code == CRUX_FIND) {
            for (unsigned i = 0; i < operand->ndim; i++) {
                for (unsigned k = 0; k < CRUX_KDIMS_MAX; k++)
                    operand->index[i].coef[CRUX_VAR_K + k] = 0;
            }
        } else if (!alike && same_ndim) {
            for (unsigned i = 0; i < operand->ndim; i++) operand->index[i] = index[i];
        }
    }
    op->x.tensor %= tensors;
}

void one_op_make(struct one_op *one, struct crux_random *random,
                 const struct crux_random_op_shape *shape, uint32_t context, bool padded) {
    *one = (struct one_op){.place = {.layers = 1 + (uint32_t)crux_random_below(random, 40),
                                     .tensors = 64 + (uint32_t)crux_random_below(random, 40)}};
    crux_random_op(random, &one->op, shape);
    if (padded) pad(&one->op, random);
    number_tensors(&one->op, random, one->place.tensors);
    if (one->op.has_x) {
        one->op.x.dtype = CRUX_I32;
        one->op.x.lo = crux_random_between(random, -3, 3);
        one->op.x.hi = one->op.x.lo + (int64_t)crux_random_below(random, 4);
    }
    one->place.layer = (uint32_t)crux_random_below(random, one->place.layers);
    one->place.ops = one->place.tensors + 1 + (uint32_t)crux_random_below(random, 6);
    one->place.op = one->op.code == CRUX_STORE
                        ? one->place.tensors
                        : (uint32_t)crux_random_below(random, one->place.tensors);
    one->place.trace_leaves = (uint64_t)context * one->place.layers + 1;
    for (unsigned slot = 0; slot < one->op.nin; slot++) {
        if (one->op.in[slot].kind == CRUX_KIND_RECORD || one->op.in[slot].kind == CRUX_KIND_TOKEN)
            one->op.in[slot].layer %= one->place.layers;
    }
    one->frame = (struct crux_proof_frame){.context = context,
                                           .by_length = by_length(&one->op),
                                           .trace_leaves = one->place.trace_leaves,
                                           .limits = {UINT32_MAX, CRUX_K_WORK_MAX},
                                           .refusal = &one->refusal};
    one->proof = (struct crux_proof){.frame = &one->frame,
                                     .op = &one->op,
                                     .label = "random",
                                     .layer = one->place.layer,
                                     .number = one->place.op,
                                     .tensors = one->place.tensors,
                                     .from_last = crux_random_one_in(random, 3)};
}

enum crux_status one_op_certify(struct one_op *one, struct crux_op_certificate *out) {
    return crux_op_certify(out, &one->proof, one->place.layers, one->place.ops, NULL);
}

void one_op_lengths(const struct one_op *one, uint32_t t, uint32_t *lo, uint32_t *hi) {
    *lo = one->frame.by_length ? t + 1 : 1;
    *hi = one->frame.by_length || one->proof.from_last ? t + 1 : one->frame.context;
}
