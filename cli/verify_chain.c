/* What the chain says of a receipt's claim. */
#include <string.h>

#include "cli/chain_file.h"
#include "cli/chain_json.h"
#include "cli/verify.h"

static enum crux_status look_member(struct crux_cli_verification *v, const struct crux_game *game,
                                    const struct crux_claim_id *id, uint64_t now) {
    struct crux_game_claim claim;
    enum crux_claim_state state;
    enum crux_status status = crux_game_get_claim(game, id, &claim);
    if (status == CRUX_OK) status = crux_game_claim_state(&state, game, id, now);
    if (status != CRUX_OK) return status;
    v->state = crux_cli_chain_state(state);
    if (claim.shown && memcmp(claim.hash, v->receipt.fields.claim_hash, 32) != 0)
        v->included = CRUX_CLI_NO;
    return CRUX_OK;
}

/* spec/85-receipts.md#checking-one: "batch has this executor, root, mode and requester" */
static bool is_as_promised(const struct crux_cli_verification *v,
                           const struct crux_game_batch *batch) {
    const struct crux_receipt *fields = &v->receipt.fields;
    return memcmp(batch->executor.b, fields->executor, sizeof batch->executor.b) == 0 &&
           batch->mode == fields->mode &&
           memcmp(batch->requester.b, fields->requester, sizeof batch->requester.b) == 0;
}

/* A claim that is a batch of its own is found by its hash alone. */
static enum crux_status look_alone(struct crux_cli_verification *v, struct crux_game_batch *batch,
                                   const struct crux_game *game, uint64_t now) {
    struct crux_game_batch_of of;
    memset(&of, 0, sizeof of);
    memcpy(of.key.executor.b, v->receipt.fields.executor, sizeof of.key.executor.b);
    memcpy(of.key.root, v->receipt.fields.claim_hash, 32);
    enum crux_status status = game->store.get(game->store.ctx, CRUX_TABLE_BATCH_OF, &of.key, &of);
    if (status == CRUX_E_NOT_FOUND) {
        v->note = "the receipt names no batch: ask for it again once its claim is posted";
        return CRUX_OK;
    }
    if (status == CRUX_OK) status = crux_game_get_batch(game, of.batch, batch);
    if (status != CRUX_OK) return status;
    v->included = crux_cli_verdict_of(is_as_promised(v, batch));
    return look_member(v, game, &(struct crux_claim_id){of.batch, 0, 0}, now);
}

static enum crux_status look_place(struct crux_cli_verification *v, struct crux_game_batch *batch,
                                   const struct crux_game *game, uint64_t now) {
    const struct crux_challenger_receipt *receipt = &v->receipt;
    const struct crux_claim_id id = {receipt->batch, receipt->member, 0};
    uint64_t leaf = receipt->member;
    enum crux_status status = crux_game_get_batch(game, receipt->batch, batch);
    if (status == CRUX_E_NOT_FOUND) {
        v->included = CRUX_CLI_NO;
        return CRUX_OK;
    }
    if (status != CRUX_OK) return status;
    v->included = crux_cli_verdict_of(
        is_as_promised(v, batch) && memcmp(batch->root, receipt->batch_root, 32) == 0 &&
        receipt->member < batch->count &&
        crux_merkle_verify(batch->root, batch->count, &leaf,
                           (const uint8_t(*)[32])receipt->fields.claim_hash, 1, receipt->path,
                           receipt->path_bytes) == CRUX_OK);
    return v->included == CRUX_CLI_YES ? look_member(v, game, &id, now) : CRUX_OK;
}

static enum crux_status look(void *ctx, const struct crux_game *game, uint64_t now) {
    struct crux_cli_verification *v = ctx;
    const struct crux_challenger_receipt *receipt = &v->receipt;
    struct crux_game_batch batch;
    v->chain = crux_cli_verdict_of(memcmp(game->chain_id, receipt->fields.chain_id, 32) == 0 &&
                                   memcmp(game->contract, receipt->fields.contract, 32) == 0);
    if (v->chain != CRUX_CLI_YES) return CRUX_OK;
    enum crux_status status =
        receipt->is_posted ? look_place(v, &batch, game, now) : look_alone(v, &batch, game, now);
    if (status != CRUX_OK) return status;
    return crux_cli_verify_promise(&v->promise, receipt,
                                   v->included == CRUX_CLI_YES ? &batch : NULL, game, now);
}

enum crux_cli_exit crux_cli_verify_chain(struct crux_cli_verification *v) {
    struct crux_chain chain;
    enum crux_cli_exit code =
        crux_cli_chain_url(&chain, v->call, v->call->option[CRUX_CLI_VERIFY_CHAIN].text);
    if (code != CRUX_CLI_OK) return code;
    enum crux_status status = chain.ops->look(&chain, look, v);
    return crux_cli_chain_close(&chain, v->call, status, CRUX_CLI_OK);
}
