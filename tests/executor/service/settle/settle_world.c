#include "tests/executor/service/settle/settle_world.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/game_table.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/toy_world.h"

static const struct crux_game_parameters parameters = {.executor_bond = SETTLE_WORLD_BOND,
                                                       .reward = 400,
                                                       .challenger_bond = 100,
                                                       .defence_cost = 50,
                                                       .demand_fee = 10,
                                                       .receipt_penalty = 300,
                                                       .receipt_reward = 100,
                                                       .leave_seconds = 1500,
                                                       .window_seconds = 1000,
                                                       .clock_seconds = 300,
                                                       .extension_seconds = 100,
                                                       .demand_seconds = 100,
                                                       .move_seconds = 3,
                                                       .k = 4,
                                                       .running_max = 2};

static void make_model(struct settle_world *world) {
    struct table_model model;
    table_model_init(&model, TABLE_LONG);
    const struct crux_model_tree *tree = &model.committed.tree;
    memcpy(world->model.header, tree->header, sizeof world->model.header);
    memcpy(world->model.manifest_hash, tree->manifest_hash, 32);
    crux_merkle_tree_root(world->model.layers_root, &tree->layers);
    crux_model_root(world->model_root, world->model.header, world->model.manifest_hash,
                    world->model.layers_root);
    table_model_free(&model);
}

void settle_world_make(struct settle_world *world) {
    char message[CRUX_CHAIN_MESSAGE_BYTES];
    const struct crux_chain_local_new what = {
        .parameters = parameters, .scripted = true, .time = 1000};
    memset(world, 0, sizeof *world);
    temporary_folder_make(world->folder);
    (void)snprintf(world->chain_path, sizeof world->chain_path, "%s/chain", world->folder);
    (void)snprintf(world->store_path, sizeof world->store_path, "%s/store", world->folder);
    make_model(world);
    world->options = (struct crux_settle_options){.models = &world->model,
                                                  .model_count = 1,
                                                  .batch_count = 4,
                                                  .batch_seconds = 10,
                                                  .deadline_seconds = 100,
                                                  .retention_seconds = 50};
    world_must(crux_chain_local_create(message, world->chain_path, &what) == CRUX_OK, message);
    enum crux_status status = crux_chain_local_open(&world->chain, world->chain_path, NULL);
    world_must(status == CRUX_OK, world->chain.message);
    struct crux_key *const keys[] = {&world->executor, &world->requester, &world->stranger};
    for (size_t i = 0; i < CRUX_ARRAY_LEN(keys); i++) {
        world_must(crux_key_make(keys[i]) == CRUX_OK, "key");
        world_must(world->chain.ops->deposit(&world->chain, &keys[i]->account,
                                             SETTLE_WORLD_MONEY) == CRUX_OK,
                   "deposit");
    }
    world->chain.ops->close(&world->chain);
}

void settle_world_open(struct settle_world *world) {
    static const struct crux_chain_local_verifier by_key = {.verify = crux_keys_verify};
    char message[CRUX_SETTLE_TROUBLE_BYTES];
    enum crux_status status = crux_chain_local_open(&world->chain, world->chain_path, &by_key);
    world_must(status == CRUX_OK, world->chain.message);
    world_must(crux_store_open(&world->store, world->store_path, message) == CRUX_OK, message);
    world_must(crux_settle_open(&world->settle, world->store, &world->chain, &world->executor,
                                &world->options, message) == CRUX_OK,
               message);
}

void settle_world_close(struct settle_world *world) {
    crux_settle_close(world->settle);
    crux_store_close(world->store);
    world->chain.ops->close(&world->chain);
    world->settle = NULL;
    world->store = NULL;
}

void settle_world_remove(struct settle_world *world) {
    if (world->settle != NULL) settle_world_close(world);
    temporary_folder_remove(world->folder);
}

static void list_root(uint8_t root[32], const uint32_t *tokens, uint32_t count) {
    uint8_t bytes[4 * SETTLE_WORLD_N], memory[1024];
    struct crux_tensor list = {.elements = bytes};
    for (uint32_t i = 0; i < count; i++) crux_store_u32(bytes + 4 * (size_t)i, tokens[i]);
    crux_layout_model(&list.layout, CRUX_U32, count);
    world_must(crux_tensor_tree_bytes(&list.layout) <= sizeof memory, "a short list");
    crux_tensor_root(root, &list, memory);
}

void settle_world_run(struct settle_world_run *out, const struct settle_world *world,
                      uint64_t number, uint8_t mode) {
    struct crux_request request = {.request_tokens = SETTLE_WORLD_P, .limit = SETTLE_WORLD_N};
    struct crux_store_run *run = &out->run;
    memset(out, 0, sizeof *out);
    for (uint32_t i = 0; i < SETTLE_WORLD_P; i++) out->asked[i] = (uint32_t)number + i;
    for (uint32_t i = 0; i < SETTLE_WORLD_N; i++) out->answered[i] = (uint32_t)number ^ i;
    (void)snprintf(out->key, sizeof out->key, "key-%llu", (unsigned long long)number);
    memcpy(request.model_root, world->model_root, 32);
    crux_store_u64(request.nonce, number);
    list_root(request.tokens_root, out->asked, SETTLE_WORLD_P);
    crux_request_encode(run->request, &request);
    run->claim.request_tokens = SETTLE_WORLD_P;
    run->claim.chosen_tokens = SETTLE_WORLD_N;
    memcpy(run->claim.model_root, world->model_root, 32);
    crux_request_hash(run->claim.request_hash, run->request);
    list_root(run->claim.output_root, out->answered, SETTLE_WORLD_N);
    crux_store_u64(run->claim.trace_root, number + 1);
    run->request_tokens = out->asked;
    run->output_tokens = out->answered;
    run->model = "toy";
    run->owner = "somebody";
    run->key = out->key;
    run->annex = (const uint8_t *)out->key;
    run->annex_bytes = strlen(out->key);
    run->created_at = 5000;
    run->receipt.mode = mode;
    if (mode == CRUX_MODE_PRIVATE) memcpy(run->receipt.requester, world->requester.account.b, 20);
}

void settle_world_promise(struct settle_world *world, struct settle_world_run *run, uint64_t number,
                          uint8_t mode) {
    bool again;
    settle_world_run(run, world, number, mode);
    enum crux_status status = crux_settle_promise(world->settle, &run->run, &again);
    world_must(status == CRUX_OK && !again, crux_settle_message(world->settle));
}

enum crux_status settle_world_move(struct settle_world *world, const struct crux_account *sender,
                                   const struct crux_move *move) {
    static uint8_t bytes[CRUX_MOVE_BYTES_MAX];
    struct crux_game_outcome outcome;
    struct crux_writer writer;
    crux_writer_init(&writer, bytes, sizeof bytes);
    world_must(crux_move_encode(&writer, move) == CRUX_OK, "encode");
    return world->chain.ops->move(&world->chain, &outcome, sender, bytes, writer.at);
}

enum crux_status settle_world_call(struct settle_world *world, const struct crux_account *sender,
                                   const struct crux_store_run *run) {
    uint8_t promise[CRUX_PROMISE_BYTES];
    crux_promise_encode(promise, &run->receipt, run->signature);
    const struct crux_move move = {.kind = CRUX_MOVE_CALL,
                                   .executor = run->receipt.executor,
                                   .hash = run->receipt.request_hash,
                                   .promise = promise};
    return settle_world_move(world, sender, &move);
}

void settle_world_tick(struct settle_world *world, uint64_t now) {
    struct crux_settle_figures before, after;
    unsigned ticks = 0;
    do {
        world_must(crux_settle_figures(world->settle, &before) == CRUX_OK, "figures");
        world_must(crux_settle_tick(world->settle, now) == CRUX_OK,
                   crux_settle_message(world->settle));
        world_must(crux_settle_figures(world->settle, &after) == CRUX_OK, "figures");
        world_must(++ticks < 1000, "there is an end to what is due");
    } while (after.moves + after.refused != before.moves + before.refused);
}

struct crux_store_run *settle_world_find(struct settle_world *world, uint64_t number) {
    struct crux_store_run *run;
    enum crux_status status = crux_store_find(world->store, &run, CRUX_STORE_BY_NUMBER, &number);
    world_must(status == CRUX_OK, crux_store_message(world->store));
    return run;
}

struct summing {
    struct settle_world_totals totals;
    const struct crux_account *executor;
};

static enum crux_status sum(void *ctx, const struct crux_game *game, uint64_t now) {
    struct summing *summing = ctx;
    struct settle_world_totals *totals = &summing->totals;
    totals->now = now;
    enum crux_status status = crux_game_get_chain(game, &totals->chain);
    if (status == CRUX_OK)
        status = crux_game_get_account(game, summing->executor, &totals->executor);
    if (status == CRUX_OK) status = crux_game_get_pledge(game, summing->executor, &totals->pledge);
    return status == CRUX_OK ? crux_game_total(game, &totals->total, &totals->deposited) : status;
}

struct settle_world_totals settle_world_totals(struct settle_world *world) {
    struct summing summing = {.executor = &world->executor.account};
    world_must(world->chain.ops->look(&world->chain, sum, &summing) == CRUX_OK,
               world->chain.message);
    world_must(summing.totals.total == summing.totals.deposited, "value is conserved");
    return summing.totals;
}
