/* Runs that begin behind others: every leaf and chosen token is that of a run from the first position. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "tests/executor/engine/engine_fixture.h"

enum { CONTEXT = 200, CASES = 24, STEP_ROWS = 50 };

static uint32_t any(struct crux_random *random, uint32_t lo, uint32_t hi) {
    return (uint32_t)crux_random_between(random, lo, hi);
}

/* Steps up to `end`. Out: chosen, of each position. */
static void feed(struct crux_engine *engine, struct crux_engine_sequence *sequence,
                 const uint32_t *tokens, uint32_t end, uint32_t *chosen) {
    struct crux_engine_row rows[STEP_ROWS];
    for (uint32_t first; (first = crux_engine_sequence_positions(sequence)) < end;) {
        uint32_t count = end - first < STEP_ROWS ? end - first : STEP_ROWS;
        for (uint32_t i = 0; i < count; i++)
            rows[i] = (struct crux_engine_row){.sequence = sequence, .token = tokens[first + i]};
        assert_int_equal(crux_engine_step(engine, rows, count), CRUX_OK);
        for (uint32_t i = 0; i < count; i++) chosen[first + i] = rows[i].chosen;
    }
}

static void any_ask(struct crux_engine_ask *ask, struct crux_random *random, uint32_t n) {
    *ask = (struct crux_engine_ask){.request_tokens = n};
    ask->params[CRUX_SAMPLE_TEMPERATURE] = (int32_t)any(random, 0, 2) << 15;
    ask->params[CRUX_SAMPLE_TOP_P] = CRUX_SAMPLE_ONE;
    ask->params[CRUX_SAMPLE_PENALTY] = 1 << 17; /* looks back on tokens that were not computed */
    for (unsigned i = 0; i < sizeof ask->seed; i++)
        ask->seed[i] = (uint8_t)crux_random_next(random);
}

/* A run of these tokens behind `from`, and one from the first position. */
static void compare(struct crux_engine *engine, const struct crux_engine_sequence *from,
                    const uint32_t *tokens, uint32_t end, uint32_t behind,
                    const struct crux_engine_ask *ask) {
    struct crux_engine_sequence *plain, *begun;
    uint32_t chosen[2][CONTEXT] = {{0}};
    uint64_t count[2];
    assert_int_equal(crux_engine_sequence_open_behind(&begun, from, ask, behind), CRUX_OK);
    assert_int_equal(crux_engine_sequence_open(&plain, engine, ask), CRUX_OK);
    assert_int_equal(crux_engine_sequence_positions(begun), behind);
    feed(engine, plain, tokens, end, chosen[0]);
    feed(engine, begun, tokens, end, chosen[1]);
    assert_memory_equal(chosen[0] + behind, chosen[1] + behind, (end - behind) * sizeof **chosen);
    const uint8_t(*want)[32] = crux_engine_sequence_leaves(plain, &count[0]);
    const uint8_t(*got)[32] = crux_engine_sequence_leaves(begun, &count[1]);
    assert_int_equal(count[0], count[1]);
    assert_memory_equal(want, got, count[0] * sizeof *want);
    struct crux_claim claim = {.request_tokens = ask->request_tokens,
                               .chosen_tokens = end - ask->request_tokens + 1};
    uint8_t root[2][32];
    assert_int_equal(crux_engine_sequence_trace_root(root[0], plain, &claim), CRUX_OK);
    assert_int_equal(crux_engine_sequence_trace_root(root[1], begun, &claim), CRUX_OK);
    assert_memory_equal(root[0], root[1], sizeof *root);
    crux_engine_sequence_close(plain);
    crux_engine_sequence_close(begun);
}

/* Without a window everything stays; behind one, only what the source's last position sees is sure to. */
static uint32_t must_have(const struct crux_fused_decoder *config, uint32_t common,
                          uint32_t positions) {
    uint32_t first_kept = positions + 1 > config->window ? positions + 1 - config->window : 0,
             first_seen = common + 1 > config->window ? common + 1 - config->window : 0;
    bool all_windows =
        config->window > 0 && (config->global_every == 0 || config->global_every > config->blocks);
    return all_windows && first_seen / CRUX_ENGINE_CACHE_POSITIONS <
                              first_kept / CRUX_ENGINE_CACHE_POSITIONS
               ? 0
               : common;
}

/* Returns: whether a beginning was there but is gone. */
static bool one(const struct engine_fixture *f, struct crux_engine *engine,
                struct crux_random *random) {
    uint32_t tokens[CONTEXT], chosen[CONTEXT], positions = any(random, 1, CONTEXT),
                                               same = any(random, 0, CONTEXT), n, end, expected;
    struct crux_engine_sequence *from, *refused;
    struct crux_engine_ask ask;
    for (uint32_t i = 0; i < CONTEXT; i++) tokens[i] = any(random, 0, f->config.vocab - 1);
    any_ask(&ask, random, any(random, 1, CONTEXT));
    assert_int_equal(crux_engine_sequence_open(&from, engine, &ask), CRUX_OK);
    feed(engine, from, tokens, positions, chosen);
    if (crux_random_one_in(random, 2)) {
        crux_engine_sequence_rest(from);
        assert_int_equal(crux_engine_step(engine, &(struct crux_engine_row){.sequence = from}, 1),
                         CRUX_E_USAGE);
    }
    for (uint32_t i = same; i < CONTEXT; i++) tokens[i] = (tokens[i] + 1) % f->config.vocab;
    n = any(random, 1, CONTEXT);
    end = any(random, n, CONTEXT);
    any_ask(&ask, random, n);
    expected = same < positions ? same : positions;
    if (expected > n - 1) expected = n - 1;
    uint32_t common = crux_engine_sequence_common(from, tokens, n, 0);
    assert_int_equal(common, must_have(&f->config, expected, positions));
    if (common > 0) {
        assert_int_equal(crux_engine_sequence_common(from, tokens, n, common - 1), common);
        assert_int_equal(crux_engine_sequence_common(from, tokens, n, common), 0);
        compare(engine, from, tokens, end, common, &ask);
    }
    if (common < expected)
        assert_int_equal(crux_engine_sequence_open_behind(&refused, from, &ask, expected),
                         CRUX_E_STEP_OUTSIDE);
    assert_int_equal(crux_engine_sequence_open_behind(&refused, from, &ask, n),
                     CRUX_E_STEP_OUTSIDE);
    crux_engine_sequence_close(from);
    return common < expected;
}

static void test_behind(void **state) {
    static const uint32_t windows[] = {0, 1, 20, 64, 65, 130};
    struct crux_random random = {.state = 99};
    unsigned gone = 0;
    (void)state;
    for (unsigned i = 0; i < CASES; i++) {
        struct crux_engine_options options = {.threads = 1 + i % 3};
        struct crux_fused_decoder config;
        struct engine_fixture f;
        struct engine_pair pair;
        engine_fixture_random_config(&config, &random, CONTEXT);
        config.window = windows[i % CRUX_ARRAY_LEN(windows)];
        config.global_every = config.window == 0 || i % 2 == 0 ? 0 : 2;
        if (config.window == 0) config.rope_local_base = 0;
        if (config.vocab < 2) config.vocab = 2;
        engine_fixture_init(&f, &config, &random);
        engine_pair_open(&pair, &f, NULL, &options);
        for (unsigned j = 0; j < 8; j++) gone += one(&f, pair.engine, &random);
        struct crux_engine_figures figures;
        crux_engine_figures(pair.engine, &figures);
        assert_int_equal(figures.cache_bytes, 0);
        assert_int_equal(figures.resting_bytes, 0);
        engine_pair_close(&pair);
        engine_fixture_free(&f);
    }
    assert_true(gone > 0);
}

/* What several hold counts once, and what is being tried is nobody's beginning. */
static void test_shares(void **state) {
    struct crux_random random = {.state = 3};
    struct crux_fused_decoder config;
    struct engine_fixture f;
    struct engine_pair pair;
    struct crux_engine_sequence *from, *begun;
    struct crux_engine_figures figures;
    struct crux_engine_ask ask;
    uint32_t tokens[CONTEXT], chosen[CONTEXT];
    (void)state;
    engine_fixture_random_config(&config, &random, CONTEXT);
    config.window = 0;
    engine_fixture_init(&f, &config, &random);
    engine_pair_open(&pair, &f, NULL, NULL);
    uint64_t page = crux_engine_cache_bytes(pair.engine, 1);
    for (uint32_t i = 0; i < CONTEXT; i++) tokens[i] = any(&random, 0, f.config.vocab - 1);
    any_ask(&ask, &random, CONTEXT);
    assert_int_equal(crux_engine_sequence_open(&from, pair.engine, &ask), CRUX_OK);
    feed(pair.engine, from, tokens, 100, chosen);
    crux_engine_sequence_try(from);
    feed(pair.engine, from, tokens, 110, chosen);
    assert_int_equal(crux_engine_sequence_common(from, tokens, CONTEXT, 0), 100);
    crux_engine_sequence_keep(from, 105);
    assert_int_equal(crux_engine_sequence_common(from, tokens, CONTEXT, 0), 105);
    crux_engine_sequence_rest(from);
    assert_int_equal(crux_engine_sequence_open_behind(&begun, from, &ask, 105), CRUX_OK);
    crux_engine_figures(pair.engine, &figures);
    assert_int_equal(figures.cache_bytes, 3 * page); /* the whole one is shared */
    assert_int_equal(figures.resting_bytes, 2 * page);
    crux_engine_sequence_close(from);
    crux_engine_figures(pair.engine, &figures);
    assert_int_equal(figures.cache_bytes, 2 * page);
    assert_int_equal(figures.resting_bytes, 0);
    crux_engine_sequence_close(begun);
    engine_pair_close(&pair);
    engine_fixture_free(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_behind),
        cmocka_unit_test(test_shares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
