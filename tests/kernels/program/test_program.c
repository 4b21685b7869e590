/* A program's memory: numbers, limits, labels. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "kernels/program/program.h"
#include "tests/support/random_op.h"

static struct crux_op any_op(unsigned code) {
    struct crux_random random = {41};
    struct crux_random_op_shape shape = {code, 0, 9, false};
    struct crux_op op;
    crux_random_op(&random, &op, &shape);
    return op;
}

static void test_numbers(void **state) {
    struct crux_program program = {0};
    struct crux_op op = any_op(CRUX_LOAD), store = any_op(CRUX_STORE);
    uint32_t number = 99;
    (void)state;
    for (uint32_t l = 0; l < 40; l++) {
        assert_int_equal(crux_program_add_layer(&program, (enum crux_active)(l % 2)), CRUX_OK);
        assert_int_equal(program.layers[l].first, 3 * l);
        for (uint32_t i = 0; i < 3; i++) {
            assert_int_equal(crux_program_add_op(&program, i == 2 ? &store : &op,
                                                 i == 0 ? "one" : NULL, &number),
                             CRUX_OK);
            assert_int_equal(number, i);
        }
    }
    for (uint32_t l = 0; l < 40; l++) {
        assert_int_equal(program.layers[l].ops, 3);
        assert_int_equal(program.layers[l].stores, 1);
        assert_int_equal(program.layers[l].active, l % 2);
        assert_string_equal(program.ops[3 * l].label, "one");
        assert_string_equal(program.ops[3 * l + 1].label, "");
    }
    assert_int_equal(program.op_count, 120);
    for (uint32_t i = 0; i < 100; i++) {
        struct crux_model_tensor tensor = {.name = "a", .lo = i};
        assert_int_equal(crux_program_add_tensor(&program, &tensor, &number), CRUX_OK);
        assert_int_equal(number, i);
    }
    assert_int_equal(program.tensors[77].lo, 77);
    crux_program_free(&program);
    assert_null(program.ops);
    crux_program_free(&program); /* an empty one, again */
}

static void test_limits(void **state) {
    struct crux_program program = {0};
    struct crux_model_tensor tensor = {.name = "a"};
    struct crux_op op = any_op(CRUX_LOAD);
    (void)state;
    assert_int_equal(crux_program_add_op(&program, &op, NULL, NULL), CRUX_E_USAGE);
    assert_int_equal(crux_program_add_layer(&program, CRUX_ACTIVE_ALWAYS), CRUX_OK);
    for (uint32_t i = 0; i < CRUX_OPS_MAX; i++) {
        assert_int_equal(crux_program_add_op(&program, &op, NULL, NULL), CRUX_OK);
    }
    assert_int_equal(crux_program_add_op(&program, &op, NULL, NULL), CRUX_E_TOO_MANY_OPS);
    assert_int_equal(program.op_count, CRUX_OPS_MAX);
    for (uint32_t i = 1; i < CRUX_LAYERS_MAX; i++) {
        assert_int_equal(crux_program_add_layer(&program, CRUX_ACTIVE_ALWAYS), CRUX_OK);
    }
    assert_int_equal(crux_program_add_layer(&program, CRUX_ACTIVE_ALWAYS), CRUX_E_TOO_MANY_LAYERS);
    program.tensor_count = CRUX_TENSORS_MAX; /* as if */
    assert_int_equal(crux_program_add_tensor(&program, &tensor, NULL), CRUX_E_TOO_MANY_TENSORS);
    crux_program_free(&program);
}

static void test_labels(void **state) {
    struct crux_program program = {0};
    struct crux_op op = any_op(CRUX_LOAD);
    (void)state;
    assert_int_equal(crux_program_add_layer(&program, CRUX_ACTIVE_ALWAYS), CRUX_OK);
    assert_int_equal(crux_program_add_op(&program, &op, "q.norm_2-a", NULL), CRUX_OK);
    assert_int_equal(crux_program_add_op(&program, &op, "12345678901234567890123", NULL), CRUX_OK);
    assert_int_equal(crux_program_add_op(&program, &op, "123456789012345678901234", NULL),
                     CRUX_E_SYNTAX);
    assert_int_equal(crux_program_add_op(&program, &op, "Q", NULL), CRUX_E_SYNTAX);
    assert_int_equal(crux_program_add_op(&program, &op, "a b", NULL), CRUX_E_SYNTAX);
    assert_int_equal(program.op_count, 2);
    crux_program_free(&program);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_labels),
    };
    return cmocka_run_group_tests_name("program", tests, NULL, NULL);
}
