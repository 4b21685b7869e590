/* Settlement in trouble: no money, no chain, a chain that refuses, forgets or starts again. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "tests/executor/service/settle/settle_case.h"

enum { START = 5000 /* of the system's clock: when the runs are made */ };

static void without_money(void **state) {
    struct settle_world_run run;
    (void)state;
    settle_world_open(&world);
    const struct crux_move take = {.kind = CRUX_MOVE_WITHDRAW,
                                   .amount = SETTLE_WORLD_MONEY - 3 * SETTLE_WORLD_BOND},
                           more = {.kind = CRUX_MOVE_WITHDRAW,
                                   .amount = SETTLE_WORLD_MONEY - 2 * SETTLE_WORLD_BOND};
    assert_int_equal(settle_world_move(&world, &world.executor.account, &take), CRUX_OK);
    settle_world_tick(&world, START);
    for (uint64_t i = 1; i <= 3; i++) {
        assert_int_equal(crux_settle_room(world.settle), 4 - i);
        settle_world_promise(&world, &run, i, CRUX_MODE_BATCHED);
    }
    settle_world_run(&run, &world, 4, CRUX_MODE_BATCHED);
    assert_int_equal(crux_settle_promise(world.settle, &run.run, NULL), CRUX_E_BALANCE_TOO_SMALL);
    assert_int_equal(settle_world_move(&world, &world.executor.account, &more), CRUX_OK);
    settle_world_tick(&world, START + 10);
    struct crux_settle_figures f = settle_case_figures();
    assert_int_equal(f.status, CRUX_E_BALANCE_TOO_SMALL);
    assert_string_equal(f.trouble, crux_status_text(CRUX_E_BALANCE_TOO_SMALL));
    assert_int_equal(f.retry_at, START + 11);
    assert_int_equal(f.owed, 3 * SETTLE_WORLD_BOND);
    assert_int_equal(f.refused, 1);
    settle_world_tick(&world, START + 11); /* then 2 seconds, 4, ... */
    assert_int_equal(settle_case_figures().retry_at, START + 13);
    settle_world_tick(&world, START + 12);
    assert_int_equal(settle_case_figures().refused, 2);
    settle_case_advance(101);
    settle_world_tick(&world, START + 12);
    assert_int_equal(settle_case_figures().late,
                     3); /* what was promised is not kept, and is said */
    assert_int_equal(
        world.chain.ops->deposit(&world.chain, &world.executor.account, SETTLE_WORLD_BOND),
        CRUX_OK);
    settle_world_tick(&world, START + 13);
    assert_int_equal(settle_case_figures().status, CRUX_OK);
    assert_int_equal(settle_case_state(3), CRUX_STORE_POSTED);
    assert_int_equal(settle_case_figures().late, 3);
}

static void another_owner_of_the_store(void **state) {
    char message[CRUX_SETTLE_TROUBLE_BYTES];
    struct crux_settle *other;
    (void)state;
    settle_world_open(&world);
    assert_int_equal(
        crux_settle_open(&other, world.store, &world.chain, &world.stranger, NULL, message),
        CRUX_E_USAGE);
    assert_non_null(strstr(message, "another executor"));
    struct crux_settle_options options = {.batch_seconds = 60, .deadline_seconds = 60};
    assert_int_equal(
        crux_settle_open(&other, world.store, &world.chain, &world.executor, &options, message),
        CRUX_E_USAGE);
    assert_non_null(strstr(message, "60 s"));
}

static void a_drain_posts_what_waits(void **state) {
    struct settle_world_run run;
    uint64_t left;
    (void)state;
    settle_world_open(&world);
    for (uint64_t i = 1; i <= 3; i++) settle_world_promise(&world, &run, i, CRUX_MODE_BATCHED);
    assert_int_equal(crux_settle_drain(world.settle, &left), CRUX_OK);
    assert_int_equal(left, 3);
    settle_world_tick(&world, START);
    assert_int_equal(crux_settle_drain(world.settle, &left), CRUX_OK);
    assert_int_equal(left, 0);
}

/* A claim that was posted alone, and forgotten here, would never be taken on other terms: it is not promised again. */
static void what_stands_is_not_promised_again(void **state) {
    struct settle_world_run run;
    (void)state;
    settle_world_open(&world);
    settle_world_promise(&world, &run, 1, CRUX_MODE_BATCHED);
    settle_world_tick(&world, START + 10);
    settle_case_advance(1300);
    settle_world_tick(&world, START + 1001);
    settle_world_tick(&world, START + 1051);
    assert_int_equal(settle_case_figures().store.runs[CRUX_STORE_FINAL], 0);
    for (uint8_t mode = CRUX_MODE_FULL; mode <= CRUX_MODE_PRIVATE; mode++) {
        settle_world_run(&run, &world, 1, mode);
        assert_int_equal(crux_settle_promise(world.settle, &run.run, NULL), CRUX_E_ALREADY_POSTED);
    }
    assert_int_equal(settle_case_figures().store.runs[CRUX_STORE_WAITING], 0);
}

/* Claims that stand together, and were forgotten here, are asked again on other terms: their root is taken no more, and
 * each is posted all the same. */
static void a_root_that_stands_comes_in_parts(void **state) {
    struct settle_world_run run;
    (void)state;
    settle_world_open(&world);
    for (uint64_t i = 1; i <= 3; i++) settle_world_promise(&world, &run, i, CRUX_MODE_PRIVATE);
    settle_world_tick(&world, START + 10);
    assert_int_equal(settle_world_totals(&world).chain.batches, 1);
    settle_case_advance(1300);
    settle_world_tick(&world, START + 1001);
    settle_world_tick(&world, START + 1051);
    for (uint64_t i = 1; i <= 3; i++) {
        settle_world_run(&run, &world, i, CRUX_MODE_PRIVATE);
        memcpy(run.run.receipt.requester, world.stranger.account.b, 20);
        assert_int_equal(crux_settle_promise(world.settle, &run.run, NULL), CRUX_OK);
    }
    settle_world_tick(&world, START + 1051);
    for (uint64_t i = 4; i <= 6; i++) assert_int_equal(settle_case_state(i), CRUX_STORE_POSTED);
    assert_int_equal(settle_case_figures().store.runs[CRUX_STORE_REFUSED], 0);
    assert_int_equal(settle_case_figures().late, 0);
    assert_int_equal(settle_case_figures().owed, 0);
    assert_int_equal(settle_world_totals(&world).chain.bonds, 3 * SETTLE_WORLD_BOND);
}

/* Somebody else with the same key posts a claim on other terms, after it was promised: the chain takes it no more. */
static void what_the_chain_refuses_for_ever(void **state) {
    struct settle_world_run run;
    uint8_t root[32];
    (void)state;
    settle_world_open(&world);
    settle_world_promise(&world, &run, 1, CRUX_MODE_FULL);
    crux_claim_hash(root, &run.run.claim);
    settle_world_promise(&world, &run, 2, CRUX_MODE_FULL);
    const struct crux_move settle = {.kind = CRUX_MOVE_SETTLE,
                                     .hash = root,
                                     .count = 1,
                                     .account = (const uint8_t[20]){0},
                                     .amount = SETTLE_WORLD_BOND};
    assert_int_equal(settle_world_move(&world, &world.executor.account, &settle), CRUX_OK);
    settle_world_tick(&world, START);
    assert_int_equal(settle_case_state(1), CRUX_STORE_REFUSED);
    assert_int_equal(settle_case_state(2), CRUX_STORE_POSTED); /* and the others go on */
    assert_non_null(strstr(settle_case_figures().trouble, crux_status_text(CRUX_E_ALREADY_POSTED)));
    assert_int_equal(settle_world_totals(&world).chain.bonds, 2 * SETTLE_WORLD_BOND);
    /* asked again, it is not said to be promised */
    settle_world_run(&run, &world, 1, CRUX_MODE_FULL);
    assert_int_equal(crux_settle_promise(world.settle, &run.run, NULL), CRUX_E_ALREADY_POSTED);
    settle_case_advance(1300);
    settle_world_tick(&world, START + 50);
    assert_int_equal(settle_case_figures().store.runs[CRUX_STORE_REFUSED],
                     0); /* kept as long as any end */
}

/* A chain that cannot be reached for a while, or takes nothing. */
static bool is_down, takes_nothing;
static unsigned looks_left; /* the last of these fails, and what follows; 0: none does */
static const struct crux_chain_ops *up;
static struct crux_chain_ops at_times;

static enum crux_status move_at_times(struct crux_chain *chain, struct crux_game_outcome *outcome,
                                      const struct crux_account *sender, const uint8_t *move,
                                      size_t len) {
    if (!is_down && !takes_nothing) return up->move(chain, outcome, sender, move, len);
    (void)strcpy(chain->message, "no answer");
    return CRUX_E_IO;
}

static enum crux_status look_at_times(
    struct crux_chain *chain,
    enum crux_status (*visit)(void *ctx, const struct crux_game *game, uint64_t now), void *ctx) {
    if (looks_left > 0 && --looks_left == 0) is_down = true;
    if (!is_down) return up->look(chain, visit, ctx);
    (void)strcpy(chain->message, "no answer");
    return CRUX_E_IO;
}

/* As many events as are asked for, of what concerns nobody. */
static enum crux_status many_events(struct crux_chain *chain, struct crux_chain_cursor *cursor,
                                    bool *reorganised, uint64_t most,
                                    bool (*visit)(void *ctx, const struct crux_chain_event *event),
                                    void *ctx) {
    (void)chain;
    *reorganised = false;
    for (uint64_t i = 0; i < most; i++) {
        const struct crux_chain_event event = {.number = ++cursor->number,
                                               .kind = CRUX_MOVE_REGISTER};
        if (!visit(ctx, &event)) break;
    }
    return CRUX_OK;
}

static void open_at_times(void) {
    settle_world_open(&world);
    up = world.chain.ops;
    at_times = *up;
    at_times.move = move_at_times;
    at_times.look = look_at_times;
    world.chain.ops = &at_times;
    is_down = takes_nothing = false;
    looks_left = 0;
}

static void a_chain_that_is_down(void **state) {
    struct settle_world_run run;
    (void)state;
    open_at_times();
    settle_world_promise(&world, &run, 1, CRUX_MODE_BATCHED);
    is_down = true;
    uint64_t deadline = run.run.receipt.deadline;
    settle_world_run(&run, &world, 2, CRUX_MODE_BATCHED);
    run.run.is_fresh = true;
    assert_int_equal(crux_settle_promise(world.settle, &run.run, NULL), CRUX_OK);
    /* by the time as last seen */
    assert_int_equal(run.run.receipt.deadline, deadline);
    /* at most a quarter of the 90 seconds in which a batch is posted */
    uint64_t now = START + 10, waits[] = {1, 2, 4, 8, 16, 22, 22, 22};
    for (size_t i = 0; i < CRUX_ARRAY_LEN(waits); i++) {
        settle_world_tick(&world, now);
        assert_int_equal(settle_case_figures().status, CRUX_E_IO);
        assert_string_equal(settle_case_figures().trouble, "no answer");
        assert_int_equal(settle_case_figures().retry_at, now + waits[i]);
        settle_world_tick(&world, now + waits[i] - 1); /* not tried before */
        assert_int_equal(settle_case_figures().retry_at, now + waits[i]);
        now += waits[i];
    }
    /* its deadline would lie behind us: the clock went on, the chain's time as last seen did not */
    settle_world_run(&run, &world, 3, CRUX_MODE_BATCHED);
    run.run.is_fresh = true;
    assert_int_equal(crux_settle_promise(world.settle, &run.run, NULL), CRUX_E_IO);
    is_down = false;
    settle_world_promise(&world, &run, 3, CRUX_MODE_BATCHED);
    settle_world_tick(&world, now);
    assert_int_equal(settle_case_figures().status, CRUX_OK);
    assert_int_equal(settle_case_state(2), CRUX_STORE_POSTED);
    world.chain.ops = up;
}

/* A chain that cannot say whether a claim stands there has not said that it does not. */
static void what_stands_is_asked_about_again(void **state) {
    struct settle_world_run run;
    (void)state;
    open_at_times();
    settle_world_promise(&world, &run, 1, CRUX_MODE_BATCHED);
    settle_world_tick(&world, START + 10);
    settle_case_advance(1300);
    settle_world_tick(&world, START + 1001);
    settle_world_tick(&world, START + 1051);
    for (unsigned turn = 0; turn < 2; turn++) {
        is_down = turn == 0;
        for (uint8_t mode = CRUX_MODE_FULL; mode <= CRUX_MODE_PRIVATE; mode++) {
            settle_world_run(&run, &world, 1, mode);
            assert_int_equal(crux_settle_promise(world.settle, &run.run, NULL),
                             is_down ? CRUX_E_IO : CRUX_E_ALREADY_POSTED);
        }
        assert_int_equal(settle_case_figures().store.runs[CRUX_STORE_WAITING], 0);
    }
    settle_world_run(&run, &world, 2, CRUX_MODE_BATCHED);
    assert_int_equal(crux_settle_promise(world.settle, &run.run, NULL), CRUX_OK);
    world.chain.ops = up;
}

/* However long the trouble has lasted, a call whose clock runs is tried several times in what is left of it. */
static void a_clock_that_runs(void **state) {
    enum { CALL_SECONDS = 100 };
    struct settle_world_run run;
    (void)state;
    world.options.pledge = 10000;
    open_at_times();
    settle_world_promise(&world, &run, 1, CRUX_MODE_BATCHED);
    settle_world_tick(&world, START + 10);
    settle_case_advance(101);
    assert_int_equal(settle_world_call(&world, &world.stranger.account, &run.run), CRUX_OK);
    takes_nothing = true;
    const uint64_t seen = START + 20;
    uint64_t now = seen, tries = 0;
    while (now < seen + CALL_SECONDS) {
        settle_world_tick(&world, now);
        is_down = true;
        uint64_t wait = settle_case_figures().retry_at - now;
        uint64_t left = seen + CALL_SECONDS - now;
        assert_true(wait >= 1 && (wait == 1 || wait <= left / 4));
        now += wait;
        tries++;
    }
    assert_true(tries > 10);
    is_down = takes_nothing = false;
    settle_world_tick(&world, now); /* by the chain's clock nothing is late */
    struct crux_settle_pledged pledged;
    assert_int_equal(crux_settle_pledged(world.settle, &pledged), CRUX_OK);
    assert_int_equal(pledged.calls.kept, 1);
    world.chain.ops = up;
}

/* A batch stands on the chain, and the store does not know; its claim is demanded, which is read in vain. Whatever ends the
 * tick in which it is found to stand there, that demand is seen. */
static void a_batch_that_is_found_again(void **state) {
    enum { TICK = 1, FIND = 2, CATCH_UP = 3 }; /* what a tick looks at, in this order */
    struct settle_world_run run;
    (void)state;
    world.options.show = CRUX_SETTLE_SHOW_DEMANDED;
    open_at_times();
    settle_world_promise(&world, &run, 1, CRUX_MODE_BATCHED);
    settle_world_tick(&world, START + 10);
    assert_int_equal(crux_store_unpost(world.store), CRUX_OK);
    assert_int_equal(settle_case_state(1), CRUX_STORE_FORMED);
    const struct crux_move demand = {.kind = CRUX_MOVE_DEMAND};
    assert_int_equal(settle_world_move(&world, &world.stranger.account, &demand), CRUX_OK);
    uint64_t now = START + 11;
    for (unsigned looks = TICK; looks <= CATCH_UP; looks++, now += 100) {
        looks_left = looks;
        settle_world_tick(&world, now);
        assert_int_equal(settle_case_figures().status, CRUX_E_IO);
        is_down = false;
    }
    settle_world_tick(&world, now);
    struct crux_store_run *kept = settle_world_find(&world, 1);
    assert_int_equal(kept->state, CRUX_STORE_POSTED);
    assert_true(kept->published);
    crux_store_run_free(kept);
    world.chain.ops = up;
}

/* Who has fallen behind the chain's events reads on at once. */
static void many_events_to_read(void **state) {
    (void)state;
    open_at_times();
    settle_world_tick(&world, START);
    assert_false(crux_settle_is_busy(world.settle));
    at_times.events = many_events;
    assert_int_equal(crux_settle_tick(world.settle, START + 1), CRUX_OK);
    assert_true(crux_settle_is_busy(world.settle));
    world.chain.ops = up;
}

/* What is to be tried again in a second is not put off for the time by which the clock was set back. */
static void a_clock_that_is_set_back(void **state) {
    (void)state;
    open_at_times();
    is_down = true;
    settle_world_tick(&world, START);
    assert_int_equal(settle_case_figures().retry_at, START + 1);
    settle_world_tick(&world, START - 2); /* the next wait is twice the first, and ends likewise */
    assert_int_equal(settle_case_figures().retry_at, START);
    is_down = false;
    settle_world_tick(&world, START - 1000);
    assert_int_equal(settle_case_figures().status, CRUX_OK);
    world.chain.ops = up;
}

/* Everything that was posted is taken back: it comes again, and the demand on it too is seen again. */
static void a_reorganised_chain(void **state) {
    struct settle_world_run run;
    (void)state;
    settle_world_open(&world);
    for (uint64_t i = 1; i <= 4; i++) settle_world_promise(&world, &run, i, CRUX_MODE_BATCHED);
    settle_world_tick(&world, START);
    assert_int_equal(settle_case_state(1), CRUX_STORE_POSTED);
    assert_int_equal(world.chain.ops->rewind(&world.chain, 6),
                     CRUX_OK); /* register, settle, shows */
    assert_int_equal(settle_world_totals(&world).chain.batches, 0);
    const struct crux_move another = {
        .kind = CRUX_MOVE_DELEGATE, .account = world.stranger.account.b, .flag = 1};
    assert_int_equal(settle_world_move(&world, &world.requester.account, &another), CRUX_OK);
    settle_world_tick(&world, START + 1);
    settle_world_tick(&world, START + 2);
    assert_int_equal(settle_world_totals(&world).chain.batches, 1);
    assert_int_equal(settle_world_totals(&world).chain.bonds, 4 * SETTLE_WORLD_BOND);
    struct crux_store_run *kept = settle_world_find(&world, 1);
    assert_int_equal(kept->state, CRUX_STORE_POSTED);
    assert_true(kept->shown);
    crux_store_run_free(kept);
}

#define RULE(name) cmocka_unit_test_setup_teardown(name, settle_case_begin, settle_case_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        RULE(without_money),
        RULE(another_owner_of_the_store),
        RULE(a_drain_posts_what_waits),
        RULE(what_stands_is_not_promised_again),
        RULE(a_root_that_stands_comes_in_parts),
        RULE(what_the_chain_refuses_for_ever),
        RULE(a_chain_that_is_down),
        RULE(what_stands_is_asked_about_again),
        RULE(a_clock_that_runs),
        RULE(a_batch_that_is_found_again),
        RULE(many_events_to_read),
        RULE(a_clock_that_is_set_back),
        RULE(a_reorganised_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
