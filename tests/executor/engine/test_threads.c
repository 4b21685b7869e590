/* Every task of every run done once, over many runs of all sizes, by helpers that spin and helpers that slept; every
 * errand done once, between and beside the runs. */
#define _GNU_SOURCE /* sched_getaffinity */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "executor/engine/processors.h"
#include "executor/engine/threads.h"

enum { TASKS = 300, RUNS = 3000 };

struct tally {
    _Atomic uint32_t done[TASKS];
    unsigned threads;
    uint32_t first; /* errand of the round */
    _Atomic bool bad_thread;
};

static void count(void *ctx, uint32_t task, unsigned thread) {
    struct tally *tally = ctx;
    if (thread >= tally->threads) atomic_store(&tally->bad_thread, true);
    atomic_fetch_add(&tally->done[task], 1);
}

static void count_errand(void *ctx, uint32_t errand, unsigned thread) {
    struct tally *tally = ctx;
    if (thread >= tally->threads) atomic_store(&tally->bad_thread, true);
    atomic_fetch_add(&tally->done[errand - tally->first], 1);
}

static void test_runs(void **state) {
    static struct tally tally;
    (void)state;
    for (unsigned threads = 1; threads <= 5; threads += 2) {
        struct crux_threads *pool;
        assert_int_equal(crux_threads_open(&pool, threads, NULL), CRUX_OK);
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

/* Errands read what was written before they were posted, and all are done when they are said to be. */
static void test_errands(void **state) {
    enum { MOST = 40 };
    static struct tally tally, errands;
    (void)state;
    for (unsigned threads = 1; threads <= 5; threads += 2) {
        struct crux_threads *pool;
        uint32_t number = 0;
        assert_int_equal(crux_threads_open(&pool, threads, NULL), CRUX_OK);
        tally.threads = errands.threads = threads;
        crux_threads_errands(pool, count_errand, &errands);
        for (uint32_t round = 0; round < RUNS; round++) {
            uint32_t first = round * 11 % MOST, second = round * 5 % 3;
            memset(tally.done, 0, sizeof tally.done);
            memset(errands.done, 0, sizeof errands.done);
            errands.first = number;
            if (round % 500 == 0) (void)nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
            crux_threads_post(pool, first);
            crux_threads_run(pool, count, &tally, 7);
            crux_threads_post(pool, second);
            crux_threads_run(pool, count, &tally, 7);
            crux_threads_finish(pool);
            number += first + second;
            for (uint32_t i = 0; i < TASKS; i++) {
                assert_int_equal(atomic_load(&errands.done[i]), i < first + second ? 1 : 0);
                assert_int_equal(atomic_load(&tally.done[i]), i < 7 ? 2 : 0);
            }
        }
        assert_false(atomic_load(&tally.bad_thread) || atomic_load(&errands.bad_thread));
        crux_threads_close(pool);
    }
}

/* Returns: processors on which the calling thread may run. */
static int free_to_run_on(void) {
    cpu_set_t set;
    assert_int_equal(sched_getaffinity(0, sizeof set, &set), 0);
    return CPU_COUNT(&set);
}

/* Held threads do their work too, and the caller is as free afterwards as it was. */
static void test_pins(void **state) {
    static const char *const wrong[] = {"",   "core", "0,", ",0",   "1-0",
                                        "0-", "-1",   "0 ", "1023", "99999999999"};
    static struct tally tally;
    unsigned list[CRUX_PROCESSORS_MAX], before[CRUX_PROCESSORS_MAX], cores, processors;
    (void)state;
    assert_int_equal(crux_processors_choose(list, &cores, "none"), CRUX_OK);
    assert_int_equal(cores, 0);
    assert_int_equal(crux_processors_choose(list, &cores, NULL), CRUX_OK);
    assert_int_equal(cores, 0);
    assert_int_equal(crux_processors_choose(before, &processors, "cores"), CRUX_OK);
    assert_true(processors >= 1 && crux_processors_cores() >= 1);
    for (size_t i = 0; i < CRUX_ARRAY_LEN(wrong); i++)
        assert_int_equal(crux_processors_choose(list, &cores, wrong[i]), CRUX_E_USAGE);
    int before_count = free_to_run_on();
    char one[16];
    (void)snprintf(one, sizeof one, "%u", before[processors - 1]);
    for (unsigned threads = 1; threads <= 3; threads++) {
        const char *const pins[] = {"cores", one};
        for (size_t p = 0; p < CRUX_ARRAY_LEN(pins); p++) {
            struct crux_threads *pool;
            assert_int_equal(crux_threads_open(&pool, threads, pins[p]), CRUX_OK);
            assert_int_equal(free_to_run_on(), 1);
            memset(tally.done, 0, sizeof tally.done);
            tally.threads = threads;
            for (uint32_t run = 0; run < 100; run++) crux_threads_run(pool, count, &tally, TASKS);
            for (uint32_t i = 0; i < TASKS; i++) assert_int_equal(atomic_load(&tally.done[i]), 100);
            crux_threads_close(pool);
            assert_int_equal(free_to_run_on(), before_count);
        }
    }
    struct crux_threads *pool;
    assert_int_equal(crux_threads_open(&pool, 1, "0,,1"), CRUX_E_USAGE);
    assert_null(pool);
}

static void test_limits(void **state) {
    struct crux_threads *pool;
    (void)state;
    assert_int_equal(crux_threads_open(&pool, CRUX_THREADS_MAX + 1, NULL), CRUX_E_USAGE);
    assert_null(pool);
    assert_int_equal(crux_threads_open(&pool, 0, NULL), CRUX_OK);
    assert_int_equal(crux_threads_count(pool), crux_threads_default());
    crux_threads_close(pool);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_runs), cmocka_unit_test(test_errands),
                                       cmocka_unit_test(test_pins), cmocka_unit_test(test_limits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
