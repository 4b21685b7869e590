/* Disputes: opening, queueing, revealing, picking, jumping, proving; each rule and each refusal of spec/70-game.md. The
 * clocks' rules are walked by test_game_exhaustive.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/game_table.h"

enum { EXECUTOR = 0, CHALLENGER = 1, RIVAL = 2, STRANGER = 3, START = 1000000 };

static struct table_model model;
static struct table_run run;
static struct table table;
static const struct crux_claim *claim;
static struct crux_claim_id id;
static struct crux_solver_move step;
static const uint8_t zero[32];
static uint8_t claim_hash[32];

static int set_up(void **state) {
    (void)state;
    table_model_init(&model, TABLE_LONG);
    table_run_init(&run, &model, NULL, 0);
    claim = run.evidence.claim;
    crux_claim_hash(claim_hash, claim);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    table_run_free(&run);
    table_model_free(&model);
    return 0;
}

static int deal(void **state) {
    (void)state;
    table_init(&table, NULL);
    table.checks_refusals = true;
    id = table_claim(&table, EXECUTOR, &model, claim, 1, 2);
    return 0;
}

static int clear(void **state) {
    (void)state;
    table_free(&table);
    return 0;
}

static void expect(unsigned sender, const struct crux_move *move, enum crux_status status) {
    assert_string_equal(crux_status_name(table_move(&table, sender, move)),
                        crux_status_name(status));
}

static void expect_repeated(unsigned sender, const struct crux_move *move) {
    expect(sender, move, CRUX_OK);
    assert_true(table.out.repeated);
}

static struct crux_move open_on(uint8_t target, uint64_t index, uint32_t nonce) {
    return (struct crux_move){.kind = CRUX_MOVE_OPEN,
                              .claim = id,
                              .hash = claim_hash,
                              .leaf = zero,
                              .amount = START,
                              .count = nonce,
                              .flag = target,
                              .index = index};
}

static struct crux_game_dispute at(uint32_t number) {
    return table_get_dispute(&table, &id, number);
}

/* The honest executor's next move. */
static const struct crux_move *honest(uint32_t number) {
    assert_int_equal(crux_solver_defend(&step, &table.game, &id, number, &run.provider, table.now),
                     CRUX_OK);
    assert_true(step.any);
    return &step.move;
}

static struct crux_move pick_on(const struct crux_game_dispute *dispute, uint64_t index,
                                bool padding) {
    return (struct crux_move){.kind = CRUX_MOVE_PICK,
                              .claim = id,
                              .dispute = dispute->key.number,
                              .node = dispute->node,
                              .round = dispute->round,
                              .index = index,
                              .flag = padding};
}

static void pick(uint32_t number, uint64_t index) {
    struct crux_game_dispute dispute = at(number);
    struct crux_move move = pick_on(&dispute, index, false);
    expect(CHALLENGER, &move, CRUX_OK);
}

/* Opens at the leaf of a step, by its path. */
static void open_step(uint32_t pos, uint32_t layer, uint32_t nonce) {
    const struct crux_tree_id trace = {.kind = CRUX_TREE_TRACE};
    struct crux_move open = open_on(CRUX_TARGET_LEAF, pos * 2 + layer, nonce);
    uint8_t path[32 * 8], leaf[32];
    struct crux_writer writer;
    crux_writer_init(&writer, path, sizeof path);
    assert_int_equal(run.evidence.prove(run.evidence.ctx, &trace, &open.index, 1, &writer),
                     CRUX_OK);
    assert_int_equal(run.provider.node(run.provider.ctx, &trace, 0, open.index, leaf), CRUX_OK);
    open.leaf = leaf;
    open.rest = path;
    open.rest_bytes = writer.at;
    expect(CHALLENGER, &open, CRUX_OK);
}

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

static void reveals(void **state) {
    (void)state;
    struct crux_move open = open_on(CRUX_TARGET_TRACE, 0, 0);
    expect(CHALLENGER, &open, CRUX_OK);
    struct crux_game_dispute dispute = at(0);
    struct crux_move early = pick_on(&dispute, 0, false);
    expect(CHALLENGER, &early, CRUX_E_MOVE_UNEXPECTED);
    struct crux_move reveal = *honest(0), wrong = reveal;
    wrong.dispute = 4;
    expect(EXECUTOR, &wrong, CRUX_E_DISPUTE_UNKNOWN);
    wrong = reveal;
    wrong.node = zero;
    expect(EXECUTOR, &wrong, CRUX_E_NODE_MISMATCH);
    wrong = reveal;
    wrong.rest_bytes--;
    expect(EXECUTOR, &wrong, CRUX_E_TRUNCATED);
    wrong.rest_bytes += 2;
    expect(EXECUTOR, &wrong, CRUX_E_TRAILING_BYTES);
    wrong.kind = CRUX_MOVE_EXPAND;
    wrong.hash = zero;
    expect(EXECUTOR, &wrong, CRUX_E_MOVE_UNEXPECTED);
    for (size_t i = 0; i < reveal.rest_bytes; i += 31) {
        step.bytes[i] ^= 1;
        expect(EXECUTOR, &reveal, CRUX_E_REVEAL_MISMATCH);
        step.bytes[i] ^= 1;
    }
    expect(STRANGER, &reveal, CRUX_OK); /* anybody may: there is one right answer */
    expect_repeated(EXECUTOR, &reveal);
    step.bytes[0] ^= 1;
    expect(EXECUTOR, &reveal, CRUX_E_REVEAL_MISMATCH);
    step.bytes[0] ^= 1;
    /* another dispute finds it there, and its executor's clock has not run */
    struct crux_move second = open_on(CRUX_TARGET_TRACE, 0, 1);
    expect(CHALLENGER, &second, CRUX_OK);
    assert_int_equal(at(1).stage, CRUX_STAGE_PICK);
    pick(0, 1);
    expect_repeated(EXECUTOR, &reveal); /* of the node where the last pick was made */
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

static void expansions(void **state) {
    (void)state;
    open_step(1, 0, 0);
    struct crux_move expand = *honest(0), wrong = expand;
    assert_int_equal(expand.kind, CRUX_MOVE_EXPAND);
    expect(STRANGER, &expand, CRUX_E_NOT_PERMITTED);
    expect(CHALLENGER, &expand, CRUX_E_NOT_PERMITTED);
    step.bytes[1] ^= 1;
    assert_int_not_equal(table_move(&table, EXECUTOR, &expand), CRUX_OK);
    step.bytes[1] ^= 1;
    step.bytes[40] ^= 1; /* the manifest's hash */
    expect(EXECUTOR, &expand, CRUX_E_HEADER_MISMATCH);
    step.bytes[40] ^= 1;
    wrong.rest_bytes--;
    expect(EXECUTOR, &wrong, CRUX_E_TRUNCATED);
    uint64_t left = at(0).left[0];
    table.now += 100;
    expect(EXECUTOR, &expand, CRUX_OK);
    /* spec/70-game.md#clocks: "extension_seconds more, once, when its step is expanded" */
    assert_int_equal(at(0).left[0], left - 100 + 500);
    assert_int_equal(at(0).left[1], 10000 + 500);
    expect_repeated(EXECUTOR, &expand);
    wrong = expand;
    wrong.hash = zero;
    expect(EXECUTOR, &wrong, CRUX_E_ANSWER_DIFFERS);
    open_step(1, 0, 1);
    assert_int_equal(at(1).stage, CRUX_STAGE_SIDE);
    assert_int_equal(at(1).left[0], 10500);
    pick(0, 0);
    expect_repeated(EXECUTOR, &expand);
    wrong.hash = zero;
    expect(EXECUTOR, &wrong, CRUX_E_ANSWER_DIFFERS);
}

static void a_step_without_work(void **state) {
    (void)state;
    open_step(0, 1, 0); /* the head before position P-1 */
    struct crux_move prove = *honest(0);
    assert_int_equal(prove.kind, CRUX_MOVE_PROVE);
    struct crux_move expand = prove;
    uint8_t parts[512];
    struct crux_writer writer;
    crux_writer_init(&writer, parts, sizeof parts);
    assert_int_equal(crux_witness_put_layer(&writer, &run.evidence, 1), CRUX_OK);
    expand.kind = CRUX_MOVE_EXPAND;
    expand.hash = zero;
    expand.rest = parts;
    expand.rest_bytes = writer.at;
    expect(EXECUTOR, &expand, CRUX_E_STEP_INACTIVE);
    expect(STRANGER, &prove, CRUX_OK);
    assert_int_equal(at(0).stage, CRUX_STAGE_LOST);
    expect_repeated(STRANGER, &prove);
    /* and a step with work is not proven to have none */
    open_step(1, 1, 1);
    prove.dispute = 1;
    uint8_t node[32];
    struct crux_game_dispute dispute = at(1);
    memcpy(node, dispute.node, 32);
    prove.node = node;
    expect(EXECUTOR, &prove, CRUX_E_ELEMENT_INVALID);
}

static void signed_picks(void **state) {
    (void)state;
    uint8_t digest[32], signature[CRUX_SIGNATURE_BYTES];
    struct crux_move open = open_on(CRUX_TARGET_TRACE, 0, 0);
    expect(CHALLENGER, &open, CRUX_OK);
    expect(EXECUTOR, honest(0), CRUX_OK);
    struct crux_game_dispute dispute = at(0);
    struct crux_move move = pick_on(&dispute, 1, false);
    struct crux_move plain = move;
    struct crux_signed_pick said = {.claim = id, .index = 1, .expiry = table.now + 5};
    memcpy(said.node, dispute.node, 32);
    move.kind = CRUX_MOVE_SIGNED_PICK;
    move.deadline = said.expiry;
    move.signature = signature;
    crux_game_pick_digest(digest, &table.game, &said);
    table_sign(signature, CHALLENGER, digest);
    for (unsigned i = 0; i < CRUX_SIGNATURE_BYTES; i += 9) {
        signature[i] ^= 1;
        expect(EXECUTOR, &move, CRUX_E_SIGNATURE_INVALID);
        signature[i] ^= 1;
    }
    move.index = 0; /* every field is signed */
    expect(EXECUTOR, &move, CRUX_E_SIGNATURE_INVALID);
    move.index = 1;
    move.flag = 1;
    expect(EXECUTOR, &move, CRUX_E_SIGNATURE_INVALID);
    move.flag = 0;
    move.deadline++;
    expect(EXECUTOR, &move, CRUX_E_SIGNATURE_INVALID);
    move.deadline--;
    move.round = 1;
    expect(EXECUTOR, &move, CRUX_E_NODE_MISMATCH);
    move.round = 0;
    table.game.contract[0] ^= 1;
    expect(EXECUTOR, &move, CRUX_E_SIGNATURE_INVALID);
    table.game.contract[0] ^= 1;
    table_sign(signature, RIVAL, digest);
    expect(EXECUTOR, &move, CRUX_E_SIGNATURE_INVALID);
    table_sign(signature, CHALLENGER, digest);
    table.now += 6;
    expect(EXECUTOR, &move, CRUX_E_SIGNATURE_EXPIRED);
    table.now--;
    expect(EXECUTOR, &move, CRUX_OK);
    expect_repeated(STRANGER, &move);
    expect_repeated(CHALLENGER, &plain); /* the same pick, on the chain */
    plain.index = 0;
    expect(CHALLENGER, &plain, CRUX_E_NODE_MISMATCH);
    table.game.verify = NULL;
    open = open_on(CRUX_TARGET_TRACE, 0, 1);
    expect(CHALLENGER, &open, CRUX_OK);
    said.dispute = 1;
    said.expiry = table.now;
    crux_game_pick_digest(digest, &table.game, &said);
    table_sign(signature, CHALLENGER, digest);
    move.dispute = 1;
    move.deadline = table.now;
    expect(EXECUTOR, &move, CRUX_E_SIGNATURE_INVALID);
}

/* A jump from the step (pos 2, layer 0) to op `op`, element or padding page `index`. */
static struct crux_move jump_on(const struct crux_game_dispute *dispute, uint32_t op,
                                uint64_t index, bool padding) {
    bool in_record = op >= 5;
    const struct crux_tree_id outer = {in_record ? CRUX_TREE_RECORD : CRUX_TREE_TENSORS, 2, 0, 0};
    const struct crux_tree_id inner = {in_record ? CRUX_TREE_STORE : CRUX_TREE_TENSOR, 2, 0,
                                       in_record ? op - 5 : op};
    struct crux_writer rest;
    uint64_t number = inner.number, first = 0;
    crux_writer_init(&rest, step.bytes, sizeof step.bytes);
    memcpy(step.node, dispute->node, 32);
    assert_int_equal(crux_witness_put_op(&rest, &run.evidence, 0, op), CRUX_OK);
    assert_int_equal(run.evidence.prove(run.evidence.ctx, &inner, &first, 1, &rest), CRUX_OK);
    assert_int_equal(run.evidence.prove(run.evidence.ctx, &outer, &number, 1, &rest), CRUX_OK);
    assert_int_equal(run.provider.node(run.provider.ctx, &inner, 0, 0, step.leaf), CRUX_OK);
    return (struct crux_move){.kind = CRUX_MOVE_JUMP,
                              .claim = id,
                              .dispute = dispute->key.number,
                              .node = step.node,
                              .round = dispute->round,
                              .count = op,
                              .index = index,
                              .flag = padding,
                              .leaf = step.leaf,
                              .rest = step.bytes,
                              .rest_bytes = rest.at};
}

static void jumps_to_an_element(void **state) {
    (void)state;
    struct crux_element_id element;
    open_step(2, 0, 0);
    expect(EXECUTOR, honest(0), CRUX_OK);
    struct crux_game_dispute dispute = at(0);
    struct crux_move jump = jump_on(&dispute, 4, 1, false);
    expect(STRANGER, &jump, CRUX_E_NOT_PERMITTED);
    expect(EXECUTOR, &jump, CRUX_E_NOT_PERMITTED);
    jump.count = 7; /* ops 0 to 6 */
    expect(CHALLENGER, &jump, CRUX_E_PICK_OUTSIDE);
    jump.count = 3;
    expect(CHALLENGER, &jump, CRUX_E_DESCRIPTOR_MISMATCH);
    jump.count = 4;
    jump.index = 2;
    expect(CHALLENGER, &jump, CRUX_E_PICK_OUTSIDE);
    jump.flag = 1;
    jump.index = 1;
    expect(CHALLENGER, &jump, CRUX_E_PICK_OUTSIDE);
    jump.flag = 0;
    step.leaf[9] ^= 1;
    expect(CHALLENGER, &jump, CRUX_E_PROOF_ROOT_MISMATCH);
    step.leaf[9] ^= 1;
    step.bytes[jump.rest_bytes - 1] ^= 1;
    expect(CHALLENGER, &jump, CRUX_E_PROOF_ROOT_MISMATCH);
    step.bytes[jump.rest_bytes - 1] ^= 1;
    jump.rest_bytes++;
    expect(CHALLENGER, &jump, CRUX_E_TRAILING_BYTES);
    jump.rest_bytes -= 2;
    expect(CHALLENGER, &jump, CRUX_E_TRUNCATED);
    jump.rest_bytes++;
    jump.round++;
    expect(CHALLENGER, &jump, CRUX_E_NODE_MISMATCH);
    jump.round--;
    uint8_t *saved = table_save(&table);
    for (uint32_t op = 0; op < 7; op++) {
        for (int padding = 0; padding < 2; padding++) {
            jump = jump_on(&dispute, op, 0, padding);
            expect(CHALLENGER, &jump, CRUX_OK);
            expect_repeated(CHALLENGER, &jump);
            struct crux_game_dispute after = at(0);
            assert_int_equal(crux_element_decode(&element, after.element, CRUX_ELEMENT_BYTES),
                             CRUX_OK);
            assert_int_equal(element.kind, padding ? CRUX_ELEMENT_PADDING : CRUX_ELEMENT_VALUE);
            assert_int_equal(element.op, op);
            expect(EXECUTOR, honest(0), CRUX_OK);
            assert_int_equal(at(0).stage, CRUX_STAGE_LOST);
            table_restore(&table, saved);
        }
    }
    free(saved);
    pick(0, 1); /* from then on there are only picks */
    dispute = at(0);
    jump = jump_on(&dispute, 4, 1, false);
    expect(CHALLENGER, &jump, CRUX_E_MOVE_UNEXPECTED);
}

static void jumps_to_a_tensor_without_pages(void **state) {
    (void)state;
    const struct crux_tree_id tensors = {CRUX_TREE_TENSORS, 0, 0, 0};
    struct crux_writer rest;
    struct crux_element_id element;
    uint64_t number = 2;
    open_step(0, 0, 0);
    expect(EXECUTOR, honest(0), CRUX_OK);
    struct crux_game_dispute dispute = at(0);
    crux_writer_init(&rest, step.bytes, sizeof step.bytes);
    assert_int_equal(crux_witness_put_op(&rest, &run.evidence, 0, 2), CRUX_OK);
    assert_int_equal(run.evidence.prove(run.evidence.ctx, &tensors, &number, 1, &rest), CRUX_OK);
    crux_merkle_empty_root(step.leaf);
    struct crux_move jump = {.kind = CRUX_MOVE_JUMP,
                             .claim = id,
                             .node = dispute.node,
                             .count = 2,
                             .flag = 0,
                             .leaf = step.leaf,
                             .rest = step.bytes,
                             .rest_bytes = rest.at};
    expect(CHALLENGER, &jump, CRUX_E_PICK_OUTSIDE);
    jump.flag = 1;
    jump.index = 1;
    expect(CHALLENGER, &jump, CRUX_E_PICK_OUTSIDE);
    jump.index = 0;
    expect(CHALLENGER, &jump, CRUX_OK);
    struct crux_game_dispute after = at(0);
    assert_int_equal(crux_element_decode(&element, after.element, CRUX_ELEMENT_BYTES), CRUX_OK);
    assert_int_equal(element.kind, CRUX_ELEMENT_PADDING);
    assert_memory_equal(element.leaf_hash, step.leaf, 32);
    expect(EXECUTOR, honest(0), CRUX_OK);
    assert_int_equal(at(0).stage, CRUX_STAGE_LOST);
}

static void jumps_in_the_trace(void **state) {
    (void)state;
    const struct crux_tree_id trace = {.kind = CRUX_TREE_TRACE};
    struct crux_move open = open_on(CRUX_TARGET_TRACE, 0, 0);
    uint8_t path[32 * 8], leaf[32];
    struct crux_writer writer;
    expect(CHALLENGER, &open, CRUX_OK);
    expect(EXECUTOR, honest(0), CRUX_OK); /* 9 leaves at k = 4: 0-3 4-7 8 */
    pick(0, 1);
    expect(EXECUTOR, honest(0), CRUX_OK);
    struct crux_game_dispute dispute = at(0);
    struct crux_move jump = pick_on(&dispute, 0, false);
    jump.kind = CRUX_MOVE_JUMP;
    jump.leaf = leaf;
    jump.rest = path;
    for (uint64_t i = 0; i < 10; i++) {
        jump.index = i;
        crux_writer_init(&writer, path, sizeof path);
        if (i < 9) {
            assert_int_equal(run.evidence.prove(run.evidence.ctx, &trace, &i, 1, &writer), CRUX_OK);
            assert_int_equal(run.provider.node(run.provider.ctx, &trace, 0, i, leaf), CRUX_OK);
        }
        jump.rest_bytes = writer.at;
        if (i < 4 || i >= 8) expect(CHALLENGER, &jump, CRUX_E_PICK_OUTSIDE);
    }
    jump.index = 6;
    crux_writer_init(&writer, path, sizeof path);
    assert_int_equal(run.evidence.prove(run.evidence.ctx, &trace, &jump.index, 1, &writer),
                     CRUX_OK);
    assert_int_equal(run.provider.node(run.provider.ctx, &trace, 0, 6, leaf), CRUX_OK);
    jump.rest_bytes = writer.at;
    jump.count = 1;
    expect(CHALLENGER, &jump, CRUX_E_MOVE_MALFORMED);
    jump.count = 0;
    leaf[0] ^= 1;
    expect(CHALLENGER, &jump, CRUX_E_PROOF_ROOT_MISMATCH);
    leaf[0] ^= 1;
    expect(CHALLENGER, &jump, CRUX_OK);
    assert_int_equal(at(0).stage, CRUX_STAGE_EXPAND);
    assert_int_equal(at(0).place.pos, 3);
    assert_int_equal(at(0).place.layer, 0);
    expect_repeated(CHALLENGER, &jump);
}

/* ---- proofs ---- */

static void proofs_in_pieces(void **state) {
    (void)state;
    static uint8_t large[CRUX_GAME_BLOB_BYTES + 1];
    uint8_t pieces[1 << 13], hash[32];
    struct crux_writer out;
    struct crux_move put = {.kind = CRUX_MOVE_PUT, .claim = id, .rest = large};
    put.rest_bytes = 0;
    expect(STRANGER, &put, CRUX_E_MOVE_MALFORMED);
    put.rest_bytes = sizeof large;
    expect(STRANGER, &put, CRUX_E_MOVE_MALFORMED);
    put.rest_bytes--;
    expect(STRANGER, &put, CRUX_E_DISPUTE_OVER); /* none is open */
    struct crux_move open = open_on(CRUX_TARGET_COUNT, 0, 0);
    expect(CHALLENGER, &open, CRUX_OK);
    expect(STRANGER, &put, CRUX_OK);
    expect_repeated(EXECUTOR, &put);

    struct crux_move prove = *honest(0), wrong = prove;
    wrong.node = zero;
    expect(EXECUTOR, &wrong, CRUX_E_NODE_MISMATCH);
    wrong = prove;
    wrong.rest_bytes--;
    expect(EXECUTOR, &wrong, CRUX_E_TRUNCATED);
    wrong.rest_bytes = 0;
    expect(EXECUTOR, &wrong, CRUX_E_TRUNCATED);
    step.bytes[5] ^= 3; /* the witness's version: malformed is no verdict, and the clock runs on */
    table.now += 10;
    expect(EXECUTOR, &prove, CRUX_E_WITNESS_MALFORMED);
    step.bytes[5] ^= 3;
    step.bytes[0] = 2;
    expect(EXECUTOR, &prove, CRUX_E_MOVE_MALFORMED);
    step.bytes[0] = 0;
    wrong = prove;
    wrong.rest = pieces;
    crux_writer_init(&out, pieces, sizeof pieces);
    crux_put_u8(&out, 1);
    crux_put_bytes(&out, zero, 32);
    wrong.rest_bytes = out.at;
    expect(EXECUTOR, &wrong, CRUX_E_BLOB_UNKNOWN);
    /* 16 times 4,096 bytes fit, and are no witness; a 17th piece or one more byte does not */
    crux_sha256(hash, large, CRUX_GAME_BLOB_BYTES);
    crux_writer_init(&out, pieces, sizeof pieces);
    for (unsigned i = 0; i < 16; i++) {
        crux_put_u8(&out, 1);
        crux_put_bytes(&out, hash, 32);
    }
    wrong.rest_bytes = out.at;
    expect(EXECUTOR, &wrong, CRUX_E_WITNESS_MALFORMED);
    crux_put_u8(&out, 0);
    crux_put_u32(&out, 0);
    wrong.rest_bytes = out.at;
    expect(EXECUTOR, &wrong, CRUX_E_MOVE_MALFORMED);
    static uint8_t inline_piece[5 + (1 << 16) + 1];
    crux_store_u32(inline_piece + 1, 1 << 16);
    wrong.rest = inline_piece;
    wrong.rest_bytes = sizeof inline_piece - 1;
    expect(EXECUTOR, &wrong, CRUX_E_WITNESS_MALFORMED);
    crux_store_u32(inline_piece + 1, (1 << 16) + 1);
    wrong.rest_bytes++;
    expect(EXECUTOR, &wrong, CRUX_E_WITNESS_TOO_LARGE);
    wrong.rest = pieces;
    /* the witness itself: a head inline, the middle put before, the tail inline */
    size_t len = prove.rest_bytes - 5, cut = 100;
    assert_true(len > 2 * cut);
    put.rest = step.bytes + 5 + cut;
    put.rest_bytes = len - 2 * cut;
    expect(STRANGER, &put, CRUX_OK);
    crux_sha256(hash, put.rest, put.rest_bytes);
    crux_writer_init(&out, pieces, sizeof pieces);
    crux_put_u8(&out, 0);
    crux_put_u32(&out, (uint32_t)cut);
    crux_put_bytes(&out, step.bytes + 5, cut);
    crux_put_u8(&out, 1);
    crux_put_bytes(&out, hash, 32);
    crux_put_u8(&out, 0);
    crux_put_u32(&out, (uint32_t)cut);
    crux_put_bytes(&out, step.bytes + 5 + len - cut, cut);
    wrong.rest_bytes = out.at;
    table.game.scratch_bytes = len - 1;
    expect(EXECUTOR, &wrong, CRUX_E_OUT_OF_MEMORY);
    table.game.scratch_bytes = len;
    expect(STRANGER, &wrong, CRUX_OK); /* anybody, for the executor */
    assert_int_equal(at(0).stage, CRUX_STAGE_LOST);
    expect_repeated(EXECUTOR, &prove);
    table.game.scratch_bytes = sizeof table.scratch;
    struct crux_move timeout = {.kind = CRUX_MOVE_TIMEOUT, .claim = id};
    expect(CHALLENGER, &timeout, CRUX_E_DISPUTE_OVER);
    prove.node = zero;
    expect(EXECUTOR, &prove, CRUX_E_DISPUTE_OVER);
    put.rest_bytes--;
    expect(STRANGER, &put, CRUX_E_DISPUTE_OVER);
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
#define RULE(name) cmocka_unit_test_setup_teardown(name, deal, clear)
    const struct CMUnitTest tests[] = {
        RULE(openings),
        RULE(private_disputes),
        RULE(the_queue),
        RULE(reveals),
        RULE(an_answer_reaches_all_who_wait),
        RULE(an_expansion_reaches_all_who_wait),
        RULE(expansions),
        RULE(a_step_without_work),
        RULE(signed_picks),
        RULE(jumps_to_an_element),
        RULE(jumps_to_a_tensor_without_pages),
        RULE(jumps_in_the_trace),
        RULE(proofs_in_pieces),
        RULE(what_a_verdict_costs),
        RULE(an_open_dispute_blocks_finality),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
