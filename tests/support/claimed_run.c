#include "tests/support/claimed_run.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "tests/support/toy_program.h"

void claimed_run_init(struct claimed_run *run, const struct crux_lie *lie,
                      void (*change)(struct crux_archive_request *request)) {
    static const uint32_t tokens[CLAIMED_RUN_REQUEST_TOKENS] = {4, 0, 9};
    static const uint8_t manifest[] = "toy";
    struct crux_archive_request request = {.tokens = tokens};
    memset(run, 0, sizeof *run);
    assert_int_equal(crux_toy_program(&run->program), CRUX_OK);
    assert_int_equal(crux_model_generate(&run->memory, &run->program, 7), CRUX_OK);
    assert_int_equal(crux_committed_model_init(&run->model, &run->program, &run->memory, manifest,
                                               sizeof manifest),
                     CRUX_OK);
    request.fields.request_tokens = CLAIMED_RUN_REQUEST_TOKENS;
    request.fields.limit = CLAIMED_RUN_LIMIT;
    for (unsigned i = 0; i < 32; i++) request.fields.seed[i] = (uint8_t)(3 * i + 1);
    for (unsigned i = 0; i < 32; i++) request.fields.nonce[i] = (uint8_t)(200 - i);
    for (unsigned i = 0; i < CRUX_PARAMS; i++) request.fields.param[i] = (int32_t)i - 5;
    if (change != NULL) change(&request);
    assert_int_equal(crux_archive_run(&run->archive, &run->model, &request, lie), CRUX_OK);
    crux_archive_evidence(run->archive, &run->evidence);
}

void claimed_run_free(struct claimed_run *run) {
    crux_archive_free(run->archive);
    crux_committed_model_free(&run->model);
    crux_model_memory_free(&run->memory);
    crux_program_free(&run->program);
}

enum crux_status claimed_run_try(struct claimed_run *run, struct crux_element_id *element,
                                 uint8_t *witness, size_t *witness_bytes,
                                 enum crux_finding *finding) {
    struct crux_writer writer;
    crux_writer_init(&writer, witness, CRUX_WITNESS_BYTES_MAX);
    assert_int_equal(crux_witness_address(element, &run->evidence), CRUX_OK);
    assert_int_equal(crux_witness_build(&writer, &run->evidence, element), CRUX_OK);
    *witness_bytes = writer.at;
    return crux_adjudicate(finding, run->evidence.claim, element, witness, writer.at);
}

static void on_part(void *ctx, const char *name, size_t at) {
    if (strcmp(name, "page") == 0) *(size_t *)ctx = at;
}

size_t claimed_run_page_end(struct claimed_run *run, const struct crux_element_id *element,
                            const uint8_t *witness, size_t witness_bytes) {
    size_t end = 0;
    struct crux_observer observer = {.ctx = &end, .part = on_part};
    enum crux_finding finding;
    assert_int_equal(crux_adjudicate_watched(&finding, run->evidence.claim, element, witness,
                                             witness_bytes, &observer),
                     CRUX_OK);
    assert_int_not_equal(end, 0);
    return end;
}
