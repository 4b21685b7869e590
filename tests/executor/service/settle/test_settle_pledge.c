/* What is pledged for receipts, and calls of them: answered from the store, in time, whatever has happened meanwhile. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>

#include "tests/executor/service/settle/settle_case.h"

enum { START = 5000, PLEDGE = 10000, FEE = 10, PENALTY = 300, REWARD = 100 };

static int begin(void **state) {
    settle_case_begin(state);
    world.options.pledge = PLEDGE;
    return 0;
}

static struct crux_settle_pledged pledged(void) {
    struct crux_settle_pledged p;
    assert_int_equal(crux_settle_pledged(world.settle, &p), CRUX_OK);
    return p;
}

static void reopen(void) {
    settle_world_close(&world);
    settle_world_open(&world);
}

static struct settle_world_totals totals(void) {
    return settle_world_totals(&world);
}

static void pledged_once(void **state) {
    (void)state;
    settle_world_open(&world);
    assert_int_equal(pledged().pledge_missing, PLEDGE);
    settle_world_tick(&world, START);
    assert_int_equal(totals().pledge.amount, PLEDGE);
    assert_int_equal(pledged().pledge, PLEDGE);
    assert_int_equal(pledged().pledge_missing, 0);
    reopen();
    settle_world_tick(&world, START);
    assert_int_equal(totals().pledge.total, PLEDGE);
    world.options.pledge = PLEDGE + 5; /* in all */
    reopen();
    settle_world_tick(&world, START);
    assert_int_equal(totals().pledge.amount, PLEDGE + 5);
    world.options.pledge = 7;
    reopen();
    settle_world_tick(&world, START);
    assert_int_equal(totals().pledge.amount, PLEDGE + 5);
    assert_int_equal(settle_case_figures().refused, 0);
}

/* Bonds come first, those of one more batch too; and what is to be pledged is not withdrawn. */
static void pledged_when_the_balance_holds_it(void **state) {
    struct settle_world_run run;
    (void)state;
    world.options.pledge = SETTLE_WORLD_MONEY;
    world.options.withdraws = true;
    settle_world_open(&world);
    settle_world_promise(&world, &run, 1, CRUX_MODE_BATCHED);
    settle_world_tick(&world, START);
    assert_int_equal(totals().pledge.amount, 0);
    assert_int_equal(totals().executor.balance, SETTLE_WORLD_MONEY);
    assert_int_equal(pledged().pledge_missing, SETTLE_WORLD_MONEY);
    const struct crux_account *account = &world.executor.account;
    const uint64_t kept = (1 + world.options.batch_count) * (uint64_t)SETTLE_WORLD_BOND;
    assert_int_equal(world.chain.ops->deposit(&world.chain, account, kept - 1), CRUX_OK);
    settle_world_tick(&world, START + 1);
    assert_int_equal(totals().pledge.amount, 0);
    assert_int_equal(world.chain.ops->deposit(&world.chain, account, 1), CRUX_OK);
    settle_world_tick(&world, START + 1);
    assert_int_equal(totals().pledge.amount, SETTLE_WORLD_MONEY);
    assert_int_equal(totals().executor.balance, kept);
    settle_world_tick(&world, START + 10);
    assert_int_equal(totals().chain.bonds, SETTLE_WORLD_BOND);
    assert_int_equal(crux_settle_room(world.settle), world.options.batch_count);
}

/* A float that is more than a batch's bonds. */
static void a_float_is_not_pledged(void **state) {
    (void)state;
    world.options.withdraw_above = SETTLE_WORLD_MONEY - PLEDGE + 1;
    settle_world_open(&world);
    settle_world_tick(&world, START);
    assert_int_equal(totals().pledge.amount, 0);
    assert_int_equal(pledged().pledge_missing, PLEDGE);
    world.options.withdraw_above--;
    reopen();
    settle_world_tick(&world, START);
    assert_int_equal(totals().pledge.amount, PLEDGE);
}

static void nothing_pledged_by_default(void **state) {
    (void)state;
    world.options.pledge = 0;
    settle_world_open(&world);
    settle_world_tick(&world, START);
    assert_int_equal(totals().pledge.total, 0);
    assert_int_equal(settle_case_figures().moves, 1); /* the model */
}

static void calls_are_kept(void **state) {
    struct settle_world_run run[4];
    (void)state;
    settle_world_open(&world);
    settle_world_promise(&world, &run[0], 1, CRUX_MODE_BATCHED);
    settle_world_promise(&world, &run[1], 2, CRUX_MODE_FULL);
    settle_world_promise(&world, &run[2], 3, CRUX_MODE_PRIVATE);
    settle_world_promise(&world, &run[3], 4, CRUX_MODE_BATCHED);
    settle_world_tick(&world, START + 10);
    settle_case_advance(101); /* behind the deadline */
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(settle_world_call(&world, &world.stranger.account, &run[i].run), CRUX_OK);
    assert_int_equal(totals().pledge.open, 4);
    settle_world_tick(&world, START + 11);
    assert_int_equal(totals().pledge.open, 0);
    assert_int_equal(totals().pledge.amount, PLEDGE);
    assert_int_equal(totals().chain.fees, 0);
    assert_int_equal(totals().executor.balance,
                     SETTLE_WORLD_MONEY - PLEDGE - 4 * SETTLE_WORLD_BOND + 4 * FEE);
    assert_int_equal(pledged().calls.kept, 4);
    assert_int_equal(pledged().calls.open, 0);
    assert_int_equal(settle_case_figures().refused, 0);
    /* what it noted is forgotten in the end, like the runs themselves */
    settle_case_advance(2200);
    settle_world_tick(&world, START + 1000);
    settle_world_tick(&world, START + 2000);
    assert_int_equal(pledged().calls.kept, 0);
}

/* A claim that has fallen was promised all the same, and stands where its path leads. */
static void a_fallen_claim_is_kept(void **state) {
    static const uint8_t zero[32];
    struct settle_world_run run;
    uint8_t hash[32];
    (void)state;
    settle_world_open(&world);
    settle_world_promise(&world, &run, 1, CRUX_MODE_BATCHED);
    settle_world_tick(&world, START + 10);
    crux_claim_hash(hash, &run.run.claim);
    const struct crux_move open = {.kind = CRUX_MOVE_OPEN,
                                   .hash = hash,
                                   .leaf = zero,
                                   .amount = SETTLE_WORLD_MONEY,
                                   .flag = CRUX_TARGET_TRACE};
    const struct crux_move timeout = {.kind = CRUX_MOVE_TIMEOUT};
    assert_int_equal(settle_world_move(&world, &world.stranger.account, &open), CRUX_OK);
    settle_case_advance(301);
    assert_int_equal(settle_world_move(&world, &world.stranger.account, &timeout), CRUX_OK);
    settle_world_tick(&world, START + 11);
    assert_int_equal(settle_case_figures().store.runs[CRUX_STORE_FALLEN], 1);
    assert_int_equal(settle_world_call(&world, &world.stranger.account, &run.run), CRUX_OK);
    settle_world_tick(&world, START + 1000); /* beyond its retention, but not its receipt's */
    assert_int_equal(pledged().calls.kept, 1);
    assert_int_equal(totals().pledge.open, 0);
}

/* spec/70-game.md#receipts: "A batch that was posted after the deadline will do: the call was the reminder." */
static void what_was_late_is_posted_and_kept(void **state) {
    struct settle_world_run run;
    (void)state;
    settle_world_open(&world);
    settle_world_tick(&world, START);
    settle_world_promise(&world, &run, 1, CRUX_MODE_BATCHED);
    settle_world_close(&world); /* an executor that is away for a while */
    settle_world_open(&world);
    settle_case_advance(101);
    assert_int_equal(settle_world_call(&world, &world.stranger.account, &run.run), CRUX_OK);
    reopen();
    settle_world_tick(&world, START + 1);
    assert_int_equal(settle_case_figures().late, 1);
    assert_int_equal(pledged().calls.kept, 1);
    assert_int_equal(totals().pledge.amount, PLEDGE);
}

/* However little a tick may do, and with the deadline at its last second. */
static void one_move_at_a_time(void **state) {
    struct settle_world_run run[6];
    (void)state;
    world.options.moves_a_tick = 1;
    settle_world_open(&world);
    settle_world_tick(&world, START);
    for (uint64_t i = 0; i < 6; i++)
        settle_world_promise(&world, &run[i], i + 1, (uint8_t)(i % 3 + 1));
    settle_case_advance(101);
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(settle_world_call(&world, &world.stranger.account, &run[i].run), CRUX_OK);
    settle_case_advance(100);
    settle_world_tick(&world, START + 1);
    assert_int_equal(pledged().calls.kept, 6);
    assert_int_equal(totals().pledge.amount, PLEDGE);
}

/* A receipt that this store does not know: the executor's store was lost. Nobody can keep it from here. */
static void what_is_not_kept_here_is_lost(void **state) {
    struct settle_world_run run;
    (void)state;
    settle_world_open(&world);
    settle_world_tick(&world, START);
    settle_world_promise(&world, &run, 1, CRUX_MODE_BATCHED);
    settle_world_close(&world);
    (void)snprintf(world.store_path, sizeof world.store_path, "%s/another", world.folder);
    settle_world_open(&world);
    settle_case_advance(101);
    assert_int_equal(settle_world_call(&world, &world.stranger.account, &run.run), CRUX_OK);
    settle_world_tick(&world, START + 1);
    assert_int_equal(pledged().calls.strange, 1);
    assert_int_equal(pledged().calls.open, 1);
    assert_int_equal(pledged().calls.answer_by, 1101 + 100);
    settle_case_advance(101);
    settle_world_tick(&world, START + 2);
    assert_int_equal(pledged().calls.open, 0);
    assert_int_equal(pledged().calls.missed, 1);
    const struct crux_move lapse = {.kind = CRUX_MOVE_LAPSE, .hash = run.run.id};
    assert_int_equal(settle_world_move(&world, &world.stranger.account, &lapse), CRUX_OK);
    settle_world_tick(&world, START + 3);
    assert_int_equal(pledged().calls.lapsed, 1);
    assert_int_equal(pledged().pledge, PLEDGE - PENALTY);
    assert_int_equal(totals().chain.burned, PENALTY - REWARD);
    /* what has fallen is not pledged again by itself */
    reopen();
    settle_world_tick(&world, START + 4);
    assert_int_equal(totals().pledge.amount, PLEDGE - PENALTY);
}

static void leaves_and_is_paid(void **state) {
    struct settle_world_run run, another;
    (void)state;
    settle_world_open(&world);
    settle_world_promise(&world, &run, 1, CRUX_MODE_BATCHED);
    settle_world_tick(&world, START + 10);
    world.options.leaves = true;
    reopen();
    settle_world_tick(&world, START + 11);
    assert_true(totals().pledge.leaving == 1);
    assert_int_equal(pledged().pledge_free_at, 1000 + 1500);
    assert_int_equal(pledged().pledge_missing, 0);
    settle_case_advance(1000); /* it still answers, and promises */
    assert_int_equal(settle_world_call(&world, &world.stranger.account, &run.run), CRUX_OK);
    settle_world_promise(&world, &another, 2, CRUX_MODE_BATCHED);
    settle_world_tick(&world, START + 1000);
    assert_int_equal(pledged().calls.kept, 1);
    settle_case_advance(500);
    settle_world_tick(&world, START + 1500);
    assert_int_equal(totals().pledge.amount, PLEDGE);
    settle_case_advance(1);
    settle_world_tick(&world, START + 1501);
    assert_int_equal(totals().pledge.amount, 0);
    assert_int_equal(pledged().pledge_free_at, 0);
    /* a restart with the same amount pledges nothing again */
    world.options.leaves = false;
    reopen();
    settle_world_tick(&world, START + 1502);
    assert_int_equal(totals().pledge.amount, 0);
}

/* A promise that was missed, and that nobody lapses, does not hold the pledge for ever. */
static void a_missed_promise_does_not_block_the_way(void **state) {
    struct settle_world_run run;
    (void)state;
    settle_world_open(&world);
    settle_world_tick(&world, START);
    settle_world_promise(&world, &run, 1, CRUX_MODE_BATCHED);
    settle_world_close(&world);
    (void)snprintf(world.store_path, sizeof world.store_path, "%s/another", world.folder);
    world.options.leaves = true;
    settle_world_open(&world);
    settle_case_advance(200);
    assert_int_equal(settle_world_call(&world, &world.stranger.account, &run.run), CRUX_OK);
    settle_world_tick(&world, START + 1);
    settle_case_advance(1501);
    settle_world_tick(&world, START + 1501);
    settle_world_tick(&world, START + 1502);
    assert_int_equal(pledged().calls.lapsed, 1);
    assert_int_equal(totals().pledge.amount, 0);
    assert_int_equal(totals().chain.burned, PENALTY - REWARD);
    assert_int_equal(totals().executor.balance, SETTLE_WORLD_MONEY - PENALTY);
}

/* Calls, and what was answered, are taken back by the chain and made again. */
static void a_reorganisation(void **state) {
    struct settle_world_run run;
    (void)state;
    settle_world_open(&world);
    settle_world_promise(&world, &run, 1, CRUX_MODE_BATCHED);
    settle_world_tick(&world, START + 10);
    settle_case_advance(101);
    assert_int_equal(settle_world_call(&world, &world.stranger.account, &run.run), CRUX_OK);
    settle_world_tick(&world, START + 11);
    assert_int_equal(pledged().calls.kept, 1);
    assert_int_equal(world.chain.ops->rewind(&world.chain, 1), CRUX_OK); /* the keep alone */
    settle_world_tick(&world, START + 12);
    settle_world_tick(&world, START + 13);
    assert_int_equal(totals().pledge.open, 0);
    assert_int_equal(pledged().calls.kept, 1);
    assert_int_equal(world.chain.ops->rewind(&world.chain, 2), CRUX_OK); /* and the call */
    settle_world_tick(&world, START + 14);
    settle_world_tick(&world, START + 15);
    assert_int_equal(pledged().calls.kept + pledged().calls.open, 0);
    assert_int_equal(settle_world_call(&world, &world.requester.account, &run.run), CRUX_OK);
    settle_world_tick(&world, START + 16);
    assert_int_equal(pledged().calls.kept, 1);
    assert_int_equal(totals().pledge.amount, PLEDGE);
}

/* Something else happens, is taken back, and what happens instead is noticed. */
static void reorganise(uint64_t now) {
    struct crux_move else_where = {
        .kind = CRUX_MOVE_DELEGATE, .account = world.stranger.account.b, .flag = 1};
    assert_int_equal(settle_world_move(&world, &world.requester.account, &else_where), CRUX_OK);
    settle_world_tick(&world, now);
    assert_int_equal(world.chain.ops->rewind(&world.chain, 1), CRUX_OK);
    else_where.account = world.executor.account.b;
    assert_int_equal(settle_world_move(&world, &world.requester.account, &else_where), CRUX_OK);
    settle_world_tick(&world, now + 1);
    settle_world_tick(&world, now + 2);
}

/* A reorganisation has every call answered again; what was over before, and stands, stays what it was. */
static void a_reorganisation_when_all_is_over(void **state) {
    struct settle_world_run run, lost;
    (void)state;
    settle_world_open(&world);
    settle_world_tick(&world, START);
    settle_world_promise(&world, &lost, 1, CRUX_MODE_BATCHED);
    settle_world_close(&world);
    (void)snprintf(world.store_path, sizeof world.store_path, "%s/another", world.folder);
    settle_world_open(&world);
    settle_world_promise(&world, &run, 2, CRUX_MODE_BATCHED);
    settle_world_tick(&world, START + 10);
    settle_case_advance(101);
    assert_int_equal(settle_world_call(&world, &world.stranger.account, &run.run), CRUX_OK);
    assert_int_equal(settle_world_call(&world, &world.stranger.account, &lost.run), CRUX_OK);
    settle_world_tick(&world, START + 11);
    settle_case_advance(101);
    settle_world_tick(&world, START + 12);
    assert_int_equal(pledged().calls.missed, 1);
    reorganise(START +
               13); /* of two calls one was kept; the other is missed, and may be lapsed yet */
    assert_int_equal(pledged().calls.kept, 1);
    assert_int_equal(pledged().calls.missed, 1);
    const struct crux_move lapse = {.kind = CRUX_MOVE_LAPSE, .hash = lost.run.id};
    assert_int_equal(settle_world_move(&world, &world.stranger.account, &lapse), CRUX_OK);
    settle_world_tick(&world, START + 16);
    assert_int_equal(pledged().calls.lapsed, 1);
    reorganise(START + 17);
    assert_int_equal(pledged().calls.kept, 1);
    assert_int_equal(pledged().calls.lapsed, 1);
    assert_int_equal(pledged().calls.missed + pledged().calls.open, 0);
}

/* A store of version 1 has read over the calls: it is taken over, and reads them. */
static void an_older_store_is_taken_over(void **state) {
    struct settle_world_run run;
    sqlite3 *db;
    (void)state;
    settle_world_open(&world);
    settle_world_promise(&world, &run, 1, CRUX_MODE_BATCHED);
    settle_world_tick(&world, START + 10);
    settle_case_advance(101);
    assert_int_equal(settle_world_call(&world, &world.stranger.account, &run.run), CRUX_OK);
    world.options.moves_a_tick = 1;
    settle_world_close(&world);
    /* as a program of that version would have left it */
    struct crux_store *store;
    char message[CRUX_STORE_NAME_BYTES_MAX * 2];
    assert_int_equal(crux_store_open(&store, world.store_path, message), CRUX_OK);
    const struct crux_chain_cursor far = {.number = 9, .hash = {9}};
    assert_int_equal(crux_store_cursor_put(store, &far), CRUX_OK);
    crux_store_close(store);
    assert_int_equal(sqlite3_open(world.store_path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db, "DROP INDEX runs_demanded; DROP TABLE calls; PRAGMA user_version = 1",
                     NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    settle_world_open(&world);
    settle_world_tick(&world, START + 11);
    assert_int_equal(pledged().calls.kept, 1);
    assert_int_equal(settle_case_figures().store.runs[CRUX_STORE_POSTED], 1);
}

#define RULE(name) cmocka_unit_test_setup_teardown(name, begin, settle_case_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        RULE(pledged_once),
        RULE(pledged_when_the_balance_holds_it),
        RULE(a_float_is_not_pledged),
        RULE(nothing_pledged_by_default),
        RULE(calls_are_kept),
        RULE(a_fallen_claim_is_kept),
        RULE(what_was_late_is_posted_and_kept),
        RULE(one_move_at_a_time),
        RULE(what_is_not_kept_here_is_lost),
        RULE(leaves_and_is_paid),
        RULE(a_missed_promise_does_not_block_the_way),
        RULE(a_reorganisation),
        RULE(a_reorganisation_when_all_is_over),
        RULE(an_older_store_is_taken_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
