/* The executor's defence over a chain file: sham challengers lose, whenever it is killed and wherever the chain goes back;
 * who falls silent loses by the clock; a promise that was false is not defended. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "executor/engine/archive_again.h"
#include "tests/executor/service/defend/defend_world.h"
#include "tests/support/game_table.h"

enum { REORGS = 8, KILLS = 8, LATE_SECONDS = 10000 + 500 + 1 /* table_parameters */ };

struct here {
    struct defend_executor executor;
    struct local_chain *made;
    struct crux_random random;
    uint64_t events; /* at the beginning: not taken back */
    unsigned reorgs;
};

static void tick_here(void *ctx, const struct defend_state *state) {
    struct here *here = ctx;
    uint64_t events = defend_events(&here->made->chain);
    defend_executor_tick(&here->executor);
    if (here->reorgs == REORGS || state->over > 0 || state->is_late || events < here->events + 4 ||
        !crux_random_one_in(&here->random, 10))
        return;
    uint64_t back = 1 + crux_random_below(&here->random, 3);
    here->reorgs += here->made->chain.ops->rewind(&here->made->chain, back) == CRUX_OK;
}

static void test_shams_lose(void **state) {
    const struct crux_account us = table_account(DEFEND_EXECUTOR);
    (void)state;
    for (unsigned round = 0; round < 4; round++) {
        struct defend_world *world = calloc(1, sizeof *world);
        struct local_chain made;
        struct crux_defend_figures figures;
        struct crux_archives_figures archives;
        assert_non_null(world);
        defend_world_open(world, 40 + round);
        struct here here = {.made = &made, .random = {.state = round}};
        here.events = defend_world_post(world, &made);
        if (round % 2 == 0) here.reorgs = REORGS; /* none */
        defend_executor_open(&here.executor, world, made.path, &us, round < 2 ? UINT64_MAX : 1);
        defend_play(world, &made.chain, LATE_SECONDS, tick_here, &here);
        crux_defend_figures(here.executor.defend, &figures);
        crux_archives_figures(here.executor.archives, &archives);
        assert_int_equal(figures.missed, 0);
        assert_int_equal(figures.false_promises, 0);
        assert_true(figures.moves > DEFEND_CLAIMS * DEFEND_SHAMS);
        assert_true(archives.made >= DEFEND_CLAIMS);
        if (round < 2)
            assert_int_equal(archives.made, DEFEND_CLAIMS);
        else
            assert_int_equal(archives.kept, 1);
        defend_executor_close(&here.executor);
        local_chain_remove(&made);
        defend_world_close(world);
        free(world);
    }
}

/* ---- killed ---- */

enum { KILL_SEED = 77 };

/* Another process, with nothing but the chain file and what the store would tell it. */
static _Noreturn void defender(const char *path) {
    const struct crux_account us = table_account(DEFEND_EXECUTOR);
    static struct defend_world world;
    static struct defend_executor executor;
    defend_world_open(&world, KILL_SEED);
    defend_executor_open(&executor, &world, path, &us, UINT64_MAX);
    for (;;) {
        defend_executor_tick(&executor);
        defend_pause(DEFEND_LOOK_NANOSECONDS);
    }
}

struct there {
    struct local_chain *made;
    struct crux_random random;
    pid_t pid;
    unsigned kills;
    uint64_t events; /* as seen last */
};

static void start(struct there *there) {
    there->pid = fork();
    assert_true(there->pid >= 0);
    if (there->pid > 0) return;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)execl("/proc/self/exe", "defender", "--defender", there->made->path, (char *)NULL);
    _exit(127);
}

static void stop(struct there *there) {
    int status;
    assert_int_equal(kill(there->pid, SIGKILL), 0);
    assert_int_equal(waitpid(there->pid, &status, 0), there->pid);
    assert_true(WIFSIGNALED(status)); /* it had not ended by itself */
}

/* Killed at any moment after it has moved: in the midst of its next moves, often. */
static void strike(void *ctx, const struct defend_state *state) {
    struct there *there = ctx;
    uint64_t events = defend_events(&there->made->chain), others = there->events + state->moved;
    there->events = events;
    if (there->kills == KILLS || events <= others) return;
    defend_pause((long)crux_random_below(&there->random, 3000000));
    stop(there);
    there->kills++;
    start(there);
}

static void test_killed(void **state) {
    struct defend_world *world = calloc(1, sizeof *world);
    struct local_chain made;
    struct there there = {.made = &made, .random = {.state = 5}};
    (void)state;
    assert_non_null(world);
    defend_world_open(world, KILL_SEED);
    there.events = defend_world_post(world, &made);
    start(&there);
    defend_play(world, &made.chain, LATE_SECONDS, strike, &there);
    stop(&there);
    assert_true(there.kills > 0);
    print_message("killed %u times\n", there.kills);
    local_chain_remove(&made);
    defend_world_close(world);
    free(world);
}

/* ---- archives ---- */

static const uint8_t nobody[CRUX_ARCHIVES_ASKER_BYTES];

struct asked {
    volatile bool done;
    enum crux_status status;
    uint8_t leaf[32];
};

static void use(void *ctx, enum crux_status status, const struct crux_provider *provider) {
    struct asked *asked = ctx;
    const struct crux_tree_id tree = {.kind = CRUX_TREE_TRACE};
    asked->status = status;
    if (status == CRUX_OK) asked->status = provider->node(provider->ctx, &tree, 0, 0, asked->leaf);
    __atomic_store_n(&asked->done, true, __ATOMIC_RELEASE);
}

static enum crux_status ask_for(struct crux_archives *archives, const struct crux_archives_run *run,
                                struct asked *asked, crux_archives_use *what) {
    *asked = (struct asked){.done = false};
    assert_int_equal(crux_archives_submit(archives, run, nobody, what, asked), CRUX_OK);
    while (!__atomic_load_n(&asked->done, __ATOMIC_ACQUIRE)) defend_pause(DEFEND_LOOK_NANOSECONDS);
    return asked->status;
}

static enum crux_status ask(struct crux_archives *archives, const struct crux_archives_run *run,
                            struct asked *asked) {
    return ask_for(archives, run, asked, use);
}

static void test_archives(void **state) {
    const struct crux_account us = table_account(DEFEND_EXECUTOR);
    struct defend_world *world = calloc(1, sizeof *world);
    struct defend_executor executor;
    struct asked asked;
    struct crux_archives_figures figures;
    (void)state;
    assert_non_null(world);
    defend_world_open(world, 9);
    defend_executor_open(&executor, world, "/nowhere", &us, UINT64_MAX);
    struct crux_archives_run run = executor.cases[0].run;
    assert_int_equal(ask(executor.archives, &run, &asked), CRUX_OK);
    const struct crux_merkle_tree *trace;
    assert_int_equal(crux_archive_tree(world->claimed[0].archive,
                                       &(struct crux_tree_id){.kind = CRUX_TREE_TRACE}, &trace),
                     CRUX_OK);
    assert_memory_equal(asked.leaf, trace->hash[0], 32);
    assert_int_equal(ask(executor.archives, &run, &asked), CRUX_OK);
    /* another trace than was promised: found out, and not tried again at once */
    run.claim.trace_root[5] ^= 1;
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(ask(executor.archives, &run, &asked), CRUX_E_CLAIM_MISMATCH);
    run.claim.model_root[0] ^= 1;
    assert_int_equal(ask(executor.archives, &run, &asked), CRUX_E_MODEL_UNKNOWN);
    crux_archives_figures(executor.archives, &figures);
    assert_int_equal(figures.made, 1);
    assert_int_equal(figures.reused, 1);
    assert_int_equal(figures.kept, 1);
    assert_true(figures.bytes > 0);
    defend_executor_close(&executor);
    defend_world_close(world);
    free(world);
}

static void use_step(void *ctx, enum crux_status status, const struct crux_provider *provider) {
    struct asked *asked = ctx;
    const struct crux_tree_id tree = {.kind = CRUX_TREE_TENSORS};
    asked->status = status;
    if (status == CRUX_OK) asked->status = provider->node(provider->ctx, &tree, 0, 0, asked->leaf);
    __atomic_store_n(&asked->done, true, __ATOMIC_RELEASE);
}

/* The tensors of a step stay in memory for the runs used last alone, and are the same when they are computed again. */
static void test_steps_rest(void **state) {
    const struct crux_account us = table_account(DEFEND_EXECUTOR);
    struct defend_world *world = calloc(1, sizeof *world);
    const struct crux_archives_options options = {.bytes_max = UINT64_MAX, .open_max = 1};
    struct defend_executor executor;
    struct crux_archives *archives;
    struct asked asked[2][DEFEND_CLAIMS];
    struct crux_archives_figures figures;
    (void)state;
    assert_non_null(world);
    defend_world_open(world, 9);
    const struct crux_archives_model model = defend_model(world);
    defend_executor_open(&executor, world, "/nowhere", &us, UINT64_MAX);
    assert_int_equal(crux_archives_open(&archives, &model, 1, &options), CRUX_OK);
    for (unsigned time = 0; time < 2; time++) {
        for (unsigned i = 0; i < DEFEND_CLAIMS; i++)
            assert_int_equal(ask_for(archives, &executor.cases[i].run, &asked[time][i], use_step),
                             CRUX_OK);
        crux_archives_figures(archives, &figures);
        assert_int_equal(figures.kept, DEFEND_CLAIMS);
        assert_int_equal(figures.rested, (time + 1) * DEFEND_CLAIMS - 1);
    }
    for (unsigned i = 0; i < DEFEND_CLAIMS; i++)
        assert_memory_equal(asked[0][i].leaf, asked[1][i].leaf, 32);
    assert_int_equal(figures.made, DEFEND_CLAIMS);
    crux_archives_close(archives);
    defend_executor_close(&executor);
    defend_world_close(world);
    free(world);
}

/* A run is refused before anything is computed if it would take more than there is. */
static void test_too_large(void **state) {
    const struct crux_account us = table_account(DEFEND_EXECUTOR);
    struct defend_world *world = calloc(1, sizeof *world);
    struct crux_archives_figures figures;
    (void)state;
    assert_non_null(world);
    defend_world_open(world, 9);
    const struct crux_claim *claim = &world->claimed[0].claim;
    uint64_t bytes =
        crux_archive_bytes(&world->f.program, claim->request_tokens, crux_claim_positions(claim));
    for (unsigned less = 0; less < 2; less++) {
        struct defend_executor executor;
        struct asked asked;
        defend_executor_open(&executor, world, "/nowhere", &us, bytes - less);
        assert_int_equal(ask(executor.archives, &executor.cases[0].run, &asked),
                         less > 0 ? CRUX_E_CACHE_TOO_SMALL : CRUX_OK);
        crux_archives_figures(executor.archives, &figures);
        assert_int_equal(figures.made, 1 - less);
        assert_int_equal(figures.bytes, less > 0 ? 0 : bytes);
        defend_executor_close(&executor);
    }
    defend_world_close(world);
    free(world);
}

/* Of more than are defended at once, the first are; how many wait is told. */
static void test_too_many(void **state) {
    enum { MORE = 3, ELSEWHERE = 4 };
    const struct crux_account us = table_account(DEFEND_EXECUTOR);
    struct defend_world *world = calloc(1, sizeof *world);
    struct crux_defend_case *cases = calloc(CRUX_DEFEND_CASES_MAX + MORE, sizeof *cases);
    struct crux_defend_figures figures;
    struct defend_executor executor;
    (void)state;
    assert_non_null(world);
    assert_non_null(cases);
    defend_world_open(world, 9);
    defend_executor_open(&executor, world, "/nowhere", &us, UINT64_MAX);
    for (uint32_t i = 0; i < CRUX_DEFEND_CASES_MAX + MORE; i++) cases[i] = executor.cases[0];
    assert_int_equal(
        crux_defend_set(executor.defend, cases, CRUX_DEFEND_CASES_MAX + MORE, ELSEWHERE), CRUX_OK);
    do {
        defend_pause(DEFEND_LOOK_NANOSECONDS);
        crux_defend_figures(executor.defend, &figures);
    } while (figures.rounds == 0);
    assert_int_equal(figures.cases, CRUX_DEFEND_CASES_MAX);
    assert_int_equal(figures.left_out, MORE + ELSEWHERE);
    defend_executor_close(&executor);
    defend_world_close(world);
    free(world);
    free(cases);
}

/* ---- strangers ---- */

enum { ASKERS = 4, PLACES = 2 * CRUX_ARCHIVES_OF_ONE + 2 };

struct turns {
    pthread_mutex_t held; /* while the thread is to be busy */
    volatile bool begun;
    uint8_t order[PLACES];
    volatile unsigned count;
};

struct turn {
    struct turns *turns;
    uint8_t asker;
};

static void take_turn(void *ctx, enum crux_status status, const struct crux_provider *provider) {
    const struct turn *turn = ctx;
    struct turns *turns = turn->turns;
    (void)provider;
    assert_int_equal(status, CRUX_OK);
    __atomic_store_n(&turns->begun, true, __ATOMIC_RELEASE);
    (void)pthread_mutex_lock(&turns->held);
    (void)pthread_mutex_unlock(&turns->held);
    turns->order[turns->count] = turn->asker;
    __atomic_store_n(&turns->count, turns->count + 1, __ATOMIC_RELEASE);
}

/* One asker fills its own places, and no more; who comes after has a turn before the rest of them. */
static void test_askers(void **state) {
    const struct crux_account us = table_account(DEFEND_EXECUTOR);
    struct defend_world *world = calloc(1, sizeof *world);
    struct turns turns = {.held = PTHREAD_MUTEX_INITIALIZER};
    struct turn turn[ASKERS];
    uint8_t asker[ASKERS][CRUX_ARCHIVES_ASKER_BYTES] = {{0}};
    struct defend_executor executor;
    (void)state;
    assert_non_null(world);
    defend_world_open(world, 9);
    defend_executor_open(&executor, world, "/nowhere", &us, UINT64_MAX);
    const struct crux_archives_run *run = &executor.cases[0].run;
    for (uint8_t i = 0; i < ASKERS; i++) {
        turn[i] = (struct turn){&turns, i};
        asker[i][CRUX_ARCHIVES_ASKER_BYTES - 1] = i;
    }
#define SUBMIT(who) crux_archives_submit(executor.archives, run, asker[who], take_turn, &turn[who])
    (void)pthread_mutex_lock(&turns.held);
    assert_int_equal(SUBMIT(0), CRUX_OK);
    while (!__atomic_load_n(&turns.begun, __ATOMIC_ACQUIRE)) defend_pause(DEFEND_LOOK_NANOSECONDS);
    for (unsigned i = 0; i < CRUX_ARCHIVES_OF_ONE; i++) assert_int_equal(SUBMIT(0), CRUX_OK);
    assert_int_equal(SUBMIT(0), CRUX_E_QUEUE_FULL);
    for (unsigned i = 0; i < 2; i++) assert_int_equal(SUBMIT(1), CRUX_OK);
    for (unsigned i = 2; i < ASKERS; i++) assert_int_equal(SUBMIT(i), CRUX_OK);
    (void)pthread_mutex_unlock(&turns.held);
    while (__atomic_load_n(&turns.count, __ATOMIC_ACQUIRE) < CRUX_ARCHIVES_OF_ONE + 5)
        defend_pause(DEFEND_LOOK_NANOSECONDS);
    static const uint8_t first[] = {0, 1, 2, 3, 0, 1, 0};
    assert_memory_equal(turns.order, first, sizeof first);
#undef SUBMIT
    defend_executor_close(&executor);
    defend_world_close(world);
    free(world);
}

/* ---- defence first ---- */

struct midst {
    struct crux_archives *archives;
    const struct crux_archives_run *other;
    volatile unsigned asked, used; /* asked: after it was put in the queue */
    volatile unsigned rounds;
};

/* In the midst of a run that is made for somebody, another one is made for the round. */
static void look_around(void *ctx) {
    struct midst *midst = ctx;
    struct crux_archives_figures figures;
    const struct crux_provider *provider;
    unsigned asked = __atomic_load_n(&midst->asked, __ATOMIC_ACQUIRE);
    crux_archives_figures(midst->archives, &figures);
    if (asked == midst->used || figures.waiting > 0) return;
    assert_int_equal(crux_archives_get(midst->archives, midst->other, &provider), CRUX_OK);
    __atomic_store_n(&midst->rounds, midst->rounds + 1, __ATOMIC_RELEASE);
}

static void use_in_midst(void *ctx, enum crux_status status, const struct crux_provider *provider) {
    struct midst *midst = ctx;
    (void)provider;
    assert_int_equal(status, CRUX_OK);
    __atomic_store_n(&midst->used, midst->used + 1, __ATOMIC_RELEASE);
}

static void test_defence_first(void **state) {
    enum { TRIES = 2000 };
    const struct crux_account us = table_account(DEFEND_EXECUTOR);
    struct defend_world *world = calloc(1, sizeof *world);
    struct defend_executor executor;
    (void)state;
    assert_non_null(world);
    defend_world_open(world, 9);
    uint64_t bytes = 0;
    for (unsigned i = 0; i < DEFEND_CLAIMS; i++) {
        const struct crux_claim *claim = &world->claimed[i].claim;
        uint64_t more = crux_archive_bytes(&world->f.program, claim->request_tokens,
                                           crux_claim_positions(claim));
        if (more > bytes) bytes = more;
    }
    /* there is room for one of them: each is made anew */
    defend_executor_open(&executor, world, "/nowhere", &us, bytes);
    struct midst midst = {.archives = executor.archives};
    const struct crux_archives_urgent urgent = {.ctx = &midst, .round = look_around};
    crux_archives_serve(executor.archives, &urgent);
    for (unsigned i = 0; i < TRIES && midst.rounds == 0; i++) {
        const struct crux_archives_run *run = &executor.cases[i % 2].run;
        midst.other = &executor.cases[1 - i % 2].run;
        assert_int_equal(crux_archives_submit(executor.archives, run, nobody, use_in_midst, &midst),
                         CRUX_OK);
        __atomic_store_n(&midst.asked, i + 1, __ATOMIC_RELEASE);
        while (__atomic_load_n(&midst.used, __ATOMIC_ACQUIRE) == i) {
            crux_archives_urgent(executor.archives);
            defend_pause((long)(i % 64) *
                         10000); /* where one processor has both, so is it shared */
        }
    }
    assert_true(midst.rounds > 0);
    defend_executor_close(&executor);
    defend_world_close(world);
    free(world);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_archives),   cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_steps_rest), cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_askers),     cmocka_unit_test(test_defence_first),
        cmocka_unit_test(test_shams_lose), cmocka_unit_test(test_killed),
    };
    if (argc == 3 && strcmp(argv[1], "--defender") == 0) defender(argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
