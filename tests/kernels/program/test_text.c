/* The text form: show and assemble undo each other, and errors name line and column. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "kernels/ops/dtype.h"
#include "kernels/program/layout.h"
#include "kernels/program/op_check.h"
#include "kernels/program/program_text.h"
#include "tests/support/random_op.h"
#include "tests/support/same_program.h"
#include "tests/support/spec_example.h"
#include "tests/support/toy_program.h"

enum { RANDOM_PROGRAMS = 400 };

/* assemble(show(p)) is p, and show of that is the same text. */
static void expect_fixpoint(const struct crux_program *program) {
    struct crux_program back;
    struct crux_text_error error;
    char *text = NULL, *again = NULL;
    const char *what = "";
    size_t len = 0, again_len = 0;
    assert_int_equal(crux_program_show(&text, &len, program), CRUX_OK);
    assert_int_equal(strlen(text), len);
    if (crux_program_assemble(&back, text, len, &error) != CRUX_OK) {
        fail_msg("%u:%u: %s\n%s", error.line, error.column, error.what, text);
    }
    if (!crux_same_program(program, &back, &what)) fail_msg("%s differs\n%s", what, text);
    assert_int_equal(crux_program_show(&again, &again_len, &back), CRUX_OK);
    assert_string_equal(text, again);
    free(text);
    free(again);
    crux_program_free(&back);
}

static void test_the_spec_example(void **state) {
    struct crux_program program;
    char *shown = NULL;
    size_t len, shown_len;
    char *text = crux_spec_example_text(&len);
    (void)state;
    crux_spec_example(&program);
    assert_int_equal(crux_program_show(&shown, &shown_len, &program), CRUX_OK);
    assert_string_equal(shown, text); /* the page shows what the tool writes */
    expect_fixpoint(&program);
    free(shown);
    free(text);
    crux_program_free(&program);
}

static void test_the_toy_program(void **state) {
    struct crux_program program = {0};
    (void)state;
    assert_int_equal(crux_toy_program(&program), CRUX_OK);
    expect_fixpoint(&program);
    crux_program_free(&program);
}

static void random_letters(struct crux_random *random, char *field, size_t least, size_t most) {
    static const char letters[] = "abcxyz0189._-";
    size_t len = least + crux_random_below(random, most - least + 1);
    for (size_t i = 0; i < len; i++)
        field[i] = letters[crux_random_below(random, sizeof letters - 1)];
}

static void add_random_tensor(struct crux_random *random, struct crux_program *program) {
    struct crux_model_tensor t;
    memset(&t, 0, sizeof t);
    random_letters(random, t.name, 1, 40);
    t.name[40] = (char)('a' + program->tensor_count); /* no two alike */
    for (size_t i = strlen(t.name); i < 40; i++) t.name[i] = '_';
    t.dtype = (uint8_t)crux_random_between(random, CRUX_I8, CRUX_I64);
    if (crux_random_one_in(random, 2)) {
        t.dtype = CRUX_I32;
        t.layout = (uint8_t)crux_random_below(random, 256);
    }
    t.ndim = (uint8_t)crux_random_between(random, 1, CRUX_DIMS_MAX);
    for (unsigned i = 0; i < t.ndim; i++)
        t.dim[i] = (uint32_t)crux_random_edgy(random, 1, INT32_MAX);
    t.lo = crux_random_edgy(random, INT64_MIN, INT64_MAX);
    t.hi = crux_random_edgy(random, INT64_MIN, INT64_MAX);
    if (crux_random_one_in(random, 2)) t.root[crux_random_below(random, CRUX_HASH_BYTES)] = 0xa5;
    assert_int_equal(crux_program_add_tensor(program, &t, NULL), CRUX_OK);
}

/* Often, but not always, what the operand names is there and is what the operand says. */
static void settle_operands(struct crux_random *random, struct crux_program *program) {
    for (uint32_t i = 0; i < program->op_count; i++) {
        struct crux_op *op = &program->ops[i].op;
        for (unsigned s = 0; s < op->nin; s++) {
            struct crux_operand *o = &op->in[s];
            if (o->kind != CRUX_KIND_STEP || op->code == CRUX_CONTRACT ||
                !crux_random_one_in(random, 2))
                continue;
            const struct crux_op *source =
                &program->ops[crux_random_below(random, program->layers[0].ops)].op;
            o->tensor =
                (uint32_t)(&program->ops[0].op == source ? 0 : o->tensor % program->layers[0].ops);
            o->dtype = source->dtype;
            o->lo = source->lo;
            o->hi = source->hi;
        }
    }
}

/* Ops need not fit together: the text says what an operand does not take from the tensor it names. */
static void test_random_programs(void **state) {
    struct crux_random random = {31};
    (void)state;
    for (unsigned round = 0; round < RANDOM_PROGRAMS; round++) {
        struct crux_program program = {
            {CRUX_OP_SET, 0, 100, 1000, 0}, NULL, NULL, NULL, 0, 0, 0, 0, 0};
        unsigned layers = 1 + (unsigned)crux_random_below(&random, 3);
        for (unsigned i = 0; i < crux_random_below(&random, 4); i++)
            add_random_tensor(&random, &program);
        for (unsigned l = 0; l < layers; l++) {
            assert_int_equal(
                crux_program_add_layer(&program, (enum crux_active)crux_random_below(&random, 2)),
                CRUX_OK);
            unsigned ops = 1 + (unsigned)crux_random_below(&random, 8);
            for (unsigned i = 0; i < ops; i++) {
                struct crux_random_op_shape shape = {0, 0, 9, round % 2 == 0};
                struct crux_op op;
                char label[CRUX_LABEL_BYTES] = "";
                if (shape.wild) shape.dim_max = INT32_MAX;
                if (i + 2 >= ops && crux_random_one_in(&random, 2)) shape.code = CRUX_STORE;
                crux_random_op(&random, &op, &shape);
                random_letters(&random, label, 0, CRUX_LABEL_BYTES - 1);
                assert_int_equal(crux_program_add_op(&program, &op, label, NULL), CRUX_OK);
            }
        }
        if (round % 4 == 1) settle_operands(&random, &program);
        expect_fixpoint(&program);
        crux_program_free(&program);
    }
}

struct bad {
    const char *text;
    enum crux_status status;
    unsigned line, column;
    const char *what;
};

#define HEAD  "program op_set 1 context 9 vocab 9 token_store 0\n"
#define LAYER HEAD "layer 0 always\n"
#define OP    LAYER "r0: i32 [1] in [0, 5] = "

static const struct bad bad_texts[] = {
    {"", CRUX_E_SYNTAX, 1, 1, "\"program\""},
    {"\n  # nothing\n", CRUX_E_SYNTAX, 3, 1, "\"program\""},
    {"tensor a i8 [1] in [0, 1]", CRUX_E_SYNTAX, 1, 1, "\"program\""},
    {"program op_set 1 context 9 vocab", CRUX_E_SYNTAX, 1, 33, "a number"},
    {"program op_set 1 context 4294967296 vocab 1", CRUX_E_SYNTAX, 1, 26,
     "a number from 0 to 4294967295"},
    {"program op_set 1 context 9 vocab 9 token_store 0 x", CRUX_E_SYNTAX, 1, 50, "should end"},
    {HEAD "program", CRUX_E_SYNTAX, 2, 1, "begins with"},
    {HEAD "tensor", CRUX_E_SYNTAX, 2, 7, "name"},
    {HEAD "tensor a i9 [1] in [0, 1]", CRUX_E_SYNTAX, 2, 10, "\"i9\" is not a dtype"},
    {HEAD "tensor a i8 [] in [0, 1]", CRUX_E_SYNTAX, 2, 14, "a number"},
    {HEAD "tensor a i8 [0] in [0, 1]", CRUX_E_SYNTAX, 2, 14, "from 1 to"},
    {HEAD "tensor a i8 [1, 1, 1, 1, 1] in [0, 1]", CRUX_E_BAD_SHAPE, 2, 26, "at most 4"},
    {HEAD "tensor a i8 [min(pos, 3)] in [0, 1]", CRUX_E_BAD_DIM, 2, 36, "constant"},
    {HEAD "tensor a i8 [1] in [0, 1] root 00", CRUX_E_SYNTAX, 2, 32, "64"},
    {HEAD "tensor a i32 [1] in [0, 1] tile q5 group 16 chunk 128", CRUX_E_SYNTAX, 2, 33, "width"},
    {HEAD "tensor a i32 [1] in [0, 1] tile q4 group 17 chunk 128", CRUX_E_BAD_LAYOUT, 2, 54,
     "16 or 32"},
    {HEAD "tensor a i8 [1] in [0, 1]\ntensor a i8 [1] in [0, 1]", CRUX_E_DUPLICATE_NAME, 3, 8,
     "called a"},
    {HEAD "tensor 0123456789012345678901234567890123456789012345678901234 i8 [1] in [0, 1]\nx",
     CRUX_E_SYNTAX, 3, 1, ""},
    {HEAD "tensor 01234567890123456789012345678901234567890123456789012345 i8 [1] in [0, 1]",
     CRUX_E_SYNTAX, 2, 8, "55"},
    {HEAD "layer 1 always", CRUX_E_SYNTAX, 2, 7, "a number from 0 to 0"},
    {HEAD "layer 0 sometimes", CRUX_E_SYNTAX, 2, 9, "\"always\""},
    {HEAD "r0: i32 [1] in [0, 1] = rand ()", CRUX_E_SYNTAX, 2, 3, "stands in a layer"},
    {LAYER "r1: i32 [1] in [0, 1] = rand ()", CRUX_E_SYNTAX, 3, 1, "op 0 of its layer"},
    {LAYER "r0 Label: i32 [1] in [0, 1] = rand ()", CRUX_E_SYNTAX, 3, 4, "\":\""},
    {LAYER "r0 aaaaaaaaaaaaaaaaaaaaaaaa: i32 [1] in [0, 1] = rand ()", CRUX_E_SYNTAX, 3, 4,
     "at most 23"},
    {OP "rind ()", CRUX_E_SYNTAX, 3, 25, "\"rind\" is not an op"},
    {OP "map foo ()", CRUX_E_SYNTAX, 3, 29, "function of map"},
    {OP "rand (", CRUX_E_SYNTAX, 3, 31, "an operand"},
    {OP "rand () x", CRUX_E_SYNTAX, 3, 34, "an operand"},
    {OP "sqrt shift 1 (imm(o9))", CRUX_E_SYNTAX, 3, 43, "variable"},
    {OP "sqrt shift 1 (imm(o0 + o0))", CRUX_E_SYNTAX, 3, 50, "repetition"},
    {OP "sqrt shift 1 (imm(2147483648))", CRUX_E_SYNTAX, 3, 53, "above"},
    {OP "sqrt shift 1 (imm(- 2147483649))", CRUX_E_SYNTAX, 3, 45, "a number"},
    {OP "sqrt shift 99999999999999999999 (imm(1))", CRUX_E_SYNTAX, 3, 36, "a number from 0 to 255"},
    {OP "sqrt shift 1 (r7(0))", CRUX_E_UNKNOWN_NAME, 3, 41, "view"},
    {OP "sqrt shift 1 (r7[1](0))", CRUX_E_UNKNOWN_NAME, 3, 47, "type"},
    {OP "sqrt shift 1 (@a(0))", CRUX_E_UNKNOWN_NAME, 3, 40, "called a"},
    {OP "load (record(layer 0, time pos)(0))", CRUX_E_SYNTAX, 3, 56, "needs layer, store and time"},
    {OP "load (record(layer 0, layer 0, store 0, time pos)(0))", CRUX_E_SYNTAX, 3, 54, "twice"},
    {OP "load (token(time pos, self r0))", CRUX_E_SYNTAX, 3, 54, "not for this operand"},
    {OP "load (param(16) as i32 in [0, 1])", CRUX_E_SYNTAX, 3, 37, "from 0 to 15"},
    {OP "map compare (imm(1), imm(1))", CRUX_E_SYNTAX, 3, 44, "comparison"},
    {OP "reduce sum k [2] (imm(1) imm(2))", CRUX_E_SYNTAX, 3, 50, "\",\""},
    {OP "contract (imm(1), imm(1), imm(1), imm(1), imm(1))", CRUX_E_BAD_OPERAND, 3, 67,
     "at most 4"},
    {OP "sqrt shift 63 (imm(1))", CRUX_E_BAD_RANGE, 3, 1, "shift"},
    {OP "sqrt shift 1 (imm(k0))", CRUX_E_BAD_INDEX_MAP, 3, 1, "operand 0"},
    {OP "sqrt shift 1 (add imm(0))", CRUX_E_NON_CANONICAL, 3, 1, "role"},
    {OP "div shift 1 (\n  imm(1),\n\n  bad)", CRUX_E_SYNTAX, 6, 3, "an operand"},
    {OP "rand () # comment\nr1: i32 [1] in [0, 5] = sqrt shift 0 (r0(0, 0))", CRUX_E_SYNTAX, 4, 47,
     "2 indices"},
};

static void test_errors(void **state) {
    (void)state;
    for (unsigned i = 0; i < CRUX_ARRAY_LEN(bad_texts); i++) {
        const struct bad *bad = &bad_texts[i];
        struct crux_program program;
        struct crux_text_error error;
        enum crux_status status =
            crux_program_assemble(&program, bad->text, strlen(bad->text), &error);
        assert_int_equal(status, error.status);
        bool placed = error.line == bad->line && error.column == bad->column;
        if (status != bad->status || !placed || strstr(error.what, bad->what) == NULL) {
            fail_msg("%s\n%u:%u %s: %s", bad->text, error.line, error.column,
                     crux_status_name(status), error.what);
        }
        assert_null(program.ops);
    }
}

/* Every prefix of a good text is read without harm, and only whole statements are accepted. */
static void test_cut_texts(void **state) {
    size_t len;
    char *text = crux_spec_example_text(&len);
    unsigned accepted = 0;
    (void)state;
    for (size_t cut = 0; cut < len; cut++) {
        struct crux_program program;
        struct crux_text_error error;
        char *copy = malloc(cut > 0 ? cut : 1);
        assert_non_null(copy);
        memcpy(copy, text, cut);
        if (crux_program_assemble(&program, copy, cut, &error) == CRUX_OK) {
            accepted++;
            expect_fixpoint(&program);
        }
        crux_program_free(&program);
        free(copy);
    }
    assert_in_range(accepted, 2, 200);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_spec_example), cmocka_unit_test(test_the_toy_program),
        cmocka_unit_test(test_random_programs),  cmocka_unit_test(test_errors),
        cmocka_unit_test(test_cut_texts),
    };
    return cmocka_run_group_tests_name("program text", tests, NULL, NULL);
}
