/* One matrix product to measure: a backend, a layout, a shape, rows and threads. */
#ifndef CRUX_TESTS_BENCH_KERNELS_CASE_H
#define CRUX_TESTS_BENCH_KERNELS_CASE_H

#include "kernels/kernels.h"

enum { KERNELS_ROWS_MAX = 256, KERNELS_THREADS_MAX = 64 };

/* A layout as importers write it: q4 on a lattice around `around` times m. */
struct kernels_layout {
    const char *name, *source; /* the type of block that becomes it */
    struct crux_tile tile;
    int around;
    enum crux_tiles_form form; /* centred: every n is around * m */
};

struct kernels_case {
    const struct crux_backend *backend;
    const struct kernels_layout *layout;
    uint32_t outputs, inputs;
    bool is_cached; /* one copy of the weights; otherwise more than any cache holds, in turn */
};

struct kernels_speed {
    double gmac_per_second, gb_per_second; /* of all threads together */
};

/* Weights and rows of a case. */
struct kernels_matrix;

struct kernels_matrix *kernels_matrix_new(const struct kernels_case *one);
void kernels_matrix_free(struct kernels_matrix *matrix);

/* Median over the rounds, in the threads' own processor time: what other programs take does not count. */
struct kernels_speed kernels_measure(struct kernels_matrix *matrix, uint32_t rows, unsigned threads,
                                     unsigned rounds);

#endif
