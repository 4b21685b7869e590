#include "tests/executor/engine/engine_fixture.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static uint32_t any(struct crux_random *random, uint32_t lo, uint32_t hi) {
    return (uint32_t)crux_random_between(random, lo, hi);
}

static struct crux_decoder_tiles random_tiles(struct crux_random *random) {
    struct crux_tile tile = {.width = (uint8_t)any(random, 1, 3),
                             .group = crux_random_one_in(random, 2) ? 16 : 32,
                             .chunk = UINT32_C(128) << any(random, 0, 2),
                             .has_offsets = crux_random_one_in(random, 2)};
    if (tile.width == 3) tile.chunk = 128; /* a tile has at most 1,152 bytes */
    return (struct crux_decoder_tiles){crux_tile_encode(&tile), 1 << 18};
}

void engine_fixture_random_config(struct crux_fused_decoder *c, struct crux_random *random,
                                  uint32_t context) {
    assert_true(crux_fused_decoder_named(c, "tiny"));
    c->blocks = any(random, 1, 3);
    c->blocks_per_layer = any(random, 1, 2);
    c->width = any(random, 1, 140);
    c->kv_heads = any(random, 1, 2);
    c->heads = c->kv_heads * any(random, 1, 3);
    c->head_width = 2 * any(random, 1, 12);
    c->ffn_width = any(random, 1, 150);
    c->vocab = crux_random_one_in(random, 4) ? 520 : any(random, 2, 70);
    c->context = context;
    c->window = crux_random_one_in(random, 2) ? 0 : any(random, 1, context + 1);
    c->norm = crux_random_one_in(random, 3) ? CRUX_DECODER_LAYERNORM : CRUX_DECODER_RMSNORM;
    c->positions = (enum crux_decoder_positions)any(random, 0, 2);
    c->rope_layout = crux_random_one_in(random, 2) ? CRUX_ROPE_HALF_SPLIT : CRUX_ROPE_INTERLEAVED;
    c->qk_norm = crux_random_one_in(random, 3);
    c->qkv_bias = crux_random_one_in(random, 2);
    c->bias = crux_random_one_in(random, 2);
    c->ffn = crux_random_one_in(random, 3) ? CRUX_DECODER_PLAIN : CRUX_DECODER_GATED;
    if (crux_random_one_in(random, 3)) {
        c->bias = false;
        c->experts = any(random, 1, 7);
        c->experts_used = any(random, 1, c->experts);
        c->experts_of_all = crux_random_one_in(random, 2);
    }
    c->activation = (enum crux_table_activation)any(random, 0, 2);
    c->head = crux_random_one_in(random, 3) ? CRUX_DECODER_GREEDY : CRUX_DECODER_SAMPLED;
    c->tied = crux_random_one_in(random, 2);
    c->softcap = crux_random_one_in(random, 3) ? 3000000 : 0;
    c->logit_cap = crux_random_one_in(random, 3) ? (int32_t)any(random, 1, 1 << 19) : 0;
    c->post_norms = c->experts == 0 && crux_random_one_in(random, 3);
    c->global_every = crux_random_one_in(random, 2) ? 0 : any(random, 1, 3);
    c->rope_local_base = crux_random_one_in(random, 3) ? 500 : 0;
    if (crux_random_one_in(random, 3))
        c->score_divisor = (uint64_t)any(random, 1, 300) << 32 | any(random, 0, UINT32_MAX);
    c->r_bits = (int32_t)any(random, 10, 14);
    c->embed_tiles = random_tiles(random);
    c->block_tiles = random_tiles(random);
    c->head_tiles = random_tiles(random);
}

void engine_fixture_two_kinds(struct crux_fused_decoder *config, uint32_t context) {
    assert_true(crux_fused_decoder_named(config, "tiny"));
    config->blocks = 4;
    config->context = context;
    config->window = 9;
    config->global_every = 2;
    config->rope_base = 1000000;
    config->rope_local_base = 10000;
    config->qk_norm = config->post_norms = config->tied = true;
    config->activation = CRUX_TABLE_GELU_TANH;
    config->softcap = 4727423;
    config->logit_cap = 30 << 16;
    config->score_divisor = (UINT64_C(37) << 32) + 12345;
    config->r_bits = 11;
}

/* Every other matrix of 4 bits with offsets: n becomes -8*m, as in Q4_0, with m within the tensor's range still. */
static void centre(struct crux_model_bytes *bytes, const struct crux_model_tensor *tensor) {
    struct crux_tile tile;
    if (tensor->layout == 0) return;
    assert_int_equal(crux_tile_decode(&tile, tensor->layout), CRUX_OK);
    if (tile.width != 1 || !tile.has_offsets) return;
    int64_t least = -tensor->lo < tensor->hi ? -tensor->lo : tensor->hi,
            most = least / 8 < 4095 ? least / 8 : 4095;
    uint32_t inputs = tensor->dim[tensor->ndim - 1];
    for (size_t at = 0; at < bytes->len;) {
        for (uint32_t t = 0; t < crux_tile_count(&tile, inputs); t++) {
            uint32_t count = crux_tile_inputs(&tile, inputs, t),
                     groups = (count - 1) / tile.group + 1;
            uint8_t *m = bytes->bytes + at;
            for (uint32_t g = 0; g < groups; g++, m += 2) {
                int64_t value = crux_dtype_get(CRUX_I16, m) % (most + 1);
                crux_dtype_put(m, CRUX_I16, value);
                crux_dtype_put(m + 2 * groups, CRUX_I16, -8 * value);
            }
            at += crux_tile_bytes(&tile, count);
        }
    }
}

void engine_fixture_init(struct engine_fixture *f, const struct crux_fused_decoder *config,
                         struct crux_random *random) {
    static const uint8_t manifest[] = "fixture";
    char where[CRUX_LABEL_BYTES];
    memset(f, 0, sizeof *f);
    f->config = *config;
    assert_int_equal(crux_fused_decoder(&f->program, &f->config, where), CRUX_OK);
    assert_int_equal(crux_model_generate(&f->memory, &f->program, crux_random_next(random)),
                     CRUX_OK);
    for (uint32_t i = 0; i < f->program.tensor_count; i++) {
        struct crux_model_bytes *tensor = &f->memory.tensors[i];
        if (i % 2 == 0) centre(tensor, &f->program.tensors[i]);
        assert_int_equal(crux_fused_decoder_table(&f->config, f->program.tensors[i].name,
                                                  tensor->bytes, tensor->len),
                         CRUX_OK);
    }
    assert_int_equal(
        crux_committed_model_init(&f->model, &f->program, &f->memory, manifest, sizeof manifest),
        CRUX_OK);
}

void engine_fixture_ask(struct engine_fixture *f, struct crux_random *random, uint32_t n,
                        uint32_t limit, int32_t temperature) {
    struct crux_request *fields = &f->request.fields;
    crux_archive_free(f->archive);
    assert_true(n <= FIXTURE_TOKENS_MAX);
    memset(&f->request, 0, sizeof f->request);
    for (uint32_t i = 0; i < n; i++) f->tokens[i] = any(random, 0, f->config.vocab - 1);
    /* the law reads a token outside the vocabulary too */
    if (crux_random_one_in(random, 4)) f->tokens[any(random, 0, n - 1)] = UINT32_MAX;
    for (unsigned i = 0; i < 32; i++) fields->seed[i] = (uint8_t)crux_random_next(random);
    for (unsigned i = 0; i < 32; i++) fields->nonce[i] = (uint8_t)crux_random_next(random);
    fields->sample = any(random, 0, 9);
    fields->request_tokens = n;
    fields->limit = limit;
    if (crux_random_one_in(random, 2)) {
        fields->stop_count = 1;
        fields->stop[0] = any(random, 0, f->config.vocab - 1);
    }
    fields->param[CRUX_SAMPLE_TEMPERATURE] = temperature;
    fields->param[CRUX_SAMPLE_TOP_K] =
        crux_random_one_in(random, 2) ? 0 : (int32_t)any(random, 1, 40);
    fields->param[CRUX_SAMPLE_TOP_P] =
        crux_random_one_in(random, 2) ? CRUX_SAMPLE_ONE : (int32_t)any(random, 1, CRUX_SAMPLE_ONE);
    fields->param[CRUX_SAMPLE_PENALTY] =
        crux_random_one_in(random, 2) ? CRUX_SAMPLE_ONE : (int32_t)any(random, 1 << 12, 1 << 18);
    f->request.tokens = f->tokens;
    struct crux_archive_request request = {.fields = *fields, .tokens = f->tokens};
    assert_int_equal(crux_archive_run(&f->archive, &f->model, &request, NULL), CRUX_OK);
}

void engine_fixture_free(struct engine_fixture *f) {
    crux_archive_free(f->archive);
    crux_committed_model_free(&f->model);
    crux_model_memory_free(&f->memory);
    crux_program_free(&f->program);
}

void engine_pair_open(struct engine_pair *pair, const struct engine_fixture *f, const char *backend,
                      const struct crux_engine_options *options) {
    struct crux_engine_source source = {
        .config = &f->config, .program = &f->program, .memory = &f->memory};
    char what[CRUX_NAME_BYTES];
    enum crux_status status = crux_engine_model_open(&pair->model, &source, backend, what);
    if (status != CRUX_OK) fail_msg("%s: %s", what, crux_status_name(status));
    assert_int_equal(crux_engine_open(&pair->engine, pair->model, options), CRUX_OK);
}

void engine_pair_close(struct engine_pair *pair) {
    crux_engine_close(pair->engine);
    crux_engine_model_close(pair->model);
}

const char *const *engine_backends(size_t *count) {
    enum { MOST = 16 };
    static const char *names[MOST];
    size_t all, here = 0;
    const struct crux_backend *const *list = crux_backend_list(&all);
    for (size_t i = 0; i < all && here < MOST; i++) {
        const char *why = list[i]->unavailable();
        if (why == NULL)
            names[here++] = list[i]->name;
        else
            printf("backend %s skipped: %s\n", list[i]->name, why);
    }
    *count = here;
    return names;
}
