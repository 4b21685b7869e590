/* Exact products by OpenBLAS, in windows of inputs. A weight W = m*q + n and an x are integers, so are their products
 * and sums; as long as the sum of |x * W| over a window stays at or below 2^53, double precision holds every partial
 * sum exactly, in whatever order and with or without fused multiply-add. Windows are added up in 64 bits.
 *
 *   packed    | greatest |W| of each output | W i32 [outputs, inputs] |   4 bytes a weight; |W| <= 2^30 + 2^15
 *   window    as many inputs as 2^53 / (32639 * greatest |W|) allows: 257 for the worst q16, above WINDOW_MAX for q4, q8
 *   scratch   | W as doubles, BLOCK outputs x window | products, rows x BLOCK |
 *
 * The library is looked for when it is first needed, so that programs start and run without it, and so that its own
 * threads can be turned off before it makes them: callers split outputs over theirs.
 */
#ifdef CRUX_OPENBLAS

#define _POSIX_C_SOURCE 200809L

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/backends/backends.h"

enum { BLOCK = 192, WINDOW_MAX = 384, PANEL_OUTPUTS = 16 };
enum { ROW_MAJOR = 101, NO_TRANSPOSE = 111, TRANSPOSE = 112 }; /* of the CBLAS interface */

typedef void dgemm_function(int order, int trans_a, int trans_b, int m, int n, int k, double alpha,
                            const double *a, int lda, const double *b, int ldb, double beta,
                            double *c, int ldc);
typedef void set_threads_function(int count);

static struct {
    pthread_once_t once;
    const char *why_not;
    dgemm_function *dgemm;
} library = {.once = PTHREAD_ONCE_INIT};

static void load(void) {
    static const char *const names[] = {"libopenblas.so.0", "libopenblas.so", "libopenblas.dylib"};
    void *handle = NULL;
    set_threads_function *set_threads = NULL;
    library.why_not = "OpenBLAS (libopenblas.so.0) is not installed";
    setenv("OPENBLAS_NUM_THREADS", "1", 0); /* no threads of its own; a user's wish stays */
    for (size_t i = 0; i < CRUX_ARRAY_LEN(names) && handle == NULL; i++)
        handle = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) return;
    void *dgemm = dlsym(handle, "cblas_dgemm"), *set = dlsym(handle, "openblas_set_num_threads");
    library.why_not = "libopenblas has no cblas_dgemm or openblas_set_num_threads";
    if (dgemm == NULL || set == NULL) return;
    memcpy(&library.dgemm, &dgemm, sizeof dgemm);
    memcpy(&set_threads, &set, sizeof set);
    set_threads(1);
    library.why_not = NULL;
}

/* Products are OpenBLAS's; all else is by the best that there is here. */
static const struct crux_fused_kernels *fused(void) {
    return crux_fused_kernels(crux_isa_best());
}

static const char *unavailable(void) {
    pthread_once(&library.once, load);
    return library.why_not;
}

static size_t aligned(size_t bytes) {
    return (bytes + CRUX_BACKEND_ALIGN_BYTES - 1) / CRUX_BACKEND_ALIGN_BYTES *
           CRUX_BACKEND_ALIGN_BYTES;
}

static uint32_t less(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

/* --- packing --- */

static size_t packed_bytes(const struct crux_tiles *w) {
    return aligned(w->rows * sizeof(uint32_t)) +
           aligned((size_t)w->rows * w->inputs * sizeof(int32_t));
}

static const int32_t *weights_of(const void *packed, uint32_t outputs) {
    return (const int32_t *)(const void *)((const uint8_t *)packed +
                                           aligned(outputs * sizeof(uint32_t)));
}

static void pack_range(void *packed, const struct crux_tiles *w, uint32_t first_panel,
                       uint32_t panels) {
    CRUX_ASSERT(w->inputs >= 1 && w->inputs <= CRUX_BACKEND_INPUTS_MAX);
    uint32_t first = first_panel * PANEL_OUTPUTS,
             end = first + less(w->rows - first, panels * PANEL_OUTPUTS);
    uint32_t *all = packed;
    int32_t *to = (int32_t *)(void *)((uint8_t *)packed + aligned(w->rows * sizeof *all)) +
                  (size_t)first * w->inputs;
    const uint8_t *bytes = w->bytes + first * crux_tiles_row_bytes(&w->tile, w->inputs);
    for (uint32_t o = first; o < end; o++) {
        uint32_t most = 0;
        for (uint32_t t = 0; t < crux_tile_count(&w->tile, w->inputs); t++) {
            uint32_t count = crux_tile_inputs(&w->tile, w->inputs, t);
            for (uint32_t i = 0; i < count; i++) {
                int32_t value = crux_tile_value(&w->tile, bytes, count, i);
                uint32_t size = (uint32_t)(value < 0 ? -value : value);
                if (size > most) most = size;
                *to++ = value;
            }
            bytes += crux_tile_bytes(&w->tile, count);
        }
        all[o] = most;
    }
    if (end == w->rows) {
        size_t weights = (size_t)w->rows * w->inputs * sizeof *to;
        memset(all + end, 0, aligned(end * sizeof *all) - end * sizeof *all);
        memset(to, 0, aligned(weights) - weights);
    }
}

static void pack(void *packed, const struct crux_tiles *w) {
    pack_range(packed, w, 0, (w->rows - 1) / PANEL_OUTPUTS + 1);
}

/* Inputs whose products cannot exceed 2^53 together, for outputs o0..o1; at least 257. */
static uint32_t window_of(const struct crux_backend_matrix *w, uint32_t o0, uint32_t o1) {
    const uint32_t *all = w->packed;
    uint32_t most = 0;
    for (uint32_t o = o0; o < o1; o++) most = all[o] > most ? all[o] : most;
    uint64_t window = (UINT64_C(1) << 53) / (UINT64_C(32639) * (most == 0 ? 1 : most));
    return window > WINDOW_MAX ? WINDOW_MAX : (uint32_t)window;
}

/* --- prepared rows: x as doubles --- */

static size_t row_bytes(uint32_t inputs) {
    return aligned(inputs * sizeof(double));
}

static void prepare(void *row, const int16_t *x, uint32_t inputs) {
    double *to = row;
    memset(row, 0, row_bytes(inputs));
    for (uint32_t i = 0; i < inputs; i++) to[i] = x[i];
}

/* --- products --- */

static size_t scratch_bytes(const struct crux_backend_matrix *w CRUX_UNUSED, uint32_t rows) {
    return aligned((size_t)BLOCK * WINDOW_MAX * sizeof(double)) +
           aligned((size_t)rows * BLOCK * sizeof(double));
}

static void widen(double *to, const int32_t *from, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) to[i] = from[i];
}

static void matmul(int64_t *acc, size_t acc_stride, const struct crux_backend_matrix *w,
                   const void *prepared, uint32_t rows, uint32_t o0, uint32_t o1, void *scratch) {
    CRUX_ASSERT(rows >= 1 && o0 < o1 && o1 <= w->outputs);
    const int32_t *weights = weights_of(w->packed, w->outputs);
    const double *x = prepared;
    int ldx = (int)(row_bytes(w->inputs) / sizeof *x);
    double *wide = scratch, *products = wide + (size_t)BLOCK * WINDOW_MAX;
    uint32_t window = window_of(w, o0, o1);
    for (uint32_t o = o0; o < o1; o += BLOCK) {
        uint32_t block = less(o1 - o, BLOCK);
        for (uint32_t k = 0; k < w->inputs; k += window) {
            uint32_t count = less(w->inputs - k, window);
            for (uint32_t i = 0; i < block; i++)
                widen(wide + (size_t)i * count, weights + (size_t)(o + i) * w->inputs + k, count);
            library.dgemm(ROW_MAJOR, NO_TRANSPOSE, TRANSPOSE, (int)rows, (int)block, (int)count,
                          1.0, x + k, ldx, wide, (int)count, 0.0, products, (int)block);
            for (uint32_t r = 0; r < rows; r++) {
                int64_t *to = acc + r * acc_stride + (o - o0);
                for (uint32_t i = 0; i < block; i++) {
                    int64_t sum = (int64_t)products[(size_t)r * block + i];
                    to[i] = k == 0 ? sum : to[i] + sum;
                }
            }
        }
    }
}

const struct crux_backend crux_backend_openblas = {
    .name = "openblas",
    .why_equal =
        "Integers in double precision: windows of inputs keep every partial sum at or below 2^53.",
    .fused = fused,
    .unavailable = unavailable,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .pack_range = pack_range,
    .panel_outputs = PANEL_OUTPUTS,
    .row_bytes = row_bytes,
    .prepare = prepare,
    .scratch_bytes = scratch_bytes,
    .matmul = matmul,
};

#else
typedef int crux_no_openblas_here;
#endif
