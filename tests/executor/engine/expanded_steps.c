#include "tests/executor/engine/expanded_steps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

/* The engine's records, in the form that the interpreter reads. */
static void keep(void *ctx, const struct crux_engine_sequence *sequence, uint32_t pos,
                 uint32_t layer, const struct crux_tensor *tensors, uint32_t count) {
    struct crux_run *run = ctx;
    (void)sequence;
    for (uint32_t i = 0; i < count; i++) {
        size_t bytes = (size_t)crux_tensor_bytes(&tensors[i].layout);
        struct crux_run_record *record =
            &run->records[(size_t)pos * run->stores + run->first_store[layer] + i];
        record->bytes = malloc(bytes);
        assert_non_null(record->bytes);
        memcpy(record->bytes, tensors[i].elements, bytes);
        record->elements = tensors[i].layout.rows * tensors[i].layout.row_elements;
    }
}

static void begin(struct crux_run *run, const struct crux_program *program) {
    *run = (struct crux_run){.program = program,
                             .n = EXPANDED_PROMPT,
                             .position_cap = EXPANDED_PROMPT + EXPANDED_CHOSEN};
    run->first_store = calloc((size_t)program->header.layers + 1, sizeof *run->first_store);
    run->tokens = calloc(EXPANDED_CHOSEN, sizeof *run->tokens);
    assert_non_null(run->first_store);
    assert_non_null(run->tokens);
    for (uint32_t l = 0; l < program->header.layers; l++) {
        run->first_store[l] = run->stores;
        run->stores += program->layers[l].stores;
    }
    run->records = calloc((size_t)run->position_cap * run->stores, sizeof *run->records);
    assert_non_null(run->records);
}

/* One step by the law, from the engine's records of earlier steps. */
static void same_step(const struct crux_run *run, const struct crux_model_memory *memory,
                      const struct crux_run_request *request, uint32_t pos, uint32_t layer) {
    struct crux_step step;
    assert_int_equal(crux_run_step(&step, run, memory, request, NULL, pos, layer), CRUX_OK);
    for (uint32_t i = 0; i < step.stores; i++) {
        const struct crux_step_tensor *want = crux_step_store(&step, i);
        const struct crux_run_record *got = crux_run_record_at(run, pos, layer, i);
        assert_int_equal(got->elements, want->elements);
        assert_memory_equal(got->bytes, want->bytes,
                            (size_t)(want->elements * want->element_bytes));
    }
    print_message("position %u, layer %u: %u tensors, the same\n", pos, layer, step.count);
    crux_step_free(&step);
}

void expand_steps(const struct crux_engine_loaded *loaded, struct crux_random *random,
                  unsigned steps) {
    const struct crux_program *program = &loaded->file.program;
    struct crux_run run;
    begin(&run, program);
    uint32_t tokens[EXPANDED_PROMPT], last = program->header.layers - 1;
    struct crux_engine_options options = {.record = keep, .record_ctx = &run};
    struct crux_engine_request request = {.tokens = tokens};
    struct crux_engine *engine;
    struct crux_engine_result result;
    for (uint32_t i = 0; i < EXPANDED_PROMPT; i++)
        tokens[i] = (uint32_t)crux_random_below(random, program->header.vocab);
    request.fields.request_tokens = EXPANDED_PROMPT;
    request.fields.limit = EXPANDED_CHOSEN;
    request.fields.param[CRUX_SAMPLE_TEMPERATURE] = CRUX_SAMPLE_ONE;
    request.fields.param[CRUX_SAMPLE_TOP_P] = 60000;
    request.fields.param[CRUX_SAMPLE_PENALTY] = 70000;
    assert_int_equal(crux_engine_open(&engine, loaded->model, &options), CRUX_OK);
    assert_int_equal(crux_engine_generate(engine, loaded->file.root, &request, NULL, &result),
                     CRUX_OK);
    run.chosen = result.count;
    run.positions = EXPANDED_PROMPT + result.count - 1;
    memcpy(run.tokens, result.tokens, result.count * sizeof *run.tokens);
    struct crux_run_request asked = {
        .tokens = tokens, .n = EXPANDED_PROMPT, .limit = EXPANDED_CHOSEN};
    memcpy(asked.params, request.fields.param, sizeof asked.params);
    for (unsigned i = 0; i < steps; i++)
        same_step(&run, &loaded->file.memory, &asked,
                  (uint32_t)crux_random_below(random, run.positions),
                  (uint32_t)crux_random_below(random, last));
    same_step(&run, &loaded->file.memory, &asked, run.positions - 1, last);
    crux_engine_result_free(&result);
    crux_engine_close(engine);
    crux_run_free(&run);
}
