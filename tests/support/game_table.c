#include "tests/support/game_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/toy_world.h"

const struct crux_game_parameters table_parameters = {
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

enum { MONEY = 1000000 };

struct crux_account table_account(unsigned number) {
    struct crux_account account;
    memset(account.b, 0xa0 + (int)number, sizeof account.b);
    return account;
}

void table_sign(uint8_t signature[CRUX_SIGNATURE_BYTES], unsigned account,
                const uint8_t digest[32]) {
    struct crux_account who = table_account(account);
    uint8_t bytes[52];
    memcpy(bytes, who.b, 20);
    memcpy(bytes + 20, digest, 32);
    crux_sha256_plain(signature, bytes, sizeof bytes);
    memcpy(signature + 32, signature, 32);
}

static bool verify(void *ctx, const struct crux_account *account, const uint8_t digest[32],
                   const uint8_t signature[CRUX_SIGNATURE_BYTES]) {
    uint8_t expected[CRUX_SIGNATURE_BYTES];
    (void)ctx;
    table_sign(expected, account->b[0] - 0xa0u, digest);
    return memcmp(expected, signature, sizeof expected) == 0;
}

/* ---- every unit of value is somewhere: summed from the records, not from the chain's own sums ---- */

struct sums {
    struct crux_game_chain chain;
    uint64_t balances, bonds, stakes, fees, pledges;
    const struct table *table;
};

static bool add(void *ctx, enum crux_game_table kind, const void *record) {
    struct sums *sums = ctx;
    const struct crux_game_batch *batch = record;
    const struct crux_game_dispute *dispute = record;
    const struct crux_game_escrow *escrow = record;
    const struct crux_game_claim *claim = record;
    const struct crux_game_promise *promise = record;
    if (kind == CRUX_TABLE_PLEDGE)
        sums->pledges += ((const struct crux_game_pledge *)record)->amount;
    if (kind == CRUX_TABLE_PROMISE && promise->state == CRUX_PROMISE_OPEN)
        sums->fees += promise->fee;
    if (kind == CRUX_TABLE_CHAIN) memcpy(&sums->chain, record, sizeof sums->chain);
    if (kind == CRUX_TABLE_ACCOUNT)
        sums->balances += ((const struct crux_game_account *)record)->balance;
    if (kind == CRUX_TABLE_BATCH)
        sums->bonds += (batch->count - batch->fallen - batch->released) * batch->bond;
    if (kind == CRUX_TABLE_DISPUTE && dispute->stage < CRUX_STAGE_WON)
        sums->stakes += dispute->bond;
    if (kind == CRUX_TABLE_ESCROW &&
        (escrow->state == CRUX_ESCROW_HELD || escrow->state == CRUX_ESCROW_BOUND))
        sums->fees += escrow->amount;
    if (kind == CRUX_TABLE_CLAIM && claim->demand == CRUX_DEMAND_OPEN) {
        struct crux_game_batch its;
        world_must(crux_game_get_batch(&sums->table->game, claim->key.batch, &its) == CRUX_OK,
                   "batch");
        sums->fees += its.parameters.demand_fee;
    }
    return true;
}

static void check_value(const struct table *table) {
    struct sums sums = {.table = table};
    uint64_t total, deposited;
    crux_game_memory_walk(table->memory, add, &sums);
    world_must(sums.balances == sums.chain.balances, "balances");
    world_must(sums.bonds == sums.chain.bonds, "bonds");
    world_must(sums.stakes == sums.chain.stakes, "stakes");
    world_must(sums.fees == sums.chain.fees, "fees");
    world_must(sums.pledges == sums.chain.pledges, "pledges");
    world_must(crux_game_total(&table->game, &total, &deposited) == CRUX_OK, "total");
    world_must(total == deposited, "value is conserved");
}

void table_init(struct table *table, const struct crux_game_parameters *parameters) {
    memset(table, 0, sizeof *table);
    table->memory = malloc(TABLE_MEMORY_BYTES);
    table->before = malloc(TABLE_MEMORY_BYTES);
    world_must(table->memory != NULL && table->before != NULL, "memory");
    world_must(crux_game_memory_init(&table->game.store, table->memory, TABLE_MEMORY_BYTES,
                                     TABLE_SLOTS) == CRUX_OK,
               "store");
    memset(table->game.chain_id, 1, 32);
    memset(table->game.contract, 2, 32);
    table->game.verify = verify;
    table->game.scratch = table->scratch;
    table->game.scratch_bytes = sizeof table->scratch;
    table->now = 1000;
    if (parameters == NULL) parameters = &table_parameters;
    world_must(crux_game_configure(&table->game, parameters) == CRUX_OK, "parameters");
    for (unsigned i = 0; i < TABLE_ACCOUNTS; i++) {
        struct crux_account account = table_account(i);
        world_must(crux_game_deposit(&table->game, &account, MONEY) == CRUX_OK, "deposit");
    }
}

void table_free(struct table *table) {
    free(table->memory);
    free(table->before);
}

enum crux_status table_move(struct table *table, unsigned sender, const struct crux_move *move) {
    static uint8_t bytes[CRUX_MOVE_BYTES_MAX];
    struct crux_writer writer;
    crux_writer_init(&writer, bytes, sizeof bytes);
    world_must(crux_move_encode(&writer, move) == CRUX_OK, "encode");
    return table_bytes(table, sender, bytes, writer.at);
}

enum crux_status table_bytes(struct table *table, unsigned sender, const uint8_t *bytes,
                             size_t len) {
    struct crux_account account = table_account(sender);
    size_t used = crux_game_memory_used(table->memory);
    if (table->checks_refusals) memcpy(table->before, table->memory, used);
    enum crux_status status =
        crux_game_move(&table->game, &account, table->now, bytes, len, &table->out);
    if (table->checks_refusals && (status != CRUX_OK || table->out.repeated)) {
        world_must(used == crux_game_memory_used(table->memory) &&
                       memcmp(table->before, table->memory, used) == 0,
                   "a refused or repeated move changes nothing");
    }
    table->moves++;
    check_value(table);
    if (table->after != NULL) table->after(table->after_ctx, table, sender, bytes, len, status);
    return status;
}

enum crux_status table_register(struct table *table, unsigned sender,
                                const struct table_model *model) {
    const struct crux_model_tree *tree = &model->committed.tree;
    uint8_t layers_root[32];
    struct crux_move move = {.kind = CRUX_MOVE_REGISTER,
                             .header = tree->header,
                             .manifest_hash = tree->manifest_hash,
                             .layers_root = layers_root};
    crux_merkle_tree_root(layers_root, &tree->layers);
    return table_move(table, sender, &move);
}

/* The batch of this claim: its tree, and the claim's path.  Out: root. */
static void batch_tree(uint8_t root[32], struct crux_writer *path, const struct crux_claim *claim,
                       uint32_t member, uint32_t count) {
    static uint8_t memory[1 << 14];
    struct crux_merkle_shape shape = crux_merkle_shape_plain(count);
    struct crux_merkle_tree tree;
    uint64_t leaf = member;
    world_must(crux_merkle_tree_bytes(&shape) <= sizeof memory, "batch");
    crux_merkle_tree_init(&tree, &shape, memory);
    for (uint32_t i = 0; i < count; i++) memset(tree.hash[i], (int)i, 32);
    crux_claim_hash(tree.hash[member], claim);
    crux_merkle_tree_build(&tree);
    crux_merkle_tree_root(root, &tree);
    if (path != NULL) world_must(crux_merkle_prove(path, &tree, &leaf, 1) == CRUX_OK, "path");
}

struct crux_claim_id table_settle(struct table *table, unsigned executor,
                                  const struct crux_claim *claim, uint32_t member, uint32_t count,
                                  bool is_private, unsigned requester) {
    struct crux_game_chain chain;
    struct crux_account account = {{0}};
    uint8_t root[32];
    world_must(crux_game_get_chain(&table->game, &chain) == CRUX_OK, "chain");
    if (is_private) account = table_account(requester);
    batch_tree(root, NULL, claim, member, count);
    struct crux_move move = {.kind = CRUX_MOVE_SETTLE,
                             .hash = root,
                             .count = count,
                             .flag = is_private,
                             .account = account.b,
                             .amount = chain.parameters.executor_bond};
    world_must(table_move(table, executor, &move) == CRUX_OK, "settle");
    return (struct crux_claim_id){table->out.claim.batch, member, 0};
}

enum crux_status table_show(struct table *table, unsigned sender, const struct crux_claim_id *id,
                            const struct crux_claim *claim, uint32_t count) {
    uint8_t root[32], bytes[CRUX_CLAIM_BYTES], path[32 * 24];
    struct crux_writer writer;
    crux_writer_init(&writer, path, sizeof path);
    batch_tree(root, &writer, claim, id->member, count);
    crux_claim_encode(bytes, claim);
    struct crux_move move = {.kind = CRUX_MOVE_SHOW,
                             .claim = *id,
                             .claim_bytes = bytes,
                             .rest = path,
                             .rest_bytes = writer.at};
    return table_move(table, sender, &move);
}

struct crux_claim_id table_claim(struct table *table, unsigned executor,
                                 const struct table_model *model, const struct crux_claim *claim,
                                 uint32_t member, uint32_t count) {
    world_must(table_register(table, executor, model) == CRUX_OK, "register");
    struct crux_claim_id id = table_settle(table, executor, claim, member, count, false, 0);
    world_must(table_show(table, executor, &id, claim, count) == CRUX_OK, "show");
    return id;
}

uint64_t table_balance(const struct table *table, unsigned account) {
    struct crux_account key = table_account(account);
    struct crux_game_account record;
    world_must(crux_game_get_account(&table->game, &key, &record) == CRUX_OK, "account");
    return record.balance;
}

struct crux_game_claim table_get_claim(const struct table *table, const struct crux_claim_id *id) {
    struct crux_game_claim claim;
    world_must(crux_game_get_claim(&table->game, id, &claim) == CRUX_OK, "claim");
    return claim;
}

struct crux_game_dispute table_get_dispute(const struct table *table,
                                           const struct crux_claim_id *id, uint32_t number) {
    struct crux_game_dispute dispute;
    world_must(crux_game_get_dispute(&table->game, id, number, &dispute) == CRUX_OK, "dispute");
    return dispute;
}

uint8_t *table_save(const struct table *table) {
    size_t used = crux_game_memory_used(table->memory);
    uint8_t *saved = malloc(used);
    world_must(saved != NULL, "memory");
    memcpy(saved, table->memory, used);
    return saved;
}

void table_restore(struct table *table, const uint8_t *saved) {
    memcpy(table->memory, saved, crux_game_memory_used(saved));
}
