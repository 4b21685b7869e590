/* Disputes of a claim beside one another: opening, queueing, answers that reach all who wait, verdicts, finality; each rule
 * and each refusal of spec/70-game.md. */
#include <stdlib.h>

#include "tests/bisection/game/one_dispute.h"

static void openings(void **state) {
    (void)state;
    struct crux_move open = open_on(CRUX_TARGET_TRACE, 0, 0);
    struct crux_claim_id unshown = id;
    uint64_t posted = table.now;
    unshown.member = 0;
    open.claim = unshown;
    expect(CHALLENGER, &open, CRUX_E_CLAIM_NOT_SHOWN);
    open.claim.member = 2;
    expect(CHALLENGER, &open, CRUX_E_CLAIM_UNKNOWN);
    open.claim = id;
    open.hash = zero;
    expect(CHALLENGER, &open, CRUX_E_CLAIM_MISMATCH);
    open.hash = claim_hash;
    open.flag = 0;
    expect(CHALLENGER, &open, CRUX_E_MOVE_MALFORMED);
    open.flag = CRUX_TARGET_DONE + 1;
    expect(CHALLENGER, &open, CRUX_E_MOVE_MALFORMED);
    open.flag = CRUX_TARGET_TRACE;
    open.leaf = claim_hash;
    expect(CHALLENGER, &open, CRUX_E_MOVE_MALFORMED);
    open.leaf = zero;
    open.rest = zero;
    open.rest_bytes = 1;
    expect(CHALLENGER, &open, CRUX_E_MOVE_MALFORMED);
    open.rest_bytes = 0;
    open.flag = CRUX_TARGET_LEAF;
    expect(CHALLENGER, &open, CRUX_E_TRUNCATED);
    open.index = 9; /* 4 positions of 2 layers, and CLOSE */
    expect(CHALLENGER, &open, CRUX_E_INDEX_BEYOND_COUNT);
    open.index = 0;
    open.flag = CRUX_TARGET_TRACE;
    open.amount = 99;
    expect(CHALLENGER, &open, CRUX_E_BOND_TOO_SMALL);
    open.amount = 100;
    struct crux_move withdraw = {.kind = CRUX_MOVE_WITHDRAW, .amount = START - 99};
    expect(CHALLENGER, &withdraw, CRUX_OK);
    expect(CHALLENGER, &open, CRUX_E_BALANCE_TOO_SMALL);
    table.now = posted + 100001;
    expect(RIVAL, &open, CRUX_E_WINDOW_CLOSED);
    table.now--;
    expect(RIVAL, &open, CRUX_OK);
    expect_repeated(RIVAL, &open);
    table.now++;
    expect_repeated(RIVAL, &open); /* also when the window has closed */
    open.flag = CRUX_TARGET_COUNT;
    expect(RIVAL, &open, CRUX_E_ANSWER_DIFFERS);
    assert_int_equal(table_balance(&table, RIVAL), START - 100);
}

static void private_disputes(void **state) {
    (void)state;
    struct crux_account delegate = table_account(STRANGER);
    id = table_settle(&table, EXECUTOR, claim, 0, 1, true, RIVAL);
    assert_int_equal(table_show(&table, EXECUTOR, &id, claim, 1), CRUX_OK);
    struct crux_move open = open_on(CRUX_TARGET_COUNT, 0, 0);
    struct crux_move name = {.kind = CRUX_MOVE_DELEGATE, .account = delegate.b, .flag = 1};
    expect(CHALLENGER, &open, CRUX_E_NOT_PERMITTED);
    expect(RIVAL, &open, CRUX_OK);
    expect(STRANGER, &open, CRUX_E_NOT_PERMITTED);
    expect(RIVAL, &name, CRUX_OK);
    expect(STRANGER, &open, CRUX_OK);
}

/* spec/70-game.md#opening: "as the p-th in the queue it costs (1 + p) * challenger_bond" */
static void the_queue(void **state) {
    (void)state;
    static const uint64_t bond[] = {100, 100, 200, 300, 400};
    for (uint32_t i = 0; i < 5; i++) { /* D is 2 */
        struct crux_move open = open_on(CRUX_TARGET_COUNT, 0, i);
        open.amount = bond[i] - 1;
        expect(CHALLENGER, &open, CRUX_E_BOND_TOO_SMALL);
        open.amount = bond[i];
        expect(CHALLENGER, &open, CRUX_OK);
        assert_int_equal(at(i).bond, bond[i]);
        assert_int_equal(at(i).stage == CRUX_STAGE_QUEUED, i >= 2);
    }
    struct crux_move waiting = {
        .kind = CRUX_MOVE_TIMEOUT, .claim = id, .dispute = 2, .node = claim_hash, .rest = zero};
    table.now += 50000; /* the clocks of the queued stand still */
    expect(CHALLENGER, &waiting, CRUX_E_DISPUTE_QUEUED);
    waiting.kind = CRUX_MOVE_PROVE;
    expect(EXECUTOR, &waiting, CRUX_E_DISPUTE_QUEUED);
    waiting.kind = CRUX_MOVE_REFUND;
    expect(CHALLENGER, &waiting, CRUX_E_CLAIM_PENDING);
    table.now -= 49000;
    assert_int_equal(crux_game_deadline(&(struct crux_game_dispute){.stage = CRUX_STAGE_QUEUED}),
                     UINT64_MAX);
    expect(EXECUTOR, honest(0), CRUX_OK);
    assert_int_equal(at(0).stage, CRUX_STAGE_LOST);
    assert_int_equal(at(2).stage, CRUX_STAGE_PROVE);
    assert_int_equal(at(2).since, table.now);
    assert_int_equal(at(3).stage, CRUX_STAGE_QUEUED);
    /* losing bars nobody: the next one queues behind the two that wait, and pays for it */
    struct crux_move again = open_on(CRUX_TARGET_COUNT, 0, 9);
    expect(CHALLENGER, &again, CRUX_OK);
    assert_int_equal(at(5).bond, 400);
    /* the executor fails the second: the claim falls, and all others have their bonds back */
    struct crux_move timeout = {.kind = CRUX_MOVE_TIMEOUT, .claim = id, .dispute = 1};
    table.now += 9001;
    expect(STRANGER, &timeout, CRUX_OK);
    assert_true(table.out.fell);
    again.count = 10;
    expect(CHALLENGER, &again, CRUX_E_CLAIM_FALLEN);
    waiting.kind = CRUX_MOVE_PROVE;
    expect(EXECUTOR, &waiting, CRUX_E_CLAIM_FALLEN);
    for (uint32_t i = 0; i < 6; i++) {
        struct crux_move refund = {.kind = CRUX_MOVE_REFUND, .claim = id, .dispute = i};
        expect(STRANGER, &refund, i < 2 ? CRUX_E_DISPUTE_OVER : CRUX_OK);
        if (i >= 2) expect_repeated(STRANGER, &refund);
    }
    assert_int_equal(table_balance(&table, CHALLENGER), START - 100 + 400);
    assert_int_equal(table_balance(&table, EXECUTOR), START - 2000 + 45);
}

/* spec/70-game.md#stages: "and every dispute that waits there, at the time when it is made, if it is in time in that one" */
static void an_answer_reaches_all_who_wait(void **state) {
    (void)state;
    struct crux_move open = open_on(CRUX_TARGET_TRACE, 0, 0);
    struct crux_move timeout = {.kind = CRUX_MOVE_TIMEOUT, .claim = id};
    expect(CHALLENGER, &open, CRUX_OK);
    table.now += 100;
    open.count = 1;
    expect(RIVAL, &open, CRUX_OK);
    uint64_t opened = table.now;
    assert_int_equal(at(0).stage, CRUX_STAGE_REVEAL);
    assert_int_equal(at(1).stage, CRUX_STAGE_REVEAL);
    uint8_t *saved = table_save(&table);
    /* in time for both: both clocks of the executor stop, both challengers' run */
    table.now = opened + 9900;
    struct crux_move reveal = *honest(1);
    expect(EXECUTOR, &reveal, CRUX_OK);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(at(i).stage, CRUX_STAGE_PICK);
        assert_int_equal(at(i).since, table.now);
        assert_int_equal(at(i).left[0], i * 100);
        assert_int_equal(at(i).left[1], 10000);
    }
    reveal.dispute = 0;
    expect_repeated(EXECUTOR, &reveal);
    timeout.dispute = 0;
    table.now += 10000;
    expect(STRANGER, &timeout, CRUX_E_NOT_TOO_LATE);
    struct crux_game_dispute dispute = at(0);
    struct crux_move pick = pick_on(&dispute, 0, false);
    expect(CHALLENGER, &pick, CRUX_OK);
    timeout.dispute = 1;
    table.now++;
    expect(STRANGER, &timeout, CRUX_OK);
    assert_int_equal(table.out.end, CRUX_STAGE_LOST); /* the rival was late */
    /* too late for the first: it is answered in the second only */
    table_restore(&table, saved);
    free(saved);
    table.now = opened + 9901;
    reveal.dispute = 0;
    expect(EXECUTOR, &reveal, CRUX_E_TOO_LATE);
    reveal.dispute = 1;
    expect(EXECUTOR, &reveal, CRUX_OK);
    assert_int_equal(at(0).stage, CRUX_STAGE_REVEAL);
    assert_int_equal(at(1).stage, CRUX_STAGE_PICK);
    timeout.dispute = 0;
    expect(STRANGER, &timeout, CRUX_OK);
    assert_true(table.out.fell);
}

/* The same for a step's expansion, and its extension. */
static void an_expansion_reaches_all_who_wait(void **state) {
    (void)state;
    open_step(1, 0, 0);
    open_step(1, 0, 1);
    table.now += 70;
    struct crux_move expand = *honest(0);
    expect(EXECUTOR, &expand, CRUX_OK);
    assert_int_equal(at(1).stage, CRUX_STAGE_SIDE);
    assert_int_equal(at(1).left[0], 10000 - 70 + 500);
    assert_int_equal(at(1).left[1], 10500);
    expand.dispute = 1;
    expect_repeated(EXECUTOR, &expand);
    expand.hash = zero; /* one tensors root for the claim and the step, and no second */
    expect(EXECUTOR, &expand, CRUX_E_ANSWER_DIFFERS);
    pick(1, 1);
    assert_int_equal(at(1).left[0], 10430);
}

/* spec/70-game.md#verdicts: "the executor gets defence_cost, and all else, at least half, is burned" */
static void what_a_verdict_costs(void **state) {
    struct crux_game_chain chain;
    (void)state;
    struct crux_move open = open_on(CRUX_TARGET_DONE, 1, 0);
    expect(CHALLENGER, &open, CRUX_OK);
    expect(EXECUTOR, honest(0), CRUX_OK);
    assert_int_equal(table.out.end, CRUX_STAGE_LOST);
    assert_int_equal(table_balance(&table, CHALLENGER), START - 100);
    assert_int_equal(table_balance(&table, EXECUTOR), START - 2000 + 45);
    assert_int_equal(crux_game_get_chain(&table.game, &chain), CRUX_OK);
    assert_int_equal(chain.burned, 55);
    /* and the same challenger may go on at once */
    open = open_on(CRUX_TARGET_TOKEN, 3, 1); /* the padding after the last token */
    expect(CHALLENGER, &open, CRUX_OK);
    table.now += 10001;
    struct crux_move timeout = {.kind = CRUX_MOVE_TIMEOUT, .claim = id, .dispute = 1};
    expect(CHALLENGER, &timeout, CRUX_OK);
    assert_int_equal(table.out.end, CRUX_STAGE_WON);
    assert_int_equal(crux_game_get_chain(&table.game, &chain), CRUX_OK);
    assert_int_equal(chain.burned, 55 + 600);
    assert_int_equal(table_balance(&table, CHALLENGER), START - 100 + 400);
}

/* spec/70-game.md#finality: "no dispute of it is open" */
static void an_open_dispute_blocks_finality(void **state) {
    enum crux_claim_state end;
    (void)state;
    uint64_t after = table.now + 100001;
    struct crux_move open = open_on(CRUX_TARGET_COUNT, 0, 0);
    struct crux_move finalise = {.kind = CRUX_MOVE_FINALISE, .claim = id};
    table.now = after - 1;
    expect(CHALLENGER, &open, CRUX_OK);
    table.now = after;
    assert_int_equal(crux_game_claim_state(&end, &table.game, &id, after), CRUX_OK);
    assert_int_equal(end, CRUX_CLAIM_PENDING);
    expect(EXECUTOR, &finalise, CRUX_OK);
    assert_int_equal(table.out.paid, 1000); /* of the other member */
    expect(EXECUTOR, honest(0), CRUX_OK);
    assert_int_equal(crux_game_claim_state(&end, &table.game, &id, after), CRUX_OK);
    assert_int_equal(end, CRUX_CLAIM_FINAL);
    expect(EXECUTOR, &finalise, CRUX_OK);
    assert_int_equal(table.out.paid, 1000);
    expect_repeated(EXECUTOR, &finalise);
    assert_int_equal(table_balance(&table, EXECUTOR), START + 45);
}

int main(void) {
#define RULE(name) cmocka_unit_test_setup_teardown(name, one_dispute_deal, one_table_clear)
    const struct CMUnitTest tests[] = {
        RULE(openings),
        RULE(private_disputes),
        RULE(the_queue),
        RULE(an_answer_reaches_all_who_wait),
        RULE(an_expansion_reaches_all_who_wait),
        RULE(what_a_verdict_costs),
        RULE(an_open_dispute_blocks_finality),
    };
    return cmocka_run_group_tests(tests, one_dispute_set_up, one_table_tear_down);
}
