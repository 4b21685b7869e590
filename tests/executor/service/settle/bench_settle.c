/* How long the service's main thread is held by what it keeps on the disk: a receipt, a group of receipts, a tick.
 *
 *   ./dev bench settle [RECEIPTS [LEAVES]] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain-adapter/io/seconds.h"
#include "tests/executor/service/settle/settle_world.h"
#include "tests/support/toy_world.h"

enum { GROUP = 8, SAMPLES_MAX = 4096 };

struct series {
    double seconds[SAMPLES_MAX];
    unsigned count;
};

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void say(const char *what, struct series *s) {
    double sum = 0;
    if (s->count == 0) return;
    for (unsigned i = 0; i < s->count; i++) sum += s->seconds[i];
    qsort(s->seconds, s->count, sizeof *s->seconds, compare);
    (void)printf("%-34s %6u times, ms: median %7.2f  p99 %7.2f  most %7.2f  sum %9.1f\n", what,
                 s->count, 1e3 * s->seconds[s->count / 2], 1e3 * s->seconds[s->count * 99 / 100],
                 1e3 * s->seconds[s->count - 1], 1e3 * sum);
}

static void note(struct series *s, double begun) {
    if (s->count < SAMPLES_MAX) s->seconds[s->count++] = crux_seconds() - begun;
}

static void promise(struct settle_world *world, uint64_t number, uint8_t (*leaves)[32],
                    uint64_t count) {
    struct settle_world_run run;
    settle_world_run(&run, world, number, CRUX_MODE_BATCHED);
    run.run.leaves = (const uint8_t(*)[32])leaves;
    run.run.leaf_count = count;
    world_must(crux_settle_promise(world->settle, &run.run, NULL) == CRUX_OK,
               crux_settle_message(world->settle));
}

int main(int argc, char **argv) {
    static struct settle_world world;
    static struct series alone, grouped, ticks, busy;
    uint64_t receipts = argc > 1 ? strtoull(argv[1], NULL, 10) : 256;
    uint64_t leaves = argc > 2 ? strtoull(argv[2], NULL, 10) : 8192, number = 0;
    uint8_t(*bytes)[32] = calloc(leaves + 1, 32);
    if (bytes == NULL || receipts > SAMPLES_MAX) return 2;
    settle_world_make(&world);
    world.options.batch_count = 64;
    settle_world_open(&world);
    while (number < receipts) {
        double begun = crux_seconds();
        promise(&world, ++number, bytes, leaves);
        note(&alone, begun);
    }
    while (number < 2 * receipts) {
        double begun = crux_seconds();
        world_must(crux_store_begin(world.store) == CRUX_OK, "begin");
        for (unsigned i = 0; i < GROUP; i++) promise(&world, ++number, bytes, leaves);
        world_must(crux_store_commit(world.store) == CRUX_OK, "commit");
        note(&grouped, begun);
    }
    unsigned idle = 0;
    double all = crux_seconds();
    do { /* posts and shows all of it */
        struct crux_settle_figures before, after;
        world_must(crux_settle_figures(world.settle, &before) == CRUX_OK, "figures");
        double begun = crux_seconds();
        world_must(crux_settle_tick(world.settle, 6000) == CRUX_OK, "tick");
        bool is_busy = crux_settle_is_busy(world.settle);
        note(is_busy ? &busy : &ticks, begun);
        world_must(crux_settle_figures(world.settle, &after) == CRUX_OK, "figures");
        idle = before.moves == after.moves ? idle + 1 : 0;
    } while (idle < 64);
    all = crux_seconds() - all;
    (void)printf("%llu leaves a run\n", (unsigned long long)leaves);
    say("a receipt by itself", &alone);
    say("8 receipts together", &grouped);
    say("a tick with more to do", &busy);
    say("a tick that does all there is", &ticks);
    (void)printf("%llu claims settled in %.2f s of ticks\n", (unsigned long long)number, all);
    settle_world_remove(&world);
    free(bytes);
    return 0;
}
