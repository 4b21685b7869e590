/* Witnesses that are not the element's: an honest one, and one thing in it changed. Each gives an error, never a finding. */
#include <stdio.h>
#include <string.h>

#include "tests/conformance/witness_case.h"
#include "tests/support/toy_program.h"

enum {
    POSITION = 4,
    HEADER_AT = 2,
    MANIFEST_AT = 34,
    LAYER_AT = 66,
    OPS_ROOT_AT = 82,
    LAYER_SIBLINGS_AT = 114
};

static struct world world;

static uint32_t op_named(uint32_t layer, const char *label) {
    return crux_toy_op(&world.program, layer, label);
}

static struct crux_element_id value_of(uint32_t layer, const char *label, uint64_t index) {
    return (struct crux_element_id){.kind = CRUX_ELEMENT_VALUE,
                                    .pos = POSITION,
                                    .layer = layer,
                                    .op = op_named(layer, label),
                                    .index = index};
}

/* The witness of `from`, presented for `as`, an element that it is not for. */
static struct case_bytes *for_another(struct crux_element_id from, struct crux_element_id as) {
    static struct case_bytes c, other;
    case_build(&c, &world, from);
    case_build(&other, &world, as);
    c.element = other.element;
    return &c;
}

#define SPOIL(function, reason, status, ...)                                                       \
    do {                                                                                           \
        c = honest;                                                                                \
        __VA_ARGS__;                                                                               \
        case_expect_error(file, function, reason, &c, status);                                     \
    } while (0)

static void ends(struct crux_vector_file *file) {
    static struct case_bytes honest, c;
    char reason[64];
    case_build(&honest, &world, value_of(0, "part", 3)); /* model, layer, op, page, step, table */
    SPOIL("value", "trailing_byte", CRUX_E_TRAILING_BYTES, c.witness[c.len++] = 0);
    SPOIL("value", "trailing_sibling", CRUX_E_TRAILING_BYTES, memset(c.witness + c.len, 7, 32);
          c.len += 32);
    SPOIL("value", "given_twice", CRUX_E_TRAILING_BYTES,
          memcpy(c.witness + c.len, c.witness, c.len);
          c.len *= 2);
    SPOIL("value", "empty", CRUX_E_TRUNCATED, c.len = 0);
    SPOIL("value", "only_the_version", CRUX_E_TRUNCATED, c.len = 1);
    SPOIL("value", "without_parts", CRUX_E_TRUNCATED, c.len = 2);
    SPOIL("value", "last_byte_missing", CRUX_E_TRUNCATED, c.len--);
    SPOIL("value", "last_sibling_missing", CRUX_E_TRUNCATED, c.len -= 32);
    for (unsigned i = 0; i + 1 < honest.parts; i++) {
        (void)snprintf(reason, sizeof reason, "ends_after_the_part_%s",
                       i == 0 ? "layer" : honest.part[i].name);
        SPOIL("value", reason, CRUX_E_TRUNCATED, c.len = c.part[i].end);
    }
    SPOIL("value", "ends_within_the_header", CRUX_E_TRUNCATED, c.len = HEADER_AT + 31);
    SPOIL("value", "ends_within_the_page", CRUX_E_TRUNCATED, c.len = case_part(&c, "page") + 1);
    SPOIL("value", "version_0", CRUX_E_WITNESS_MALFORMED, c.witness[0] = 0);
    SPOIL("value", "version_2", CRUX_E_WITNESS_MALFORMED, c.witness[0] = 2);
    SPOIL("value", "kind_of_another_element", CRUX_E_WITNESS_MALFORMED,
          c.witness[1] = CRUX_ELEMENT_PADDING);
    SPOIL("value", "kind_0", CRUX_E_WITNESS_MALFORMED, c.witness[1] = 0);
    case_build(&honest, &world, (struct crux_element_id){.kind = CRUX_ELEMENT_CLOSE});
    SPOIL("close", "trailing_byte", CRUX_E_TRAILING_BYTES, c.witness[c.len++] = 0);
    case_build(&honest, &world, (struct crux_element_id){.kind = CRUX_ELEMENT_NULL, .layer = 2});
    SPOIL("null", "trailing_byte", CRUX_E_TRAILING_BYTES, c.witness[c.len++] = 0);
    case_build(&honest, &world, (struct crux_element_id){.kind = CRUX_ELEMENT_COUNT});
    SPOIL("count", "trailing_byte", CRUX_E_TRAILING_BYTES, c.witness[c.len++] = 0);
    SPOIL("count", "last_byte_missing", CRUX_E_TRUNCATED, c.len--);
}

static void model_and_layer(struct crux_vector_file *file) {
    static struct case_bytes honest, c;
    static const uint8_t zeros[32];
    case_build(&honest, &world, value_of(0, "part", 3));
    SPOIL("value", "header_of_another_vocabulary", CRUX_E_HEADER_MISMATCH,
          c.witness[HEADER_AT + 12] ^= 1);
    SPOIL("value", "header_of_another_context", CRUX_E_HEADER_MISMATCH,
          c.witness[HEADER_AT + 8] ^= 1);
    SPOIL("value", "header_of_another_token_store", CRUX_E_HEADER_MISMATCH,
          c.witness[HEADER_AT + 16] ^= 1);
    SPOIL("value", "header_of_fewer_layers", CRUX_E_HEADER_MISMATCH, c.witness[HEADER_AT + 4] = 4);
    SPOIL("value", "header_of_one_layer", CRUX_E_HEADER_MISMATCH, c.witness[HEADER_AT + 4] = 1);
    SPOIL("value", "header_of_another_op_set", CRUX_E_BAD_VERSION, c.witness[HEADER_AT] = 2);
    SPOIL("value", "header_without_layers", CRUX_E_PROGRAM_INVALID, c.witness[HEADER_AT + 4] = 0);
    SPOIL("value", "header_padding", CRUX_E_NON_CANONICAL, c.witness[HEADER_AT + 31] = 1);
    SPOIL("value", "another_manifest", CRUX_E_HEADER_MISMATCH, c.witness[MANIFEST_AT] ^= 1);
    SPOIL("value", "layer_of_more_ops", CRUX_E_HEADER_MISMATCH, c.witness[LAYER_AT] += 1);
    SPOIL("value", "layer_active_from_last", CRUX_E_HEADER_MISMATCH, c.witness[LAYER_AT + 8] = 1);
    SPOIL("value", "layer_of_another_ops_root", CRUX_E_HEADER_MISMATCH,
          c.witness[OPS_ROOT_AT] ^= 1);
    SPOIL("value", "wrong_layer_sibling", CRUX_E_HEADER_MISMATCH,
          c.witness[LAYER_SIBLINGS_AT] ^= 1);
    SPOIL("value", "layer_sibling_missing", CRUX_E_HEADER_MISMATCH,
          case_splice(&c, LAYER_SIBLINGS_AT, 32, zeros, 0));
    SPOIL("value", "layer_sibling_more", CRUX_E_DESCRIPTOR_MISMATCH,
          case_splice(&c, LAYER_SIBLINGS_AT + 64, 0, (const uint8_t[]){1, 0, 9}, 3));
    SPOIL("value", "layer_beyond_the_model", CRUX_E_STEP_OUTSIDE,
          c.element.layer = CRUX_TOY_LAYERS);
    SPOIL("value", "layer_bits_above_the_depth", CRUX_E_STEP_OUTSIDE, c.element.layer |= 4);
    SPOIL("value", "layer_highest_bit", CRUX_E_STEP_OUTSIDE, c.element.layer |= UINT32_C(1) << 31);
    SPOIL("value", "layer_all_bits", CRUX_E_STEP_OUTSIDE, c.element.layer = UINT32_MAX);
    SPOIL("value", "position_beyond_the_run", CRUX_E_STEP_OUTSIDE,
          c.element.pos = crux_claim_positions(&c.claim));
    SPOIL("value", "position_highest_bit", CRUX_E_STEP_OUTSIDE, c.element.pos |= UINT32_C(1) << 31);
    SPOIL("value", "claim_on_another_model", CRUX_E_HEADER_MISMATCH, c.claim.model_root[5] ^= 1);
    SPOIL("value", "claim_without_tokens", CRUX_E_CLAIM_INVALID, c.claim.request_tokens = 0);
    case_expect_error(file, "value", "layer_of_another_place",
                      for_another(value_of(0, "tok", 0),
                                  (struct crux_element_id){
                                      .kind = CRUX_ELEMENT_VALUE, .pos = POSITION, .layer = 1}),
                      CRUX_E_HEADER_MISMATCH);
    case_build(&honest, &world, (struct crux_element_id){.kind = CRUX_ELEMENT_NULL, .layer = 2});
    SPOIL("null", "layer_that_is_active", CRUX_E_ELEMENT_INVALID,
          c.element.pos = WORLD_REQUEST_TOKENS - 1);
    SPOIL("null", "position_beyond_the_run", CRUX_E_STEP_OUTSIDE, c.element.pos = 100);
    case_build(&honest, &world, (struct crux_element_id){.kind = CRUX_ELEMENT_DONE, .index = 1});
    SPOIL("done", "another_layers_root", CRUX_E_HEADER_MISMATCH, c.witness[66] ^= 1);
    SPOIL("done", "index_beyond_the_output", CRUX_E_ELEMENT_OUTSIDE, c.element.index = WORLD_LIMIT);
    SPOIL("done", "index_bits_above_32", CRUX_E_ELEMENT_OUTSIDE,
          c.element.index |= UINT64_C(1) << 32);
    /* a step without work has no values */
    case_build(&honest, &world,
               (struct crux_element_id){.kind = CRUX_ELEMENT_VALUE, .pos = 2, .layer = 2});
    SPOIL("value", "inactive_step", CRUX_E_STEP_INACTIVE, c.element.pos = 1);
    case_build(&honest, &world,
               (struct crux_element_id){.kind = CRUX_ELEMENT_PADDING, .pos = 2, .layer = 2});
    SPOIL("padding", "inactive_step", CRUX_E_STEP_INACTIVE, c.element.pos = 1);
}

static void op_part(struct crux_vector_file *file) {
    static struct case_bytes honest, c, other;
    case_build(&honest, &world, value_of(0, "part", 3));
    size_t at = case_part(&honest, "op"), end = case_part_end(&honest, "op");
    uint16_t length = crux_load_u16(honest.witness + at);
    SPOIL("value", "descriptor_changed", CRUX_E_DESCRIPTOR_MISMATCH, c.witness[at + 2 + 8] ^= 1);
    SPOIL("value", "descriptor_that_does_not_decode", CRUX_E_DESCRIPTOR_MISMATCH,
          c.witness[at + 2] = 99);
    SPOIL("value", "descriptor_of_length_0", CRUX_E_WITNESS_MALFORMED,
          crux_store_u16(c.witness + at, 0));
    SPOIL("value", "descriptor_of_length_257", CRUX_E_WITNESS_MALFORMED,
          crux_store_u16(c.witness + at, 257));
    SPOIL("value", "descriptor_of_length_65535", CRUX_E_TRUNCATED,
          crux_store_u16(c.witness + at, 65535));
    SPOIL("value", "descriptor_with_a_byte_of_its_zero_tail", CRUX_E_WITNESS_MALFORMED,
          crux_store_u16(c.witness + at, (uint16_t)(length + 1));
          case_splice(&c, at + 2 + length, 0, (const uint8_t[]){0}, 1));
    SPOIL("value", "descriptor_one_byte_short", CRUX_E_DESCRIPTOR_MISMATCH,
          crux_store_u16(c.witness + at, (uint16_t)(length - 1));
          case_splice(&c, at + 2 + length - 1U, 1, NULL, 0));
    SPOIL("value", "wrong_op_sibling", CRUX_E_DESCRIPTOR_MISMATCH, c.witness[end - 1] ^= 1);
    SPOIL("value", "op_beyond_the_layer", CRUX_E_ELEMENT_OUTSIDE,
          c.element.op = world.program.layers[0].ops);
    SPOIL("value", "op_bits_above_the_depth", CRUX_E_ELEMENT_OUTSIDE, c.element.op |= 64);
    SPOIL("value", "op_highest_bit", CRUX_E_ELEMENT_OUTSIDE, c.element.op |= UINT32_C(1) << 31);
    SPOIL("value", "index_beyond_the_tensor", CRUX_E_ELEMENT_OUTSIDE, c.element.index = 8);
    SPOIL("value", "index_highest_bit", CRUX_E_ELEMENT_OUTSIDE,
          c.element.index |= UINT64_C(1) << 63);
    case_build(&other, &world, value_of(0, "lin8", 0));
    SPOIL("value", "descriptor_of_another_op", CRUX_E_DESCRIPTOR_MISMATCH,
          case_splice(&c, at, end - at, other.witness + case_part(&other, "op"),
                      case_part_end(&other, "op") - case_part(&other, "op")));
    /* op n of the next layer, with its own siblings, under this layer's ops root */
    case_build(
        &other, &world,
        (struct crux_element_id){
            .kind = CRUX_ELEMENT_VALUE, .pos = POSITION, .layer = 1, .op = honest.element.op});
    SPOIL("value", "descriptor_of_another_layer", CRUX_E_DESCRIPTOR_MISMATCH,
          case_splice(&c, at, end - at, other.witness + case_part(&other, "op"),
                      case_part_end(&other, "op") - case_part(&other, "op")));
    case_build(
        &honest, &world,
        (struct crux_element_id){
            .kind = CRUX_ELEMENT_PADDING, .pos = POSITION, .op = op_named(0, "wide"), .index = 2});
    SPOIL("padding", "page_beyond_the_tensor", CRUX_E_ELEMENT_OUTSIDE, c.element.index = 4);
    SPOIL("padding", "page_bits_above_the_depth", CRUX_E_ELEMENT_OUTSIDE,
          c.element.index |= UINT64_C(1) << 40);
    SPOIL("padding", "another_page", CRUX_E_PAGE_MISMATCH, c.witness[case_part(&c, "page")] ^= 1);
}

static void pages(struct crux_vector_file *file) {
    static struct case_bytes honest, c, other;
    uint8_t swap[256];
    case_build(&honest, &world, value_of(0, "peak", 0)); /* reads three pages of wide */
    size_t step = case_part(&honest, "step");
    SPOIL("value", "page_changed", CRUX_E_PAGE_MISMATCH, c.witness[case_part(&c, "page")] ^= 1);
    SPOIL("value", "page_of_another_leaf_hash", CRUX_E_PAGE_MISMATCH, c.element.leaf_hash[0] ^= 1);
    SPOIL("value", "operand_page_changed", CRUX_E_PAGE_MISMATCH, c.witness[step] ^= 1);
    SPOIL("value", "operand_pages_swapped", CRUX_E_PAGE_MISMATCH,
          memcpy(swap, c.witness + step, 256);
          memcpy(c.witness + step, c.witness + step + 256, 256);
          memcpy(c.witness + step + 256, swap, 256));
    SPOIL("value", "operand_page_twice", CRUX_E_PAGE_MISMATCH,
          memcpy(c.witness + step + 256, c.witness + step, 256));
    SPOIL("value", "operand_page_missing", CRUX_E_TRUNCATED,
          case_splice(&c, step + 512, 256, NULL, 0));
    SPOIL("value", "operand_page_more", CRUX_E_PAGE_MISMATCH,
          case_splice(&c, step + 768, 0, honest.witness + step, 256));
    SPOIL("value", "operand_sibling_changed", CRUX_E_PAGE_MISMATCH, c.witness[step + 768] ^= 1);
    SPOIL("value", "step_of_another_tensors_root", CRUX_E_PAGE_MISMATCH,
          c.element.tensors_root[0] ^= 1);
    case_build(&other, &world,
               (struct crux_element_id){
                   .kind = CRUX_ELEMENT_VALUE, .pos = POSITION + 1, .op = honest.element.op});
    SPOIL("value", "operands_of_another_step", CRUX_E_PAGE_MISMATCH,
          case_splice(&c, step, c.len - step, other.witness + case_part(&other, "step"),
                      other.len - case_part(&other, "step")));
    /* the record root of an element binds nothing that its witness opens: the moves of a dispute have used it */
    c = honest;
    c.element.record_root[0] ^= 1;
    case_expect(file, "value", "record_root_is_not_opened", &c, CRUX_CONSISTENT);

    case_build(&honest, &world, value_of(0, "part", 3)); /* q4 tile */
    size_t table = case_part(&honest, "table");
    SPOIL("value", "tile_multiplier_changed", CRUX_E_PAGE_MISMATCH, c.witness[table] ^= 1);
    SPOIL("value", "tile_weight_changed", CRUX_E_PAGE_MISMATCH, c.witness[table + 4] ^= 1);
    SPOIL("value", "tile_sibling_changed", CRUX_E_PAGE_MISMATCH, c.witness[c.len - 1] ^= 1);
    case_build(&other, &world, value_of(0, "part", 5)); /* the same chunk of the next row */
    SPOIL("value", "tile_of_another_row", CRUX_E_PAGE_MISMATCH,
          case_splice(&c, table, c.len - table, other.witness + case_part(&other, "table"),
                      other.len - case_part(&other, "table")));
    case_build(&honest, &world, value_of(1, "e", 2)); /* exp2 */
    SPOIL("value", "table_entry_changed", CRUX_E_PAGE_MISMATCH,
          c.witness[case_part(&c, "table")] ^= 1);
    case_build(&honest, &world, value_of(2, "top", 0)); /* chosen by x */
    SPOIL("value", "x_changed", CRUX_E_PAGE_MISMATCH, c.witness[case_part(&c, "x")] ^= 1);
    SPOIL("value", "x_sibling_changed", CRUX_E_PAGE_MISMATCH,
          c.witness[case_part_end(&c, "x") - 1] ^= 1);
}

static void requests_and_records(struct crux_vector_file *file) {
    static struct case_bytes honest, c, other;
    case_build(&honest, &world, value_of(2, "rand", 3));
    size_t at = case_part(&honest, "request");
    SPOIL("value", "seed_changed", CRUX_E_REQUEST_MISMATCH, c.witness[at + 64] ^= 1);
    SPOIL("value", "sample_changed", CRUX_E_REQUEST_MISMATCH, c.witness[at + 96] ^= 1);
    SPOIL("value", "claim_on_another_request", CRUX_E_REQUEST_MISMATCH,
          c.claim.request_hash[0] ^= 1);
    case_build(&honest, &world, value_of(2, "heat", 0));
    SPOIL("value", "param_changed", CRUX_E_REQUEST_MISMATCH,
          c.witness[case_part(&c, "request") + 144] ^= 1);
    struct crux_element_id early = value_of(0, "tok", 0);
    early.pos = 1;
    case_build(&honest, &world, early);
    at = case_part(&honest, "request and token");
    SPOIL("value", "request_token_changed", CRUX_E_REQUEST_MISMATCH, c.witness[at + 240] ^= 1);
    SPOIL("value", "request_padding_changed", CRUX_E_REQUEST_MISMATCH,
          c.witness[at + 240 + 15] ^= 1);
    early.pos = POSITION;
    case_build(&other, &world, early);
    SPOIL("value", "record_instead_of_a_request_token", CRUX_E_TRUNCATED,
          case_splice(&c, at, c.len - at, other.witness + case_part(&other, "record"),
                      other.len - case_part(&other, "record")));

    case_build(&honest, &world, value_of(1, "said", 10)); /* logits of the head, one position ago */
    at = case_part(&honest, "record");
    SPOIL("value", "record_changed", CRUX_E_RECORD_MISMATCH, c.witness[at] ^= 1);
    SPOIL("value", "record_sibling_changed", CRUX_E_RECORD_MISMATCH, c.witness[c.len - 32] ^= 1);
    SPOIL("value", "record_sibling_missing", CRUX_E_TRUNCATED, c.len -= 32);
    SPOIL("value", "claim_of_another_trace", CRUX_E_RECORD_MISMATCH, c.claim.trace_root[0] ^= 1);
    for (unsigned later = 0; later < 2; later++) {
        /* the same page of the step at hand, or of the one after it, with its own siblings */
        struct crux_element_id element = value_of(1, "said", 10);
        element.pos = POSITION + 1 + later;
        case_build(&other, &world, element);
        SPOIL("value",
              later == 0 ? "record_of_this_position_for_an_earlier_one" : "record_of_a_later_step",
              CRUX_E_RECORD_MISMATCH,
              case_splice(&c, at, c.len - at, other.witness + case_part(&other, "record"),
                          other.len - case_part(&other, "record")));
    }
    case_build(&honest, &world, value_of(1, "old", 1));
    case_build(&other, &world, value_of(1, "far", 1));
    at = case_part(&honest, "record");
    SPOIL("value", "record_of_another_store", CRUX_E_RECORD_MISMATCH,
          memcpy(c.witness + at, other.witness + case_part(&other, "record"), 256));

    case_build(&honest, &world, (struct crux_element_id){.kind = CRUX_ELEMENT_OUTPUT, .index = 2});
    SPOIL("output", "index_beyond_the_padded_output", CRUX_E_ELEMENT_OUTSIDE, c.element.index = 8);
    SPOIL("output", "index_bits_above_32", CRUX_E_ELEMENT_OUTSIDE,
          c.element.index |= UINT64_C(1) << 32);
    SPOIL("output", "output_changed", CRUX_E_PAGE_MISMATCH,
          c.witness[case_part(&c, "output")] ^= 1);
    SPOIL("output", "claim_of_another_output", CRUX_E_PAGE_MISMATCH, c.claim.output_root[0] ^= 1);
    SPOIL("output", "record_changed", CRUX_E_RECORD_MISMATCH,
          c.witness[case_part(&c, "record")] ^= 1);
    SPOIL("output", "record_of_another_position", CRUX_E_RECORD_MISMATCH, c.element.index = 3);
    SPOIL("output", "layer_that_is_not_the_last", CRUX_E_HEADER_MISMATCH,
          c.witness[LAYER_AT + 8] = 0);
    case_build(&honest, &world, (struct crux_element_id){.kind = CRUX_ELEMENT_DONE, .index = 2});
    SPOIL("done", "request_changed", CRUX_E_REQUEST_MISMATCH,
          c.witness[case_part(&c, "request") + 104] ^= 1);
    SPOIL("done", "output_changed", CRUX_E_PAGE_MISMATCH, c.witness[case_part(&c, "output")] ^= 1);
    case_build(&honest, &world, (struct crux_element_id){.kind = CRUX_ELEMENT_COUNT});
    SPOIL("count", "request_changed", CRUX_E_REQUEST_MISMATCH, c.witness[2] ^= 1);
}

void witness_cases_malformed(struct crux_vector_file *file) {
    world_init(&world, NULL, NULL);
    ends(file);
    model_and_layer(file);
    op_part(file);
    pages(file);
    requests_and_records(file);
    world_free(&world);
}
