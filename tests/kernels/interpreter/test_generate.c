/* The seeded model: in range, the same each time, and not trivial. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "kernels/interpreter/generate.h"
#include "kernels/ops/dtype.h"
#include "kernels/program/layout.h"
#include "tests/support/toy_program.h"

enum { INPUTS = 147, ROWS = 7 };

static void add(struct crux_program *program, const char *name, uint8_t dtype, uint8_t layout,
                int64_t lo, int64_t hi) {
    struct crux_model_tensor t = {
        .dtype = dtype, .layout = layout, .ndim = 2, .dim = {ROWS, INPUTS}, .lo = lo, .hi = hi};
    uint32_t number;
    strncpy(t.name, name, sizeof t.name - 1);
    assert_int_equal(crux_program_add_tensor(program, &t, &number), CRUX_OK);
}

static int64_t element(const struct crux_model_tensor *t, const uint8_t *bytes, uint32_t row,
                       uint32_t input) {
    struct crux_tile tile;
    if (t->layout == 0)
        return crux_dtype_get(t->dtype,
                              bytes + ((size_t)row * INPUTS + input) * crux_dtype_bytes(t->dtype));
    assert_int_equal(crux_tile_decode(&tile, t->layout), CRUX_OK);
    size_t row_bytes = (size_t)crux_model_tensor_bytes(t) / ROWS;
    uint32_t at = input / tile.chunk;
    return crux_tile_value(&tile, bytes + row * row_bytes + at * crux_tile_bytes(&tile, tile.chunk),
                           crux_tile_inputs(&tile, INPUTS, at), input % tile.chunk);
}

struct extremes {
    int64_t lo, hi;
};

static struct extremes look(const struct crux_model_tensor *t,
                            const struct crux_model_bytes *bytes) {
    struct extremes e = {INT64_MAX, INT64_MIN};
    assert_int_equal(bytes->len, crux_model_tensor_bytes(t));
    for (uint32_t i = 0; i < ROWS * INPUTS; i++) {
        int64_t v = element(t, bytes->bytes, i / INPUTS, i % INPUTS);
        if (v < t->lo || v > t->hi) fail_msg("%s: %lld", t->name, (long long)v);
        if (v < e.lo) e.lo = v;
        if (v > e.hi) e.hi = v;
    }
    return e;
}

static void fills_ranges(void **state) {
    struct crux_program program = {.layers = NULL};
    struct crux_model_memory model;
    (void)state;
    add(&program, "narrow", CRUX_I8, 0, -3, 4);
    add(&program, "one", CRUX_I16, 0, 77, 77);
    add(&program, "all", CRUX_I64, 0, INT64_MIN, INT64_MAX);
    for (unsigned layout = 1; layout < 64; layout++) {
        struct crux_tile tile;
        char name[16] = {'w', (char)('0' + layout / 10), (char)('0' + layout % 10), 'a', 0};
        if (crux_tile_decode(&tile, (uint8_t)layout) != CRUX_OK) continue;
        add(&program, name, CRUX_I32, (uint8_t)layout, INT32_MIN, INT32_MAX);
        name[3] = 'b';
        add(&program, name, CRUX_I32, (uint8_t)layout, -100000, 100000);
        name[3] = 'c'; /* room for offsets, or for one sign of m, or for nothing but m = 0 */
        add(&program, name, CRUX_I32, (uint8_t)layout, 0, 300);
    }
    for (uint64_t seed = 0; seed < 5; seed++) {
        assert_int_equal(crux_model_generate(&model, &program, seed), CRUX_OK);
        assert_int_equal(model.count, program.tensor_count);
        for (uint32_t i = 0; i < model.count; i++) {
            const struct crux_model_tensor *t = &program.tensors[i];
            struct extremes e = look(t, &model.tensors[i]);
            if (i == 0) assert_true(e.lo == -3 && e.hi == 4);
            if (i == 1) assert_true(e.lo == 77 && e.hi == 77);
            if (i == 2) assert_true(e.lo < INT64_MIN / 2 && e.hi > INT64_MAX / 2);
            if (i > 2 && t->hi >= 100000)
                assert_true(e.lo < -1000 && e.hi > 1000); /* of both signs, and not small */
        }
        crux_model_memory_free(&model);
    }
    crux_program_free(&program);
}

static void is_the_same_each_time(void **state) {
    struct crux_program program = {.layers = NULL};
    struct crux_model_memory a, b, c;
    uint32_t different = 0;
    (void)state;
    assert_int_equal(crux_toy_program(&program), CRUX_OK);
    assert_int_equal(crux_model_generate(&a, &program, 9), CRUX_OK);
    assert_int_equal(crux_model_generate(&b, &program, 9), CRUX_OK);
    assert_int_equal(crux_model_generate(&c, &program, 10), CRUX_OK);
    for (uint32_t i = 0; i < a.count; i++) {
        size_t len;
        assert_int_equal(a.tensors[i].len, b.tensors[i].len);
        assert_memory_equal(a.tensors[i].bytes, b.tensors[i].bytes, a.tensors[i].len);
        if (memcmp(a.tensors[i].bytes, c.tensors[i].bytes, a.tensors[i].len) != 0) different++;
        assert_ptr_equal(crux_model_memory_get(&a, i, &len), a.tensors[i].bytes);
        assert_int_equal(len, a.tensors[i].len);
        assert_null(crux_model_memory_get(&a, a.count, &len));
    }
    assert_int_equal(different, a.count);
    crux_model_memory_free(&a);
    crux_model_memory_free(&b);
    crux_model_memory_free(&c);
    crux_program_free(&program);
}

/* The unused half of a last odd input of q4 is zero. */
static void leaves_unused_halves_zero(void **state) {
    struct crux_program program = {.layers = NULL};
    struct crux_model_memory model;
    struct crux_tile tile;
    (void)state;
    add(&program, "w", CRUX_I32, 1, -100000, 100000);
    assert_int_equal(crux_tile_decode(&tile, 1), CRUX_OK);
    assert_int_equal(crux_model_generate(&model, &program, 1), CRUX_OK);
    size_t row_bytes = model.tensors[0].len / ROWS;
    for (uint32_t r = 0; r < ROWS; r++)
        assert_int_equal(model.tensors[0].bytes[(r + 1) * row_bytes - 1] >> 4, 0);
    crux_model_memory_free(&model);
    program.tensors[0].layout = 0x30;
    assert_int_equal(crux_model_generate(&model, &program, 1), CRUX_E_BAD_LAYOUT);
    crux_model_memory_free(&model);
    crux_program_free(&program);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(fills_ranges),
                                       cmocka_unit_test(is_the_same_each_time),
                                       cmocka_unit_test(leaves_unused_halves_zero)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
