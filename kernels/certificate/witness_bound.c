#include "kernels/certificate/witness_bound.h"

#include <string.h>

#include "kernels/program/layout.h"

enum {
    HASH = CRUX_HASH_BYTES,
    REQUEST_BYTES = 240, /* without its tag */
    BYTES_MAX =
        1
        << 28 /* a part's bound stops here: far beyond every limit, and five of them fit 32 bits */
};

static uint32_t capped(uint64_t v) {
    return v < BYTES_MAX ? (uint32_t)v : BYTES_MAX;
}

static uint32_t path_bytes(uint64_t leaf_count) {
    return HASH * crux_tree_depth(leaf_count);
}

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
    if (bound.leaves > BYTES_MAX / CRUX_TILE_BYTES_MAX)
        return (struct tree_bound){bound.leaves, BYTES_MAX};
    /* leaf_bytes * n - 32 * (n - 1) for the worst n from 1 to the bound, and a leaf may be shorter than a hash */
    uint64_t leaf = reach[0]->leaf_bytes;
    uint64_t more = leaf > HASH ? (bound.leaves - 1) * (leaf - HASH) : 0;
    bound.bytes = leaf + more + HASH * nodes_above;
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
        bytes += HASH * crux_tree_siblings(proof->tensors, index, chosen);
        if (possible && bytes > most) most = bytes;
    }
    parts->step = capped(most);
    parts->pages += capped(leaves);
    if (leaves > parts->part_pages) parts->part_pages = capped(leaves);
}

/* One page of a step tensor, nested in the tensors root. */
static uint32_t step_page(const struct crux_reach *reach, uint32_t tensor, uint32_t tensors) {
    return capped(reach->leaf_bytes) + path_bytes(reach->leaves) +
           HASH * crux_tree_siblings(tensors, &tensor, 1);
}

static void x_part(struct crux_witness_parts *parts, const struct crux_proof *proof,
                   const struct crux_sight *sight) {
    const struct crux_reach *reach = &sight->reach[CRUX_SLOT_X];
    if (!proof->op->has_x || reach->leaves == 0) return;
    parts->x = step_page(reach, proof->op->x.tensor, proof->tensors);
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
        parts->pages += capped(bound.leaves);
        if (bound.leaves > parts->part_pages) parts->part_pages = capped(bound.leaves);
    }
    parts->table = capped(bytes);
}

/* A page of a record's tensor, up to the trace root. */
static uint32_t record_part(const struct crux_layout *layout, uint32_t stores,
                            uint64_t trace_leaves) {
    uint64_t bytes = layout->bytes < layout->page_bytes ? layout->bytes : layout->page_bytes;
    return (uint32_t)bytes + path_bytes(layout->pages) + path_bytes(stores) +
           path_bytes(trace_leaves);
}

static uint32_t chosen_token_part(uint32_t stores, uint64_t trace_leaves) {
    static const uint32_t one[1] = {1};
    struct crux_layout layout;
    crux_layout_record(&layout, CRUX_I32, 1, one);
    return record_part(&layout, stores, trace_leaves);
}

/* One page of a u32 tensor [count], with its path: longest for the longest tensor. */
static uint32_t token_part(uint32_t count) {
    struct crux_layout layout;
    crux_layout_model(&layout, CRUX_U32, count);
    return (uint32_t)(layout.bytes < layout.page_bytes ? layout.bytes : layout.page_bytes) +
           path_bytes(layout.pages);
}

static uint32_t greater(uint32_t a, uint32_t b) {
    return a > b ? a : b;
}

/* What a LOAD opens, or RAND: the longest of the places its value can come from. */
static void load_part(struct crux_witness_parts *parts, const struct crux_proof *proof,
                      const struct crux_sight *sight) {
    const struct crux_operand *operand = &proof->op->in[0];
    const struct crux_proof_frame *frame = proof->frame;
    if (proof->op->code == CRUX_RAND) parts->load = REQUEST_BYTES;
    if (proof->op->code != CRUX_LOAD) return;
    switch ((enum crux_kind)operand->kind) {
    case CRUX_KIND_IMM:
    case CRUX_KIND_STEP:
    case CRUX_KIND_MODEL: return;
    case CRUX_KIND_RECORD: {
        struct crux_layout layout;
        uint32_t extent[CRUX_DIMS_MAX] = {0};
        for (unsigned i = 0; i < operand->ndim; i++) extent[i] = operand->dim[i].e; /* constants */
        crux_layout_record(&layout, operand->dtype, operand->ndim, extent);
        parts->load = record_part(&layout, operand->stores, frame->trace_leaves);
        if (operand->self != CRUX_SELF_NONE) {
            parts->load =
                greater(parts->load, step_page(&sight->reach[0], operand->self, proof->tensors));
        }
        parts->pages++;
        break;
    }
    case CRUX_KIND_TOKEN:
        parts->load = greater(REQUEST_BYTES + token_part(frame->context),
                              chosen_token_part(operand->stores, frame->trace_leaves));
        parts->pages++;
        break;
    case CRUX_KIND_PARAM: parts->load = REQUEST_BYTES; break;
    }
}

static bool is_tensor(const struct crux_operand *operand) {
    return operand != NULL &&
           (operand->kind == CRUX_KIND_STEP || operand->kind == CRUX_KIND_MODEL ||
            (operand->kind == CRUX_KIND_RECORD && operand->self != CRUX_SELF_NONE));
}

void crux_sight_of(struct crux_sight *sight, const struct crux_proof *proof,
                   const struct crux_bound_op *bound) {
    const struct crux_op *op = proof->op;
    struct crux_layout layout;
    *sight = (struct crux_sight){.page_bytes = 0};
    for (unsigned slot = 0; slot < CRUX_SLOTS_MAX; slot++) {
        if (is_tensor(crux_proof_operand(op, slot)))
            crux_reach_of(&sight->reach[slot], proof, bound, slot);
    }
    if (op->code == CRUX_STORE)
        crux_layout_record(&layout, op->dtype, op->ndim, bound->dim);
    else
        crux_layout_step(&layout, op->dtype, op->ndim, op->dim, bound->dim);
    sight->page_bytes = layout.bytes < layout.page_bytes ? layout.bytes : layout.page_bytes;
}

void crux_witness_parts_of(struct crux_witness_parts *parts, const struct crux_proof *proof,
                           const struct crux_sight *sight) {
    *parts = (struct crux_witness_parts){
        .page = (uint32_t)sight->page_bytes, .pages = 1, .part_pages = 1};
    x_part(parts, proof, sight);
    step_part(parts, proof, sight);
    table_part(parts, proof->op, sight);
    load_part(parts, proof, sight);
}

uint64_t crux_witness_parts_bytes(const struct crux_witness_parts *parts) {
    return (uint64_t)parts->page + parts->x + parts->step + parts->table + parts->load;
}

enum { VERSION_AND_KIND = 2, MODEL_PART = 64, LAYER_PART = 48, OP_LENGTH = 2 };

static uint32_t layer_bytes(uint32_t layers, uint32_t layer) {
    return LAYER_PART + HASH * crux_tree_siblings(layers, &layer, 1);
}

uint32_t crux_witness_fixed_bytes(uint32_t layers, uint32_t layer, uint32_t ops, uint32_t op,
                                  uint32_t descriptor_bytes) {
    return VERSION_AND_KIND + MODEL_PART + layer_bytes(layers, layer) + OP_LENGTH +
           descriptor_bytes + HASH * crux_tree_siblings(ops, &op, 1);
}

uint32_t crux_witness_output_bytes(const struct crux_program *program) {
    const struct crux_program_header *header = &program->header;
    uint32_t last = header->layers - 1;
    uint64_t trace_leaves = (uint64_t)header->context * header->layers + 1;
    return VERSION_AND_KIND + MODEL_PART + layer_bytes(header->layers, last) +
           token_part(header->context) +
           chosen_token_part(program->layers[last].stores, trace_leaves);
}

uint32_t crux_witness_done_bytes(const struct crux_program *program) {
    return VERSION_AND_KIND + MODEL_PART + HASH + REQUEST_BYTES +
           token_part(program->header.context);
}
