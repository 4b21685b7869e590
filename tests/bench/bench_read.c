/* How fast threads read memory that no cache holds, in huge pages if there are any: the roof of decode, which reads every
 * weight once a token.
 *
 *   bench_read [--json] [--threads N]
 */
#define _DEFAULT_SOURCE /* madvise */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "kernels/kernels.h"

enum { THREADS_MAX = 256, PASSES = 12, LANES = 16, HUGE_BYTES = 1 << 21 };

static const size_t THREAD_BYTES = (size_t)256 << 20;

struct reader {
    pthread_t thread;
    pthread_barrier_t *barrier;
    uint64_t *words;
    double seconds[PASSES];
    uint64_t sum;
};

static void die(const char *message) {
    fprintf(stderr, "bench_read: %s\n", message);
    exit(1);
}

static double seconds_now(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void read_all(struct reader *r) {
    size_t count = THREAD_BYTES / sizeof *r->words;
    uint64_t sum[LANES] = {0};
    for (size_t i = 0; i < count; i += LANES)
        for (size_t j = 0; j < LANES; j++) sum[j] ^= r->words[i + j];
    for (size_t j = 0; j < LANES; j++) r->sum += sum[j];
}

static void *work(void *ctx) {
    struct reader *r = ctx;
    (void)madvise(r->words, THREAD_BYTES, MADV_HUGEPAGE); /* without them it is slower, not wrong */
    memset(r->words, 1, THREAD_BYTES);                    /* by the thread that reads it */
    for (int pass = 0; pass < PASSES; pass++) {
        (void)pthread_barrier_wait(r->barrier);
        double start = seconds_now();
        read_all(r);
        r->seconds[pass] = seconds_now() - start;
    }
    return NULL;
}

/* Returns: bytes a second of the best pass of `threads` threads. */
static double measure(unsigned threads) {
    static struct reader readers[THREADS_MAX];
    pthread_barrier_t barrier;
    uint64_t sum = 0;
    double best = 0;
    if (pthread_barrier_init(&barrier, NULL, threads) != 0) die("no barrier");
    for (unsigned i = 0; i < threads; i++) {
        readers[i] =
            (struct reader){.barrier = &barrier, .words = aligned_alloc(HUGE_BYTES, THREAD_BYTES)};
        if (readers[i].words == NULL ||
            pthread_create(&readers[i].thread, NULL, work, &readers[i]) != 0)
            die("not enough memory or threads");
    }
    for (unsigned i = 0; i < threads; i++) {
        (void)pthread_join(readers[i].thread, NULL);
        sum += readers[i].sum;
        free(readers[i].words);
    }
    for (int pass = 0; pass < PASSES; pass++) {
        double rate = 0;
        for (unsigned i = 0; i < threads; i++)
            rate += (double)THREAD_BYTES / readers[i].seconds[pass];
        if (rate > best) best = rate;
    }
    (void)pthread_barrier_destroy(&barrier);
    if (sum == 1) fprintf(stderr, "\n"); /* the sum is needed */
    return best;
}

int main(int argc, char **argv) {
    bool json = false;
    unsigned threads = 1;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            json = true;
        else if (strcmp(argv[i], "--threads") == 0 && i + 1 < argc)
            threads = (unsigned)strtoul(argv[++i], NULL, 10);
        else
            die("usage: bench_read [--json] [--threads N]");
    }
    if (threads < 1 || threads > THREADS_MAX) die("1 to 256 threads");
    double rate = measure(threads);
    if (json)
        printf("{\"threads\": %u, \"bytes_per_second\": %.0f}\n", threads, rate);
    else
        printf("%u threads read %.1f GB/s\n", threads, rate / 1e9);
    return 0;
}
