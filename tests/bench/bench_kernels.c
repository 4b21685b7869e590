/* How fast the backends multiply, beside what this machine can do at most: the dots of a backend on registers, and
 * reading memory. Each layout and shape, one thread and two; figures are medians over the rounds.
 *
 *   bench_kernels [--json] [--rounds N] [--cached] [--backend NAME] [--layout NAME] [--shape OUTPUTSxINPUTS]
 *                 [--rows N] [--threads N]
 *
 * Enough copies of a matrix are taken in turn that weights come from where a model's would: `--cached` uses one copy
 * instead. Time is the threads' processor time: what other programs take of a core does not count, what they take of
 * the memory's rate does. kernels/backends/ROOFLINE.md says what to expect.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"
#include "tests/bench/kernels_case.h"
#include "tests/bench/kernels_roof.h"

enum { ROUNDS_MAX = 101, BACKENDS_MAX = 16 };

static const struct kernels_layout layouts[] = {
    {"q4-g32-n", "Q4_1, Q4_K", {1, 32, 512, true}, -8, CRUX_TILES_PLAIN},
    {"q4-g32", "Q4_0", {1, 32, 512, true}, -8, CRUX_TILES_CENTRED},
    {"q6-g32-n", "Q5_1, Q5_K", {2, 32, 512, true}, -16, CRUX_TILES_SIX},
    {"q6-g32", "Q5_0", {2, 32, 512, false}, 0, CRUX_TILES_SIX},
    {"q6-g16", "Q6_K", {2, 16, 512, false}, 0, CRUX_TILES_SIX},
    {"q8-g32", "Q8_0, floats", {2, 32, 512, false}, 0, CRUX_TILES_PLAIN},
    {"q8-g16", "none", {2, 16, 512, false}, 0, CRUX_TILES_PLAIN},
    {"q16-g32", "floats, int16", {3, 32, 512, false}, 0, CRUX_TILES_PLAIN},
};

/* Of SmolLM2-135M, and of a Llama of 1B. */
static const struct shape {
    uint32_t outputs, inputs;
} shapes[] = {{192, 576},   {576, 576},  {1536, 576},  {576, 1536}, {49152, 576},
              {2048, 2048}, {512, 2048}, {8192, 2048}, {2048, 8192}};

static const uint32_t rows_of[] = {1, 4, 128};

struct options {
    bool json, is_cached;
    const char *backend, *layout;
    struct shape shape;
    uint32_t rows, threads;
    unsigned rounds;
};

struct roof {
    double read[KERNELS_THREADS_MAX + 1]; /* by threads; 0: not measured yet */
    double dots;
};

static double read_peak(struct roof *roof, unsigned threads) {
    if (roof->read[threads] == 0) roof->read[threads] = kernels_read_peak(threads);
    return roof->read[threads];
}

static void print_one(const struct options *options, const struct kernels_case *one, uint32_t rows,
                      unsigned threads, const struct kernels_speed *speed, struct roof *roof) {
    static bool any;
    double dots = roof->dots * threads, read = read_peak(roof, threads),
           of_dots = dots == 0 ? 0 : 100 * speed->gmac_per_second / dots,
           of_read = 100 * speed->gb_per_second / read;
    if (options->json)
        printf("%s{\"backend\": \"%s\", \"layout\": \"%s\", \"outputs\": %u, \"inputs\": %u, "
               "\"rows\": %u, \"threads\": %u, \"gmac_per_second\": %.2f, "
               "\"weight_gb_per_second\": %.2f, \"percent_of_dots\": %.1f, "
               "\"percent_of_read\": %.1f}",
               any ? ", " : "", one->backend->name, one->layout->name, one->outputs, one->inputs,
               rows, threads, speed->gmac_per_second, speed->gb_per_second, of_dots, of_read);
    else
        printf("%-12s %-9s %5ux%-5u %4u %3u %9.1f %7.1f %8.0f%% %6.0f%%\n", one->backend->name,
               one->layout->name, one->outputs, one->inputs, rows, threads, speed->gmac_per_second,
               speed->gb_per_second, of_dots, of_read);
    any = true;
    fflush(stdout);
}

static void measure_matrix(const struct options *options, const struct kernels_case *one,
                           struct roof *roof) {
    struct kernels_matrix *matrix = kernels_matrix_new(one);
    for (size_t r = 0; r < CRUX_ARRAY_LEN(rows_of); r++) {
        uint32_t rows = options->rows != 0 ? options->rows : rows_of[r];
        for (unsigned threads = 1; threads <= 2; threads++) {
            unsigned count = options->threads != 0 ? options->threads : threads;
            struct kernels_speed speed = kernels_measure(matrix, rows, count, options->rounds);
            print_one(options, one, rows, count, &speed, roof);
            if (options->threads != 0) break;
        }
        if (options->rows != 0) break;
    }
    kernels_matrix_free(matrix);
}

static void measure_backend(const struct options *options, const struct crux_backend *backend,
                            struct roof *roof) {
    struct kernels_case one = {.backend = backend, .is_cached = options->is_cached};
    roof->dots = kernels_dot_peak(backend->name);
    if (!options->json && roof->dots > 0)
        printf("%s: dots of %.1f GMAC/s from registers, one thread\n", backend->name, roof->dots);
    for (size_t l = 0; l < CRUX_ARRAY_LEN(layouts); l++) {
        if (options->layout != NULL && strcmp(options->layout, layouts[l].name) != 0) continue;
        one.layout = &layouts[l];
        for (size_t s = 0; s < CRUX_ARRAY_LEN(shapes); s++) {
            struct shape shape = options->shape.outputs != 0 ? options->shape : shapes[s];
            one.outputs = shape.outputs;
            one.inputs = shape.inputs;
            measure_matrix(options, &one, roof);
            if (options->shape.outputs != 0) break;
        }
    }
}

/* Without a wish, the plain and the OpenBLAS backends are left out: they take minutes. */
static bool is_wanted(const struct options *options, const char *name) {
    if (options->backend != NULL) return strcmp(options->backend, name) == 0;
    return strncmp(name, "x86-", 4) == 0;
}

static void usage(void) {
    fprintf(stderr,
            "usage: bench_kernels [--json] [--rounds 1..%d] [--cached] [--backend NAME] "
            "[--layout NAME]\n                     [--shape OUTPUTSxINPUTS] [--rows 1..%d] "
            "[--threads 1..%d]\n\nlayouts:",
            ROUNDS_MAX, KERNELS_ROWS_MAX, KERNELS_THREADS_MAX);
    for (size_t l = 0; l < CRUX_ARRAY_LEN(layouts); l++)
        fprintf(stderr, " %s (%s)%s", layouts[l].name, layouts[l].source,
                l + 1 < CRUX_ARRAY_LEN(layouts) ? "," : "\n");
    exit(2);
}

/* Returns: the number after option i, within 1..most. */
static uint32_t number(int argc, char **argv, int i, uint32_t most) {
    unsigned long value = i + 1 < argc ? strtoul(argv[i + 1], NULL, 10) : 0;
    if (value < 1 || value > most) usage();
    return (uint32_t)value;
}

static void read_options(struct options *options, int argc, char **argv) {
    *options = (struct options){.rounds = 5};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            options->json = true;
        else if (strcmp(argv[i], "--cached") == 0)
            options->is_cached = true;
        else if (strcmp(argv[i], "--rounds") == 0)
            options->rounds = number(argc, argv, i++, ROUNDS_MAX);
        else if (strcmp(argv[i], "--rows") == 0)
            options->rows = number(argc, argv, i++, KERNELS_ROWS_MAX);
        else if (strcmp(argv[i], "--threads") == 0)
            options->threads = number(argc, argv, i++, KERNELS_THREADS_MAX);
        else if (strcmp(argv[i], "--backend") == 0 && i + 1 < argc)
            options->backend = argv[++i];
        else if (strcmp(argv[i], "--layout") == 0 && i + 1 < argc)
            options->layout = argv[++i];
        else if (strcmp(argv[i], "--shape") == 0 && i + 1 < argc &&
                 sscanf(argv[i + 1], "%ux%u", &options->shape.outputs, &options->shape.inputs) == 2)
            i++;
        else
            usage();
    }
    if ((options->shape.outputs == 0) != (options->shape.inputs == 0) ||
        options->shape.inputs > CRUX_BACKEND_INPUTS_MAX ||
        (options->shape.outputs != 0 && options->threads > (options->shape.outputs + 15) / 16))
        usage();
}

int main(int argc, char **argv) {
    static struct roof roof;
    struct options options;
    size_t count;
    const struct crux_backend *const *list = crux_backend_list(&count);
    read_options(&options, argc, argv);
    if (options.json)
        printf("{\"rounds\": %u, \"cached\": %s, \"results\": [", options.rounds,
               options.is_cached ? "true" : "false");
    else
        printf("%-12s %-9s %11s %4s %3s %9s %7s %9s %7s\n", "backend", "layout", "shape", "rows",
               "thr", "GMAC/s", "GB/s", "of dots", "of read");
    for (size_t b = 0; b < count; b++) {
        const char *why = list[b]->unavailable();
        if (!is_wanted(&options, list[b]->name)) continue;
        if (why == NULL)
            measure_backend(&options, list[b], &roof);
        else
            fprintf(stderr, "skipped: %s (%s)\n", list[b]->name, why);
    }
    if (options.json) {
        printf("], \"read_gb_per_second\": {");
        const char *comma = "";
        for (unsigned t = 1; t <= KERNELS_THREADS_MAX; t++) {
            if (roof.read[t] == 0) continue;
            printf("%s\"%u\": %.1f", comma, t, roof.read[t]);
            comma = ", ";
        }
        printf("}}\n");
    } else {
        for (unsigned t = 1; t <= KERNELS_THREADS_MAX; t++) {
            if (roof.read[t] != 0)
                printf("memory read by %u thread%s: %.1f GB/s\n", t, t == 1 ? "" : "s",
                       roof.read[t]);
        }
    }
    return 0;
}
