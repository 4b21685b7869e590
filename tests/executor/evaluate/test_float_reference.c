/* The float reference against a textbook's decoder in doubles, and at its edges. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "executor/evaluate/float_reference.h"
#include "tests/executor/evaluate/textbook.h"

enum { POSITIONS = 21 };

static void some_tokens(uint32_t *tokens, uint32_t vocab) {
    struct crux_random random = {7};
    for (uint32_t i = 0; i < POSITIONS; i++)
        tokens[i] = (uint32_t)(crux_random_next(&random) % vocab);
}

/* Out: logits of all positions, asked for in pieces of `piece`. */
static void reference_logits(double *logits, const struct crux_float_model *model,
                             const uint32_t *tokens, unsigned threads, uint32_t piece) {
    struct crux_float_reference *reference;
    assert_int_equal(crux_float_reference_open(&reference, model, threads, POSITIONS), CRUX_OK);
    struct crux_logit_source source = crux_float_reference_source(reference);
    assert_int_equal(source.vocab, model->vocab);
    assert_int_equal(source.begin(source.ctx, tokens, POSITIONS), CRUX_OK);
    for (uint32_t at = 0; at < POSITIONS; at += piece) {
        uint32_t rows = POSITIONS - at < piece ? POSITIONS - at : piece;
        assert_int_equal(source.next(source.ctx, logits + (size_t)at * model->vocab, rows),
                         CRUX_OK);
    }
    assert_int_equal(source.next(source.ctx, logits, 1), CRUX_E_USAGE);
    crux_float_reference_close(reference);
}

static void expect_textbook(const struct gguf_model *shape) {
    struct crux_float_model model;
    struct crux_import_message message;
    size_t len, count = (size_t)POSITIONS * shape->vocab;
    uint8_t *file = gguf_make_model(shape, &len);
    double *got = malloc(count * sizeof *got), *want = malloc(count * sizeof *want), spread = 0,
           worst = 0;
    uint32_t tokens[POSITIONS];
    some_tokens(tokens, shape->vocab);
    assert_true(got != NULL && want != NULL);
    assert_int_equal(crux_float_model_parse(&model, file, len, 0, &message), CRUX_OK);
    reference_logits(got, &model, tokens, 2, 8);
    textbook_logits(want, &model.gguf, shape, tokens, POSITIONS);
    for (size_t i = 0; i < count; i++) {
        spread = fmax(spread, fabs(want[i]));
        worst = fmax(worst, fabs(want[i] - got[i]));
    }
    /* Floats have 24 bits, and their errors add up over some thousand additions. */
    if (!(spread > 0.5 && worst < spread * 1e-5))
        fail_msg("%s type %u: %g of %g", shape->arch, (unsigned)shape->type, worst, spread);
    crux_float_model_free(&model);
    free(got);
    free(want);
    free(file);
}

static void every_architecture_is_as_in_the_textbook(void **state) {
    static const char *const archs[] = {"llama", "qwen2", "qwen3", "phi3", "gemma"};
    (void)state;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(archs); i++) {
        struct gguf_model shape = gguf_small_model(archs[i], CRUX_BLOCK_F32);
        expect_textbook(&shape);
    }
}

static struct gguf_model with_experts(const char *arch, uint32_t type) {
    struct gguf_model shape = gguf_small_model(arch, type);
    shape.experts = 6;
    shape.experts_used = 2;
    shape.ffn_width = 256;
    return shape;
}

static void experts_are_as_in_the_textbook(void **state) {
    struct gguf_model mixtral = with_experts("llama", CRUX_BLOCK_F32),
                      apart = with_experts("llama", CRUX_BLOCK_Q6_K),
                      qwen = with_experts("qwen3moe", CRUX_BLOCK_Q8_0);
    (void)state;
    expect_textbook(&mixtral);
    apart.experts_apart = true;
    expect_textbook(&apart);
    qwen.experts = 17;
    qwen.experts_used = 5;
    qwen.ffn_width = 64;
    expect_textbook(&qwen);
    qwen.experts_used = 17;
    expect_textbook(&qwen);
}

static void local_and_global_blocks_are_as_in_the_textbook(void **state) {
    static const char *const archs[] = {"gemma2", "gemma3"};
    (void)state;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(archs); i++) {
        struct gguf_model shape = gguf_small_model(archs[i], CRUX_BLOCK_F32);
        shape.blocks = 7;
        shape.window = 5;
        expect_textbook(&shape);
        shape.scaling = "linear";
        shape.scaling_factor = 8;
        expect_textbook(&shape);
    }
}

static void stretched_rope_is_as_in_the_textbook(void **state) {
    (void)state;
    struct gguf_model shape = gguf_small_model("qwen2", CRUX_BLOCK_F32);
    shape.scaling = "yarn";
    shape.scaling_factor = 4;
    shape.original = 256;
    expect_textbook(&shape);
    shape = gguf_small_model("phi3", CRUX_BLOCK_F32);
    shape.scaling = "longrope";
    shape.original = 16;
    expect_textbook(&shape);
}

static void every_type_is_as_in_the_textbook(void **state) {
    static const uint32_t types[] = {0, 1, 2, 3, 6, 7, 8, 12, 13, 14, 30};
    (void)state;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(types); i++) {
        struct gguf_model shape = gguf_small_model("llama", types[i]);
        shape.blocks = 1;
        shape.head_type = CRUX_BLOCK_Q8_0;
        expect_textbook(&shape);
    }
}

static void odd_shapes_are_as_in_the_textbook(void **state) {
    struct gguf_model shape = gguf_small_model("qwen3", CRUX_BLOCK_F32);
    (void)state;
    shape.width = 70; /* no multiple of anything */
    shape.heads = 6;
    shape.kv_heads = 3;
    shape.head_width = 18;
    shape.ffn_width = 301;
    shape.vocab = 97;
    shape.blocks = 3;
    expect_textbook(&shape);
    shape.kv_heads = 1;
    shape.heads = 1;
    expect_textbook(&shape);
}

static void pieces_and_threads_change_nothing(void **state) {
    struct gguf_model shape = gguf_small_model("llama", CRUX_BLOCK_Q4_0);
    struct crux_float_model model;
    size_t len, count = (size_t)POSITIONS * shape.vocab;
    uint8_t *file = gguf_make_model(&shape, &len);
    double *a = malloc(count * sizeof *a), *b = malloc(count * sizeof *b);
    uint32_t tokens[POSITIONS];
    (void)state;
    some_tokens(tokens, shape.vocab);
    assert_true(a != NULL && b != NULL);
    assert_int_equal(crux_float_model_parse(&model, file, len, 0, NULL), CRUX_OK);
    reference_logits(a, &model, tokens, 1, POSITIONS);
    reference_logits(b, &model, tokens, 3, 1);
    assert_memory_equal(a, b, count * sizeof *a);
    crux_float_model_free(&model);
    free(a);
    free(b);
    free(file);
}

static void later_tokens_change_nothing_before_them(void **state) {
    struct gguf_model shape = gguf_small_model("qwen2", CRUX_BLOCK_F16);
    struct crux_float_model model;
    size_t len, count = (size_t)POSITIONS * shape.vocab, half = 10u * shape.vocab;
    uint8_t *file = gguf_make_model(&shape, &len);
    double *a = malloc(count * sizeof *a), *b = malloc(count * sizeof *b);
    uint32_t tokens[POSITIONS];
    (void)state;
    some_tokens(tokens, shape.vocab);
    assert_true(a != NULL && b != NULL);
    assert_int_equal(crux_float_model_parse(&model, file, len, 0, NULL), CRUX_OK);
    reference_logits(a, &model, tokens, 2, 4);
    tokens[10] ^= 1;
    reference_logits(b, &model, tokens, 2, 4);
    assert_memory_equal(a, b, half * sizeof *a);
    assert_memory_not_equal(a + half, b + half, shape.vocab * sizeof *a);
    crux_float_model_free(&model);
    free(a);
    free(b);
    free(file);
}

static void what_it_cannot_do_is_refused(void **state) {
    struct gguf_model shape = gguf_small_model("llama", CRUX_BLOCK_Q8_0);
    struct crux_float_model model;
    struct crux_float_reference *reference;
    struct crux_import_message message;
    size_t len;
    uint8_t *file = gguf_make_model(&shape, &len);
    const uint32_t outside[] = {0, shape.vocab};
    uint32_t tokens[POSITIONS] = {0};
    (void)state;
    assert_int_equal(crux_float_model_parse(&model, file, len, 0, &message), CRUX_OK);
    assert_int_equal(crux_float_reference_open(&reference, &model, 1, 4), CRUX_OK);
    struct crux_logit_source source = crux_float_reference_source(reference);
    assert_int_equal(source.begin(source.ctx, outside, 2), CRUX_E_INDEX_OUTSIDE);
    assert_int_equal(source.begin(source.ctx, tokens, 5), CRUX_E_USAGE);
    assert_int_equal(source.begin(source.ctx, tokens, 0), CRUX_E_USAGE);
    crux_float_reference_close(reference);
    assert_int_equal(crux_float_reference_open(&reference, &model, 1, 0), CRUX_E_USAGE);
    assert_null(reference);
    crux_float_model_free(&model);
    for (size_t cut = 0; cut < len; cut += 1 + len / 97) {
        assert_int_not_equal(crux_float_model_parse(&model, file, cut, 0, &message), CRUX_OK);
        crux_float_model_free(&model);
    }
    free(file);
    shape.arch = "mamba";
    file = gguf_make_model(&shape, &len);
    assert_int_equal(crux_float_model_parse(&model, file, len, 0, &message), CRUX_E_UNSUPPORTED);
    assert_non_null(strstr(message.text, "architecture"));
    crux_float_model_free(&model);
    free(file);
    assert_int_equal(crux_float_model_open(&model, "tests/data/no such file", 0, &message),
                     CRUX_E_IO);
    crux_float_model_free(&model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_architecture_is_as_in_the_textbook),
        cmocka_unit_test(experts_are_as_in_the_textbook),
        cmocka_unit_test(local_and_global_blocks_are_as_in_the_textbook),
        cmocka_unit_test(stretched_rope_is_as_in_the_textbook),
        cmocka_unit_test(every_type_is_as_in_the_textbook),
        cmocka_unit_test(odd_shapes_are_as_in_the_textbook),
        cmocka_unit_test(pieces_and_threads_change_nothing),
        cmocka_unit_test(later_tokens_change_nothing_before_them),
        cmocka_unit_test(what_it_cannot_do_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
