/* Claims on models that no client would load: a root may commit to anything, and the adjudicator must stay whole.
 *
 * Each model has one layer of two ops, the one in question and a STORE, and is hashed by hand. */
#include <string.h>

#include "kernels/lowering/draft.h"
#include "tests/conformance/witness_case.h"

enum { POSITION = 2 };

static const struct crux_program_header header = {CRUX_OP_SET, 1, 16, 10, 0};

static struct crux_value step_value(uint32_t tensor, uint8_t dtype, struct crux_shape shape) {
    return (struct crux_value){
        .kind = CRUX_KIND_STEP, .tensor = tensor, .type = crux_type_full(dtype), .shape = shape};
}

/* Witness and claim up to the output page, of 4 zero bytes (an i32 [1]); element 0 of op 0. */
static void build(struct case_bytes *c, const uint8_t descriptor[CRUX_DESCRIPTOR_BYTES],
                  const struct crux_layer *layer) {
    uint8_t store[CRUX_DESCRIPTOR_BYTES], leaf[2][32], ops_root[32], layers_root[32],
        manifest[32] = {0};
    uint8_t header_bytes[CRUX_HEADER_BYTES], layer_bytes[CRUX_LAYER_BYTES];
    static const uint8_t page[4];
    struct crux_writer w;
    size_t used, length = CRUX_DESCRIPTOR_BYTES;
    struct crux_op op =
        crux_draft_load(CRUX_ROW(1), CRUX_READ(step_value(0, CRUX_I32, CRUX_ROW(1)), crux_ix_c(0)));
    op.code = CRUX_STORE;
    *c = (struct case_bytes){.claim = {.request_tokens = 2, .chosen_tokens = 3},
                             .element = {.kind = CRUX_ELEMENT_VALUE, .pos = POSITION}};
    world_must(crux_descriptor_encode(store, &used, &op) == CRUX_OK, "store");
    world_must(crux_header_encode(header_bytes, &header) == CRUX_OK, "header");
    for (unsigned i = 0; i < 4; i++)
        crux_store_u32(layer_bytes + 4 * i, i == 0   ? layer->ops
                                            : i == 1 ? layer->stores
                                            : i == 2 ? layer->active
                                                     : 0);
    crux_op_leaf(leaf[0], descriptor);
    crux_op_leaf(leaf[1], store);
    crux_merkle_node_hash(ops_root, leaf[0], leaf[1]);
    crux_layer_leaf(layers_root, layer_bytes, ops_root);
    crux_model_root(c->claim.model_root, header_bytes, manifest, layers_root);
    while (length > 1 && descriptor[length - 1] == 0) length--;
    crux_writer_init(&w, c->witness, sizeof c->witness);
    crux_put_u8(&w, CRUX_WITNESS_VERSION);
    crux_put_u8(&w, CRUX_ELEMENT_VALUE);
    crux_put_bytes(&w, header_bytes, sizeof header_bytes);
    crux_put_bytes(&w, manifest, sizeof manifest);
    crux_put_bytes(&w, layer_bytes, sizeof layer_bytes);
    crux_put_bytes(&w, ops_root, sizeof ops_root);
    crux_put_u16(&w, (uint16_t)length);
    crux_put_bytes(&w, descriptor, length);
    crux_put_bytes(&w, leaf[1], 32);
    crux_put_bytes(&w, page, sizeof page);
    c->len = w.at;
    crux_merkle_leaf_hash(c->element.leaf_hash, page, sizeof page);
}

static struct case_bytes *with_op(const struct crux_op *op) {
    static const struct crux_layer layer = {2, 1, CRUX_ACTIVE_ALWAYS, 0};
    static struct case_bytes c;
    uint8_t descriptor[CRUX_DESCRIPTOR_BYTES];
    size_t used;
    world_must(crux_descriptor_encode(descriptor, &used, op) == CRUX_OK, "op");
    build(&c, descriptor, &layer);
    return &c;
}

static void bindings(struct crux_vector_file *file) {
    struct crux_type type = crux_type_full(CRUX_I32);
    struct crux_operand ramp = crux_operand_imm(crux_ix_k(0));
    struct crux_op op = crux_draft_contract(type, CRUX_ROW(1), CRUX_ROW(4096), CRUX_ARGS(ramp));
    case_expect(file, "value", "work_of_4096_terms", with_op(&op), CRUX_INCONSISTENT);
    op = crux_draft_contract(type, CRUX_ROW(1), CRUX_ROW(4097), CRUX_ARGS(ramp));
    case_expect_error(file, "value", "work_of_4097_terms", with_op(&op), CRUX_E_WORK_TOO_LARGE);
    op = crux_draft_contract(type, CRUX_ROW(1),
                             CRUX_SHAPE(((struct crux_dim){0, INT32_MAX, 0, 1, INT32_MAX})),
                             CRUX_ARGS(ramp));
    case_expect_error(file, "value", "work_that_grows", with_op(&op), CRUX_E_WORK_TOO_LARGE);
    op = crux_draft_contract(type, CRUX_GRID(1 << 21, 1 << 20), CRUX_ROW(1), CRUX_ARGS(ramp));
    case_expect_error(file, "value", "output_of_2_41_elements", with_op(&op),
                      CRUX_E_TOO_MANY_ELEMENTS);
    struct crux_value large = step_value(0, CRUX_I8, CRUX_GRID(1 << 21, 1 << 20));
    op = crux_draft_contract(type, CRUX_ROW(1), CRUX_ROW(1),
                             CRUX_ARGS(CRUX_READ(large, crux_ix_c(0), crux_ix_c(0))));
    case_expect_error(file, "value", "view_of_2_41_elements", with_op(&op),
                      CRUX_E_TOO_MANY_ELEMENTS);
    op = crux_draft_contract(type, CRUX_SHAPE(((struct crux_dim){-2, 1, 0, 1, 9})), CRUX_ROW(1),
                             CRUX_ARGS(ramp));
    case_expect_error(file, "value", "output_of_no_elements", with_op(&op), CRUX_E_ELEMENT_OUTSIDE);
    struct case_bytes *c = with_op(&op);
    c->len -= 4; /* no page */
    c->witness[1] = c->element.kind = CRUX_ELEMENT_PADDING;
    crux_merkle_empty_root(c->element.leaf_hash);
    case_expect(file, "padding", "root_of_no_pages", c, CRUX_CONSISTENT);
    c->element.leaf_hash[0] ^= 1;
    case_expect(file, "padding", "junk_as_root_of_no_pages", c, CRUX_INCONSISTENT);
    c->element.index = 1;
    case_expect_error(file, "padding", "page_1_of_no_pages", c, CRUX_E_ELEMENT_OUTSIDE);
}

static void places(struct crux_vector_file *file) {
    struct crux_type type = crux_type_full(CRUX_I32);
    /* one element of each of 65 pages */
    struct crux_value long_row = step_value(0, CRUX_I8, CRUX_ROW(65 * 256));
    struct crux_op op =
        crux_draft_contract(type, CRUX_ROW(1), CRUX_ROW(65),
                            CRUX_ARGS(CRUX_READ(long_row, crux_ix_mul(crux_ix_k(0), 256))));
    case_expect_error(file, "value", "step_part_of_65_pages", with_op(&op), CRUX_E_TOO_MANY_LEAVES);
    struct crux_value table = long_row;
    table.kind = CRUX_KIND_MODEL;
    op = crux_draft_contract(type, CRUX_ROW(1), CRUX_ROW(65),
                             CRUX_ARGS(CRUX_READ(table, crux_ix_mul(crux_ix_k(0), 256))));
    case_expect_error(file, "value", "table_part_of_65_pages", with_op(&op),
                      CRUX_E_TOO_MANY_LEAVES);
    /* a tensor that the layer does not have: op 7 of 2 */
    op = crux_draft_contract(
        type, CRUX_ROW(1), CRUX_ROW(1),
        CRUX_ARGS(CRUX_READ(step_value(7, CRUX_I8, CRUX_ROW(4)), crux_ix_c(0))));
    struct case_bytes *c = with_op(&op);
    memset(c->witness + c->len, 0, 4);
    c->len += 4;
    case_expect_error(file, "value", "tensor_beyond_the_layer", c, CRUX_E_INDEX_BEYOND_COUNT);
    /* one tensor seen with 4 bytes and with 8 */
    op = crux_draft_contract(
        type, CRUX_ROW(1), CRUX_ROW(1),
        CRUX_ARGS(CRUX_READ(step_value(0, CRUX_I8, CRUX_ROW(4)), crux_ix_c(0)),
                  CRUX_READ(step_value(0, CRUX_I8, CRUX_ROW(8)), crux_ix_c(0))));
    case_expect_error(file, "value", "two_views_of_different_length", with_op(&op),
                      CRUX_E_BAD_VIEW);
    /* an operand that reads outside without being padded gives 0; every clause of section 20 is total */
    op = crux_draft_contract(
        type, CRUX_ROW(1), CRUX_ROW(3),
        CRUX_ARGS(CRUX_READ(step_value(0, CRUX_I8, CRUX_ROW(4)),
                            crux_ix_mad(crux_ix_k(0), 1 << 24, crux_ix_c(INT32_MAX)))));
    case_expect(file, "value", "unpadded_outside_reads_are_zero", with_op(&op), CRUX_CONSISTENT);
    /* a record of a layer that the model does not have */
    struct crux_operand record = CRUX_READ(step_value(0, CRUX_I32, CRUX_ROW(1)), crux_ix_c(0));
    record.kind = CRUX_KIND_RECORD;
    record.layer = 3;
    record.stores = 1;
    record.self = CRUX_SELF_NONE;
    record.at = crux_ix_sub(crux_ix_pos(), crux_ix_c(1));
    op = crux_draft_load(CRUX_ROW(1), record);
    case_expect_error(file, "value", "record_of_a_layer_beyond_the_model", with_op(&op),
                      CRUX_E_STEP_OUTSIDE);
    /* a LOAD of this very step, without self: 0, and no part */
    record.layer = 0;
    record.at = crux_ix_pos();
    op = crux_draft_load(CRUX_ROW(1), record);
    case_expect(file, "value", "load_of_this_step_is_zero", with_op(&op), CRUX_CONSISTENT);
    record.at = crux_ix_add(crux_ix_pos(), crux_ix_c(1));
    op = crux_draft_load(CRUX_ROW(1), record);
    case_expect(file, "value", "load_of_a_later_step_is_zero", with_op(&op), CRUX_CONSISTENT);
}

static void encodings(struct crux_vector_file *file) {
    static const struct crux_layer good = {2, 1, CRUX_ACTIVE_ALWAYS, 0},
                                   no_stores = {2, 0, CRUX_ACTIVE_ALWAYS, 0},
                                   strange = {2, 1, 7, 0};
    static struct case_bytes c;
    uint8_t descriptor[CRUX_DESCRIPTOR_BYTES] = {77};
    struct crux_op op = crux_draft_contract(crux_type_full(CRUX_I32), CRUX_ROW(1), CRUX_ROW(1),
                                            CRUX_ARGS(crux_operand_imm(crux_ix_c(0))));
    size_t used;
    build(&c, descriptor, &good);
    case_expect_error(file, "value", "committed_descriptor_of_code_77", &c, CRUX_E_BAD_OP);
    world_must(crux_descriptor_encode(descriptor, &used, &op) == CRUX_OK, "op");
    descriptor[CRUX_DESCRIPTOR_BYTES - 1] = 1;
    build(&c, descriptor, &good);
    case_expect_error(file, "value", "committed_descriptor_with_trailing_bytes", &c,
                      CRUX_E_TRAILING_BYTES);
    descriptor[CRUX_DESCRIPTOR_BYTES - 1] = 0;
    build(&c, descriptor, &no_stores);
    case_expect_error(file, "value", "committed_layer_without_stores", &c, CRUX_E_BAD_STORE);
    build(&c, descriptor, &strange);
    case_expect_error(file, "value", "committed_layer_of_unknown_activity", &c,
                      CRUX_E_BAD_FUNCTION);
}

void witness_cases_programs(struct crux_vector_file *file) {
    bindings(file);
    places(file);
    encodings(file);
}
