/* Certificates worked out by hand. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <string.h>

#include "kernels/program/layout.h"
#include "tests/kernels/certificate/small_program.h"

enum { HASH = 32 };

static struct crux_op_certificate certify(uint32_t *descriptor_bytes, uint32_t context,
                                          struct crux_type type, struct crux_shape shape,
                                          small_program_draft *make) {
    struct crux_op_certificate ops[SMALL_STEP_TENSORS + 1];
    struct crux_certificate certificate = {.ops = ops};
    struct crux_program program;
    struct crux_refusal refusal;
    uint8_t descriptor[CRUX_DESCRIPTOR_BYTES];
    size_t used;
    small_program_build(&program, context, type, shape, make);
    if (crux_certify(&program, NULL, &certificate, &refusal) != CRUX_OK)
        fail_msg("op %u: %s", refusal.op, refusal.what);
    assert_int_equal(crux_descriptor_encode(descriptor, &used, &program.ops[1].op), CRUX_OK);
    while (descriptor[used - 1] == 0) used--;
    *descriptor_bytes = (uint32_t)used;
    crux_program_free(&program);
    return ops[1];
}

/* Version and kind, model, layer of one, op length, op 1 of 5: what every witness here begins with. */
static uint32_t fixed_bytes(uint32_t descriptor_bytes) {
    return 2 + 64 + (48 + 0) + (2 + descriptor_bytes + 3 * HASH);
}

static const struct crux_type i16 = {CRUX_I16, -32639, 32639};
static const struct crux_type i32 = {CRUX_I32, INT32_MIN, INT32_MAX};
static const struct crux_type i64 = {CRUX_I64, INT64_MIN, INT64_MAX};

/* One chunk of a row of weights: tile 576 bytes in 8 rows of 8; inputs 4 pages of 32. */
static struct crux_op dot(struct crux_builder *b, struct crux_value a) {
    struct crux_tile tile = {.width = 2, .group = 32, .chunk = 512, .has_offsets = true};
    struct crux_value w =
        crux_builder_tensor(b, "w", crux_tile_encode(&tile),
                            crux_type_of(CRUX_I32, -4000000, 4000000), CRUX_GRID(8, 4096));
    struct crux_affine at = crux_ix_mad(crux_ix_o(1), 512, crux_ix_k(0));
    return crux_draft_contract(i64, CRUX_GRID(8, 8), CRUX_ROW(512),
                               CRUX_ARGS(CRUX_READ(a, at), CRUX_READ(w, crux_ix_o(0), at)));
}

static void test_weights(void **state) {
    uint32_t descriptor;
    struct crux_op_certificate c = certify(&descriptor, 1, i16, CRUX_ROW(4096), dot);
    (void)state;
    uint32_t page = 256; /* 8 * 8 i64 are two pages */
    uint32_t step =
        4 * 256 + (5 - 2) * HASH + 2 * HASH; /* an aligned run of 4 in 32 pages; tensor 0 of 4 */
    uint32_t table = 576 + 6 * HASH;         /* one of 64 tiles */
    assert_int_equal(c.witness_bytes, fixed_bytes(descriptor) + page + step + table);
    assert_int_equal(c.pages, 1 + 4 + 1);
    assert_int_equal(c.k_work, 512);
    /* 512 * 32639 * 4000000 = 6.7e13 < 2^46, > 2^45 */
    assert_int_equal(c.margin_bits, 63 - 46);
}

/* 129 of 4,097 entries in 129 steps of 64 entries a page: the two neighbours can be in two pages, and the two pages
 * under the two halves of the tree. */
static struct crux_op curve(struct crux_builder *b, struct crux_value a) {
    struct crux_value table =
        crux_builder_tensor(b, "t", 0, crux_type_of(CRUX_I32, -1000, 1000), CRUX_ROW(4097));
    struct crux_lut lut = {-(1 << 20), 9, 4096, crux_lut_constant(0), crux_lut_line(1, 0)};
    return crux_draft_lut(i32, CRUX_ROW(64), lut, CRUX_ARGS(crux_operand_same(a)), table);
}

static void test_table(void **state) {
    uint32_t descriptor;
    struct crux_op_certificate c = certify(&descriptor, 1, i32, CRUX_ROW(64), curve);
    (void)state;
    uint32_t step = 256 + 0 + 2 * HASH;
    uint32_t table = 2 * 256 + 2 * 6 * HASH; /* 4,097 i32 are padded to 128 pages */
    assert_int_equal(c.witness_bytes, fixed_bytes(descriptor) + 256 + step + table);
    assert_int_equal(c.pages, 1 + 1 + 2);
    /* the right end multiplies by 1, v - x0 has 2^31 + 2^20: 32 bits */
    assert_int_equal(c.margin_bits, 63 - 32);
}

/* A run of 512 bytes that may start at any i32 of 32 pages. */
static struct crux_op slide(struct crux_builder *b, struct crux_value a) {
    (void)b;
    return crux_draft_reduce(i64, CRUX_ROW(1920), CRUX_ROW(128), CRUX_REDUCE_SUM,
                             CRUX_ARGS(CRUX_READ(a, crux_ix_add(crux_ix_o(0), crux_ix_k(0)))));
}

static void test_unaligned(void **state) {
    uint32_t descriptor;
    struct crux_op_certificate c = certify(&descriptor, 1, i32, CRUX_ROW(2048), slide);
    (void)state;
    /* 3 pages; above them at most 2, 2, 2, 2 nodes and the root: 1 - 3 + 9 siblings */
    uint32_t step = 3 * 256 + 7 * HASH + 2 * HASH;
    assert_int_equal(c.witness_bytes, fixed_bytes(descriptor) + 256 + step);
    assert_int_equal(c.margin_bits, 63 - 38);
}

/* Rows of a tensor that grows: 2 * (pos + 1) values in rows of 2^k bytes. */
static struct crux_op latest(struct crux_builder *b, struct crux_value a) {
    (void)b;
    (void)a;
    struct crux_shape grown = CRUX_SHAPE(crux_dim_constant(2), crux_dim_positions(1000));
    return crux_draft_requant(i32, grown, crux_scale_round(1, 0),
                              CRUX_ARGS(crux_operand_imm(crux_ix_pos())));
}

static void test_growing_page(void **state) {
    uint32_t descriptor;
    struct crux_op_certificate c = certify(&descriptor, 100, i32, CRUX_ROW(1), latest);
    (void)state;
    assert_int_equal(c.witness_bytes, fixed_bytes(descriptor) + 256);
    assert_int_equal(c.witness_pos, 16); /* 17 i32 need 128 bytes a row */
    assert_int_equal(c.pages, 1);
}

/* The same operand twice is opened once. */
static struct crux_op square(struct crux_builder *b, struct crux_value a) {
    (void)b;
    return crux_draft_requant(i64, CRUX_ROW(64), crux_scale_round(1, 0),
                              CRUX_ARGS(crux_operand_same(a), crux_operand_same(a)));
}

static struct crux_op mirror(struct crux_builder *b, struct crux_value a) {
    (void)b;
    return crux_draft_requant(
        i64, CRUX_ROW(256), crux_scale_round(1, 0),
        CRUX_ARGS(crux_operand_same(a),
                  CRUX_READ(a, crux_ix_mad(crux_ix_o(0), -1, crux_ix_c(255)))));
}

static void test_one_tensor_twice(void **state) {
    uint32_t descriptor;
    struct crux_op_certificate c = certify(&descriptor, 1, i32, CRUX_ROW(64), square);
    (void)state;
    assert_int_equal(c.witness_bytes, fixed_bytes(descriptor) + 256 + 256 + 2 * HASH);
    /* (-2^31)^2 = 2^62 has 63 bits, of 95 */
    assert_int_equal(c.margin_bits, 95 - 63);
    /* 4 pages; two reads may need two of them, under both halves: 2 siblings, and tensor 0 of 4 */
    c = certify(&descriptor, 1, i32, CRUX_ROW(256), mirror);
    assert_int_equal(c.witness_bytes,
                     fixed_bytes(descriptor) + 256 + 2 * 256 + 2 * HASH + 2 * HASH);
}

/* The longest of all witnesses here is that of the token: request, page of 100 tokens, and so on. */
static void test_worst(void **state) {
    struct crux_op_certificate ops[SMALL_STEP_TENSORS + 1];
    struct crux_certificate certificate = {.ops = ops};
    struct crux_program program;
    struct crux_refusal refusal;
    (void)state;
    small_program_build(&program, 100, i32, CRUX_ROW(1), latest);
    assert_int_equal(crux_certify(&program, NULL, &certificate, &refusal), CRUX_OK);
    for (unsigned i = 0; i <= SMALL_STEP_TENSORS; i++) {
        assert_true(ops[i].witness_bytes <= certificate.witness_bytes.value);
        assert_true(ops[i].margin_bits >= certificate.margin_bits.value);
    }
    assert_string_equal(certificate.witness_bytes.label, "token");
    assert_int_equal(certificate.witness_bytes.op, 3);
    assert_int_equal(certificate.witness_bytes.layer, 0);
    assert_int_equal(certificate.witness_bytes.value, ops[3].witness_bytes);
    crux_program_free(&program);
}

struct text {
    char bytes[4096];
    size_t length;
};

static void append(void *ctx, const char *bytes, size_t length) {
    struct text *text = ctx;
    assert_true(text->length + length < sizeof text->bytes);
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
}

static void test_show(void **state) {
    struct crux_op_certificate ops[SMALL_STEP_TENSORS + 1];
    struct crux_certificate certificate = {.ops = ops};
    struct crux_program program;
    struct crux_refusal refusal;
    struct text text = {{0}, 0};
    char row[200];
    (void)state;
    small_program_build(&program, 1, i16, CRUX_ROW(4096), dot);
    assert_int_equal(crux_certify(&program, NULL, &certificate, &refusal), CRUX_OK);
    crux_certificate_show(&program, &certificate, append, &text);
    snprintf(row, sizeof row, "%-24s %-8s %5d %6u %8d %5d %5d %6d\n", "tested", "CONTRACT", 1,
             ops[1].witness_bytes, 0, 6, 512, 17);
    assert_non_null(strstr(text.bytes, row));
    snprintf(row, sizeof row, "witness bytes  %6u  layer 0 op 1 tested\n", ops[1].witness_bytes);
    assert_non_null(strstr(text.bytes, row));
    crux_program_free(&program);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_weights),
                                       cmocka_unit_test(test_table),
                                       cmocka_unit_test(test_unaligned),
                                       cmocka_unit_test(test_growing_page),
                                       cmocka_unit_test(test_one_tensor_twice),
                                       cmocka_unit_test(test_worst),
                                       cmocka_unit_test(test_show)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
