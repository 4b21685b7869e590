/* Descriptors, headers and layers: valid ones, and one refused for each rule.
 *
 * A refused descriptor is a valid one with some bytes replaced; the valid one has fields of known length. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"
#include "kernels/lowering/builder.h"
#include "tests/conformance/vector_file.h"
#include "tests/support/random_op.h"

static void must(bool holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "generate: descriptors: %s\n", what);
    exit(1);
}

static void write_bytes(struct crux_vector_file *file, const char *function, const char *reason,
                        const uint8_t *bytes, size_t len, enum crux_status found,
                        enum crux_status want) {
    json_t *vector = crux_vector_add(file, function, reason);
    if (found != want)
        fprintf(stderr, "generate: %s_case_%s gives %s\n", function, reason,
                crux_status_name(found));
    must(found == want, "another error than expected");
    crux_vector_set_hex(vector, "bytes", bytes, len);
    if (want != CRUX_OK) crux_vector_set_error(vector, want);
}

/* ---- descriptors ---- */

static void valid_op(struct crux_vector_file *file, const char *reason, const struct crux_op *op) {
    uint8_t bytes[CRUX_DESCRIPTOR_BYTES];
    struct crux_op back;
    size_t used;
    must(crux_descriptor_encode(bytes, &used, op) == CRUX_OK, reason);
    must(bytes[used - 1] != 0 || used == CRUX_DESCRIPTOR_BYTES || op->code != 0, reason);
    write_bytes(file, "descriptor", reason, bytes, CRUX_DESCRIPTOR_BYTES,
                crux_descriptor_decode(&back, bytes), CRUX_OK);
}

static void random_ops(struct crux_vector_file *file) {
    struct crux_random random = {50};
    for (unsigned i = 0; i < 40; i++) {
        struct crux_random_op_shape shape = {1 + i % CRUX_FIND, 0, 9, false};
        struct crux_op op;
        char reason[32];
        if (i >= 20) shape = (struct crux_random_op_shape){1 + i % CRUX_FIND, 0, INT32_MAX, true};
        (void)snprintf(reason, sizeof reason, "random_%02u", i);
        crux_random_op(&random, &op, &shape);
        valid_op(file, reason, &op);
    }
}

/* Replaces `cut` bytes at `at` of a base descriptor by `put`. */
struct patch {
    const char *reason;
    size_t at, cut, len;
    uint8_t put[24];
    enum crux_status status;
};

static void patches(struct crux_vector_file *file, const struct crux_op *base,
                    const struct patch *all, size_t count) {
    uint8_t bytes[CRUX_DESCRIPTOR_BYTES];
    size_t used;
    must(crux_descriptor_encode(bytes, &used, base) == CRUX_OK, "base");
    for (size_t i = 0; i < count; i++) {
        const struct patch *p = &all[i];
        uint8_t changed[CRUX_DESCRIPTOR_BYTES] = {0};
        struct crux_op op;
        must(p->at + p->cut <= used && used - p->cut + p->len <= sizeof changed, p->reason);
        memcpy(changed, bytes, p->at);
        memcpy(changed + p->at, p->put, p->len);
        memcpy(changed + p->at + p->len, bytes + p->at + p->cut, used - p->at - p->cut);
        write_bytes(file, "descriptor", p->reason, changed, sizeof changed,
                    crux_descriptor_decode(&op, changed), p->status);
    }
}

static struct crux_value i8_row(uint32_t tensor, uint32_t count) {
    return (struct crux_value){.kind = CRUX_KIND_STEP,
                               .tensor = tensor,
                               .type = crux_type_of(CRUX_I8, -2, 3),
                               .shape = CRUX_ROW(count)};
}

/* SQRT, i32 [4] in [0, 5], of i8 [4] in [-2, 3] at o0.
 *
 *   0 code 1 func 2 cmp 3 rounding 4 dtype 5 counts 6 has_x 7 lo 8 hi 9 dim 10 s
 *   11 kind 12 flags 13 dtype 14 lo 15 hi 16 tensor 17 ndim 18 dim 19 mask 20 coefficient 21.. zero */
static void sqrt_patches(struct crux_vector_file *file) {
    static const struct patch all[] = {
        {"code_0", 0, 1, 1, {0}, CRUX_E_BAD_OP},
        {"code_11", 0, 1, 1, {11}, CRUX_E_BAD_OP},
        {"function_of_an_op_without", 1, 1, 1, {1}, CRUX_E_BAD_FUNCTION},
        {"comparison_of_an_op_without", 2, 1, 1, {1}, CRUX_E_BAD_FUNCTION},
        {"rounding_of_an_op_without", 3, 1, 1, {1}, CRUX_E_BAD_FUNCTION},
        {"dtype_0", 4, 1, 1, {0}, CRUX_E_BAD_DTYPE},
        {"dtype_8", 4, 1, 1, {8}, CRUX_E_BAD_DTYPE},
        {"no_dimension", 5, 5, 4, {0x20, 0, 0, 10}, CRUX_E_BAD_SHAPE},
        {"five_dimensions", 5, 1, 1, {0x25}, CRUX_E_BAD_SHAPE},
        {"five_operands", 5, 1, 1, {0xa1}, CRUX_E_BAD_OPERAND},
        {"has_x_2", 6, 1, 1, {2}, CRUX_E_NON_CANONICAL},
        {"range_is_empty", 8, 1, 1, {1}, CRUX_E_BAD_RANGE},
        {"range_above_the_dtype", 8, 1, 5, {0x80, 0x80, 0x80, 0x80, 0x10}, CRUX_E_BAD_RANGE},
        {"range_below_the_dtype", 7, 1, 5, {0x81, 0x80, 0x80, 0x80, 0x10}, CRUX_E_BAD_RANGE},
        {"lo_not_shortest", 7, 1, 2, {0x80, 0x00}, CRUX_E_NON_CANONICAL},
        {"dimension_0", 9, 1, 1, {0}, CRUX_E_BAD_DIM},
        {"dimension_2_31", 9, 1, 5, {0x80, 0x80, 0x80, 0x80, 0x10}, CRUX_E_BAD_DIM},
        {"dimension_tag_3", 9, 1, 1, {3}, CRUX_E_BAD_DIM},
        {"dimension_not_shortest", 9, 1, 2, {0x88, 0x00}, CRUX_E_NON_CANONICAL},
        {"dimension_grows_with_nothing", 9, 1, 6, {1, 2, 0, 0, 1, 4}, CRUX_E_BAD_DIM},
        {"dimension_grows_with_pos_and_n", 9, 1, 6, {1, 2, 2, 2, 1, 4}, CRUX_E_BAD_DIM},
        {"dimension_divided_by_0", 9, 1, 6, {1, 2, 2, 0, 0, 4}, CRUX_E_BAD_DIM},
        {"dimension_capped_at_0", 9, 1, 6, {1, 2, 2, 0, 1, 0}, CRUX_E_BAD_DIM},
        {"dimension_rate_of_minus_2_31",
         9,
         1,
         10,
         {1, 2, 0xff, 0xff, 0xff, 0xff, 0x0f, 0, 1, 4},
         CRUX_E_BAD_DIM},
        {"dimension_grows", 9, 1, 6, {1, 2, 2, 0, 1, 4}, CRUX_OK},
        {"shift_62", 10, 1, 1, {62}, CRUX_OK},
        {"shift_63", 10, 1, 1, {63}, CRUX_E_BAD_RANGE},
        {"shift_256", 10, 1, 2, {0x80, 0x02}, CRUX_E_BAD_RANGE},
        {"operand_of_param_kind", 11, 10, 4, {5, 0, 2, 3}, CRUX_E_BAD_OPERAND},
        {"operand_kind_6", 11, 1, 1, {6}, CRUX_E_BAD_OPERAND},
        {"pad_flag", 12, 1, 1, {1}, CRUX_OK},
        {"from_last_flag_on_step", 12, 1, 1, {2}, CRUX_E_BAD_OPERAND},
        {"unknown_flag", 12, 1, 1, {4}, CRUX_E_BAD_OPERAND},
        {"operand_dtype_8", 13, 1, 1, {8}, CRUX_E_BAD_DTYPE},
        {"operand_range_is_empty", 15, 1, 1, {5}, CRUX_E_BAD_RANGE},
        {"operand_range_outside_its_dtype", 15, 1, 2, {0x80, 0x02}, CRUX_E_BAD_RANGE},
        {"tensor_4095", 16, 1, 2, {0xff, 0x1f}, CRUX_OK},
        {"tensor_4096", 16, 1, 2, {0x80, 0x20}, CRUX_E_BAD_OPERAND},
        {"tensor_2_32", 16, 1, 5, {0x80, 0x80, 0x80, 0x80, 0x10}, CRUX_E_BAD_OPERAND},
        {"view_without_dimensions", 17, 4, 1, {0}, CRUX_E_BAD_SHAPE},
        {"view_of_five_dimensions", 17, 1, 1, {5}, CRUX_E_BAD_SHAPE},
        {"view_dimension_0", 18, 1, 1, {0}, CRUX_E_BAD_DIM},
        {"affine_of_a_missing_output_dimension", 19, 1, 1, {4}, CRUX_E_BAD_INDEX_MAP},
        {"affine_of_k_in_an_op_without", 19, 1, 1, {0x20}, CRUX_E_BAD_INDEX_MAP},
        {"affine_of_x_in_an_op_without", 19, 1, 2, {0x80, 0x04}, CRUX_E_BAD_INDEX_MAP},
        {"affine_of_pos", 19, 1, 2, {0x80, 0x02}, CRUX_OK},
        {"affine_of_n", 19, 1, 2, {0x80, 0x08}, CRUX_OK},
        {"affine_variable_11", 19, 1, 2, {0x80, 0x10}, CRUX_E_BAD_INDEX_MAP},
        {"affine_zero_coefficient", 20, 1, 1, {0}, CRUX_E_NON_CANONICAL},
        {"affine_coefficient_2_24", 20, 1, 4, {0x80, 0x80, 0x80, 0x10}, CRUX_OK},
        {"affine_coefficient_2_24_and_1", 20, 1, 4, {0x82, 0x80, 0x80, 0x10}, CRUX_E_BAD_INDEX_MAP},
        {"affine_constant_2_31_less_1", 19, 2, 6, {1, 0xfe, 0xff, 0xff, 0xff, 0x0f}, CRUX_OK},
        {"affine_constant_minus_2_31", 19, 2, 6, {1, 0xff, 0xff, 0xff, 0xff, 0x0f}, CRUX_OK},
        {"affine_constant_2_31", 19, 2, 6, {1, 0x80, 0x80, 0x80, 0x80, 0x10}, CRUX_E_BAD_INDEX_MAP},
        {"byte_after_the_fields", 21, 0, 1, {1}, CRUX_E_TRAILING_BYTES},
        {"byte_far_after_the_fields", 21, 0, 24, {[23] = 0x80}, CRUX_E_TRAILING_BYTES},
        {"two_operands", 5, 1, 1, {0x41}, CRUX_E_BAD_OPERAND},
        {"no_operand", 5, 1, 1, {0x01}, CRUX_E_TRAILING_BYTES},
        {"k_in_an_op_without", 5, 5, 6, {0x29, 0, 0, 10, 8, 8}, CRUX_E_BAD_SHAPE},
    };
    struct crux_op op = crux_draft_sqrt(crux_type_of(CRUX_I32, 0, 5), CRUX_ROW(4), 6,
                                        CRUX_READ(i8_row(7, 4), crux_ix_o(0)));
    valid_op(file, "base_of_sqrt", &op);
    patches(file, &op, all, CRUX_ARRAY_LEN(all));
}

/* CONTRACT, i32 [4] in [0, 5], k [4], of i8 at k0 and a model tensor.
 *   5 counts 9 dim 10 kdim; operand 0: 11 kind 12 flags 13 dtype 14 lo 15 hi 16 tensor 17 ndim 18 dim 19 mask 20 coefficient
 *   operand 1: 21 kind 22 flags 23 dtype 24 layout 25 lo 26 hi 27 tensor 28 root (32) 60 ndim 61 dim 62 mask 63 coefficient */
static void contract_patches(struct crux_vector_file *file) {
    static const struct patch all[] = {
        {"wide_factor", 13, 1, 1, {CRUX_I64}, CRUX_E_BAD_DTYPE},
        {"unsigned_factor_of_32_bits", 13, 3, 3, {CRUX_U32, 0, 2}, CRUX_OK},
        {"factor_of_token_kind", 11, 10, 8, {4, 0, 0, 2, 0, 0, 1, 0}, CRUX_E_BAD_OPERAND},
        {"k_dimension_0", 10, 1, 1, {0}, CRUX_E_BAD_DIM},
        {"affine_of_a_missing_k", 19, 1, 1, {0x40}, CRUX_E_BAD_INDEX_MAP},
        {"tile_layout_needs_i32", 24, 1, 1, {2}, CRUX_E_BAD_DTYPE},
        {"tile_layout", 23, 2, 2, {CRUX_I32, 2}, CRUX_OK},
        {"tile_layout_without_width", 23, 2, 2, {CRUX_I32, 4}, CRUX_E_BAD_LAYOUT},
        {"tile_layout_of_chunk_code_3", 23, 2, 2, {CRUX_I32, 0x32}, CRUX_E_BAD_LAYOUT},
        {"tile_layout_bit_7", 23, 2, 2, {CRUX_I32, 0x82}, CRUX_E_BAD_LAYOUT},
        {"model_tensor_2_20_less_1", 27, 1, 3, {0xff, 0xff, 0x3f}, CRUX_OK},
        {"model_tensor_2_20", 27, 1, 3, {0x80, 0x80, 0x40}, CRUX_E_BAD_OPERAND},
        {"model_view_grows", 61, 1, 6, {1, 2, 2, 0, 1, 4}, CRUX_E_BAD_VIEW},
    };
    struct crux_value w = {.kind = CRUX_KIND_MODEL,
                           .tensor = 9,
                           .type = crux_type_of(CRUX_I8, -2, 3),
                           .shape = CRUX_ROW(4)};
    struct crux_op op = crux_draft_contract(
        crux_type_of(CRUX_I32, 0, 5), CRUX_ROW(4), CRUX_ROW(4),
        CRUX_ARGS(CRUX_READ(i8_row(7, 4), crux_ix_k(0)), CRUX_READ(w, crux_ix_k(0))));
    for (unsigned i = 0; i < 32; i++) op.in[1].root[i] = (uint8_t)(i + 1);
    valid_op(file, "base_of_contract", &op);
    patches(file, &op, all, CRUX_ARRAY_LEN(all));
}

/* REDUCE max with a predicate against an imm: 1 func 2 cmp; operand 0 11.., operand 1 21 kind.. 30, operand 2 31 kind 32 mask */
static void reduce_patches(struct crux_vector_file *file) {
    static const struct patch all[] = {
        {"reduce_without_function", 1, 1, 1, {0}, CRUX_E_BAD_FUNCTION},
        {"reduce_function_7", 1, 1, 1, {7}, CRUX_E_BAD_FUNCTION},
        {"comparison_7", 2, 1, 1, {7}, CRUX_E_BAD_FUNCTION},
        {"predicate_operands_without_comparison", 2, 1, 1, {0}, CRUX_E_BAD_OPERAND},
        {"count_with_a_value_operand", 1, 1, 1, {CRUX_REDUCE_COUNT}, CRUX_E_BAD_OPERAND},
        {"reduce_of_64_bits", 13, 1, 1, {CRUX_I64}, CRUX_OK},
    };
    struct crux_operand a = CRUX_READ(i8_row(7, 4), crux_ix_k(0));
    struct crux_op op =
        crux_draft_where(crux_draft_reduce(crux_type_of(CRUX_I32, 0, 5), CRUX_ROW(4), CRUX_ROW(4),
                                           CRUX_REDUCE_MAX, CRUX_ARGS(a)),
                         a, CRUX_CMP_LT, crux_operand_imm(crux_ix_c(1)));
    struct crux_op count = crux_draft_reduce(crux_type_of(CRUX_I32, 0, 5), CRUX_ROW(4), CRUX_ROW(4),
                                             CRUX_REDUCE_COUNT, crux_args_none());
    static const struct patch of_count[] = {
        {"count_without_predicate",
         2,
         15,
         9,
         {0, 0, CRUX_I32, 0x09, 0, 0, 10, 8, 8},
         CRUX_E_BAD_FUNCTION},
        {"reduce_without_k", 5, 6, 5, {0x41, 0, 0, 10, 8}, CRUX_E_BAD_SHAPE},
    };
    valid_op(file, "base_of_reduce", &op);
    patches(file, &op, all, CRUX_ARRAY_LEN(all));
    count = crux_draft_where(count, crux_operand_imm(crux_ix_c(2)), CRUX_CMP_LT,
                             crux_operand_imm(crux_ix_c(1)));
    valid_op(file, "base_of_count", &count);
    patches(file, &count, of_count, CRUX_ARRAY_LEN(of_count));
}

/* Requantise i8 [4], factor, add, exponent: 10 c0 11 m0 12 s0; operands of 12 bytes, the last of 13:
 * 13 kind 14 role, 24 kind 25 role, 35 kind 36 role 37 coefficient */
static void map_patches(struct crux_vector_file *file) {
    static const struct patch all[] = {
        {"requantise_floor", 3, 1, 1, {1}, CRUX_OK},
        {"requantise_rounding_2", 3, 1, 1, {2}, CRUX_E_BAD_FUNCTION},
        {"requantise_with_comparison", 2, 1, 1, {1}, CRUX_E_BAD_FUNCTION},
        {"s0_256", 12, 1, 2, {0x80, 0x04}, CRUX_OK},
        {"s0_257", 12, 1, 2, {0x82, 0x04}, CRUX_E_BAD_RANGE},
        {"s0_minus_257", 12, 1, 2, {0x81, 0x04}, CRUX_E_BAD_RANGE},
        {"add_before_factor", 14, 1, 1, {1}, CRUX_E_BAD_OPERAND_ORDER},
        {"role_3", 25, 1, 1, {3}, CRUX_E_BAD_OPERAND_ORDER},
        {"exponent_coefficient_0", 37, 1, 1, {0}, CRUX_E_BAD_OPERAND},
        {"exponent_coefficient_minus_4", 37, 1, 1, {0xfc}, CRUX_OK},
        {"exponent_coefficient_5", 37, 1, 1, {5}, CRUX_E_BAD_OPERAND},
        {"exponent_coefficient_minus_5", 37, 1, 1, {0xfb}, CRUX_E_BAD_OPERAND},
        {"two_adds", 36, 2, 1, {1}, CRUX_E_BAD_OPERAND_ORDER},
    };
    static const struct patch of_dynexp[] = {
        {"dynexp_limit_0", 10, 1, 1, {0}, CRUX_E_BAD_RANGE},
        {"dynexp_limit_negative", 10, 1, 1, {1}, CRUX_E_BAD_RANGE},
        {"dynexp_lo_minus_31", 7, 1, 1, {61}, CRUX_OK},
        {"dynexp_lo_minus_32", 7, 1, 1, {63}, CRUX_E_BAD_RANGE},
        {"dynexp_hi_95", 8, 1, 2, {0xbe, 0x01}, CRUX_OK},
        {"dynexp_hi_96", 8, 1, 2, {0xc0, 0x01}, CRUX_E_BAD_RANGE},
    };
    static const struct patch of_compare[] = {
        {"compare_without_comparison", 2, 1, 1, {0}, CRUX_E_BAD_FUNCTION},
        {"map_without_function", 1, 1, 1, {0}, CRUX_E_BAD_FUNCTION},
        {"map_function_8", 1, 1, 1, {8}, CRUX_E_BAD_FUNCTION},
        {"compare_with_rounding", 3, 1, 1, {1}, CRUX_E_BAD_FUNCTION},
    };
    struct crux_operand a = CRUX_READ(i8_row(7, 4), crux_ix_o(0));
    struct crux_type type = crux_type_of(CRUX_I8, 0, 5);
    struct crux_op op =
        crux_draft_requant(type, CRUX_ROW(4), crux_scale_round(1, 2),
                           CRUX_ARGS(a, crux_operand_add(a), crux_operand_exponent(a, 1)));
    valid_op(file, "base_of_requantise", &op);
    patches(file, &op, all, CRUX_ARRAY_LEN(all));
    op = crux_draft_dynexp(0, 5, CRUX_ROW(4), 7, a);
    valid_op(file, "base_of_dynexp", &op);
    patches(file, &op, of_dynexp, CRUX_ARRAY_LEN(of_dynexp));
    op = crux_draft_compare(CRUX_ROW(4), a, CRUX_CMP_LT, a);
    valid_op(file, "base_of_compare", &op);
    patches(file, &op, of_compare, CRUX_ARRAY_LEN(of_compare));
}

/* LUT i32 [4] in [0, 5]: 10 x0 11 shift 12 cells 13 left kind 14 value 15 s 16 right kind 17 value 18 s
 * operand 0 at 19 (10 bytes), table: 29 kind 30 flags 31 dtype 32 layout 33 lo 34 hi 35 tensor 36 root 68 ndim 69 dim 70 mask */
static void lut_patches(struct crux_vector_file *file) {
    static const struct patch all[] = {
        {"lut_shift_31", 11, 1, 1, {31}, CRUX_OK},
        {"lut_shift_32", 11, 1, 1, {32}, CRUX_E_BAD_RANGE},
        {"lut_no_cells", 12, 1, 1, {0}, CRUX_E_BAD_RANGE},
        {"lut_65537_cells", 12, 1, 3, {0x81, 0x80, 0x04}, CRUX_E_BAD_RANGE},
        {"lut_end_kind_2", 13, 1, 1, {2}, CRUX_E_BAD_RANGE},
        {"lut_constant_end_with_shift", 15, 1, 1, {1}, CRUX_E_BAD_RANGE},
        {"lut_identity_end_by_62", 18, 1, 1, {62}, CRUX_OK},
        {"lut_identity_end_by_63", 18, 1, 1, {63}, CRUX_E_BAD_RANGE},
        {"lut_table_padded", 30, 1, 1, {1}, CRUX_E_BAD_OPERAND},
        {"lut_table_tiled", 31, 2, 2, {CRUX_I32, 2}, CRUX_E_BAD_OPERAND},
        {"lut_table_of_another_length", 69, 1, 1, {12}, CRUX_E_BAD_OPERAND},
        {"lut_table_with_an_index_map", 70, 1, 2, {1, 2}, CRUX_E_BAD_OPERAND},
        {"lut_table_of_two_dimensions", 68, 3, 5, {2, 2, 0, 10, 0}, CRUX_E_BAD_OPERAND},
    };
    struct crux_value table = {.kind = CRUX_KIND_MODEL,
                               .tensor = 9,
                               .type = crux_type_of(CRUX_I8, -2, 3),
                               .shape = CRUX_ROW(5)};
    struct crux_lut shape = {1, 3, 4, crux_lut_constant(2), crux_lut_line(2, 1)};
    struct crux_op op = crux_draft_lut(crux_type_of(CRUX_I32, 0, 5), CRUX_ROW(4), shape,
                                       CRUX_ARGS(CRUX_READ(i8_row(7, 4), crux_ix_o(0))), table);
    for (unsigned i = 0; i < 32; i++) op.in[1].root[i] = (uint8_t)(i + 1);
    valid_op(file, "base_of_lut", &op);
    patches(file, &op, all, CRUX_ARRAY_LEN(all));
    uint8_t bytes[CRUX_DESCRIPTOR_BYTES], spoilt[2 * CRUX_DESCRIPTOR_BYTES] = {0};
    struct crux_op back;
    size_t used;
    must(crux_descriptor_encode(bytes, &used, &op) == CRUX_OK, "lut");
    memcpy(spoilt, bytes, 19); /* the table stands in for a, too */
    memcpy(spoilt + 19, bytes + 29, used - 29);
    memcpy(spoilt + 19 + (used - 29), bytes + 29, used - 29);
    write_bytes(file, "descriptor", "lut_of_a_model_operand", spoilt, CRUX_DESCRIPTOR_BYTES,
                crux_descriptor_decode(&back, spoilt), CRUX_E_BAD_OPERAND);
}

/* LOAD of a record: 10 kind 11 flags 12 dtype 13 lo 14 hi 15 layer 16 store 17 stores 18 self+1 19 time mask (2) 21 coefficient
 * 22 ndim 23 dim 24 mask 25 coefficient.  Of a token: 11 flags 12 lo 13 hi 14 layer 15 store 16 stores 17 mask (2).
 * Of a parameter: 11 lo 12 hi 13 number. */
static void load_patches(struct crux_vector_file *file) {
    static const struct patch of_record[] = {
        {"record_from_last", 11, 1, 1, {2}, CRUX_OK},
        {"record_pad_from_last", 11, 1, 1, {3}, CRUX_OK},
        {"record_unknown_flag", 11, 1, 1, {4}, CRUX_E_BAD_OPERAND},
        {"record_layer_4095", 15, 1, 2, {0xff, 0x1f}, CRUX_OK},
        {"record_layer_4096", 15, 1, 2, {0x80, 0x20}, CRUX_E_BAD_OPERAND},
        {"record_store_is_the_count", 16, 1, 1, {2}, CRUX_E_BAD_OPERAND},
        {"record_64_stores", 17, 1, 1, {64}, CRUX_OK},
        {"record_65_stores", 17, 1, 1, {65}, CRUX_E_BAD_OPERAND},
        {"record_no_stores", 16, 2, 2, {0, 0}, CRUX_E_BAD_OPERAND},
        {"record_self_4095", 18, 1, 2, {0x80, 0x20}, CRUX_OK},
        {"record_self_4096", 18, 1, 2, {0x81, 0x20}, CRUX_E_BAD_OPERAND},
        {"record_time_by_k", 19, 2, 1, {0x20}, CRUX_E_BAD_INDEX_MAP},
        {"record_time_by_x", 19, 2, 2, {0x80, 0x04}, CRUX_E_BAD_INDEX_MAP},
        {"record_time_is_zero", 19, 3, 1, {0}, CRUX_OK},
        {"record_view_grows", 23, 1, 6, {1, 2, 2, 0, 1, 4}, CRUX_E_BAD_VIEW},
    };
    static const struct patch of_token[] = {
        {"token_pad", 11, 1, 1, {1}, CRUX_E_BAD_OPERAND},
        {"token_from_last", 11, 1, 1, {2}, CRUX_OK},
        {"token_range_beyond_i32", 13, 1, 5, {0x80, 0x80, 0x80, 0x80, 0x10}, CRUX_E_BAD_RANGE},
    };
    static const struct patch of_param[] = {
        {"param_15", 13, 1, 1, {15}, CRUX_OK},
        {"param_16", 13, 1, 1, {16}, CRUX_E_BAD_OPERAND},
    };
    struct crux_operand record = CRUX_READ(i8_row(1, 4), crux_ix_o(0));
    record.kind = CRUX_KIND_RECORD;
    record.layer = 5;
    record.stores = 2;
    record.self = CRUX_SELF_NONE;
    record.at = crux_ix_pos();
    struct crux_op op = crux_draft_load(CRUX_ROW(4), record);
    valid_op(file, "base_of_record", &op);
    patches(file, &op, of_record, CRUX_ARRAY_LEN(of_record));
    struct crux_operand token = crux_operand_token(crux_ix_pos(), 30);
    token.stores = 1;
    op = crux_draft_load(CRUX_ROW(4), token);
    valid_op(file, "base_of_token", &op);
    patches(file, &op, of_token, CRUX_ARRAY_LEN(of_token));
    op = crux_draft_load(CRUX_ROW(4), crux_operand_param(3, -1, 9));
    valid_op(file, "base_of_param", &op);
    patches(file, &op, of_param, CRUX_ARRAY_LEN(of_param));
}

/* STORE i8 [4]; FIND i32 [4, 2]: 9 dim 10 dim 11 kdim; w at 12 (10 bytes), r: 22 kind 23 flags .. 30 mask; RAND. */
static void other_patches(struct crux_vector_file *file) {
    static const struct patch of_store[] = {
        {"store_grows", 9, 1, 6, {1, 2, 2, 0, 1, 4}, CRUX_E_BAD_DIM},
        {"store_of_an_imm", 10, 10, 2, {0, 0}, CRUX_E_BAD_OPERAND},
    };
    static const struct patch of_find[] = {
        {"find_last_dimension_3", 10, 1, 1, {6}, CRUX_E_BAD_SHAPE},
        {"find_last_dimension_grows", 10, 1, 6, {1, 2, 2, 0, 1, 2}, CRUX_E_BAD_SHAPE},
        {"find_r_padded", 23, 1, 1, {1}, CRUX_E_BAD_OPERAND},
        {"find_r_by_k", 30, 1, 1, {0x20}, CRUX_E_BAD_INDEX_MAP},
    };
    struct crux_operand a = CRUX_READ(i8_row(7, 4), crux_ix_o(0));
    struct crux_op op = crux_draft_load(CRUX_ROW(4), a);
    op.code = CRUX_STORE;
    valid_op(file, "base_of_store", &op);
    patches(file, &op, of_store, CRUX_ARRAY_LEN(of_store));
    op = crux_draft_find(crux_type_of(CRUX_I32, 0, 5), CRUX_ROW(4), CRUX_ROW(4),
                         CRUX_READ(i8_row(7, 4), crux_ix_k(0)), a);
    valid_op(file, "base_of_find", &op);
    patches(file, &op, of_find, CRUX_ARRAY_LEN(of_find));
    op = crux_draft_rand(CRUX_ROW(4));
    valid_op(file, "base_of_rand", &op);
    op = crux_draft_with_x(crux_draft_load(CRUX_ROW(4), CRUX_READ(i8_row(7, 4), crux_ix_x())), a);
    valid_op(file, "index_operand", &op);
    uint8_t bytes[CRUX_DESCRIPTOR_BYTES];
    size_t used;
    must(crux_descriptor_encode(bytes, &used, &op) == CRUX_OK, "x");
    bytes[used - 9] = CRUX_FLAG_PAD; /* flags of x: 9 bytes from the end */
    struct crux_op back;
    write_bytes(file, "descriptor", "index_operand_padded", bytes, sizeof bytes,
                crux_descriptor_decode(&back, bytes), CRUX_E_BAD_OPERAND);
    memset(bytes, 0, sizeof bytes);
    write_bytes(file, "descriptor", "all_zero", bytes, sizeof bytes,
                crux_descriptor_decode(&back, bytes), CRUX_E_BAD_OP);
}

/* Three operands and an index operand of 75 bytes each. */
static void too_long(struct crux_vector_file *file) {
    static const uint8_t head[] = {CRUX_MAP, CRUX_MAP_SELECT, 0, 0, CRUX_I8, 1 | 3 << 5, 1, 0, 10,
                                   8};
    static const uint8_t operand[] = {CRUX_KIND_STEP, 0, CRUX_I8, 3, 6, 7, 4};
    static const uint8_t dimension[] = {1,    2,    0xfe, 0xff, 0xff, 0xff, 0x0f, 0, 1,
                                        0xff, 0xff, 0xff, 0xff, 0x07, 3,    2,    4};
    uint8_t all[sizeof head + 4 * (sizeof operand + 4 * sizeof dimension)];
    struct crux_writer writer;
    struct crux_op op;
    crux_writer_init(&writer, all, sizeof all);
    crux_put_bytes(&writer, head, sizeof head);
    for (unsigned slot = 0; slot < 4; slot++) {
        crux_put_bytes(&writer, operand, sizeof operand);
        for (unsigned i = 0; i < 4; i++) crux_put_bytes(&writer, dimension, sizeof dimension);
    }
    must(writer.status == CRUX_OK && writer.at > CRUX_DESCRIPTOR_BYTES, "too long");
    write_bytes(file, "descriptor", "fields_beyond_256_bytes", all, CRUX_DESCRIPTOR_BYTES,
                crux_descriptor_decode(&op, all), CRUX_E_DESCRIPTOR_TOO_LONG);
}

/* ---- headers and layers ---- */

static void headers(struct crux_vector_file *file) {
    static const struct {
        const char *reason;
        uint32_t field[8];
        enum crux_status status;
    } all[] = {
        {"plain", {1, 33, 8192, 49152, 0}, CRUX_OK},
        {"largest", {1, 4096, 1 << 24, INT32_MAX, 63}, CRUX_OK},
        {"smallest", {1, 1, 1, 1, 0}, CRUX_OK},
        {"op_set_0", {0, 33, 8192, 49152, 0}, CRUX_E_BAD_VERSION},
        {"op_set_2", {2, 33, 8192, 49152, 0}, CRUX_E_BAD_VERSION},
        {"no_layers", {1, 0, 8192, 49152, 0}, CRUX_E_PROGRAM_INVALID},
        {"4097_layers", {1, 4097, 8192, 49152, 0}, CRUX_E_TOO_MANY_LAYERS},
        {"no_context", {1, 33, 0, 49152, 0}, CRUX_E_BAD_RANGE},
        {"context_above_2_24", {1, 33, (1 << 24) + 1, 49152, 0}, CRUX_E_BAD_RANGE},
        {"no_vocabulary", {1, 33, 8192, 0, 0}, CRUX_E_BAD_RANGE},
        {"vocabulary_of_2_31", {1, 33, 8192, UINT32_C(1) << 31, 0}, CRUX_E_BAD_RANGE},
        {"token_store_64", {1, 33, 8192, 49152, 64}, CRUX_E_BAD_TOKEN_SOURCE},
        {"padding_first", {1, 33, 8192, 49152, 0, 1}, CRUX_E_NON_CANONICAL},
        {"padding_last", {1, 33, 8192, 49152, 0, 0, 0, UINT32_C(1) << 31}, CRUX_E_NON_CANONICAL},
    };
    for (size_t i = 0; i < CRUX_ARRAY_LEN(all); i++) {
        uint8_t bytes[CRUX_HEADER_BYTES];
        struct crux_program_header header;
        for (unsigned j = 0; j < 8; j++) crux_store_u32(bytes + 4 * j, all[i].field[j]);
        write_bytes(file, "header", all[i].reason, bytes, sizeof bytes,
                    crux_header_decode(&header, bytes), all[i].status);
    }
}

static void layers(struct crux_vector_file *file) {
    static const struct {
        const char *reason;
        uint32_t field[4];
        enum crux_status status;
    } all[] = {
        {"always", {81, 4, 0, 0}, CRUX_OK},
        {"from_last", {24, 1, 1, 0}, CRUX_OK},
        {"smallest", {2, 1, 0, 0}, CRUX_OK},
        {"largest", {4096, 64, 0, 0}, CRUX_OK},
        {"4097_ops", {4097, 1, 0, 0}, CRUX_E_TOO_MANY_OPS},
        {"no_stores", {81, 0, 0, 0}, CRUX_E_BAD_STORE},
        {"65_stores", {81, 65, 0, 0}, CRUX_E_BAD_STORE},
        {"only_stores", {4, 4, 0, 0}, CRUX_E_BAD_STORE},
        {"more_stores_than_ops", {2, 3, 0, 0}, CRUX_E_BAD_STORE},
        {"active_2", {81, 4, 2, 0}, CRUX_E_BAD_FUNCTION},
        {"padding", {81, 4, 0, 1}, CRUX_E_NON_CANONICAL},
    };
    for (size_t i = 0; i < CRUX_ARRAY_LEN(all); i++) {
        uint8_t bytes[CRUX_LAYER_BYTES];
        struct crux_layer layer;
        for (unsigned j = 0; j < 4; j++) crux_store_u32(bytes + 4 * j, all[i].field[j]);
        write_bytes(file, "layer", all[i].reason, bytes, sizeof bytes,
                    crux_layer_decode(&layer, bytes), all[i].status);
    }
}

void crux_generate_descriptors(const char *folder) {
    struct crux_vector_file file;
    crux_vector_file_begin(&file, "descriptors");
    sqrt_patches(&file);
    contract_patches(&file);
    reduce_patches(&file);
    map_patches(&file);
    lut_patches(&file);
    load_patches(&file);
    other_patches(&file);
    too_long(&file);
    random_ops(&file);
    headers(&file);
    layers(&file);
    crux_vector_file_end(&file, folder);
}
