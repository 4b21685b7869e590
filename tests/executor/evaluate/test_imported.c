/* Small models of every architecture and tensor type: imported, run by the engine, and compared with floats. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "executor/engine/engine.h"
#include "executor/evaluate/evaluate.h"
#include "executor/import/import.h"
#include "tests/support/gguf_writer.h"
#include "tests/support/temporary_folder.h"

enum { TOKENS = 96 };

static char folder[256], source_path[300], model_path[300];

static int set_up(void **state) {
    (void)state;
    temporary_folder_make(folder);
    (void)snprintf(source_path, sizeof source_path, "%s/source.gguf", folder);
    (void)snprintf(model_path, sizeof model_path, "%s/model.crux", folder);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    temporary_folder_remove(folder);
    return 0;
}

/* In: stored, compare with the weights that the model holds, not with those of the source. */
static void compare(struct crux_evaluation *e, const struct gguf_model *shape,
                    enum crux_weights weights, bool stored) {
    const struct crux_import_options import = {.weights = weights};
    const struct crux_engine_options options = {.threads = 2, .no_commit = true};
    struct crux_import_report report;
    struct crux_import_message message;
    struct crux_engine_loaded loaded;
    struct crux_engine *engine;
    struct crux_engine_logits *logits;
    struct crux_float_model model;
    struct crux_float_reference *reference;
    struct crux_random random = {11};
    char what[CRUX_MODEL_MESSAGE_BYTES];
    uint32_t tokens[TOKENS];
    size_t len;
    uint8_t *file = gguf_make_model(shape, &len);
    temporary_folder_write(source_path, file, len);
    free(file);
    if (crux_import(source_path, model_path, &import, &report, &message) != CRUX_OK)
        fail_msg("%s", message.text);
    if (crux_engine_load(&loaded, model_path, NULL, what) != CRUX_OK) fail_msg("%s", what);
    assert_int_equal(crux_engine_open(&engine, loaded.model, &options), CRUX_OK);
    assert_int_equal(crux_engine_logits_open(&logits, engine, &loaded.file.config.decoder, 13),
                     CRUX_OK);
    if (stored)
        assert_int_equal(crux_float_model_stored(&model, &loaded.file, &message), CRUX_OK);
    else
        assert_int_equal(crux_float_model_open(&model, source_path, 0, &message), CRUX_OK);
    assert_int_equal(crux_float_reference_open(&reference, &model, 2, 40), CRUX_OK);
    for (uint32_t i = 0; i < TOKENS; i++)
        tokens[i] = (uint32_t)(crux_random_next(&random) % shape->vocab);
    const struct crux_evaluate_ask ask = {
        .tokens = tokens, .count = TOKENS, .context = 40, .bos = CRUX_EVALUATE_NO_BOS};
    const struct crux_logit_source mine = crux_engine_logits_source(logits),
                                   floats = crux_float_reference_source(reference);
    assert_int_equal(crux_evaluate(e, &ask, &mine, &floats), CRUX_OK);
    assert_int_equal(e->tokens, TOKENS - 3);
    (void)printf(
        "%s%s type %2u weights %d%s: ratio %.6f, KL %.2g, at most %.2g, argmax %.3f, import %.2g\n",
        shape->arch, shape->experts != 0 ? " with experts" : "", (unsigned)shape->type,
        (int)weights, stored ? ", stored" : "", e->ratio, e->kl, e->kl_max, e->argmax_agreement,
        report.import_error);
    if (shape->experts != 0)
        (void)printf("    a router's closest decision: by %.2g\n",
                     crux_float_reference_route_gap(reference));
    crux_float_reference_close(reference);
    crux_float_model_free(&model);
    crux_engine_logits_close(logits);
    crux_engine_close(engine);
    crux_engine_unload(&loaded);
}

static void near(const struct crux_evaluation *e, double kl_most) {
    assert_true(e->kl > 0 && e->kl <= kl_most);
    assert_true(e->ratio > 0.999 && e->ratio < 1.001);
    assert_true(e->argmax_agreement > 0.9);
}

static void every_architecture_equals_floats(void **state) {
    static const char *const archs[] = {"llama", "qwen2", "qwen3", "phi3"};
    (void)state;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(archs); i++) {
        struct gguf_model shape = gguf_small_model(archs[i], CRUX_BLOCK_Q4_1);
        struct crux_evaluation e;
        compare(&e, &shape, CRUX_WEIGHTS_INT8, false);
        near(&e, 1e-4);
    }
}

static struct gguf_model mixture(const char *arch, uint32_t type) {
    struct gguf_model shape = gguf_small_model(arch, type);
    shape.experts = 8;
    shape.experts_used = 2;
    shape.ffn_width = 256;
    if (strcmp(arch, "llama") == 0) return shape;
    shape.experts = 24;
    shape.experts_used = 8;
    return shape;
}

static void experts_equal_floats(void **state) {
    static const uint32_t types[] = {CRUX_BLOCK_Q4_1, CRUX_BLOCK_Q8_0, CRUX_BLOCK_Q4_K,
                                     CRUX_BLOCK_Q6_K};
    struct crux_evaluation e;
    (void)state;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(types); i++) {
        struct gguf_model shape = mixture(i % 2 == 0 ? "llama" : "qwen3moe", types[i]);
        shape.experts_apart = i == 2;
        compare(&e, &shape, CRUX_WEIGHTS_INT8, false);
        near(&e, 1e-4);
    }
    struct gguf_model mixtral = mixture("llama", CRUX_BLOCK_BF16),
                      qwen = mixture("qwen3moe", CRUX_BLOCK_F32);
    compare(&e, &mixtral, CRUX_WEIGHTS_INT16, false);
    near(&e, 1e-5);
    compare(&e, &qwen, CRUX_WEIGHTS_INT16, false);
    near(&e, 1e-5);
    compare(&e, &mixtral, CRUX_WEIGHTS_INT8, true);
    near(&e, 1e-5);
    compare(&e, &qwen, CRUX_WEIGHTS_INT4, true);
    near(&e, 1e-5);
}

/* Every block type in a model whose blocks are of two kinds. */
static void gemma_equals_floats(void **state) {
    static const char *const archs[] = {"gemma", "gemma2", "gemma3"};
    static const uint32_t types[] = {CRUX_BLOCK_Q4_0, CRUX_BLOCK_Q4_1, CRUX_BLOCK_Q5_0,
                                     CRUX_BLOCK_Q5_1, CRUX_BLOCK_Q8_0, CRUX_BLOCK_Q4_K,
                                     CRUX_BLOCK_Q5_K, CRUX_BLOCK_Q6_K};
    (void)state;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(archs) * CRUX_ARRAY_LEN(types);
         i += CRUX_SANITIZED ? 5 : 1) {
        struct gguf_model shape = gguf_small_model(archs[i % 3], types[i / 3]);
        struct crux_evaluation e;
        shape.window = i % 3 == 0 ? 0 : 7;
        if (i % 3 == 2) shape.blocks = 7;
        compare(&e, &shape, CRUX_WEIGHTS_INT8, false);
        near(&e, 1e-4);
    }
    for (size_t i = 0; i < CRUX_ARRAY_LEN(archs); i++) {
        struct gguf_model shape = gguf_small_model(archs[i], CRUX_BLOCK_BF16);
        struct crux_evaluation e;
        shape.window = i == 0 ? 0 : 7;
        compare(&e, &shape, CRUX_WEIGHTS_INT16, false);
        near(&e, 1e-5);
        compare(&e, &shape, CRUX_WEIGHTS_INT8, true);
        near(&e, 1e-5);
    }
}

static void stretched_rope_equals_floats(void **state) {
    static const char *const scalings[] = {"linear", "yarn", "longrope"};
    (void)state;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(scalings); i++) {
        struct gguf_model shape = gguf_small_model(i == 2 ? "phi3" : "llama", CRUX_BLOCK_F16);
        struct crux_evaluation e;
        shape.scaling = scalings[i];
        shape.scaling_factor = 4;
        shape.original = i == 1 ? 256 : i == 2 ? 16 : 0;
        compare(&e, &shape, CRUX_WEIGHTS_INT16, false);
        near(&e, 1e-5);
        compare(&e, &shape, CRUX_WEIGHTS_INT16, true);
        near(&e, 1e-5);
    }
}

static void every_block_type_equals_floats(void **state) {
    static const uint32_t types[] = {CRUX_BLOCK_Q4_0, CRUX_BLOCK_Q4_1, CRUX_BLOCK_Q5_0,
                                     CRUX_BLOCK_Q5_1, CRUX_BLOCK_Q8_0, CRUX_BLOCK_Q4_K,
                                     CRUX_BLOCK_Q5_K, CRUX_BLOCK_Q6_K};
    (void)state;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(types); i++) {
        struct gguf_model shape = gguf_small_model("llama", types[i]);
        struct crux_evaluation e;
        compare(&e, &shape, CRUX_WEIGHTS_INT8, false);
        near(&e, 1e-4);
    }
}

static void float_types_equal_floats_at_sixteen_bits(void **state) {
    static const uint32_t types[] = {CRUX_BLOCK_F32, CRUX_BLOCK_F16, CRUX_BLOCK_BF16};
    (void)state;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(types); i++) {
        struct gguf_model shape = gguf_small_model("llama", types[i]);
        struct crux_evaluation e;
        compare(&e, &shape, CRUX_WEIGHTS_INT16, false);
        near(&e, 1e-5);
    }
}

/* What the arithmetic costs, whatever import cost. */
static void any_model_equals_floats_with_its_own_weights(void **state) {
    static const char *const archs[] = {"llama", "qwen2", "qwen3", "phi3"};
    static const uint32_t types[] = {CRUX_BLOCK_F32, CRUX_BLOCK_F16, CRUX_BLOCK_BF16,
                                     CRUX_BLOCK_Q4_1, CRUX_BLOCK_Q6_K};
    struct crux_evaluation e;
    (void)state;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(types); i++) {
        struct gguf_model shape = gguf_small_model("llama", types[i]);
        shape.head_type = i % 2 == 0 ? UINT32_MAX : (uint32_t)CRUX_BLOCK_Q8_0;
        compare(&e, &shape, CRUX_WEIGHTS_INT8, true);
        near(&e, 1e-5);
    }
    for (size_t i = 0; i < CRUX_ARRAY_LEN(archs); i++) {
        struct gguf_model shape = gguf_small_model(archs[i], CRUX_BLOCK_F32);
        compare(&e, &shape, CRUX_WEIGHTS_INT4, true);
        near(&e, 1e-5);
    }
}

/* A comparison that everything passes would be worth nothing. */
static void four_bits_from_floats_are_seen(void **state) {
    struct gguf_model shape = gguf_small_model("llama", CRUX_BLOCK_F32);
    struct crux_evaluation e;
    (void)state;
    compare(&e, &shape, CRUX_WEIGHTS_INT4, false);
    assert_true(e.kl > 1e-3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_architecture_equals_floats),
        cmocka_unit_test(experts_equal_floats),
        cmocka_unit_test(gemma_equals_floats),
        cmocka_unit_test(stretched_rope_equals_floats),
        cmocka_unit_test(every_block_type_equals_floats),
        cmocka_unit_test(float_types_equal_floats_at_sixteen_bits),
        cmocka_unit_test(any_model_equals_floats_with_its_own_weights),
        cmocka_unit_test(four_bits_from_floats_are_seen),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
