/* The program file: what is written comes back, and nothing else is accepted. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "kernels/base/bytes.h"
#include "kernels/base/sha256.h"
#include "kernels/program/program.h"
#include "tests/support/random.h"
#include "tests/support/same_program.h"
#include "tests/support/spec_example.h"
#include "tests/support/toy_program.h"

enum { FLIPS = 4000, PREFIX_BYTES = 24, TENSORS = PREFIX_BYTES + CRUX_HEADER_BYTES };

struct file {
    uint8_t *bytes;
    size_t len;
};

static struct file example_file(void) {
    struct crux_program program;
    struct file file = {NULL, 0};
    crux_spec_example(&program);
    assert_int_equal(crux_program_encode(&file.bytes, &file.len, &program), CRUX_OK);
    crux_program_free(&program);
    return file;
}

/* Decodes a copy that is exactly as long as `len`, so that a sanitizer sees every read beyond it. */
static enum crux_status decode(const uint8_t *bytes, size_t len, struct crux_refusal *refusal) {
    struct crux_program program;
    uint8_t *copy = malloc(len > 0 ? len : 1);
    assert_non_null(copy);
    if (len > 0) memcpy(copy, bytes, len);
    enum crux_status status = crux_program_decode(&program, copy, len, refusal);
    if (status == CRUX_OK) {
        uint8_t *again = NULL;
        size_t again_len = 0;
        assert_int_equal(crux_program_encode(&again, &again_len, &program), CRUX_OK);
        assert_int_equal(again_len, len);
        assert_memory_equal(again, bytes, len);
        free(again);
        crux_program_free(&program);
    } else {
        assert_int_equal(refusal->status, status);
        assert_true(refusal->what[0] != 0);
        assert_null(program.ops);
    }
    free(copy);
    return status;
}

static void seal(struct file file) {
    crux_sha256(file.bytes + file.len - CRUX_SHA256_BYTES, file.bytes,
                file.len - CRUX_SHA256_BYTES);
}

static void test_programs_come_back(void **state) {
    (void)state;
    for (unsigned which = 0; which < 2; which++) {
        struct crux_program program = {0}, back;
        uint8_t *bytes = NULL;
        size_t len = 0;
        const char *what = "";
        if (which == 0)
            crux_spec_example(&program);
        else
            assert_int_equal(crux_toy_program(&program), CRUX_OK);
        for (unsigned i = 0; which == 0 && i < program.tensor_count; i++)
            program.tensors[i].root[i] = 7;
        for (unsigned i = 0; which == 0 && i < program.op_count; i++) {
            for (unsigned s = 0; s < program.ops[i].op.nin; s++) {
                struct crux_operand *operand = &program.ops[i].op.in[s];
                if (operand->kind == CRUX_KIND_MODEL) operand->root[operand->tensor] = 7;
            }
        }
        assert_int_equal(crux_program_encode(&bytes, &len, &program), CRUX_OK);
        assert_int_equal(crux_program_decode(&back, bytes, len, NULL), CRUX_OK);
        if (!crux_same_program(&program, &back, &what))
            fail_msg("program %u: %s differs", which, what);
        free(bytes);
        crux_program_free(&program);
        crux_program_free(&back);
    }
}

static void test_invalid_programs_are_not_written(void **state) {
    struct crux_program program;
    uint8_t *bytes = NULL;
    size_t len = 0;
    (void)state;
    crux_spec_example(&program);
    program.ops[2].op.in[0].tensor = 2;
    assert_int_equal(crux_program_encode(&bytes, &len, &program), CRUX_E_FORWARD_REFERENCE);
    assert_null(bytes);
    crux_program_free(&program);
}

static void test_truncation_and_growth(void **state) {
    struct file file = example_file();
    struct crux_refusal refusal;
    (void)state;
    for (size_t len = 0; len < file.len; len++) {
        assert_int_equal(decode(file.bytes, len, &refusal), CRUX_E_TRUNCATED);
    }
    uint8_t *longer = calloc(1, file.len + 1);
    assert_non_null(longer);
    memcpy(longer, file.bytes, file.len);
    assert_int_equal(decode(longer, file.len + 1, &refusal), CRUX_E_TRAILING_BYTES);
    free(longer);
    free(file.bytes);
}

/* Counts that promise much cost nothing: they do not fit the length. */
static void test_counts_beyond_the_input(void **state) {
    struct file file = example_file();
    struct crux_refusal refusal;
    (void)state;
    for (unsigned at = 12; at < 20; at += 4) {
        for (unsigned shift = 0; shift < 32; shift++) {
            uint32_t good = crux_load_u32(file.bytes + at);
            crux_store_u32(file.bytes + at, good + (UINT32_C(1) << shift));
            seal(file);
            enum crux_status status = decode(file.bytes, file.len, &refusal);
            assert_true(status == CRUX_E_TRUNCATED ||
                        (at == 12 && shift >= 20 && status == CRUX_E_TOO_MANY_TENSORS));
            crux_store_u32(file.bytes + at, good);
        }
    }
    free(file.bytes);
}

static void test_flipped_bits(void **state) {
    struct file file = example_file();
    struct crux_random random = {21};
    struct crux_refusal refusal;
    unsigned accepted = 0;
    (void)state;
    for (unsigned i = 0; i < FLIPS; i++) {
        size_t bit = crux_random_below(&random, 8 * file.len);
        if (i < 8 * TENSORS) bit = i;
        file.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_int_not_equal(decode(file.bytes, file.len, &refusal), CRUX_OK);
        file.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    /* with the checksum made right again: another program, or a refusal */
    for (unsigned i = 0; i < FLIPS; i++) {
        size_t bit = crux_random_below(&random, 8 * (file.len - CRUX_SHA256_BYTES));
        if (i < 8 * TENSORS) bit = i;
        file.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        seal(file);
        accepted += decode(file.bytes, file.len, &refusal) == CRUX_OK;
        file.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    assert_true(accepted > 20); /* names, labels, the context, index maps ... */
    free(file.bytes);
}

/* Changes the sealed file and expects an error. */
#define REFUSED(expected, change)                                                                  \
    do {                                                                                           \
        struct file file = example_file();                                                         \
        uint8_t *bytes = file.bytes;                                                               \
        change;                                                                                    \
        seal(file);                                                                                \
        enum crux_status status = decode(file.bytes, file.len, &refusal);                          \
        if (status != expected)                                                                    \
            fail_msg("%s, not %s", crux_status_name(status), crux_status_name(expected));          \
        free(file.bytes);                                                                          \
    } while (0)

static void test_named_errors(void **state) {
    enum {
        LAYERS = TENSORS + 3 * CRUX_TENSOR_ENTRY_BYTES,
        OPS = LAYERS + 2 * CRUX_LAYER_BYTES,
        OP_BYTES = CRUX_DESCRIPTOR_BYTES + CRUX_LABEL_BYTES
    };
    struct crux_refusal refusal;
    (void)state;
    REFUSED(CRUX_E_BAD_MAGIC, bytes[0] = 'c');
    REFUSED(CRUX_E_BAD_VERSION, bytes[8] = 2);
    REFUSED(CRUX_E_BAD_VERSION, bytes[PREFIX_BYTES] = 2); /* the op set */
    REFUSED(CRUX_E_NON_CANONICAL, bytes[20] = 1);
    REFUSED(CRUX_E_NON_CANONICAL, bytes[PREFIX_BYTES + 20] = 1);
    REFUSED(CRUX_E_NON_CANONICAL, bytes[TENSORS + 59] = 1);
    REFUSED(CRUX_E_NON_CANONICAL, bytes[TENSORS + 124] = 1);
    REFUSED(CRUX_E_SYNTAX, bytes[TENSORS + 10] = 'a'); /* after the name's zeros */
    REFUSED(CRUX_E_SYNTAX, bytes[TENSORS] = 'A');
    REFUSED(CRUX_E_DUPLICATE_NAME,
            crux_copy(bytes + TENSORS, bytes + TENSORS + 128, CRUX_NAME_BYTES));
    REFUSED(CRUX_E_NON_CANONICAL, bytes[LAYERS + 12] = 1);
    REFUSED(CRUX_E_BAD_FUNCTION, bytes[LAYERS + 8] = 2);
    REFUSED(CRUX_E_PROGRAM_INVALID, bytes[LAYERS + CRUX_LAYER_BYTES] = 14);
    REFUSED(CRUX_E_BAD_STORE, bytes[LAYERS + 4] = 3);
    REFUSED(CRUX_E_BAD_STORE, bytes[LAYERS + 4] = 1);
    REFUSED(CRUX_E_BAD_OP, bytes[OPS + 3 * OP_BYTES] = 11);
    assert_int_equal(refusal.layer, 0);
    assert_int_equal(refusal.op, 3);
    REFUSED(CRUX_E_TRAILING_BYTES, bytes[OPS + OP_BYTES - CRUX_LABEL_BYTES - 1] = 1);
    REFUSED(CRUX_E_SYNTAX, bytes[OPS + OP_BYTES - CRUX_LABEL_BYTES] = ' ');
    REFUSED(CRUX_E_NON_CANONICAL, bytes[OPS + OP_BYTES - 2] = 'a');
    REFUSED(CRUX_E_SYNTAX,
            memset(bytes + OPS + OP_BYTES - CRUX_LABEL_BYTES, 'a', CRUX_LABEL_BYTES));
    struct file file = example_file();
    file.bytes[file.len - 1] ^= 1;
    assert_int_equal(decode(file.bytes, file.len, &refusal), CRUX_E_CHECKSUM_MISMATCH);
    free(file.bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_programs_come_back),
        cmocka_unit_test(test_invalid_programs_are_not_written),
        cmocka_unit_test(test_truncation_and_growth),
        cmocka_unit_test(test_counts_beyond_the_input),
        cmocka_unit_test(test_flipped_bits),
        cmocka_unit_test(test_named_errors),
    };
    return cmocka_run_group_tests_name("program file", tests, NULL, NULL);
}
