#include "kernels/certificate/op_proof.h"

#include <inttypes.h>
#include <string.h>

#include "kernels/certificate/inside.h"
#include "kernels/certificate/overflow.h"
#include "kernels/certificate/witness_bound.h"

/* What a walk over the positions has gathered. */
struct walk {
    struct crux_op_proven proven;
    struct crux_box box; /* of all positions with elements */
    struct crux_sight sight;
    bool any; /* some position has elements */
};

static enum crux_status refuse_work(const struct crux_proof *proof, const struct crux_at *at,
                                    uint64_t work) {
    bool grows = crux_proof_k_grows(proof->op);
    uint32_t t = proof->frame->by_length ? at->n - 1 : at->pos;
    return crux_proof_refuse(
        proof, grows ? CRUX_E_WITNESS_UNBOUNDED : CRUX_E_WORK_TOO_LARGE,
        "%s%" PRIu64 " multiply-adds at position %" PRIu32 ", limit is %" PRIu32,
        grows ? "k grows with the position: " : "", work, t, proof->frame->limits.k_work);
}

static uint64_t k_product(const struct crux_op *op, const struct crux_at *at) {
    uint64_t total = 1;
    for (unsigned i = 0; i < op->nk; i++) {
        uint32_t extent = crux_dim_value(&op->kdim[i], at->pos, at->n);
        if (extent != 0 && total > UINT64_MAX / extent) return UINT64_MAX;
        total *= extent;
    }
    return total;
}

static enum crux_status bind(struct crux_bound_op *bound, const struct crux_proof *proof,
                             const struct crux_at *at) {
    uint64_t work = k_product(proof->op, at);
    enum crux_status status;
    if (work > proof->frame->limits.k_work) return refuse_work(proof, at, work);
    status = crux_op_bind(bound, proof->op, at);
    if (status == CRUX_OK) return CRUX_OK;
    return crux_proof_refuse(
        proof, status, "output, view or k is too large at position %" PRIu32 ", bound is 2^40",
        proof->frame->by_length ? at->n - 1 : at->pos);
}

static enum crux_status see(struct walk *walk, const struct crux_proof *proof,
                            const struct crux_bound_op *bound, uint32_t t) {
    struct crux_sight sight;
    struct crux_witness_parts parts;
    crux_sight_of(&sight, proof, bound);
    if (walk->any && memcmp(&sight, &walk->sight, sizeof sight) == 0) return CRUX_OK;
    walk->sight = sight;
    crux_witness_parts_of(&parts, proof, &sight);
    if (parts.part_pages > CRUX_CERTIFICATE_PART_PAGES_MAX) {
        bool grows = crux_proof_k_grows(proof->op);
        return crux_proof_refuse(proof, grows ? CRUX_E_WITNESS_UNBOUNDED : CRUX_E_TOO_MANY_LEAVES,
                                 "%sone part of a witness can have %" PRIu32
                                 " pages at position %" PRIu32 ", limit is %d",
                                 grows ? "k grows with the position: " : "", parts.part_pages, t,
                                 CRUX_CERTIFICATE_PART_PAGES_MAX);
    }
    if (!walk->any ||
        crux_witness_parts_bytes(&parts) > crux_witness_parts_bytes(&walk->proven.parts)) {
        walk->proven.parts = parts;
        walk->proven.pos = t;
    }
    if (parts.pages > walk->proven.pages) walk->proven.pages = parts.pages;
    return CRUX_OK;
}

static enum crux_status visit(struct walk *walk, const struct crux_proof *proof, uint32_t t,
                              bool everywhere) {
    struct crux_at at = crux_proof_at(proof, t);
    struct crux_bound_op bound;
    struct crux_box box;
    enum crux_status status = bind(&bound, proof, &at);
    if (status != CRUX_OK) return status;
    if (bound.elements == 0) return CRUX_OK;
    crux_box_of(&box, proof, &bound, everywhere);
    status = crux_inside_check(proof, &bound, &box);
    if (status != CRUX_OK) return status;
    status = see(walk, proof, &bound, t);
    if (status != CRUX_OK) return status;
    if (walk->any)
        crux_box_join(&walk->box, &box);
    else
        walk->box = box;
    walk->any = true;
    if (bound.k_count > walk->proven.k_work) walk->proven.k_work = bound.k_count;
    return CRUX_OK;
}

/* Everything but the parts that name the op's place in the model. */
static enum crux_status prove(struct crux_op_proven *out, const struct crux_proof *proof) {
    struct walk walk = {.any = false};
    bool grows = crux_proof_grows(proof->op);
    uint32_t positions = grows ? proof->frame->context : 1;
    enum crux_status status = CRUX_OK;
    for (uint32_t t = 0; t < positions && status == CRUX_OK; t++)
        status = visit(&walk, proof, t, !grows);
    if (status != CRUX_OK) return status;
    walk.proven.margin_bits = CRUX_CERTIFICATE_NO_MARGIN;
    if (walk.any) {
        status =
            crux_overflow_check(&walk.proven.margin_bits, proof, &walk.box, walk.proven.k_work);
    }
    *out = walk.proven;
    return status;
}

static uint32_t descriptor_bytes(const uint8_t descriptor[CRUX_DESCRIPTOR_BYTES]) {
    uint32_t used = CRUX_DESCRIPTOR_BYTES;
    while (used > 1 && descriptor[used - 1] == 0) used--;
    return used;
}

enum crux_status crux_op_certify(struct crux_op_certificate *out, const struct crux_proof *proof,
                                 uint32_t layers, uint32_t ops, struct crux_known_ops *known) {
    uint8_t descriptor[CRUX_DESCRIPTOR_BYTES];
    struct crux_op_proven proven;
    size_t used;
    enum crux_status status = crux_descriptor_encode(descriptor, &used, proof->op);
    if (status != CRUX_OK) return crux_proof_refuse(proof, status, "the op has no descriptor");
    if (!crux_known_ops_find(&proven, known, proof)) {
        status = prove(&proven, proof);
        if (status != CRUX_OK) return status;
        crux_known_ops_add(known, proof, &proven);
    }
    uint32_t fixed = crux_witness_fixed_bytes(layers, proof->layer, ops, proof->number,
                                              descriptor_bytes(descriptor));
    const struct crux_witness_parts *parts = &proven.parts;
    uint64_t bytes = fixed + crux_witness_parts_bytes(parts);
    if (bytes > proof->frame->limits.witness_bytes) {
        bool grows = crux_proof_k_grows(proof->op);
        return crux_proof_refuse(
            proof, grows ? CRUX_E_WITNESS_UNBOUNDED : CRUX_E_WITNESS_TOO_LARGE,
            "%switness %" PRIu64 " bytes at position %" PRIu32 " (fixed %" PRIu32 ", page %" PRIu32
            ", x %" PRIu32 ", step %" PRIu32 ", table %" PRIu32 ", load %" PRIu32
            "), limit is %" PRIu32,
            grows ? "k grows with the position: " : "", bytes, proven.pos, fixed, parts->page,
            parts->x, parts->step, parts->table, parts->load, proof->frame->limits.witness_bytes);
    }
    *out = (struct crux_op_certificate){.witness_bytes = (uint32_t)bytes,
                                        .witness_pos = proven.pos,
                                        .pages = proven.pages,
                                        .k_work = proven.k_work,
                                        .margin_bits = proven.margin_bits};
    return CRUX_OK;
}
