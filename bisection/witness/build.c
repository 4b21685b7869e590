/* The witness builder: asks the evaluator what an element reads, and the evidence for exactly that. */
#include "bisection/adjudicator/page_set.h"
#include "bisection/adjudicator/parts.h"
#include "bisection/adjudicator/spot.h"
#include "bisection/commitment/preimage.h"
#include "bisection/merkle/proof.h"
#include "bisection/witness/witness.h"

struct target {
    const struct crux_layer *layer;
    const struct crux_op *op;
    struct crux_bound_op bound;
    struct crux_layout layout;
    struct crux_tree_id tree; /* of the op's tensor */
    struct crux_request request;
};

static enum crux_status find_layer(struct target *target, const struct crux_evidence *evidence,
                                   uint32_t pos, uint32_t layer) {
    const struct crux_program *program = evidence->program;
    if (pos >= crux_claim_positions(evidence->claim) || layer >= program->header.layers)
        return CRUX_E_STEP_OUTSIDE;
    target->layer = &program->layers[layer];
    return CRUX_OK;
}

static enum crux_status find_op(struct target *target, const struct crux_evidence *evidence,
                                const struct crux_element_id *element) {
    enum crux_status status = find_layer(target, evidence, element->pos, element->layer);
    if (status != CRUX_OK) return status;
    if (!crux_layer_active(target->layer, element->pos, evidence->claim->request_tokens))
        return CRUX_E_STEP_INACTIVE;
    if (element->op >= target->layer->ops) return CRUX_E_ELEMENT_OUTSIDE;
    crux_request_read(&target->request, evidence->request);
    struct crux_at at = {.pos = element->pos,
                         .n = evidence->claim->request_tokens,
                         .layer = element->layer,
                         .sample = target->request.sample,
                         .seed = target->request.seed};
    target->op = &evidence->program->ops[target->layer->first + element->op].op;
    status = crux_op_bind(&target->bound, target->op, &at);
    if (status != CRUX_OK) return status;
    target->tree =
        (struct crux_tree_id){CRUX_TREE_TENSOR, element->pos, element->layer, element->op};
    if (target->op->code == CRUX_STORE) {
        crux_layout_record(&target->layout, target->op->dtype, target->op->ndim, target->bound.dim);
        target->tree.kind = CRUX_TREE_STORE;
        target->tree.number = element->op - (target->layer->ops - target->layer->stores);
    } else {
        crux_layout_step(&target->layout, target->op->dtype, target->op->ndim, target->op->dim,
                         target->bound.dim);
    }
    return CRUX_OK;
}

/* A tensor without pages: its root stands for the page. */
static bool is_empty(const struct target *target) {
    return target->layout.pages == 0;
}

/* Out: page, the page that the element is in or, for padding, names. */
static enum crux_status find_page(uint64_t *page, const struct target *target,
                                  const struct crux_element_id *element) {
    if (element->kind == CRUX_ELEMENT_PADDING) {
        *page = element->index;
        if (is_empty(target) && element->index == 0) return CRUX_OK;
        return element->index < target->layout.pages ? CRUX_OK : CRUX_E_ELEMENT_OUTSIDE;
    }
    if (element->index >= target->bound.elements) return CRUX_E_ELEMENT_OUTSIDE;
    *page = crux_layout_offset(&target->layout, element->index) / target->layout.page_bytes;
    return CRUX_OK;
}

enum crux_status crux_witness_address(struct crux_element_id *element,
                                      const struct crux_evidence *evidence) {
    struct crux_tree_id tree = {0, element->pos, element->layer, 0};
    struct target target;
    uint8_t page[CRUX_RECORD_PAGE_BYTES];
    struct crux_writer writer;
    uint64_t leaf;
    enum crux_status status;
    switch ((enum crux_element_kind)element->kind) {
    case CRUX_ELEMENT_COUNT:
    case CRUX_ELEMENT_OUTPUT:
    case CRUX_ELEMENT_DONE: return CRUX_OK;
    case CRUX_ELEMENT_CLOSE:
        crux_close_leaf(element->leaf_hash, evidence->claim->request_tokens,
                        evidence->claim->chosen_tokens, evidence->claim->cancelled,
                        evidence->claim->output_root);
        return CRUX_OK;
    case CRUX_ELEMENT_NULL:
        tree.kind = CRUX_TREE_RECORD;
        return evidence->root(evidence->ctx, &tree, element->leaf_hash);
    case CRUX_ELEMENT_VALUE:
    case CRUX_ELEMENT_PADDING: break;
    }
    status = find_op(&target, evidence, element);
    if (status != CRUX_OK) return status;
    status = find_page(&leaf, &target, element);
    if (status != CRUX_OK) return status;
    tree.kind = CRUX_TREE_RECORD;
    status = evidence->root(evidence->ctx, &tree, element->record_root);
    if (status != CRUX_OK) return status;
    tree.kind = CRUX_TREE_TENSORS;
    status = evidence->root(evidence->ctx, &tree, element->tensors_root);
    if (status != CRUX_OK) return status;
    if (is_empty(&target)) return evidence->root(evidence->ctx, &target.tree, element->leaf_hash);
    crux_writer_init(&writer, page, sizeof page);
    status = evidence->leaf(evidence->ctx, &target.tree, leaf, &writer);
    if (status != CRUX_OK) return status;
    crux_merkle_leaf_hash(element->leaf_hash, page, writer.at);
    return CRUX_OK;
}

/* ---- parts, in the order of spec/40-adjudicator.md ---- */

static enum crux_status put_model(struct crux_writer *out, const struct crux_evidence *evidence) {
    uint8_t header[CRUX_HEADER_BYTES];
    enum crux_status status = crux_header_encode(header, &evidence->program->header);
    if (status != CRUX_OK) return status;
    crux_put_bytes(out, header, sizeof header);
    crux_put_bytes(out, evidence->manifest_hash, 32);
    return out->status;
}

enum crux_status crux_witness_put_layer(struct crux_writer *out,
                                        const struct crux_evidence *evidence, uint32_t number) {
    struct crux_tree_id layers = {CRUX_TREE_LAYERS, 0, 0, 0}, ops = {CRUX_TREE_OPS, 0, number, 0};
    uint8_t layer[CRUX_LAYER_BYTES], ops_root[32];
    uint64_t leaf = number;
    enum crux_status status = put_model(out, evidence);
    if (status != CRUX_OK) return status;
    status = crux_layer_encode(layer, &evidence->program->layers[number]);
    if (status != CRUX_OK) return status;
    status = evidence->root(evidence->ctx, &ops, ops_root);
    if (status != CRUX_OK) return status;
    crux_put_bytes(out, layer, sizeof layer);
    crux_put_bytes(out, ops_root, sizeof ops_root);
    return evidence->prove(evidence->ctx, &layers, &leaf, 1, out);
}

enum crux_status crux_witness_put_op(struct crux_writer *out, const struct crux_evidence *evidence,
                                     uint32_t layer, uint32_t op) {
    const struct crux_program *program = evidence->program;
    const struct crux_op *descriptor = &program->ops[program->layers[layer].first + op].op;
    struct crux_tree_id ops = {CRUX_TREE_OPS, 0, layer, 0};
    uint8_t bytes[CRUX_DESCRIPTOR_BYTES];
    size_t used;
    uint64_t leaf = op;
    enum crux_status status = crux_descriptor_encode(bytes, &used, descriptor);
    if (status != CRUX_OK) return status;
    while (bytes[used - 1] == 0) used--; /* the first byte, the op code, is not zero */
    crux_put_u16(out, (uint16_t)used);
    crux_put_bytes(out, bytes, used);
    return evidence->prove(evidence->ctx, &ops, &leaf, 1, out);
}

static enum crux_status put_leaf(struct crux_writer *out, const struct crux_evidence *evidence,
                                 const struct crux_tree_id *tree, uint64_t leaf) {
    enum crux_status status = evidence->leaf(evidence->ctx, tree, leaf, out);
    return status == CRUX_OK ? out->status : status;
}

static enum crux_status put_leaf_and_proof(struct crux_writer *out,
                                           const struct crux_evidence *evidence,
                                           const struct crux_tree_id *tree, uint64_t leaf) {
    enum crux_status status = put_leaf(out, evidence, tree, leaf);
    return status == CRUX_OK ? evidence->prove(evidence->ctx, tree, &leaf, 1, out) : status;
}

static enum crux_status put_list(struct crux_writer *out, const struct crux_evidence *evidence,
                                 uint8_t kind, uint64_t index) {
    struct crux_tree_id tree = {kind, 0, 0, 0};
    return put_leaf_and_proof(out, evidence, &tree, index * 4 / CRUX_STEP_PAGE_BYTES);
}

static enum crux_status put_record(struct crux_writer *out, const struct crux_evidence *evidence,
                                   uint32_t pos, uint32_t layer, uint32_t store, uint64_t page) {
    struct crux_tree_id tree = {CRUX_TREE_STORE, pos, layer, store};
    uint64_t in_record = store, in_trace = (uint64_t)pos * evidence->program->header.layers + layer;
    enum crux_status status = put_leaf_and_proof(out, evidence, &tree, page);
    if (status != CRUX_OK) return status;
    tree = (struct crux_tree_id){CRUX_TREE_RECORD, pos, layer, 0};
    status = evidence->prove(evidence->ctx, &tree, &in_record, 1, out);
    if (status != CRUX_OK) return status;
    tree = (struct crux_tree_id){CRUX_TREE_TRACE, 0, 0, 0};
    return evidence->prove(evidence->ctx, &tree, &in_trace, 1, out);
}

/* All pages of the set, then the siblings: of one tensor's tree at a time, then of the step's tensors tree. */
static enum crux_status put_set(struct crux_writer *out, const struct crux_evidence *evidence,
                                const struct crux_page_set *set, struct crux_tree_id tree) {
    uint64_t leaves[CRUX_PART_PAGES_MAX], tensors[CRUX_PART_PAGES_MAX];
    size_t tensor_count = 0;
    enum crux_status status = set->status;
    for (uint32_t i = 0; i < set->count && status == CRUX_OK; i++) {
        tree.number = set->page[i].tensor;
        status = put_leaf(out, evidence, &tree, set->page[i].leaf);
    }
    for (uint32_t first = 0, end = 0; first < set->count && status == CRUX_OK; first = end) {
        tree.number = set->page[first].tensor;
        while (end < set->count && set->page[end].tensor == tree.number) {
            leaves[end - first] = set->page[end].leaf;
            end++;
        }
        tensors[tensor_count++] = tree.number;
        status = evidence->prove(evidence->ctx, &tree, leaves, end - first, out);
    }
    if (status != CRUX_OK || tensor_count == 0 || tree.kind != CRUX_TREE_TENSOR) return status;
    tree.kind = CRUX_TREE_TENSORS;
    tree.number = 0;
    return evidence->prove(evidence->ctx, &tree, tensors, tensor_count, out);
}

/* ---- what a value reads ---- */

struct reading {
    const struct crux_evidence *evidence;
    const struct target *target;
    struct crux_page_set x, step, table[CRUX_OPERANDS_MAX];
    bool outside_step;
    struct crux_place elsewhere;
    enum crux_status status; /* the evidence's first error */
};

static int64_t read_leaf(struct reading *reading, const struct crux_place *place,
                         const struct crux_tree_id *tree, struct crux_page_set *set) {
    uint8_t bytes[CRUX_TILE_BYTES_MAX];
    struct crux_leaves leaves;
    struct crux_spot spot;
    struct crux_writer writer;
    crux_leaves_of_operand(&leaves, &reading->target->bound, place);
    crux_spot_find(&spot, &leaves, place);
    struct crux_page page = {place->tensor, spot.leaf, leaves.count, spot.leaf_bytes, NULL};
    crux_page_set_add(set, &page);
    crux_writer_init(&writer, bytes, sizeof bytes);
    enum crux_status status =
        reading->evidence->leaf(reading->evidence->ctx, tree, spot.leaf, &writer);
    if (status == CRUX_OK && writer.at != spot.leaf_bytes) status = CRUX_E_BAD_LAYOUT;
    if (status != CRUX_OK) {
        if (reading->status == CRUX_OK) reading->status = status;
        return 0;
    }
    int64_t v = crux_spot_value(&leaves, &spot, bytes);
    if (place->source != CRUX_FROM_MODEL) return v;
    return crux_clamp(v, place->operand->lo, place->operand->hi);
}

static int64_t read_place(void *ctx, const struct crux_place *place) {
    struct reading *reading = ctx;
    struct crux_tree_id tree = {CRUX_TREE_TENSOR, reading->target->tree.pos,
                                reading->target->tree.layer, place->tensor};
    switch ((enum crux_source)place->source) {
    case CRUX_FROM_STEP:
        return read_leaf(reading, place, &tree,
                         place->slot == CRUX_SLOT_X ? &reading->x : &reading->step);
    case CRUX_FROM_MODEL:
        tree = (struct crux_tree_id){CRUX_TREE_MODEL, 0, 0, place->tensor};
        return read_leaf(reading, place, &tree, &reading->table[place->slot]);
    case CRUX_FROM_RECORD:
    case CRUX_FROM_TOKENS:
    case CRUX_FROM_PARAM: break;
    }
    reading->outside_step = true;
    reading->elsewhere = *place;
    return 0;
}

static enum crux_status put_elsewhere(struct crux_writer *out, const struct reading *reading) {
    const struct crux_place *place = &reading->elsewhere;
    struct crux_leaves leaves;
    struct crux_spot spot;
    if (reading->target->op->code != CRUX_RAND && !reading->outside_step) return CRUX_OK;
    if (reading->outside_step && place->source == CRUX_FROM_RECORD) {
        crux_leaves_of_operand(&leaves, &reading->target->bound, place);
        crux_spot_find(&spot, &leaves, place);
        return put_record(out, reading->evidence, place->time, place->layer, place->tensor,
                          spot.leaf);
    }
    crux_put_bytes(out, reading->evidence->request, CRUX_REQUEST_BYTES);
    if (!reading->outside_step || place->source == CRUX_FROM_PARAM) return out->status;
    return put_list(out, reading->evidence, CRUX_TREE_TOKENS, place->time);
}

static enum crux_status put_operands(struct crux_writer *out, const struct crux_evidence *evidence,
                                     const struct target *target, uint64_t element) {
    struct reading reading = {.evidence = evidence, .target = target};
    struct crux_reader reader = {&reading, read_place};
    struct crux_tree_id tree = {CRUX_TREE_TENSOR, target->tree.pos, target->tree.layer, 0};
    uint32_t index[CRUX_DIMS_MAX];
    enum crux_status status;
    crux_op_unflatten(&target->bound, element, index);
    int64_t x = crux_op_x(&target->bound, index, &reader);
    (void)crux_op_element(&target->bound, index, x, &reader);
    if (reading.status != CRUX_OK) return reading.status;
    status = put_set(out, evidence, &reading.x, tree);
    if (status == CRUX_OK) status = put_set(out, evidence, &reading.step, tree);
    tree = (struct crux_tree_id){CRUX_TREE_MODEL, 0, 0, 0};
    for (unsigned slot = 0; slot < target->op->nin && status == CRUX_OK; slot++) {
        status = put_set(out, evidence, &reading.table[slot], tree);
    }
    return status == CRUX_OK ? put_elsewhere(out, &reading) : status;
}

static enum crux_status build_op(struct crux_writer *out, const struct crux_evidence *evidence,
                                 const struct crux_element_id *element) {
    struct target target;
    uint64_t page;
    enum crux_status status = find_op(&target, evidence, element);
    if (status == CRUX_OK) status = find_page(&page, &target, element);
    if (status == CRUX_OK) status = crux_witness_put_layer(out, evidence, element->layer);
    if (status == CRUX_OK) status = crux_witness_put_op(out, evidence, element->layer, element->op);
    if (status == CRUX_OK && !is_empty(&target))
        status = put_leaf(out, evidence, &target.tree, page);
    if (status != CRUX_OK || element->kind == CRUX_ELEMENT_PADDING) return status;
    return put_operands(out, evidence, &target, element->index);
}

static enum crux_status build_output(struct crux_writer *out, const struct crux_evidence *evidence,
                                     uint64_t index) {
    const struct crux_program_header *header = &evidence->program->header;
    enum crux_status status;
    if (index >= crux_list_slots(evidence->claim->chosen_tokens)) return CRUX_E_ELEMENT_OUTSIDE;
    if (index >= evidence->claim->chosen_tokens)
        return put_list(out, evidence, CRUX_TREE_OUTPUT, index);
    status = crux_witness_put_layer(out, evidence, header->layers - 1);
    if (status == CRUX_OK) status = put_list(out, evidence, CRUX_TREE_OUTPUT, index);
    if (status != CRUX_OK) return status;
    return put_record(out, evidence, evidence->claim->request_tokens - 1 + (uint32_t)index,
                      header->layers - 1, header->token_store, 0);
}

static enum crux_status build_done(struct crux_writer *out, const struct crux_evidence *evidence,
                                   uint64_t index) {
    struct crux_tree_id layers = {CRUX_TREE_LAYERS, 0, 0, 0};
    uint8_t layers_root[32];
    enum crux_status status;
    if (index >= evidence->claim->chosen_tokens) return CRUX_E_ELEMENT_OUTSIDE;
    status = put_model(out, evidence);
    if (status == CRUX_OK) status = evidence->root(evidence->ctx, &layers, layers_root);
    if (status != CRUX_OK) return status;
    crux_put_bytes(out, layers_root, sizeof layers_root);
    crux_put_bytes(out, evidence->request, CRUX_REQUEST_BYTES);
    return put_list(out, evidence, CRUX_TREE_OUTPUT, index);
}

enum crux_status crux_witness_build(struct crux_writer *out, const struct crux_evidence *evidence,
                                    const struct crux_element_id *element) {
    struct target target;
    enum crux_status status = CRUX_E_ELEMENT_INVALID;
    crux_put_u8(out, CRUX_WITNESS_VERSION);
    crux_put_u8(out, element->kind);
    switch ((enum crux_element_kind)element->kind) {
    case CRUX_ELEMENT_VALUE:
    case CRUX_ELEMENT_PADDING: status = build_op(out, evidence, element); break;
    case CRUX_ELEMENT_NULL:
        status = find_layer(&target, evidence, element->pos, element->layer);
        if (status == CRUX_OK) status = crux_witness_put_layer(out, evidence, element->layer);
        break;
    case CRUX_ELEMENT_CLOSE: status = CRUX_OK; break;
    case CRUX_ELEMENT_COUNT:
        crux_put_bytes(out, evidence->request, CRUX_REQUEST_BYTES);
        status = CRUX_OK;
        break;
    case CRUX_ELEMENT_OUTPUT: status = build_output(out, evidence, element->index); break;
    case CRUX_ELEMENT_DONE: status = build_done(out, evidence, element->index); break;
    }
    return status == CRUX_OK ? out->status : status;
}
