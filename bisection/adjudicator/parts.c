#include "bisection/adjudicator/parts.h"

#include "bisection/commitment/preimage.h"
#include "bisection/merkle/proof.h"

bool crux_layer_active(const struct crux_layer *layer, uint32_t pos, uint32_t n) {
    return layer->active != CRUX_ACTIVE_FROM_LAST || (uint64_t)pos + 1 >= n;
}

/* One leaf's path.  Returns: the cursor's or the proof's error. */
static enum crux_status climb(uint8_t root[32], uint64_t count, uint64_t index,
                              const uint8_t leaf[32], struct crux_cursor *cursor) {
    uint8_t hash[1][32];
    if (cursor->status != CRUX_OK) return cursor->status;
    crux_copy(hash[0], leaf, 32);
    return crux_merkle_root_from_proof(root, count, &index, hash, 1, cursor);
}

struct model_part {
    const uint8_t *header, *manifest_hash;
};

static enum crux_status take_model(struct model_part *part, struct crux_program_header *header,
                                   struct crux_cursor *cursor) {
    part->header = crux_get_bytes(cursor, CRUX_HEADER_BYTES);
    part->manifest_hash = crux_get_bytes(cursor, 32);
    if (cursor->status != CRUX_OK) return cursor->status;
    return crux_header_decode(header, part->header);
}

static enum crux_status match_model(const struct model_part *part, const uint8_t layers_root[32],
                                    const struct crux_claim *claim) {
    uint8_t root[32];
    crux_model_root(root, part->header, part->manifest_hash, layers_root);
    return crux_equal(root, claim->model_root, 32) ? CRUX_OK : CRUX_E_HEADER_MISMATCH;
}

enum crux_status crux_part_header(struct crux_program_header *header, struct crux_cursor *cursor,
                                  const struct crux_claim *claim) {
    struct model_part model;
    enum crux_status status = take_model(&model, header, cursor);
    if (status != CRUX_OK) return status;
    const uint8_t *layers_root = crux_get_bytes(cursor, 32);
    return layers_root == NULL ? cursor->status : match_model(&model, layers_root, claim);
}

enum crux_status crux_part_layer(struct crux_opened_layer *opened, struct crux_cursor *cursor,
                                 const struct crux_claim *claim, const uint32_t *layer_number) {
    struct model_part model;
    uint8_t leaf[32], layers_root[32];
    enum crux_status status = take_model(&model, &opened->header, cursor);
    if (status != CRUX_OK) return status;
    uint32_t number = layer_number != NULL ? *layer_number : opened->header.layers - 1;
    if (number >= opened->header.layers) return CRUX_E_STEP_OUTSIDE;
    const uint8_t *bytes = crux_get_bytes(cursor, CRUX_LAYER_BYTES + 32);
    if (bytes == NULL) return cursor->status;
    crux_merkle_leaf_hash(leaf, bytes, CRUX_LAYER_BYTES + 32);
    status = climb(layers_root, opened->header.layers, number, leaf, cursor);
    if (status != CRUX_OK) return status;
    status = match_model(&model, layers_root, claim);
    if (status != CRUX_OK) return status;
    crux_copy(opened->ops_root, bytes + CRUX_LAYER_BYTES, 32);
    return crux_layer_decode(&opened->layer, bytes);
}

enum crux_status crux_part_op(struct crux_op *op, struct crux_cursor *cursor,
                              const struct crux_opened_layer *opened, uint32_t op_number) {
    uint8_t descriptor[CRUX_DESCRIPTOR_BYTES], leaf[32], root[32];
    enum crux_status status;
    if (op_number >= opened->layer.ops) return CRUX_E_ELEMENT_OUTSIDE;
    uint16_t length = crux_get_u16(cursor);
    const uint8_t *bytes = crux_get_bytes(cursor, length);
    if (bytes == NULL) return cursor->status;
    /* spec/40-adjudicator.md#parts: "without its zero tail (the last byte is not zero)" */
    if (length == 0 || length > CRUX_DESCRIPTOR_BYTES || bytes[length - 1] == 0)
        return CRUX_E_WITNESS_MALFORMED;
    crux_zero(descriptor, sizeof descriptor);
    crux_copy(descriptor, bytes, length);
    crux_merkle_leaf_hash(leaf, descriptor, sizeof descriptor);
    status = climb(root, opened->layer.ops, op_number, leaf, cursor);
    if (status != CRUX_OK) return status;
    if (!crux_equal(root, opened->ops_root, 32)) return CRUX_E_DESCRIPTOR_MISMATCH;
    return crux_descriptor_decode(op, descriptor);
}

enum crux_status crux_part_request(struct crux_request *request, struct crux_cursor *cursor,
                                   const struct crux_claim *claim) {
    uint8_t hash[32];
    const uint8_t *bytes = crux_get_bytes(cursor, CRUX_REQUEST_BYTES);
    if (bytes == NULL) return cursor->status;
    crux_request_hash(hash, bytes);
    if (!crux_equal(hash, claim->request_hash, 32)) return CRUX_E_REQUEST_MISMATCH;
    crux_request_read(request, bytes);
    return CRUX_OK;
}

uint32_t crux_list_slots(uint32_t count) {
    struct crux_layout layout;
    crux_layout_model(&layout, CRUX_U32, count);
    return (uint32_t)(layout.bytes / 4);
}

enum crux_status crux_part_list(uint32_t *value, struct crux_cursor *cursor, const uint8_t root[32],
                                uint32_t count, uint32_t index, enum crux_status refusal) {
    struct crux_layout layout;
    uint8_t leaf[32], found[32];
    enum crux_status status;
    crux_layout_model(&layout, CRUX_U32, count);
    uint64_t offset = 4 * (uint64_t)index, page = offset / layout.page_bytes; /* one row */
    uint32_t length = crux_layout_page_length(&layout, page);
    const uint8_t *bytes = crux_get_bytes(cursor, length);
    if (bytes == NULL) return cursor->status;
    crux_merkle_leaf_hash(leaf, bytes, length);
    status = climb(found, layout.pages, page, leaf, cursor);
    if (status != CRUX_OK) return status;
    if (!crux_equal(found, root, 32)) return refusal;
    *value = crux_load_u32(bytes + offset % layout.page_bytes);
    return CRUX_OK;
}

enum crux_status crux_part_record(const uint8_t **bytes, struct crux_cursor *cursor,
                                  const struct crux_claim *claim,
                                  const struct crux_record_page *page) {
    uint8_t hash[32], root[32];
    uint64_t steps = crux_claim_positions(claim);
    enum crux_status status;
    *bytes = crux_get_bytes(cursor, page->length);
    if (*bytes == NULL) return cursor->status;
    crux_merkle_leaf_hash(hash, *bytes, page->length);
    status = climb(root, page->leaf_count, page->leaf, hash, cursor);
    if (status != CRUX_OK) return status;
    status = climb(hash, page->stores, page->store, root, cursor);
    if (status != CRUX_OK) return status;
    status = climb(root, steps * page->layers + 1,
                   (uint64_t)page->time * page->layers + page->layer, hash, cursor);
    if (status != CRUX_OK) return status;
    return crux_equal(root, claim->trace_root, 32) ? CRUX_OK : CRUX_E_RECORD_MISMATCH;
}
