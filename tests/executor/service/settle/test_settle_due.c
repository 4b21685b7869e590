/* What is due at once: whatever ends first is answered first, however much there is of the rest. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "tests/executor/service/settle/settle_case.h"

enum { START = 5000, RUNS = 4 };

/* One move a tick, so that ticks show the order; nothing is shown unless it is demanded. */
static int begin(void **state) {
    settle_case_begin(state);
    world.options.pledge = 10000;
    world.options.moves_a_tick = 1;
    world.options.show = CRUX_SETTLE_SHOW_DEMANDED;
    return 0;
}

/* RUNS claims stand in one batch. */
static void post(void) {
    struct settle_world_run run;
    settle_world_open(&world);
    settle_world_tick(&world, START);
    for (uint64_t i = 1; i <= RUNS; i++) settle_world_promise(&world, &run, i, CRUX_MODE_BATCHED);
    settle_world_tick(&world, START);
    assert_int_equal(settle_case_state(RUNS), CRUX_STORE_POSTED);
}

static void demand(uint32_t member) {
    const struct crux_move move = {.kind = CRUX_MOVE_DEMAND, .claim = {.member = member}};
    assert_int_equal(settle_world_move(&world, &world.stranger.account, &move), CRUX_OK);
}

static void tick(void) {
    assert_int_equal(crux_settle_tick(world.settle, START + 1), CRUX_OK);
}

static uint64_t kept(void) {
    struct crux_settle_pledged pledged;
    assert_int_equal(crux_settle_pledged(world.settle, &pledged), CRUX_OK);
    return pledged.calls.kept;
}

static bool is_published(uint64_t number) {
    struct crux_store_run *run = settle_world_find(&world, number);
    bool is = run->published;
    crux_store_run_free(run);
    return is;
}

static void all_is_answered(uint64_t calls) {
    settle_world_tick(&world, START + 1);
    assert_int_equal(kept(), calls);
    for (uint64_t i = 1; i <= RUNS; i++) assert_true(is_published(i));
    assert_int_equal(settle_world_totals(&world).chain.fees, 0);
    assert_int_equal(settle_case_figures().refused, 0);
}

static void a_call_before_later_demands(void **state) {
    struct settle_world_run run;
    (void)state;
    post();
    settle_world_promise(&world, &run, RUNS + 1, CRUX_MODE_BATCHED);
    settle_world_tick(&world, START + 10);
    settle_case_advance(101);
    assert_int_equal(settle_world_call(&world, &world.stranger.account, &run.run), CRUX_OK);
    settle_case_advance(10);
    for (uint32_t i = 0; i < RUNS; i++) demand(i);
    tick();
    assert_int_equal(kept(), 1);
    all_is_answered(1);
}

/* What is called is posted first, also if that is before what is demanded. */
static void a_call_of_what_is_not_posted(void **state) {
    struct settle_world_run run;
    (void)state;
    post();
    settle_world_promise(&world, &run, RUNS + 1, CRUX_MODE_BATCHED);
    settle_case_advance(101);
    assert_int_equal(settle_world_call(&world, &world.stranger.account, &run.run), CRUX_OK);
    settle_case_advance(10);
    for (uint32_t i = 0; i < RUNS; i++) demand(i);
    tick();
    assert_int_equal(settle_case_state(RUNS + 1), CRUX_STORE_POSTED);
    tick();
    assert_int_equal(kept(), 1);
    all_is_answered(1);
}

static void demands_by_their_deadlines(void **state) {
    struct settle_world_run run;
    (void)state;
    post();
    settle_world_promise(&world, &run, RUNS + 1, CRUX_MODE_BATCHED);
    settle_world_tick(&world, START + 10);
    settle_case_advance(91);
    for (uint32_t i = RUNS; i-- > 0;) {
        demand(i);
        settle_case_advance(5);
    }
    assert_int_equal(settle_world_call(&world, &world.stranger.account, &run.run), CRUX_OK);
    for (uint64_t i = RUNS; i >= 1; i--) {
        assert_int_equal(kept(), 0);
        tick(); /* shown */
        assert_false(is_published(i));
        tick();
        assert_true(is_published(i));
    }
    tick();
    assert_int_equal(kept(), 1);
    all_is_answered(1);
}

/* What can only be noted as late waits for what can still be in time. */
static void the_late_behind_the_rest(void **state) {
    (void)state;
    post();
    demand(0);
    demand(1);
    settle_case_advance(101);
    demand(2);
    tick(); /* shown */
    tick();
    assert_true(is_published(3));
    assert_int_equal(settle_case_figures().refused, 0);
    settle_world_tick(&world, START + 1);
    assert_int_equal(settle_case_figures().refused, 2);
}

/* Too late to be shown unasked, a claim may still be demanded, and then is to be shown. */
static void a_demand_of_what_came_too_late(void **state) {
    enum { TOO_LATE = 1000 - 3 - 100 - 300 + 1 }; /* window, move, demand, clock */
    struct settle_world_run run;
    (void)state;
    world.options.show = CRUX_SETTLE_SHOW_ALL;
    settle_world_open(&world);
    settle_world_tick(&world, START);
    settle_world_promise(&world, &run, 1, CRUX_MODE_BATCHED);
    assert_int_equal(crux_settle_tick(world.settle, START + 10), CRUX_OK);
    assert_int_equal(settle_case_state(1), CRUX_STORE_POSTED);
    settle_case_advance(TOO_LATE);
    settle_world_tick(&world, START + 11);
    assert_int_equal(settle_case_figures().refused, 1);
    demand(0);
    settle_world_tick(&world, START + 12);
    assert_true(is_published(1));
}

/* A reorganisation may have had a call come later than it did before. */
static void a_call_that_comes_later(void **state) {
    const uint8_t id[32] = {1};
    (void)state;
    settle_world_open(&world);
    for (uint64_t by = 2000; by <= 2001; by++) {
        struct crux_store_call call = {.number = 0};
        assert_int_equal(crux_store_call_put(world.store, id, CRUX_STORE_CALL_OPEN, by, START),
                         CRUX_OK);
        assert_int_equal(crux_store_call_next(world.store, &call, CRUX_STORE_CALL_OPEN), CRUX_OK);
        assert_int_equal(call.answer_by, by);
    }
}

/* A store of version 2 does not know when a demand ends, and reads that again. */
static void an_older_store_is_taken_over(void **state) {
    sqlite3 *db;
    (void)state;
    post();
    demand(3);
    settle_case_advance(5);
    demand(0);
    tick(); /* shows the one; the other is noted */
    settle_world_close(&world);
    assert_int_equal(sqlite3_open(world.store_path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db,
                     "DROP INDEX runs_demanded; DROP INDEX runs_to_publish; DROP INDEX "
                     "calls_by_state; CREATE INDEX runs_to_publish ON runs (number) WHERE state = "
                     "3 AND demanded = 1 AND published = 0; CREATE INDEX calls_by_state ON calls "
                     "(state, number); UPDATE runs SET demanded = 1 WHERE demanded > 0; PRAGMA "
                     "user_version = 2",
                     NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    settle_world_open(&world);
    tick(); /* registers its model again */
    tick();
    assert_true(is_published(4));
    assert_false(is_published(1));
    tick();
    tick();
    assert_true(is_published(1));
    assert_int_equal(settle_case_figures().refused, 0);
}

#define RULE(name) cmocka_unit_test_setup_teardown(name, begin, settle_case_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        RULE(a_call_before_later_demands),    RULE(a_call_of_what_is_not_posted),
        RULE(demands_by_their_deadlines),     RULE(the_late_behind_the_rest),
        RULE(a_demand_of_what_came_too_late), RULE(a_call_that_comes_later),
        RULE(an_older_store_is_taken_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
