#include "executor/engine/threads.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "executor/engine/processors.h"

enum {
    INDEX_BITS = 20,
    SPINS = 4000,     /* about 50 us of pauses before a helper sleeps */
    SPINS_MASTER = 64 /* before the caller yields: a helper may have lost its core */
};

#define INDEX_MASK ((UINT64_C(1) << INDEX_BITS) - 1)

/* The run in progress is one word, | run number | tasks | next task |, taken by compare and swap: a helper that was
 * away for long can take a task of a later run, but never a task twice. */
struct crux_threads {
    _Atomic uint64_t ticket;
    _Atomic uint32_t done;
    crux_threads_task *task; /* written only when every task of the run before is done */
    void *ctx;
    crux_threads_task *errand; /* written before the first one is posted */
    void *errand_ctx;
    _Atomic uint64_t posted, taken, finished; /* errands; never reset */
    unsigned count;
    _Atomic uint32_t sleeping;
    _Atomic bool closing;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct helper {
        struct crux_threads *threads;
        pthread_t id;
        unsigned number, processor;
    } * helper; /* count, the first is the caller */
    unsigned started;
    bool pinned;
    void *caller_held;
};

static void rest(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

static uint32_t next_of(uint64_t ticket) {
    return (uint32_t)(ticket & INDEX_MASK);
}
static uint32_t tasks_of(uint64_t ticket) {
    return (uint32_t)(ticket >> INDEX_BITS & INDEX_MASK);
}

/* Returns: false if there is no task left to take. */
static bool take_one(struct crux_threads *threads, unsigned number) {
    uint64_t ticket = atomic_load_explicit(&threads->ticket, memory_order_acquire);
    do {
        if (next_of(ticket) >= tasks_of(ticket)) return false;
    } while (!atomic_compare_exchange_weak_explicit(&threads->ticket, &ticket, ticket + 1,
                                                    memory_order_acq_rel, memory_order_acquire));
    threads->task(threads->ctx, next_of(ticket), number);
    atomic_fetch_add_explicit(&threads->done, 1, memory_order_release);
    return true;
}

/* Returns: false if there is no errand left to take. */
static bool take_errand(struct crux_threads *threads, unsigned number) {
    uint64_t taken = atomic_load_explicit(&threads->taken, memory_order_relaxed);
    do {
        if (taken >= atomic_load_explicit(&threads->posted, memory_order_acquire)) return false;
    } while (!atomic_compare_exchange_weak_explicit(&threads->taken, &taken, taken + 1,
                                                    memory_order_relaxed, memory_order_relaxed));
    threads->errand(threads->errand_ctx, (uint32_t)taken, number);
    atomic_fetch_add_explicit(&threads->finished, 1, memory_order_release);
    return true;
}

static bool has_work(struct crux_threads *threads) {
    uint64_t ticket = atomic_load(&threads->ticket);
    return next_of(ticket) < tasks_of(ticket) ||
           atomic_load(&threads->taken) < atomic_load(&threads->posted);
}

static void fall_asleep(struct crux_threads *threads) {
    (void)pthread_mutex_lock(&threads->lock);
    atomic_fetch_add(&threads->sleeping, 1);
    while (!has_work(threads) && !atomic_load(&threads->closing))
        (void)pthread_cond_wait(&threads->wake, &threads->lock);
    atomic_fetch_sub(&threads->sleeping, 1);
    (void)pthread_mutex_unlock(&threads->lock);
}

static void *help(void *argument) {
    const struct helper *self = argument;
    struct crux_threads *threads = self->threads;
    unsigned spins = 0;
    if (threads->pinned) crux_processors_hold(self->processor);
    while (!atomic_load_explicit(&threads->closing, memory_order_relaxed)) {
        if (take_one(threads, self->number) || take_errand(threads, self->number)) {
            spins = 0;
        } else if (++spins < SPINS) {
            rest();
        } else {
            fall_asleep(threads);
            spins = 0;
        }
    }
    return NULL;
}

static void wake_all(struct crux_threads *threads) {
    if (atomic_load(&threads->sleeping) == 0) return;
    (void)pthread_mutex_lock(&threads->lock);
    (void)pthread_cond_broadcast(&threads->wake);
    (void)pthread_mutex_unlock(&threads->lock);
}

void crux_threads_run(struct crux_threads *threads, crux_threads_task *task, void *ctx,
                      uint32_t tasks) {
    CRUX_ASSERT(tasks <= CRUX_THREADS_TASKS_MAX);
    if (tasks <= 1 || threads->count == 1) {
        for (uint32_t i = 0; i < tasks; i++) task(ctx, i, 0);
        return;
    }
    uint64_t run = atomic_load_explicit(&threads->ticket, memory_order_relaxed) >> (2 * INDEX_BITS);
    threads->task = task;
    threads->ctx = ctx;
    atomic_store_explicit(&threads->done, 0, memory_order_relaxed);
    atomic_store(&threads->ticket, (run + 1) << (2 * INDEX_BITS) | (uint64_t)tasks << INDEX_BITS);
    wake_all(threads);
    while (take_one(threads, 0)) continue;
    for (unsigned spins = 0; atomic_load_explicit(&threads->done, memory_order_acquire) != tasks;) {
        if (++spins < SPINS_MASTER)
            rest();
        else
            (void)sched_yield();
    }
}

void crux_threads_errands(struct crux_threads *threads, crux_threads_task *errand, void *ctx) {
    crux_threads_finish(threads);
    threads->errand = errand;
    threads->errand_ctx = ctx;
}

/* Helpers that sleep are not woken: the next run does that, or the caller does these errands at the end. */
void crux_threads_post(struct crux_threads *threads, uint32_t errands) {
    atomic_fetch_add_explicit(&threads->posted, errands, memory_order_release);
    if (threads->count == 1) crux_threads_finish(threads);
}

void crux_threads_finish(struct crux_threads *threads) {
    uint64_t posted = atomic_load_explicit(&threads->posted, memory_order_relaxed);
    while (take_errand(threads, 0)) continue;
    for (unsigned spins = 0;
         atomic_load_explicit(&threads->finished, memory_order_acquire) != posted;) {
        if (++spins < SPINS_MASTER)
            rest();
        else
            (void)sched_yield();
    }
}

unsigned crux_threads_count(const struct crux_threads *threads) {
    return threads->count;
}

unsigned crux_threads_default(void) {
    unsigned count = crux_processors_cores();
    return count > CRUX_THREADS_MAX ? CRUX_THREADS_MAX : count;
}

/* Each thread has its processor. */
static enum crux_status place(struct crux_threads *threads, const char *pin) {
    unsigned list[CRUX_PROCESSORS_MAX], count;
    enum crux_status status = crux_processors_choose(list, &count, pin);
    if (status != CRUX_OK || count == 0) return status;
    for (unsigned i = 0; i < threads->count; i++) threads->helper[i].processor = list[i % count];
    threads->pinned = true;
    return CRUX_OK;
}

/* After the helpers started: they would inherit it, and have to share that processor to get away from it. */
static void hold_caller(struct crux_threads *threads) {
    if (!threads->pinned) return;
    threads->caller_held = crux_processors_held();
    crux_processors_hold(threads->helper[0].processor);
}

static enum crux_status start(struct crux_threads *threads) {
    for (threads->started = 1; threads->started < threads->count; threads->started++) {
        struct helper *helper = &threads->helper[threads->started];
        helper->threads = threads;
        helper->number = threads->started;
        if (pthread_create(&helper->id, NULL, help, helper) != 0) return CRUX_E_OUT_OF_MEMORY;
    }
    return CRUX_OK;
}

enum crux_status crux_threads_open(struct crux_threads **out, unsigned count, const char *pin) {
    *out = NULL;
    if (count == 0) count = crux_threads_default();
    if (count > CRUX_THREADS_MAX) return CRUX_E_USAGE;
    struct crux_threads *threads = calloc(1, sizeof *threads);
    if (threads == NULL) return CRUX_E_OUT_OF_MEMORY;
    threads->count = count;
    (void)pthread_mutex_init(&threads->lock, NULL);
    (void)pthread_cond_init(&threads->wake, NULL);
    enum crux_status status = CRUX_E_OUT_OF_MEMORY;
    threads->helper = calloc(count, sizeof *threads->helper);
    if (threads->helper != NULL) status = place(threads, pin);
    if (status == CRUX_OK) status = start(threads);
    if (status == CRUX_OK)
        hold_caller(threads);
    else
        crux_threads_close(threads);
    if (status == CRUX_OK) *out = threads;
    return status;
}

void crux_threads_close(struct crux_threads *threads) {
    if (threads == NULL) return;
    atomic_store(&threads->closing, true);
    (void)pthread_mutex_lock(&threads->lock);
    (void)pthread_cond_broadcast(&threads->wake);
    (void)pthread_mutex_unlock(&threads->lock);
    for (unsigned i = 1; i < threads->started; i++) (void)pthread_join(threads->helper[i].id, NULL);
    crux_processors_release(threads->caller_held);
    (void)pthread_cond_destroy(&threads->wake);
    (void)pthread_mutex_destroy(&threads->lock);
    free(threads->helper);
    free(threads);
}
