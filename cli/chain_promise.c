/* crux chain call, lapse, convict: what the holder of a receipt can do about its promise.   spec/70-game.md#receipts */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "challenger/challenger.h"
#include "cli/chain_file.h"
#include "cli/chain_json.h"
#include "cli/file.h"
#include "cli/output.h"

/* Out: receipt, to be freed if CRUX_CLI_OK. */
static enum crux_cli_exit read_receipt(struct crux_challenger_receipt *receipt,
                                       const struct crux_cli_call *call, const char *path) {
    char message[CRUX_CLI_MESSAGE_BYTES];
    uint8_t *bytes, digest[32];
    size_t len;
    enum crux_status status =
        crux_cli_file_read(&bytes, &len, message, path, CRUX_CHALLENGER_RECEIPT_BYTES_MAX);
    if (status != CRUX_OK) return crux_cli_fail(call, status, "%s", message);
    status = crux_challenger_receipt_read(receipt, message, (const char *)bytes, len);
    free(bytes);
    if (status == CRUX_OK) {
        crux_receipt_digest(digest, &receipt->fields);
        if (memcmp(digest, receipt->id, 32) == 0) return CRUX_CLI_OK;
        (void)snprintf(message, sizeof message, "the receipt: id is not the digest of the rest");
        status = CRUX_E_RECEIPT_INVALID;
    }
    crux_challenger_receipt_free(receipt);
    return crux_cli_fail(call, status, "%.200s: %s", path, message);
}

struct looking {
    const uint8_t *digest;
    struct crux_game_promise promise;
};

static enum crux_status find_promise(void *ctx, const struct crux_game *game, uint64_t now) {
    struct looking *looking = ctx;
    (void)now;
    return crux_game_get_promise(game, looking->digest, &looking->promise);
}

/* Says what the move did; of a call, until when it is to be answered. */
static enum crux_cli_exit say(const struct crux_cli_call *call, struct crux_chain *chain,
                              const struct crux_move *move, const uint8_t *id,
                              const struct crux_game_outcome *outcome) {
    struct looking looking = {.digest = id};
    json_t *object = crux_cli_chain_json_outcome(move->kind, outcome);
    if (move->kind == CRUX_MOVE_CALL &&
        chain->ops->look(chain, find_promise, &looking) == CRUX_OK && object != NULL)
        (void)json_object_set_new(object, "answer_by",
                                  json_integer((json_int_t)looking.promise.answer_by));
    if (call->json) return crux_cli_answer(call, object);
    json_decref(object);
    (void)printf("%s: %s", crux_move_name(move->kind), outcome->repeated ? "made before" : "made");
    if (move->kind == CRUX_MOVE_CALL)
        (void)printf(", to be answered until %llu; then crux chain lapse",
                     (unsigned long long)looking.promise.answer_by);
    else
        (void)printf(", paid %llu", (unsigned long long)outcome->paid);
    (void)printf("\n");
    return CRUX_CLI_OK;
}

static enum crux_status see_chain(void *ctx, const struct crux_game *game, uint64_t now) {
    uint8_t *ids = ctx;
    (void)now;
    memcpy(ids, game->chain_id, 32);
    memcpy(ids + 32, game->contract, 32);
    return CRUX_OK;
}

/* Of another chain a receipt means nothing here: its signature is over that chain's id, and would be refused as wrong.
 * Returns: CRUX_E_CLAIM_MISMATCH, with both ids in chain->message; the chain's. */
static enum crux_status check_chain(struct crux_chain *chain, const struct crux_receipt *receipt) {
    uint8_t ids[64];
    char theirs[65], ours[65];
    enum crux_status status = chain->ops->look(chain, see_chain, ids);
    if (status != CRUX_OK) return status;
    bool is_same_chain = memcmp(ids, receipt->chain_id, 32) == 0;
    if (is_same_chain && memcmp(ids + 32, receipt->contract, 32) == 0) return CRUX_OK;
    crux_cli_chain_hex(theirs, is_same_chain ? receipt->contract : receipt->chain_id, 32);
    crux_cli_chain_hex(ours, is_same_chain ? ids + 32 : ids, 32);
    (void)snprintf(chain->message, sizeof chain->message,
                   "the receipt is of another %s: %s; here it is %s",
                   is_same_chain ? "contract" : "chain", theirs, ours);
    return CRUX_E_CLAIM_MISMATCH;
}

static enum crux_cli_exit move_about(const struct crux_cli_call *call,
                                     const struct crux_challenger_receipt *receipt,
                                     const struct crux_challenger_receipt *other, uint8_t kind) {
    uint8_t promise[2][CRUX_PROMISE_BYTES];
    struct crux_chain chain;
    struct crux_account sender;
    struct crux_game_outcome outcome = {.paid = 0};
    crux_promise_encode(promise[0], &receipt->fields, receipt->signature);
    crux_promise_encode(promise[1], &other->fields, other->signature);
    const struct crux_move move = {.kind = kind,
                                   .executor = receipt->fields.executor,
                                   .hash = kind == CRUX_MOVE_LAPSE ? receipt->id
                                                                   : receipt->fields.request_hash,
                                   .promise = promise[0],
                                   .other = promise[1]};
    enum crux_cli_exit code = crux_cli_chain_account(&sender, call, call->operand[1]);
    if (code == CRUX_CLI_OK) code = crux_cli_chain_open(&chain, call);
    if (code != CRUX_CLI_OK) return code;
    enum crux_status status = check_chain(&chain, &receipt->fields);
    if (status == CRUX_OK) status = check_chain(&chain, &other->fields);
    if (status == CRUX_OK) status = crux_cli_chain_make(&chain, &outcome, &sender, &move);
    if (status == CRUX_OK) code = say(call, &chain, &move, receipt->id, &outcome);
    return crux_cli_chain_close(&chain, call, status, code);
}

static enum crux_cli_exit of_one(const struct crux_cli_call *call, uint8_t kind) {
    struct crux_challenger_receipt receipt;
    enum crux_cli_exit code = read_receipt(&receipt, call, call->operand[2]);
    if (code != CRUX_CLI_OK) return code;
    code = move_about(call, &receipt, &receipt, kind);
    crux_challenger_receipt_free(&receipt);
    return code;
}

enum crux_cli_exit crux_cli_run_chain_call(const struct crux_cli_call *call) {
    return of_one(call, CRUX_MOVE_CALL);
}

enum crux_cli_exit crux_cli_run_chain_lapse(const struct crux_cli_call *call) {
    return of_one(call, CRUX_MOVE_LAPSE);
}

/* What cannot convict is said here, so that no move is spent on it. */
static const char *why_not(const struct crux_receipt *a, const struct crux_receipt *b) {
    if (memcmp(a->executor, b->executor, sizeof a->executor) != 0)
        return "the receipts are of two executors";
    if (memcmp(a->request_hash, b->request_hash, 32) != 0)
        return "the receipts are for two requests";
    return NULL;
}

enum crux_cli_exit crux_cli_run_chain_convict(const struct crux_cli_call *call) {
    struct crux_challenger_receipt receipt, other;
    enum crux_cli_exit code = read_receipt(&receipt, call, call->operand[2]);
    if (code != CRUX_CLI_OK) return code;
    code = read_receipt(&other, call, call->operand[3]);
    if (code == CRUX_CLI_OK) {
        const char *why = why_not(&receipt.fields, &other.fields);
        code = why == NULL
                   ? move_about(call, &receipt, &other, CRUX_MOVE_CONVICT)
                   : crux_cli_fail(call, CRUX_E_RECEIPTS_AGREE, "%s: that proves nothing", why);
        crux_challenger_receipt_free(&other);
    }
    crux_challenger_receipt_free(&receipt);
    return code;
}
