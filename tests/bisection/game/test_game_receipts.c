/* Pledges and receipts: who pays whom, to the unit. The refusals, in their order, are spec/vectors/game.json. */
#include <string.h>

#include "tests/bisection/game/one_table.h"

enum { EXECUTOR = 0, HOLDER = 1, STRANGER = 2, DEADLINE = 5000 };

static const struct crux_account nobody;

/* A receipt as a move has it. */
struct promise {
    uint8_t bytes[CRUX_PROMISE_BYTES], digest[32];
    struct crux_account executor;
    struct crux_move call, keep, lapse;
};

static void sign(struct promise *promise, const uint8_t claim_hash[32], uint64_t deadline) {
    struct crux_receipt receipt = {.mode = CRUX_MODE_BATCHED, .deadline = deadline};
    struct crux_writer writer;
    uint8_t signature[CRUX_SIGNATURE_BYTES];
    promise->executor = table_account(EXECUTOR);
    memcpy(receipt.chain_id, table.game.chain_id, 32);
    memcpy(receipt.contract, table.game.contract, 32);
    memcpy(receipt.executor, promise->executor.b, 20);
    memcpy(receipt.request_hash, run.evidence.claim->request_hash, 32);
    memcpy(receipt.claim_hash, claim_hash, 32);
    crux_receipt_digest(promise->digest, &receipt);
    table_sign(signature, EXECUTOR, promise->digest);
    crux_writer_init(&writer, promise->bytes, sizeof promise->bytes);
    crux_put_bytes(&writer, claim_hash, 32);
    crux_put_u8(&writer, CRUX_MODE_BATCHED);
    crux_put_bytes(&writer, nobody.b, 20);
    crux_put_u64(&writer, deadline);
    crux_put_bytes(&writer, signature, sizeof signature);
    promise->call = (struct crux_move){.kind = CRUX_MOVE_CALL,
                                       .executor = promise->executor.b,
                                       .hash = run.evidence.claim->request_hash,
                                       .promise = promise->bytes};
    promise->keep =
        (struct crux_move){.kind = CRUX_MOVE_KEEP, .hash = promise->digest, .rest = promise->bytes};
    promise->lapse = (struct crux_move){.kind = CRUX_MOVE_LAPSE, .hash = promise->digest};
}

static void pledge(uint64_t in_all) {
    const struct crux_move move = {.kind = CRUX_MOVE_PLEDGE, .amount = in_all};
    expect(EXECUTOR, &move, CRUX_OK);
}

static struct crux_game_pledge pledged(void) {
    struct crux_account executor = table_account(EXECUTOR);
    struct crux_game_pledge found;
    assert_int_equal(crux_game_get_pledge(&table.game, &executor, &found), CRUX_OK);
    return found;
}

static uint64_t burned(void) {
    struct crux_game_chain chain;
    assert_int_equal(crux_game_get_chain(&table.game, &chain), CRUX_OK);
    return chain.burned;
}

/* A receipt is called within a window behind its deadline: nobody has to keep paths for ever. */
static void called_late(void **state) {
    struct promise promise;
    uint8_t hash[32] = {1};
    (void)state;
    sign(&promise, hash, DEADLINE);
    pledge(500);
    table.now = DEADLINE + 100001;
    expect(HOLDER, &promise.call, CRUX_E_TOO_LATE);
    sign(&promise, hash, DEADLINE + 1);
    expect(HOLDER, &promise.call, CRUX_OK);
    expect(STRANGER, &promise.call, CRUX_E_ALREADY_DEMANDED);
    table.now++; /* being late is named first, and a repetition is never late */
    expect(STRANGER, &promise.call, CRUX_E_TOO_LATE);
    expect(HOLDER, &promise.call, CRUX_OK);
    assert_true(table.out.repeated);
}

/* The fee is the executor's who answers, and its pledge is whole again. */
static void kept(void **state) {
    struct promise promise;
    uint8_t hash[32];
    (void)state;
    crux_claim_hash(hash, run.evidence.claim);
    sign(&promise, hash, DEADLINE);
    pledge(500);
    promise.keep.claim = table_settle(&table, EXECUTOR, run.evidence.claim, 0, 1, false, 0);
    table.now = DEADLINE + 1;
    expect(HOLDER, &promise.call, CRUX_OK);
    assert_int_equal(table_balance(&table, HOLDER), START - 7);
    assert_int_equal(pledged().amount, 500);
    assert_int_equal(pledged().open, 1);
    table.now += 2000;
    expect(STRANGER, &promise.keep, CRUX_OK);
    assert_int_equal(table.out.paid, 7);
    assert_int_equal(table_balance(&table, EXECUTOR), START - 500 - 1000 + 7);
    assert_int_equal(pledged().amount, 500);
    assert_int_equal(pledged().open, 0);
    assert_int_equal(burned(), 0);
}

/* spec/70-game.md#receipts: "the holder has its fee again, and receipt_reward, or half of what falls if that is less; all else is
 * burned" */
static void broken(void **state) {
    static const struct {
        uint64_t pledged, reward, burned;
    } cases[] = {{500, 120, 180}, {300, 120, 180}, {299, 120, 179}, {201, 100, 101}, {1, 0, 1}};
    (void)state;
    for (unsigned i = 0; i < CRUX_ARRAY_LEN(cases); i++) {
        struct promise promise;
        uint8_t hash[32] = {1};
        table_free(&table);
        table_init(&table, NULL);
        sign(&promise, hash, DEADLINE);
        pledge(cases[i].pledged);
        table.now = DEADLINE + 1;
        expect(HOLDER, &promise.call, CRUX_OK);
        table.now += 2000;
        expect(STRANGER, &promise.lapse, CRUX_E_NOT_TOO_LATE);
        table.now++;
        expect(STRANGER, &promise.lapse, CRUX_OK);
        assert_int_equal(table.out.paid, cases[i].reward + 7);
        assert_int_equal(table_balance(&table, HOLDER), START + cases[i].reward);
        assert_int_equal(burned(), cases[i].burned);
        assert_int_equal(pledged().amount, cases[i].pledged - cases[i].reward - cases[i].burned);
    }
}

/* Each takes what the ones before it have left, and until all are over nothing is to be taken out. */
static void many_calls(void **state) {
    struct promise promise[4];
    const struct crux_move leave = {.kind = CRUX_MOVE_LEAVE}, release = {.kind = CRUX_MOVE_RELEASE};
    (void)state;
    pledge(650);
    table.now = DEADLINE + 1;
    for (unsigned i = 0; i < 4; i++) {
        uint8_t hash[32] = {(uint8_t)(i + 1)};
        sign(&promise[i], hash, DEADLINE);
        expect(HOLDER, &promise[i].call, CRUX_OK);
    }
    assert_int_equal(pledged().amount, 650);
    expect(EXECUTOR, &leave, CRUX_OK);
    table.now += 30001;
    expect(EXECUTOR, &release, CRUX_E_PROMISE_PENDING);
    for (unsigned i = 0; i < 4; i++) expect(STRANGER, &promise[i].lapse, CRUX_OK);
    assert_int_equal(burned(), 180 + 180 + 25);
    assert_int_equal(table_balance(&table, HOLDER), START + 120 + 120 + 25);
    expect(EXECUTOR, &release, CRUX_OK);
    assert_int_equal(table.out.paid, 0);
    assert_int_equal(table_balance(&table, EXECUTOR), START - 650);
}

/* A fall takes all that is there: a promise that is called shelters nothing. */
static void convicted(void **state) {
    struct promise one, other;
    uint8_t hash[2][32] = {{1}, {2}};
    (void)state;
    sign(&one, hash[0], DEADLINE);
    sign(&other, hash[1], DEADLINE);
    pledge(1000);
    table.now = DEADLINE + 1;
    expect(HOLDER, &one.call, CRUX_OK);
    struct crux_move convict = one.call;
    convict.kind = CRUX_MOVE_CONVICT;
    convict.other = other.bytes;
    expect(STRANGER, &convict, CRUX_OK);
    assert_int_equal(table.out.paid, 120);
    assert_int_equal(table_balance(&table, STRANGER), START + 120);
    assert_int_equal(burned(), 1000 - 120);
    assert_int_equal(pledged().amount, 0);
    table.now += 2001;
    expect(STRANGER, &one.lapse, CRUX_OK);
    assert_int_equal(table.out.paid, 7);
    assert_int_equal(burned(), 1000 - 120);
    pledge(1100); /* a new one: the same two receipts do not fell it again */
    expect(STRANGER, &convict, CRUX_OK);
    assert_true(table.out.repeated);
    convict.promise = other.bytes;
    convict.other = one.bytes;
    expect(STRANGER, &convict, CRUX_OK);
    assert_true(table.out.repeated);
    assert_int_equal(pledged().amount, 100);
}

/* Parameters of another day do not reach a promise that is called. */
static void terms_are_kept(void **state) {
    struct promise promise;
    struct crux_game_parameters later = table_parameters;
    uint8_t hash[32] = {1};
    (void)state;
    sign(&promise, hash, DEADLINE);
    pledge(500);
    table.now = DEADLINE + 1;
    expect(HOLDER, &promise.call, CRUX_OK);
    later.receipt_penalty = 400;
    later.receipt_reward = 0;
    later.demand_fee = 70;
    later.demand_seconds = 1;
    assert_int_equal(crux_game_configure(&table.game, &later), CRUX_OK);
    table.now += 2000;
    expect(STRANGER, &promise.lapse, CRUX_E_NOT_TOO_LATE);
    table.now++;
    expect(STRANGER, &promise.lapse, CRUX_OK);
    assert_int_equal(table_balance(&table, HOLDER), START + 120);
}

int main(void) {
#define RULE(name) cmocka_unit_test_setup_teardown(name, one_table_deal, one_table_clear)
    const struct CMUnitTest tests[] = {RULE(called_late), RULE(kept),      RULE(broken),
                                       RULE(many_calls),  RULE(convicted), RULE(terms_are_kept)};
    return cmocka_run_group_tests(tests, one_table_set_up, one_table_tear_down);
}
