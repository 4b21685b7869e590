/* What is signed off the chain, by real keys on a chain that checks them: cancellations and picks. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "chain-adapter/keys/keys.h"
#include "tests/chain-adapter/local/local_chain.h"
#include "tests/support/game_table.h"

enum { MONEY = 1000000, BOND = 1000 };

static const struct crux_chain_local_verifier by_key = {.verify = crux_keys_verify};
static struct table_model model;
static struct table_run run;
static struct local_chain made;
static struct crux_key executor, challenger, requester;
static struct crux_game signs; /* whose chain and contract are the chain's */

static enum crux_status copy_names(void *ctx, const struct crux_game *game, uint64_t now) {
    (void)ctx;
    (void)now;
    memcpy(signs.chain_id, game->chain_id, 32);
    memcpy(signs.contract, game->contract, 32);
    return CRUX_OK;
}

static enum crux_status make(struct crux_chain *chain, const struct crux_account *sender,
                             const struct crux_move *move, struct crux_game_outcome *outcome) {
    static uint8_t bytes[CRUX_MOVE_BYTES_MAX];
    struct crux_game_outcome unused;
    struct crux_writer writer;
    crux_writer_init(&writer, bytes, sizeof bytes);
    assert_int_equal(crux_move_encode(&writer, move), CRUX_OK);
    return chain->ops->move(chain, outcome == NULL ? &unused : outcome, sender, bytes, writer.at);
}

static int begin(void **state) {
    (void)state;
    uint8_t layers_root[32];
    table_model_init(&model, TABLE_LONG);
    table_run_init(&run, &model, NULL, 0);
    local_chain_make(&made, &table_parameters, &by_key);
    struct crux_key *const keys[] = {&executor, &challenger, &requester};
    for (size_t i = 0; i < CRUX_ARRAY_LEN(keys); i++) {
        assert_int_equal(crux_key_make(keys[i]), CRUX_OK);
        assert_int_equal(made.chain.ops->deposit(&made.chain, &keys[i]->account, MONEY), CRUX_OK);
    }
    assert_int_equal(made.chain.ops->look(&made.chain, copy_names, NULL), CRUX_OK);
    const struct crux_model_tree *tree = &model.committed.tree;
    crux_merkle_tree_root(layers_root, &tree->layers);
    const struct crux_move move = {.kind = CRUX_MOVE_REGISTER,
                                   .header = tree->header,
                                   .manifest_hash = tree->manifest_hash,
                                   .layers_root = layers_root};
    assert_int_equal(make(&made.chain, &executor.account, &move, NULL), CRUX_OK);
    return 0;
}

static int end(void **state) {
    (void)state;
    local_chain_remove(&made);
    table_run_free(&run);
    table_model_free(&model);
    return 0;
}

/* Settles the claim alone. */
static struct crux_claim_id settle(const struct crux_claim *claim) {
    static const uint8_t nobody[20];
    uint8_t root[32];
    struct crux_game_outcome outcome;
    crux_claim_hash(root, claim);
    const struct crux_move move = {
        .kind = CRUX_MOVE_SETTLE, .hash = root, .count = 1, .account = nobody, .amount = BOND};
    assert_int_equal(make(&made.chain, &executor.account, &move, &outcome), CRUX_OK);
    return outcome.claim;
}

static void cancellations(void **state) {
    struct crux_claim claim = *run.evidence.claim;
    struct crux_request request;
    uint8_t digest[32], salt[32] = {9}, bytes[CRUX_CLAIM_BYTES],
                        rest[CRUX_REQUEST_BYTES + 20 + 32 + CRUX_SIGNATURE_BYTES];
    (void)state;
    crux_request_read(&request, run.evidence.request);
    crux_game_requester_nonce(request.nonce, &requester.account, salt);
    crux_request_encode(rest, &request);
    crux_request_hash(claim.request_hash, rest);
    claim.cancelled = claim.chosen_tokens;
    crux_claim_encode(bytes, &claim);
    uint8_t *signature = rest + CRUX_REQUEST_BYTES + 52;
    memcpy(rest + CRUX_REQUEST_BYTES, requester.account.b, 20);
    memcpy(rest + CRUX_REQUEST_BYTES + 20, salt, 32);
    const struct crux_claim_id id = settle(&claim);
    const struct crux_move show = {.kind = CRUX_MOVE_SHOW,
                                   .claim = id,
                                   .claim_bytes = bytes,
                                   .rest = rest,
                                   .rest_bytes = sizeof rest};
    crux_game_cancel_digest(digest, &signs, claim.request_hash, claim.cancelled);
    assert_int_equal(crux_key_sign(signature, &executor, digest), CRUX_OK);
    assert_int_equal(make(&made.chain, &executor.account, &show, NULL),
                     CRUX_E_CANCELLATION_INVALID);
    assert_int_equal(crux_key_sign(signature, &requester, digest), CRUX_OK);
    signature[63] ^= 1;
    assert_int_equal(make(&made.chain, &executor.account, &show, NULL),
                     CRUX_E_CANCELLATION_INVALID);
    signature[63] ^= 1;
    /* a handle without a verifier takes no signature */
    struct crux_chain blind;
    local_chain_open(&blind, &made);
    assert_int_equal(make(&blind, &executor.account, &show, NULL), CRUX_E_CANCELLATION_INVALID);
    blind.ops->close(&blind);
    assert_int_equal(make(&made.chain, &executor.account, &show, NULL), CRUX_OK);
}

struct defence {
    struct crux_claim_id id;
    struct crux_solver_move *move;
    uint8_t node[32];
};

static enum crux_status find_defence(void *ctx, const struct crux_game *game, uint64_t now) {
    struct defence *defence = ctx;
    struct crux_game_dispute dispute;
    enum crux_status status =
        crux_solver_defend(defence->move, game, &defence->id, 0, &run.provider, now);
    if (status == CRUX_OK) status = crux_game_get_dispute(game, &defence->id, 0, &dispute);
    if (status == CRUX_OK) memcpy(defence->node, dispute.node, 32);
    return status;
}

static void picks(void **state) {
    static struct crux_solver_move step;
    static const uint8_t zero[32];
    const struct crux_claim *claim = run.evidence.claim;
    struct defence defence = {.id = settle(claim), .move = &step};
    uint8_t bytes[CRUX_CLAIM_BYTES], hash[32], digest[32], signature[CRUX_SIGNATURE_BYTES];
    (void)state;
    crux_claim_encode(bytes, claim);
    crux_claim_hash(hash, claim);
    const struct crux_move show = {
        .kind = CRUX_MOVE_SHOW, .claim = defence.id, .claim_bytes = bytes};
    const struct crux_move open = {.kind = CRUX_MOVE_OPEN,
                                   .claim = defence.id,
                                   .hash = hash,
                                   .leaf = zero,
                                   .amount = MONEY,
                                   .flag = CRUX_TARGET_TRACE};
    assert_int_equal(make(&made.chain, &executor.account, &show, NULL), CRUX_OK);
    assert_int_equal(make(&made.chain, &challenger.account, &open, NULL), CRUX_OK);
    assert_int_equal(made.chain.ops->look(&made.chain, find_defence, &defence), CRUX_OK);
    assert_true(step.any);
    assert_int_equal(make(&made.chain, &executor.account, &step.move, NULL), CRUX_OK);
    struct crux_signed_pick said = {.claim = defence.id, .index = 1, .expiry = 1000000};
    assert_int_equal(made.chain.ops->look(&made.chain, find_defence, &defence), CRUX_OK);
    memcpy(said.node, defence.node, 32);
    crux_game_pick_digest(digest, &signs, &said);
    const struct crux_move pick = {.kind = CRUX_MOVE_SIGNED_PICK,
                                   .claim = said.claim,
                                   .node = said.node,
                                   .index = said.index,
                                   .deadline = said.expiry,
                                   .signature = signature};
    assert_int_equal(crux_key_sign(signature, &executor, digest), CRUX_OK);
    assert_int_equal(make(&made.chain, &executor.account, &pick, NULL), CRUX_E_SIGNATURE_INVALID);
    assert_int_equal(crux_key_sign(signature, &challenger, digest), CRUX_OK);
    struct crux_move other = pick;
    other.index = 0;
    assert_int_equal(make(&made.chain, &executor.account, &other, NULL), CRUX_E_SIGNATURE_INVALID);
    assert_int_equal(make(&made.chain, &executor.account, &pick, NULL), CRUX_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(cancellations, begin, end),
        cmocka_unit_test_setup_teardown(picks, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
