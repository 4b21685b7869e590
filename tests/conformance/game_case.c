#include "tests/conformance/game_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/conformance/game_state.h"
#include "tests/support/toy_world.h"

enum { MEMORY_BYTES = 4 << 20, SLOTS = 1 << 11, MONEY = 10000, BATCH_TREE_BYTES = 1 << 12 };

const struct crux_game_parameters game_case_parameters = {
    .executor_bond = 1000,
    .reward = 400,
    .challenger_bond = 100,
    .defence_cost = 45,
    .demand_fee = 7,
    .receipt_penalty = 300,
    .receipt_reward = 120,
    .window_seconds = 100000,
    .clock_seconds = 10000,
    .extension_seconds = 500,
    .demand_seconds = 2000,
    .move_seconds = 60,
    .k = 4,
    .running_max = 2,
    .leave_seconds = 30000,
};

static bool met[CRUX_STATUS_COUNT];

void game_case_met(enum crux_status status) {
    if (met[status]) return;
    fprintf(stderr, "generate: game: no case ends in %s\n", crux_status_name(status));
    exit(1);
}

void game_case_begin(struct game_case *c, struct crux_vector_file *file, struct game_world *world,
                     const char *reason, const struct crux_game_parameters *parameters) {
    memset(c, 0, sizeof *c);
    c->world = world;
    c->run = &world->honest;
    c->memory = malloc(MEMORY_BYTES);
    c->scratch = malloc(CRUX_WITNESS_BYTES_MAX);
    world_must(c->memory != NULL && c->scratch != NULL, "memory");
    c->game = (struct crux_game){
        .verify = crux_keys_verify, .scratch = c->scratch, .scratch_bytes = CRUX_WITNESS_BYTES_MAX};
    memset(c->game.chain_id, 1, 32);
    memset(c->game.contract, 2, 32);
    if (parameters == NULL) parameters = &game_case_parameters;
    world_must(crux_game_memory_init(&c->game.store, c->memory, MEMORY_BYTES, SLOTS) == CRUX_OK &&
                   crux_game_configure(&c->game, parameters) == CRUX_OK,
               "a new game");
    c->now = 1000;
    c->vector = crux_vector_add(file, "game", reason);
    crux_vector_set_hex(c->vector, "chain", c->game.chain_id, 32);
    crux_vector_set_hex(c->vector, "contract", c->game.contract, 32);
    crux_vector_set(c->vector, "parameters", game_state_parameters(parameters));
    json_t *deposits = json_array();
    for (unsigned i = 0; i < PLAYERS; i++) {
        uint8_t secret[32] = {0};
        secret[31] = (uint8_t)(i + 1);
        world_must(crux_key_read(&c->key[i], secret) == CRUX_OK, "a key");
        if (i == POOR) continue;
        world_must(crux_game_deposit(&c->game, &c->key[i].account, MONEY) == CRUX_OK, "a deposit");
        json_t *deposit = json_pack("{s:I}", "amount", (json_int_t)MONEY);
        crux_vector_set_hex(deposit, "account", c->key[i].account.b, 20);
        (void)json_array_append_new(deposits, deposit);
    }
    crux_vector_set(c->vector, "deposits", deposits);
    crux_vector_set(c->vector, "moves", json_array());
}

void game_case_end(struct game_case *c) {
    crux_vector_set(c->vector, "now", json_integer((json_int_t)c->now));
    crux_vector_set(c->vector, "state", game_state(&c->game, c->memory, c->now));
    free(c->memory);
    free(c->scratch);
}

void game_case_bytes(struct game_case *c, unsigned who, const uint8_t *bytes, size_t len,
                     enum crux_status status) {
    enum crux_status found =
        crux_game_move(&c->game, &c->key[who].account, c->now, bytes, len, &c->out);
    const char *name = json_string_value(json_object_get(c->vector, "name"));
    size_t number = json_array_size(json_object_get(c->vector, "moves"));
    if (found != status)
        fprintf(stderr, "%s: move %zu, %s: %s, not %s\n", name, number,
                len == 0 ? "" : crux_move_name(bytes[0]), crux_status_name(found),
                crux_status_name(status));
    world_must(found == status, "a move ends as the case says");
    met[status] = true;
    json_t *row = json_pack("{s:I}", "time", (json_int_t)c->now);
    crux_vector_set_hex(row, "sender", c->key[who].account.b, 20);
    crux_vector_set_hex(row, "move", bytes, len);
    if (status != CRUX_OK)
        crux_vector_set_error(row, status);
    else
        crux_vector_set(row, "did", game_state_outcome(&c->out));
    (void)json_array_append_new(json_object_get(c->vector, "moves"), row);
}

void game_case_move(struct game_case *c, unsigned who, const struct crux_move *move,
                    enum crux_status status) {
    static uint8_t bytes[CRUX_MOVE_BYTES_MAX];
    struct crux_writer writer;
    crux_writer_init(&writer, bytes, sizeof bytes);
    world_must(crux_move_encode(&writer, move) == CRUX_OK, "a move is encoded");
    game_case_bytes(c, who, bytes, writer.at, status);
    world_must(status != CRUX_OK || !c->out.repeated, "a move is new");
}

void game_case_repeat(struct game_case *c, unsigned who, const struct crux_move *move) {
    static uint8_t bytes[CRUX_MOVE_BYTES_MAX];
    struct crux_writer writer;
    crux_writer_init(&writer, bytes, sizeof bytes);
    world_must(crux_move_encode(&writer, move) == CRUX_OK, "a move is encoded");
    game_case_bytes(c, who, bytes, writer.at, CRUX_OK);
    world_must(c->out.repeated, "a move is a repetition");
}

void game_case_register(struct game_case *c) {
    const struct crux_model_tree *tree = &c->world->model.committed.tree;
    uint8_t layers_root[32];
    crux_merkle_tree_root(layers_root, &tree->layers);
    const struct crux_move move = {.kind = CRUX_MOVE_REGISTER,
                                   .header = tree->header,
                                   .manifest_hash = tree->manifest_hash,
                                   .layers_root = layers_root};
    game_case_move(c, STRANGER, &move, CRUX_OK);
}

/* The batch: other members are hashes of nothing.  Out: root; path of the member. */
static void batch_tree(uint8_t root[32], struct crux_writer *path, const struct crux_claim *claim,
                       uint32_t member, uint32_t count) {
    static uint8_t memory[BATCH_TREE_BYTES];
    struct crux_merkle_shape shape = crux_merkle_shape_plain(count);
    struct crux_merkle_tree tree;
    uint64_t leaf = member;
    world_must(crux_merkle_tree_bytes(&shape) <= sizeof memory, "a batch");
    crux_merkle_tree_init(&tree, &shape, memory);
    for (uint32_t i = 0; i < count; i++) memset(tree.hash[i], (int)i, 32);
    crux_claim_hash(tree.hash[member], claim);
    crux_merkle_tree_build(&tree);
    crux_merkle_tree_root(root, &tree);
    if (path != NULL) world_must(crux_merkle_prove(path, &tree, &leaf, 1) == CRUX_OK, "a path");
}

void game_case_settle(struct game_case *c, const struct table_run *run, uint32_t member,
                      uint32_t count, bool is_private) {
    static const struct crux_account nobody;
    uint8_t root[32];
    batch_tree(root, NULL, run->evidence.claim, member, count);
    const struct crux_move move = {.kind = CRUX_MOVE_SETTLE,
                                   .hash = root,
                                   .count = count,
                                   .flag = is_private,
                                   .account = is_private ? c->key[REQUESTER].account.b : nobody.b,
                                   .amount = 1000};
    game_case_move(c, EXECUTOR, &move, CRUX_OK);
    c->id = (struct crux_claim_id){c->out.claim.batch, member, 0};
    c->run = run;
}

void game_case_show(struct game_case *c, unsigned who, uint32_t count, enum crux_status status) {
    uint8_t root[32], bytes[CRUX_CLAIM_BYTES], path[32 * 24];
    struct crux_writer writer;
    crux_writer_init(&writer, path, sizeof path);
    batch_tree(root, &writer, c->run->evidence.claim, c->id.member, count);
    crux_claim_encode(bytes, c->run->evidence.claim);
    const struct crux_move move = {.kind = CRUX_MOVE_SHOW,
                                   .claim = c->id,
                                   .claim_bytes = bytes,
                                   .rest = path,
                                   .rest_bytes = writer.at};
    game_case_move(c, who, &move, status);
}

void game_case_claim(struct game_case *c, const struct table_run *run) {
    game_case_register(c);
    game_case_settle(c, run, 1, 2, false);
    game_case_show(c, EXECUTOR, 2, CRUX_OK);
}

struct crux_move game_case_opening(struct game_case *c, enum crux_target target, uint64_t index,
                                   uint32_t nonce) {
    static uint8_t hash[32], leaf[32], path[32 * 16];
    const struct crux_tree_id trace = {.kind = CRUX_TREE_TRACE};
    const struct table_run *run = c->run;
    struct crux_move move = {.kind = CRUX_MOVE_OPEN,
                             .claim = c->id,
                             .hash = hash,
                             .leaf = leaf,
                             .amount = MONEY,
                             .count = nonce,
                             .flag = (uint8_t)target,
                             .index = index,
                             .rest = path};
    crux_claim_hash(hash, run->evidence.claim);
    memset(leaf, 0, sizeof leaf);
    if (target != CRUX_TARGET_LEAF) return move;
    struct crux_writer writer;
    crux_writer_init(&writer, path, sizeof path);
    world_must(run->evidence.prove(run->evidence.ctx, &trace, &index, 1, &writer) == CRUX_OK &&
                   run->provider.node(run->provider.ctx, &trace, 0, index, leaf) == CRUX_OK,
               "a trace leaf");
    move.rest_bytes = writer.at;
    return move;
}

void game_case_open(struct game_case *c, unsigned who, enum crux_target target, uint64_t index,
                    uint32_t nonce) {
    struct crux_move move = game_case_opening(c, target, index, nonce);
    game_case_move(c, who, &move, CRUX_OK);
}

struct crux_game_dispute game_case_dispute(const struct game_case *c, uint32_t number) {
    struct crux_game_dispute dispute;
    world_must(crux_game_get_dispute(&c->game, &c->id, number, &dispute) == CRUX_OK, "a dispute");
    return dispute;
}

struct crux_move game_case_pick(struct game_case *c, uint32_t number, uint64_t index,
                                bool padding) {
    static struct crux_game_dispute dispute;
    dispute = game_case_dispute(c, number);
    return (struct crux_move){.kind = CRUX_MOVE_PICK,
                              .claim = c->id,
                              .dispute = number,
                              .node = dispute.node,
                              .round = dispute.round,
                              .index = index,
                              .flag = padding};
}

struct crux_move *game_case_defence(struct game_case *c, uint32_t dispute) {
    world_must(crux_solver_defend(&c->step, &c->game, &c->id, dispute, &c->run->provider, c->now) ==
                       CRUX_OK &&
                   c->step.any,
               "the executor moves");
    return &c->step.move;
}

struct crux_move *game_case_challenge(struct game_case *c, uint32_t dispute, bool served) {
    world_must(crux_solver_challenge(&c->step, &c->game, &c->id, dispute,
                                     &c->world->honest.provider, served ? &c->run->provider : NULL,
                                     c->now) == CRUX_OK &&
                   c->step.any,
               "the challenger moves");
    return &c->step.move;
}

void game_case_play(struct game_case *c, uint32_t number, bool served,
                    enum crux_game_stage wanted) {
    for (unsigned i = 0; i < 100; i++) {
        struct crux_game_dispute dispute = game_case_dispute(c, number);
        if (dispute.stage >= CRUX_STAGE_WON) {
            world_must(dispute.stage == (uint32_t)wanted, "a dispute ends as the case says");
            return;
        }
        bool executor = crux_game_turn(&dispute) == 0;
        c->now += 7;
        if (executor)
            game_case_move(c, EXECUTOR, game_case_defence(c, number), CRUX_OK);
        else
            game_case_move(c, CHALLENGER, game_case_challenge(c, number, served), CRUX_OK);
    }
    world_must(false, "a dispute ends");
}

struct crux_move game_case_timeout(const struct game_case *c, uint32_t dispute) {
    return (struct crux_move){.kind = CRUX_MOVE_TIMEOUT, .claim = c->id, .dispute = dispute};
}
