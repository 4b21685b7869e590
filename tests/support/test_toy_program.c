/* The toy program keeps what its header promises: valid, certified, small, and with everything of the op set in it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "kernels/certificate/certificate.h"
#include "kernels/ops/dim.h"
#include "kernels/program/layout.h"
#include "tests/support/toy_program.h"

enum { ELEMENTS_MAX = 2000, POSITIONS = 9 };

static struct crux_program program;

static int set_up(void **state) {
    (void)state;
    return crux_toy_program(&program) == CRUX_OK ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    crux_program_free(&program);
    return 0;
}

static void is_valid_and_certified(void **state) {
    struct crux_refusal refusal;
    struct crux_certificate certificate = {.ops = NULL};
    (void)state;
    if (crux_program_check(&program, &refusal) != CRUX_OK)
        fail_msg("layer %u op %u %s: %s", refusal.layer, refusal.op, refusal.label, refusal.what);
    if (crux_certify(&program, NULL, &certificate, &refusal) != CRUX_OK)
        fail_msg("layer %u op %u %s: %s", refusal.layer, refusal.op, refusal.label, refusal.what);
}

static void is_the_same_each_time(void **state) {
    struct crux_program again = {.layers = NULL};
    uint8_t *a, *b;
    size_t a_len, b_len;
    (void)state;
    assert_int_equal(crux_toy_program(&again), CRUX_OK);
    assert_int_equal(crux_program_encode(&a, &a_len, &program), CRUX_OK);
    assert_int_equal(crux_program_encode(&b, &b_len, &again), CRUX_OK);
    assert_int_equal(a_len, b_len);
    assert_memory_equal(a, b, a_len);
    crux_program_free(&again);
    free(a);
    free(b);
}

struct seen {
    bool code[CRUX_FIND + 1], reduce[CRUX_REDUCE_COUNT + 1], map[CRUX_MAP_BITLEN + 1],
        cmp[CRUX_CMP_GE + 1];
    bool kind[CRUX_KIND_PARAM + 1], width[4], group16[2], offsets[2], rounding[2], role[3],
        end_kind[2], variable[CRUX_VARS];
    bool pad, self, from_last, x, no_k, three_k, four_dims, exponent_down, lut_difference,
        lut_alone, no_factor;
};

static void see_affine(struct seen *seen, const struct crux_affine *affine) {
    for (unsigned i = 0; i < CRUX_VARS; i++)
        seen->variable[i] = seen->variable[i] || affine->coef[i] != 0;
}

static void see_operand(struct seen *seen, const struct crux_op *op,
                        const struct crux_operand *operand) {
    struct crux_tile tile;
    seen->kind[operand->kind] = true;
    if ((operand->flags & CRUX_FLAG_PAD) != 0) seen->pad = true;
    if ((operand->flags & CRUX_FLAG_FROM_LAST) != 0) seen->from_last = true;
    if (operand->kind == CRUX_KIND_RECORD && operand->self != CRUX_SELF_NONE) seen->self = true;
    if (op->code == CRUX_MAP && op->func == CRUX_MAP_REQUANT) {
        seen->role[operand->role] = true;
        if (operand->coef < 0) seen->exponent_down = true;
    }
    see_affine(seen, &operand->at);
    for (unsigned i = 0; i < operand->ndim; i++) see_affine(seen, &operand->index[i]);
    if (operand->kind != CRUX_KIND_MODEL || operand->layout == 0) return;
    assert_int_equal(crux_tile_decode(&tile, operand->layout), CRUX_OK);
    seen->width[tile.width] = seen->group16[tile.group == 16] = seen->offsets[tile.has_offsets] =
        true;
}

static void see_op(struct seen *seen, const struct crux_op *op) {
    seen->code[op->code] = true;
    if (op->code == CRUX_REDUCE) seen->reduce[op->func] = true;
    if (op->code == CRUX_MAP) seen->map[op->func] = true;
    seen->cmp[op->cmp] = true;
    if (op->code == CRUX_MAP && op->func == CRUX_MAP_REQUANT) {
        seen->rounding[op->rounding] = true;
        if (op->nin == 0 || op->in[0].role != CRUX_ROLE_FACTOR) seen->no_factor = true;
    }
    if (op->code == CRUX_LUT) {
        seen->end_kind[op->left.kind] = seen->end_kind[op->right.kind] = true;
        if (op->nin == 3)
            seen->lut_difference = true;
        else
            seen->lut_alone = true;
    }
    if (op->code == CRUX_CONTRACT && op->nk == 0) seen->no_k = true;
    if (op->nk == 3) seen->three_k = true;
    if (op->ndim == 4) seen->four_dims = true;
    if (op->has_x) seen->x = true;
    for (unsigned i = 0; i < op->nin; i++) see_operand(seen, op, &op->in[i]);
}

static void all_true(const bool *seen, size_t first, size_t count, const char *what) {
    for (size_t i = first; i < count; i++) {
        if (!seen[i]) fail_msg("%s %zu does not occur", what, i);
    }
}

static void has_everything(void **state) {
    struct seen seen;
    (void)state;
    memset(&seen, 0, sizeof seen);
    for (uint32_t i = 0; i < program.op_count; i++) see_op(&seen, &program.ops[i].op);
    all_true(seen.code, 1, CRUX_ARRAY_LEN(seen.code), "op");
    all_true(seen.reduce, 1, CRUX_ARRAY_LEN(seen.reduce), "reduce function");
    all_true(seen.map, 1, CRUX_ARRAY_LEN(seen.map), "map function");
    all_true(seen.cmp, 0, CRUX_ARRAY_LEN(seen.cmp), "comparison");
    all_true(seen.kind, 0, CRUX_ARRAY_LEN(seen.kind), "operand kind");
    all_true(seen.width, 1, CRUX_ARRAY_LEN(seen.width), "tile width");
    all_true(seen.group16, 0, 2, "group of 16");
    all_true(seen.offsets, 0, 2, "offsets");
    all_true(seen.rounding, 0, 2, "rounding");
    all_true(seen.role, 0, 3, "role");
    all_true(seen.end_kind, 0, 2, "LUT end");
    all_true(seen.variable, 0, CRUX_VARS, "variable");
    assert_true(seen.pad && seen.self && seen.from_last && seen.x && seen.no_k && seen.three_k &&
                seen.four_dims);
    assert_true(seen.exponent_down && seen.lut_difference && seen.lut_alone && seen.no_factor);
}

static struct crux_layout layout_at(const struct crux_op *op, uint32_t pos) {
    struct crux_layout layout;
    uint32_t extent[CRUX_DIMS_MAX] = {0};
    for (unsigned i = 0; i < op->ndim; i++)
        extent[i] = crux_dim_value(&op->dim[i], pos, CRUX_TOY_PROMPT);
    if (op->code == CRUX_STORE)
        crux_layout_record(&layout, op->dtype, op->ndim, extent);
    else
        crux_layout_step(&layout, op->dtype, op->ndim, op->dim, extent);
    return layout;
}

/* Rows of every kind; few enough elements to judge each one. */
static void has_rows_of_every_kind(void **state) {
    bool under = false, over = false, zero_page = false, padded_row = false, growing_rows = false,
         record_over = false, record_rows = false;
    (void)state;
    for (uint32_t pos = 0; pos < POSITIONS; pos++) {
        uint64_t elements = 0;
        for (uint32_t i = 0; i < program.op_count; i++) {
            const struct crux_op *op = &program.ops[i].op;
            struct crux_layout layout = layout_at(op, pos);
            uint64_t row_bytes = layout.row_elements * layout.element_bytes;
            elements += layout.rows * layout.row_elements;
            if (op->code == CRUX_STORE) {
                if (row_bytes > layout.page_bytes) record_over = true;
                if (layout.rows > 1) record_rows = true;
                continue;
            }
            if (row_bytes <= layout.page_bytes)
                under = true;
            else
                over = true;
            if (row_bytes + layout.page_bytes <= layout.stride_bytes) zero_page = true;
            if (row_bytes < layout.stride_bytes) padded_row = true;
            if (layout.rows > 1) growing_rows = true;
        }
        assert_in_range(elements, 100, ELEMENTS_MAX);
    }
    assert_true(under && over && zero_page && padded_row && growing_rows && record_over &&
                record_rows);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_valid_and_certified), cmocka_unit_test(is_the_same_each_time),
        cmocka_unit_test(has_everything), cmocka_unit_test(has_rows_of_every_kind)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
