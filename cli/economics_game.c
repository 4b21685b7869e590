#include "cli/economics_game.h"

#include <stdlib.h>
#include <string.h>

enum { MEMORY_BYTES = 8 << 20, SLOTS = 1 << 12, PATH_BYTES = 32 * 64 };

enum crux_status crux_cli_game_init(struct crux_cli_game *game, const struct crux_cli_tree *tree,
                                    const struct crux_game_parameters *parameters) {
    memset(game, 0, sizeof *game);
    game->tree = tree;
    game->parameters = *parameters;
    game->memory = malloc(MEMORY_BYTES);
    game->bytes = malloc(CRUX_MOVE_BYTES_MAX);
    if (game->memory == NULL || game->bytes == NULL) return CRUX_E_OUT_OF_MEMORY;
    return crux_cli_game_begin(game);
}

void crux_cli_game_free(struct crux_cli_game *game) {
    free(game->memory);
    free(game->bytes);
}

enum crux_status crux_cli_game_begin(struct crux_cli_game *game) {
    game->game =
        (struct crux_game){.scratch = game->scratch, .scratch_bytes = sizeof game->scratch};
    game->now = 0;
    memset(game->moves, 0, sizeof game->moves);
    memset(game->proofs, 0, sizeof game->proofs);
    enum crux_status status =
        crux_game_memory_init(&game->game.store, game->memory, MEMORY_BYTES, SLOTS);
    return status == CRUX_OK ? crux_game_configure(&game->game, &game->parameters) : status;
}

struct crux_account crux_cli_game_account(uint32_t number) {
    struct crux_account account = {{0}};
    account.b[18] = (uint8_t)(number >> 8);
    account.b[19] = (uint8_t)number;
    account.b[0] = 1;
    return account;
}

enum crux_status crux_cli_game_deposit(struct crux_cli_game *game, uint32_t account,
                                       uint64_t amount) {
    struct crux_account key = crux_cli_game_account(account);
    return amount == 0 ? CRUX_OK : crux_game_deposit(&game->game, &key, amount);
}

uint64_t crux_cli_game_balance(const struct crux_cli_game *game, uint32_t account) {
    struct crux_account key = crux_cli_game_account(account);
    struct crux_game_account record;
    return crux_game_get_account(&game->game, &key, &record) == CRUX_OK ? record.balance : 0;
}

enum crux_status crux_cli_game_move(struct crux_cli_game *game, uint32_t account,
                                    const struct crux_move *move) {
    struct crux_account sender = crux_cli_game_account(account);
    struct crux_game_outcome outcome;
    struct crux_writer writer;
    uint64_t total, deposited;
    crux_writer_init(&writer, game->bytes, CRUX_MOVE_BYTES_MAX);
    enum crux_status status = crux_move_encode(&writer, move);
    if (status == CRUX_OK)
        status = crux_game_move(&game->game, &sender, game->now, game->bytes, writer.at, &outcome);
    if (status != CRUX_OK) return status;
    if (move->kind == CRUX_MOVE_SETTLE) game->batch = outcome.claim.batch;
    game->moves[account] += move->kind != CRUX_MOVE_PROVE;
    game->proofs[account] += move->kind == CRUX_MOVE_PROVE;
    status = crux_game_total(&game->game, &total, &deposited);
    if (status != CRUX_OK) return status;
    return outcome.repeated || total != deposited ? CRUX_E_INTERNAL : CRUX_OK;
}

struct crux_claim_id crux_cli_game_id(const struct crux_cli_game *game, uint32_t member) {
    return (struct crux_claim_id){game->batch, member, 0};
}

static const struct crux_claim *claim_of(const struct crux_cli_game *game, uint32_t member) {
    return crux_archive_claim(game->claim[member]->archive);
}

static enum crux_status register_model(struct crux_cli_game *game) {
    const struct crux_model_tree *model = &game->tree->model.tree;
    uint8_t layers_root[32];
    crux_merkle_tree_root(layers_root, &model->layers);
    const struct crux_move move = {.kind = CRUX_MOVE_REGISTER,
                                   .header = model->header,
                                   .manifest_hash = model->manifest_hash,
                                   .layers_root = layers_root};
    return crux_cli_game_move(game, CRUX_CLI_GAME_EXECUTOR, &move);
}

static enum crux_status show(struct crux_cli_game *game, const struct crux_merkle_tree *batch,
                             uint32_t member) {
    uint8_t claim[CRUX_CLAIM_BYTES], path[PATH_BYTES];
    uint64_t leaf = member;
    struct crux_writer writer;
    crux_claim_encode(claim, claim_of(game, member));
    crux_writer_init(&writer, path, sizeof path);
    enum crux_status status = crux_merkle_prove(&writer, batch, &leaf, 1);
    if (status != CRUX_OK) return status;
    const struct crux_move move = {.kind = CRUX_MOVE_SHOW,
                                   .claim = crux_cli_game_id(game, member),
                                   .claim_bytes = claim,
                                   .rest = path,
                                   .rest_bytes = writer.at};
    return crux_cli_game_move(game, CRUX_CLI_GAME_EXECUTOR, &move);
}

static enum crux_status bind_fee(struct crux_cli_game *game, uint32_t member, uint64_t fee) {
    struct crux_account executor = crux_cli_game_account(CRUX_CLI_GAME_EXECUTOR),
                        requester = crux_cli_game_account(CRUX_CLI_GAME_REQUESTER + member);
    const struct crux_move escrow = {.kind = CRUX_MOVE_ESCROW,
                                     .executor = executor.b,
                                     .hash = claim_of(game, member)->request_hash,
                                     .amount = fee,
                                     .deadline = game->now + 1};
    const struct crux_move bind = {
        .kind = CRUX_MOVE_BIND, .claim = crux_cli_game_id(game, member), .account = requester.b};
    enum crux_status status = crux_cli_game_deposit(game, CRUX_CLI_GAME_REQUESTER + member, fee);
    if (status == CRUX_OK)
        status = crux_cli_game_move(game, CRUX_CLI_GAME_REQUESTER + member, &escrow);
    return status == CRUX_OK ? crux_cli_game_move(game, CRUX_CLI_GAME_EXECUTOR, &bind) : status;
}

enum crux_status crux_cli_game_post(struct crux_cli_game *game, uint32_t count, uint64_t fee) {
    static uint8_t memory[4 * 32 * CRUX_CLI_GAME_CLAIMS_MAX];
    static const uint8_t nobody[20];
    struct crux_merkle_shape shape = crux_merkle_shape_plain(count);
    struct crux_merkle_tree tree;
    uint8_t root[32];
    CRUX_ASSERT(count <= CRUX_CLI_GAME_CLAIMS_MAX &&
                crux_merkle_tree_bytes(&shape) <= sizeof memory);
    crux_merkle_tree_init(&tree, &shape, memory);
    for (uint32_t i = 0; i < count; i++) crux_claim_hash(tree.hash[i], claim_of(game, i));
    crux_merkle_tree_build(&tree);
    crux_merkle_tree_root(root, &tree);
    const struct crux_move settle = {.kind = CRUX_MOVE_SETTLE,
                                     .hash = root,
                                     .count = count,
                                     .account = nobody,
                                     .amount = game->parameters.executor_bond};
    enum crux_status status = register_model(game);
    if (status == CRUX_OK) status = crux_cli_game_move(game, CRUX_CLI_GAME_EXECUTOR, &settle);
    for (uint32_t i = 0; status == CRUX_OK && i < count; i++) {
        status = show(game, &tree, i);
        if (status == CRUX_OK && fee > 0) status = bind_fee(game, i, fee);
    }
    return status;
}

enum crux_status crux_cli_game_open(struct crux_cli_game *game, uint32_t account, uint32_t member) {
    const struct crux_claim_id id = crux_cli_game_id(game, member);
    enum crux_status status = crux_solver_open(
        &game->step, &id, claim_of(game, member), CRUX_TARGET_TRACE, 0, account,
        CRUX_GAME_AMOUNT_MAX, game->tree->layers, &game->tree->honest.provider.provider,
        &game->claim[member]->provider.provider);
    return status == CRUX_OK ? crux_cli_game_move(game, account, &game->step.move) : status;
}

enum crux_status crux_cli_game_open_at(struct crux_cli_game *game, uint32_t account,
                                       uint32_t member, uint64_t leaf, uint32_t nonce) {
    const struct crux_tree_id trace = {.kind = CRUX_TREE_TRACE};
    const struct crux_provider *served = &game->claim[member]->provider.provider;
    uint8_t hash[32], node[32], path[PATH_BYTES];
    struct crux_writer writer;
    crux_claim_hash(hash, claim_of(game, member));
    crux_writer_init(&writer, path, sizeof path);
    enum crux_status status = served->node(served->ctx, &trace, 0, leaf, node);
    if (status == CRUX_OK)
        status = served->evidence->prove(served->evidence->ctx, &trace, &leaf, 1, &writer);
    if (status != CRUX_OK) return status;
    const struct crux_move move = {.kind = CRUX_MOVE_OPEN,
                                   .claim = crux_cli_game_id(game, member),
                                   .hash = hash,
                                   .count = nonce,
                                   .amount = CRUX_GAME_AMOUNT_MAX,
                                   .flag = CRUX_TARGET_LEAF,
                                   .index = leaf,
                                   .leaf = node,
                                   .rest = path,
                                   .rest_bytes = writer.at};
    return crux_cli_game_move(game, account, &move);
}

static enum crux_status make(struct crux_cli_game *game, bool *moved, uint32_t account,
                             enum crux_status status) {
    *moved = status == CRUX_OK && game->step.any;
    return *moved ? crux_cli_game_move(game, account, &game->step.move) : status;
}

enum crux_status crux_cli_game_defend(struct crux_cli_game *game, bool *moved, uint32_t member,
                                      uint32_t dispute) {
    const struct crux_claim_id id = crux_cli_game_id(game, member);
    return make(game, moved, CRUX_CLI_GAME_EXECUTOR,
                crux_solver_defend(&game->step, &game->game, &id, dispute,
                                   &game->claim[member]->provider.provider, game->now));
}

enum crux_status crux_cli_game_challenge(struct crux_cli_game *game, bool *moved, uint32_t account,
                                         uint32_t member, uint32_t dispute) {
    const struct crux_claim_id id = crux_cli_game_id(game, member);
    return make(game, moved, account,
                crux_solver_challenge(&game->step, &game->game, &id, dispute,
                                      &game->tree->honest.provider.provider,
                                      &game->claim[member]->provider.provider, game->now));
}
