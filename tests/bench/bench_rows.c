/* What a token costs beside matrix products and attention, by instruction set: norms, quantisation and packing, rope,
 * activation, finish, embedding, and the choice of a token. Figures are the least of several rounds, in which the sets
 * take turns; microseconds a token are nanoseconds a call times calls in a model of that shape.
 *
 *   bench_rows [--json] [--rounds N]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernels/backends/backend.h"
#include "kernels/fused/kernels.h"

enum {
    WIDEST = 8192,
    FINISH_ROWS = 8 /* at once */,
    VOCAB_MAX = 128256,
    SETS = CRUX_ISAS,
    TURN_NS = 2000000
};

static const struct shape {
    const char *name;
    uint32_t blocks, width, heads, kv_heads, head_width, ffn, vocab;
} shapes[] = {{"SmolLM2-135M", 30, 576, 9, 3, 64, 1536, 49152},
              {"1B", 16, 2048, 32, 8, 64, 8192, 128256}};

enum op { NORM, QUANT, PREPARE, ROPE, ACTIVATION, FINISH, EMBED, GREEDY, SAMPLE, OPS };
static const char *const op_names[OPS] = {"rmsnorm", "quant_rows", "prepare",
                                          "rope",    "activation", "finish, 8 rows",
                                          "embed",   "greedy",     "sample 0.8"};

static const struct set {
    enum crux_isa isa;
    const char *backend; /* whose rows they prepare */
} sets[SETS] = {
    {CRUX_ISA_PLAIN, "reference"}, {CRUX_ISA_AVX2, "x86-avx2"}, {CRUX_ISA_AVX512, "x86-vnni"}};

static int32_t rows[WIDEST], more[WIDEST], out[VOCAB_MAX], logits[VOCAB_MAX], adjusted[VOCAB_MAX],
    rowmul[VOCAB_MAX], act[CRUX_TABLE_ENTRIES], turns[3 * 512];
static int64_t acc[VOCAB_MAX];
static int16_t x[WIDEST], weight[WIDEST];
static uint16_t sample_weight[VOCAB_MAX], powers[CRUX_TABLE_ENTRIES];
static uint32_t sample_count[CRUX_SAMPLE_WEIGHTS];
static uint8_t tiles[WIDEST * 4];
static void *prepared;

static uint32_t next(void) {
    static uint64_t state = 1;
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33);
}

/* A bell around 0. */
static int32_t bell(int32_t width) {
    int64_t sum = 0;
    for (int i = 0; i < 6; i++) sum += (int64_t)(next() % (2 * (uint32_t)width + 1)) - width;
    return (int32_t)(sum / 2);
}

static void fill(void) {
    uint64_t pair_turns[256];
    for (uint32_t i = 0; i < WIDEST; i++) {
        rows[i] = bell(1 << 16);
        more[i] = bell(1 << 16);
        x[i] = (int16_t)bell(10000);
        weight[i] = (int16_t)(1 << 13);
    }
    for (uint32_t i = 0; i < VOCAB_MAX; i++) {
        acc[i] = (int64_t)bell(1 << 20) << 15;
        rowmul[i] = 1 << 29;
        logits[i] = bell(1 << 18); /* one in eight is worth a weight */
    }
    for (uint32_t i = 0; i < sizeof tiles; i++) tiles[i] = (uint8_t)next();
    crux_table_activation(act, CRUX_TABLE_SILU, 14, 14);
    crux_table_exp2(powers);
    crux_table_rope_turns(pair_turns, 10000, 64);
    crux_table_rope(turns, pair_turns, 32, 100, 1);
}

static double nanoseconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void choose_token(const struct crux_fused_kernels *k, uint32_t vocab, bool greedy) {
    static const int32_t params[CRUX_SAMPLE_PARAMS] = {52429, 40, 62259, 0, 65536};
    struct crux_fused_sample config = {vocab, CRUX_SAMPLE_BLOCK, 16};
    struct crux_sample_scratch scratch = {adjusted, sample_weight, sample_count, 0};
    if (greedy)
        out[0] = (int32_t)k->greedy(&config, logits);
    else
        out[0] = (int32_t)k->sample(&scratch, &config, logits, params, rows, 0, 123456789, powers);
}

static void norm(const struct crux_fused_kernels *k, uint32_t width) {
    static struct crux_norm_constants constants;
    static uint32_t made_for;
    if (made_for != width) {
        struct crux_fused_norm config = {width, 11258999, 60, 14, 13, 14, INT16_MAX};
        if (crux_fused_rmsnorm_constants(&constants, &config) != CRUX_OK) exit(1);
        made_for = width;
    }
    k->rmsnorm(out, x, &constants, rows, 1, width, 63, weight);
}

static void finish(const struct crux_fused_kernels *k, uint32_t outputs) {
    static const struct crux_fused_linear config = {47, {CRUX_I32, -INT32_MAX, INT32_MAX}};
    static const int8_t e = 3;
    struct crux_fused_finish f = {&config, rowmul, NULL, NULL, 0, &e, 0};
    k->finish(out, outputs, &f, acc, outputs, FINISH_ROWS, 0, outputs);
}

static void activation(const struct crux_fused_kernels *k, uint32_t width) {
    struct crux_table_grid grid = crux_table_activation_grid(14);
    const struct crux_type wide = {CRUX_I32, -INT32_MAX, INT32_MAX};
    struct crux_fused_activation config = {
        {grid.x0, grid.shift, grid.cells, crux_lut_constant(0), crux_lut_line(1, 0)},
        wide,
        14,
        wide};
    k->activation(out, &config, rows, more, width, act);
}

/* One call.  In: backend, whose rows k goes with. */
static void once(enum op op, const struct crux_fused_kernels *k, const struct crux_backend *backend,
                 const struct shape *s) {
    const struct crux_type wide = {CRUX_I32, -INT32_MAX, INT32_MAX};
    int8_t e;
    switch (op) {
    case NORM: norm(k, s->width); return;
    case QUANT: k->quant_rows(x, &e, rows, 1, s->width, CRUX_LIMIT_LINEAR, 63); return;
    case PREPARE: backend->prepare(prepared, weight, s->width); return;
    case ROPE: {
        struct crux_fused_rope config = {CRUX_ROPE_HALF_SPLIT, wide};
        k->rope(out, &config, rows, s->heads, s->head_width, turns);
        return;
    }
    case ACTIVATION: activation(k, s->ffn); return;
    case FINISH: finish(k, s->width); return;
    case EMBED: {
        struct crux_fused_embed config = {1, 20, wide};
        struct crux_tiles table = {{1, 32, 512, true}, 1, s->width, tiles, false};
        k->embed(out, &config, 0, &table, rowmul, NULL);
        return;
    }
    case GREEDY: choose_token(k, s->vocab, true); return;
    case SAMPLE: choose_token(k, s->vocab, false); return;
    case OPS: return;
    }
}

/* Calls of `once` that a token costs, in width: what lies in others is scaled by its width. */
static double calls(enum op op, const struct shape *s) {
    double width = s->width, qkv = (s->heads + 2.0 * s->kv_heads) * s->head_width,
           blocks = s->blocks;
    double rows_of_block = 2 * width + s->heads * s->head_width + s->ffn;
    switch (op) {
    case NORM: return 2 * blocks + 1;
    case QUANT: return ((rows_of_block + qkv) * blocks + width) / width;
    case PREPARE: return (rows_of_block * blocks + width) / width;
    case ROPE: return blocks * (s->heads + s->kv_heads) / s->heads;
    case ACTIVATION: return blocks;
    case FINISH:
        return ((qkv + 2 * width + 2.0 * s->ffn) * blocks + s->vocab) / width / FINISH_ROWS;
    case EMBED: return 1;
    case GREEDY: return 1;
    case SAMPLE: return 1;
    case OPS: return 0;
    }
    return 0;
}

static double turn(enum op op, const struct crux_fused_kernels *k,
                   const struct crux_backend *backend, const struct shape *s) {
    double start = nanoseconds(), now = start;
    long times = 0;
    while (now - start < TURN_NS) {
        for (int i = 0; i < 8; i++) once(op, k, backend, s);
        times += 8;
        now = nanoseconds();
    }
    return (now - start) / (double)times;
}

static void measure(const struct shape *s, long rounds, bool json, bool *first) {
    const struct crux_fused_kernels *k[SETS] = {NULL};
    const struct crux_backend *backend[SETS];
    double total[SETS] = {0};
    for (unsigned i = 0; i < SETS; i++) {
        if (crux_backend_select(&backend[i], sets[i].backend) == CRUX_OK)
            k[i] = crux_fused_kernels(sets[i].isa);
    }
    if (!json) {
        printf("%-14s %10s", s->name, "ns:");
        for (unsigned i = 0; i < SETS; i++) printf(" %10s", k[i] == NULL ? "-" : k[i]->name);
        printf("   us a token:\n");
    }
    for (unsigned op = 0; op < OPS; op++) {
        double least[SETS];
        for (unsigned i = 0; i < SETS; i++) least[i] = 1e18;
        for (long r = 0; r < rounds; r++) {
            for (unsigned i = 0; i < SETS; i++) {
                double ns = k[i] == NULL ? 0 : turn((enum op)op, k[i], backend[i], s);
                if (ns < least[i]) least[i] = ns;
            }
        }
        if (!json) printf("  %-22s", op_names[op]);
        for (unsigned i = 0; i < SETS; i++) {
            double us = least[i] * calls((enum op)op, s) / 1000;
            if (op != SAMPLE) total[i] += us; /* greedy counts */
            if (!json) printf(" %10.0f", least[i]);
            if (json && k[i] != NULL)
                printf("%s{\"model\": \"%s\", \"op\": \"%s\", \"set\": \"%s\", \"ns\": %.1f, "
                       "\"us_per_token\": %.2f}",
                       *first ? "" : ", ", s->name, op_names[op], k[i]->name, least[i], us);
            *first = false;
        }
        for (unsigned i = 0; i < SETS && !json; i++)
            printf(" %9.1f", least[i] * calls((enum op)op, s) / 1000);
        if (!json) printf("\n");
    }
    if (json) return;
    printf("  %-55s", "all of a token, greedy");
    for (unsigned i = 0; i < SETS; i++) printf(" %9.1f", total[i]);
    printf("\n");
}

int main(int argc, char **argv) {
    long rounds = 5;
    bool json = false, first = true;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            json = true;
        else if (strcmp(argv[i], "--rounds") == 0 && i + 1 < argc)
            rounds = strtol(argv[++i], NULL, 10);
        else
            rounds = 0;
    }
    if (rounds < 1 || rounds > 100) {
        fprintf(stderr, "usage: bench_rows [--json] [--rounds 1..100]\n");
        return 2;
    }
    prepared = aligned_alloc(CRUX_BACKEND_ALIGN_BYTES, (size_t)WIDEST * 16);
    if (prepared == NULL) return 1;
    fill();
    if (json) printf("{\"rounds\": %ld, \"results\": [", rounds);
    for (size_t i = 0; i < CRUX_ARRAY_LEN(shapes); i++) measure(&shapes[i], rounds, json, &first);
    if (json) printf("]}\n");
    free(prepared);
    return 0;
}
