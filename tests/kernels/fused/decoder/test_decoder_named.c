/* The shapes with a name: lowered twice alike, certified at long contexts; and configurations that must be refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/certificate/certificate.h"
#include "kernels/fused/decoder/decoder.h"
#include "kernels/program/layout.h"

static struct crux_fused_decoder named(const char *name) {
    struct crux_fused_decoder config;
    assert_true(crux_fused_decoder_named(&config, name));
    return config;
}

static void certify(const char *what, const struct crux_fused_decoder *config) {
    struct crux_program program = {.op_count = 0};
    struct crux_certificate certificate = {.ops = NULL};
    struct crux_refusal refusal;
    char where[CRUX_LABEL_BYTES];
    assert_int_equal(crux_fused_decoder(&program, config, where), CRUX_OK);
    if (crux_program_check(&program, &refusal) != CRUX_OK) fail_msg("%s", refusal.what);
    if (crux_certify(&program, NULL, &certificate, &refusal) != CRUX_OK) {
        fail_msg("%s, %s: %s", what, refusal.label, refusal.what);
    }
    printf("%-14s %6u positions: %u ops a layer, %u in the head, worst witness %d (%s)\n", what,
           (unsigned)config->context, (unsigned)program.layers[1].ops,
           (unsigned)program.layers[program.header.layers - 1].ops,
           (int)certificate.witness_bytes.value, certificate.witness_bytes.label);
    crux_program_free(&program);
}

static void test_certified(void **state) {
    static const char *const names[] = {"tiny", "smollm2-135m", "mixtral-8x7b", "qwen3-30b-a3b",
                                        "llama-3-8b"};
    struct crux_fused_decoder config;
    (void)state;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(names); i++) {
        config = named(names[i]);
        if (!CRUX_SANITIZED || i < 2) certify(names[i], &config);
    }
    config.context = 131072;
    certify("llama-3-8b", &config);
    config.window = 4096;
    if (!CRUX_SANITIZED) certify("with a window", &config);
    /* as large as published models of two kinds of blocks are */
    config.blocks = 12;
    config.width = 5376;
    config.kv_heads = 16;
    config.ffn_width = 21504;
    config.vocab = 262144;
    config.window = 1024;
    config.global_every = 6;
    config.rope_local_base = 10000;
    config.qk_norm = config.post_norms = config.tied = true;
    config.activation = CRUX_TABLE_GELU_TANH;
    config.score_divisor = UINT64_C(168) << 32;
    config.r_bits = 10;
    if (!CRUX_SANITIZED) certify("gemma-3-27b", &config);
    config.head_width = 256;
    config.softcap = 4727423;
    config.logit_cap = 30 << 16;
    certify("with caps", &config);
}

static bool is_of_experts(size_t matrix) {
    return matrix == CRUX_DECODER_GATE || matrix == CRUX_DECODER_UP || matrix == CRUX_DECODER_DOWN;
}

/* As files have them: a router of 16 bits; and all of the block type whose tiles are longest, or of 16 bits too. */
static void test_certified_as_imported(void **state) {
    static const char *const names[] = {"mixtral-8x7b", "qwen3-30b-a3b"};
    const struct crux_tile q16 = {.width = 3, .group = 32, .chunk = 512},
                           half = {.width = 3, .group = 32, .chunk = 256},
                           q6_k = {.width = 2, .group = 16, .chunk = 512};
    (void)state;
    for (size_t i = 0; i < (CRUX_SANITIZED ? 1 : 2 * CRUX_ARRAY_LEN(names)); i++) {
        struct crux_fused_decoder config = named(names[i / 2]);
        bool int16 = i % 2 == 1;
        struct crux_decoder_plan *plans = calloc(config.blocks, sizeof *plans);
        assert_non_null(plans);
        for (uint32_t b = 0; b < config.blocks; b++) {
            for (size_t m = 0; m < CRUX_DECODER_MATRICES; m++) {
                const struct crux_tile *tile = m == CRUX_DECODER_ROUTER ? &q16
                                               : !int16                 ? &q6_k
                                               : is_of_experts(m)       ? &half
                                                                        : &q16;
                int64_t most = tile == &q6_k ? 32 * 4095 : 255 * 32767;
                plans[b].tiles[m] = (struct crux_decoder_tiles){crux_tile_encode(tile), most};
                plans[b].s0[m] = 40;
            }
            for (size_t n = 0; n < CRUX_DECODER_NORMS; n++) plans[b].norm_bits[n] = 11;
        }
        config.plans = plans;
        if (int16) config.head_tiles.layout = config.embed_tiles.layout = crux_tile_encode(&q16);
        certify(names[i / 2], &config);
        free(plans);
    }
}

static void test_same_twice(void **state) {
    struct crux_fused_decoder config = named("smollm2-135m");
    struct crux_program a = {.op_count = 0}, b = {.op_count = 0};
    (void)state;
    assert_int_equal(crux_fused_decoder(&a, &config, NULL), CRUX_OK);
    assert_int_equal(crux_fused_decoder(&b, &config, NULL), CRUX_OK);
    assert_int_equal(a.op_count, b.op_count);
    for (uint32_t i = 0; i < a.op_count; i++) {
        uint8_t first[CRUX_DESCRIPTOR_BYTES], second[CRUX_DESCRIPTOR_BYTES];
        size_t used;
        assert_int_equal(crux_descriptor_encode(first, &used, &a.ops[i].op), CRUX_OK);
        assert_int_equal(crux_descriptor_encode(second, &used, &b.ops[i].op), CRUX_OK);
        assert_memory_equal(first, second, sizeof first);
    }
    crux_program_free(&a);
    crux_program_free(&b);
}

static void refused(const struct crux_fused_decoder *config, enum crux_status status,
                    const char *label) {
    struct crux_program program = {.op_count = 0};
    char where[CRUX_LABEL_BYTES];
    assert_int_equal(crux_fused_decoder(&program, config, where), status);
    assert_string_equal(where, label);
    crux_program_free(&program);
}

static void test_refused(void **state) {
    struct crux_fused_decoder config = named("tiny");
    (void)state;
    config.vocab = 300000;
    refused(&config, CRUX_E_USAGE, "sample");
    config = named("tiny");
    config.head_width = 15;
    refused(&config, CRUX_E_USAGE, "");
    config.head_width = 512;
    refused(&config, CRUX_E_USAGE, "attn");
    config = named("tiny");
    config.kv_heads = 3;
    refused(&config, CRUX_E_USAGE, "attn");
    config = named("tiny");
    config.eps_shift = -20;
    refused(&config, CRUX_E_OVERFLOW, "n1");
    config = named("tiny");
    config.blocks = 0;
    refused(&config, CRUX_E_USAGE, "");
    assert_false(crux_fused_decoder_named(&config, "tiny "));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_certified), cmocka_unit_test(test_certified_as_imported),
        cmocka_unit_test(test_same_twice), cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
