/* Every allocation of a call fails in turn: the call says out_of_memory, and all that it held is given back. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/certificate/certificate.h"
#include "kernels/program/program_text.h"
#include "tests/support/corner_program.h"
#include "tests/support/failing_malloc.h"

/* What the calls under test work on: a program in all its forms, and a run of it. */
static struct claimed_run run;
static uint8_t *file;
static size_t file_bytes;
static char *text;
static size_t text_bytes;

/* Makes the call and frees what it made.  Out: named, the status that a refusal beside it names. */
typedef enum crux_status tried(enum crux_status *named);

static void every_allocation(const char *name, size_t least, tried *call) {
    size_t nth = 0;
    for (;; nth++) {
        long live = failing_malloc_live();
        failing_malloc_arm(nth);
        enum crux_status named = CRUX_OK, status = call(&named);
        bool failed = failing_malloc_disarm();
        assert_int_equal(failing_malloc_live(), live);
        if (!failed) {
            assert_int_equal(status, CRUX_OK);
            break;
        }
        if (status != CRUX_E_OUT_OF_MEMORY || (named != CRUX_OK && named != status))
            fail_msg("%s, allocation %zu fails: %s (%s)", name, nth, crux_status_name(status),
                     crux_status_name(named));
    }
    printf("%s: %zu allocations\n", name, nth);
    assert_true(nth >= least);
}

static enum crux_status decode(enum crux_status *named) {
    struct crux_program program;
    struct crux_refusal refusal = {.status = CRUX_OK};
    enum crux_status status = crux_program_decode(&program, file, file_bytes, &refusal);
    *named = refusal.status;
    crux_program_free(&program);
    return status;
}

static enum crux_status encode(enum crux_status *named) {
    uint8_t *out = NULL;
    size_t len;
    (void)named;
    enum crux_status status = crux_program_encode(&out, &len, &run.program);
    if (status == CRUX_OK) free(out);
    return status;
}

static enum crux_status assemble(enum crux_status *named) {
    struct crux_program program;
    struct crux_text_error error = {.status = CRUX_OK};
    enum crux_status status = crux_program_assemble(&program, text, text_bytes, &error);
    *named = error.status;
    crux_program_free(&program);
    return status;
}

static enum crux_status show(enum crux_status *named) {
    char *out = NULL;
    size_t len;
    (void)named;
    enum crux_status status = crux_program_show(&out, &len, &run.program);
    if (status == CRUX_OK) free(out);
    return status;
}

static enum crux_status certify(enum crux_status *named) {
    struct crux_certificate certificate = {.ops = NULL};
    struct crux_refusal refusal = {.status = CRUX_OK};
    enum crux_status status = crux_certify(&run.program, NULL, &certificate, &refusal);
    *named = refusal.status;
    return status;
}

static enum crux_status generate(enum crux_status *named) {
    struct crux_model_memory memory;
    (void)named;
    enum crux_status status = crux_model_generate(&memory, &run.program, 1);
    crux_model_memory_free(&memory);
    return status;
}

static enum crux_status commit_model(enum crux_status *named) {
    struct crux_committed_model model;
    (void)named;
    enum crux_status status =
        crux_committed_model_init(&model, &run.program, &run.memory, file, file_bytes);
    crux_committed_model_free(&model);
    return status;
}

static enum crux_status archive(enum crux_status *named) {
    static const uint32_t tokens[2] = {1, 5};
    struct crux_archive *archive;
    struct crux_archive_request request = {.tokens = tokens};
    (void)named;
    request.fields.request_tokens = 2;
    request.fields.limit = 2;
    enum crux_status status = crux_archive_run(&archive, &run.model, &request, NULL);
    if (status != CRUX_OK) assert_null(archive);
    crux_archive_free(archive);
    return status;
}

static const uint8_t *get_model(void *ctx, uint32_t tensor, size_t *len) {
    return crux_model_memory_get(ctx, tensor, len);
}

static enum crux_status step_run(enum crux_status *named) {
    static const uint32_t tokens[1] = {2};
    struct crux_world world = {.ctx = &run.memory, .model = get_model, .tokens = tokens, .n = 1};
    struct crux_step step;
    (void)named;
    enum crux_status status = crux_step_run(&step, &run.program, &world, 0, 0);
    crux_step_free(&step);
    return status;
}

static void test_programs(void **state) {
    (void)state;
    every_allocation("crux_program_decode", 4, decode);
    every_allocation("crux_program_encode", 2, encode);
    every_allocation("crux_program_assemble", 8, assemble);
    every_allocation("crux_program_show", 1, show);
    every_allocation("crux_certify", 1, certify);
}

static void test_models(void **state) {
    (void)state;
    every_allocation("crux_model_generate", 4, generate);
    every_allocation("crux_committed_model_init", 5, commit_model);
}

static void test_runs(void **state) {
    (void)state;
    every_allocation("crux_step_run", 20, step_run);
    every_allocation("crux_archive_run", 50, archive);
}

/* The archive forgets a step that it could not open, and opens it the next time. */
static void test_steps_of_an_archive(void **state) {
    (void)state;
    const struct crux_step *step;
    struct crux_tree_id tensors = {CRUX_TREE_TENSORS, 0, 0, 0};
    uint8_t before[32], after[32];
    size_t nth = 0;
    assert_int_equal(run.evidence.root(run.evidence.ctx, &tensors, before), CRUX_OK);
    for (;; nth++) {
        assert_int_equal(crux_archive_step(run.archive, 1, 0, &step), CRUX_OK);
        failing_malloc_arm(nth);
        enum crux_status status = crux_archive_step(run.archive, 0, 0, &step);
        if (!failing_malloc_disarm()) {
            assert_int_equal(status, CRUX_OK);
            break;
        }
        assert_int_equal(status, CRUX_E_OUT_OF_MEMORY);
    }
    assert_true(nth >= 20);
    assert_int_equal(run.evidence.root(run.evidence.ctx, &tensors, after), CRUX_OK);
    assert_memory_equal(before, after, sizeof before);
}

static int setup(void **state) {
    (void)state;
    corner_run_init(&run, (struct corner_request){2, 2}, NULL);
    assert_int_equal(crux_program_encode(&file, &file_bytes, &run.program), CRUX_OK);
    assert_int_equal(crux_program_show(&text, &text_bytes, &run.program), CRUX_OK);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    claimed_run_free(&run);
    free(file);
    free(text);
    assert_int_equal(failing_malloc_live(), 0);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_programs),
        cmocka_unit_test(test_models),
        cmocka_unit_test(test_runs),
        cmocka_unit_test(test_steps_of_an_archive),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
