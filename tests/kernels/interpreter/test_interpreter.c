/* One step: model constants in every layout, clamping on reading, empty tensors, and what is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "kernels/interpreter/interpreter.h"
#include "kernels/lowering/builder.h"
#include "kernels/program/layout.h"
#include "tests/support/random.h"

enum { CONTEXT = 8, VOCAB = 5, ROWS = 3 };

/* A program of one layer: what `fill` emits, and the token 0. */
struct fixture {
    struct crux_program program;
    struct crux_builder b;
    uint8_t *bytes; /* of model tensor 0 */
    size_t len;
};

static void begin(struct fixture *f) {
    memset(f, 0, sizeof *f);
    crux_builder_init(&f->b, &f->program, CONTEXT, VOCAB);
    crux_builder_begin_layer(&f->b, CRUX_ACTIVE_ALWAYS);
}

static void end(struct fixture *f) {
    struct crux_refusal refusal;
    struct crux_value token = crux_emit(
        &f->b, "token", crux_draft_load(CRUX_ROW(1), crux_operand_token(crux_ix_c(-1), VOCAB)));
    struct crux_record record = crux_builder_store(&f->b, "token", token);
    crux_builder_end_layer(&f->b);
    assert_int_equal(crux_builder_finish(&f->b, record), CRUX_OK);
    if (crux_program_check(&f->program, &refusal) != CRUX_OK)
        fail_msg("%s: %s", refusal.label, refusal.what);
}

static void drop(struct fixture *f) {
    crux_program_free(&f->program);
    free(f->bytes);
}

static const uint8_t *get_model(void *ctx, uint32_t tensor, size_t *len) {
    const struct fixture *f = ctx;
    assert_int_equal(tensor, 0);
    *len = f->len;
    return f->bytes;
}

static const uint32_t prompt[2] = {3, UINT32_MAX};

static struct crux_world world_of(struct fixture *f) {
    struct crux_world world = {.ctx = f, .model = get_model, .tokens = prompt, .n = 2};
    return world;
}

/* m*q + n of each input of a row, found by walking over its tiles.  Returns: the bytes after the row. */
static const uint8_t *walk_row(int32_t *out, const uint8_t *p, const struct crux_tile *tile,
                               uint32_t inputs) {
    for (uint32_t first = 0; first < inputs; first += tile->chunk) {
        uint32_t count = inputs - first < tile->chunk ? inputs - first : tile->chunk;
        uint32_t groups = count / tile->group + (count % tile->group != 0 ? 1 : 0);
        int32_t m[32], n[32] = {0};
        for (uint32_t g = 0; g < groups; g++, p += 2) m[g] = (int16_t)(p[0] | p[1] << 8);
        for (uint32_t g = 0; tile->has_offsets && g < groups; g++, p += 2)
            n[g] = (int16_t)(p[0] | p[1] << 8);
        for (uint32_t i = 0; i < count; i++) {
            int32_t q = 0;
            if (tile->width == 1) q = i % 2 == 0 ? *p % 16 : *p / 16;
            if (tile->width == 2) q = (int8_t)*p;
            if (tile->width == 3) q = (int16_t)(p[0] | p[1] << 8);
            p += tile->width == 3 ? 2 : tile->width == 2 || i % 2 == 1 || i + 1 == count ? 1 : 0;
            out[first + i] = m[i / tile->group] * q + n[i / tile->group];
        }
    }
    return p;
}

static void try_layout(uint8_t layout, uint32_t inputs, struct crux_random *random) {
    struct crux_tile tile;
    struct fixture f;
    struct crux_step step;
    int32_t expected[ROWS * 1100];
    begin(&f);
    struct crux_type full = crux_type_full(CRUX_I32);
    struct crux_value w = crux_builder_tensor(&f.b, "w", layout, full, CRUX_GRID(ROWS, inputs));
    struct crux_value copy =
        crux_emit(&f.b, "copy", crux_draft_load(CRUX_GRID(ROWS, inputs), crux_operand_same(w)));
    end(&f);
    assert_int_equal(crux_tile_decode(&tile, layout), CRUX_OK);
    f.len = (size_t)crux_model_tensor_bytes(&f.program.tensors[0]);
    f.bytes = malloc(f.len);
    for (size_t i = 0; i < f.len; i++) f.bytes[i] = (uint8_t)crux_random_next(random);
    const uint8_t *p = f.bytes;
    for (uint32_t r = 0; r < ROWS; r++) p = walk_row(&expected[r * inputs], p, &tile, inputs);
    assert_true(p == f.bytes + f.len);
    struct crux_world world = world_of(&f);
    assert_int_equal(crux_step_run(&step, &f.program, &world, 0, 0), CRUX_OK);
    for (uint32_t i = 0; i < ROWS * inputs; i++)
        assert_int_equal(crux_step_value(&step, copy.tensor, i), expected[i]);
    crux_step_free(&step);
    drop(&f);
}

static void reads_every_tile_layout(void **state) {
    static const uint32_t inputs[] = {1,   2,   15,  16,  17,  33,  127,
                                      128, 129, 144, 511, 512, 513, 1041};
    struct crux_random random = {21};
    unsigned layouts = 0;
    (void)state;
    for (unsigned layout = 1; layout < 256; layout++) {
        struct crux_tile tile;
        if (crux_tile_decode(&tile, (uint8_t)layout) != CRUX_OK) continue;
        layouts++;
        for (size_t i = 0; i < CRUX_ARRAY_LEN(inputs); i++)
            try_layout((uint8_t)layout, inputs[i], &random);
    }
    assert_int_equal(layouts, 36); /* 3 widths, 2 groups, 2 offsets, 3 chunks */
}

/* spec/10-machine.md#reading: "A value of a model or request tensor is clamped to the operand's declared range when it is read." */
static void clamps_model_and_request(void **state) {
    static const uint8_t dtypes[] = {CRUX_I8,  CRUX_U8,  CRUX_I16, CRUX_U16,
                                     CRUX_I32, CRUX_U32, CRUX_I64};
    (void)state;
    for (size_t d = 0; d < CRUX_ARRAY_LEN(dtypes); d++) {
        const int64_t lo = crux_dtype_lo(dtypes[d]), hi = crux_dtype_hi(dtypes[d]);
        const int64_t in[] = {lo, lo + 1, lo + 2, 7, hi - 2, hi - 1, hi};
        const int64_t out[] = {lo + 2, lo + 2, lo + 2, 7, hi - 2, hi - 2, hi - 2};
        struct fixture f;
        struct crux_step step;
        begin(&f);
        struct crux_value w =
            crux_builder_tensor(&f.b, "w", 0, crux_type_of(dtypes[d], lo + 2, hi - 2), CRUX_ROW(7));
        struct crux_value copy =
            crux_emit(&f.b, "copy", crux_draft_load(CRUX_ROW(7), crux_operand_same(w)));
        struct crux_value tokens =
            crux_emit(&f.b, "tokens",
                      crux_draft_load(CRUX_SHAPE(crux_dim_positions(CONTEXT)),
                                      crux_operand_token(crux_ix_o(0), VOCAB)));
        struct crux_value low =
            crux_emit(&f.b, "low", crux_draft_load(CRUX_ROW(1), crux_operand_param(3, -5, 5)));
        struct crux_value high =
            crux_emit(&f.b, "high", crux_draft_load(CRUX_ROW(1), crux_operand_param(4, -5, 5)));
        end(&f);
        f.len = 7 * crux_dtype_bytes(dtypes[d]);
        assert_int_equal(crux_model_tensor_bytes(&f.program.tensors[0]), f.len);
        f.bytes = malloc(f.len);
        for (size_t i = 0; i < 7; i++)
            crux_dtype_put(f.bytes + i * crux_dtype_bytes(dtypes[d]), dtypes[d], in[i]);
        struct crux_world world = world_of(&f);
        world.params[3] = INT32_MIN;
        world.params[4] = 6;
        assert_int_equal(crux_step_run(&step, &f.program, &world, 1, 0), CRUX_OK);
        for (uint32_t i = 0; i < 7; i++)
            assert_true(crux_step_value(&step, copy.tensor, i) == out[i]);
        assert_int_equal(step.tensors[tokens.tensor].extent[0], 2);
        assert_int_equal(crux_step_value(&step, tokens.tensor, 0), 3);
        assert_int_equal(crux_step_value(&step, tokens.tensor, 1), VOCAB - 1); /* from 2^32-1 */
        assert_int_equal(crux_step_value(&step, low.tensor, 0), -5);
        assert_int_equal(crux_step_value(&step, high.tensor, 0), 5);
        crux_step_free(&step);
        drop(&f);
    }
}

static void refuses_bytes_of_another_length(void **state) {
    struct fixture f;
    struct crux_step step;
    (void)state;
    begin(&f);
    struct crux_value w = crux_builder_tensor(&f.b, "w", 0, crux_type_full(CRUX_I16), CRUX_ROW(7));
    (void)crux_emit(&f.b, "copy", crux_draft_load(CRUX_ROW(7), crux_operand_same(w)));
    end(&f);
    struct crux_world world = world_of(&f);
    f.bytes = calloc(1, 20);
    for (f.len = 0; f.len <= 20; f.len++) {
        enum crux_status expected = f.len == 14 ? CRUX_OK : CRUX_E_BAD_LAYOUT;
        assert_int_equal(crux_step_run(&step, &f.program, &world, 0, 0), expected);
        crux_step_free(&step);
    }
    free(f.bytes);
    f.bytes = NULL;
    f.len = 14;
    assert_int_equal(crux_step_run(&step, &f.program, &world, 0, 0), CRUX_E_BAD_LAYOUT);
    crux_step_free(&step);
    world.model = NULL;
    assert_int_equal(crux_step_run(&step, &f.program, &world, 0, 0), CRUX_E_BAD_LAYOUT);
    crux_step_free(&step);
    drop(&f);
}

/* A dimension that is 0 at first: no bytes, no elements, and sums over it are empty. */
static void tensors_can_be_empty(void **state) {
    const struct crux_dim later = {-2, 1, 0, 1, 3}; /* 0 0 0 1 2 3 3 */
    struct fixture f;
    struct crux_step step;
    (void)state;
    begin(&f);
    struct crux_value tail = crux_emit(&f.b, "tail",
                                       crux_draft_load(CRUX_SHAPE(crux_dim_constant(2), later),
                                                       crux_operand_token(crux_ix_o(0), VOCAB)));
    struct crux_value sum =
        crux_emit(&f.b, "sum",
                  crux_draft_reduce(crux_type_full(CRUX_I32), CRUX_ROW(1),
                                    CRUX_SHAPE(crux_dim_constant(2), later), CRUX_REDUCE_SUM,
                                    CRUX_ARGS(CRUX_READ(tail, crux_ix_k(0), crux_ix_k(1)))));
    end(&f);
    struct crux_world world = world_of(&f);
    for (uint32_t pos = 0; pos < 2; pos++) {
        assert_int_equal(crux_step_run(&step, &f.program, &world, pos, 0), CRUX_OK);
        assert_int_equal(step.tensors[tail.tensor].elements, 0);
        assert_null(step.tensors[tail.tensor].bytes);
        assert_int_equal(crux_step_value(&step, sum.tensor, 0), 0);
        crux_step_free(&step);
    }
    drop(&f);
}

static void refuses_steps_that_do_not_exist(void **state) {
    static const uint32_t four[4] = {0, 1, 2, 3};
    struct fixture f;
    struct crux_step step;
    (void)state;
    begin(&f);
    end(&f);
    struct crux_world world = world_of(&f);
    assert_int_equal(crux_step_run(&step, &f.program, &world, 0, 1), CRUX_E_STEP_OUTSIDE);
    crux_step_free(&step);
    assert_int_equal(crux_step_run(&step, &f.program, &world, CONTEXT, 0), CRUX_E_STEP_OUTSIDE);
    crux_step_free(&step);
    assert_int_equal(crux_step_run(&step, &f.program, &world, CONTEXT - 1, 0), CRUX_OK);
    crux_step_free(&step);
    world.n = 0;
    assert_int_equal(crux_step_run(&step, &f.program, &world, 0, 0), CRUX_E_STEP_OUTSIDE);
    crux_step_free(&step);
    world.n = CONTEXT + 1;
    assert_int_equal(crux_step_run(&step, &f.program, &world, 0, 0), CRUX_E_STEP_OUTSIDE);
    crux_step_free(&step);
    f.program.layers[0].active = CRUX_ACTIVE_FROM_LAST;
    world.n = 4;
    world.tokens = four;
    for (uint32_t pos = 0; pos < CONTEXT; pos++) {
        enum crux_status expected = pos < 3 ? CRUX_E_STEP_INACTIVE : CRUX_OK;
        assert_int_equal(crux_layer_is_active(&f.program, 0, pos, world.n), pos >= 3);
        assert_int_equal(crux_step_run(&step, &f.program, &world, pos, 0), expected);
        crux_step_free(&step);
    }
    assert_true(crux_layer_is_active(&f.program, 0, UINT32_MAX, 1)); /* pos + 1 does not wrap */
    drop(&f);
}

static void knows_how_long_a_tensor_is(void **state) {
    struct crux_model_tensor t = {.dtype = CRUX_I64, .ndim = 4, .dim = {2, 3, 5, 7}};
    (void)state;
    assert_int_equal(crux_model_tensor_bytes(&t), 2 * 3 * 5 * 7 * 8);
    t.layout = 1 | 8; /* q4, group 32, offsets, chunk 128: a tile of 7 inputs is 2 + 2 + 4 bytes */
    assert_int_equal(crux_model_tensor_bytes(&t), 2 * 3 * 5 * 8);
    t.dim[3] = 300; /* 128 + 128 + 44: 4 + 4 + 2 groups */
    assert_int_equal(crux_model_tensor_bytes(&t), 2 * 3 * 5 * (10 * 4 + 150));
    t.layout = 0x30;
    assert_int_equal(crux_model_tensor_bytes(&t), 0);
    t.layout = 0;
    t.dtype = 99;
    assert_int_equal(crux_model_tensor_bytes(&t), 0);
    t.dtype = CRUX_I8;
    t.dim[1] = 0;
    assert_int_equal(crux_model_tensor_bytes(&t), 0);
    for (unsigned i = 0; i < 4; i++) t.dim[i] = 1 << 10;
    assert_true(crux_model_tensor_bytes(&t) == UINT64_C(1) << 40);
    t.dim[3]++;
    assert_int_equal(crux_model_tensor_bytes(&t), 0);
    t.dim[3] = 1;
    t.ndim = 0;
    assert_int_equal(crux_model_tensor_bytes(&t), 0);
    t.ndim = 5;
    assert_int_equal(crux_model_tensor_bytes(&t), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads_every_tile_layout),
                                       cmocka_unit_test(clamps_model_and_request),
                                       cmocka_unit_test(refuses_bytes_of_another_length),
                                       cmocka_unit_test(tensors_can_be_empty),
                                       cmocka_unit_test(refuses_steps_that_do_not_exist),
                                       cmocka_unit_test(knows_how_long_a_tensor_is)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
