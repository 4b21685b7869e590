/* How fast the backends multiply, on one thread: each layout and shape, beside OpenBLAS in single and double precision.
 * Contenders take turns within a round, so that a noisy neighbour meets all of them; figures are medians over the
 * rounds. Enough copies of a matrix are taken in turn that weights come from where a model's would: `--cached` uses one
 * copy instead. Time is this thread's processor time: what other programs take of the core does not count.
 *
 *   bench_kernels [--json] [--rounds N] [--cached] [--shape OUTPUTSxINPUTS] [--rows N]
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernels/kernels.h"

enum { ROUNDS_MAX = 101, CONTENDERS_MAX = 64, ROWS_MAX = 256, COPIES_MAX = 128 };

/* The weights of all copies together: more than a cache holds, as a model's are. */
static const size_t MODEL_BYTES = (size_t)96 << 20;
static const double TURN_SECONDS = 0.004;

typedef void gemm_double(int, int, int, int, int, int, double, const double *, int, const double *,
                         int, double, double *, int);
typedef void gemm_single(int, int, int, int, int, int, float, const float *, int, const float *,
                         int, float, float *, int);

static struct {
    gemm_double *dgemm;
    gemm_single *sgemm;
    const char *core;
} rival;

struct shape {
    uint32_t outputs, inputs;
};

static const struct {
    const char *name;
    struct crux_tile tile;
} layouts[] = {
    {"q4 g32", {1, 32, 512, false}},  {"q4 g32 n", {1, 32, 512, true}},
    {"q8 g32", {2, 32, 512, false}},  {"q8 g16 n", {2, 16, 512, true}},
    {"q16 g32", {3, 32, 512, false}},
};

struct contender {
    char name[48];
    const struct crux_backend *backend; /* NULL: a rival, whose weights are floats or doubles */
    struct crux_backend_matrix w;
    uint8_t *weights; /* `copies` of them, `bytes` each */
    size_t bytes, copies, next;
    size_t element_bytes; /* of a rival */
    void *x, *y, *scratch;
    int times; /* products in a turn */
    double seconds[ROUNDS_MAX];
};

static void die(const char *message) {
    fprintf(stderr, "bench_kernels: %s\n", message);
    exit(1);
}

static double seconds_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *room_for(size_t bytes) {
    size_t up = (bytes + 63) / 64 * 64;
    void *room = aligned_alloc(64, up == 0 ? 64 : up);
    if (room == NULL) die("not enough memory");
    memset(room, 1, up);
    return room;
}

static void find_rival(void) {
    void *handle = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
        fprintf(stderr, "skipped: openblas (libopenblas.so.0 is not installed)\n");
        return;
    }
    void *d = dlsym(handle, "cblas_dgemm"), *s = dlsym(handle, "cblas_sgemm"),
         *set = dlsym(handle, "openblas_set_num_threads"),
         *core = dlsym(handle, "openblas_get_corename");
    void (*set_threads)(int) = NULL;
    char *(*core_name)(void) = NULL;
    if (d == NULL || s == NULL || set == NULL || core == NULL) die("this OpenBLAS is incomplete");
    memcpy(&rival.dgemm, &d, sizeof d);
    memcpy(&rival.sgemm, &s, sizeof s);
    memcpy(&set_threads, &set, sizeof set);
    memcpy(&core_name, &core, sizeof core);
    set_threads(1);
    rival.core = core_name();
}

static void multiply(struct contender *c, uint32_t rows, struct shape shape) {
    const uint8_t *weights = c->weights + c->next * c->bytes;
    int m = (int)rows, n = (int)shape.outputs, k = (int)shape.inputs;
    c->next = (c->next + 1) % c->copies;
    if (c->backend != NULL) {
        c->w.packed = weights;
        c->backend->matmul(c->y, shape.outputs, &c->w, c->x, rows, 0, shape.outputs, c->scratch);
    } else if (c->element_bytes == sizeof(double)) {
        rival.dgemm(101, 111, 112, m, n, k, 1, c->x, k, (const double *)(const void *)weights, k, 0,
                    c->y, n);
    } else {
        rival.sgemm(101, 111, 112, m, n, k, 1, c->x, k, (const float *)(const void *)weights, k, 0,
                    c->y, n);
    }
}

static void take_copies(struct contender *c, bool cached) {
    c->copies = cached || c->bytes > MODEL_BYTES ? 1 : MODEL_BYTES / c->bytes;
    if (c->copies > COPIES_MAX) c->copies = COPIES_MAX;
    if (c->copies == 0) c->copies = 1;
    c->weights = room_for(c->copies * c->bytes);
}

static void set_backend(struct contender *c, const struct crux_backend *backend, size_t layout,
                        struct shape shape, uint32_t rows, bool cached) {
    const struct crux_tile *tile = &layouts[layout].tile;
    struct crux_tiles tiles = {*tile, shape.outputs, shape.inputs, NULL};
    size_t tile_bytes = (size_t)(shape.outputs * crux_tiles_row_bytes(tile, shape.inputs));
    uint8_t *bytes = room_for(tile_bytes);
    uint32_t random = 1;
    snprintf(c->name, sizeof c->name, "%s, %s", backend->name, layouts[layout].name);
    /* Any bytes make a tile; multipliers of 12 bits, as importers choose them, make the usual carries. */
    for (size_t i = 0; i < tile_bytes; i++) {
        random = random * 1664525 + 1013904223;
        bytes[i] = (uint8_t)(random >> 24);
    }
    tiles.bytes = bytes;
    for (uint32_t o = 0; o < shape.outputs; o++) {
        uint8_t *at = bytes + o * crux_tiles_row_bytes(tile, shape.inputs);
        for (uint32_t t = 0; t < crux_tile_count(tile, shape.inputs); t++) {
            uint32_t count = crux_tile_inputs(tile, shape.inputs, t),
                     numbers =
                         (count + tile->group - 1) / tile->group * (tile->has_offsets ? 2 : 1);
            for (uint32_t i = 0; i < numbers; i++) at[2 * i + 1] &= 15;
            at += crux_tile_bytes(tile, count);
        }
    }
    c->backend = backend;
    c->w = (struct crux_backend_matrix){*tile, shape.outputs, shape.inputs, NULL};
    c->bytes = backend->packed_bytes(tile, shape.outputs, shape.inputs);
    take_copies(c, cached);
    backend->pack(c->weights, &tiles);
    free(bytes);
    size_t row_bytes = backend->row_bytes(shape.inputs);
    int16_t *x = room_for(shape.inputs * sizeof *x);
    c->x = room_for(rows * row_bytes);
    for (uint32_t r = 0; r < rows; r++) {
        for (uint32_t i = 0; i < shape.inputs; i++) {
            random = random * 1664525 + 1013904223;
            x[i] = (int16_t)((int32_t)(random >> 16) / 3 - 10000);
        }
        backend->prepare((uint8_t *)c->x + r * row_bytes, x, shape.inputs);
    }
    free(x);
    c->w.packed = c->weights;
    c->scratch = room_for(backend->scratch_bytes(&c->w, rows));
}

static void set_rival(struct contender *c, size_t element_bytes, struct shape shape, uint32_t rows,
                      bool cached) {
    size_t weights = (size_t)shape.outputs * shape.inputs, xs = (size_t)rows * shape.inputs;
    snprintf(c->name, sizeof c->name, "openblas %s, %s", rival.core,
             element_bytes == sizeof(double) ? "dgemm" : "sgemm");
    c->element_bytes = element_bytes;
    c->bytes = weights * element_bytes;
    take_copies(c, cached);
    c->x = room_for(xs * element_bytes);
    double *d = (double *)(void *)c->weights, *dx = c->x;
    float *f = (float *)(void *)c->weights, *fx = c->x;
    for (size_t i = 0; i < weights; i++) {
        if (element_bytes == sizeof(double))
            d[i] = (double)(i % 251) - 125;
        else
            f[i] = (float)(i % 251) - 125;
    }
    for (size_t i = 0; i < xs; i++) {
        if (element_bytes == sizeof(double))
            dx[i] = (double)(i % 127);
        else
            fx[i] = (float)(i % 127);
    }
}

static void fill_copies(struct contender *c) {
    for (size_t i = 1; i < c->copies; i++) memcpy(c->weights + i * c->bytes, c->weights, c->bytes);
}

static size_t list_contenders(struct contender *out, struct shape shape, uint32_t rows,
                              bool cached) {
    size_t count, n = 0;
    const struct crux_backend *const *list = crux_backend_list(&count);
    for (size_t b = 0; b < count; b++) {
        if (list[b]->unavailable() != NULL) continue;
        for (size_t l = 0; l < CRUX_ARRAY_LEN(layouts); l++)
            set_backend(&out[n++], list[b], l, shape, rows, cached);
    }
    if (rival.dgemm != NULL) {
        set_rival(&out[n++], sizeof(double), shape, rows, cached);
        set_rival(&out[n++], sizeof(float), shape, rows, cached);
    }
    CRUX_ASSERT(n <= CONTENDERS_MAX);
    for (size_t c = 0; c < n; c++) {
        out[c].y = room_for((size_t)rows * shape.outputs * sizeof(int64_t));
        fill_copies(&out[c]);
    }
    return n;
}

static double turn(struct contender *c, uint32_t rows, struct shape shape) {
    double start = seconds_now();
    for (int i = 0; i < c->times; i++) multiply(c, rows, shape);
    return (seconds_now() - start) / c->times;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(struct shape shape, uint32_t rows, long rounds, bool cached, bool json,
                    bool *first) {
    static struct contender contenders[CONTENDERS_MAX];
    memset(contenders, 0, sizeof contenders);
    size_t n = list_contenders(contenders, shape, rows, cached);
    for (size_t c = 0; c < n; c++) {
        contenders[c].times = 1;
        double once = turn(&contenders[c], rows, shape), want = TURN_SECONDS / once;
        contenders[c].times = want > 1000 ? 1000 : want < 1 ? 1 : (int)want;
    }
    for (long r = 0; r < rounds; r++) {
        for (size_t c = 0; c < n; c++) contenders[c].seconds[r] = turn(&contenders[c], rows, shape);
    }
    for (size_t c = 0; c < n; c++) {
        struct contender *who = &contenders[c];
        qsort(who->seconds, (size_t)rounds, sizeof *who->seconds, compare);
        double seconds = who->seconds[rounds / 2],
               gmacs = (double)rows * shape.outputs * shape.inputs / seconds / 1e9,
               gigabytes = (double)who->bytes / seconds / 1e9;
        if (json)
            printf("%s{\"outputs\": %u, \"inputs\": %u, \"rows\": %u, \"contender\": \"%s\", "
                   "\"gmac_per_second\": %.3f, \"weight_gb_per_second\": %.3f}",
                   *first ? "" : ", ", shape.outputs, shape.inputs, rows, who->name, gmacs,
                   gigabytes);
        else
            printf("%4ux%-5u %4u  %-28s %9.2f %9.2f\n", shape.outputs, shape.inputs, rows,
                   who->name, gmacs, gigabytes);
        *first = false;
        free(who->weights);
        free(who->x);
        free(who->y);
        free(who->scratch);
    }
}

/* What memory gives one thread when it is only summed up: the roof over decode. */
static double read_gigabytes_per_second(void) {
    size_t words = MODEL_BYTES * 2 / sizeof(uint64_t);
    uint64_t *data = room_for(words * sizeof *data), sum = 0;
    double best = 0;
    for (int round = 0; round < 5; round++) {
        double start = seconds_now();
        uint64_t s[8] = {0};
        for (size_t i = 0; i < words; i += 8)
            for (size_t j = 0; j < 8; j++) s[j] += data[i + j];
        for (size_t j = 0; j < 8; j++) sum += s[j];
        double rate = (double)(words * sizeof *data) / (seconds_now() - start) / 1e9;
        if (rate > best) best = rate;
    }
    if (sum == 1) fprintf(stderr, "\n"); /* the sum is needed */
    free(data);
    return best;
}

static void usage(void) {
    fprintf(stderr,
            "usage: bench_kernels [--json] [--rounds 1..%d] [--cached] "
            "[--shape OUTPUTSxINPUTS] [--rows 1..%d]\n",
            ROUNDS_MAX, ROWS_MAX);
    exit(2);
}

int main(int argc, char **argv) {
    static const struct shape all[] = {{576, 576}, {576, 1536}, {1536, 576}, {4096, 4096}};
    static const uint32_t some_rows[] = {1, 8, 64};
    struct shape one = {0, 0};
    uint32_t one_rows = 0;
    long rounds = 7;
    bool json = false, cached = false, first = true;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            json = true;
        else if (strcmp(argv[i], "--cached") == 0)
            cached = true;
        else if (strcmp(argv[i], "--rounds") == 0 && i + 1 < argc)
            rounds = strtol(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--rows") == 0 && i + 1 < argc)
            one_rows = (uint32_t)strtoul(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--shape") == 0 && i + 1 < argc &&
                 sscanf(argv[i + 1], "%ux%u", &one.outputs, &one.inputs) == 2)
            i++;
        else
            usage();
    }
    if (rounds < 1 || rounds > ROUNDS_MAX || one_rows > ROWS_MAX ||
        one.inputs > CRUX_BACKEND_INPUTS_MAX || (one.outputs != 0) != (one.inputs != 0))
        usage();
    find_rival();
    double roof = read_gigabytes_per_second();
    if (json)
        printf("{\"rounds\": %ld, \"cached\": %s, \"read_gb_per_second\": %.2f, \"results\": [",
               rounds, cached ? "true" : "false", roof);
    else
        printf("memory read by one thread: %.1f GB/s\n%10s %4s  %-28s %9s %9s\n", roof, "shape",
               "rows", "with", "GMAC/s", "GB/s");
    for (size_t s = 0; s < CRUX_ARRAY_LEN(all); s++) {
        if (one.outputs != 0 && s > 0) break;
        for (size_t r = 0; r < CRUX_ARRAY_LEN(some_rows); r++) {
            if (one_rows != 0 && r > 0) break;
            measure(one.outputs != 0 ? one : all[s], one_rows != 0 ? one_rows : some_rows[r],
                    rounds, cached, json, &first);
        }
    }
    if (json) printf("]}\n");
    return 0;
}
