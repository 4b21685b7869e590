/* Operands in pages and tiles: the parts x, step and table. */
#include <string.h>

#include "kernels/certificate/witness_parts.h"
#include "kernels/program/layout.h"

/* Leaves and siblings in one tensor's tree, of up to two operands and x that read it. */
struct tree_bound {
    uint64_t leaves, bytes;
};

static struct tree_bound tree_bound(const struct crux_reach *const *reach, unsigned count) {
    struct tree_bound bound = {0, 0};
    uint64_t nodes_above = 0;
    unsigned depth = crux_tree_depth(reach[0]->leaves);
    for (unsigned level = 0; level <= depth; level++) {
        uint64_t all = ((reach[0]->leaves - 1) >> level) + 1, nodes = 0;
        for (unsigned i = 0; i < count; i++) nodes += crux_reach_nodes(reach[i], level);
        if (nodes > all) nodes = all;
        if (level == 0)
            bound.leaves = nodes;
        else
            nodes_above += nodes;
    }
    if (bound.leaves > CRUX_WITNESS_PART_CAP / CRUX_TILE_BYTES_MAX)
        return (struct tree_bound){bound.leaves, CRUX_WITNESS_PART_CAP};
    /* leaf_bytes * n - 32 * (n - 1) for the worst n from 1 to the bound, and a leaf may be shorter than a hash */
    uint64_t leaf = reach[0]->leaf_bytes;
    uint64_t more = leaf > CRUX_HASH_BYTES ? (bound.leaves - 1) * (leaf - CRUX_HASH_BYTES) : 0;
    bound.bytes = leaf + more + CRUX_HASH_BYTES * nodes_above;
    return bound;
}

static bool same_reads(const struct crux_operand *a, const struct crux_operand *b) {
    if (a->ndim != b->ndim) return false;
    for (unsigned i = 0; i < a->ndim; i++) {
        if (!crux_dim_same(&a->dim[i], &b->dim[i])) return false;
        if (memcmp(&a->index[i], &b->index[i], sizeof a->index[i]) != 0) return false;
    }
    return true;
}

struct step_tensor {
    uint32_t tensor;
    bool always_read; /* by every element */
    struct tree_bound bound;
};

static bool is_step(const struct crux_op *op, unsigned slot) {
    return slot < op->nin && op->in[slot].kind == CRUX_KIND_STEP;
}

/* REDUCE and FIND skip a k at which a padded operand is outside; elsewhere every operand is read. */
static bool always_read(const struct crux_op *op, unsigned slot) {
    if (op->code == CRUX_REDUCE || op->code == CRUX_FIND) {
        for (unsigned i = 0; i < op->nin; i++) {
            if ((op->in[i].flags & CRUX_FLAG_PAD) != 0) return false;
        }
    }
    return (op->in[slot].flags & CRUX_FLAG_PAD) == 0 && !crux_proof_k_grows(op);
}

/* Everything that operands of kind step read in this tensor. */
static struct step_tensor step_tensor(const struct crux_op *op, const struct crux_sight *sight,
                                      uint32_t tensor) {
    struct step_tensor found = {tensor, false, {0, 0}};
    const struct crux_reach *reach[CRUX_OPERANDS_MAX];
    unsigned count = 0;
    for (unsigned slot = 0; slot < op->nin; slot++) {
        bool twice = false;
        if (!is_step(op, slot) || op->in[slot].tensor != tensor || sight->reach[slot].leaves == 0)
            continue;
        found.always_read = found.always_read || always_read(op, slot);
        for (unsigned i = 0; i < slot; i++) {
            twice = twice ||
                    (is_step(op, i) && op->in[i].tensor == tensor &&
                     same_reads(&op->in[i], &op->in[slot]) &&
                     memcmp(&sight->reach[i], &sight->reach[slot], sizeof sight->reach[i]) == 0);
        }
        if (!twice) reach[count++] = &sight->reach[slot];
    }
    if (count > 0) found.bound = tree_bound(reach, count);
    return found;
}

/* Ascending by tensor, each once. */
static unsigned step_tensors(struct step_tensor *tensor, const struct crux_op *op,
                             const struct crux_sight *sight) {
    unsigned count = 0;
    for (unsigned slot = 0; slot < op->nin; slot++) {
        unsigned at = count;
        if (!is_step(op, slot) || sight->reach[slot].leaves == 0) continue;
        while (at > 0 && tensor[at - 1].tensor > op->in[slot].tensor) at--;
        if (at > 0 && tensor[at - 1].tensor == op->in[slot].tensor) continue;
        for (unsigned i = count++; i > at; i--) tensor[i] = tensor[i - 1];
        tensor[at] = step_tensor(op, sight, op->in[slot].tensor);
    }
    return count;
}

/* A tensor that is not read drops its pages but can add a sibling, so look at every set that can be read. */
static void step_part(struct crux_witness_parts *parts, const struct crux_proof *proof,
                      const struct crux_sight *sight) {
    struct step_tensor tensor[CRUX_OPERANDS_MAX];
    unsigned count = step_tensors(tensor, proof->op, sight);
    uint64_t most = 0, leaves = 0;
    for (unsigned i = 0; i < count; i++) leaves += tensor[i].bound.leaves;
    for (unsigned set = 1; set < 1U << count; set++) {
        uint32_t index[CRUX_OPERANDS_MAX];
        unsigned chosen = 0;
        uint64_t bytes = 0;
        bool possible = true;
        for (unsigned i = 0; i < count; i++) {
            if ((set >> i & 1) == 0) {
                possible = possible && !tensor[i].always_read;
                continue;
            }
            index[chosen++] = tensor[i].tensor;
            bytes += tensor[i].bound.bytes;
        }
        bytes += CRUX_HASH_BYTES * crux_tree_siblings(proof->tensors, index, chosen);
        if (possible && bytes > most) most = bytes;
    }
    parts->step = crux_witness_capped(most);
    parts->pages += crux_witness_capped(leaves);
    if (leaves > parts->part_pages) parts->part_pages = crux_witness_capped(leaves);
}

uint32_t crux_witness_step_page(const struct crux_reach *reach, uint32_t tensor, uint32_t tensors) {
    return crux_witness_capped(reach->leaf_bytes) + crux_witness_path_bytes(reach->leaves) +
           CRUX_HASH_BYTES * crux_tree_siblings(tensors, &tensor, 1);
}

static void x_part(struct crux_witness_parts *parts, const struct crux_proof *proof,
                   const struct crux_sight *sight) {
    const struct crux_reach *reach = &sight->reach[CRUX_SLOT_X];
    if (!proof->op->has_x || reach->leaves == 0) return;
    parts->x = crux_witness_step_page(reach, proof->op->x.tensor, proof->tensors);
    parts->pages++;
}

static void table_part(struct crux_witness_parts *parts, const struct crux_op *op,
                       const struct crux_sight *sight) {
    uint64_t bytes = 0;
    for (unsigned slot = 0; slot < op->nin; slot++) {
        const struct crux_reach *reach = &sight->reach[slot];
        if (op->in[slot].kind != CRUX_KIND_MODEL || reach->leaves == 0) continue;
        struct tree_bound bound = tree_bound(&reach, 1);
        bytes += bound.bytes;
        parts->pages += crux_witness_capped(bound.leaves);
        if (bound.leaves > parts->part_pages) parts->part_pages = crux_witness_capped(bound.leaves);
    }
    parts->table = crux_witness_capped(bytes);
}

void crux_witness_add_operands(struct crux_witness_parts *parts, const struct crux_proof *proof,
                               const struct crux_sight *sight) {
    x_part(parts, proof, sight);
    step_part(parts, proof, sight);
    table_part(parts, proof->op, sight);
}
