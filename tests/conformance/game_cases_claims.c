/* Games about posting, showing, demanding and publishing. */
#include <string.h>

#include "tests/conformance/game_case.h"
#include "tests/support/toy_world.h"

static const struct crux_account nobody;

/* A post in full: claim, request, its tokens, the output, and perhaps the requester's word. */
struct post {
    uint8_t claim[CRUX_CLAIM_BYTES], request[CRUX_REQUEST_BYTES];
    uint8_t rest[64 + 20 + 32 + CRUX_SIGNATURE_BYTES];
    struct crux_move move;
};

static void post_init(struct post *post, const struct table_run *run) {
    const struct crux_tree_id tokens = {.kind = CRUX_TREE_TOKENS},
                              output = {.kind = CRUX_TREE_OUTPUT};
    uint8_t page[CRUX_STEP_PAGE_BYTES];
    struct crux_writer writer;
    memset(post, 0, sizeof *post);
    crux_claim_encode(post->claim, run->evidence.claim);
    memcpy(post->request, run->evidence.request, CRUX_REQUEST_BYTES);
    crux_writer_init(&writer, page, sizeof page);
    world_must(run->evidence.leaf(run->evidence.ctx, &tokens, 0, &writer) == CRUX_OK, "tokens");
    memcpy(post->rest, page, 8); /* P = 2 */
    crux_writer_init(&writer, page, sizeof page);
    world_must(run->evidence.leaf(run->evidence.ctx, &output, 0, &writer) == CRUX_OK, "output");
    memcpy(post->rest + 8, page, 12); /* N = 3 */
    post->move = (struct crux_move){.kind = CRUX_MOVE_POST,
                                    .claim_bytes = post->claim,
                                    .request = post->request,
                                    .amount = 1000,
                                    .account = nobody.b,
                                    .rest = post->rest,
                                    .rest_bytes = 20};
}

static void posts(struct crux_vector_file *file, struct game_world *world) {
    struct game_case c;
    struct post post;
    game_case_begin(&c, file, world, "post", NULL);
    post_init(&post, &world->honest);
    game_case_move(&c, EXECUTOR, &post.move, CRUX_E_MODEL_UNKNOWN);
    game_case_register(&c);
    post.move.rest_bytes = 19;
    game_case_move(&c, EXECUTOR, &post.move, CRUX_E_TRUNCATED);
    post.move.rest_bytes = 21;
    game_case_move(&c, EXECUTOR, &post.move, CRUX_E_TRAILING_BYTES);
    post.move.rest_bytes = 20;
    post.rest[3] ^= 1;
    game_case_move(&c, EXECUTOR, &post.move, CRUX_E_PUBLICATION_MISMATCH);
    post.rest[3] ^= 1;
    post.request[100] ^= 1;
    game_case_move(&c, EXECUTOR, &post.move, CRUX_E_REQUEST_MISMATCH);
    post.request[100] ^= 1;
    post.claim[128] = 0; /* P */
    game_case_move(&c, EXECUTOR, &post.move, CRUX_E_CLAIM_INVALID);
    crux_claim_encode(post.claim, world->honest.evidence.claim);
    post.move.account = c.key[REQUESTER].account.b;
    game_case_move(&c, EXECUTOR, &post.move, CRUX_E_MOVE_MALFORMED);
    post.move.account = nobody.b;
    post.move.amount = 999;
    game_case_move(&c, EXECUTOR, &post.move, CRUX_E_BOND_TOO_SMALL);
    post.move.amount = CRUX_GAME_AMOUNT_MAX + 1;
    game_case_move(&c, EXECUTOR, &post.move, CRUX_E_AMOUNT_INVALID);
    post.move.amount = 10001;
    game_case_move(&c, EXECUTOR, &post.move, CRUX_E_BALANCE_TOO_SMALL);
    post.move.amount = 1000;
    game_case_move(&c, EXECUTOR, &post.move, CRUX_OK);
    c.id = c.out.claim;
    game_case_repeat(&c, EXECUTOR, &post.move);
    post.move.amount = 1001;
    game_case_move(&c, EXECUTOR, &post.move, CRUX_E_ALREADY_POSTED);
    game_case_move(&c, STRANGER, &post.move, CRUX_OK);
    const struct crux_move demand = {.kind = CRUX_MOVE_DEMAND, .claim = c.id};
    game_case_move(&c, CHALLENGER, &demand, CRUX_E_ALREADY_PUBLISHED);
    const struct crux_move finalise = {.kind = CRUX_MOVE_FINALISE, .claim = c.id};
    c.now += 100000;
    game_case_move(&c, POOR, &finalise, CRUX_E_CLAIM_PENDING);
    c.now++;
    game_case_move(&c, POOR, &finalise, CRUX_OK);
    game_case_repeat(&c, POOR, &finalise);
    game_case_end(&c);
}

/* spec/70-game.md#batches-and-claims: "A claim with `cancelled` other than 0 is posted or shown with the requester's word" */
static void cancelled(struct crux_vector_file *file, struct game_world *world) {
    struct game_case c;
    struct post post;
    struct crux_request request;
    struct crux_claim claim = *world->honest.evidence.claim;
    uint8_t salt[32], digest[32], *word;
    game_case_begin(&c, file, world, "cancelled", NULL);
    game_case_register(&c);
    post_init(&post, &world->honest);
    memset(salt, 9, sizeof salt);
    crux_request_read(&request, post.request);
    crux_game_requester_nonce(request.nonce, &c.key[REQUESTER].account, salt);
    crux_request_encode(post.request, &request);
    crux_request_hash(claim.request_hash, post.request);
    claim.cancelled = claim.chosen_tokens;
    crux_claim_encode(post.claim, &claim);
    game_case_move(&c, EXECUTOR, &post.move, CRUX_E_TRUNCATED);
    word = post.rest + 20;
    memcpy(word, c.key[REQUESTER].account.b, 20);
    memcpy(word + 20, salt, 32);
    crux_game_cancel_digest(digest, &c.game, claim.request_hash, claim.cancelled);
    world_must(crux_key_sign(word + 52, &c.key[RIVAL], digest) == CRUX_OK, "a signature");
    post.move.rest_bytes = 20 + 20 + 32 + CRUX_SIGNATURE_BYTES;
    game_case_move(&c, EXECUTOR, &post.move, CRUX_E_CANCELLATION_INVALID);
    world_must(crux_key_sign(word + 52, &c.key[REQUESTER], digest) == CRUX_OK, "a signature");
    word[20] ^= 1; /* another salt: another requester's nonce */
    game_case_move(&c, EXECUTOR, &post.move, CRUX_E_CANCELLATION_INVALID);
    word[20] ^= 1;
    game_case_move(&c, EXECUTOR, &post.move, CRUX_OK);
    game_case_end(&c);
}

static void batches(struct crux_vector_file *file, struct game_world *world) {
    struct game_case c;
    uint8_t root[32] = {9};
    game_case_begin(&c, file, world, "settle_and_show", NULL);
    struct crux_move settle = {
        .kind = CRUX_MOVE_SETTLE, .hash = root, .account = nobody.b, .amount = 1000};
    game_case_move(&c, EXECUTOR, &settle, CRUX_E_CLAIM_INVALID);
    settle.count = CRUX_GAME_BATCH_MAX + 1;
    game_case_move(&c, EXECUTOR, &settle, CRUX_E_CLAIM_INVALID);
    settle.count = CRUX_GAME_BATCH_MAX;
    game_case_move(&c, EXECUTOR, &settle, CRUX_E_BALANCE_TOO_SMALL);
    settle.count = 2;
    settle.account = c.key[CHALLENGER].account.b; /* a requester, but not private */
    game_case_move(&c, EXECUTOR, &settle, CRUX_E_MOVE_MALFORMED);
    settle.account = nobody.b;
    game_case_move(&c, EXECUTOR, &settle, CRUX_OK);
    game_case_repeat(&c, EXECUTOR, &settle);
    settle.count = 3;
    game_case_move(&c, EXECUTOR, &settle, CRUX_E_ALREADY_POSTED);
    game_case_settle(&c, &world->honest, 4, 6, false);
    game_case_show(&c, STRANGER, 6, CRUX_E_MODEL_UNKNOWN);
    game_case_register(&c);
    c.id.member = 6;
    game_case_show(&c, STRANGER, 7, CRUX_E_CLAIM_UNKNOWN);
    c.id.member = 3;
    game_case_show(&c, STRANGER, 6, CRUX_E_PROOF_ROOT_MISMATCH);
    c.id.member = 4;
    game_case_show(&c, STRANGER, 5, CRUX_E_TRUNCATED);
    game_case_show(&c, STRANGER, 40, CRUX_E_TRAILING_BYTES);
    c.now = 1000 + 100000 - 60 - 2000 - 10000 + 1;
    game_case_show(&c, STRANGER, 6, CRUX_E_WINDOW_CLOSED);
    game_case_end(&c);
    game_case_begin(&c, file, world, "show_at_the_last_second", NULL);
    game_case_register(&c);
    game_case_settle(&c, &world->honest, 4, 6, false);
    c.now = 1000 + 100000 - 60 - 2000 - 10000;
    game_case_show(&c, STRANGER, 6, CRUX_OK);
    c.run = &world->lying;
    game_case_show(&c, STRANGER, 6, CRUX_E_CLAIM_MISMATCH);
    game_case_end(&c);
}

static struct crux_move publication(const struct game_case *c, struct post *post) {
    post_init(post, c->run);
    return (struct crux_move){.kind = CRUX_MOVE_PUBLISH,
                              .claim = c->id,
                              .request = post->request,
                              .rest = post->rest,
                              .rest_bytes = 8};
}

static void demand_met(struct crux_vector_file *file, struct game_world *world) {
    struct game_case c;
    struct post post;
    game_case_begin(&c, file, world, "demand_met", NULL);
    game_case_settle(&c, &world->honest, 1, 2, false);
    const struct crux_move demand = {.kind = CRUX_MOVE_DEMAND, .claim = c.id};
    const struct crux_move timeout = game_case_timeout(&c, CRUX_DISPUTE_DEMAND);
    struct crux_move publish = publication(&c, &post);
    c.now = 1000 + 100000 - 2000 - 10000;
    game_case_move(&c, CHALLENGER, &timeout, CRUX_E_MOVE_UNEXPECTED);
    game_case_move(&c, POOR, &demand, CRUX_E_BALANCE_TOO_SMALL);
    game_case_move(&c, CHALLENGER, &demand, CRUX_OK);
    game_case_repeat(&c, CHALLENGER, &demand);
    game_case_move(&c, STRANGER, &demand, CRUX_E_ALREADY_DEMANDED);
    c.now++;
    game_case_move(&c, STRANGER, &demand, CRUX_E_WINDOW_CLOSED);
    game_case_move(&c, EXECUTOR, &publish, CRUX_E_CLAIM_NOT_SHOWN);
    game_case_register(&c);
    game_case_show(&c, EXECUTOR, 2, CRUX_OK); /* it is demanded: late, but in time */
    post.request[5] ^= 1;
    game_case_move(&c, EXECUTOR, &publish, CRUX_E_REQUEST_MISMATCH);
    post.request[5] ^= 1;
    post.rest[4] ^= 1;
    game_case_move(&c, EXECUTOR, &publish, CRUX_E_PUBLICATION_MISMATCH);
    post.rest[4] ^= 1;
    publish.rest_bytes = 7;
    game_case_move(&c, EXECUTOR, &publish, CRUX_E_TRUNCATED);
    publish.rest_bytes = 9;
    game_case_move(&c, EXECUTOR, &publish, CRUX_E_TRAILING_BYTES);
    publish.rest_bytes = 8;
    c.now += 1999;
    game_case_move(&c, CHALLENGER, &timeout, CRUX_E_NOT_TOO_LATE);
    game_case_move(&c, EXECUTOR, &publish, CRUX_OK);
    game_case_repeat(&c, EXECUTOR, &publish);
    game_case_move(&c, CHALLENGER, &timeout, CRUX_E_MOVE_UNEXPECTED);
    game_case_end(&c);
}

static void demand_not_met(struct crux_vector_file *file, struct game_world *world) {
    struct game_case c;
    struct post post;
    game_case_begin(&c, file, world, "demand_not_met", NULL);
    game_case_claim(&c, &world->honest);
    const struct crux_move demand = {.kind = CRUX_MOVE_DEMAND, .claim = c.id};
    const struct crux_move timeout = game_case_timeout(&c, CRUX_DISPUTE_DEMAND);
    const struct crux_move finalise = {.kind = CRUX_MOVE_FINALISE, .claim = c.id};
    struct crux_move publish = publication(&c, &post);
    game_case_move(&c, CHALLENGER, &demand, CRUX_OK);
    c.now += 2001;
    game_case_move(&c, EXECUTOR, &publish, CRUX_E_TOO_LATE);
    game_case_move(&c, STRANGER, &timeout, CRUX_OK);
    game_case_repeat(&c, STRANGER, &timeout);
    game_case_move(&c, EXECUTOR, &publish, CRUX_E_CLAIM_FALLEN);
    game_case_move(&c, RIVAL, &demand, CRUX_E_CLAIM_FALLEN);
    struct crux_move open = game_case_opening(&c, CRUX_TARGET_COUNT, 0, 0);
    game_case_move(&c, RIVAL, &open, CRUX_E_CLAIM_FALLEN);
    c.now += 100000;
    game_case_move(&c, STRANGER, &finalise, CRUX_OK); /* of the other member */
    game_case_end(&c);
}

static void private_batch(struct crux_vector_file *file, struct game_world *world) {
    struct game_case c;
    game_case_begin(&c, file, world, "private", NULL);
    game_case_register(&c);
    game_case_settle(&c, &world->honest, 0, 2, true);
    game_case_show(&c, EXECUTOR, 2, CRUX_OK);
    const struct crux_move demand = {.kind = CRUX_MOVE_DEMAND, .claim = c.id};
    struct crux_move name = {
        .kind = CRUX_MOVE_DELEGATE, .account = c.key[CHALLENGER].account.b, .flag = 1};
    struct crux_move open = game_case_opening(&c, CRUX_TARGET_COUNT, 0, 0);
    game_case_move(&c, CHALLENGER, &demand, CRUX_E_NOT_PERMITTED);
    game_case_move(&c, CHALLENGER, &open, CRUX_E_NOT_PERMITTED);
    game_case_move(&c, REQUESTER, &name, CRUX_OK);
    game_case_repeat(&c, REQUESTER, &name);
    game_case_move(&c, CHALLENGER, &open, CRUX_OK);
    name.flag = 0;
    game_case_move(&c, REQUESTER, &name, CRUX_OK);
    game_case_move(&c, CHALLENGER, &demand, CRUX_E_NOT_PERMITTED);
    game_case_move(&c, EXECUTOR, game_case_defence(&c, 0), CRUX_OK);
    c.now += 100001;
    game_case_end(&c);
}

/* A hot key and a cold one: who has the first takes nothing to where the second does not want it. */
static void payee(struct crux_vector_file *file, struct game_world *world) {
    struct game_case c;
    game_case_begin(&c, file, world, "payee", NULL);
    const uint8_t *hot = c.key[EXECUTOR].account.b, *cold = c.key[REQUESTER].account.b,
                  *thief = c.key[STRANGER].account.b;
    static const uint8_t asked[32] = {1};
    struct crux_move name = {.kind = CRUX_MOVE_PAYEE, .account = hot, .payee = cold};
    struct crux_move withdraw = {.kind = CRUX_MOVE_WITHDRAW, .amount = 100};
    struct crux_move collect = {.kind = CRUX_MOVE_COLLECT, .account = hot, .amount = 150};
    const struct crux_move escrow = {.kind = CRUX_MOVE_ESCROW,
                                     .executor = thief,
                                     .hash = asked,
                                     .amount = 10,
                                     .deadline = c.now + 100};
    game_case_move(&c, REQUESTER, &name, CRUX_E_NOT_PERMITTED); /* the account itself has to */
    game_case_move(&c, EXECUTOR, &collect, CRUX_E_NOT_PERMITTED);
    name.payee = hot;
    game_case_move(&c, EXECUTOR, &name, CRUX_E_NOT_PERMITTED);
    name.payee = cold;
    game_case_move(&c, EXECUTOR, &name, CRUX_OK);
    game_case_repeat(&c, EXECUTOR, &name);
    game_case_move(&c, EXECUTOR, &withdraw, CRUX_OK);
    game_case_repeat(&c, EXECUTOR, &withdraw);
    game_case_move(&c, EXECUTOR, &collect, CRUX_E_NOT_PERMITTED);
    game_case_move(&c, REQUESTER, &collect, CRUX_OK);
    game_case_repeat(&c, REQUESTER, &collect);
    collect.amount = 1u << 20;
    game_case_move(&c, REQUESTER, &collect, CRUX_E_BALANCE_TOO_SMALL);
    game_case_move(&c, EXECUTOR, &escrow, CRUX_E_NOT_PERMITTED);
    name.payee = thief;
    game_case_move(&c, EXECUTOR, &name, CRUX_E_NOT_PERMITTED);
    game_case_move(&c, STRANGER, &name, CRUX_E_NOT_PERMITTED);
    name.payee = nobody.b;
    game_case_move(&c, EXECUTOR, &name, CRUX_E_NOT_PERMITTED);
    game_case_move(&c, REQUESTER, &name, CRUX_OK);
    withdraw.amount = 200;
    game_case_move(&c, EXECUTOR, &withdraw, CRUX_OK);
    game_case_move(&c, EXECUTOR, &escrow, CRUX_OK);
    game_case_end(&c);
}

static void bytes(struct crux_vector_file *file, struct game_world *world) {
    static const uint8_t unknown[] = {0}, after[] = {32, 1},
                         flag[22] = {CRUX_MOVE_DELEGATE, [21] = 2};
    static const uint8_t withdraw[10] = {CRUX_MOVE_WITHDRAW, 5};
    struct game_case c;
    game_case_begin(&c, file, world, "bytes", NULL);
    game_case_bytes(&c, STRANGER, unknown, 0, CRUX_E_TRUNCATED);
    game_case_bytes(&c, STRANGER, unknown, 1, CRUX_E_MOVE_MALFORMED);
    game_case_bytes(&c, STRANGER, after, 2, CRUX_E_MOVE_MALFORMED);
    game_case_bytes(&c, STRANGER, flag, 22, CRUX_E_MOVE_MALFORMED);
    game_case_bytes(&c, STRANGER, withdraw, 8, CRUX_E_TRUNCATED);
    game_case_bytes(&c, STRANGER, withdraw, 10, CRUX_E_TRAILING_BYTES);
    game_case_bytes(&c, STRANGER, withdraw, 9, CRUX_OK);
    game_case_bytes(&c, STRANGER, withdraw, 9, CRUX_OK);
    c.now--;
    game_case_bytes(&c, STRANGER, withdraw, 9, CRUX_E_TIME_INVALID);
    c.now = CRUX_GAME_TIME_MAX;
    game_case_bytes(&c, STRANGER, withdraw, 9, CRUX_E_TIME_INVALID);
    c.now--;
    const struct crux_move more = {.kind = CRUX_MOVE_WITHDRAW, .amount = 10001};
    game_case_move(&c, STRANGER, &more, CRUX_E_BALANCE_TOO_SMALL);
    const struct crux_move all = {.kind = CRUX_MOVE_WITHDRAW, .amount = 10000};
    game_case_move(&c, STRANGER, &all, CRUX_OK);
    game_case_end(&c);
}

void game_cases_claims(struct crux_vector_file *file, struct game_world *world) {
    bytes(file, world);
    posts(file, world);
    cancelled(file, world);
    batches(file, world);
    demand_met(file, world);
    demand_not_met(file, world);
    private_batch(file, world);
    payee(file, world);
}
