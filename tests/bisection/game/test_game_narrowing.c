/* Within a dispute: revealing, expanding, picking, jumping, proving; each rule and each refusal of spec/70-game.md. The
 * clocks' rules are walked by test_game_exhaustive.c. */
#include <stdlib.h>
#include <string.h>

#include "tests/bisection/game/one_dispute.h"

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

int main(void) {
#define RULE(name) cmocka_unit_test_setup_teardown(name, one_dispute_deal, one_table_clear)
    const struct CMUnitTest tests[] = {
        RULE(reveals),
        RULE(expansions),
        RULE(a_step_without_work),
        RULE(signed_picks),
        RULE(jumps_to_an_element),
        RULE(jumps_to_a_tensor_without_pages),
        RULE(jumps_in_the_trace),
        RULE(proofs_in_pieces),
    };
    return cmocka_run_group_tests(tests, one_dispute_set_up, one_table_tear_down);
}
