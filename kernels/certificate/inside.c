/* Indices are affine and their variables independent, so an index reaches exactly its two interval ends, and a read is
 * outside exactly if one of its indices is. */
#include "kernels/certificate/inside.h"

#include <inttypes.h>

static const char *slot_name(unsigned slot) {
    static const char *const names[CRUX_SLOTS_MAX] = {"operand 0", "operand 1", "operand 2",
                                                      "operand 3", "x operand"};
    return names[slot];
}

/* A LUT reads its table at i and i+1, i < cells, of cells+1 entries. */
static bool is_table(const struct crux_op *op, unsigned slot) {
    return op->code == CRUX_LUT && slot + 1U == op->nin;
}

/* Over no k at all, only x and FIND's r are read. */
static bool is_read(const struct crux_bound_op *bound, unsigned slot) {
    return bound->k_count != 0 || slot == CRUX_SLOT_X ||
           (bound->op->code == CRUX_FIND && slot == 1);
}

static bool x_too_wide(const struct crux_op *op) {
    return op->has_x && (op->x.lo < INT32_MIN || op->x.hi > INT32_MAX);
}

static enum crux_status check_operand(const struct crux_proof *proof,
                                      const struct crux_bound_op *bound, const struct crux_box *box,
                                      unsigned slot) {
    const struct crux_operand *operand = crux_proof_operand(proof->op, slot);
    if (x_too_wide(proof->op) && crux_operand_uses(operand, CRUX_VAR_X)) {
        return crux_proof_refuse(
            proof, CRUX_E_INDEX_OUTSIDE,
            "%s: x can be as large as %" PRId64 ", beyond 32 bits every index is outside",
            slot_name(slot), proof->op->x.hi > INT32_MAX ? proof->op->x.hi : proof->op->x.lo);
    }
    for (unsigned i = 0; i < operand->ndim; i++) {
        struct crux_reachable index = crux_box_affine(box, &operand->index[i]);
        uint32_t extent = bound->view[slot][i];
        if (index.lo >= 0 && index.hi < extent) continue;
        return crux_proof_refuse(proof, CRUX_E_INDEX_OUTSIDE,
                                 "%s dim %u: index reaches %" PRId64 " at position %" PRIu32
                                 ", dimension is %" PRIu32,
                                 slot_name(slot), i, index.lo < 0 ? index.lo : index.hi,
                                 proof->frame->by_length ? bound->at.n - 1 : bound->at.pos, extent);
    }
    return CRUX_OK;
}

enum crux_status crux_inside_check(const struct crux_proof *proof,
                                   const struct crux_bound_op *bound, const struct crux_box *box) {
    const struct crux_op *op = proof->op;
    for (unsigned slot = 0; slot < CRUX_SLOTS_MAX; slot++) {
        const struct crux_operand *operand = crux_proof_operand(op, slot);
        enum crux_status status;
        if (operand == NULL || operand->ndim == 0 || is_table(op, slot)) continue;
        if ((operand->flags & CRUX_FLAG_PAD) != 0 || !is_read(bound, slot)) continue;
        status = check_operand(proof, bound, box, slot);
        if (status != CRUX_OK) return status;
    }
    return CRUX_OK;
}
