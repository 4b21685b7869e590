#include "executor/evaluate/float_product.h"

#include <stdatomic.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { TILE_ROWS = 4, CHUNK = 256 /* inputs that are summed as floats */ };

size_t crux_float_packed(uint32_t rows, uint32_t inputs) {
    return ((size_t)rows + CRUX_FLOAT_PANEL - 1) / CRUX_FLOAT_PANEL * CRUX_FLOAT_PANEL * inputs;
}

void crux_float_pack(float *packed, const float *x, uint32_t rows, uint32_t inputs) {
    for (uint32_t first = 0; first < rows; first += CRUX_FLOAT_PANEL) {
        float *panel = packed + (size_t)first * inputs;
        for (uint32_t t = 0; t < CRUX_FLOAT_PANEL; t++) {
            const float *row = x + (size_t)(first + t) * inputs;
            for (uint32_t k = 0; k < inputs; k++)
                panel[(size_t)k * CRUX_FLOAT_PANEL + t] = first + t < rows ? row[k] : 0;
        }
    }
}

size_t crux_float_product_scratch(uint32_t inputs) {
    return inputs * (TILE_ROWS * sizeof(float) + sizeof(double));
}

/* sum[j][t] = sum over k of w[j][k] * panel[k][t] */
static void tile_plain(double sum[TILE_ROWS][CRUX_FLOAT_PANEL], const float *w, const float *panel,
                       uint32_t inputs) {
    memset(sum, 0, TILE_ROWS * sizeof *sum);
    for (uint32_t first = 0; first < inputs; first += CHUNK) {
        uint32_t end = inputs - first < CHUNK ? inputs : first + CHUNK;
        for (uint32_t j = 0; j < TILE_ROWS; j++) {
            float some[CRUX_FLOAT_PANEL] = {0};
            for (uint32_t k = first; k < end; k++) {
                const float *x = panel + (size_t)k * CRUX_FLOAT_PANEL;
                for (uint32_t t = 0; t < CRUX_FLOAT_PANEL; t++) some[t] += w[k] * x[t];
            }
            for (uint32_t t = 0; t < CRUX_FLOAT_PANEL; t++) sum[j][t] += (double)some[t];
            w += inputs;
        }
        w -= (size_t)TILE_ROWS * inputs;
    }
}

#if defined(__x86_64__)
/* The same, eight rows of x in a register. */
CRUX_TARGET("avx2,fma")
static void tile_wide(double sum[TILE_ROWS][CRUX_FLOAT_PANEL], const float *w, const float *panel,
                      uint32_t inputs) {
    memset(sum, 0, TILE_ROWS * sizeof *sum);
    for (uint32_t first = 0; first < inputs; first += CHUNK) {
        uint32_t end = inputs - first < CHUNK ? inputs : first + CHUNK;
        __m256 some[TILE_ROWS][2];
        for (unsigned j = 0; j < TILE_ROWS; j++) some[j][0] = some[j][1] = _mm256_setzero_ps();
        for (uint32_t k = first; k < end; k++) {
            const float *x = panel + (size_t)k * CRUX_FLOAT_PANEL;
            __m256 x0 = _mm256_loadu_ps(x), x1 = _mm256_loadu_ps(x + 8);
            for (unsigned j = 0; j < TILE_ROWS; j++) {
                __m256 weight = _mm256_set1_ps(w[(size_t)j * inputs + k]);
                some[j][0] = _mm256_fmadd_ps(weight, x0, some[j][0]);
                some[j][1] = _mm256_fmadd_ps(weight, x1, some[j][1]);
            }
        }
        for (unsigned j = 0; j < TILE_ROWS; j++) {
            float flat[CRUX_FLOAT_PANEL];
            _mm256_storeu_ps(flat, some[j][0]);
            _mm256_storeu_ps(flat + 8, some[j][1]);
            for (uint32_t t = 0; t < CRUX_FLOAT_PANEL; t++) sum[j][t] += (double)flat[t];
        }
    }
}
static bool has_wide(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
#else
#define tile_wide tile_plain
static bool has_wide(void) {
    return false;
}
#endif

struct work {
    const struct crux_float_product *product;
    void *const *scratch;
    bool wide;
    atomic_int status;
};

static void multiply_rows(void *ctx, uint32_t task, unsigned thread) {
    struct work *work = ctx;
    const struct crux_float_product *product = work->product;
    uint32_t inputs = product->tensor->inputs, first = task * TILE_ROWS;
    double *values = work->scratch[thread];
    float *w = (float *)(values + inputs);
    memset(w, 0, inputs * TILE_ROWS * sizeof *w);
    for (uint32_t j = 0; j < TILE_ROWS && first + j < product->tensor->rows; j++) {
        enum crux_status status = crux_float_tensor_row(product->tensor, first + j, values);
        if (status != CRUX_OK) {
            atomic_store(&work->status, (int)status);
            return;
        }
        for (uint32_t k = 0; k < inputs; k++) w[(size_t)j * inputs + k] = (float)values[k];
    }
    for (uint32_t row = 0; row < product->rows; row += CRUX_FLOAT_PANEL) {
        double sum[TILE_ROWS][CRUX_FLOAT_PANEL];
        const float *panel = product->packed + (size_t)row * inputs;
        if (work->wide)
            tile_wide(sum, w, panel, inputs);
        else
            tile_plain(sum, w, panel, inputs);
        for (uint32_t t = 0; t < CRUX_FLOAT_PANEL && row + t < product->rows; t++) {
            float *y = product->y + (row + t) * product->y_stride + first;
            for (uint32_t j = 0; j < TILE_ROWS && first + j < product->tensor->rows; j++)
                y[j] = (float)sum[j][t];
        }
    }
}

enum crux_status crux_float_multiply(struct crux_threads *threads,
                                     const struct crux_float_product *products, uint32_t count,
                                     void *const *scratch) {
    for (uint32_t i = 0; i < count; i++) {
        struct work work = {.product = &products[i], .scratch = scratch, .wide = has_wide()};
        atomic_init(&work.status, (int)CRUX_OK);
        uint32_t tasks = (products[i].tensor->rows + TILE_ROWS - 1) / TILE_ROWS;
        crux_threads_run(threads, multiply_rows, &work, tasks);
        enum crux_status status = (enum crux_status)atomic_load(&work.status);
        if (status != CRUX_OK) return status;
    }
    return CRUX_OK;
}
