/* An executor's store and settlement are killed again and again, at random moments and right before or after each move
 * on the chain: no receipt is lost, no claim is settled twice, every demand is met, every call is kept, and no unit of
 * value goes astray. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/executor/service/settle/settle_world.h"
#include "tests/support/random.h"

enum {
    START = 5000,
    FEE = 7,
    PLEDGE = 5000,
    KILLS = 60, /* as many as fit a run of all tests; the first argument asks for more */
    RUNS_MAX = 100000,
    CRASH_RUNS = 6
};

static struct settle_world world;
static unsigned kills = KILLS;

/* ---- the work ---- */

static uint8_t mode_of(uint64_t number) {
    return number % 7 == 3   ? CRUX_MODE_FULL
           : number % 5 == 2 ? CRUX_MODE_PRIVATE
                             : CRUX_MODE_BATCHED;
}

static bool has_fee(uint64_t number) {
    return number % 4 == 1;
}

static void must(bool holds, const char *what) {
    if (holds) return;
    (void)fprintf(stderr, "%s\n", what);
    _exit(1);
}

/* Promises run `number`, whose requester has put a fee into escrow if it has one. */
static void promise(uint64_t number, uint64_t now) {
    struct settle_world_run run;
    bool again;
    settle_world_run(&run, &world, number, mode_of(number));
    run.run.created_at = now;
    if (has_fee(number)) {
        const struct crux_move escrow = {.kind = CRUX_MOVE_ESCROW,
                                         .executor = world.executor.account.b,
                                         .account = world.executor.account.b,
                                         .hash = run.run.claim.request_hash,
                                         .amount = FEE,
                                         .deadline = 1 << 30};
        must(settle_world_move(&world, &world.requester.account, &escrow) == CRUX_OK, "escrow");
        run.run.fee_requester = world.requester.account;
    }
    must(crux_settle_promise(world.settle, &run.run, &again) == CRUX_OK,
         crux_settle_message(world.settle));
}

/* Demands the second claim of the last batch, or its only one, if it is not private. */
static void demand(void) {
    struct settle_world_totals totals = settle_world_totals(&world);
    if (totals.chain.batches == 0) return;
    struct crux_move move = {.kind = CRUX_MOVE_DEMAND,
                             .claim = {.batch = totals.chain.batches - 1, .member = 1}};
    enum crux_status status = settle_world_move(&world, &world.stranger.account, &move);
    move.claim.member = 0;
    if (status == CRUX_E_CLAIM_UNKNOWN)
        status = settle_world_move(&world, &world.stranger.account, &move);
    must(status == CRUX_OK || status == CRUX_E_NOT_PERMITTED ||
             status == CRUX_E_ALREADY_PUBLISHED || status == CRUX_E_WINDOW_CLOSED,
         crux_status_name(status));
}

/* Calls a receipt of the store, as early as that may be.  Returns: whether it was called, now or before. */
static bool call(uint64_t number) {
    struct crux_store_run *run;
    uint64_t now = settle_world_totals(&world).now;
    enum crux_status status = crux_store_find(world.store, &run, CRUX_STORE_BY_NUMBER, &number);
    if (status == CRUX_E_NOT_FOUND) return false;
    must(status == CRUX_OK, crux_store_message(world.store));
    bool is_due = now > run->receipt.deadline;
    if (is_due) status = settle_world_call(&world, &world.stranger.account, run);
    crux_store_run_free(run);
    if (status == CRUX_E_PLEDGE_UNKNOWN) return false; /* killed before it was pledged */
    must(status == CRUX_OK, crux_status_name(status));
    return is_due;
}

/* ---- random moments ---- */

/* What is said after a tick, between the numbers of runs. */
static const uint64_t ticked = 0;

/* Promises, one by one or in groups, says each number when it may be given away, and settles. Never returns. */
static void work(uint64_t next, uint64_t now, int said) {
    settle_world_open(&world);
    for (uint64_t turn = 0;; turn++) {
        uint64_t group = turn % 3 == 2 ? 3 : 1, first = next;
        if (group > 1) must(crux_store_begin(world.store) == CRUX_OK, "begin");
        for (uint64_t i = 0; i < group; i++) promise(next++, now);
        if (group > 1) must(crux_store_commit(world.store) == CRUX_OK, "commit");
        for (; first < next; first++)
            must(write(said, &first, sizeof first) == sizeof first, "pipe");
        if (turn % 4 == 1) demand();
        if (turn % 2 == 0) (void)call(1 + (5 * next + 3 * turn) % (next / 2 + 1));
        must(crux_settle_tick(world.settle, now) == CRUX_OK, crux_settle_message(world.settle));
        must(write(said, &ticked, sizeof ticked) == sizeof ticked, "pipe");
    }
}

struct heard {
    uint64_t last;  /* number of a run */
    unsigned ticks; /* in this round */
};

/* Hears what comes out of the pipe: until its other end is closed, or only until the first run or tick was heard. */
static void hear(struct heard *heard, int from, bool until_run, bool until_tick) {
    uint64_t number;
    while (read(from, &number, sizeof number) == sizeof number) {
        if (number == ticked)
            heard->ticks++;
        else
            heard->last = number;
        if (number == ticked ? until_tick : until_run) return;
    }
}

static enum crux_status read_stranger(void *ctx, const struct crux_game *game, uint64_t now) {
    (void)now;
    return crux_game_get_account(game, &world.stranger.account, ctx);
}

static uint64_t balance_of_stranger(void) {
    struct crux_game_account account;
    assert_int_equal(world.chain.ops->look(&world.chain, read_stranger, &account), CRUX_OK);
    return account.balance;
}

/* Everything ends: nothing was lost, and nothing is there twice.  In: calls, at least so many were made. */
static void check_the_end(uint64_t promised, uint64_t now, uint64_t calls, bool says) {
    static uint8_t seen[RUNS_MAX / 8 + 1];
    struct crux_settle_figures figures;
    uint64_t fees = 0, runs, batches = 0, claims = 0;
    memset(seen, 0, sizeof seen);
    settle_world_open(&world);
    settle_world_tick(&world, now + 1000);
    assert_int_equal(world.chain.ops->advance(&world.chain, 1001), CRUX_OK);
    settle_world_tick(&world, now + 2000);
    assert_int_equal(crux_settle_figures(world.settle, &figures), CRUX_OK);
    runs = figures.store.runs[CRUX_STORE_FINAL] + figures.store.runs[CRUX_STORE_UNCHALLENGED] +
           figures.store.runs[CRUX_STORE_UNSHOWN];
    for (unsigned i = 0; i < CRUX_STORE_STATES; i++)
        if (i < CRUX_STORE_FINAL || i == CRUX_STORE_FALLEN || i == CRUX_STORE_REFUSED)
            assert_int_equal(figures.store.runs[i], 0);
    assert_int_equal(figures.late, 0);
    assert_true(runs >= promised); /* the last ones may have been cut off before they were said */
    struct settle_world_totals totals = settle_world_totals(&world);
    struct crux_settle_pledged pledged;
    assert_int_equal(crux_settle_pledged(world.settle, &pledged), CRUX_OK);
    assert_int_equal(totals.pledge.amount, PLEDGE);
    assert_int_equal(totals.pledge.total, PLEDGE);
    assert_int_equal(totals.pledge.open, 0);
    assert_int_equal(pledged.calls.open + pledged.calls.missed + pledged.calls.lapsed, 0);
    assert_true(pledged.calls.kept >= calls);
    for (uint64_t i = 1; i <= runs; i++) {
        struct settle_world_run made;
        struct crux_store_run *kept;
        uint8_t hash[32];
        settle_world_run(&made, &world, i, mode_of(i));
        crux_claim_hash(hash, &made.run.claim);
        assert_int_equal(crux_store_find(world.store, &kept, CRUX_STORE_BY_CLAIM, hash), CRUX_OK);
        assert_int_equal(kept->receipt.mode, mode_of(i));
        assert_true(crux_keys_verify(NULL, &world.executor.account, kept->id, kept->signature));
        assert_true(kept->posted_at <= kept->receipt.deadline);
        assert_int_equal(kept->paid, has_fee(i) && kept->state != CRUX_STORE_UNSHOWN);
        fees += kept->paid ? FEE : 0;
        /* one place on the chain, and nobody else's */
        assert_true(kept->chain_batch < RUNS_MAX && kept->member < kept->count);
        if (kept->member == 0) {
            assert_false(seen[kept->chain_batch / 8] >> kept->chain_batch % 8 & 1);
            seen[kept->chain_batch / 8] |= (uint8_t)(1U << kept->chain_batch % 8);
            batches++;
            claims += kept->count;
        }
        crux_store_run_free(kept);
    }
    assert_int_equal(totals.chain.batches,
                     batches);      /* the chain has no batch that the store has not */
    assert_int_equal(claims, runs); /* and no claim twice */
    assert_int_equal(totals.chain.bonds, 0);
    assert_int_equal(totals.chain.burned, 0); /* every demand was met, and its fee earned */
    assert_true(totals.chain.fees <= FEE);    /* of an escrow whose run was never promised */
    assert_int_equal(totals.executor.balance, SETTLE_WORLD_MONEY - PLEDGE + fees +
                                                  (SETTLE_WORLD_MONEY - balance_of_stranger()));
    if (says)
        print_message("%llu receipts given, %llu kept; %llu batches; %llu of fees; %llu calls\n",
                      (unsigned long long)promised, (unsigned long long)runs,
                      (unsigned long long)batches, (unsigned long long)fees,
                      (unsigned long long)pledged.calls.kept);
    settle_world_close(&world);
}

static void killed_at_any_moment(void **state) {
    struct crux_random random = {.state = 3};
    struct heard heard = {.last = 0};
    uint64_t now = START;
    (void)state;
    settle_world_make(&world);
    world.options.pledge = PLEDGE;
    world.options.deadline_seconds = 30; /* so that receipts can be called before the end */
    world.options.retention_seconds = 1 << 20;
    world.options.milliseconds_a_tick =
        1 << 20; /* however slow the machine, a tick does all that is due */
    for (unsigned round = 0; round < kills; round++, now += 6) {
        int ends[2], status;
        world.options.show = round / 10 % 2 == 0 ? CRUX_SETTLE_SHOW_ALL : CRUX_SETTLE_SHOW_DEMANDED;
        heard.ticks = 0;
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            (void)close(ends[0]);
            work(heard.last + 1, now, ends[1]);
        }
        (void)close(ends[1]);
        /* After the first receipt, after the first tick, and at times while it opens. */
        if (round % 4 != 0) hear(&heard, ends[0], round % 4 != 3, round % 4 == 3);
        long wait = (long)crux_random_below(&random, 30000) * 1000;
        assert_int_equal(nanosleep(&(struct timespec){.tv_nsec = wait}, NULL), 0);
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        hear(&heard, ends[0], false, false);
        (void)close(ends[0]);
        if (heard.ticks == 0) continue; /* nobody could keep a deadline */
        struct crux_chain clock;
        assert_int_equal(crux_chain_local_open(&clock, world.chain_path, NULL), CRUX_OK);
        assert_int_equal(clock.ops->advance(&clock, 6), CRUX_OK);
        clock.ops->close(&clock);
    }
    assert_true(heard.last >= kills / 2);
    check_the_end(heard.last, now, kills / 10, true);
    settle_world_remove(&world);
}

/* ---- each move on the chain ---- */

/* A chain that ends the process before or after its move number `at`. */
struct crashing {
    struct crux_chain inner;
    unsigned moves, at;
    bool after;
};

static enum crux_status crash_move(struct crux_chain *chain, struct crux_game_outcome *outcome,
                                   const struct crux_account *sender, const uint8_t *move,
                                   size_t len) {
    struct crashing *c = chain->ctx;
    bool now = ++c->moves == c->at;
    if (now && !c->after) _exit(77);
    enum crux_status status = c->inner.ops->move(&c->inner, outcome, sender, move, len);
    memcpy(chain->message, c->inner.message, sizeof chain->message);
    if (now) _exit(77);
    return status;
}

static enum crux_status pass_look(struct crux_chain *chain,
                                  enum crux_status (*visit)(void *ctx, const struct crux_game *game,
                                                            uint64_t now),
                                  void *ctx) {
    struct crashing *c = chain->ctx;
    return c->inner.ops->look(&c->inner, visit, ctx);
}

static enum crux_status pass_events(struct crux_chain *chain, struct crux_chain_cursor *cursor,
                                    bool *reorganised, uint64_t most,
                                    bool (*visit)(void *ctx, const struct crux_chain_event *event),
                                    void *ctx) {
    struct crashing *c = chain->ctx;
    return c->inner.ops->events(&c->inner, cursor, reorganised, most, visit, ctx);
}

static enum crux_status pass_advance(struct crux_chain *chain, uint64_t seconds) {
    struct crashing *c = chain->ctx;
    return c->inner.ops->advance(&c->inner, seconds);
}

static void pass_close(struct crux_chain *chain) {
    struct crashing *c = chain->ctx;
    c->inner.ops->close(&c->inner);
}

/* Lets time pass to `at`. */
static void wait_for(uint64_t at) {
    uint64_t now = settle_world_totals(&world).now;
    if (now < at) must(world.chain.ops->advance(&world.chain, at - now) == CRUX_OK, "advance");
}

enum { BEGUN = 1000, CALLABLE = 1150, ENDED = 2151 }; /* of the chain's clock; deadlines are 1100 */

/* The whole life of six runs, from wherever the last process left it: promised, posted, demanded, called, ended. */
static void live(unsigned at, bool after) {
    static const struct crux_chain_ops ops = {.name = "crashing",
                                              .move = crash_move,
                                              .look = pass_look,
                                              .events = pass_events,
                                              .advance = pass_advance,
                                              .close = pass_close};
    struct crashing crashing = {.at = at, .after = after};
    settle_world_open(&world);
    crashing.inner = world.chain;
    world.chain = (struct crux_chain){.ops = &ops, .ctx = &crashing};
    if (settle_world_totals(&world).now == BEGUN) { /* the window is open, or has not been */
        for (uint64_t i = 1; i <= CRASH_RUNS; i++) promise(i, START);
        settle_world_tick(&world, START + 10);
        demand();
        settle_world_tick(&world, START + 11);
        wait_for(CALLABLE);
    }
    if (settle_world_totals(&world).now == CALLABLE) {
        for (uint64_t i = 1; i <= CRASH_RUNS; i += 2) must(call(i), "a call");
        settle_world_tick(&world, START + 160);
        wait_for(ENDED);
    }
    settle_world_tick(&world, START + 1010);
    settle_world_close(&world);
    _exit(0);
}

static int run_life(unsigned at, bool after) {
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) live(at, after);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void killed_at_each_move(void **state) {
    unsigned crashes = 0;
    (void)state;
    for (unsigned at = 1, ended = 0; !ended; at++) {
        assert_true(at < 200);
        for (unsigned after = 0; after < 2 && !ended; after++) {
            settle_world_make(&world);
            world.options.pledge = PLEDGE;
            world.options.show = at % 2 == 0 ? CRUX_SETTLE_SHOW_ALL : CRUX_SETTLE_SHOW_DEMANDED;
            world.options.retention_seconds = 1 << 20;
            int code = run_life(at, after != 0);
            ended = code == 0 && at % 2 == 0; /* more moves than there are, showing all */
            if (code != 0) {
                assert_int_equal(code, 77);
                crashes++;
                /* others go on: what stands on the chain, known to the store or not, is demanded */
                must(crux_chain_local_open(&world.chain, world.chain_path, NULL) == CRUX_OK,
                     "chain");
                demand();
                world.chain.ops->close(&world.chain);
                assert_int_equal(run_life(UINT32_MAX, false), 0);
            }
            check_the_end(CRASH_RUNS, START, CRASH_RUNS / 2, false);
            settle_world_remove(&world);
        }
    }
    print_message("%u crashes\n", crashes);
    assert_true(crashes > 30);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_at_each_move),
        cmocka_unit_test(killed_at_any_moment),
    };
    if (argc > 1) kills = (unsigned)strtoul(argv[1], NULL, 10);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
