/* Games about receipts: pledges, promises kept and broken, and two receipts for one request. */
#include <string.h>

#include "tests/conformance/game_case.h"
#include "tests/support/toy_world.h"

/* One receipt as a move has it, signed by the executor of the move. */
struct promise {
    uint8_t bytes[CRUX_PROMISE_BYTES], digest[32];
};

static void promise_make(struct promise *promise, const struct game_case *c, unsigned signer,
                         const uint8_t claim_hash[32], uint8_t mode, uint64_t deadline) {
    struct crux_receipt receipt = {.mode = mode, .deadline = deadline};
    struct crux_writer writer;
    uint8_t signature[CRUX_SIGNATURE_BYTES];
    memcpy(receipt.chain_id, c->game.chain_id, 32);
    memcpy(receipt.contract, c->game.contract, 32);
    memcpy(receipt.executor, c->key[EXECUTOR].account.b, 20);
    memcpy(receipt.request_hash, c->run->evidence.claim->request_hash, 32);
    memcpy(receipt.claim_hash, claim_hash, 32);
    if (mode == CRUX_MODE_PRIVATE) memcpy(receipt.requester, c->key[REQUESTER].account.b, 20);
    crux_receipt_digest(promise->digest, &receipt);
    world_must(crux_key_sign(signature, &c->key[signer], promise->digest) == CRUX_OK, "a receipt");
    crux_writer_init(&writer, promise->bytes, sizeof promise->bytes);
    crux_put_bytes(&writer, claim_hash, 32);
    crux_put_u8(&writer, mode);
    crux_put_bytes(&writer, receipt.requester, 20);
    crux_put_u64(&writer, deadline);
    crux_put_bytes(&writer, signature, sizeof signature);
}

static struct crux_move calling(const struct game_case *c, const struct promise *promise) {
    return (struct crux_move){.kind = CRUX_MOVE_CALL,
                              .executor = c->key[EXECUTOR].account.b,
                              .hash = c->run->evidence.claim->request_hash,
                              .promise = promise->bytes};
}

static void pledges(struct crux_vector_file *file, struct game_world *world) {
    struct game_case c;
    game_case_begin(&c, file, world, "pledge", NULL);
    struct crux_move pledge = {.kind = CRUX_MOVE_PLEDGE, .amount = 10001};
    const struct crux_move leave = {.kind = CRUX_MOVE_LEAVE}, release = {.kind = CRUX_MOVE_RELEASE};
    game_case_move(&c, EXECUTOR, &leave, CRUX_E_PLEDGE_UNKNOWN);
    game_case_move(&c, EXECUTOR, &release, CRUX_E_PLEDGE_UNKNOWN);
    game_case_move(&c, EXECUTOR, &pledge, CRUX_E_BALANCE_TOO_SMALL);
    pledge.amount = CRUX_GAME_AMOUNT_MAX + 1;
    game_case_move(&c, EXECUTOR, &pledge, CRUX_E_AMOUNT_INVALID);
    pledge.amount = 500;
    game_case_move(&c, EXECUTOR, &pledge, CRUX_OK);
    game_case_repeat(&c, EXECUTOR, &pledge);
    game_case_move(&c, EXECUTOR, &release, CRUX_E_MOVE_UNEXPECTED);
    game_case_move(&c, EXECUTOR, &leave, CRUX_OK);
    game_case_repeat(&c, EXECUTOR, &leave);
    pledge.amount = 700;
    game_case_move(&c, EXECUTOR, &pledge, CRUX_OK); /* it stays */
    game_case_move(&c, EXECUTOR, &release, CRUX_E_MOVE_UNEXPECTED);
    game_case_move(&c, EXECUTOR, &leave, CRUX_OK);
    c.now += 30000;
    game_case_move(&c, EXECUTOR, &release, CRUX_E_NOT_TOO_LATE);
    c.now++;
    game_case_move(&c, EXECUTOR, &release, CRUX_OK);
    game_case_repeat(&c, EXECUTOR, &release);
    game_case_move(&c, EXECUTOR, &leave, CRUX_E_PLEDGE_UNKNOWN);
    game_case_end(&c);
}

static void kept(struct crux_vector_file *file, struct game_world *world) {
    struct game_case c;
    struct promise promise;
    uint8_t hash[32];
    game_case_begin(&c, file, world, "promise_kept", NULL);
    crux_claim_hash(hash, world->honest.evidence.claim);
    promise_make(&promise, &c, RIVAL, hash, CRUX_MODE_FULL, 5000);
    struct crux_move call = calling(&c, &promise);
    const struct crux_move pledge = {.kind = CRUX_MOVE_PLEDGE, .amount = 500};
    game_case_move(&c, CHALLENGER, &call, CRUX_E_PLEDGE_UNKNOWN);
    game_case_move(&c, EXECUTOR, &pledge, CRUX_OK);
    c.now = 5000;
    game_case_move(&c, CHALLENGER, &call, CRUX_E_NOT_TOO_LATE);
    c.now++;
    game_case_move(&c, CHALLENGER, &call, CRUX_E_SIGNATURE_INVALID);
    promise_make(&promise, &c, EXECUTOR, hash, 4, 5000);
    game_case_move(&c, CHALLENGER, &call, CRUX_E_RECEIPT_INVALID);
    promise_make(&promise, &c, EXECUTOR, hash, CRUX_MODE_BATCHED, 5000);
    game_case_move(&c, POOR, &call, CRUX_E_BALANCE_TOO_SMALL);
    game_case_move(&c, CHALLENGER, &call, CRUX_OK);
    game_case_repeat(&c, CHALLENGER, &call);
    game_case_move(&c, STRANGER, &call, CRUX_E_ALREADY_DEMANDED);
    struct crux_move keep = {
        .kind = CRUX_MOVE_KEEP, .hash = promise.digest, .rest = hash, .rest_bytes = 0};
    const struct crux_move lapse = {.kind = CRUX_MOVE_LAPSE, .hash = promise.digest};
    const struct crux_move leave = {.kind = CRUX_MOVE_LEAVE}, release = {.kind = CRUX_MOVE_RELEASE};
    game_case_move(&c, EXECUTOR, &keep, CRUX_E_CLAIM_UNKNOWN);
    game_case_settle(&c, &world->honest, 0, 2, true);
    keep.claim = c.id;
    game_case_move(&c, EXECUTOR, &keep, CRUX_E_CLAIM_MISMATCH); /* a private batch */
    game_case_settle(&c, &world->honest, 0, 1, false);
    keep.claim = c.id;
    keep.rest_bytes = 32;
    game_case_move(&c, EXECUTOR, &keep, CRUX_E_TRAILING_BYTES);
    keep.rest_bytes = 0;
    keep.hash = hash;
    game_case_move(&c, EXECUTOR, &keep, CRUX_E_RECEIPT_UNKNOWN);
    game_case_move(&c, STRANGER, &lapse, CRUX_E_NOT_TOO_LATE);
    game_case_move(&c, EXECUTOR, &leave, CRUX_OK);
    game_case_move(&c, EXECUTOR, &release, CRUX_E_NOT_TOO_LATE);
    keep.hash = promise.digest;
    c.now += 2000;
    game_case_move(&c, STRANGER, &keep, CRUX_OK); /* anybody, for the executor */
    game_case_repeat(&c, STRANGER, &keep);
    c.now++;
    game_case_move(&c, STRANGER, &lapse, CRUX_E_MOVE_UNEXPECTED);
    promise_make(&promise, &c, EXECUTOR, hash, CRUX_MODE_BATCHED, 4999);
    c.now = 4999 + 100000; /* a window */
    game_case_move(&c, CHALLENGER, &call, CRUX_OK);
    promise_make(&promise, &c, EXECUTOR, hash, CRUX_MODE_BATCHED, 4998);
    game_case_move(&c, CHALLENGER, &call, CRUX_E_TOO_LATE);
    game_case_end(&c);
}

static void broken(struct crux_vector_file *file, struct game_world *world) {
    struct game_case c;
    struct promise promise[2];
    uint8_t hash[32], other[32] = {3};
    game_case_begin(&c, file, world, "promise_broken", NULL);
    crux_claim_hash(hash, world->honest.evidence.claim);
    promise_make(&promise[0], &c, EXECUTOR, hash, CRUX_MODE_BATCHED, 5000);
    promise_make(&promise[1], &c, EXECUTOR, other, CRUX_MODE_PRIVATE, 5000);
    const struct crux_move pledge = {.kind = CRUX_MOVE_PLEDGE, .amount = 401};
    struct crux_move call = calling(&c, &promise[0]);
    struct crux_move keep = {.kind = CRUX_MOVE_KEEP, .hash = promise[0].digest, .rest = hash};
    struct crux_move lapse = {.kind = CRUX_MOVE_LAPSE, .hash = promise[0].digest};
    game_case_move(&c, EXECUTOR, &pledge, CRUX_OK);
    c.now = 5001;
    game_case_move(&c, CHALLENGER, &call, CRUX_OK);
    call = calling(&c, &promise[1]);
    game_case_move(&c, CHALLENGER, &call, CRUX_OK); /* of which 101 will be left */
    game_case_settle(&c, &world->lying, 0, 1, false);
    keep.claim = c.id;
    game_case_move(&c, EXECUTOR, &keep, CRUX_E_PROOF_ROOT_MISMATCH);
    const struct crux_move leave = {.kind = CRUX_MOVE_LEAVE}, release = {.kind = CRUX_MOVE_RELEASE};
    game_case_move(&c, EXECUTOR, &leave, CRUX_OK);
    c.now += 30001;
    game_case_move(&c, EXECUTOR, &release, CRUX_E_PROMISE_PENDING);
    game_case_move(&c, EXECUTOR, &keep, CRUX_E_TOO_LATE);
    game_case_move(&c, STRANGER, &lapse, CRUX_OK);
    game_case_repeat(&c, STRANGER, &lapse);
    game_case_move(&c, EXECUTOR, &keep, CRUX_E_TOO_LATE);
    lapse.hash = promise[1].digest;
    game_case_move(&c, STRANGER, &lapse, CRUX_OK);
    lapse.hash = hash;
    game_case_move(&c, STRANGER, &lapse, CRUX_E_RECEIPT_UNKNOWN);
    game_case_end(&c);
}

static void convicted(struct crux_vector_file *file, struct game_world *world) {
    struct game_case c;
    struct promise promise, other;
    uint8_t hash[32], second[32] = {3};
    game_case_begin(&c, file, world, "two_receipts_for_one_request", NULL);
    crux_claim_hash(hash, world->honest.evidence.claim);
    promise_make(&promise, &c, EXECUTOR, hash, CRUX_MODE_FULL, 50000);
    promise_make(&other, &c, EXECUTOR, hash, CRUX_MODE_FULL, 50001);
    struct crux_move pledge = {.kind = CRUX_MOVE_PLEDGE, .amount = 901};
    struct crux_move convict = calling(&c, &promise);
    convict.kind = CRUX_MOVE_CONVICT;
    convict.other = other.bytes;
    game_case_move(&c, POOR, &convict, CRUX_E_PLEDGE_UNKNOWN);
    game_case_move(&c, EXECUTOR, &pledge, CRUX_OK);
    game_case_move(&c, POOR, &convict, CRUX_E_RECEIPTS_AGREE);
    promise_make(&other, &c, RIVAL, second, CRUX_MODE_FULL, 50001);
    game_case_move(&c, POOR, &convict, CRUX_E_SIGNATURE_INVALID);
    promise_make(&other, &c, EXECUTOR, second, 0, 50001);
    game_case_move(&c, POOR, &convict, CRUX_E_RECEIPT_INVALID);
    promise_make(&other, &c, EXECUTOR, second, CRUX_MODE_FULL, 50001);
    game_case_move(&c, POOR, &convict, CRUX_OK); /* before any deadline */
    game_case_repeat(&c, POOR, &convict);
    const struct crux_move swapped = {.kind = CRUX_MOVE_CONVICT,
                                      .executor = convict.executor,
                                      .hash = convict.hash,
                                      .promise = other.bytes,
                                      .other = promise.bytes};
    game_case_repeat(&c, POOR, &swapped);
    promise_make(&other, &c, EXECUTOR, second, CRUX_MODE_FULL, 50002);
    game_case_move(&c, POOR, &convict, CRUX_E_PLEDGE_UNKNOWN);
    pledge.amount = 902;
    game_case_move(&c, EXECUTOR, &pledge, CRUX_OK); /* one unit: half of it is none */
    game_case_move(&c, STRANGER, &convict, CRUX_OK);
    game_case_end(&c);
}

void game_cases_receipts(struct crux_vector_file *file, struct game_world *world) {
    pledges(file, world);
    kept(file, world);
    broken(file, world);
    convicted(file, world);
}
