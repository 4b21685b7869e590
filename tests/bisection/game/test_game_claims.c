/* Claims: posting, batches, demands, finality, fees and money, each rule and each refusal of spec/70-game.md. */
#include <stdlib.h>
#include <string.h>

#include "tests/bisection/game/one_table.h"

enum { EXECUTOR = 0, CHALLENGER = 1, REQUESTER = 2, STRANGER = 3, POOR = 15 };

static const struct crux_claim *claim;
static const struct crux_account nobody;

static int set_up(void **state) {
    int failed = one_table_set_up(state);
    claim = run.evidence.claim;
    return failed;
}

/* ---- a post in full: claim, request, tokens, output ---- */

struct post {
    uint8_t claim[CRUX_CLAIM_BYTES], request[CRUX_REQUEST_BYTES];
    uint8_t rest[64 + 20 + 32 + 64];
    struct crux_account requester;
    struct crux_move move;
};

static void post_rest(struct post *post) {
    const struct crux_tree_id tokens = {.kind = CRUX_TREE_TOKENS},
                              output = {.kind = CRUX_TREE_OUTPUT};
    uint8_t page[CRUX_STEP_PAGE_BYTES];
    struct crux_writer writer;
    crux_writer_init(&writer, page, sizeof page);
    assert_int_equal(run.evidence.leaf(run.evidence.ctx, &tokens, 0, &writer), CRUX_OK);
    memcpy(post->rest, page, 8); /* P = 2 */
    crux_writer_init(&writer, page, sizeof page);
    assert_int_equal(run.evidence.leaf(run.evidence.ctx, &output, 0, &writer), CRUX_OK);
    memcpy(post->rest + 8, page, 12); /* N = 3 */
    post->move.rest_bytes = 20;
}

static void post_init(struct post *post) {
    memset(post, 0, sizeof *post);
    crux_claim_encode(post->claim, claim);
    memcpy(post->request, run.evidence.request, CRUX_REQUEST_BYTES);
    post->move = (struct crux_move){.kind = CRUX_MOVE_POST,
                                    .claim_bytes = post->claim,
                                    .request = post->request,
                                    .amount = 1000,
                                    .account = post->requester.b,
                                    .rest = post->rest};
    post_rest(post);
}

static void posts(void **state) {
    struct post post;
    (void)state;
    post_init(&post);
    expect(EXECUTOR, &post.move, CRUX_E_MODEL_UNKNOWN);
    assert_int_equal(table_register(&table, STRANGER, &model), CRUX_OK);
    post.move.rest_bytes--;
    expect(EXECUTOR, &post.move, CRUX_E_TRUNCATED);
    post.move.rest_bytes += 2;
    expect(EXECUTOR, &post.move, CRUX_E_TRAILING_BYTES);
    post.move.rest_bytes--;
    for (unsigned i = 0; i < 20; i++) { /* a request token, then a chosen one */
        post.rest[i] ^= 1;
        expect(EXECUTOR, &post.move, CRUX_E_PUBLICATION_MISMATCH);
        post.rest[i] ^= 1;
    }
    post.request[100] ^= 1;
    expect(EXECUTOR, &post.move, CRUX_E_REQUEST_MISMATCH);
    post.request[100] ^= 1;
    post.claim[128] = 0; /* P */
    expect(EXECUTOR, &post.move, CRUX_E_CLAIM_INVALID);
    crux_claim_encode(post.claim, claim);
    post.requester.b[3] = 1;
    expect(EXECUTOR, &post.move, CRUX_E_MOVE_MALFORMED);
    post.move.flag = 1;
    expect(EXECUTOR, &post.move, CRUX_E_ESCROW_UNKNOWN);
    post.requester.b[3] = 0;
    post.move.flag = 0;
    post.move.amount = 999;
    expect(EXECUTOR, &post.move, CRUX_E_BOND_TOO_SMALL);
    post.move.amount = CRUX_GAME_AMOUNT_MAX + 1;
    expect(EXECUTOR, &post.move, CRUX_E_AMOUNT_INVALID);
    post.move.amount = START + 1;
    expect(EXECUTOR, &post.move, CRUX_E_BALANCE_TOO_SMALL);
    post.move.amount = START;
    expect(EXECUTOR, &post.move, CRUX_OK);
    assert_int_equal(table_balance(&table, EXECUTOR), 0);
    struct crux_claim_id id = table.out.claim;
    expect_repeated(EXECUTOR, &post.move);
    assert_int_equal(table.out.claim.batch, id.batch);
    post.move.amount = 1000;
    expect(EXECUTOR, &post.move, CRUX_E_ALREADY_POSTED);
    expect(STRANGER, &post.move, CRUX_OK); /* another executor's claim */
    assert_int_equal(table.out.claim.batch, id.batch + 1);
    struct crux_move demand = {.kind = CRUX_MOVE_DEMAND, .claim = id};
    expect(CHALLENGER, &demand, CRUX_E_ALREADY_PUBLISHED);
}

/* spec/70-game.md#parameters: "those of the day are frozen into each batch when it is posted" */
static void parameters_are_frozen(void **state) {
    struct crux_game_batch batch;
    struct crux_game_parameters later = table_parameters;
    (void)state;
    struct crux_claim_id first = table_claim(&table, EXECUTOR, &model, claim, 0, 1);
    later.window_seconds = 50000;
    later.k = 16;
    assert_int_equal(crux_game_configure(&table.game, &later), CRUX_OK);
    struct crux_claim_id second = table_claim(&table, STRANGER, &model, claim, 0, 1);
    assert_int_equal(crux_game_get_batch(&table.game, first.batch, &batch), CRUX_OK);
    assert_memory_equal(&batch.parameters, &table_parameters, sizeof later);
    assert_int_equal(crux_game_get_batch(&table.game, second.batch, &batch), CRUX_OK);
    assert_memory_equal(&batch.parameters, &later, sizeof later);
}

static void batches(void **state) {
    struct crux_claim other = *claim;
    uint8_t root[32] = {9};
    (void)state;
    struct crux_move settle = {
        .kind = CRUX_MOVE_SETTLE, .hash = root, .count = 0, .account = nobody.b, .amount = 1000};
    expect(EXECUTOR, &settle, CRUX_E_CLAIM_INVALID);
    settle.count = CRUX_GAME_BATCH_MAX + 1;
    expect(EXECUTOR, &settle, CRUX_E_CLAIM_INVALID);
    settle.count = CRUX_GAME_BATCH_MAX;
    expect(EXECUTOR, &settle, CRUX_E_BALANCE_TOO_SMALL);
    settle.amount = CRUX_GAME_AMOUNT_MAX / CRUX_GAME_BATCH_MAX + 1;
    expect(EXECUTOR, &settle, CRUX_E_AMOUNT_INVALID);
    struct crux_account someone = table_account(1);
    settle = (struct crux_move){
        .kind = CRUX_MOVE_SETTLE, .hash = root, .count = 2, .account = someone.b, .amount = 1000};
    expect(EXECUTOR, &settle, CRUX_E_MOVE_MALFORMED); /* a requester, but not private */
    settle.account = nobody.b;
    expect(EXECUTOR, &settle, CRUX_OK);
    expect_repeated(EXECUTOR, &settle);
    settle.count = 3;
    expect(EXECUTOR, &settle, CRUX_E_ALREADY_POSTED);

    struct crux_claim_id id = table_settle(&table, EXECUTOR, claim, 4, 6, false, 0), wrong = id;
    assert_int_equal(table_show(&table, STRANGER, &id, claim, 6), CRUX_E_MODEL_UNKNOWN);
    assert_int_equal(table_register(&table, STRANGER, &model), CRUX_OK);
    wrong.member = 6;
    struct crux_move demand = {.kind = CRUX_MOVE_DEMAND, .claim = wrong};
    expect(STRANGER, &demand, CRUX_E_CLAIM_UNKNOWN);
    demand.claim = (struct crux_claim_id){77, 0, 0};
    expect(STRANGER, &demand, CRUX_E_CLAIM_UNKNOWN);
    wrong.member = 3;
    assert_int_equal(table_show(&table, STRANGER, &wrong, claim, 6), CRUX_E_PROOF_ROOT_MISMATCH);
    assert_int_equal(table_show(&table, STRANGER, &id, claim, 40), CRUX_E_TRAILING_BYTES);
    assert_int_equal(table_show(&table, STRANGER, &id, claim, 5), CRUX_E_TRUNCATED);
    other.trace_root[0] ^= 1;
    assert_int_equal(table_show(&table, STRANGER, &id, &other, 6), CRUX_E_PROOF_ROOT_MISMATCH);
    assert_int_equal(table_show(&table, STRANGER, &id, claim, 6), CRUX_OK);
    assert_int_equal(table_show(&table, STRANGER, &id, claim, 6), CRUX_OK);
    assert_true(table.out.repeated);
    assert_int_equal(table_show(&table, STRANGER, &id, &other, 6), CRUX_E_CLAIM_MISMATCH);
    struct crux_game_claim shown = table_get_claim(&table, &id);
    assert_memory_equal(&shown.claim, claim, sizeof *claim);
}

/* ---- demands ---- */

static struct crux_move publish_of(const struct crux_claim_id *id, struct post *post) {
    post_init(post);
    return (struct crux_move){.kind = CRUX_MOVE_PUBLISH,
                              .claim = *id,
                              .request = post->request,
                              .rest = post->rest,
                              .rest_bytes = 8};
}

static void a_demand_is_met(void **state) {
    struct post post;
    (void)state;
    struct crux_claim_id id = table_settle(&table, EXECUTOR, claim, 1, 2, false, 0);
    struct crux_move demand = {.kind = CRUX_MOVE_DEMAND, .claim = id};
    struct crux_move timeout = {
        .kind = CRUX_MOVE_TIMEOUT, .claim = id, .dispute = CRUX_DISPUTE_DEMAND};
    struct crux_move publish = publish_of(&id, &post);
    uint64_t posted = table.now;
    table.now = posted + 100000 - 2000 - 10000; /* window, demand, clock */
    expect(CHALLENGER, &timeout, CRUX_E_MOVE_UNEXPECTED);
    table.now++;
    expect(CHALLENGER, &demand, CRUX_E_WINDOW_CLOSED);
    table.now--;
    expect(CHALLENGER, &demand, CRUX_OK);
    assert_int_equal(table_balance(&table, CHALLENGER), START - 7);
    expect_repeated(CHALLENGER, &demand);
    expect(STRANGER, &demand, CRUX_E_ALREADY_DEMANDED);
    expect(EXECUTOR, &publish, CRUX_E_CLAIM_NOT_SHOWN);
    assert_int_equal(table_register(&table, STRANGER, &model), CRUX_OK);
    assert_int_equal(table_show(&table, EXECUTOR, &id, claim, 2), CRUX_OK);
    post.request[5] ^= 1;
    expect(EXECUTOR, &publish, CRUX_E_REQUEST_MISMATCH);
    post.request[5] ^= 1;
    post.rest[4] ^= 1;
    expect(EXECUTOR, &publish, CRUX_E_PUBLICATION_MISMATCH);
    post.rest[4] ^= 1;
    publish.rest_bytes = 7;
    expect(EXECUTOR, &publish, CRUX_E_TRUNCATED);
    publish.rest_bytes = 9;
    expect(EXECUTOR, &publish, CRUX_E_TRAILING_BYTES);
    publish.rest_bytes = 8;
    table.now += 2000;
    expect(CHALLENGER, &timeout, CRUX_E_NOT_TOO_LATE);
    expect(EXECUTOR, &publish, CRUX_OK);
    assert_int_equal(table_balance(&table, EXECUTOR), START - 2000 + 7);
    expect_repeated(EXECUTOR, &publish);
    expect(CHALLENGER, &timeout, CRUX_E_MOVE_UNEXPECTED);
}

static void a_demand_is_not_met(void **state) {
    struct post post;
    (void)state;
    struct crux_claim_id id = table_claim(&table, EXECUTOR, &model, claim, 1, 3);
    struct crux_move demand = {.kind = CRUX_MOVE_DEMAND, .claim = id};
    struct crux_move timeout = {
        .kind = CRUX_MOVE_TIMEOUT, .claim = id, .dispute = CRUX_DISPUTE_DEMAND};
    struct crux_move publish = publish_of(&id, &post);
    expect(CHALLENGER, &demand, CRUX_OK);
    table.now += 2001;
    expect(EXECUTOR, &publish, CRUX_E_TOO_LATE);
    expect(STRANGER, &timeout, CRUX_OK);
    assert_true(table.out.fell);
    expect_repeated(STRANGER, &timeout);
    assert_int_equal(table_balance(&table, CHALLENGER), START + 400);
    assert_int_equal(table_balance(&table, EXECUTOR), START - 3000);
    expect(EXECUTOR, &publish, CRUX_E_CLAIM_FALLEN);
    expect(CHALLENGER, &demand, CRUX_E_CLAIM_FALLEN);
    table.now += 200000;
    struct crux_move finalise = {.kind = CRUX_MOVE_FINALISE, .claim = id};
    expect(STRANGER, &finalise, CRUX_OK);
    assert_int_equal(table_balance(&table, EXECUTOR), START - 1000);
    expect_repeated(STRANGER, &finalise);
}

static void nobody_knows_a_claim_that_fell_unshown(void **state) {
    (void)state;
    struct crux_claim_id id = table_settle(&table, EXECUTOR, claim, 0, 1, false, 0);
    struct crux_move demand = {.kind = CRUX_MOVE_DEMAND, .claim = id};
    struct crux_move timeout = {
        .kind = CRUX_MOVE_TIMEOUT, .claim = id, .dispute = CRUX_DISPUTE_DEMAND};
    assert_int_equal(table_register(&table, STRANGER, &model), CRUX_OK);
    expect(CHALLENGER, &demand, CRUX_OK);
    table.now += 2001;
    expect(STRANGER, &timeout, CRUX_OK);
    assert_int_equal(table_show(&table, EXECUTOR, &id, claim, 1), CRUX_E_CLAIM_FALLEN);
}

/* A claim that nobody could have disputed must not become final. */
static void a_claim_is_shown_while_it_can_be_disputed(void **state) {
    enum crux_claim_state end;
    (void)state;
    uint64_t posted = table.now, window_end = posted + 100000;
    struct crux_claim_id id = table_settle(&table, EXECUTOR, claim, 0, 3, false, 0);
    struct crux_claim_id asked = table_settle(&table, EXECUTOR, claim, 1, 4, false, 0);
    struct crux_move demand = {.kind = CRUX_MOVE_DEMAND, .claim = asked};
    assert_int_equal(table_register(&table, STRANGER, &model), CRUX_OK);
    table.now = window_end - 10000 - 2000 - table_parameters.move_seconds;
    uint8_t *saved = table_save(&table);
    assert_int_equal(table_show(&table, EXECUTOR, &id, claim, 3), CRUX_OK);
    table_restore(&table, saved);
    free(saved);
    table.now++;
    assert_int_equal(table_show(&table, EXECUTOR, &id, claim, 3), CRUX_E_WINDOW_CLOSED);
    table.now = window_end - 10000 - 2000;
    expect(CHALLENGER, &demand, CRUX_OK);
    table.now += 2000;
    saved = table_save(&table);
    assert_int_equal(table_show(&table, EXECUTOR, &asked, claim, 4), CRUX_OK);
    table_restore(&table, saved);
    free(saved);
    table.now++;
    assert_int_equal(table_show(&table, EXECUTOR, &asked, claim, 4), CRUX_E_WINDOW_CLOSED);
    table.now = window_end + 1;
    assert_int_equal(table_show(&table, EXECUTOR, &id, claim, 3), CRUX_E_WINDOW_CLOSED);
    assert_int_equal(crux_game_claim_state(&end, &table.game, &id, table.now), CRUX_OK);
    assert_int_equal(end, CRUX_CLAIM_UNKNOWN);
}

static void private_claims(void **state) {
    enum crux_claim_state end;
    (void)state;
    struct crux_account delegate = table_account(STRANGER);
    struct crux_claim_id id = table_settle(&table, EXECUTOR, claim, 0, 2, true, REQUESTER);
    struct crux_move demand = {.kind = CRUX_MOVE_DEMAND, .claim = id};
    struct crux_move name = {.kind = CRUX_MOVE_DELEGATE, .account = delegate.b, .flag = 1};
    expect(CHALLENGER, &demand, CRUX_E_NOT_PERMITTED);
    expect(STRANGER, &demand, CRUX_E_NOT_PERMITTED);
    expect(REQUESTER, &name, CRUX_OK);
    expect_repeated(REQUESTER, &name);
    name.flag = 0;
    expect(REQUESTER, &name, CRUX_OK);
    expect(STRANGER, &demand, CRUX_E_NOT_PERMITTED);
    name.flag = 1;
    expect(REQUESTER, &name, CRUX_OK);
    expect(STRANGER, &demand, CRUX_OK);
    assert_int_equal(table_register(&table, EXECUTOR, &model), CRUX_OK);
    struct crux_claim_id quiet = table_settle(&table, EXECUTOR, claim, 1, 3, true, REQUESTER);
    assert_int_equal(table_show(&table, EXECUTOR, &quiet, claim, 3), CRUX_OK);
    uint64_t window_end = table.now + 100000;
    assert_int_equal(crux_game_claim_state(&end, &table.game, &quiet, window_end), CRUX_OK);
    assert_int_equal(end, CRUX_CLAIM_PENDING);
    assert_int_equal(crux_game_claim_state(&end, &table.game, &quiet, window_end + 1), CRUX_OK);
    assert_int_equal(end, CRUX_CLAIM_UNCHALLENGED);
}

/* ---- cancellation ---- */

static void a_cancelled_run_needs_its_requesters_word(void **state) {
    uint8_t salt[32] = {5}, digest[32];
    struct crux_account requester = table_account(REQUESTER);
    struct crux_claim cancelled = *claim;
    struct crux_request request;
    struct post post;
    (void)state;
    assert_int_equal(table_register(&table, STRANGER, &model), CRUX_OK);
    post_init(&post);
    crux_request_read(&request, post.request);
    crux_game_requester_nonce(request.nonce, &requester, salt);
    crux_request_encode(post.request, &request);
    crux_request_hash(cancelled.request_hash, post.request);
    cancelled.cancelled = cancelled.chosen_tokens;
    crux_claim_encode(post.claim, &cancelled);
    expect(EXECUTOR, &post.move, CRUX_E_TRUNCATED);
    uint8_t *word = post.rest + 20;
    memcpy(word, requester.b, 20);
    memcpy(word + 20, salt, 32);
    crux_game_cancel_digest(digest, &table.game, cancelled.request_hash, cancelled.cancelled);
    table_sign(word + 52, REQUESTER, digest);
    post.move.rest_bytes = 20 + 116;
    for (unsigned i = 0; i < 116; i += 13) {
        word[i] ^= 1;
        expect(EXECUTOR, &post.move, CRUX_E_CANCELLATION_INVALID);
        word[i] ^= 1;
    }
    table_sign(word + 52, STRANGER, digest);
    expect(EXECUTOR, &post.move, CRUX_E_CANCELLATION_INVALID);
    crux_game_cancel_digest(digest, &table.game, cancelled.request_hash, cancelled.cancelled - 1);
    table_sign(word + 52, REQUESTER, digest);
    expect(EXECUTOR, &post.move, CRUX_E_CANCELLATION_INVALID);
    crux_game_cancel_digest(digest, &table.game, cancelled.request_hash, cancelled.cancelled);
    table_sign(word + 52, REQUESTER, digest);
    expect(EXECUTOR, &post.move, CRUX_OK);
    /* in a batch of one, shown: request, requester, salt, signature; no path */
    struct crux_claim_id id = table_settle(&table, STRANGER, &cancelled, 0, 1, false, 0);
    assert_int_equal(table_show(&table, STRANGER, &id, &cancelled, 1), CRUX_E_TRUNCATED);
    uint8_t rest[CRUX_REQUEST_BYTES + 116];
    memcpy(rest, post.request, CRUX_REQUEST_BYTES);
    memcpy(rest + CRUX_REQUEST_BYTES, word, 116);
    struct crux_move show = {.kind = CRUX_MOVE_SHOW,
                             .claim = id,
                             .claim_bytes = post.claim,
                             .rest = rest,
                             .rest_bytes = sizeof rest};
    rest[CRUX_REQUEST_BYTES + 60] ^= 1;
    expect(STRANGER, &show, CRUX_E_CANCELLATION_INVALID);
    rest[CRUX_REQUEST_BYTES + 60] ^= 1;
    expect(STRANGER, &show, CRUX_OK);
}

/* ---- finality ---- */

static bool is_final(const struct crux_final_question *question, uint64_t now) {
    bool final;
    assert_int_equal(crux_game_is_final(&final, &table.game, question, now), CRUX_OK);
    return final;
}

static void finality(void **state) {
    (void)state;
    uint64_t end = table.now + 100000;
    struct crux_claim_id id = table_settle(&table, EXECUTOR, claim, 0, 2, false, 0);
    struct crux_final_question asked = {
        .claim = id, .executor = table_account(EXECUTOR), .least_bond = 1000};
    crux_claim_hash(asked.claim_hash, claim);
    memcpy(asked.model_root, claim->model_root, 32);
    memcpy(asked.request_hash, claim->request_hash, 32);
    memcpy(asked.output_root, claim->output_root, 32);
    assert_false(is_final(&asked, end + 1)); /* not shown */
    assert_int_equal(table_register(&table, EXECUTOR, &model), CRUX_OK);
    assert_int_equal(table_show(&table, EXECUTOR, &id, claim, 2), CRUX_OK);
    assert_false(is_final(&asked, end));
    assert_true(is_final(&asked, end + 1));
    uint8_t *const hashes[] = {asked.claim_hash, asked.executor.b, asked.model_root,
                               asked.request_hash, asked.output_root};
    for (size_t i = 0; i < CRUX_ARRAY_LEN(hashes); i++) {
        hashes[i][7] ^= 1;
        assert_false(is_final(&asked, end + 1));
        hashes[i][7] ^= 1;
    }
    asked.least_bond = 1001;
    assert_false(is_final(&asked, end + 1));
    asked.least_bond = 1000;
    asked.claim.member = 1;
    assert_false(is_final(&asked, end + 1));
    asked.claim.batch = 5;
    assert_false(is_final(&asked, end + 1)); /* there is none */
    asked.claim = id;
    assert_true(is_final(&asked, end + 1));
    struct crux_move demand = {.kind = CRUX_MOVE_DEMAND, .claim = id};
    expect(CHALLENGER, &demand, CRUX_OK);
    assert_false(is_final(&asked, end + 1));
    struct crux_move finalise = {.kind = CRUX_MOVE_FINALISE, .claim = id};
    expect(EXECUTOR, &finalise, CRUX_E_CLAIM_PENDING);
    table.now = end;
    expect(EXECUTOR, &finalise, CRUX_E_CLAIM_PENDING);
    table.now = end + 1;
    expect(EXECUTOR, &finalise, CRUX_OK); /* the member that has nothing open */
    assert_int_equal(table.out.paid, 1000);
    expect(EXECUTOR, &finalise, CRUX_E_CLAIM_PENDING);
    finalise.claim.batch = 9;
    expect(EXECUTOR, &finalise, CRUX_E_CLAIM_UNKNOWN);
}

/* ---- fees ---- */

static struct crux_move escrow_of(uint64_t amount, uint64_t deadline) {
    static struct crux_account executor;
    executor = table_account(EXECUTOR);
    return (struct crux_move){.kind = CRUX_MOVE_ESCROW,
                              .executor = executor.b,
                              .hash = claim->request_hash,
                              .amount = amount,
                              .deadline = deadline};
}

static struct crux_move pay_of(void) {
    static struct crux_account executor, requester;
    executor = table_account(EXECUTOR);
    requester = table_account(REQUESTER);
    return (struct crux_move){.kind = CRUX_MOVE_PAY,
                              .account = requester.b,
                              .executor = executor.b,
                              .hash = claim->request_hash};
}

static void a_fee_goes_back(void **state) {
    (void)state;
    struct crux_move pay = pay_of(), escrow = escrow_of(0, table.now + 10);
    expect(STRANGER, &pay, CRUX_E_ESCROW_UNKNOWN);
    expect(REQUESTER, &escrow, CRUX_E_AMOUNT_INVALID);
    escrow.amount = START + 1;
    expect(REQUESTER, &escrow, CRUX_E_BALANCE_TOO_SMALL);
    escrow.amount = CRUX_GAME_AMOUNT_MAX + 1;
    expect(REQUESTER, &escrow, CRUX_E_AMOUNT_INVALID);
    escrow.amount = 30;
    escrow.deadline = table.now - 1;
    expect(REQUESTER, &escrow, CRUX_E_TOO_LATE);
    escrow.deadline = CRUX_GAME_TIME_MAX;
    expect(REQUESTER, &escrow, CRUX_E_TIME_INVALID);
    escrow.deadline = table.now + 10;
    expect(REQUESTER, &escrow, CRUX_OK);
    expect_repeated(REQUESTER, &escrow);
    escrow.amount = 31;
    expect(REQUESTER, &escrow, CRUX_E_ESCROW_DIFFERS);
    table.now += 10;
    expect(STRANGER, &pay, CRUX_E_NOT_TOO_LATE);
    table.now++;
    expect(STRANGER, &pay, CRUX_OK);
    assert_int_equal(table_balance(&table, REQUESTER), START);
    expect_repeated(STRANGER, &pay);
}

static void a_fee_is_earned(void **state) {
    struct post post;
    (void)state;
    struct crux_move pay = pay_of(), escrow = escrow_of(30, table.now + 10);
    expect(REQUESTER, &escrow, CRUX_OK);
    assert_int_equal(table_register(&table, EXECUTOR, &model), CRUX_OK);
    post_init(&post);
    post.requester = table_account(REQUESTER);
    post.move.flag = 1;
    uint8_t *saved = table_save(&table);
    table.now += 11;
    expect(EXECUTOR, &post.move, CRUX_E_TOO_LATE);
    table.now--;
    expect(STRANGER, &post.move, CRUX_E_ESCROW_UNKNOWN); /* the escrow names another executor */
    expect(EXECUTOR, &post.move, CRUX_OK);
    expect(STRANGER, &pay, CRUX_E_CLAIM_PENDING);
    table.now += 100000;
    expect(STRANGER, &pay, CRUX_E_CLAIM_PENDING);
    table.now++;
    expect(STRANGER, &pay, CRUX_OK);
    assert_int_equal(table_balance(&table, EXECUTOR), START - 1000 + 30);
    expect_repeated(STRANGER, &pay);
    table_restore(&table, saved);
    free(saved);
    /* bound afterwards, to a member of a batch; the claim falls */
    table.now -= 100011;
    struct crux_claim_id id = table_settle(&table, EXECUTOR, claim, 1, 2, false, 0);
    struct crux_account requester = table_account(REQUESTER);
    struct crux_move bind = {.kind = CRUX_MOVE_BIND, .claim = id, .account = requester.b};
    expect(EXECUTOR, &bind, CRUX_E_CLAIM_NOT_SHOWN);
    assert_int_equal(table_show(&table, EXECUTOR, &id, claim, 2), CRUX_OK);
    expect(STRANGER, &bind, CRUX_E_NOT_PERMITTED);
    struct crux_account other = table_account(STRANGER);
    bind.account = other.b;
    expect(EXECUTOR, &bind, CRUX_E_ESCROW_UNKNOWN);
    bind.account = requester.b;
    expect(EXECUTOR, &bind, CRUX_OK);
    expect_repeated(EXECUTOR, &bind);
    struct crux_claim_id twin = table_settle(&table, EXECUTOR, claim, 0, 4, false, 0);
    assert_int_equal(table_show(&table, EXECUTOR, &twin, claim, 4), CRUX_OK);
    bind.claim = twin;
    expect(EXECUTOR, &bind, CRUX_E_ESCROW_DIFFERS);
    struct crux_move demand = {.kind = CRUX_MOVE_DEMAND, .claim = id};
    struct crux_move timeout = {
        .kind = CRUX_MOVE_TIMEOUT, .claim = id, .dispute = CRUX_DISPUTE_DEMAND};
    expect(CHALLENGER, &demand, CRUX_OK);
    table.now += 2001;
    expect(CHALLENGER, &timeout, CRUX_OK);
    expect(STRANGER, &pay, CRUX_OK);
    assert_int_equal(table_balance(&table, REQUESTER), START);
    bind.claim = id;
    expect_repeated(EXECUTOR, &bind);
}

/* Whose fee it is must be able to dispute. */
static void a_private_claim_earns_only_its_requesters_fee(void **state) {
    (void)state;
    struct crux_move escrow = escrow_of(30, table.now + 10);
    struct crux_account requester = table_account(REQUESTER);
    expect(REQUESTER, &escrow, CRUX_OK);
    assert_int_equal(table_register(&table, EXECUTOR, &model), CRUX_OK);
    struct crux_claim_id anothers = table_settle(&table, EXECUTOR, claim, 0, 2, true, STRANGER);
    struct crux_claim_id own = table_settle(&table, EXECUTOR, claim, 0, 3, true, REQUESTER);
    assert_int_equal(table_show(&table, EXECUTOR, &anothers, claim, 2), CRUX_OK);
    assert_int_equal(table_show(&table, EXECUTOR, &own, claim, 3), CRUX_OK);
    struct crux_move bind = {.kind = CRUX_MOVE_BIND, .claim = anothers, .account = requester.b};
    expect(EXECUTOR, &bind, CRUX_E_NOT_PERMITTED);
    bind.claim = own;
    expect(EXECUTOR, &bind, CRUX_OK);
}

/* ---- money and time ---- */

static void withdrawals(void **state) {
    (void)state;
    struct crux_move withdraw = {.kind = CRUX_MOVE_WITHDRAW, .amount = START + 1};
    expect(POOR, &withdraw, CRUX_E_BALANCE_TOO_SMALL);
    withdraw.amount = 400;
    expect(POOR, &withdraw, CRUX_OK);
    assert_int_equal(table.out.paid, 400);
    expect_repeated(POOR, &withdraw);
    withdraw.amount = 300;
    expect_repeated(POOR, &withdraw);
    withdraw.amount = START;
    expect(POOR, &withdraw, CRUX_OK);
    assert_int_equal(table.out.paid, START - 400);
    assert_int_equal(table_balance(&table, POOR), 0);
    withdraw.amount = UINT64_MAX;
    expect(POOR, &withdraw, CRUX_E_BALANCE_TOO_SMALL);
    struct crux_claim_id id = table_claim(&table, EXECUTOR, &model, claim, 0, 1);
    struct crux_move demand = {.kind = CRUX_MOVE_DEMAND, .claim = id};
    expect(POOR, &demand, CRUX_E_BALANCE_TOO_SMALL);
}

static void payees(void **state) {
    struct crux_account poor = table_account(POOR), payee = table_account(STRANGER),
                        other = table_account(EXECUTOR);
    static const struct crux_account none;
    struct crux_move name = {.kind = CRUX_MOVE_PAYEE, .account = poor.b, .payee = payee.b};
    struct crux_move withdraw = {.kind = CRUX_MOVE_WITHDRAW, .amount = 400};
    struct crux_move collect = {.kind = CRUX_MOVE_COLLECT, .account = poor.b, .amount = 500};
    struct crux_game_chain before, after;
    (void)state;
    uint64_t had = table_balance(&table, STRANGER), poor_had = table_balance(&table, POOR);
    assert_int_equal(crux_game_get_chain(&table.game, &before), CRUX_OK);
    expect(STRANGER, &name, CRUX_E_NOT_PERMITTED);
    expect(STRANGER, &collect, CRUX_E_NOT_PERMITTED);
    expect(POOR, &name, CRUX_OK);
    expect_repeated(POOR, &name);
    expect(POOR, &withdraw, CRUX_OK);
    assert_int_equal(table.out.paid, 400);
    expect(STRANGER, &collect, CRUX_OK);
    assert_int_equal(table.out.paid, 100);
    expect_repeated(STRANGER, &collect);
    expect(POOR, &collect, CRUX_E_NOT_PERMITTED);
    assert_int_equal(table_balance(&table, STRANGER), had + 500);
    assert_int_equal(table_balance(&table, POOR), poor_had - 500);
    assert_int_equal(crux_game_get_chain(&table.game, &after), CRUX_OK);
    assert_int_equal(after.balances, before.balances);
    assert_int_equal(after.withdrawn, before.withdrawn);
    /* only the payee names another */
    name.payee = other.b;
    expect(POOR, &name, CRUX_E_NOT_PERMITTED);
    expect(EXECUTOR, &name, CRUX_E_NOT_PERMITTED);
    expect(STRANGER, &name, CRUX_OK);
    collect.amount = 600;
    expect(STRANGER, &collect, CRUX_E_NOT_PERMITTED);
    expect(EXECUTOR, &collect, CRUX_OK);
    /* the account itself is nobody's payee of itself; none frees it */
    name.payee = poor.b;
    expect(EXECUTOR, &name, CRUX_E_NOT_PERMITTED);
    name.payee = none.b;
    expect(POOR, &name, CRUX_E_NOT_PERMITTED);
    expect(EXECUTOR, &name, CRUX_OK);
    withdraw.amount = 700;
    expect(POOR, &withdraw, CRUX_OK);
    assert_int_equal(crux_game_get_chain(&table.game, &after), CRUX_OK);
    assert_int_equal(after.withdrawn, before.withdrawn + 100);
}

static void times(void **state) {
    struct crux_move withdraw = {.kind = CRUX_MOVE_WITHDRAW, .amount = 1};
    (void)state;
    expect(STRANGER, &withdraw, CRUX_OK);
    withdraw.amount = 2;
    table.now--;
    expect(STRANGER, &withdraw, CRUX_E_TIME_INVALID);
    table.now = CRUX_GAME_TIME_MAX;
    expect(STRANGER, &withdraw, CRUX_E_TIME_INVALID);
    table.now--;
    expect(STRANGER, &withdraw, CRUX_OK);
}

static void models(void **state) {
    uint8_t header[32], manifest[32] = {1}, layers[32] = {2};
    (void)state;
    memcpy(header, model.committed.tree.header, 32);
    struct crux_move move = {.kind = CRUX_MOVE_REGISTER,
                             .header = header,
                             .manifest_hash = manifest,
                             .layers_root = layers};
    expect(STRANGER, &move, CRUX_OK); /* some root that nobody can claim on */
    expect_repeated(EXECUTOR, &move);
    header[0] = 9;
    expect(STRANGER, &move, CRUX_E_BAD_VERSION);
    header[0] = 1;
    header[31] = 9;
    expect(STRANGER, &move, CRUX_E_NON_CANONICAL);
}

int main(void) {
#define RULE(name) cmocka_unit_test_setup_teardown(name, one_table_deal, one_table_clear)
    const struct CMUnitTest tests[] = {
        RULE(posts),
        RULE(parameters_are_frozen),
        RULE(batches),
        RULE(a_demand_is_met),
        RULE(a_demand_is_not_met),
        RULE(nobody_knows_a_claim_that_fell_unshown),
        RULE(a_claim_is_shown_while_it_can_be_disputed),
        RULE(private_claims),
        RULE(a_cancelled_run_needs_its_requesters_word),
        RULE(finality),
        RULE(a_fee_goes_back),
        RULE(a_fee_is_earned),
        RULE(a_private_claim_earns_only_its_requesters_fee),
        RULE(withdrawals),
        RULE(payees),
        RULE(times),
        RULE(models),
    };
    return cmocka_run_group_tests(tests, set_up, one_table_tear_down);
}
