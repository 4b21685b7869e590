/* Games about what is answered and pointed at: reveals, expansions, picks signed off the chain, jumps, witnesses in pieces. */
#include <string.h>

#include "tests/conformance/game_case.h"
#include "tests/support/toy_world.h"

enum { STORES_FROM = 5 /* ops of layer 0 from which on they are STOREs */ };

static const uint8_t zero[32];

static void reveals(struct crux_vector_file *file, struct game_world *world) {
    struct game_case c;
    game_case_begin(&c, file, world, "reveal", NULL);
    game_case_claim(&c, &world->honest);
    game_case_open(&c, CHALLENGER, CRUX_TARGET_TRACE, 0, 0);
    c.now += 100;
    game_case_open(&c, RIVAL, CRUX_TARGET_TRACE, 0, 0);
    struct crux_move pick = game_case_pick(&c, 0, 0, false);
    game_case_move(&c, CHALLENGER, &pick, CRUX_E_MOVE_UNEXPECTED);
    struct crux_move reveal = *game_case_defence(&c, 1), wrong = reveal;
    wrong.dispute = 4;
    game_case_move(&c, EXECUTOR, &wrong, CRUX_E_DISPUTE_UNKNOWN);
    wrong = reveal;
    wrong.node = zero;
    game_case_move(&c, EXECUTOR, &wrong, CRUX_E_NODE_MISMATCH);
    wrong = reveal;
    wrong.rest_bytes--;
    game_case_move(&c, EXECUTOR, &wrong, CRUX_E_TRUNCATED);
    wrong.rest_bytes += 2;
    game_case_move(&c, EXECUTOR, &wrong, CRUX_E_TRAILING_BYTES);
    c.step.bytes[40] ^= 1;
    game_case_move(&c, EXECUTOR, &reveal, CRUX_E_REVEAL_MISMATCH);
    c.step.bytes[40] ^= 1;
    game_case_move(&c, STRANGER, &reveal, CRUX_OK); /* anybody may; it answers both disputes */
    game_case_repeat(&c, EXECUTOR, &reveal);
    reveal.dispute = 0;
    game_case_repeat(&c, EXECUTOR, &reveal);
    pick = game_case_pick(&c, 0, 3, false);
    game_case_move(&c, CHALLENGER, &pick, CRUX_E_PICK_OUTSIDE); /* 9 leaves: 0-3 4-7 8 */
    pick.index = 1;
    game_case_move(&c, RIVAL, &pick, CRUX_E_NOT_PERMITTED);
    pick.round = 1;
    game_case_move(&c, CHALLENGER, &pick, CRUX_E_NODE_MISMATCH);
    pick.round = 0;
    pick.flag = 1;
    game_case_move(&c, CHALLENGER, &pick, CRUX_E_PICK_OUTSIDE);
    pick.flag = 0;
    game_case_move(&c, CHALLENGER, &pick, CRUX_OK);
    game_case_repeat(&c, CHALLENGER, &pick);
    pick = game_case_pick(&c, 1, 2, false);
    game_case_move(&c, RIVAL, &pick, CRUX_OK); /* CLOSE: nothing to narrow */
    game_case_move(&c, EXECUTOR, game_case_defence(&c, 1), CRUX_OK);
    game_case_end(&c);
}

/* The answer is too late in one dispute and in time in the other. */
static void late_for_one(struct crux_vector_file *file, struct game_world *world) {
    struct game_case c;
    game_case_begin(&c, file, world, "reveal_late_for_one", NULL);
    game_case_claim(&c, &world->honest);
    game_case_open(&c, CHALLENGER, CRUX_TARGET_TRACE, 0, 0);
    c.now += 100;
    game_case_open(&c, RIVAL, CRUX_TARGET_TRACE, 0, 0);
    c.now += 9901;
    struct crux_move reveal = *game_case_defence(&c, 1);
    reveal.dispute = 0;
    game_case_move(&c, EXECUTOR, &reveal, CRUX_E_TOO_LATE);
    reveal.dispute = 1;
    game_case_move(&c, EXECUTOR, &reveal, CRUX_OK);
    struct crux_move timeout = game_case_timeout(&c, 1);
    game_case_move(&c, STRANGER, &timeout, CRUX_E_NOT_TOO_LATE);
    timeout.dispute = 0;
    game_case_move(&c, STRANGER, &timeout, CRUX_OK);
    game_case_end(&c);
}

static void expansions(struct crux_vector_file *file, struct game_world *world) {
    struct game_case c;
    game_case_begin(&c, file, world, "expand", NULL);
    game_case_claim(&c, &world->honest);
    game_case_open(&c, CHALLENGER, CRUX_TARGET_LEAF, 2, 0); /* position 1, layer 0 */
    struct crux_move expand = *game_case_defence(&c, 0), wrong = expand;
    game_case_move(&c, STRANGER, &expand, CRUX_E_NOT_PERMITTED);
    c.step.bytes[40] ^= 1; /* the manifest's hash */
    game_case_move(&c, EXECUTOR, &expand, CRUX_E_HEADER_MISMATCH);
    c.step.bytes[40] ^= 1;
    wrong.rest_bytes--;
    game_case_move(&c, EXECUTOR, &wrong, CRUX_E_TRUNCATED);
    c.now += 100;
    game_case_move(&c, EXECUTOR, &expand, CRUX_OK);
    game_case_repeat(&c, EXECUTOR, &expand);
    wrong = expand;
    wrong.hash = zero;
    game_case_move(&c, EXECUTOR, &wrong, CRUX_E_ANSWER_DIFFERS);
    game_case_open(&c, RIVAL, CRUX_TARGET_LEAF, 2, 0); /* finds the step expanded */
    struct crux_move side = game_case_pick(&c, 1, 2, false);
    game_case_move(&c, RIVAL, &side, CRUX_E_PICK_OUTSIDE);
    side.index = 0;
    game_case_move(&c, RIVAL, &side, CRUX_OK);
    game_case_end(&c);
}

static void without_work(struct crux_vector_file *file, struct game_world *world) {
    struct game_case c;
    struct crux_writer writer;
    uint8_t parts[512], node[32];
    game_case_begin(&c, file, world, "step_without_work", NULL);
    game_case_claim(&c, &world->honest);
    game_case_open(&c, CHALLENGER, CRUX_TARGET_LEAF, 1, 0); /* the head before position P-1 */
    struct crux_move prove = *game_case_defence(&c, 0), expand = prove;
    crux_writer_init(&writer, parts, sizeof parts);
    world_must(crux_witness_put_layer(&writer, &world->honest.evidence, 1) == CRUX_OK, "a layer");
    expand.kind = CRUX_MOVE_EXPAND;
    expand.hash = zero;
    expand.rest = parts;
    expand.rest_bytes = writer.at;
    game_case_move(&c, EXECUTOR, &expand, CRUX_E_STEP_INACTIVE);
    game_case_move(&c, STRANGER, &prove, CRUX_OK);
    game_case_repeat(&c, STRANGER, &prove);
    game_case_open(&c, CHALLENGER, CRUX_TARGET_LEAF, 3, 1); /* and one with work */
    struct crux_game_dispute dispute = game_case_dispute(&c, 1);
    memcpy(node, dispute.node, 32);
    prove.dispute = 1;
    prove.node = node;
    game_case_move(&c, EXECUTOR, &prove, CRUX_E_ELEMENT_INVALID);
    game_case_end(&c);
}

static void signed_picks(struct crux_vector_file *file, struct game_world *world) {
    struct game_case c;
    uint8_t digest[32], signature[CRUX_SIGNATURE_BYTES];
    game_case_begin(&c, file, world, "signed_pick", NULL);
    game_case_claim(&c, &world->honest);
    game_case_open(&c, CHALLENGER, CRUX_TARGET_TRACE, 0, 0);
    game_case_move(&c, EXECUTOR, game_case_defence(&c, 0), CRUX_OK);
    struct crux_move plain = game_case_pick(&c, 0, 1, false), move = plain;
    struct crux_signed_pick said = {.claim = c.id, .index = 1, .expiry = c.now + 5};
    memcpy(said.node, plain.node, 32);
    move.kind = CRUX_MOVE_SIGNED_PICK;
    move.deadline = said.expiry;
    move.signature = signature;
    crux_game_pick_digest(digest, &c.game, &said);
    world_must(crux_key_sign(signature, &c.key[RIVAL], digest) == CRUX_OK, "a signature");
    game_case_move(&c, EXECUTOR, &move, CRUX_E_SIGNATURE_INVALID);
    world_must(crux_key_sign(signature, &c.key[CHALLENGER], digest) == CRUX_OK, "a signature");
    move.index = 0; /* every field is signed */
    game_case_move(&c, EXECUTOR, &move, CRUX_E_SIGNATURE_INVALID);
    move.index = 1;
    move.deadline++;
    game_case_move(&c, EXECUTOR, &move, CRUX_E_SIGNATURE_INVALID);
    move.deadline--;
    move.round = 1;
    game_case_move(&c, EXECUTOR, &move, CRUX_E_NODE_MISMATCH);
    move.round = 0;
    c.now += 6;
    game_case_move(&c, EXECUTOR, &move, CRUX_E_SIGNATURE_EXPIRED);
    c.now--;
    game_case_move(&c, EXECUTOR, &move, CRUX_OK);
    game_case_repeat(&c, STRANGER, &move);
    game_case_repeat(&c, CHALLENGER, &plain);
    game_case_end(&c);
}

/* A jump from the step (position 2, layer 0) to op `op`, element or padding page `index`; its bytes in c->step. */
static struct crux_move jump_to(struct game_case *c, uint32_t op, uint64_t index, bool padding) {
    bool in_record = op >= STORES_FROM;
    const struct crux_evidence *evidence = &c->run->evidence;
    const struct crux_tree_id outer = {in_record ? CRUX_TREE_RECORD : CRUX_TREE_TENSORS, 2, 0, 0};
    const struct crux_tree_id inner = {in_record ? CRUX_TREE_STORE : CRUX_TREE_TENSOR, 2, 0,
                                       in_record ? op - STORES_FROM : op};
    struct crux_game_dispute dispute = game_case_dispute(c, 0);
    struct crux_writer rest;
    uint64_t number = inner.number, first = 0;
    crux_writer_init(&rest, c->step.bytes, sizeof c->step.bytes);
    memcpy(c->step.node, dispute.node, 32);
    world_must(crux_witness_put_op(&rest, evidence, 0, op) == CRUX_OK &&
                   evidence->prove(evidence->ctx, &inner, &first, 1, &rest) == CRUX_OK &&
                   evidence->prove(evidence->ctx, &outer, &number, 1, &rest) == CRUX_OK &&
                   c->run->provider.node(c->run->provider.ctx, &inner, 0, 0, c->step.leaf) ==
                       CRUX_OK,
               "a jump");
    return (struct crux_move){.kind = CRUX_MOVE_JUMP,
                              .claim = c->id,
                              .node = c->step.node,
                              .round = dispute.round,
                              .count = op,
                              .index = index,
                              .flag = padding,
                              .leaf = c->step.leaf,
                              .rest = c->step.bytes,
                              .rest_bytes = rest.at};
}

static void jumps(struct crux_vector_file *file, struct game_world *world) {
    struct game_case c;
    game_case_begin(&c, file, world, "jump_to_an_element", NULL);
    game_case_claim(&c, &world->lying);
    game_case_open(&c, CHALLENGER, CRUX_TARGET_LEAF, 4, 0);
    game_case_move(&c, EXECUTOR, game_case_defence(&c, 0), CRUX_OK);
    struct crux_move jump = jump_to(&c, 4, 1, false);
    game_case_move(&c, STRANGER, &jump, CRUX_E_NOT_PERMITTED);
    jump.count = 7; /* ops 0 to 6 */
    game_case_move(&c, CHALLENGER, &jump, CRUX_E_PICK_OUTSIDE);
    jump.count = 3;
    game_case_move(&c, CHALLENGER, &jump, CRUX_E_DESCRIPTOR_MISMATCH);
    jump.count = 4;
    jump.index = 2;
    game_case_move(&c, CHALLENGER, &jump, CRUX_E_PICK_OUTSIDE);
    jump.index = 1;
    c.step.leaf[9] ^= 1;
    game_case_move(&c, CHALLENGER, &jump, CRUX_E_PROOF_ROOT_MISMATCH);
    c.step.leaf[9] ^= 1;
    jump.rest_bytes--;
    game_case_move(&c, CHALLENGER, &jump, CRUX_E_TRUNCATED);
    jump.rest_bytes += 2;
    game_case_move(&c, CHALLENGER, &jump, CRUX_E_TRAILING_BYTES);
    jump.rest_bytes--;
    game_case_move(&c, CHALLENGER, &jump, CRUX_OK);
    game_case_repeat(&c, CHALLENGER, &jump);
    game_case_move(&c, EXECUTOR, game_case_defence(&c, 0), CRUX_OK);
    game_case_end(&c);
    for (int padding = 0; padding < 2; padding++) {
        game_case_begin(&c, file, world, padding ? "jump_to_padding" : "jump_to_a_record", NULL);
        game_case_claim(&c, &world->honest);
        game_case_open(&c, CHALLENGER, CRUX_TARGET_LEAF, 4, 0);
        game_case_move(&c, EXECUTOR, game_case_defence(&c, 0), CRUX_OK);
        jump = jump_to(&c, padding ? 3 : STORES_FROM, 0, padding);
        game_case_move(&c, CHALLENGER, &jump, CRUX_OK);
        game_case_move(&c, EXECUTOR, game_case_defence(&c, 0), CRUX_OK);
        game_case_end(&c);
    }
}

static void jumps_in_the_trace(struct crux_vector_file *file, struct game_world *world) {
    struct game_case c;
    game_case_begin(&c, file, world, "jump_in_the_trace", NULL);
    game_case_claim(&c, &world->honest);
    game_case_open(&c, CHALLENGER, CRUX_TARGET_TRACE, 0, 0);
    game_case_move(&c, EXECUTOR, game_case_defence(&c, 0), CRUX_OK);
    struct crux_move pick = game_case_pick(&c, 0, 1, false);
    game_case_move(&c, CHALLENGER, &pick, CRUX_OK); /* leaves 4 to 7 */
    game_case_move(&c, EXECUTOR, game_case_defence(&c, 0), CRUX_OK);
    struct crux_move leaf = game_case_opening(&c, CRUX_TARGET_LEAF, 3, 0);
    struct crux_move jump = game_case_pick(&c, 0, 3, false);
    jump.kind = CRUX_MOVE_JUMP;
    jump.leaf = leaf.leaf;
    jump.rest = leaf.rest;
    jump.rest_bytes = leaf.rest_bytes;
    game_case_move(&c, CHALLENGER, &jump, CRUX_E_PICK_OUTSIDE);
    leaf = game_case_opening(&c, CRUX_TARGET_LEAF, 6, 0);
    jump.index = 6;
    jump.rest_bytes = leaf.rest_bytes;
    jump.count = 1;
    game_case_move(&c, CHALLENGER, &jump, CRUX_E_MOVE_MALFORMED);
    jump.count = 0;
    jump.index = 5;
    game_case_move(&c, CHALLENGER, &jump, CRUX_E_PROOF_ROOT_MISMATCH);
    jump.index = 6;
    game_case_move(&c, CHALLENGER, &jump, CRUX_OK);
    game_case_repeat(&c, CHALLENGER, &jump);
    game_case_end(&c);
}

static void in_pieces(struct crux_vector_file *file, struct game_world *world) {
    static uint8_t blob[CRUX_GAME_BLOB_BYTES + 1], pieces[1 << 14];
    struct game_case c;
    struct crux_writer out;
    uint8_t hash[32];
    game_case_begin(&c, file, world, "witness_in_pieces", NULL);
    game_case_claim(&c, &world->honest);
    struct crux_move put = {.kind = CRUX_MOVE_PUT, .claim = c.id, .rest = blob};
    game_case_move(&c, STRANGER, &put, CRUX_E_MOVE_MALFORMED);
    put.rest_bytes = sizeof blob;
    game_case_move(&c, STRANGER, &put, CRUX_E_MOVE_MALFORMED);
    put.rest_bytes--;
    game_case_move(&c, STRANGER, &put, CRUX_E_DISPUTE_OVER); /* none is open */
    game_case_open(&c, CHALLENGER, CRUX_TARGET_COUNT, 0, 0);
    game_case_move(&c, STRANGER, &put, CRUX_OK);
    game_case_repeat(&c, EXECUTOR, &put);
    struct crux_move prove = *game_case_defence(&c, 0), wrong = prove;
    wrong.node = zero;
    game_case_move(&c, EXECUTOR, &wrong, CRUX_E_NODE_MISMATCH);
    wrong = prove;
    wrong.rest_bytes = 0;
    game_case_move(&c, EXECUTOR, &wrong, CRUX_E_TRUNCATED);
    c.step.bytes[5] ^= 3; /* the witness's version: malformed is no verdict */
    game_case_move(&c, EXECUTOR, &prove, CRUX_E_WITNESS_MALFORMED);
    c.step.bytes[5] ^= 3;
    c.step.bytes[0] = 2;
    game_case_move(&c, EXECUTOR, &prove, CRUX_E_MOVE_MALFORMED);
    c.step.bytes[0] = 0;
    wrong = prove;
    wrong.rest = pieces;
    crux_writer_init(&out, pieces, sizeof pieces);
    crux_put_u8(&out, 1);
    crux_put_bytes(&out, zero, 32);
    wrong.rest_bytes = out.at;
    game_case_move(&c, EXECUTOR, &wrong, CRUX_E_BLOB_UNKNOWN);
    /* 15 times 4,096 bytes and 4,097 more */
    crux_sha256(hash, blob, CRUX_GAME_BLOB_BYTES);
    crux_writer_init(&out, pieces, sizeof pieces);
    for (unsigned i = 0; i < 15; i++) {
        crux_put_u8(&out, 1);
        crux_put_bytes(&out, hash, 32);
    }
    crux_put_u8(&out, 0);
    crux_put_u32(&out, CRUX_GAME_BLOB_BYTES + 1);
    crux_put_bytes(&out, blob, CRUX_GAME_BLOB_BYTES + 1);
    wrong.rest_bytes = out.at;
    game_case_move(&c, EXECUTOR, &wrong, CRUX_E_WITNESS_TOO_LARGE);
    crux_writer_init(&out, pieces, sizeof pieces);
    for (unsigned i = 0; i < 17; i++) {
        crux_put_u8(&out, 1);
        crux_put_bytes(&out, hash, 32);
    }
    wrong.rest_bytes = out.at;
    game_case_move(&c, EXECUTOR, &wrong, CRUX_E_MOVE_MALFORMED);
    /* the witness itself: its head inline, its middle put before, its tail inline */
    size_t len = prove.rest_bytes - 5, cut = 100;
    put.rest = c.step.bytes + 5 + cut;
    put.rest_bytes = len - 2 * cut;
    game_case_move(&c, STRANGER, &put, CRUX_OK);
    crux_sha256(hash, put.rest, put.rest_bytes);
    crux_writer_init(&out, pieces, sizeof pieces);
    crux_put_u8(&out, 0);
    crux_put_u32(&out, (uint32_t)cut);
    crux_put_bytes(&out, c.step.bytes + 5, cut);
    crux_put_u8(&out, 1);
    crux_put_bytes(&out, hash, 32);
    crux_put_u8(&out, 0);
    crux_put_u32(&out, (uint32_t)cut);
    crux_put_bytes(&out, c.step.bytes + 5 + len - cut, cut);
    wrong.rest_bytes = out.at;
    game_case_move(&c, STRANGER, &wrong, CRUX_OK); /* anybody, for the executor */
    game_case_repeat(&c, EXECUTOR, &prove);
    put.rest_bytes--;
    game_case_move(&c, STRANGER, &put, CRUX_E_DISPUTE_OVER);
    game_case_end(&c);
}

void game_cases_answers(struct crux_vector_file *file, struct game_world *world) {
    reveals(file, world);
    late_for_one(file, world);
    expansions(file, world);
    without_work(file, world);
    signed_picks(file, world);
    jumps(file, world);
    jumps_in_the_trace(file, world);
    in_pieces(file, world);
}
