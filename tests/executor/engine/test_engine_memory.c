/* Memory of the engine: none is asked for from one step to the next, and where there is none, the call says so and gives
 * back what it held. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "tests/executor/engine/engine_fixture.h"
#include "tests/support/failing_malloc.h"

/* PROMPT is more than one page of the cache. A list that has grown for the first step after it has room for others. */
enum { CONTEXT = 160, PROMPT = 80, FIRST = PROMPT + 2, LAST = 128 };

static struct engine_fixture f;

static enum crux_status step(struct crux_engine *engine, struct crux_engine_sequence *sequence,
                             uint32_t first, uint32_t count) {
    struct crux_engine_row rows[PROMPT];
    for (uint32_t i = 0; i < count; i++)
        rows[i] = (struct crux_engine_row){sequence, (first + i) * 7 % f.config.vocab, NULL, 0};
    return crux_engine_step(engine, rows, count);
}

static void test_steps_allocate_nothing(void **state) {
    (void)state;
    for (unsigned threads = 1; threads <= 3; threads++) {
        struct crux_engine_options options = {.threads = threads, .rows = PROMPT};
        struct crux_engine_ask ask = {.request_tokens = PROMPT};
        struct crux_engine_sequence *sequence;
        struct engine_pair pair;
        engine_pair_open(&pair, &f, NULL, &options);
        assert_int_equal(crux_engine_sequence_open(&sequence, pair.engine, &ask), CRUX_OK);
        assert_int_equal(step(pair.engine, sequence, 0, PROMPT), CRUX_OK);
        for (uint32_t pos = PROMPT; pos < FIRST; pos++)
            assert_int_equal(step(pair.engine, sequence, pos, 1), CRUX_OK);
        failing_malloc_arm(0);
        for (uint32_t pos = FIRST; pos < LAST; pos += 2) {
            assert_int_equal(step(pair.engine, sequence, pos, 1), CRUX_OK);
            assert_int_equal(step(pair.engine, sequence, pos + 1, 1), CRUX_OK);
        }
        assert_false(failing_malloc_disarm());
        failing_malloc_arm(0); /* a page of the cache begins here */
        assert_int_equal(step(pair.engine, sequence, LAST, 1), CRUX_E_OUT_OF_MEMORY);
        assert_true(failing_malloc_disarm());
        assert_int_equal(crux_engine_sequence_positions(sequence), LAST);
        assert_int_equal(step(pair.engine, sequence, LAST, 1), CRUX_OK);
        crux_engine_sequence_close(sequence);
        engine_pair_close(&pair);
    }
}

/* Opens all, runs a few steps, closes all. */
static enum crux_status run(void) {
    struct crux_engine_source source = {
        .config = &f.config, .program = &f.program, .memory = &f.memory};
    struct crux_engine_options options = {.threads = 2, .rows = 16};
    struct crux_engine_ask ask = {.request_tokens = 16};
    struct crux_engine_model *model = NULL;
    struct crux_engine *engine = NULL;
    struct crux_engine_sequence *sequence = NULL;
    enum crux_status status = crux_engine_model_open(&model, &source, "reference", NULL);
    if (status == CRUX_OK) status = crux_engine_open(&engine, model, &options);
    if (status == CRUX_OK) status = crux_engine_sequence_open(&sequence, engine, &ask);
    for (uint32_t pos = 0; pos < 80 && status == CRUX_OK; pos += 16)
        status = step(engine, sequence, pos, 16);
    if (status == CRUX_OK) status = step(engine, sequence, 80, 1);
    crux_engine_sequence_close(sequence);
    crux_engine_close(engine);
    crux_engine_model_close(model);
    return status;
}

static void test_every_allocation_fails(void **state) {
    size_t refused = 0;
    (void)state;
    for (size_t nth = 0;; nth++) {
        long live = failing_malloc_live();
        failing_malloc_arm(nth);
        enum crux_status status = run();
        bool failed = failing_malloc_disarm();
        assert_int_equal(failing_malloc_live(), live);
        if (!failed) {
            assert_int_equal(status, CRUX_OK);
            break;
        }
        refused += status == CRUX_E_OUT_OF_MEMORY;
        /* a page that cannot be listed for the next sequence is freed instead */
        if (status != CRUX_OK) assert_int_equal(status, CRUX_E_OUT_OF_MEMORY);
    }
    assert_true(refused >= 40);
}

static int setup(void **state) {
    struct crux_random random = {.state = 21};
    struct crux_fused_decoder config;
    (void)state;
    engine_fixture_random_config(&config, &random, CONTEXT);
    config.window = 0;
    engine_fixture_init(&f, &config, &random);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    engine_fixture_free(&f);
    assert_int_equal(failing_malloc_live(), 0);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_steps_allocate_nothing),
                                       cmocka_unit_test(test_every_allocation_fails)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
