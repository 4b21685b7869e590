/* Every task of every run done once, over many runs of all sizes, by helpers that spin and helpers that slept. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "executor/engine/threads.h"

enum { TASKS = 300, RUNS = 3000 };

struct tally {
    _Atomic uint32_t done[TASKS];
    unsigned threads;
    _Atomic bool bad_thread;
};

static void count(void *ctx, uint32_t task, unsigned thread) {
    struct tally *tally = ctx;
    if (thread >= tally->threads) atomic_store(&tally->bad_thread, true);
    atomic_fetch_add(&tally->done[task], 1);
}

static void test_runs(void **state) {
    static struct tally tally;
    (void)state;
    for (unsigned threads = 1; threads <= 5; threads += 2) {
        struct crux_threads *pool;
        assert_int_equal(crux_threads_open(&pool, threads), CRUX_OK);
        assert_int_equal(crux_threads_count(pool), threads);
        tally.threads = threads;
        for (uint32_t run = 0; run < RUNS; run++) {
            uint32_t tasks = run * 7 % (TASKS + 1);
            memset(tally.done, 0, sizeof tally.done);
            if (run % 500 == 0) /* long enough for helpers to fall asleep */
                (void)nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
            crux_threads_run(pool, count, &tally, tasks);
            for (uint32_t i = 0; i < TASKS; i++)
                assert_int_equal(atomic_load(&tally.done[i]), i < tasks ? 1 : 0);
        }
        assert_false(atomic_load(&tally.bad_thread));
        crux_threads_close(pool);
    }
}

static void test_limits(void **state) {
    struct crux_threads *pool;
    (void)state;
    assert_int_equal(crux_threads_open(&pool, CRUX_THREADS_MAX + 1), CRUX_E_USAGE);
    assert_null(pool);
    assert_int_equal(crux_threads_open(&pool, 0), CRUX_OK);
    assert_int_equal(crux_threads_count(pool), crux_threads_processors());
    crux_threads_close(pool);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_runs), cmocka_unit_test(test_limits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
