/* Attention and sampling at the largest shapes, amid as many ops and layers as a large model has: every element has a
 * witness of at most 4 KB. No weights are needed for that. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/certificate/certificate.h"
#include "kernels/fused/attention/attention.h"
#include "kernels/fused/exp2.h"
#include "kernels/fused/sample/sample.h"

enum { LAYERS = 128, OTHER_OPS = 64 };

static bool verbose;

static void show(void *ctx, const char *text, size_t len) {
    (void)ctx;
    (void)fwrite(text, 1, len, stdout);
}

static struct crux_value other_ops(struct crux_builder *b, struct crux_type type,
                                   struct crux_shape shape, unsigned count) {
    struct crux_value value = {0};
    for (unsigned i = 0; i < count; i++) {
        struct crux_scale scale = crux_scale_round(0, 0);
        value = crux_emit(b, "other", crux_draft_requant(type, shape, scale, crux_args_none()));
    }
    return value;
}

static void begin(struct crux_builder *b, struct crux_program *program, uint32_t context,
                  uint32_t vocab) {
    memset(program, 0, sizeof *program);
    crux_builder_init(b, program, context, vocab);
    for (unsigned l = 0; l + 2 < LAYERS; l++) {
        crux_builder_begin_layer(b, CRUX_ACTIVE_ALWAYS);
        (void)crux_builder_store(b, "other",
                                 other_ops(b, crux_type_full(CRUX_I32), CRUX_ROW(1), 1));
        crux_builder_end_layer(b);
    }
}

static void certify(struct crux_builder *b, struct crux_record token, const char *what) {
    struct crux_refusal refusal = {0};
    struct crux_certificate certificate = {0};
    assert_int_equal(crux_builder_finish(b, token), CRUX_OK);
    certificate.ops = calloc(b->program->op_count, sizeof *certificate.ops);
    assert_non_null(certificate.ops);
    if (crux_program_check(b->program, &refusal) != CRUX_OK ||
        crux_certify(b->program, NULL, &certificate, &refusal) != CRUX_OK) {
        fail_msg("%s: %s: %s", what, refusal.label, refusal.what);
    }
    if (verbose) crux_certificate_show(b->program, &certificate, show, NULL);
    printf("%s: %lld bytes (%s), %lld spare bits (%s)\n", what,
           (long long)certificate.witness_bytes.value, certificate.witness_bytes.label,
           (long long)certificate.margin_bits.value, certificate.margin_bits.label);
    assert_true(certificate.witness_bytes.value <= CRUX_CERTIFICATE_WITNESS_BYTES);
    free(certificate.ops);
    crux_program_free(b->program);
}

static struct crux_value exp2_tensor(struct crux_builder *b) {
    return crux_builder_tensor(b, "exp2", 0, crux_exp2_type(), CRUX_ROW(CRUX_TABLE_ENTRIES));
}

static struct crux_quantised rows(struct crux_builder *b, uint32_t count, uint32_t width,
                                  int64_t limit) {
    struct crux_quantised q;
    q.x = other_ops(b, crux_type_of(CRUX_I16, -limit, limit), CRUX_GRID(count, width), 1);
    q.e = other_ops(b, crux_type_of(CRUX_I8, 0, 63), CRUX_ROW(count), 1);
    return q;
}

static void check_attention(const char *what, struct crux_fused_attention config) {
    struct crux_program program;
    struct crux_builder b;
    struct crux_fused_attention_args args = {0};
    int64_t limit = crux_fused_quant_rows_dot_limit(config.width);
    config.chunk = 256;
    crux_fused_attention_scale(&config, (uint64_t)config.width << CRUX_DIVISOR_BITS, 28);
    begin(&b, &program, config.context, 2);
    args.exp2 = exp2_tensor(&b);
    if (config.softcap != 0) {
        struct crux_type type = crux_type_of(CRUX_I32, -config.softcap, config.softcap);
        args.softcap = crux_builder_tensor(&b, "softcap", 0, type, CRUX_ROW(CRUX_TABLE_ENTRIES));
    }
    crux_builder_begin_layer(&b, CRUX_ACTIVE_ALWAYS);
    args.q = rows(&b, config.heads, config.width, limit);
    args.k = rows(&b, config.kv_heads, config.width, limit);
    args.v = rows(&b, config.kv_heads, config.width, 32767);
    (void)other_ops(&b, crux_type_full(CRUX_I32), CRUX_ROW(4096), OTHER_OPS);
    (void)crux_fused_attention(&b, "attn", &config, &args);
    crux_builder_end_layer(&b);
    crux_builder_begin_layer(&b, CRUX_ACTIVE_FROM_LAST);
    struct crux_value token = other_ops(&b, crux_type_of(CRUX_I32, 0, 1), CRUX_ROW(1), 1);
    struct crux_record record = crux_builder_store(&b, "token", token);
    crux_builder_end_layer(&b);
    certify(&b, record, what);
}

static void attention_fits(void **state) {
    (void)state;
    check_attention(
        "llama-3-8b at 8k",
        (struct crux_fused_attention){.heads = 32, .kv_heads = 8, .width = 128, .context = 8192});
    check_attention(
        "llama-3-8b at 32k",
        (struct crux_fused_attention){.heads = 32, .kv_heads = 8, .width = 128, .context = 32768});
    check_attention(
        "llama-3-8b at 128k",
        (struct crux_fused_attention){.heads = 32, .kv_heads = 8, .width = 128, .context = 131072});
    check_attention("width 256, window, cap", (struct crux_fused_attention){.heads = 16,
                                                                            .kv_heads = 8,
                                                                            .width = 256,
                                                                            .context = 32768,
                                                                            .window = 4095,
                                                                            .softcap = 4727380});
    check_attention(
        "one head of width 1",
        (struct crux_fused_attention){.heads = 1, .kv_heads = 1, .width = 1, .context = 1000});
}

static void check_sample(const char *what, uint32_t vocab, bool greedy) {
    struct crux_program program;
    struct crux_builder b;
    struct crux_fused_sample config = {.vocab = vocab, .block = CRUX_SAMPLE_BLOCK, .fraction = 16};
    begin(&b, &program, 32768, vocab);
    struct crux_value exp2 = exp2_tensor(&b);
    crux_builder_begin_layer(&b, CRUX_ACTIVE_ALWAYS);
    (void)crux_builder_store(&b, "other", other_ops(&b, crux_type_full(CRUX_I32), CRUX_ROW(1), 1));
    crux_builder_end_layer(&b);
    crux_builder_begin_layer(&b, CRUX_ACTIVE_FROM_LAST);
    (void)other_ops(&b, crux_type_full(CRUX_I32), CRUX_ROW(4096), 24);
    struct crux_value logits = other_ops(&b, crux_type_full(CRUX_I32), CRUX_ROW(vocab), 1);
    struct crux_value token = greedy ? crux_fused_sample_greedy(&b, "head.sample", &config, logits)
                                     : crux_fused_sample(&b, "head.sample", &config, logits, exp2);
    struct crux_record record = crux_builder_store(&b, "token", token);
    crux_builder_end_layer(&b);
    certify(&b, record, what);
}

static void sampling_fits(void **state) {
    (void)state;
    check_sample("sample from 128256", 128256, false);
    check_sample("sample from 262144", 262144, false);
    check_sample("sample from 262143", 262143, false);
    check_sample("sample from 1", 1, false);
    check_sample("greedy from 262144", 262144, true);
    check_sample("greedy from 261889", 261889, true);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(attention_fits),
                                       cmocka_unit_test(sampling_fits)};
    verbose = argc > 1 && strcmp(argv[1], "--show") == 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
