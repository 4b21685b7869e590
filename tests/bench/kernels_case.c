#define _POSIX_C_SOURCE 200809L /* barriers */

#include "tests/bench/kernels_case.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/kernels_roof.h"

enum { ROUNDS_MAX = 101, TIMES_MAX = 4000, GRAIN = 16 };

/* The weights of all copies together: more than a cache holds, as a model's are. */
static const size_t MODEL_BYTES = (size_t)96 << 20;
static const double TURN_SECONDS = 0.005;

struct kernels_matrix {
    struct kernels_case one;
    uint8_t *weights; /* `copies` of them, `bytes` each */
    size_t bytes, copies;
    uint8_t *x;
    uint32_t random;
};

static uint32_t next(struct kernels_matrix *matrix) {
    matrix->random = matrix->random * 1664525 + 1013904223;
    return matrix->random >> 8;
}

static void put(uint8_t *bytes, int32_t value) {
    bytes[0] = (uint8_t)value;
    bytes[1] = (uint8_t)((uint32_t)value >> 8);
}

static void fill_tile(struct kernels_matrix *matrix, uint8_t *bytes, uint32_t count) {
    const struct kernels_layout *layout = matrix->one.layout;
    const struct crux_tile *tile = &layout->tile;
    uint32_t groups = (count + tile->group - 1) / tile->group,
             end = crux_tile_bytes(tile, count) - (tile->width == 1 && count % 2 != 0);
    for (uint32_t i = 0; i < groups; i++) {
        int32_t m = (int32_t)(next(matrix) % (layout->around < -8 ? 2048 : 4096)); /* n is an i16 */
        put(bytes + 2 * i, m);
        if (tile->has_offsets)
            put(bytes + 2 * (groups + i),
                layout->around * m +
                    (layout->form == CRUX_TILES_CENTRED ? 0 : (int32_t)(next(matrix) % 2048)));
    }
    for (uint32_t at = groups * (tile->has_offsets ? 4 : 2); at < end; at++)
        bytes[at] = (uint8_t)(layout->form == CRUX_TILES_SIX
                                  ? next(matrix) % 32 - (tile->has_offsets ? 0 : 16)
                                  : next(matrix));
}

static struct crux_tiles tiles_of(const struct kernels_case *one, const uint8_t *bytes) {
    const struct kernels_layout *layout = one->layout;
    return (struct crux_tiles){layout->tile, one->outputs, one->inputs, bytes, layout->form};
}

static void fill_weights(struct kernels_matrix *matrix) {
    const struct kernels_case *one = &matrix->one;
    const struct crux_tile *tile = &one->layout->tile;
    size_t row_bytes = (size_t)crux_tiles_row_bytes(tile, one->inputs);
    uint8_t *bytes = kernels_room(one->outputs * row_bytes), *at = bytes;
    struct crux_tiles tiles = tiles_of(one, bytes);
    memset(bytes, 0, one->outputs * row_bytes);
    for (uint32_t o = 0; o < one->outputs; o++) {
        for (uint32_t t = 0; t < crux_tile_count(tile, one->inputs); t++) {
            uint32_t count = crux_tile_inputs(tile, one->inputs, t);
            fill_tile(matrix, at, count);
            at += crux_tile_bytes(tile, count);
        }
    }
    one->backend->pack(matrix->weights, &tiles);
    free(bytes);
    for (size_t i = 1; i < matrix->copies; i++)
        memcpy(matrix->weights + i * matrix->bytes, matrix->weights, matrix->bytes);
}

struct kernels_matrix *kernels_matrix_new(const struct kernels_case *one) {
    struct kernels_matrix *matrix = calloc(1, sizeof *matrix);
    size_t row_bytes = one->backend->row_bytes(one->inputs);
    int16_t *x = kernels_room(one->inputs * sizeof *x);
    if (matrix == NULL) abort();
    matrix->one = *one;
    matrix->random = 1;
    struct crux_tiles tiles = tiles_of(one, NULL);
    matrix->bytes = one->backend->packed_bytes(&tiles);
    matrix->copies = one->is_cached ? 1 : MODEL_BYTES / matrix->bytes + 1;
    matrix->weights = kernels_room(matrix->copies * matrix->bytes);
    fill_weights(matrix);
    matrix->x = kernels_room(KERNELS_ROWS_MAX * row_bytes);
    for (uint32_t r = 0; r < KERNELS_ROWS_MAX; r++) {
        for (uint32_t i = 0; i < one->inputs; i++)
            x[i] = (int16_t)((int32_t)(next(matrix) % 65279) - 32639);
        one->backend->prepare(matrix->x + r * row_bytes, x, one->inputs);
    }
    free(x);
    return matrix;
}

void kernels_matrix_free(struct kernels_matrix *matrix) {
    free(matrix->weights);
    free(matrix->x);
    free(matrix);
}

/* --- measuring ------------------------------------------------------------------------------- */

/* One thread: some outputs of every product. */
struct part {
    pthread_t thread;
    pthread_barrier_t *start;
    const struct kernels_matrix *matrix;
    uint32_t rows, o0, o1;
    unsigned rounds;
    int times;
    int64_t *acc;
    void *scratch;
    double seconds[ROUNDS_MAX]; /* of one product */
};

static void multiply(const struct part *part, size_t copy) {
    const struct kernels_matrix *matrix = part->matrix;
    const struct kernels_case *one = &matrix->one;
    struct crux_tiles tiles = tiles_of(one, NULL);
    struct crux_backend_matrix w = {tiles.tile, tiles.rows, tiles.inputs, tiles.form,
                                    matrix->weights + copy % matrix->copies * matrix->bytes};
    one->backend->matmul(part->acc, part->o1 - part->o0, &w, matrix->x, part->rows, part->o0,
                         part->o1, part->scratch);
}

static void *run_part(void *argument) {
    struct part *part = argument;
    size_t copy = 0;
    for (unsigned round = 0; round < part->rounds; round++) {
        pthread_barrier_wait(part->start);
        double start = kernels_seconds();
        for (int i = 0; i < part->times; i++) multiply(part, copy++);
        part->seconds[round] = (kernels_seconds() - start) / part->times;
    }
    return NULL;
}

static int times_of(const struct part *part) {
    double start = kernels_seconds();
    multiply(part, 0);
    double times = TURN_SECONDS / (kernels_seconds() - start);
    return times > TIMES_MAX ? TIMES_MAX : times < 1 ? 1 : (int)times;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The slowest thread of each round; the median over the rounds. */
static double median(const struct part *parts, unsigned threads, unsigned rounds) {
    double worst[ROUNDS_MAX];
    for (unsigned round = 0; round < rounds; round++) {
        worst[round] = 0;
        for (unsigned t = 0; t < threads; t++) {
            double seconds = parts[t].seconds[round];
            if (seconds > worst[round]) worst[round] = seconds;
        }
    }
    qsort(worst, rounds, sizeof *worst, compare);
    return worst[rounds / 2];
}

struct kernels_speed kernels_measure(struct kernels_matrix *matrix, uint32_t rows, unsigned threads,
                                     unsigned rounds) {
    static struct part parts[KERNELS_THREADS_MAX];
    const struct kernels_case *one = &matrix->one;
    struct crux_tiles tiles = tiles_of(one, NULL);
    struct crux_backend_matrix w = {tiles.tile, tiles.rows, tiles.inputs, tiles.form,
                                    matrix->weights};
    uint32_t grains = (one->outputs + GRAIN - 1) / GRAIN;
    pthread_barrier_t start;
    CRUX_ASSERT(rows <= KERNELS_ROWS_MAX && threads <= grains && threads <= KERNELS_THREADS_MAX &&
                rounds <= ROUNDS_MAX);
    pthread_barrier_init(&start, NULL, threads);
    for (unsigned t = 0; t < threads; t++) {
        uint32_t end = grains * (t + 1) / threads * GRAIN;
        parts[t] = (struct part){.start = &start,
                                 .matrix = matrix,
                                 .rows = rows,
                                 .o0 = grains * t / threads * GRAIN,
                                 .o1 = end < one->outputs ? end : one->outputs,
                                 .rounds = rounds};
        parts[t].acc = kernels_room((size_t)rows * one->outputs * sizeof *parts[t].acc);
        parts[t].scratch = kernels_room(one->backend->scratch_bytes(&w, rows));
        parts[t].times = t == 0 ? times_of(&parts[0]) : parts[0].times;
    }
    for (unsigned t = 0; t < threads; t++) {
        if (pthread_create(&parts[t].thread, NULL, run_part, &parts[t]) != 0) abort();
    }
    for (unsigned t = 0; t < threads; t++) pthread_join(parts[t].thread, NULL);
    for (unsigned t = 0; t < threads; t++) {
        free(parts[t].acc);
        free(parts[t].scratch);
    }
    pthread_barrier_destroy(&start);
    double seconds = median(parts, threads, rounds);
    struct kernels_speed speed = {(double)rows * one->outputs * one->inputs / seconds / 1e9,
                                  (double)matrix->bytes / seconds / 1e9};
    return speed;
}
