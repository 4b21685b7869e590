#include "kernels/certificate/witness_bound.h"

#include "kernels/certificate/witness_parts.h"
#include "kernels/program/layout.h"

enum {
    VERSION_AND_KIND = 2,
    MODEL_PART = 64,
    LAYER_PART = 48, /* without its siblings */
    OP_LENGTH = 2,
    LAYERS_ROOT = 32
};

uint32_t crux_witness_capped(uint64_t v) {
    return v < CRUX_WITNESS_PART_CAP ? (uint32_t)v : CRUX_WITNESS_PART_CAP;
}

uint32_t crux_witness_path_bytes(uint64_t leaf_count) {
    return CRUX_HASH_BYTES * crux_tree_depth(leaf_count);
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
    crux_witness_add_operands(parts, proof, sight);
    crux_witness_add_load(parts, proof, sight);
}

uint64_t crux_witness_parts_bytes(const struct crux_witness_parts *parts) {
    return (uint64_t)parts->page + parts->x + parts->step + parts->table + parts->load;
}

static uint32_t layer_bytes(uint32_t layers, uint32_t layer) {
    return LAYER_PART + CRUX_HASH_BYTES * crux_tree_siblings(layers, &layer, 1);
}

uint32_t crux_witness_fixed_bytes(uint32_t layers, uint32_t layer, uint32_t ops, uint32_t op,
                                  uint32_t descriptor_bytes) {
    return VERSION_AND_KIND + MODEL_PART + layer_bytes(layers, layer) + OP_LENGTH +
           descriptor_bytes + CRUX_HASH_BYTES * crux_tree_siblings(ops, &op, 1);
}

uint32_t crux_witness_output_bytes(const struct crux_program *program) {
    const struct crux_program_header *header = &program->header;
    uint32_t last = header->layers - 1;
    uint64_t trace_leaves = (uint64_t)header->context * header->layers + 1;
    return VERSION_AND_KIND + MODEL_PART + layer_bytes(header->layers, last) +
           crux_witness_token_page(header->context) +
           crux_witness_chosen_token(program->layers[last].stores, trace_leaves);
}

uint32_t crux_witness_done_bytes(const struct crux_program *program) {
    return VERSION_AND_KIND + MODEL_PART + LAYERS_ROOT + CRUX_WITNESS_REQUEST_BYTES +
           crux_witness_token_page(program->header.context);
}
