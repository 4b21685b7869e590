/* From receipt to finality on a local chain: each mode, each policy, disputes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "tests/executor/service/settle/settle_case.h"

enum { START = 5000 /* of the system's clock: when the runs are made */ };

static void a_receipt_holds(void **state) {
    struct settle_world_run run, same;
    bool again;
    (void)state;
    settle_world_open(&world);
    settle_world_promise(&world, &run, 1, CRUX_MODE_BATCHED);
    uint8_t digest[32];
    crux_receipt_digest(digest, &run.run.receipt);
    assert_memory_equal(digest, run.run.id, 32);
    assert_int_equal(run.run.receipt.deadline, 1000 + 100);
    assert_true(crux_keys_verify(NULL, &world.executor.account, digest, run.run.signature));
    /* the same claim again, asked alike, later: the receipt that is there */
    settle_case_advance(5);
    settle_world_run(&same, &world, 1, CRUX_MODE_BATCHED);
    assert_int_equal(crux_settle_promise(world.settle, &same.run, &again), CRUX_OK);
    assert_true(again);
    assert_memory_equal(&same.run.receipt, &run.run.receipt, sizeof run.run.receipt);
    assert_memory_equal(same.run.signature, run.run.signature, 64);
    assert_int_equal(same.run.number, run.run.number);
    /* in another mode: none, rather than one for what was not asked */
    for (uint8_t mode = CRUX_MODE_FULL; mode <= CRUX_MODE_PRIVATE; mode++) {
        settle_world_run(&same, &world, 1, mode);
        assert_int_equal(crux_settle_promise(world.settle, &same.run, &again),
                         mode == CRUX_MODE_BATCHED ? CRUX_OK : CRUX_E_ALREADY_POSTED);
    }
    struct settle_world_run theirs, others;
    settle_world_promise(&world, &theirs, 9, CRUX_MODE_PRIVATE);
    settle_world_run(&others, &world, 9, CRUX_MODE_PRIVATE);
    memcpy(others.run.receipt.requester, world.stranger.account.b, 20);
    assert_int_equal(crux_settle_promise(world.settle, &others.run, &again), CRUX_E_ALREADY_POSTED);
    /* the same request with another claim: never */
    settle_world_run(&same, &world, 1, CRUX_MODE_BATCHED);
    same.run.claim.trace_root[0] ^= 1;
    same.run.key = "";
    assert_int_equal(crux_settle_promise(world.settle, &same.run, &again), CRUX_E_ANSWER_DIFFERS);
    assert_false(again);
    /* a requester belongs to private claims alone */
    settle_world_run(&same, &world, 2, CRUX_MODE_BATCHED);
    same.run.receipt.requester[0] = 1;
    assert_int_equal(crux_settle_promise(world.settle, &same.run, &again), CRUX_E_RECEIPT_INVALID);
    settle_world_run(&same, &world, 2, CRUX_MODE_PRIVATE);
    memset(same.run.receipt.requester, 0, 20);
    assert_int_equal(crux_settle_promise(world.settle, &same.run, &again), CRUX_E_RECEIPT_INVALID);
    settle_world_run(&same, &world, 2, CRUX_MODE_BATCHED);
    same.run.claim.cancelled = same.run.claim.chosen_tokens;
    assert_int_equal(crux_settle_promise(world.settle, &same.run, &again), CRUX_E_CLAIM_INVALID);
    assert_int_equal(settle_case_figures().store.runs[CRUX_STORE_WAITING], 2);
}

static void batches_by_count_and_by_time(void **state) {
    struct settle_world_run run;
    (void)state;
    settle_world_open(&world);
    for (uint64_t i = 1; i <= 3; i++) settle_world_promise(&world, &run, i, CRUX_MODE_BATCHED);
    settle_world_tick(&world, START);
    assert_int_equal(settle_case_figures().batches_posted, 0);
    settle_world_promise(&world, &run, 4, CRUX_MODE_BATCHED); /* the fourth fills it */
    settle_world_promise(&world, &run, 5, CRUX_MODE_BATCHED);
    settle_world_tick(&world, START);
    assert_int_equal(settle_case_figures().batches_posted, 1);
    assert_int_equal(settle_case_state(4), CRUX_STORE_POSTED);
    assert_int_equal(settle_case_state(5), CRUX_STORE_WAITING);
    settle_world_tick(&world, START + 9);
    assert_int_equal(settle_case_state(5), CRUX_STORE_WAITING);
    settle_world_tick(&world, START + 10);
    assert_int_equal(settle_case_state(5), CRUX_STORE_POSTED);
    /* the first run of the second batch stands where its path says */
    struct crux_store_run *kept = settle_world_find(&world, 2);
    uint64_t index = kept->member;
    assert_int_equal(kept->member, 1);
    assert_int_equal(kept->count, 4);
    assert_int_equal(crux_merkle_verify(kept->batch_root, 4, &index,
                                        (const uint8_t(*)[32])kept->receipt.claim_hash, 1,
                                        kept->path, kept->path_bytes),
                     CRUX_OK);
    crux_store_run_free(kept);
    assert_int_equal(settle_world_totals(&world).chain.bonds, 5 * SETTLE_WORLD_BOND);
}

static void a_near_deadline_is_enough(void **state) {
    struct settle_world_run run;
    (void)state;
    settle_world_open(&world);
    settle_world_promise(&world, &run, 1, CRUX_MODE_BATCHED);
    settle_case_advance(89); /* deadline 1100, batches wait 10 */
    settle_world_tick(&world, START);
    assert_int_equal(settle_case_state(1), CRUX_STORE_WAITING);
    settle_case_advance(1);
    settle_world_tick(&world, START);
    assert_int_equal(settle_case_state(1), CRUX_STORE_POSTED);
    assert_int_equal(settle_case_figures().late, 0);
}

static void every_mode_to_its_end(void **state) {
    struct settle_world_run run;
    (void)state;
    settle_world_open(&world);
    settle_world_promise(&world, &run, 1, CRUX_MODE_BATCHED);
    settle_world_promise(&world, &run, 2, CRUX_MODE_FULL);
    settle_world_promise(&world, &run, 3, CRUX_MODE_PRIVATE);
    settle_world_tick(&world, START + 10);
    assert_int_equal(settle_case_figures().batches_posted, 3);
    assert_int_equal(settle_world_totals(&world).executor.balance,
                     SETTLE_WORLD_MONEY - 3 * SETTLE_WORLD_BOND);
    struct crux_store_run *kept = settle_world_find(&world, 3);
    enum crux_claim_state at;
    assert_true(kept->shown);
    assert_int_equal(crux_settle_claim_state(world.settle, &at, kept), CRUX_OK);
    assert_int_equal(at, CRUX_CLAIM_PENDING);
    crux_store_run_free(kept);
    settle_case_advance(1000); /* the last second of the window */
    settle_world_tick(&world, START + 1000);
    assert_int_equal(settle_case_state(1), CRUX_STORE_POSTED);
    settle_case_advance(1);
    settle_world_tick(&world, START + 1001);
    assert_int_equal(settle_case_state(1), CRUX_STORE_FINAL);
    assert_int_equal(settle_case_state(2), CRUX_STORE_FINAL);
    assert_int_equal(settle_case_state(3), CRUX_STORE_UNCHALLENGED);
    assert_int_equal(settle_world_totals(&world).executor.balance, SETTLE_WORLD_MONEY);
    /* kept for 50 seconds more, and then deleted */
    settle_world_tick(&world, START + 1050);
    assert_int_equal(settle_case_state(2), CRUX_STORE_FINAL);
    /* nor then, while its receipt can be called: deadline 1100, window 1000, demands 100 */
    settle_case_advance(2200 - 2001);
    settle_world_tick(&world, START + 1051);
    assert_int_equal(settle_case_state(2), CRUX_STORE_FINAL);
    settle_case_advance(1);
    settle_world_tick(&world, START + 1051);
    struct crux_settle_figures f = settle_case_figures();
    for (unsigned i = 0; i < CRUX_STORE_STATES; i++) assert_int_equal(f.store.runs[i], 0);
    struct crux_store_run *gone;
    assert_int_equal(crux_store_find(world.store, &gone, CRUX_STORE_BY_ID, run.run.id),
                     CRUX_E_NOT_FOUND);
    settle_world_promise(&world, &run, 4, CRUX_MODE_BATCHED);
    assert_true(run.run.number > 3); /* numbers are never given twice */
}

static void shown_when_demanded(void **state) {
    struct settle_world_run run;
    (void)state;
    world.options.show = CRUX_SETTLE_SHOW_DEMANDED;
    settle_world_open(&world);
    for (uint64_t i = 1; i <= 4; i++) settle_world_promise(&world, &run, i, CRUX_MODE_BATCHED);
    settle_world_tick(&world, START);
    assert_int_equal(settle_case_figures().claims_shown, 0);
    const struct crux_move demand = {.kind = CRUX_MOVE_DEMAND, .claim = {.batch = 0, .member = 2}};
    assert_int_equal(settle_world_move(&world, &world.stranger.account, &demand), CRUX_OK);
    settle_world_tick(&world, START + 1);
    assert_int_equal(settle_case_figures().claims_shown, 1);
    assert_int_equal(settle_case_figures().demands_met, 1);
    struct crux_store_run *kept = settle_world_find(&world, 3);
    assert_true(kept->shown && kept->published && kept->demanded);
    crux_store_run_free(kept);
    assert_int_equal(settle_world_totals(&world).chain.fees, 0);
    settle_case_advance(1001);
    settle_world_tick(&world, START + 1001);
    assert_int_equal(settle_case_state(3), CRUX_STORE_FINAL);
    assert_int_equal(settle_case_state(1), CRUX_STORE_UNSHOWN);
    assert_int_equal(settle_world_totals(&world).chain.bonds, 0);
    assert_int_equal(settle_world_totals(&world).executor.balance, SETTLE_WORLD_MONEY + 10);
}

static void escrow(uint64_t number, uint64_t amount, uint64_t deadline) {
    struct settle_world_run run;
    settle_world_run(&run, &world, number, CRUX_MODE_BATCHED);
    const struct crux_move move = {.kind = CRUX_MOVE_ESCROW,
                                   .executor = world.executor.account.b,
                                   .account = world.executor.account.b,
                                   .hash = run.run.claim.request_hash,
                                   .amount = amount,
                                   .deadline = deadline};
    assert_int_equal(settle_world_move(&world, &world.requester.account, &move), CRUX_OK);
}

static void promise_for_a_fee(uint64_t number, uint8_t mode) {
    struct settle_world_run run;
    settle_world_run(&run, &world, number, mode);
    run.run.fee_requester = world.requester.account;
    assert_int_equal(crux_settle_promise(world.settle, &run.run, NULL), CRUX_OK);
}

static void fees_are_bound_and_paid(void **state) {
    (void)state;
    world.options.show = CRUX_SETTLE_SHOW_DEMANDED;
    settle_world_open(&world);
    escrow(1, 700, 3000);
    escrow(2, 70, 3000);
    promise_for_a_fee(1, CRUX_MODE_BATCHED);
    promise_for_a_fee(2, CRUX_MODE_FULL);
    promise_for_a_fee(3, CRUX_MODE_FULL); /* there is no such escrow: settled all the same */
    promise_for_a_fee(4, CRUX_MODE_PRIVATE);
    settle_world_tick(&world, START + 10);
    for (uint64_t i = 1; i <= 4; i++) {
        struct crux_store_run *kept = settle_world_find(&world, i);
        assert_int_equal(kept->state, CRUX_STORE_POSTED);
        assert_int_equal(kept->shown, i <= 3); /* an escrow is for claims that can become final */
        assert_int_equal(kept->bound, i <= 2);
        crux_store_run_free(kept);
    }
    settle_case_advance(1001);
    settle_world_tick(&world, START + 1001);
    assert_int_equal(settle_case_figures().fees_paid, 770);
    assert_int_equal(settle_world_totals(&world).executor.balance, SETTLE_WORLD_MONEY + 770);
    assert_int_equal(settle_world_totals(&world).chain.fees, 0);
}

static void what_is_earned_is_taken_out(void **state) {
    struct settle_world_run run;
    (void)state;
    world.options.withdraws = true;
    world.options.withdraw_above = SETTLE_WORLD_MONEY - 300000;
    settle_world_open(&world);
    settle_world_promise(&world, &run, 1, CRUX_MODE_BATCHED); /* its bond stays beside */
    settle_world_tick(&world, START);
    assert_int_equal(settle_world_totals(&world).executor.withdrawn, 300000 - SETTLE_WORLD_BOND);
    settle_world_tick(&world, START + 10);
    assert_int_equal(settle_world_totals(&world).executor.balance, SETTLE_WORLD_MONEY - 300000);
    settle_case_advance(1001);
    settle_world_tick(&world, START + 1001);
    assert_int_equal(settle_world_totals(&world).executor.withdrawn, 300000);
}

/* Whatever float is asked for, the bonds of a batch stay: else nothing more could be promised. */
static void a_batch_can_always_be_posted(void **state) {
    struct settle_world_run run;
    (void)state;
    world.options.withdraws = true;
    settle_world_open(&world);
    for (uint64_t i = 1; i <= 12; i++) {
        settle_world_tick(&world, START);
        assert_int_equal(settle_world_totals(&world).executor.balance,
                         (4 + (i - 1) % 4) * SETTLE_WORLD_BOND);
        assert_int_equal(crux_settle_room(world.settle), 4);
        settle_world_promise(&world, &run, i, CRUX_MODE_BATCHED);
        const struct crux_account *account = &world.executor.account; /* somebody pays in */
        assert_int_equal(world.chain.ops->deposit(&world.chain, account, SETTLE_WORLD_BOND),
                         CRUX_OK);
    }
    assert_int_equal(settle_case_figures().batches_posted, 2);
}

/* However little a tick may do, all of it is done in the end. */
static void one_move_at_a_time(void **state) {
    (void)state;
    world.options.moves_a_tick = 1;
    settle_world_open(&world);
    escrow(1, 5, 3000);
    escrow(3, 7, 1005);
    escrow(4, 7, 1005);
    for (uint64_t i = 1; i <= 6; i++)
        promise_for_a_fee(i, (uint8_t)(i % 3 + 1)); /* each mode, with an escrow and without */
    settle_case_advance(6); /* two of the escrows end before their claims are posted */
    settle_world_tick(&world, START + 10);
    assert_false(crux_settle_is_busy(world.settle));
    assert_int_equal(settle_case_figures().batches_posted, 4);
    assert_int_equal(settle_case_figures().batches_posted, 4);
    struct crux_store_run *kept = settle_world_find(&world, 3);
    assert_true(kept->fee_refused && !kept->bound);
    crux_store_run_free(kept);
    kept = settle_world_find(&world, 4);
    assert_true(kept->fee_refused && !kept->bound && kept->shown);
    crux_store_run_free(kept);
    settle_case_advance(1001);
    settle_world_tick(&world, START + 1001);
    struct crux_settle_figures f = settle_case_figures();
    assert_int_equal(f.store.runs[CRUX_STORE_FINAL] + f.store.runs[CRUX_STORE_UNCHALLENGED], 6);
    assert_int_equal(f.fees_paid, 5);
    assert_int_equal(settle_world_totals(&world).chain.bonds, 0);
    const uint64_t moves = f.moves + f.refused;
    assert_int_equal(crux_settle_tick(world.settle, START + 1002), CRUX_OK);
    f = settle_case_figures();
    assert_int_equal(f.moves + f.refused, moves);
}

/* A dispute that the executor loses by silence: seen as contested, then as fallen. */
static void a_dispute_is_seen(void **state) {
    static const uint8_t zero[32];
    struct settle_world_run run;
    uint8_t hash[32];
    uint64_t contested = 0;
    (void)state;
    settle_world_open(&world);
    for (uint64_t i = 1; i <= 4; i++) settle_world_promise(&world, &run, i, CRUX_MODE_BATCHED);
    settle_world_tick(&world, START);
    settle_world_run(&run, &world, 2, CRUX_MODE_BATCHED);
    crux_claim_hash(hash, &run.run.claim);
    const struct crux_move open = {.kind = CRUX_MOVE_OPEN,
                                   .claim = {.batch = 0, .member = 1},
                                   .hash = hash,
                                   .leaf = zero,
                                   .amount = SETTLE_WORLD_MONEY,
                                   .flag = CRUX_TARGET_TRACE};
    assert_int_equal(settle_world_move(&world, &world.stranger.account, &open), CRUX_OK);
    settle_world_tick(&world, START + 1);
    for (uint64_t i = 1; i <= 4; i++) {
        struct crux_store_run *kept = settle_world_find(&world, i);
        assert_int_equal(kept->disputes, i == 2);
        contested += kept->disputes;
        crux_store_run_free(kept);
    }
    assert_int_equal(contested, 1);
    settle_case_advance(301);
    const struct crux_move timeout = {.kind = CRUX_MOVE_TIMEOUT,
                                      .claim = {.batch = 0, .member = 1}};
    assert_int_equal(settle_world_move(&world, &world.stranger.account, &timeout), CRUX_OK);
    settle_world_tick(&world, START + 2);
    assert_int_equal(settle_case_state(2), CRUX_STORE_FALLEN);
    assert_int_equal(settle_case_state(1), CRUX_STORE_POSTED);
    settle_case_advance(700);
    settle_world_tick(&world, START + 3);
    assert_int_equal(settle_case_state(1), CRUX_STORE_FINAL);
    assert_int_equal(settle_world_totals(&world).executor.balance,
                     SETTLE_WORLD_MONEY - SETTLE_WORLD_BOND);
}

/* A dispute that nobody ends in time keeps its claim, and no other, from its end. */
static void an_open_dispute_blocks_one_claim(void **state) {
    static const uint8_t zero[32];
    struct settle_world_run run;
    uint8_t hash[32];
    (void)state;
    settle_world_open(&world);
    for (uint64_t i = 1; i <= 4; i++) settle_world_promise(&world, &run, i, CRUX_MODE_BATCHED);
    settle_world_tick(&world, START);
    settle_world_run(&run, &world, 1, CRUX_MODE_BATCHED);
    crux_claim_hash(hash, &run.run.claim);
    const struct crux_move open = {.kind = CRUX_MOVE_OPEN,
                                   .hash = hash,
                                   .leaf = zero,
                                   .amount = SETTLE_WORLD_MONEY,
                                   .flag = CRUX_TARGET_TRACE};
    settle_case_advance(1000);
    assert_int_equal(settle_world_move(&world, &world.stranger.account, &open), CRUX_OK);
    settle_case_advance(1);
    settle_world_tick(&world, START + 1);
    assert_int_equal(settle_case_state(1), CRUX_STORE_POSTED);
    assert_int_equal(settle_case_state(2), CRUX_STORE_FINAL);
    assert_int_equal(settle_world_totals(&world).chain.bonds, SETTLE_WORLD_BOND);
    const struct crux_move timeout = {.kind = CRUX_MOVE_TIMEOUT};
    settle_case_advance(300);
    assert_int_equal(settle_world_move(&world, &world.stranger.account, &timeout), CRUX_OK);
    settle_world_tick(&world, START + 2);
    assert_int_equal(settle_case_state(1), CRUX_STORE_FALLEN);
    assert_int_equal(settle_world_totals(&world).chain.bonds, 0);
}

#define RULE(name) cmocka_unit_test_setup_teardown(name, settle_case_begin, settle_case_end)

int main(void) {
    const struct CMUnitTest tests[] = {
        RULE(a_receipt_holds),
        RULE(batches_by_count_and_by_time),
        RULE(a_near_deadline_is_enough),
        RULE(every_mode_to_its_end),
        RULE(shown_when_demanded),
        RULE(fees_are_bound_and_paid),
        RULE(what_is_earned_is_taken_out),
        RULE(a_batch_can_always_be_posted),
        RULE(one_move_at_a_time),
        RULE(a_dispute_is_seen),
        RULE(an_open_dispute_blocks_one_claim),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
