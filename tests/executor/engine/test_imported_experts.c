/* Imported mixtures of experts: one trace root over backends, threads and chunks; and steps expanded to ops. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "executor/import/import.h"
#include "tests/executor/engine/expanded_steps.h"
#include "tests/support/gguf_writer.h"
#include "tests/support/temporary_folder.h"

enum { TOKENS = 48, CHOSEN = 12, STEPS = CRUX_SANITIZED ? 2 : 6 };

static char folder[256], source[300], model[300];

static int set_up(void **state) {
    (void)state;
    temporary_folder_make(folder);
    (void)snprintf(source, sizeof source, "%s/source.gguf", folder);
    (void)snprintf(model, sizeof model, "%s/model.crux", folder);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    temporary_folder_remove(folder);
    return 0;
}

static void import(const struct gguf_model *shape) {
    struct crux_import_report report;
    struct crux_import_message said;
    size_t len;
    uint8_t *bytes = gguf_make_model(shape, &len);
    temporary_folder_write(source, bytes, len);
    free(bytes);
    if (crux_import(source, model, NULL, &report, &said) != CRUX_OK) fail_msg("%s", said.text);
}

static void run(const struct crux_engine_loaded *loaded, unsigned threads, uint32_t chunk,
                uint8_t root[32]) {
    const struct crux_engine_options options = {.threads = threads};
    struct crux_engine_generate_options how = {.chunk = chunk};
    struct crux_engine_request request = {.fields = {.request_tokens = TOKENS, .limit = CHOSEN}};
    struct crux_engine_result result;
    struct crux_engine *engine;
    struct crux_random random = {.state = 3};
    uint32_t tokens[TOKENS];
    for (uint32_t i = 0; i < TOKENS; i++)
        tokens[i] = (uint32_t)crux_random_below(&random, loaded->file.program.header.vocab);
    request.tokens = tokens;
    request.fields.param[CRUX_SAMPLE_TEMPERATURE] = CRUX_SAMPLE_ONE;
    request.fields.param[CRUX_SAMPLE_TOP_P] = CRUX_SAMPLE_ONE;
    request.fields.param[CRUX_SAMPLE_PENALTY] = CRUX_SAMPLE_ONE;
    assert_int_equal(crux_engine_open(&engine, loaded->model, &options), CRUX_OK);
    assert_int_equal(crux_engine_generate(engine, loaded->file.root, &request, &how, &result),
                     CRUX_OK);
    memcpy(root, result.claim.trace_root, 32);
    crux_engine_result_free(&result);
    crux_engine_close(engine);
}

/* Returns: how many ways there were. */
static unsigned all_ways(void) {
    static const uint32_t chunks[] = {0, 1, 7, 64};
    uint8_t first[32], root[32];
    unsigned ways = 0;
    size_t count;
    const struct crux_backend *const *list = crux_backend_list(&count);
    for (size_t b = 0; b < count; b++) {
        struct crux_engine_loaded loaded;
        char said[CRUX_MODEL_MESSAGE_BYTES];
        if (list[b]->unavailable() != NULL) continue;
        if (crux_engine_load(&loaded, model, list[b]->name, said) != CRUX_OK) fail_msg("%s", said);
        for (unsigned threads = 1; threads <= 3; threads++) {
            for (size_t c = 0; c < CRUX_ARRAY_LEN(chunks); c++) {
                if (CRUX_SANITIZED && (b + threads + c) % 3 != 0) continue;
                run(&loaded, threads, chunks[c], ways == 0 ? first : root);
                if (ways++ != 0) assert_memory_equal(first, root, 32);
            }
        }
        crux_engine_unload(&loaded);
    }
    return ways;
}

static void test_mixtures(void **state) {
    struct gguf_model shapes[] = {gguf_small_model("llama", CRUX_BLOCK_Q4_1),
                                  gguf_small_model("qwen3moe", CRUX_BLOCK_Q6_K)};
    struct crux_random random = {.state = 2026};
    (void)state;
    shapes[0].experts = 8;
    shapes[0].experts_used = 2;
    shapes[1].experts = 24;
    shapes[1].experts_used = 8;
    shapes[1].ffn_width = 256;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(shapes); i++) {
        struct crux_engine_loaded loaded;
        char said[CRUX_MODEL_MESSAGE_BYTES];
        import(&shapes[i]);
        print_message("%s: one trace root, %u ways\n", shapes[i].arch, all_ways());
        if (crux_engine_load(&loaded, model, NULL, said) != CRUX_OK) fail_msg("%s", said);
        expand_steps(&loaded, &random, STEPS);
        crux_engine_unload(&loaded);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_mixtures)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
