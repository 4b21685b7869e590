/* How fast a block of queries attends, on one thread: nanoseconds a query and position, by instruction set, for a chunk of
 * prefill and for decode at the end of a context. Two kinds of cache: `flat`, where many weights are large, and `sink`,
 * where one position outweighs the others as in most heads of real models. Caches of several layers are taken in turn,
 * so that keys and values come from where a model's would; `--cached` uses one. Contenders take turns within a round; figures are medians
 * over the rounds, of this thread's processor time.
 *
 *   bench_attention [--json] [--rounds N] [--cached] [--set NAME]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernels/kernels.h"

enum {
    ROUNDS_MAX = 101,
    CONTEXT_MAX = 8192,
    PAGES_MAX = CONTEXT_MAX / CRUX_ATTENTION_PAGE,
    SETS = CRUX_ISAS
};

static const size_t MODEL_BYTES = (size_t)48 << 20; /* of caches together */
static const double TURN_SECONDS = 0.004;

static const struct shape {
    const char *name;
    uint32_t heads, kv_heads, width;
} shapes[] = {{"9 heads of 3, 64", 9, 3, 64},
              {"32 heads of 8, 64", 32, 8, 64},
              {"32 heads of 8, 128", 32, 8, 128}};
static const uint32_t contexts[] = {512, 4096, 8192};

static struct bench {
    struct crux_fused_attention config;
    struct crux_attention_tables tables;
    uint32_t context, copies;
    uint8_t *memory;
    const uint8_t **pages; /* [copies][PAGES_MAX] */
    int16_t *q;
    int8_t *eq;
    int32_t *out;
    void *scratch;
    uint32_t next;
} bench;

static void die(const char *message) {
    fprintf(stderr, "bench_attention: %s\n", message);
    exit(1);
}

static double seconds_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *room_for(size_t bytes) {
    size_t up = (bytes / CRUX_ATTENTION_ALIGN_BYTES + 1) * CRUX_ATTENTION_ALIGN_BYTES;
    void *room = aligned_alloc(CRUX_ATTENTION_ALIGN_BYTES, up);
    if (room == NULL) die("not enough memory");
    memset(room, 0, up);
    return room;
}

static int32_t noise(int32_t most) {
    static uint64_t state = 88172645463325252;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (int32_t)(state % (2 * (uint64_t)most + 1)) - most;
}

/* ---- one shape, context and kind ---- */

static void fill_page(uint8_t *page, bool first, bool sink) {
    int16_t k[CRUX_ATTENTION_WIDTH_MAX], v[CRUX_ATTENTION_WIDTH_MAX];
    int32_t limit = crux_fused_quant_rows_dot_limit(bench.config.width);
    for (uint32_t t = 0; t < CRUX_ATTENTION_PAGE; t++) {
        bool heavy = sink && first && t == 0;
        for (uint32_t i = 0; i < bench.config.width; i++) {
            k[i] = (int16_t)(heavy ? limit : noise(limit));
            v[i] = (int16_t)noise(32767);
        }
        crux_fused_attention_put(page, bench.config.width, t, k, 1, v, 3 + (noise(1) > 0));
    }
}

static void open_bench(const struct shape *shape, uint32_t context, bool sink, bool cached) {
    static uint16_t exp2[CRUX_TABLE_ENTRIES];
    size_t page = crux_fused_attention_page_bytes(shape->width);
    uint32_t count = context / CRUX_ATTENTION_PAGE, group = shape->heads / shape->kv_heads;
    int32_t limit = crux_fused_quant_rows_dot_limit(shape->width);
    crux_table_exp2(exp2);
    bench = (struct bench){.context = context, .tables = {exp2, NULL}};
    bench.config = (struct crux_fused_attention){.heads = shape->heads,
                                                 .kv_heads = shape->kv_heads,
                                                 .width = shape->width,
                                                 .context = CONTEXT_MAX};
    crux_fused_attention_scale(&bench.config, (uint64_t)shape->width << CRUX_DIVISOR_BITS, 24);
    bench.copies = cached ? 1 : (uint32_t)(MODEL_BYTES / (count * page));
    bench.memory = room_for(bench.copies * count * page);
    bench.pages = room_for((size_t)bench.copies * count * sizeof *bench.pages);
    for (uint32_t i = 0; i < bench.copies * count; i++) {
        bench.pages[i] = bench.memory + i * page;
        fill_page(bench.memory + i * page, i % count == 0, sink);
    }
    bench.q = room_for((size_t)CRUX_ATTENTION_QUERIES * shape->width * sizeof *bench.q);
    bench.eq = room_for(CRUX_ATTENTION_QUERIES);
    bench.out = room_for((size_t)CRUX_ATTENTION_QUERIES * shape->width * sizeof *bench.out);
    for (uint32_t i = 0; i < CRUX_ATTENTION_QUERIES * shape->width; i++)
        bench.q[i] = (int16_t)(noise(limit / 2) + (sink ? limit / 4 : 0));
    bench.scratch = room_for(crux_fused_attention_scratch_bytes(&bench.config, group));
}

static void close_bench(void) {
    free(bench.memory);
    free(bench.pages);
    free(bench.q);
    free(bench.eq);
    free(bench.out);
    free(bench.scratch);
}

/* ---- a turn ---- */

/* Returns: nanoseconds a query and position. */
static double turn(const struct crux_fused_kernels *fused, uint32_t rows) {
    uint32_t group = bench.config.heads / bench.config.kv_heads;
    struct crux_attention_block block = {.config = &bench.config,
                                         .tables = &bench.tables,
                                         .rows = rows,
                                         .heads = group,
                                         .pos = bench.context - rows,
                                         .q = bench.q,
                                         .eq = bench.eq,
                                         .q_stride = (size_t)group * bench.config.width,
                                         .eq_stride = group,
                                         .out = bench.out};
    double start = seconds_now(), took;
    uint64_t times = 0;
    do {
        block.pages = bench.pages +
                      (size_t)(bench.next++ % bench.copies) * (bench.context / CRUX_ATTENTION_PAGE);
        fused->attention(&block, bench.scratch);
        times++;
        took = seconds_now() - start;
    } while (took < TURN_SECONDS);
    return took * 1e9 / (double)(times * rows * group * bench.context);
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Out: medians by set, of prefill and of decode. */
static void measure(double figures[SETS][2], const struct crux_fused_kernels *const sets[SETS],
                    unsigned rounds) {
    static double taken[SETS][2][ROUNDS_MAX];
    uint32_t group = bench.config.heads / bench.config.kv_heads;
    uint32_t rows = crux_fused_attention_rows(&bench.config, group, bench.context - 1);
    for (unsigned r = 0; r < rounds; r++) {
        for (unsigned s = 0; s < SETS; s++) {
            for (unsigned kind = 0; kind < 2 && sets[s] != NULL; kind++)
                taken[s][kind][r] = turn(sets[s], kind == 0 ? rows : 1);
        }
    }
    for (unsigned s = 0; s < SETS; s++) {
        for (unsigned kind = 0; kind < 2; kind++) {
            qsort(taken[s][kind], rounds, sizeof taken[s][kind][0], compare);
            figures[s][kind] = taken[s][kind][rounds / 2];
        }
    }
}

int main(int argc, char **argv) {
    const struct crux_fused_kernels *sets[SETS];
    bool json = false;
    unsigned rounds = 7;
    const char *only = NULL;
    bool cached = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            json = true;
        else if (strcmp(argv[i], "--rounds") == 0 && i + 1 < argc)
            rounds = (unsigned)atoi(argv[++i]);
        else if (strcmp(argv[i], "--cached") == 0)
            cached = true;
        else if (strcmp(argv[i], "--set") == 0 && i + 1 < argc)
            only = argv[++i];
        else
            die("usage: bench_attention [--json] [--rounds N] [--cached] [--set NAME]");
    }
    if (rounds < 1 || rounds > ROUNDS_MAX) die("--rounds is from 1 to 101");
    for (unsigned k = 0; k < SETS; k++) {
        sets[k] = crux_fused_kernels((enum crux_isa)k);
        if (only != NULL && sets[k] != NULL && strcmp(sets[k]->name, only) != 0) sets[k] = NULL;
    }
    const char *comma = "";
    if (json)
        printf("{");
    else
        printf("ns a query and position: prefill / decode\n%-20s %7s %5s", "shape", "context",
               "kind");
    for (unsigned s = 0; s < SETS && !json; s++) {
        if (sets[s] != NULL) printf("  %15s", sets[s]->name);
    }
    for (size_t i = 0; i < CRUX_ARRAY_LEN(shapes); i++) {
        for (size_t c = 0; c < CRUX_ARRAY_LEN(contexts) * 2; c++) {
            const char *kind = c % 2 == 0 ? "flat" : "sink";
            double figures[SETS][2];
            open_bench(&shapes[i], contexts[c / 2], c % 2 == 1, cached);
            measure(figures, sets, rounds);
            close_bench();
            if (!json) printf("\n%-20s %7u %5s", shapes[i].name, contexts[c / 2], kind);
            for (unsigned s = 0; s < SETS; s++) {
                if (sets[s] == NULL) continue;
                if (json)
                    printf("%s\"%s_%u_%s_%s\": [%.4f, %.4f]", comma, sets[s]->name, contexts[c / 2],
                           kind, shapes[i].name, figures[s][0], figures[s][1]);
                else
                    printf("  %7.3f/%7.3f", figures[s][0], figures[s][1]);
                comma = ", ";
            }
            fflush(stdout);
        }
    }
    printf(json ? "}\n" : "\n");
    return 0;
}
