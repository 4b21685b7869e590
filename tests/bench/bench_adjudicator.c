/* How fast the adjudicator judges: elements a second for each kind of op and element of the toy program, and for the
 * costliest witness that real models have: a dot of 512 inputs with one q8 tile and four pages. Medians over rounds.
 *
 *   bench_adjudicator [--json] [--rounds N] [--case FILE] [--once]
 *
 *   --case   writes the costliest claim, element and witness, for `crux witness show` and bench_adjudicator.mjs
 *   --once   judges the costliest element once and ends: for valgrind --tool=callgrind
 */
#define _DEFAULT_SOURCE /* syscall */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef __linux__
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#endif
#include <unistd.h>

#include "bisection/adjudicator/adjudicator.h"
#include "bisection/witness/witness.h"
#include "kernels/lowering/builder.h"
#include "tests/support/toy_program.h"
#include "tests/support/toy_world.h"

enum {
    ROUNDS_MAX = 101,
    CASES_MAX = 256,
    WITNESS_MAX = 8192,
    POSITION = 4,
    TURN_NANOSECONDS = 2000000
};

struct bench_case {
    const char *group; /* of the table */
    struct crux_claim claim;
    struct crux_element_id element;
    uint8_t witness[WITNESS_MAX];
    size_t len;
};

static struct bench_case cases[CASES_MAX];
static unsigned case_count;

static void add_case(const char *group, const struct crux_evidence *evidence,
                     struct crux_element_id element) {
    struct bench_case *c = &cases[case_count++];
    struct crux_writer writer;
    world_must(case_count < CASES_MAX, "too many cases");
    c->group = group;
    c->claim = *evidence->claim;
    c->element = element;
    crux_writer_init(&writer, c->witness, sizeof c->witness);
    world_must(crux_witness_address(&c->element, evidence) == CRUX_OK, "address");
    world_must(crux_witness_build(&writer, evidence, &c->element) == CRUX_OK, "witness");
    c->len = writer.at;
}

/* ---- the toy program ---- */

static const char *op_name(unsigned code) {
    static const char *const names[] = {"?",   "LOAD", "STORE", "CONTRACT", "REDUCE", "MAP",
                                        "LUT", "DIV",  "SQRT",  "RAND",     "FIND"};
    return names[code <= CRUX_FIND ? code : 0];
}

static void add_toy(struct world *world) {
    static const struct {
        const char *group;
        struct crux_element_id element;
    } others[] = {
        {"padding", {.kind = CRUX_ELEMENT_PADDING, .pos = POSITION, .op = 2}},
        {"null", {.kind = CRUX_ELEMENT_NULL, .layer = CRUX_TOY_LAYERS - 1}},
        {"close", {.kind = CRUX_ELEMENT_CLOSE}},
        {"count", {.kind = CRUX_ELEMENT_COUNT}},
        {"output", {.kind = CRUX_ELEMENT_OUTPUT, .index = 2}},
        {"done", {.kind = CRUX_ELEMENT_DONE, .index = 2}},
    };
    for (uint32_t layer = 0; layer < CRUX_TOY_LAYERS; layer++) {
        for (uint32_t op = 0; op < world->program.layers[layer].ops; op++) {
            struct crux_element_id element = {
                .kind = CRUX_ELEMENT_VALUE, .pos = POSITION, .layer = layer, .op = op};
            const struct crux_step *step;
            world_must(crux_archive_step(world->archive, POSITION, layer, &step) == CRUX_OK,
                       "step");
            if (step->tensors[op].elements == 0) continue;
            add_case(op_name(world->program.ops[world->program.layers[layer].first + op].op.code),
                     &world->evidence, element);
        }
    }
    for (size_t i = 0; i < CRUX_ARRAY_LEN(others); i++)
        add_case(others[i].group, &world->evidence, others[i].element);
}

/* ---- the costliest witness ---- */

enum { ROWS = 256, INPUTS = 4096, CHUNK = 512 };

/* One layer: x [4096] i16, the dots of 256 rows by tiles, their sums, and a token. */
static enum crux_status dot_program(struct crux_program *program) {
    struct crux_builder b;
    struct crux_tile tile = {2, 32, CHUNK, false};
    struct crux_type i64 = crux_type_full(CRUX_I64);
    crux_builder_init(&b, program, 1, 16);
    struct crux_value input =
        crux_builder_tensor(&b, "input", 0, crux_type_symmetric(32639), CRUX_ROW(INPUTS));
    struct crux_value w =
        crux_builder_tensor(&b, "w", crux_tile_encode(&tile),
                            crux_type_of(CRUX_I32, -200000, 200000), CRUX_GRID(ROWS, INPUTS));
    crux_builder_begin_layer(&b, CRUX_ACTIVE_ALWAYS);
    struct crux_value x =
        crux_emit(&b, "x", crux_draft_load(CRUX_ROW(INPUTS), CRUX_READ(input, crux_ix_o(0))));
    struct crux_affine at = crux_ix_mad(crux_ix_o(1), CHUNK, crux_ix_k(0));
    struct crux_value part =
        crux_emit(&b, "part",
                  crux_draft_contract(i64, CRUX_GRID(ROWS, INPUTS / CHUNK), CRUX_ROW(CHUNK),
                                      CRUX_ARGS(CRUX_READ(x, at), CRUX_READ(w, crux_ix_o(0), at))));
    struct crux_value sum =
        crux_emit(&b, "sum",
                  crux_draft_reduce(i64, CRUX_ROW(ROWS), CRUX_ROW(INPUTS / CHUNK), CRUX_REDUCE_SUM,
                                    CRUX_ARGS(CRUX_READ(part, crux_ix_o(0), crux_ix_k(0)))));
    struct crux_value token = crux_emit(
        &b, "token",
        crux_draft_requant(crux_type_of(CRUX_I32, 0, 15), CRUX_ROW(1), crux_scale_round(1, 40),
                           CRUX_ARGS(CRUX_READ(sum, crux_ix_c(0)))));
    struct crux_record record = crux_builder_store(&b, "token", token);
    crux_builder_end_layer(&b);
    return crux_builder_finish(&b, record);
}

static void add_costliest(struct world *world) {
    static const uint32_t tokens[1] = {3};
    static const uint8_t manifest[] = "dot";
    struct crux_archive_request request = {.fields = {.request_tokens = 1, .limit = 1},
                                           .tokens = tokens};
    memset(world, 0, sizeof *world);
    world_must(dot_program(&world->program) == CRUX_OK, "program of dots");
    world_must(crux_model_generate(&world->memory, &world->program, 1) == CRUX_OK, "model of dots");
    world_must(crux_committed_model_init(&world->model, &world->program, &world->memory, manifest,
                                         sizeof manifest) == CRUX_OK,
               "committed dots");
    world_must(crux_archive_run(&world->archive, &world->model, &request, NULL) == CRUX_OK,
               "run of dots");
    crux_archive_evidence(world->archive, &world->evidence);
    add_case("dot of 512", &world->evidence,
             (struct crux_element_id){.kind = CRUX_ELEMENT_VALUE,
                                      .op = crux_toy_op(&world->program, 0, "part"),
                                      .index = 1234});
}

/* ---- measuring ---- */

static void judge(const struct bench_case *c) {
    enum crux_finding finding;
    enum crux_status status = crux_adjudicate(&finding, &c->claim, &c->element, c->witness, c->len);
    world_must(status == CRUX_OK && finding == CRUX_CONSISTENT, "an honest element is refused");
}

static double nanoseconds_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Returns: nanoseconds an element, the median over the rounds of the mean over the group's cases. */
static double measure(unsigned first, unsigned end, long rounds) {
    static double nanoseconds[ROUNDS_MAX];
    for (long r = 0; r < rounds; r++) {
        double start = nanoseconds_now(), now = start;
        unsigned long judged = 0;
        while (now - start < TURN_NANOSECONDS) {
            for (unsigned i = first; i < end; i++) judge(&cases[i]);
            judged += end - first;
            now = nanoseconds_now();
        }
        nanoseconds[r] = (now - start) / (double)judged;
    }
    qsort(nanoseconds, (size_t)rounds, sizeof nanoseconds[0], compare);
    return nanoseconds[rounds / 2];
}

/* User-mode instructions of one adjudication; -1 with errno where the system does not permit counting. */
static long long count_instructions(const struct bench_case *c) {
#ifdef __linux__
    struct perf_event_attr attributes = {.type = PERF_TYPE_HARDWARE,
                                         .size = sizeof attributes,
                                         .config = PERF_COUNT_HW_INSTRUCTIONS};
    long long count = -1;
    attributes.disabled = 1;
    attributes.exclude_kernel = 1;
    attributes.exclude_hv = 1;
    int fd = (int)syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0);
    if (fd < 0) return -1;
    judge(c);
    ioctl(fd, PERF_EVENT_IOC_RESET, 0);
    ioctl(fd, PERF_EVENT_IOC_ENABLE, 0);
    judge(c);
    ioctl(fd, PERF_EVENT_IOC_DISABLE, 0);
    if (read(fd, &count, sizeof count) != (ssize_t)sizeof count || count == 0) {
        count = -1; /* a counter that never ran */
        errno = ENODEV;
    }
    close(fd);
    return count;
#else
    (void)c;
    errno = ENOSYS;
    return -1;
#endif
}

/* The same by valgrind, where there is one; -1 if not. */
static long long count_by_callgrind(void) {
    static const char options[] =
        "--tool=callgrind --callgrind-out-file=/dev/null --toggle-collect=crux_adjudicate";
    char self[1024], command[1400], line[256];
    long long count = -1;
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length <= 0) return -1;
    self[length] = '\0';
    (void)snprintf(command, sizeof command, "valgrind %s '%s' --once 2>&1", options, self);
    FILE *pipe = popen(command, "r");
    while (pipe != NULL && fgets(line, sizeof line, pipe) != NULL) {
        const char *found = strstr(line, "Collected : ");
        if (found != NULL) count = strtoll(found + strlen("Collected : "), NULL, 10);
    }
    if (pipe == NULL || pclose(pipe) != 0 || count == 0) return -1;
    return count;
}

static int compare_cases(const void *a, const void *b) {
    const struct bench_case *x = a, *y = b;
    return strcmp(x->group, y->group);
}

static void print_group(unsigned first, unsigned end, long rounds, bool json, bool is_first) {
    size_t most = 0;
    for (unsigned i = first; i < end; i++) most = cases[i].len > most ? cases[i].len : most;
    double ns = measure(first, end, rounds);
    if (json) {
        printf("%s{\"element\": \"%s\", \"cases\": %u, \"witness_bytes_max\": %zu, "
               "\"elements_per_second\": %.0f}",
               is_first ? "" : ", ", cases[first].group, end - first, most, 1e9 / ns);
    } else {
        printf("%-12s %6u %14zu %12.2f %14.0f\n", cases[first].group, end - first, most, ns / 1e3,
               1e9 / ns);
    }
}

static void write_case(const struct bench_case *c, const char *path) {
    static uint8_t bytes[CRUX_CASE_HEAD_BYTES + WITNESS_MAX];
    struct crux_case out = {c->claim, c->element, c->witness, (uint32_t)c->len};
    struct crux_writer writer;
    FILE *file = fopen(path, "wb");
    crux_writer_init(&writer, bytes, sizeof bytes);
    world_must(crux_case_encode(&writer, &out) == CRUX_OK, "case");
    world_must(file != NULL && fwrite(bytes, 1, writer.at, file) == writer.at && fclose(file) == 0,
               path);
}

static void print_costliest(const struct bench_case *c, long rounds, bool json) {
    const char *by = "perf";
    double ns = measure((unsigned)(c - cases), (unsigned)(c - cases) + 1, rounds);
    long long instructions = count_instructions(c);
    int why = errno;
    if (instructions < 0) {
        by = "callgrind";
        instructions = count_by_callgrind();
    }
    if (json) {
        printf("], \"costliest\": {\"element\": \"%s\", \"witness_bytes\": %zu, "
               "\"elements_per_second\": %.0f, \"instructions\": ",
               c->group, c->len, 1e9 / ns);
        if (instructions >= 0)
            printf("%lld, \"counted_by\": \"%s\"}}\n", instructions, by);
        else
            printf("null, \"counted_by\": null}}\n");
        return;
    }
    printf("\ncostliest: %s inputs, one q8 tile, four pages: %zu bytes, %.2f us, %.0f elements a "
           "second\n",
           c->group, c->len, ns / 1e3, 1e9 / ns);
    if (instructions >= 0)
        printf("instructions: %lld (%s)\n", instructions, by);
    else
        printf("instructions: skipped: no counter (%s) and no valgrind here\n", strerror(why));
}

int main(int argc, char **argv) {
    struct world toy, dots;
    bool json = false, once = false;
    const char *path = NULL;
    long rounds = 11;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            json = true;
        else if (strcmp(argv[i], "--once") == 0)
            once = true;
        else if (strcmp(argv[i], "--case") == 0 && i + 1 < argc)
            path = argv[++i];
        else if (strcmp(argv[i], "--rounds") == 0 && i + 1 < argc)
            rounds = strtol(argv[++i], NULL, 10);
        else
            rounds = 0;
    }
    if (rounds < 1 || rounds > ROUNDS_MAX) {
        fprintf(stderr,
                "usage: bench_adjudicator [--json] [--rounds 1..%d] [--case FILE] [--once]\n",
                ROUNDS_MAX);
        return 2;
    }
    add_costliest(&dots);
    if (path != NULL) write_case(&cases[0], path);
    if (once) {
        judge(&cases[0]);
        world_free(&dots);
        return 0;
    }
    world_init(&toy, NULL, NULL);
    add_toy(&toy);
    qsort(cases + 1, case_count - 1, sizeof cases[0], compare_cases);
    if (json)
        printf("{\"rounds\": %ld, \"results\": [", rounds);
    else
        printf("%-12s %6s %14s %12s %14s\n", "element", "cases", "witness bytes", "us",
               "elements/s");
    for (unsigned first = 1, end = 1; first < case_count; first = end) {
        while (end < case_count && strcmp(cases[end].group, cases[first].group) == 0) end++;
        print_group(first, end, rounds, json, first == 1);
    }
    print_costliest(&cases[0], rounds, json);
    world_free(&toy);
    world_free(&dots);
    return 0;
}
