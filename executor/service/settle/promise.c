/* Receipts are given: only for what the chain will take. */
#include <string.h>

#include "executor/service/settle/inside.h"

uint64_t crux_settle_room(const struct crux_settle *settle) {
    uint64_t bond = settle_bond(settle);
    if (settle->balance < settle->owed) return 0;
    return bond == 0 ? UINT64_MAX : (settle->balance - settle->owed) / bond;
}

/* A move is at most 2^20 bytes long: what is too long to be posted or published is not promised. */
static bool can_be_moved(const struct crux_store_run *run) {
    enum { BESIDE_TOKENS = 1024 };
    uint64_t tokens = run->claim.request_tokens;
    if (run->receipt.mode == CRUX_MODE_FULL) tokens += run->claim.chosen_tokens;
    return 4 * tokens + BESIDE_TOKENS <= CRUX_MOVE_BYTES_MAX;
}

static enum crux_status sign(struct crux_settle *settle, struct crux_store_run *run) {
    struct crux_receipt *receipt = &run->receipt;
    memcpy(receipt->chain_id, settle->chain_id, 32);
    memcpy(receipt->contract, settle->contract, 32);
    memcpy(receipt->executor, settle->key->account.b, 20);
    crux_claim_hash(receipt->claim_hash, &run->claim);
    crux_request_hash(receipt->request_hash, run->request);
    receipt->deadline = settle->chain_time + settle->options.deadline_seconds;
    if (crux_receipt_check(receipt) != CRUX_OK)
        return settle_fail(settle, CRUX_E_RECEIPT_INVALID,
                           "a requester belongs to private claims, and to these alone");
    crux_receipt_digest(run->id, receipt);
    enum crux_status status = crux_key_sign(run->signature, settle->key, run->id);
    return status == CRUX_OK ? CRUX_OK
                             : settle_fail(settle, status, "the receipt could not be signed");
}

/* spec/85-receipts.md#what-it-promises: "Who asks the same request again, in the same way, is given the receipt that is
 * there" */
static bool is_asked_alike(const struct crux_store_run *run, const struct crux_store_run *kept) {
    return run->receipt.mode == kept->receipt.mode &&
           memcmp(run->receipt.requester, kept->receipt.requester, 20) == 0 &&
           kept->state != CRUX_STORE_REFUSED;
}

/* The receipt that was given before for this claim. */
static enum crux_status repeat(struct crux_settle *settle, struct crux_store_run *run,
                               bool *again) {
    struct crux_store_run *kept;
    uint8_t claim_hash[32];
    crux_claim_hash(claim_hash, &run->claim);
    enum crux_status status =
        crux_store_find(settle->store, &kept, CRUX_STORE_BY_CLAIM, claim_hash);
    *again = status == CRUX_OK;
    if (status == CRUX_E_NOT_FOUND) return CRUX_OK;
    if (status != CRUX_OK) return settle_store_failed(settle, status);
    if (is_asked_alike(run, kept)) {
        run->receipt = kept->receipt;
        run->number = kept->number;
        memcpy(run->id, kept->id, sizeof run->id);
        memcpy(run->signature, kept->signature, sizeof run->signature);
    } else if (kept->state == CRUX_STORE_REFUSED) {
        status = settle_fail(settle, CRUX_E_ALREADY_POSTED,
                             "this claim was promised before, and the chain has refused it");
    } else {
        status = settle_fail(settle, CRUX_E_ALREADY_POSTED,
                             "this claim is promised already, in another mode or for another "
                             "requester: ask with another nonce");
    }
    crux_store_run_free(kept);
    return status;
}

/* One request has one claim: another shows that this machine computes wrongly, now or before, and two receipts for it
 * would be a lie that the executor signed itself. spec/85-receipts.md#what-it-promises */
static enum crux_status check_request(struct crux_settle *settle,
                                      const struct crux_store_run *run) {
    struct crux_store_run *kept;
    uint8_t request_hash[32];
    crux_request_hash(request_hash, run->request);
    enum crux_status status =
        crux_store_find(settle->store, &kept, CRUX_STORE_BY_REQUEST, request_hash);
    if (status == CRUX_E_NOT_FOUND) return CRUX_OK;
    if (status != CRUX_OK) return settle_store_failed(settle, status);
    crux_store_run_free(kept);
    return settle_fail(settle, CRUX_E_ANSWER_DIFFERS,
                       "this request came out otherwise before: this machine may compute wrongly");
}

/* What the chain says to a promise, in one look. */
struct asking {
    struct crux_settle *settle;
    const struct crux_store_run *run;
    bool stands;     /* a batch of ours is this claim alone */
    bool has_escrow; /* the one that the run names */
};

static enum crux_status ask(void *ctx, const struct crux_game *game, uint64_t now) {
    struct asking *asking = ctx;
    const struct crux_account *executor = &asking->settle->key->account;
    struct crux_game_batch_of of = {.key.executor = *executor};
    struct crux_game_escrow escrow = {.key.requester = asking->run->fee_requester,
                                      .key.executor = *executor};
    enum crux_status status = settle_see(asking->settle, game, now);
    if (status != CRUX_OK) return status;
    crux_claim_hash(of.key.root, &asking->run->claim);
    status = game->store.get(game->store.ctx, CRUX_TABLE_BATCH_OF, &of.key, &of);
    asking->stands = status == CRUX_OK;
    if (status != CRUX_OK && status != CRUX_E_NOT_FOUND) return status;
    memcpy(escrow.key.request_hash, asking->run->claim.request_hash, 32);
    status = game->store.get(game->store.ctx, CRUX_TABLE_ESCROW, &escrow.key, &escrow);
    asking->has_escrow =
        status == CRUX_OK && escrow.state == CRUX_ESCROW_HELD && now <= escrow.deadline;
    return status == CRUX_E_NOT_FOUND ? CRUX_OK : status;
}

/* By the chain's time as last seen, would a receipt fall due before a batch has to be posted? */
static bool is_deadline_near(const struct crux_settle *settle) {
    const struct crux_settle_options *o = &settle->options;
    return settle->now > settle->seen_at + o->deadline_seconds - o->batch_seconds;
}

/* Sees the chain's time.  Returns: CRUX_E_IO if it cannot, and has to; CRUX_E_ALREADY_POSTED for a claim that stands
 * there as a batch of its own, and was forgotten here: spec/70-game.md#batches-and-claims: "An executor's second batch of
 * the same root is the first one again" */
static enum crux_status ask_chain(struct crux_settle *settle, struct crux_store_run *run) {
    static const struct crux_account nobody;
    struct asking asking = {.settle = settle, .run = run};
    settle->chain->message[0] = 0;
    enum crux_status status = settle->chain->ops->look(settle->chain, ask, &asking);
    if (status != CRUX_OK && is_deadline_near(settle))
        return settle_fail(settle, CRUX_E_IO,
                           "the chain cannot be asked, and was not for too long");
    /* no answer is no answer: whoever asks once more is told what stands */
    if (status != CRUX_OK && !run->is_fresh)
        return settle_fail(settle, CRUX_E_IO,
                           "the chain cannot be asked whether this claim stands there already");
    /* what cannot stand there is promised all the same: time as last seen gives an earlier deadline, and binds the more */
    if (status != CRUX_OK) return CRUX_OK;
    /* who asks may name an escrow that is not there; that is to cost no move */
    if (!asking.has_escrow) run->fee_requester = nobody;
    if (!asking.stands) return CRUX_OK;
    return settle_fail(settle, CRUX_E_ALREADY_POSTED,
                       "this claim stands on the chain already: ask with another nonce");
}

enum crux_status crux_settle_promise(struct crux_settle *settle, struct crux_store_run *run,
                                     bool *again) {
    bool repeated;
    if (run->claim.cancelled != 0)
        return settle_fail(settle, CRUX_E_CLAIM_INVALID,
                           "a claim that needs its requester's word is not settled here");
    if (!can_be_moved(run))
        return settle_fail(settle, CRUX_E_UNSUPPORTED,
                           "the run has more tokens than a move can hold");
    enum crux_status status = repeat(settle, run, &repeated);
    if (again != NULL) *again = repeated;
    if (status != CRUX_OK || repeated) return status;
    status = check_request(settle, run);
    if (status != CRUX_OK) return status;
    status = ask_chain(settle, run);
    /* what was accepted while the balance held more, which has been pledged or taken out since */
    if (status == CRUX_OK && crux_settle_room(settle) == 0)
        status = settle_fail(settle, CRUX_E_BALANCE_TOO_SMALL,
                             "the balance holds no bond for this claim");
    if (status == CRUX_OK) status = sign(settle, run);
    if (status != CRUX_OK) return status;
    status = crux_store_add(settle->store, run);
    if (status != CRUX_OK) return settle_store_failed(settle, status);
    settle->owed += settle_bond(settle);
    settle->left++;
    return CRUX_OK;
}
