#define _DEFAULT_SOURCE /* madvise */

#include "tests/bench/kernels_roof.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "kernels/kernels.h"

enum { ROUNDS = 7, LOOPS = 200000, THREADS_MAX = 64 };

static const size_t HUGE_PAGE_BYTES = (size_t)2 << 20, READ_BYTES = (size_t)192 << 20;

double kernels_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void *kernels_room(size_t bytes) {
    size_t up = (bytes / HUGE_PAGE_BYTES + 1) * HUGE_PAGE_BYTES;
    void *room = aligned_alloc(HUGE_PAGE_BYTES, up);
    if (room == NULL) {
        fprintf(stderr, "bench_kernels: not enough memory\n");
        exit(1);
    }
    (void)madvise(room, up, MADV_HUGEPAGE);
    memset(room, 1, up);
    return room;
}

/* --- dots ------------------------------------------------------------------------------------ */

#ifdef __x86_64__
#include <immintrin.h>

/* Twelve sums that do not wait for each other: more than any pipe is deep. */
#define TWELVE(step)                                                                               \
    step(0) step(1) step(2) step(3) step(4) step(5) step(6) step(7) step(8) step(9) step(10)       \
        step(11)

#define ZMM_DOT(n)  "vpdpbusd %%zmm13, %%zmm14, %%zmm" #n "\n"
#define YMM_DOT(n)  "vpdpbusd %%ymm13, %%ymm14, %%ymm" #n "\n"
#define YMM_PAIR(n) "vpmaddwd %%ymm13, %%ymm14, %%ymm15\nvpaddd %%ymm15, %%ymm" #n ", %%ymm" #n "\n"
#define CLOBBERED                                                                                  \
    "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",       \
        "xmm11", "xmm15"

CRUX_TARGET("avx512f,avx512vnni") static void dots_512(void) {
    for (int i = 0; i < LOOPS; i++) __asm__ volatile(TWELVE(ZMM_DOT) : : : CLOBBERED);
}

CRUX_TARGET("avx512f,avx512vl,avx512vnni") static void dots_256(void) {
    for (int i = 0; i < LOOPS; i++) __asm__ volatile(TWELVE(YMM_DOT) : : : CLOBBERED);
}

CRUX_TARGET("avx2") static void pairs_256(void) {
    for (int i = 0; i < LOOPS; i++) __asm__ volatile(TWELVE(YMM_PAIR) : : : CLOBBERED);
}

/* 16 rows by 16 outputs by 64 inputs each. The process may use them once the backend has been asked whether it is there. */
#define TILE_DOT(n) "tdpbssd %%tmm7, %%tmm6, %%tmm" #n "\n"

enum { TILE_LOOPS = LOOPS / 16, TILE_PRODUCTS = 16 * 16 * 64 };

static void tiles(void) {
    static const struct {
        uint8_t palette, zero[15];
        uint16_t row_bytes[16];
        uint8_t rows[16];
    } config = {1, {0}, {64, 64, 64, 64, 64, 64, 64, 64}, {16, 16, 16, 16, 16, 16, 16, 16}};
    __asm__ volatile("ldtilecfg %0" : : "m"(config));
    for (int i = 0; i < TILE_LOOPS; i++)
        __asm__ volatile(TILE_DOT(0) TILE_DOT(1) TILE_DOT(2) TILE_DOT(3) TILE_DOT(4) TILE_DOT(5)
                         :
                         :);
    __asm__ volatile("tilerelease" : :);
}

/* A byte dot has four products to a 32-bit lane, and an x takes two of them; a 16-bit dot has two. Of tiles, weights in
 * two planes and an x take four; those in three planes six, so that they reach two thirds at most. */
static const struct {
    const char *backend;
    void (*loop)(void);
    double products; /* of LOOPS, each */
} peaks[] = {{"x86-amx", tiles, 6.0 * TILE_PRODUCTS / 4 * TILE_LOOPS / LOOPS},
             {"x86-vnni", dots_512, 12 * 32},
             {"x86-avxvnni", dots_256, 12 * 16},
             {"x86-avx2", pairs_256, 12 * 16}};

double kernels_dot_peak(const char *backend) {
    double best = 0;
    for (size_t p = 0; p < CRUX_ARRAY_LEN(peaks); p++) {
        if (strcmp(backend, peaks[p].backend) != 0) continue;
        for (int round = 0; round < ROUNDS; round++) {
            double start = kernels_seconds();
            peaks[p].loop();
            double rate = peaks[p].products * LOOPS / (kernels_seconds() - start) / 1e9;
            if (rate > best) best = rate;
        }
    }
    return best;
}
#else
double kernels_dot_peak(const char *backend CRUX_UNUSED) {
    return 0;
}
#endif

/* --- memory ---------------------------------------------------------------------------------- */

struct reader {
    pthread_t thread;
    pthread_barrier_t *start;
    const uint64_t *from;
    size_t words;
    uint64_t sum;
    double seconds; /* the least of all rounds */
};

static uint64_t sum_of(const uint64_t *from, size_t words) {
    uint64_t s[32] = {0}, sum = 0;
    for (size_t i = 0; i + 32 <= words; i += 32)
        for (size_t j = 0; j < 32; j++) s[j] += from[i + j];
    for (size_t j = 0; j < 32; j++) sum += s[j];
    return sum;
}

static void *read_part(void *argument) {
    struct reader *reader = argument;
    reader->seconds = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        pthread_barrier_wait(reader->start);
        double start = kernels_seconds();
        reader->sum += sum_of(reader->from, reader->words);
        double seconds = kernels_seconds() - start;
        if (seconds < reader->seconds) reader->seconds = seconds;
    }
    return NULL;
}

double kernels_read_peak(unsigned threads) {
    struct reader readers[THREADS_MAX];
    pthread_barrier_t start;
    uint64_t *data = kernels_room(READ_BYTES), sum = 0;
    size_t words = READ_BYTES / sizeof *data / threads;
    double seconds = 0;
    CRUX_ASSERT(threads >= 1 && threads <= THREADS_MAX);
    pthread_barrier_init(&start, NULL, threads);
    for (unsigned t = 0; t < threads; t++) {
        readers[t] = (struct reader){.start = &start, .from = data + t * words, .words = words};
        if (pthread_create(&readers[t].thread, NULL, read_part, &readers[t]) != 0) abort();
    }
    for (unsigned t = 0; t < threads; t++) {
        pthread_join(readers[t].thread, NULL);
        sum += readers[t].sum;
        if (readers[t].seconds > seconds) seconds = readers[t].seconds;
    }
    if (sum == 1) fprintf(stderr, "\n"); /* the sum is needed */
    pthread_barrier_destroy(&start);
    free(data);
    return (double)(words * threads * sizeof *data) / seconds / 1e9;
}
