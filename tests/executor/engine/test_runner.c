/* The engine against the interpreter: records byte by byte, tokens, claims; and against itself over backends, threads,
 * chunks and batches. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/executor/engine/engine_fixture.h"

enum {
    CONTEXT = 20,
    CASES = CRUX_SANITIZED ? 6 : 24,
    BATCHES = CRUX_SANITIZED ? 4 : 8,
    BATCH = 5,
    STEP_ROWS = 40
};

/* ---- records ---- */

struct watch {
    const struct crux_run *run;
    uint64_t records;
};

static void same_record(void *ctx, const struct crux_engine_sequence *sequence, uint32_t pos,
                        uint32_t layer, const struct crux_tensor *tensors, uint32_t count) {
    struct watch *watch = ctx;
    (void)sequence;
    assert_int_equal(count, watch->run->program->layers[layer].stores);
    for (uint32_t i = 0; i < count; i++) {
        const struct crux_run_record *want = crux_run_record_at(watch->run, pos, layer, i);
        assert_non_null(want);
        assert_memory_equal(tensors[i].elements, want->bytes,
                            (size_t)crux_tensor_bytes(&tensors[i].layout));
        watch->records++;
    }
}

/* ---- one request, alone ---- */

static void same_claim(const struct engine_fixture *f, const struct crux_engine_result *result) {
    const struct crux_run *run = crux_archive_tokens(f->archive);
    uint8_t got[CRUX_CLAIM_BYTES], want[CRUX_CLAIM_BYTES];
    assert_int_equal(result->count, run->chosen);
    assert_memory_equal(result->tokens, run->tokens, run->chosen * sizeof *run->tokens);
    crux_claim_encode(got, &result->claim);
    crux_claim_encode(want, crux_archive_claim(f->archive));
    assert_memory_equal(got, want, sizeof got);
}

static void run_alone(const struct engine_fixture *f, const char *backend, unsigned threads,
                      uint32_t chunk) {
    struct watch watch = {crux_archive_tokens(f->archive), 0};
    struct crux_engine_options options = {
        .threads = threads, .record = same_record, .record_ctx = &watch};
    struct crux_engine_generate_options how = {.chunk = chunk};
    struct crux_engine_result result;
    struct engine_pair pair;
    engine_pair_open(&pair, f, backend, &options);
    assert_int_equal(
        crux_engine_generate(pair.engine, f->model.tree.root, &f->request, &how, &result), CRUX_OK);
    same_claim(f, &result);
    assert_true(watch.records > 0);
    crux_engine_result_free(&result);
    engine_pair_close(&pair);
}

static void run_all_ways(const struct engine_fixture *f) {
    static const uint32_t chunks[] = {0, 1, 7, 64};
    size_t count;
    const char *const *backends = engine_backends(&count);
    for (size_t b = 0; b < count; b++) {
        for (unsigned threads = 1; threads <= 3; threads++) {
            for (size_t c = 0; c < CRUX_ARRAY_LEN(chunks); c++) {
                if (CRUX_SANITIZED && (b + threads + c) % 3 != 0) continue;
                run_alone(f, backends[b], threads, chunks[c]);
            }
        }
    }
}

static void test_random_decoders(void **state) {
    struct crux_random random = {.state = 20260101};
    (void)state;
    for (unsigned i = 0; i < CASES; i++) {
        struct engine_fixture f;
        struct crux_fused_decoder config;
        engine_fixture_random_config(&config, &random, CONTEXT);
        engine_fixture_init(&f, &config, &random);
        uint32_t n = (uint32_t)crux_random_between(&random, 1, CONTEXT);
        engine_fixture_ask(&f, &random, n, CONTEXT,
                           (int32_t)crux_random_between(&random, 0, 2) << 15);
        run_all_ways(&f);
        engine_fixture_free(&f);
    }
}

static void test_tiny(void **state) {
    struct crux_random random = {.state = 7};
    struct crux_fused_decoder config;
    struct engine_fixture f;
    (void)state;
    assert_true(crux_fused_decoder_named(&config, "tiny"));
    engine_fixture_init(&f, &config, &random);
    engine_fixture_ask(&f, &random, 40, 24, 0);
    run_all_ways(&f);
    engine_fixture_ask(&f, &random, 19, 12, 60000);
    run_all_ways(&f);
    engine_fixture_free(&f);
}

/* Enough rows that an expert has many of them, and few enough that some have none. */
static void test_experts(void **state) {
    struct crux_random random = {.state = 17};
    struct crux_fused_decoder config;
    (void)state;
    assert_true(crux_fused_decoder_named(&config, "tiny"));
    config.experts = 16;
    for (config.experts_used = 1; config.experts_used <= 4; config.experts_used += 3) {
        struct engine_fixture f;
        engine_fixture_init(&f, &config, &random);
        engine_fixture_ask(&f, &random, 40, 20, 0);
        run_all_ways(&f);
        engine_fixture_free(&f);
    }
}

/* Local and global blocks, in one layer of the program and each in its own; over several pages too, of which none may be
 * given back, as global blocks see them all. */
static void test_two_kinds_of_blocks(void **state) {
    struct crux_random random = {.state = 23};
    struct crux_fused_decoder config;
    struct engine_fixture f;
    (void)state;
    engine_fixture_two_kinds(&config, 64);
    for (config.blocks_per_layer = 1; config.blocks_per_layer <= 3; config.blocks_per_layer += 2) {
        engine_fixture_init(&f, &config, &random);
        engine_fixture_ask(&f, &random, 20, 8, 30000);
        run_all_ways(&f);
        engine_fixture_free(&f);
    }
    engine_fixture_two_kinds(&config, 200);
    config.window = 65;
    config.width = config.ffn_width = 8;
    config.head_width = 2;
    config.vocab = 9;
    engine_fixture_init(&f, &config, &random);
    engine_fixture_ask(&f, &random, 150, 50, 1 << 15);
    run_alone(&f, "reference", 1, 0);
    run_alone(&f, NULL, 2, 7);
    engine_fixture_free(&f);
}

/* A window narrower than a page, at equal to one, and wider: pages behind it are given back. */
static void test_windows(void **state) {
    static const uint32_t windows[] = {1, 63, 64, 65, 100};
    struct crux_random random = {.state = 11};
    (void)state;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(windows); i++) {
        struct crux_fused_decoder config;
        struct engine_fixture f;
        engine_fixture_random_config(&config, &random, 200);
        config.window = windows[i];
        config.global_every = 0;
        config.blocks = 1;
        config.width = config.ffn_width = 8;
        config.head_width = 2;
        config.vocab = 9;
        engine_fixture_init(&f, &config, &random);
        engine_fixture_ask(&f, &random, 150, 50, 1 << 15);
        run_alone(&f, "reference", 1, 0);
        run_alone(&f, NULL, 2, 7);
        engine_fixture_free(&f);
    }
}

/* ---- in a batch ---- */

struct member {
    struct crux_engine_sequence *sequence;
    struct engine_fixture *f;
    uint32_t next; /* token to be given */
};

static uint32_t token_at(const struct engine_fixture *f, uint32_t pos) {
    const struct crux_run *run = crux_archive_tokens(f->archive);
    return pos < run->n ? f->tokens[pos] : run->tokens[pos - run->n];
}

/* How many rows a member may bring: any number of its request's, one when it decodes. */
static uint32_t offer(const struct member *m, struct crux_random *random) {
    const struct crux_run *run = crux_archive_tokens(m->f->archive);
    uint32_t left = run->positions - m->next;
    if (left == 0 || crux_random_one_in(random, 5)) return 0;
    if (m->next >= run->n) return 1;
    return (uint32_t)crux_random_between(random, 1, run->n - m->next);
}

/* One step with rows of several members, mixed. Returns: rows. */
static uint32_t mixed_step(struct crux_engine *engine, struct member *members,
                           struct crux_random *random) {
    struct crux_engine_row rows[STEP_ROWS];
    uint32_t pos[STEP_ROWS], count = 0, owner[STEP_ROWS];
    uint32_t left[BATCH], all = 0;
    for (unsigned i = 0; i < BATCH; i++) all += left[i] = offer(&members[i], random);
    if (all == 0) return 0;
    while (all > 0 && count < STEP_ROWS) {
        uint32_t who = (uint32_t)crux_random_below(random, BATCH);
        struct member *m = &members[who];
        if (left[who] == 0) continue;
        left[who]--, all--;
        rows[count] = (struct crux_engine_row){m->sequence, token_at(m->f, m->next), NULL, 0};
        owner[count] = who;
        pos[count++] = m->next++;
    }
    assert_int_equal(crux_engine_step(engine, rows, count), CRUX_OK);
    for (uint32_t i = 0; i < count; i++) {
        const struct crux_run *run = crux_archive_tokens(members[owner[i]].f->archive);
        uint32_t want =
            pos[i] + 1 < run->n ? CRUX_ENGINE_NO_TOKEN : run->tokens[pos[i] + 1 - run->n];
        assert_int_equal(rows[i].chosen, want);
    }
    return count;
}

static void run_batch(struct engine_fixture *fixtures, const char *backend, unsigned threads,
                      struct crux_random *random) {
    struct crux_engine_options options = {.threads = threads, .rows = STEP_ROWS};
    struct member members[BATCH] = {{NULL, NULL, 0}};
    struct engine_pair pair;
    uint64_t done = 0, wanted = 0;
    engine_pair_open(&pair, &fixtures[0], backend, &options);
    for (unsigned i = 0; i < BATCH; i++) {
        const struct crux_request *fields = &fixtures[i].request.fields;
        struct crux_engine_ask ask = {.request_tokens = fields->request_tokens,
                                      .sample = fields->sample};
        memcpy(ask.params, fields->param, sizeof ask.params);
        memcpy(ask.seed, fields->seed, sizeof ask.seed);
        members[i].f = &fixtures[i];
        assert_int_equal(crux_engine_sequence_open(&members[i].sequence, pair.engine, &ask),
                         CRUX_OK);
        wanted += crux_archive_tokens(fixtures[i].archive)->positions;
    }
    while (done < wanted) done += mixed_step(pair.engine, members, random);
    for (unsigned i = 0; i < BATCH; i++) {
        const struct crux_claim *claim = crux_archive_claim(fixtures[i].archive);
        uint8_t root[32];
        assert_int_equal(crux_engine_sequence_trace_root(root, members[i].sequence, claim),
                         CRUX_OK);
        assert_memory_equal(root, claim->trace_root, 32);
        crux_engine_sequence_close(members[i].sequence);
    }
    struct crux_engine_figures figures;
    crux_engine_figures(pair.engine, &figures);
    assert_int_equal(figures.rows, wanted);
    assert_int_equal(figures.cache_bytes, 0);
    engine_pair_close(&pair);
}

/* Five requests of one model: the fixtures share program and weights. */
static void test_batches(void **state) {
    struct crux_random random = {.state = 99};
    size_t count;
    const char *const *backends = engine_backends(&count);
    (void)state;
    for (unsigned n = 0; n < BATCHES; n++) {
        struct engine_fixture fixtures[BATCH];
        struct crux_fused_decoder config;
        engine_fixture_random_config(&config, &random, CONTEXT);
        config.head = CRUX_DECODER_SAMPLED;
        if (n % 4 == 1) {
            config.bias = config.post_norms = false;
            config.experts = 5;
            config.experts_used = 2;
        }
        engine_fixture_init(&fixtures[0], &config, &random);
        for (unsigned i = 0; i < BATCH; i++) {
            if (i > 0) fixtures[i] = fixtures[0];
            if (i > 0) fixtures[i].archive = NULL;
            engine_fixture_ask(&fixtures[i], &random,
                               (uint32_t)crux_random_between(&random, 1, CONTEXT),
                               (uint32_t)crux_random_between(&random, 1, CONTEXT),
                               (int32_t)crux_random_between(&random, 0, 2) << 15);
        }
        for (size_t b = 0; b < count; b++) {
            for (unsigned threads = 1; threads <= 3; threads++)
                run_batch(fixtures, backends[b], threads, &random);
        }
        for (unsigned i = 1; i < BATCH; i++) crux_archive_free(fixtures[i].archive);
        engine_fixture_free(&fixtures[0]);
    }
}

/* ---- the edges of the interface ---- */

static bool not_after_two(void *ctx, uint32_t token) {
    unsigned *seen = ctx;
    (void)token;
    return ++*seen < 2;
}

static void test_cancelled(void **state) {
    struct crux_random random = {.state = 3};
    struct crux_fused_decoder config;
    struct engine_fixture f;
    struct engine_pair pair;
    struct crux_engine_result result;
    unsigned seen = 0;
    struct crux_engine_generate_options how = {.token = not_after_two, .ctx = &seen};
    (void)state;
    assert_true(crux_fused_decoder_named(&config, "tiny"));
    engine_fixture_init(&f, &config, &random);
    engine_fixture_ask(&f, &random, 3, 1, 0);
    f.request.fields.limit = 9;
    f.request.fields.stop_count = 0;
    f.request.fields.stop[0] = 0;
    struct crux_archive_request request = {
        .fields = f.request.fields, .tokens = f.tokens, .cancelled = 2};
    crux_archive_free(f.archive);
    assert_int_equal(crux_archive_run(&f.archive, &f.model, &request, NULL), CRUX_OK);
    engine_pair_open(&pair, &f, NULL, NULL);
    assert_int_equal(
        crux_engine_generate(pair.engine, f.model.tree.root, &f.request, &how, &result), CRUX_OK);
    assert_int_equal(result.claim.cancelled, 2);
    same_claim(&f, &result);
    crux_engine_result_free(&result);
    engine_pair_close(&pair);
    engine_fixture_free(&f);
}

static void test_limits(void **state) {
    struct crux_random random = {.state = 5};
    struct crux_fused_decoder config;
    struct engine_fixture f;
    struct engine_pair pair;
    struct crux_engine_options options = {.threads = 1, .rows = 4, .cache_bytes_max = 1};
    struct crux_engine_ask ask = {.request_tokens = 1};
    struct crux_engine_sequence *sequence;
    struct crux_engine_row row = {.token = 1}, five[5];
    char what[CRUX_NAME_BYTES];
    (void)state;
    engine_fixture_random_config(&config, &random, 2);
    engine_fixture_init(&f, &config, &random);
    struct crux_engine_source source = {
        .config = &f.config, .program = &f.program, .memory = &f.memory};

    engine_pair_open(&pair, &f, "reference", &options);
    assert_int_equal(crux_engine_sequence_open(&row.sequence, pair.engine, &ask), CRUX_OK);
    assert_int_equal(crux_engine_step(pair.engine, &row, 1), CRUX_E_OUT_OF_MEMORY);
    assert_int_equal(crux_engine_sequence_positions(row.sequence), 0);
    for (unsigned i = 0; i < 5; i++) five[i] = row;
    assert_int_equal(crux_engine_step(pair.engine, five, 5), CRUX_E_USAGE);
    assert_int_equal(crux_engine_step(pair.engine, five, 0), CRUX_E_USAGE);
    crux_engine_sequence_close(row.sequence);
    ask.request_tokens = 0;
    assert_int_equal(crux_engine_sequence_open(&sequence, pair.engine, &ask),
                     CRUX_E_REQUEST_INVALID);
    ask.request_tokens = 3;
    assert_int_equal(crux_engine_sequence_open(&sequence, pair.engine, &ask),
                     CRUX_E_REQUEST_INVALID);
    engine_pair_close(&pair);

    options.cache_bytes_max = 0;
    engine_pair_open(&pair, &f, "reference", &options);
    ask.request_tokens = 2;
    int32_t *logits = calloc(config.vocab, sizeof *logits);
    assert_non_null(logits);
    assert_int_equal(crux_engine_sequence_open(&row.sequence, pair.engine, &ask), CRUX_OK);
    row.logits = logits;
    assert_int_equal(crux_engine_step(pair.engine, &row, 1), CRUX_OK);
    assert_int_equal(row.chosen, CRUX_ENGINE_NO_TOKEN);
    bool any = false;
    for (uint32_t i = 0; i < config.vocab; i++) any = any || logits[i] != 0;
    assert_true(any);
    row.logits = NULL;
    assert_int_equal(crux_engine_step(pair.engine, &row, 1), CRUX_OK);
    assert_int_not_equal(row.chosen, CRUX_ENGINE_NO_TOKEN);
    assert_int_equal(crux_engine_step(pair.engine, &row, 1), CRUX_E_STEP_OUTSIDE);
    crux_engine_sequence_close(row.sequence);
    free(logits);
    engine_pair_close(&pair);

    struct crux_engine_model *model;
    assert_int_equal(crux_engine_model_open(&model, &source, "no such", what), CRUX_E_UNKNOWN_NAME);
    f.config.context++;
    assert_int_equal(crux_engine_model_open(&model, &source, NULL, what), CRUX_E_BAD_LAYOUT);
    f.config.context--;
    f.config.ffn_width++;
    assert_int_equal(crux_engine_model_open(&model, &source, NULL, what), CRUX_E_BAD_LAYOUT);
    assert_null(model);
    engine_fixture_free(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_decoders), cmocka_unit_test(test_tiny),
        cmocka_unit_test(test_experts),         cmocka_unit_test(test_two_kinds_of_blocks),
        cmocka_unit_test(test_windows),         cmocka_unit_test(test_batches),
        cmocka_unit_test(test_cancelled),       cmocka_unit_test(test_limits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
