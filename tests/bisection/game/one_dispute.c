#include "tests/bisection/game/one_dispute.h"

const struct crux_claim *claim;
struct crux_claim_id id;
struct crux_solver_move step;
const uint8_t zero[32];
uint8_t claim_hash[32];

int one_dispute_set_up(void **state) {
    int failed = one_table_set_up(state);
    claim = run.evidence.claim;
    crux_claim_hash(claim_hash, claim);
    return failed;
}

int one_dispute_deal(void **state) {
    int failed = one_table_deal(state);
    id = table_claim(&table, EXECUTOR, &model, claim, 1, 2);
    return failed;
}

struct crux_move open_on(uint8_t target, uint64_t index, uint32_t nonce) {
    return (struct crux_move){.kind = CRUX_MOVE_OPEN,
                              .claim = id,
                              .hash = claim_hash,
                              .leaf = zero,
                              .amount = START,
                              .count = nonce,
                              .flag = target,
                              .index = index};
}

struct crux_game_dispute at(uint32_t number) {
    return table_get_dispute(&table, &id, number);
}

const struct crux_move *honest(uint32_t number) {
    assert_int_equal(crux_solver_defend(&step, &table.game, &id, number, &run.provider, table.now),
                     CRUX_OK);
    assert_true(step.any);
    return &step.move;
}

struct crux_move pick_on(const struct crux_game_dispute *dispute, uint64_t index, bool padding) {
    return (struct crux_move){.kind = CRUX_MOVE_PICK,
                              .claim = id,
                              .dispute = dispute->key.number,
                              .node = dispute->node,
                              .round = dispute->round,
                              .index = index,
                              .flag = padding};
}

void pick(uint32_t number, uint64_t index) {
    struct crux_game_dispute dispute = at(number);
    struct crux_move move = pick_on(&dispute, index, false);
    expect(CHALLENGER, &move, CRUX_OK);
}

void open_step(uint32_t pos, uint32_t layer, uint32_t nonce) {
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
