/* Language models as large as they come: certified, and the same whether or not proofs are shared.
 *
 *   test_shapes           checks
 *   test_shapes --show    prints the table of spec/25-certificates.md, with every op
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <string.h>
#include <time.h>

#include "kernels/certificate/op_proof.h"
#include "kernels/fused/decoder/decoder.h"

static bool show;

static void print(void *ctx, const char *text, size_t len) {
    (void)ctx;
    (void)fwrite(text, 1, len, stdout);
}

static double seconds_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void lower(struct crux_program *program, const char *name, uint32_t context) {
    struct crux_fused_decoder config;
    struct crux_refusal refusal = {0};
    assert_true(crux_fused_decoder_named(&config, name));
    config.context = context;
    memset(program, 0, sizeof *program);
    assert_int_equal(crux_fused_decoder(program, &config, NULL), CRUX_OK);
    if (crux_program_check(program, &refusal) != CRUX_OK)
        fail_msg("%s: %s", refusal.label, refusal.what);
}

static void test_large_models(void **state) {
    static const char *const names[] = {"smollm2-135m", "llama-3-8b"};
    static const uint32_t contexts[] = {8192, 32768};
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        const char *name = names[i / 2];
        uint32_t context = contexts[i % 2];
        struct crux_certificate certificate = {.ops = NULL};
        struct crux_refusal refusal = {0};
        struct crux_program program;
        lower(&program, name, context);
        certificate.ops = calloc(program.op_count, sizeof certificate.ops[0]);
        assert_non_null(certificate.ops);
        double start = seconds_now();
        enum crux_status status = crux_certify(&program, NULL, &certificate, &refusal);
        double seconds = seconds_now() - start;
        if (status != CRUX_OK) fail_msg("%s, %s: %s", name, refusal.label, refusal.what);
        printf("%s at %u: %u ops, worst witness %d bytes (%s), %d spare bits, %.3f s\n", name,
               context, program.op_count, (int)certificate.witness_bytes.value,
               certificate.witness_bytes.label, (int)certificate.margin_bits.value, seconds);
        if (show) crux_certificate_show(&program, &certificate, print, NULL);
        free(certificate.ops);
        crux_program_free(&program);
    }
}

static void test_shared_proofs(void **state) {
    struct crux_certificate certificate = {.ops = NULL};
    struct crux_refusal refusal = {0};
    struct crux_program program;
    (void)state;
    lower(&program, "smollm2-135m", 300);
    certificate.ops = calloc(program.op_count, sizeof certificate.ops[0]);
    assert_non_null(certificate.ops);
    assert_int_equal(crux_certify(&program, NULL, &certificate, &refusal), CRUX_OK);
    const struct crux_proof_frame frame = {.context = 300,
                                           .trace_leaves =
                                               (uint64_t)300 * program.header.layers + 1,
                                           .limits = crux_certificate_default_limits(),
                                           .refusal = &refusal};
    for (uint32_t l = 0; l < program.header.layers; l++) {
        const struct crux_layer *layer = &program.layers[l];
        for (uint32_t i = 0; i < layer->ops; i++) {
            struct crux_op_certificate alone;
            struct crux_proof proof = {.frame = &frame,
                                       .op = &program.ops[layer->first + i].op,
                                       .layer = l,
                                       .number = i,
                                       .tensors = layer->ops - layer->stores,
                                       .from_last = layer->active == CRUX_ACTIVE_FROM_LAST};
            memset(&alone, 0, sizeof alone);
            assert_int_equal(
                crux_op_certify(&alone, &proof, program.header.layers, layer->ops, NULL), CRUX_OK);
            assert_memory_equal(&alone, &certificate.ops[layer->first + i], sizeof alone);
        }
    }
    free(certificate.ops);
    crux_program_free(&program);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_large_models),
                                       cmocka_unit_test(test_shared_proofs)};
    show = argc > 1 && strcmp(argv[1], "--show") == 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
