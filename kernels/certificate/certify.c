/* The walk over layers, ops and positions. */
#include "kernels/certificate/certificate.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/certificate/inside.h"
#include "kernels/certificate/known_ops.h"
#include "kernels/certificate/op_proof.h"
#include "kernels/certificate/witness_bound.h"

struct crux_certificate_limits crux_certificate_default_limits(void) {
    return (struct crux_certificate_limits){CRUX_CERTIFICATE_WITNESS_BYTES,
                                            CRUX_CERTIFICATE_K_WORK};
}

static bool follows_length(const struct crux_dim *dim, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        if (dim[i].c != 0) return true;
    }
    return false;
}

/* spec/10-machine.md#dimensions: "with c != 0 anywhere the program has a single position (pos = 0)" */
static bool is_by_length(const struct crux_program *program) {
    for (uint32_t i = 0; i < program->op_count; i++) {
        const struct crux_op *op = &program->ops[i].op;
        if (follows_length(op->dim, op->ndim) || follows_length(op->kdim, op->nk)) return true;
        for (unsigned slot = 0; slot < CRUX_SLOTS_MAX; slot++) {
            const struct crux_operand *operand = crux_proof_operand(op, slot);
            if (operand != NULL && follows_length(operand->dim, operand->ndim)) return true;
        }
    }
    return false;
}

static struct crux_certificate_worst nowhere(int64_t value, const char *label) {
    struct crux_certificate_worst worst = {value, UINT32_MAX, UINT32_MAX, {0}};
    snprintf(worst.label, sizeof worst.label, "%s", label);
    return worst;
}

static void raise(struct crux_certificate_worst *worst, int64_t value,
                  const struct crux_proof *proof) {
    *worst = nowhere(value, proof->label);
    worst->layer = proof->layer;
    worst->op = proof->number;
}

static void merge(struct crux_certificate *out, const struct crux_op_certificate *op,
                  const struct crux_proof *proof) {
    if (op->witness_bytes > out->witness_bytes.value)
        raise(&out->witness_bytes, op->witness_bytes, proof);
    if (op->pages > out->pages.value) raise(&out->pages, op->pages, proof);
    if (op->k_work > out->k_work.value) raise(&out->k_work, op->k_work, proof);
    if (op->margin_bits < out->margin_bits.value) raise(&out->margin_bits, op->margin_bits, proof);
}

static enum crux_status begin(struct crux_certificate *out, const struct crux_program *program,
                              const struct crux_proof_frame *frame) {
    const struct crux_proof proof = {.frame = frame, .layer = UINT32_MAX, .number = UINT32_MAX};
    uint32_t output = crux_witness_output_bytes(program), done = crux_witness_done_bytes(program);
    out->witness_bytes = output > done ? nowhere(output, "output") : nowhere(done, "done");
    out->pages = nowhere(0, "");
    out->k_work = nowhere(0, "");
    out->margin_bits = nowhere(CRUX_CERTIFICATE_NO_MARGIN, "");
    if (out->witness_bytes.value <= frame->limits.witness_bytes) return CRUX_OK;
    return crux_proof_refuse(
        &proof, CRUX_E_WITNESS_TOO_LARGE,
        "witness of element `%s` can have %" PRId64 " bytes, limit is %" PRIu32,
        out->witness_bytes.label, out->witness_bytes.value, frame->limits.witness_bytes);
}

static enum crux_status certify_layer(struct crux_certificate *out,
                                      const struct crux_program *program,
                                      const struct crux_proof_frame *frame,
                                      struct crux_known_ops *known, uint32_t layer_number) {
    const struct crux_layer *layer = &program->layers[layer_number];
    for (uint32_t i = 0; i < layer->ops; i++) {
        const struct crux_labelled_op *labelled = &program->ops[layer->first + i];
        const struct crux_proof proof = {.frame = frame,
                                         .op = &labelled->op,
                                         .label = labelled->label,
                                         .layer = layer_number,
                                         .number = i,
                                         .tensors = layer->ops - layer->stores,
                                         .from_last = layer->active == CRUX_ACTIVE_FROM_LAST};
        struct crux_op_certificate certificate;
        enum crux_status status =
            crux_op_certify(&certificate, &proof, program->header.layers, layer->ops, known);
        if (status != CRUX_OK) return status;
        merge(out, &certificate, &proof);
        if (out->ops != NULL) out->ops[layer->first + i] = certificate;
    }
    return CRUX_OK;
}

enum crux_status crux_certify(const struct crux_program *program,
                              const struct crux_certificate_limits *limits,
                              struct crux_certificate *out, struct crux_refusal *refusal) {
    const struct crux_proof_frame frame = {
        .context = program->header.context,
        .by_length = is_by_length(program),
        .trace_leaves = (uint64_t)program->header.context * program->header.layers + 1,
        .limits = limits != NULL ? *limits : crux_certificate_default_limits(),
        .refusal = refusal};
    struct crux_known_ops *known = NULL;
    enum crux_status status = begin(out, program, &frame);
    if (status != CRUX_OK) return status;
    known = crux_known_ops_new(program->op_count);
    if (known == NULL) {
        const struct crux_proof proof = {
            .frame = &frame, .layer = UINT32_MAX, .number = UINT32_MAX};
        return crux_proof_refuse(&proof, CRUX_E_OUT_OF_MEMORY,
                                 "no memory to certify %" PRIu32 " ops", program->op_count);
    }
    for (uint32_t i = 0; i < program->header.layers && status == CRUX_OK; i++) {
        status = certify_layer(out, program, &frame, known, i);
    }
    crux_known_ops_free(known);
    return status;
}
