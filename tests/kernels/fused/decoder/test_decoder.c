/* Whole runs of random decoders: the interpreter's records and tokens against those of the reference kernels. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "kernels/certificate/certificate.h"
#include "kernels/fused/attention/attention.h"
#include "kernels/interpreter/generate.h"
#include "kernels/program/layout.h"
#include "tests/kernels/fused/decoder/plain_decoder.h"

enum { CONTEXT = 9 };

static struct crux_decoder_tiles random_tiles(struct harness *h) {
    struct crux_tile tile = harness_tile(h);
    struct crux_decoder_tiles tiles = {crux_tile_encode(&tile), 1 << 18};
    return tiles;
}

static struct crux_fused_decoder random_decoder(struct harness *h) {
    struct crux_random *random = &h->random;
    struct crux_fused_decoder c;
    assert_true(crux_fused_decoder_named(&c, "tiny"));
    c.blocks = (uint32_t)crux_random_between(random, 1, 3);
    c.blocks_per_layer = (uint32_t)crux_random_between(random, 1, 2);
    c.width = harness_extent(h, 70, 32);
    c.kv_heads = (uint32_t)crux_random_between(random, 1, 2);
    c.heads = c.kv_heads * (uint32_t)crux_random_between(random, 1, 2);
    c.head_width = 2 * harness_extent(h, 8, 8);
    c.ffn_width = harness_extent(h, 80, 32);
    c.vocab = crux_random_one_in(random, 4) ? 520 : 2 + harness_extent(h, 60, 32);
    c.context = CONTEXT;
    c.window =
        crux_random_one_in(random, 2) ? 0 : (uint32_t)crux_random_between(random, 1, CONTEXT + 1);
    c.norm = crux_random_one_in(random, 3) ? CRUX_DECODER_LAYERNORM : CRUX_DECODER_RMSNORM;
    c.positions = (enum crux_decoder_positions)crux_random_below(random, 3);
    c.rope_layout = crux_random_one_in(random, 2) ? CRUX_ROPE_HALF_SPLIT : CRUX_ROPE_INTERLEAVED;
    c.qk_norm = crux_random_one_in(random, 3);
    c.qkv_bias = crux_random_one_in(random, 2);
    c.bias = crux_random_one_in(random, 2);
    c.ffn = crux_random_one_in(random, 3) ? CRUX_DECODER_PLAIN : CRUX_DECODER_GATED;
    if (crux_random_one_in(random, 3)) {
        c.bias = false;
        c.experts = harness_extent(h, 6, 4);
        c.experts_used = harness_extent(h, c.experts, 2);
        c.experts_of_all = crux_random_one_in(random, 2);
    }
    c.activation = (enum crux_table_activation)crux_random_below(random, 3);
    c.head = crux_random_one_in(random, 3) ? CRUX_DECODER_GREEDY : CRUX_DECODER_SAMPLED;
    c.tied = crux_random_one_in(random, 2);
    c.softcap = crux_random_one_in(random, 3) ? 3000000 : 0;
    c.logit_cap =
        crux_random_one_in(random, 3) ? (int32_t)crux_random_between(random, 1, 1 << 19) : 0;
    c.post_norms = c.experts == 0 && crux_random_one_in(random, 3);
    c.global_every =
        crux_random_one_in(random, 2) ? 0 : (uint32_t)crux_random_between(random, 1, 3);
    c.rope_local_base = crux_random_one_in(random, 3) ? 500 : 0;
    if (crux_random_one_in(random, 3))
        c.score_divisor = (uint64_t)crux_random_between(random, INT64_C(1) << 32, INT64_C(1) << 40);
    c.r_bits = (int32_t)crux_random_between(random, 10, 14);
    c.embed_tiles = random_tiles(h);
    c.block_tiles = random_tiles(h);
    c.head_tiles = random_tiles(h);
    return c;
}

static void fill_tables(const struct crux_fused_decoder *config, const struct crux_program *program,
                        struct crux_model_memory *model) {
    for (uint32_t i = 0; i < program->tensor_count; i++) {
        harness_ok(crux_fused_decoder_table(config, program->tensors[i].name,
                                            model->tensors[i].bytes, model->tensors[i].len));
    }
}

static void same_record(const struct crux_run *run, uint32_t pos, uint32_t layer, uint32_t store,
                        const void *want, size_t bytes) {
    const struct crux_run_record *record = crux_run_record_at(run, pos, layer, store);
    assert_non_null(record);
    assert_memory_equal(record->bytes, want, bytes);
}

static void one_position(struct plain_decoder *d, const struct crux_run *run,
                         const uint32_t *tokens, const struct crux_run_request *request) {
    const struct crux_fused_decoder *config = d->config;
    uint32_t kv = config->kv_heads, kv_width = kv * config->head_width,
             per = config->blocks_per_layer;
    plain_decoder_embed(d, tokens[d->pos]);
    for (uint32_t block = 0; block < config->blocks; block++) {
        const struct plain_cache *cache = &d->cache[block];
        uint32_t layer = block / per, store = block % per * 4;
        plain_decoder_block(d, block);
        same_record(run, d->pos, layer, store, cache->k + (size_t)d->pos * kv_width, 2U * kv_width);
        same_record(run, d->pos, layer, store + 1, cache->ek + (size_t)d->pos * kv, kv);
        same_record(run, d->pos, layer, store + 2, cache->v + (size_t)d->pos * kv_width,
                    2U * kv_width);
        same_record(run, d->pos, layer, store + 3, cache->ev + (size_t)d->pos * kv, kv);
        if (block % per != per - 1 && block + 1 != config->blocks) continue;
        same_record(run, d->pos, layer, store + 4, d->r, config->width * sizeof *d->r);
    }
    if (d->pos + 1 < request->n) return;
    assert_int_equal(run->tokens[d->pos + 1 - request->n], plain_decoder_head(d, tokens, request));
}

static void one_case(struct harness *h) {
    struct crux_random *random = &h->random;
    struct crux_fused_decoder config = random_decoder(h);
    struct crux_model_memory model = {NULL, 0};
    struct crux_certificate certificate = {0};
    struct crux_refusal refusal;
    struct crux_run run;
    struct plain_decoder d;
    char where[CRUX_LABEL_BYTES];
    uint32_t tokens[CONTEXT] = {0};
    struct crux_run_request request = {.tokens = tokens, .sample = 1};
    request.n = (uint32_t)crux_random_between(random, 1, CONTEXT / 2);
    request.limit = CONTEXT + 1 - request.n;
    for (uint32_t i = 0; i < request.n; i++)
        tokens[i] = (uint32_t)crux_random_below(random, config.vocab);
    for (unsigned i = 0; i < sizeof request.seed; i++)
        request.seed[i] = (uint8_t)crux_random_next(random);
    request.params[0] = (int32_t)crux_random_between(random, 0, 2) << 16;
    request.params[2] = request.params[4] = 65536;

    harness_ok(crux_fused_decoder(&h->program, &config, where));
    harness_ok(crux_program_check(&h->program, &refusal));
    harness_ok(crux_certify(&h->program, NULL, &certificate, &refusal));
    harness_ok(crux_model_generate(&model, &h->program, crux_random_next(random)));
    fill_tables(&config, &h->program, &model);
    harness_ok(crux_run_all(&run, &h->program, &model, &request, NULL));

    plain_decoder_init(&d, h, &config, &h->program, &model);
    uint32_t all[CONTEXT + 1];
    memcpy(all, tokens, sizeof tokens);
    for (uint32_t i = 0; i < run.chosen; i++) all[request.n + i] = run.tokens[i];
    for (d.pos = 0; d.pos < run.positions; d.pos++) one_position(&d, &run, all, &request);
    assert_int_equal(run.positions, CONTEXT);
    crux_run_free(&run);
    crux_model_memory_free(&model);
}

int main(int argc, char **argv) {
    return harness_main(argc, argv, "decoder", one_case);
}
