/* Guessed tokens: whatever is guessed, tokens, claim and trace are those of the interpreter, and of a run without. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "executor/engine/speculate.h"
#include "tests/executor/engine/engine_fixture.h"

enum { CONTEXT = 40, CASES = CRUX_SANITIZED ? 5 : 16 };

/* ---- the guess ---- */

static void test_lookup(void **state) {
    static const uint32_t text[] = {1, 2, 3, 4, 5, 9, 3, 4, 6, 7, 2, 3, 4};
    static const uint32_t loop[] = {8, 5, 6, 7, 5, 6, 7, 5, 6};
    uint32_t draft[CRUX_SPECULATE_DRAFT_MAX], match;
    (void)state;
    /* the longest: 2 3 4, and not the later 3 4 */
    assert_int_equal(crux_speculate_lookup(draft, &match, 3, text, 13), 3);
    assert_memory_equal(draft, ((uint32_t[]){5, 9, 3}), 12);
    assert_int_equal(match, 3);
    /* of equally long ones the latest: 3 4 */
    assert_int_equal(
        crux_speculate_lookup(draft, &match, 1, (uint32_t[]){3, 4, 5, 3, 4, 6, 3, 4}, 8), 1);
    assert_int_equal(draft[0], 6);
    /* beyond the end it repeats */
    assert_int_equal(crux_speculate_lookup(draft, &match, 7, loop, 9), 7);
    assert_memory_equal(draft, ((uint32_t[]){7, 5, 6, 7, 5, 6, 7}), 28);
    /* one token alike is no match, and too little text none */
    assert_int_equal(crux_speculate_lookup(draft, &match, 7, (uint32_t[]){1, 2, 3, 2}, 4), 0);
    for (uint32_t count = 0; count < 3; count++)
        assert_int_equal(crux_speculate_lookup(draft, &match, 7, (uint32_t[]){4, 4, 4}, count), 0);
    assert_int_equal(crux_speculate_lookup(draft, &match, 2, (uint32_t[]){4, 4, 4}, 3), 2);
}

/* Guesses that are always wrong are made ever more rarely; those that are right bring them back, and each length of match
 * has its own trust. */
static void test_length(void **state) {
    struct crux_speculate speculate;
    uint32_t drafts = 0, length = 0, untouched;
    (void)state;
    crux_speculate_init(&speculate);
    untouched = crux_speculate_length(&speculate, 4);
    assert_true(untouched > 0);
    for (uint32_t tokens = 0; tokens < 1000; tokens++) {
        length = crux_speculate_length(&speculate, 3);
        assert_true(length <= CRUX_SPECULATE_DRAFT_MAX);
        if (length == 0) continue;
        crux_speculate_learn(&speculate, 3, length, 0);
        drafts += length;
    }
    assert_true(drafts > 2 && drafts < 150);
    assert_int_equal(crux_speculate_length(&speculate, 4), untouched);
    for (unsigned i = 0; i < 1000; i++) {
        length = crux_speculate_length(&speculate, 3);
        if (length > 0) crux_speculate_learn(&speculate, 3, length, length);
    }
    assert_int_equal(length, CRUX_SPECULATE_DRAFT_MAX);
}

/* ---- runs ---- */

/* Guesses from the answer itself, of which `wrong` in 8 are spoilt. */
struct oracle {
    const struct crux_run *run;
    struct crux_random random;
    uint32_t wrong, vocab;
    uint32_t cancel_after; /* tokens; 0: never */
    uint32_t tokens;
};

static uint32_t from_answer(void *ctx, uint32_t *draft, uint32_t most, uint32_t count) {
    struct oracle *oracle = ctx;
    assert_true(most <= CRUX_SPECULATE_DRAFT_MAX);
    for (uint32_t i = 0; i < most; i++) {
        /* beyond the answer anything, also what is no token */
        draft[i] = count + i < oracle->run->chosen ? oracle->run->tokens[count + i]
                                                   : (uint32_t)crux_random_next(&oracle->random);
        if (crux_random_between(&oracle->random, 0, 7) < oracle->wrong)
            draft[i] = (draft[i] + 1) % oracle->vocab;
    }
    return most;
}

static bool not_cancelled(void *ctx, uint32_t token) {
    struct oracle *oracle = ctx;
    assert_int_equal(token, oracle->run->tokens[oracle->tokens]);
    return ++oracle->tokens != oracle->cancel_after;
}

static void same_claim(const struct engine_fixture *f, const struct crux_engine_result *result) {
    const struct crux_run *run = crux_archive_tokens(f->archive);
    uint8_t got[CRUX_CLAIM_BYTES], want[CRUX_CLAIM_BYTES];
    assert_int_equal(result->count, run->chosen);
    assert_memory_equal(result->tokens, run->tokens, run->chosen * sizeof *run->tokens);
    crux_claim_encode(got, &result->claim);
    crux_claim_encode(want, crux_archive_claim(f->archive));
    assert_memory_equal(got, want, sizeof got);
}

/* Out: result, whose tokens are freed already; and what the engine counted. */
static void run(const struct engine_fixture *f, const struct crux_engine_options *options,
                const struct crux_engine_generate_options *how, struct crux_engine_result *result) {
    struct crux_engine_figures figures;
    struct engine_pair pair;
    engine_pair_open(&pair, f, NULL, options);
    assert_int_equal(
        crux_engine_generate(pair.engine, f->model.tree.root, &f->request, how, result), CRUX_OK);
    same_claim(f, result);
    crux_engine_figures(pair.engine, &figures);
    /* rows taken back do not count */
    assert_int_equal(figures.rows, f->request.fields.request_tokens + result->count - 1);
    assert_int_equal(figures.saturated, result->saturated);
    assert_int_equal(figures.cache_bytes, 0);
    struct crux_engine_result figures_of = *result;
    crux_engine_result_free(result);
    *result = figures_of;
    result->tokens = NULL;
    engine_pair_close(&pair);
}

static uint32_t run_guessed(const struct engine_fixture *f, uint32_t wrong, unsigned threads,
                            uint32_t rows, uint64_t saturated) {
    struct oracle oracle = {.run = crux_archive_tokens(f->archive),
                            .random = {.state = wrong + rows},
                            .wrong = wrong,
                            .vocab = f->config.vocab};
    struct crux_engine_generate_options how = {.speculate = CRUX_ENGINE_SPECULATE_ON,
                                               .draft = from_answer,
                                               .token = not_cancelled,
                                               .ctx = &oracle};
    struct crux_engine_options options = {.threads = threads, .rows = rows};
    struct crux_engine_result result;
    run(f, &options, &how, &result);
    assert_int_equal(result.saturated, saturated);
    assert_true(result.accepted <= result.drafted);
    if (wrong == 0 && rows > 1 && oracle.run->chosen > 2) assert_true(result.accepted > 0);
    return result.accepted;
}

/* Returns: tokens that were guessed right from the text. */
static uint32_t run_all_ways(const struct engine_fixture *f) {
    static const uint32_t wrong[] = {0, 1, 4, 8}, rows[] = {1, 2, 5, 64};
    struct crux_engine_generate_options how = {.speculate = CRUX_ENGINE_SPECULATE_OFF};
    struct crux_engine_result plain, on, automatic;
    run(f, NULL, &how, &plain);
    assert_int_equal(plain.drafted, 0);
    for (size_t w = 0; w < CRUX_ARRAY_LEN(wrong); w++) {
        for (size_t r = 0; r < CRUX_ARRAY_LEN(rows); r++)
            (void)run_guessed(f, wrong[w], 1 + (unsigned)(w + r) % 3, rows[r], plain.saturated);
    }
    how.speculate = CRUX_ENGINE_SPECULATE_ON;
    run(f, NULL, &how, &on);
    how.speculate = CRUX_ENGINE_SPECULATE_AUTO;
    run(f, NULL, &how, &automatic);
    assert_int_equal(on.saturated, plain.saturated);
    return on.accepted + automatic.accepted;
}

/* Limits, stops and the end of the context fall inside drafts. */
static void test_random_decoders(void **state) {
    struct crux_random random = {.state = 20260202};
    uint32_t accepted = 0;
    (void)state;
    for (unsigned i = 0; i < CASES; i++) {
        struct engine_fixture f;
        struct crux_fused_decoder config;
        engine_fixture_random_config(&config, &random, CONTEXT);
        if (i % 4 == 0) config.vocab = 2; /* repeats itself */
        engine_fixture_init(&f, &config, &random);
        uint32_t n = (uint32_t)crux_random_between(&random, 1, i % 8 == 1 ? CONTEXT : 12);
        uint32_t limit = (uint32_t)crux_random_between(&random, 1, 2 * CONTEXT);
        engine_fixture_ask(&f, &random, n, limit,
                           (int32_t)crux_random_between(&random, 0, 2) << 15);
        accepted += run_all_ways(&f);
        engine_fixture_free(&f);
    }
    assert_true(accepted > 0);
}

/* Pages behind a window are not given back while a draft may be; traces of several subtrees. */
static void test_windows(void **state) {
    static const uint32_t windows[] = {1, 64, 65};
    struct crux_random random = {.state = 12};
    (void)state;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(windows); i++) {
        struct crux_fused_decoder config;
        struct engine_fixture f;
        engine_fixture_random_config(&config, &random, 200);
        config.window = windows[i];
        config.global_every = 0;
        config.blocks = 3;
        config.blocks_per_layer = 1;
        config.width = config.ffn_width = 8;
        config.head_width = 2;
        config.vocab = 9;
        engine_fixture_init(&f, &config, &random);
        do {
            engine_fixture_ask(&f, &random, 20, 200, 1 << 16);
        } while (crux_archive_tokens(f.archive)->chosen < 100);
        (void)run_all_ways(&f);
        engine_fixture_free(&f);
    }
}

static void test_cancelled(void **state) {
    struct crux_random random = {.state = 31};
    struct crux_fused_decoder config;
    struct engine_fixture f;
    struct crux_engine_result result;
    (void)state;
    assert_true(crux_fused_decoder_named(&config, "tiny"));
    engine_fixture_init(&f, &config, &random);
    engine_fixture_ask(&f, &random, 5, 20, 0);
    f.request.fields.stop_count = 0;
    f.request.fields.stop[0] = 0;
    for (uint32_t after = 1; after <= 12; after++) {
        struct crux_archive_request request = {
            .fields = f.request.fields, .tokens = f.tokens, .cancelled = after};
        crux_archive_free(f.archive);
        assert_int_equal(crux_archive_run(&f.archive, &f.model, &request, NULL), CRUX_OK);
        struct oracle oracle = {
            .run = crux_archive_tokens(f.archive), .vocab = config.vocab, .cancel_after = after};
        struct crux_engine_generate_options how = {.speculate = CRUX_ENGINE_SPECULATE_ON,
                                                   .draft = from_answer,
                                                   .token = not_cancelled,
                                                   .ctx = &oracle};
        run(&f, NULL, &how, &result);
        assert_int_equal(result.claim.cancelled, after);
    }
    engine_fixture_free(&f);
}

/* A cache with room for the answer and for no draft beyond its page: steps of one row instead. */
static void test_little_memory(void **state) {
    struct crux_random random = {.state = 77};
    struct crux_fused_decoder config;
    struct engine_fixture f;
    struct engine_pair pair;
    struct crux_engine_figures figures;
    struct crux_engine_sequence *sequence;
    struct crux_engine_ask ask = {.request_tokens = 1};
    struct crux_engine_result result;
    (void)state;
    assert_true(crux_fused_decoder_named(&config, "tiny"));
    config.context = 100;
    config.vocab = 30;
    engine_fixture_init(&f, &config, &random);
    engine_fixture_ask(&f, &random, 40, 80, 1 << 16);
    f.request.fields.stop_count = 0;
    f.request.fields.stop[0] = 0;
    f.request.fields.limit = 60;
    struct crux_archive_request request = {
        .fields = f.request.fields, .tokens = f.tokens, .cancelled = 24}; /* positions 0 to 62 */
    crux_archive_free(f.archive);
    assert_int_equal(crux_archive_run(&f.archive, &f.model, &request, NULL), CRUX_OK);
    engine_pair_open(&pair, &f, NULL, NULL);
    assert_int_equal(crux_engine_sequence_open(&sequence, pair.engine, &ask), CRUX_OK);
    struct crux_engine_row row = {.sequence = sequence};
    assert_int_equal(crux_engine_step(pair.engine, &row, 1), CRUX_OK);
    crux_engine_figures(pair.engine, &figures);
    crux_engine_sequence_close(sequence);
    engine_pair_close(&pair);
    struct oracle oracle = {
        .run = crux_archive_tokens(f.archive), .vocab = config.vocab, .cancel_after = 24};
    struct crux_engine_generate_options how = {.speculate = CRUX_ENGINE_SPECULATE_ON,
                                               .draft = from_answer,
                                               .token = not_cancelled,
                                               .ctx = &oracle};
    struct crux_engine_options options = {.cache_bytes_max = figures.cache_bytes};
    run(&f, &options, &how, &result);
    engine_fixture_free(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lookup),    cmocka_unit_test(test_length),
        cmocka_unit_test(test_windows),   cmocka_unit_test(test_random_decoders),
        cmocka_unit_test(test_cancelled), cmocka_unit_test(test_little_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
