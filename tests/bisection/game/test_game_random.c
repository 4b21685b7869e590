/* Whole games from a seed: a true claim and false ones, honest players and every kind of bad one, over a network that
 * delays, drops, repeats and reorders, and a chain that reorganises. Every game must end, with the true claim final, the
 * false ones fallen, no honest player poorer, and every unit of value somewhere.
 *
 *   test_game_random [--games N] [--seed S]      a failing game prints its seed; --seed S plays that one game again,
 *                                              and --seed S --games N the N games from there on
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/game_table.h"
#include "tests/support/random.h"

enum {
    HONEST_EXECUTOR = 0,
    LIAR = 1,
    HONEST_CHALLENGER = 2,
    COPYCAT = 3, /* as honest, and as good, under another name */
    SHAM = 4,    /* loses on purpose, or by accident */
    FLOODER = 6, /* the liar's friend: fills the queue of its claims with shams */
    SPAMMER = 7, /* says again, changed or not, what others have said */
    REQUESTER = 8,
    PLAYERS = 9,
    START = 1000000
};

enum {
    CLAIMS_MAX = 3,
    LIES_MAX = 60,
    MESSAGES_MAX = 96,
    MESSAGE_BYTES = 1 << 13,
    SNAPSHOTS = 4, /* as deep as a reorganisation goes, in ticks */
    TICKS_MAX = 20000,
    TICK_SECONDS = 20,
    DELAY_SECONDS = 60,
    OFFLINE_SECONDS = 300,
    FEE = 50,
    PLEDGE = 1000,
    RECEIPTS = 5
};

/* What all games share. */
static struct table_model model;
static struct table_run honest[3]; /* of limit-1, limit, limit+1 tokens */
static struct table_run lies[LIES_MAX];
static struct table_fault lie_faults[LIES_MAX];
static unsigned lie_count;

struct message {
    bool in_flight;
    bool is_done; /* it was delivered in the ticks that a reorganisation can undo */
    uint64_t due;
    unsigned sender, tick;
    size_t len;
    uint8_t bytes[MESSAGE_BYTES];
};

struct player_claim {
    struct crux_claim_id id;
    const struct table_run *run;
    unsigned executor;
    bool is_true;
    uint64_t window_end;
    enum crux_target target; /* where an honest challenger opens */
    uint64_t index;
    bool served;
};

/* A receipt that somebody holds. */
struct player_receipt {
    unsigned executor;
    const struct player_claim *claim; /* that it names; NULL: one that never comes */
    uint8_t request_hash[32], digest[32], bytes[CRUX_PROMISE_BYTES];
    uint64_t sent_at[PLAYERS];
};

struct sim {
    struct crux_random random;
    struct table table;
    struct player_claim claim[CLAIMS_MAX];
    unsigned claims;
    struct player_receipt receipt[RECEIPTS]; /* 0, 1 of the honest executor; 2 to 4 of the liar */
    struct message message[MESSAGES_MAX];
    uint8_t *snapshot[SNAPSHOTS];
    uint64_t snapshot_at[SNAPSHOTS];
    uint64_t asleep_until[PLAYERS];
    uint64_t sent_at[PLAYERS][CLAIMS_MAX][8]; /* by dispute, modulo 8 */
    unsigned tick, drops_in_a_row[PLAYERS];
    unsigned liar_mode, reorgs, floods;
    uint32_t nonce;
};

static struct sim sim;
static uint64_t first_seed = 1, games = 2000, kept, broken, convicted;
static struct crux_solver_move step;

#define CHECK(condition, what)                                                                     \
    do {                                                                                           \
        if (!(condition)) return what;                                                             \
    } while (0)

static uint64_t below(uint64_t end) {
    return crux_random_below(&sim.random, end);
}

static bool one_in(unsigned times) {
    return crux_random_one_in(&sim.random, times);
}

/* ---- the network ---- */

static struct message *free_message(void) {
    for (unsigned i = 0; i < MESSAGES_MAX; i++) {
        struct message *message = &sim.message[i];
        if (!message->in_flight && !(message->is_done && message->tick + SNAPSHOTS > sim.tick))
            return message;
    }
    return NULL;
}

static bool is_honest(unsigned sender) {
    return sender == HONEST_EXECUTOR || sender == HONEST_CHALLENGER;
}

/* Three in a row are lost at most: the chain's forced inclusion. */
static bool is_dropped(unsigned sender) {
    bool dropped = one_in(4) && sim.drops_in_a_row[sender] < 3;
    sim.drops_in_a_row[sender] = dropped ? sim.drops_in_a_row[sender] + 1 : 0;
    return dropped;
}

static void send_bytes(unsigned sender, const uint8_t *bytes, size_t len) {
    unsigned copies = one_in(8) ? 2 : 1;
    if (is_dropped(sender)) return;
    for (unsigned i = 0; i < copies; i++) {
        struct message *message = free_message();
        if (message == NULL || len > MESSAGE_BYTES) return;
        message->in_flight = true;
        message->is_done = false;
        message->due = sim.table.now + below(DELAY_SECONDS);
        message->sender = sender;
        message->len = len;
        memcpy(message->bytes, bytes, len);
    }
}

static void send_move(unsigned sender, const struct crux_move *move) {
    static uint8_t bytes[MESSAGE_BYTES];
    struct crux_writer writer;
    crux_writer_init(&writer, bytes, sizeof bytes);
    if (crux_move_encode(&writer, move) == CRUX_OK) send_bytes(sender, bytes, writer.at);
}

/* Not again while it may still be on its way. */
static bool may_send(unsigned player, unsigned c, uint32_t dispute) {
    uint64_t *at = &sim.sent_at[player][c][dispute % 8];
    if (*at + DELAY_SECONDS / 2 > sim.table.now) return false;
    *at = sim.table.now;
    return true;
}

static void deliver(void) {
    for (unsigned i = 0; i < MESSAGES_MAX; i++) {
        struct message *message = &sim.message[i];
        if (!message->in_flight || message->due > sim.table.now) continue;
        message->in_flight = false;
        message->is_done = true;
        message->tick = sim.tick;
        (void)(table_bytes(&sim.table, message->sender, message->bytes, message->len) == CRUX_OK);
    }
}

static void take_snapshot(void) {
    free(sim.snapshot[sim.tick % SNAPSHOTS]);
    sim.snapshot[sim.tick % SNAPSHOTS] = table_save(&sim.table);
    sim.snapshot_at[sim.tick % SNAPSHOTS] = sim.table.now;
}

/* Back to an earlier block, not across a long wait; what was in the lost ones mostly comes again. */
static void reorganise(void) {
    unsigned back = 1 + (unsigned)below(SNAPSHOTS - 1);
    if (sim.tick < SNAPSHOTS) return;
    unsigned slot = (sim.tick - back) % SNAPSHOTS;
    if (sim.table.now - sim.snapshot_at[slot] > SNAPSHOTS * TICK_SECONDS) return;
    table_restore(&sim.table, sim.snapshot[slot]);
    sim.reorgs++;
    for (unsigned i = 0; i < MESSAGES_MAX; i++) {
        struct message *message = &sim.message[i];
        if (!message->is_done || message->tick + back <= sim.tick || one_in(3)) continue;
        message->is_done = false;
        message->in_flight = true;
        message->due = sim.table.now + below(DELAY_SECONDS);
    }
}

/* ---- the players ---- */

static const struct crux_provider *provider_for(const struct player_claim *claim) {
    uint32_t tokens = claim->run->evidence.claim->chosen_tokens;
    return &honest[tokens + 1 - model.limit].provider;
}

static void defend(unsigned player, unsigned c) {
    const struct player_claim *claim = &sim.claim[c];
    struct crux_game_claim now_claim = table_get_claim(&sim.table, &claim->id);
    uint32_t first = now_claim.disputes == 0 ? 0 : (uint32_t)below(now_claim.disputes);
    for (uint32_t i = 0; i < now_claim.disputes; i++) {
        uint32_t number = (first + i) % now_claim.disputes;
        if (crux_solver_defend(&step, &sim.table.game, &claim->id, number, &claim->run->provider,
                               sim.table.now) != CRUX_OK)
            continue; /* a liar's trace that does not fit itself */
        if (step.any && may_send(player, c, number)) send_move(player, &step.move);
    }
    if (crux_solver_publish(&step, &sim.table.game, &claim->id, &claim->run->provider,
                            sim.table.now) == CRUX_OK &&
        step.any && may_send(player, c, 7))
        send_move(player, &step.move);
}

/* Out: number, of the player's dispute on the claim that is not over; or the one that it opened last. */
static bool find_dispute(unsigned player, const struct player_claim *claim, uint32_t *number) {
    struct crux_account me = table_account(player);
    struct crux_game_claim now_claim = table_get_claim(&sim.table, &claim->id);
    for (uint32_t i = now_claim.disputes; i-- > 0;) {
        struct crux_game_dispute dispute = table_get_dispute(&sim.table, &claim->id, i);
        *number = i;
        if (memcmp(&dispute.challenger, &me, sizeof me) == 0) return true;
    }
    return false;
}

static void challenge(unsigned player, unsigned c) {
    const struct player_claim *claim = &sim.claim[c];
    const struct crux_provider *own = provider_for(claim);
    const struct crux_provider *served = claim->served ? &claim->run->provider : NULL;
    uint32_t number;
    if (claim->target == 0) return;
    if (!find_dispute(player, claim, &number)) {
        if (table_get_claim(&sim.table, &claim->id).fallen) return;
        if (crux_solver_open(&step, &claim->id, claim->run->evidence.claim, claim->target,
                             claim->index, 1, START, model.program.header.layers, own,
                             served) == CRUX_OK &&
            may_send(player, c, 6))
            send_move(player, &step.move);
        return;
    }
    if (crux_solver_challenge(&step, &sim.table.game, &claim->id, number, own, served,
                              sim.table.now) == CRUX_OK &&
        step.any && may_send(player, c, number)) {
        if (step.move.kind == CRUX_MOVE_PICK && one_in(3)) {
            struct crux_signed_pick said = {.claim = claim->id,
                                            .dispute = number,
                                            .round = step.move.round,
                                            .index = step.move.index,
                                            .padding = step.move.flag,
                                            .expiry = sim.table.now + 2 * DELAY_SECONDS};
            uint8_t digest[32], signature[CRUX_SIGNATURE_BYTES];
            memcpy(said.node, step.node, 32);
            crux_game_pick_digest(digest, &sim.table.game, &said);
            table_sign(signature, player, digest);
            step.move.kind = CRUX_MOVE_SIGNED_PICK;
            step.move.deadline = said.expiry;
            step.move.signature = signature;
            send_move(claim->executor, &step.move);
            return;
        }
        send_move(player, &step.move);
    }
    /* what lies before one's own in the queue */
    uint32_t disputes = table_get_claim(&sim.table, &claim->id).disputes;
    for (uint32_t i = 0; i < disputes; i++) {
        if (crux_solver_timeout(&step, &sim.table.game, &claim->id, i, sim.table.now) == CRUX_OK &&
            step.any && i != number)
            send_move(player, &step.move);
    }
}

static struct crux_move random_opening(const struct player_claim *claim) {
    static const uint8_t zero[32];
    static uint8_t hash[32];
    static const uint8_t targets[] = {CRUX_TARGET_TRACE, CRUX_TARGET_OUTPUT, CRUX_TARGET_COUNT,
                                      CRUX_TARGET_TOKEN, CRUX_TARGET_DONE};
    uint8_t target = targets[below(5)];
    bool has_index = target == CRUX_TARGET_TOKEN || target == CRUX_TARGET_DONE;
    crux_claim_hash(hash, claim->run->evidence.claim);
    return (struct crux_move){.kind = CRUX_MOVE_OPEN,
                              .claim = claim->id,
                              .hash = hash,
                              .leaf = zero,
                              .amount = START,
                              .count = 100 + sim.nonce++,
                              .flag = target,
                              .index = has_index ? below(3) : 0};
}

/* Opens and picks at random, and is often silent. */
static void sham(unsigned player, unsigned c) {
    const struct player_claim *claim = &sim.claim[c];
    uint32_t number;
    bool found = find_dispute(player, claim, &number);
    struct crux_game_dispute dispute = {.stage = CRUX_STAGE_LOST};
    if (found) dispute = table_get_dispute(&sim.table, &claim->id, number);
    if (dispute.stage >= CRUX_STAGE_WON || (player == FLOODER && one_in(3))) {
        if (sim.table.now <= claim->window_end && sim.floods > 0 && may_send(player, c, 5)) {
            struct crux_move open = random_opening(claim);
            sim.floods--;
            send_move(player, &open);
        }
        return;
    }
    if (crux_game_turn(&dispute) != 1 || !one_in(2) || !may_send(player, c, number)) return;
    struct crux_move pick = {.kind = CRUX_MOVE_PICK,
                             .claim = claim->id,
                             .dispute = number,
                             .node = dispute.node,
                             .round = dispute.round,
                             .index = below(dispute.stage == CRUX_STAGE_ELEMENT ? 40 : 4),
                             .flag = one_in(5)};
    send_move(player, &pick);
}

/* Somebody's earlier message, perhaps with a byte changed, perhaps as one's own. */
static void spam(void) {
    uint8_t bytes[MESSAGE_BYTES];
    const struct message *message = &sim.message[below(MESSAGES_MAX)];
    if (message->len == 0) return;
    memcpy(bytes, message->bytes, message->len);
    if (one_in(2)) bytes[below(message->len)] ^= (uint8_t)(1u << below(8));
    struct message *copy = free_message();
    if (copy == NULL || copy == message) return;
    *copy = *message;
    memcpy(copy->bytes, bytes, message->len);
    copy->in_flight = true;
    copy->is_done = false;
    copy->due = sim.table.now;
    /* a signed transaction can be repeated as it is, but only its author can change it */
    bool same = memcmp(bytes, message->bytes, message->len) == 0;
    copy->sender = same && one_in(2) ? message->sender : SPAMMER;
}

/* ---- receipts ---- */

static bool is_awake(unsigned player);

static void sign_receipt(struct player_receipt *receipt, unsigned executor,
                         const struct player_claim *claim, uint64_t deadline) {
    const struct crux_claim *what = sim.claim[claim == NULL ? 1 : 0].run->evidence.claim;
    struct crux_receipt said = {.mode = CRUX_MODE_BATCHED, .deadline = deadline};
    struct crux_account account = table_account(executor);
    struct crux_writer writer;
    uint8_t signature[CRUX_SIGNATURE_BYTES];
    memset(receipt, 0, sizeof *receipt);
    receipt->executor = executor;
    receipt->claim = claim;
    if (claim != NULL) what = claim->run->evidence.claim;
    memcpy(receipt->request_hash, what->request_hash, 32);
    memcpy(said.chain_id, sim.table.game.chain_id, 32);
    memcpy(said.contract, sim.table.game.contract, 32);
    memcpy(said.executor, account.b, 20);
    memcpy(said.request_hash, receipt->request_hash, 32);
    if (claim == NULL)
        memset(said.claim_hash, 7, 32);
    else
        crux_claim_hash(said.claim_hash, what);
    crux_receipt_digest(receipt->digest, &said);
    table_sign(signature, executor, receipt->digest);
    crux_writer_init(&writer, receipt->bytes, sizeof receipt->bytes);
    crux_put_bytes(&writer, said.claim_hash, 32);
    crux_put_u8(&writer, said.mode);
    crux_put_bytes(&writer, said.requester, 20);
    crux_put_u64(&writer, said.deadline);
    crux_put_bytes(&writer, signature, sizeof signature);
}

/* Out: promise.  Returns: was the receipt called, and is it open? */
static bool is_called(const struct player_receipt *receipt, struct crux_game_promise *promise) {
    return crux_game_get_promise(&sim.table.game, receipt->digest, promise) == CRUX_OK &&
           promise->state == CRUX_PROMISE_OPEN;
}

static void send_about(unsigned player, struct player_receipt *receipt,
                       const struct crux_move *move) {
    if (receipt->sent_at[player] + DELAY_SECONDS / 2 > sim.table.now) return;
    receipt->sent_at[player] = sim.table.now;
    send_move(player, move);
}

/* The honest executor answers; the liar where it can; an honest challenger calls what has lapsed. */
static void answer_calls(struct player_receipt *receipt) {
    static const uint8_t nothing[1];
    struct crux_game_promise promise;
    if (!is_called(receipt, &promise)) return;
    struct crux_move keep = {.kind = CRUX_MOVE_KEEP, .hash = receipt->digest, .rest = nothing};
    const struct crux_move lapse = {.kind = CRUX_MOVE_LAPSE, .hash = receipt->digest};
    if (receipt->claim != NULL) keep.claim = receipt->claim->id;
    bool answers = receipt->executor == LIAR ? one_in(50) : is_awake(HONEST_EXECUTOR);
    if (sim.table.now > promise.answer_by)
        send_about(HONEST_CHALLENGER, receipt, &lapse);
    else if (answers)
        send_about(receipt->executor, receipt, &keep);
}

static void hold_receipts(void) {
    struct player_receipt *one = &sim.receipt[below(RECEIPTS)],
                          *two = &sim.receipt[below(RECEIPTS)];
    struct crux_account executor = table_account(one->executor);
    const struct crux_move call = {.kind = CRUX_MOVE_CALL,
                                   .executor = executor.b,
                                   .hash = one->request_hash,
                                   .promise = one->bytes};
    struct crux_move convict = call;
    convict.kind = CRUX_MOVE_CONVICT;
    convict.other = two->bytes;
    const struct crux_move leave = {.kind = CRUX_MOVE_LEAVE}, release = {.kind = CRUX_MOVE_RELEASE};
    const struct crux_move pledge = {.kind = CRUX_MOVE_PLEDGE,
                                     .amount = PLEDGE + below(3 * PLEDGE)};
    if (one_in(20)) send_move(SHAM, &call);
    if (one_in(60)) send_move(SHAM + 1, &convict);
    if (one_in(100)) send_move(LIAR, one_in(2) ? &leave : &release);
    if (one_in(200)) send_move(LIAR, &pledge);
    for (unsigned i = 0; i < RECEIPTS; i++) answer_calls(&sim.receipt[i]);
}

static const char *pledge_and_sign(void) {
    const struct crux_move pledge = {.kind = CRUX_MOVE_PLEDGE, .amount = PLEDGE};
    CHECK(table_move(&sim.table, HONEST_EXECUTOR, &pledge) == CRUX_OK &&
              table_move(&sim.table, LIAR, &pledge) == CRUX_OK,
          "pledge");
    for (unsigned i = 0; i < RECEIPTS; i++) {
        const struct player_claim *claim = i == 4 ? NULL : &sim.claim[i < 2 ? 0 : 1];
        sign_receipt(&sim.receipt[i], i < 2 ? HONEST_EXECUTOR : LIAR, claim,
                     sim.table.now + below(3000));
    }
    return NULL;
}

/* Every pledge is taken out, as far as anything is left of it: that of a player who repeated another's too. */
static const char *release_all(void) {
    struct crux_game_pledge left[PLAYERS];
    const struct crux_move leave = {.kind = CRUX_MOVE_LEAVE}, release = {.kind = CRUX_MOVE_RELEASE};
    for (unsigned i = 0; i < PLAYERS; i++) {
        struct crux_account account = table_account(i);
        CHECK(crux_game_get_pledge(&sim.table.game, &account, &left[i]) == CRUX_OK, "pledge");
        CHECK(left[i].open == 0, "a promise is open");
        if (left[i].amount > 0) CHECK(table_move(&sim.table, i, &leave) == CRUX_OK, "leave");
    }
    CHECK(left[HONEST_EXECUTOR].amount == PLEDGE, "the honest executor's pledge");
    sim.table.now += table_parameters.leave_seconds + 1;
    for (unsigned i = 0; i < PLAYERS; i++)
        if (left[i].amount > 0) CHECK(table_move(&sim.table, i, &release) == CRUX_OK, "release");
    return NULL;
}

static bool is_awake(unsigned player) {
    if (sim.asleep_until[player] > sim.table.now) return false;
    if (one_in(200)) sim.asleep_until[player] = sim.table.now + below(OFFLINE_SECONDS);
    return true;
}

static void demand(unsigned c) {
    struct crux_move move = {.kind = CRUX_MOVE_DEMAND, .claim = sim.claim[c].id};
    if (one_in(30)) send_move(SHAM, &move);
}

static void everybody_acts(void) {
    for (unsigned c = 0; c < sim.claims; c++) {
        const struct player_claim *claim = &sim.claim[c];
        bool liar_acts = sim.liar_mode == 0 || (sim.liar_mode == 1 && one_in(3));
        if (claim->is_true ? is_awake(HONEST_EXECUTOR) : liar_acts) defend(claim->executor, c);
        if (is_awake(HONEST_CHALLENGER)) challenge(HONEST_CHALLENGER, c);
        if (sim.liar_mode % 2 == 1 && one_in(2)) challenge(COPYCAT, c);
        if (one_in(3)) sham(SHAM, c);
        if (one_in(5)) sham(SHAM + 1, c);
        if (!claim->is_true) sham(FLOODER, c);
        demand(c);
    }
    if (one_in(3)) spam();
    hold_receipts();
}

/* ---- a game ---- */

static void post(unsigned c, unsigned executor, const struct table_run *run, bool is_true) {
    struct player_claim *claim = &sim.claim[c];
    const struct crux_claim *what = run->evidence.claim;
    *claim = (struct player_claim){
        .run = run, .executor = executor, .is_true = is_true, .served = one_in(2)};
    claim->id = table_claim(&sim.table, executor, &model, what, 0, 1);
    claim->window_end = sim.table.now + table_parameters.window_seconds;
    struct crux_game_batch batch;
    if (crux_game_get_batch(&sim.table.game, claim->id.batch, &batch) == CRUX_OK)
        claim->window_end = sim.table.now + batch.parameters.window_seconds;
}

static const char *begin(uint64_t seed) {
    static const uint32_t all_k[] = {2, 3, 4, 5, 8, 16, 64};
    struct crux_game_parameters parameters = table_parameters;
    memset(sim.message, 0, sizeof sim.message);
    memset(sim.sent_at, 0, sizeof sim.sent_at);
    memset(sim.asleep_until, 0, sizeof sim.asleep_until);
    memset(sim.drops_in_a_row, 0, sizeof sim.drops_in_a_row);
    sim.random.state = seed;
    sim.tick = sim.reorgs = 0;
    sim.nonce = 0;
    sim.liar_mode = (unsigned)below(4);
    sim.floods = (unsigned)below(12);
    parameters.k = all_k[below(CRUX_ARRAY_LEN(all_k))];
    parameters.running_max = 1 + (uint32_t)below(3);
    parameters.move_seconds = 300; /* delays, drops, sleep and reorganisations together */
    parameters.clock_seconds = crux_game_moves_max(parameters.k) * parameters.move_seconds;
    parameters.demand_seconds = 4000;
    parameters.window_seconds = parameters.clock_seconds + 8000;
    table_init(&sim.table, &parameters);
    struct crux_account executor = table_account(HONEST_EXECUTOR);
    struct crux_move escrow = {.kind = CRUX_MOVE_ESCROW,
                               .executor = executor.b,
                               .hash = honest[1].evidence.claim->request_hash,
                               .amount = FEE,
                               .deadline = sim.table.now};
    CHECK(table_move(&sim.table, REQUESTER, &escrow) == CRUX_OK, "escrow");
    sim.claims = 2 + (unsigned)below(CLAIMS_MAX - 1);
    post(0, HONEST_EXECUTOR, &honest[1], true);
    struct crux_account requester = table_account(REQUESTER);
    struct crux_move bind = {
        .kind = CRUX_MOVE_BIND, .claim = sim.claim[0].id, .account = requester.b};
    CHECK(table_move(&sim.table, HONEST_EXECUTOR, &bind) == CRUX_OK, "bind");
    unsigned lie = (unsigned)below(lie_count);
    for (unsigned c = 1; c < sim.claims; c++) {
        struct player_claim *claim = &sim.claim[c];
        post(c, LIAR, &lies[(lie + 7 * c) % lie_count], false);
        CHECK(crux_solver_opening(&claim->target, &claim->index, claim->run->evidence.claim,
                                  &model.program.header, provider_for(claim)->evidence->request,
                                  provider_for(claim)) == CRUX_OK,
              "opening");
        CHECK(claim->target != 0, "a lie that is none");
    }
    CHECK(crux_solver_opening(&sim.claim[0].target, &sim.claim[0].index, honest[1].evidence.claim,
                              &model.program.header, honest[1].evidence.request,
                              &honest[1].provider) == CRUX_OK &&
              sim.claim[0].target == 0,
          "the true claim is true");
    return pledge_and_sign();
}

static bool is_quiet(void) {
    for (unsigned i = 0; i < MESSAGES_MAX; i++) {
        if (sim.message[i].in_flight) return false;
    }
    return true;
}

/* Out: when, the next time at which something is due.  Returns: is anything open, or can be opened? */
static bool next_time(uint64_t *when) {
    bool any = false;
    *when = UINT64_MAX;
    for (unsigned i = 0; i < RECEIPTS; i++) {
        struct crux_game_promise promise;
        if (!is_called(&sim.receipt[i], &promise)) continue;
        any = true;
        if (promise.answer_by + 1 < *when) *when = promise.answer_by + 1;
    }
    for (unsigned c = 0; c < sim.claims; c++) {
        const struct player_claim *claim = &sim.claim[c];
        struct crux_game_claim state = table_get_claim(&sim.table, &claim->id);
        if (state.fallen) continue;
        uint64_t end = claim->window_end + 1;
        if (end > sim.table.now && end < *when) *when = end;
        any = any || end > sim.table.now || state.open > 0 || state.demand == CRUX_DEMAND_OPEN;
        if (state.demand == CRUX_DEMAND_OPEN && state.demand_deadline + 1 < *when)
            *when = state.demand_deadline + 1;
        for (uint32_t i = 0; i < state.disputes; i++) {
            struct crux_game_dispute dispute = table_get_dispute(&sim.table, &claim->id, i);
            uint64_t deadline = crux_game_deadline(&dispute);
            if (deadline < *when) *when = deadline + 1;
        }
    }
    return any;
}

/* Nobody has said anything: go where the next clock ends, but no faster than an honest player wakes. */
static void pass_time(void) {
    uint64_t when;
    sim.table.now += 1 + below(TICK_SECONDS);
    if (!is_quiet() || !next_time(&when) || !one_in(10)) return;
    /* honest players are never asleep for long: let all of them look before a long wait */
    for (unsigned player = 0; player < PLAYERS; player++) {
        if (is_honest(player) && sim.asleep_until[player] > sim.table.now) return;
    }
    for (unsigned i = 0; i < RECEIPTS; i++) {
        struct crux_game_promise promise;
        if (sim.receipt[i].executor == HONEST_EXECUTOR && is_called(&sim.receipt[i], &promise))
            return;
    }
    for (unsigned c = 0; c < sim.claims; c++) {
        const struct player_claim *claim = &sim.claim[c];
        struct crux_game_claim state = table_get_claim(&sim.table, &claim->id);
        if (state.fallen) continue;
        if (claim->target != 0 && state.disputes == 0) return;
        if (state.demand == CRUX_DEMAND_OPEN && claim->is_true) return;
        for (uint32_t i = 0; i < state.disputes; i++) {
            struct crux_game_dispute dispute = table_get_dispute(&sim.table, &claim->id, i);
            struct crux_account mine = table_account(HONEST_CHALLENGER);
            unsigned turn = crux_game_turn(&dispute);
            bool is_mine = memcmp(&dispute.challenger, &mine, sizeof mine) == 0;
            if ((turn == 0 && claim->is_true) || (turn == 1 && is_mine)) return;
        }
        uint32_t number;
        if (claim->target != 0 && !find_dispute(HONEST_CHALLENGER, claim, &number)) return;
    }
    if (when > sim.table.now && when != UINT64_MAX) sim.table.now = when;
}

/* What a person wants to see of a game that went wrong. */
static void describe(void) {
    for (unsigned c = 0; c < sim.claims; c++) {
        const struct player_claim *claim = &sim.claim[c];
        struct crux_game_claim state = table_get_claim(&sim.table, &claim->id);
        print_message("claim %u (%s): fallen %u, demand %u, %u disputes, %u started, %u open; now "
                      "%llu, window end %llu\n",
                      c, claim->is_true ? "true" : "false", state.fallen, state.demand,
                      state.disputes, state.started, state.open, (unsigned long long)sim.table.now,
                      (unsigned long long)claim->window_end);
        for (uint32_t i = 0; i < state.disputes; i++) {
            struct crux_game_dispute dispute = table_get_dispute(&sim.table, &claim->id, i);
            print_message("  %u by player %u: stage %u, tree %u, deadline %lld\n", i,
                          dispute.challenger.b[0] - 0xa0u, dispute.stage, dispute.place.tree,
                          (long long)crux_game_deadline(&dispute));
        }
    }
}

static void count_promises(void) {
    static const uint8_t nobody[32];
    struct crux_account liar = table_account(LIAR);
    struct crux_game_promise promise;
    struct crux_game_pledge pledge;
    for (unsigned i = 0; i < RECEIPTS; i++) {
        if (crux_game_get_promise(&sim.table.game, sim.receipt[i].digest, &promise) != CRUX_OK)
            continue;
        kept += promise.state == CRUX_PROMISE_KEPT;
        broken += promise.state == CRUX_PROMISE_BROKEN;
    }
    if (crux_game_get_pledge(&sim.table.game, &liar, &pledge) == CRUX_OK)
        convicted += memcmp(pledge.convicted, nobody, 32) != 0;
}

/* After the last game move: everybody takes what is theirs. */
static const char *settle(void) {
    for (unsigned c = 0; c < sim.claims; c++) {
        const struct player_claim *claim = &sim.claim[c];
        struct crux_game_claim state = table_get_claim(&sim.table, &claim->id);
        CHECK(state.fallen != claim->is_true, "a true claim stands, and a false one falls");
        for (uint32_t i = 0; state.fallen && i < state.disputes; i++) {
            struct crux_move refund = {.kind = CRUX_MOVE_REFUND, .claim = claim->id, .dispute = i};
            enum crux_status status = table_move(&sim.table, SPAMMER, &refund);
            CHECK(status == CRUX_OK || status == CRUX_E_DISPUTE_OVER, "refund");
        }
        struct crux_move finalise = {.kind = CRUX_MOVE_FINALISE, .claim = claim->id};
        CHECK(table_move(&sim.table, SPAMMER, &finalise) == CRUX_OK, "finalise");
    }
    struct crux_account requester = table_account(REQUESTER),
                        executor = table_account(HONEST_EXECUTOR);
    struct crux_move pay = {.kind = CRUX_MOVE_PAY,
                            .account = requester.b,
                            .executor = executor.b,
                            .hash = honest[1].evidence.claim->request_hash};
    CHECK(table_move(&sim.table, SPAMMER, &pay) == CRUX_OK, "pay");
    const char *wrong = release_all();
    if (wrong != NULL) return wrong;
    count_promises();
    struct crux_game_chain chain;
    CHECK(crux_game_get_chain(&sim.table.game, &chain) == CRUX_OK, "chain");
    CHECK(chain.bonds == 0 && chain.stakes == 0 && chain.fees == 0 && chain.pledges == 0,
          "nothing is left behind");
    CHECK(table_balance(&sim.table, HONEST_EXECUTOR) >= START + FEE, "the honest executor lost");
    CHECK(table_balance(&sim.table, HONEST_CHALLENGER) >= START, "the honest challenger lost");
    /* what it was paid for answering calls, it has earned */
    CHECK(table_balance(&sim.table, LIAR) + 600 * (sim.claims - 1) <=
              START + RECEIPTS * table_parameters.demand_fee,
          "lying paid");
    return NULL;
}

static const char *play(uint64_t seed) {
    uint64_t when;
    const char *wrong = begin(seed);
    while (wrong == NULL && (next_time(&when) || !is_quiet())) {
        if (sim.tick == TICKS_MAX) return "stuck";
        take_snapshot();
        everybody_acts();
        deliver();
        if (one_in(40)) reorganise();
        pass_time();
        sim.tick++;
    }
    return wrong != NULL ? wrong : settle();
}

static void end(void) {
    for (unsigned i = 0; i < SNAPSHOTS; i++) {
        free(sim.snapshot[i]);
        sim.snapshot[i] = NULL;
    }
    table_free(&sim.table);
}

static void add_lie(void *ctx, const struct table_fault *fault) {
    const struct crux_claim *truth = honest[1].evidence.claim;
    unsigned *seen = ctx;
    /* every other value, and all else: what is false in no record is no false claim */
    if (fault->kind == FAULT_VALUE && (*seen)++ % 2 != 0) return;
    if (lie_count == LIES_MAX) return;
    lie_faults[lie_count] = *fault;
    if (!table_lying_run(&lies[lie_count], &model, &lie_faults[lie_count])) return;
    if (memcmp(lies[lie_count].evidence.claim, truth, sizeof *truth) == 0)
        table_run_free(&lies[lie_count]);
    else
        lie_count++;
}

static void games_from_seeds(void **state) {
    unsigned seen = 0;
    uint64_t moves = 0, ticks = 0, reorgs = 0, slowest = 0, slowest_ticks = 0;
    (void)state;
    table_model_init(&model, TABLE_LONG);
    for (uint32_t i = 0; i < 3; i++) table_run_init(&honest[i], &model, NULL, model.limit - 1 + i);
    table_each_fault(&model, add_lie, &seen);
    assert_true(lie_count > 30);
    for (uint64_t seed = first_seed; seed < first_seed + games; seed++) {
        const char *wrong = play(seed);
        if (wrong != NULL) {
            describe();
            fail_msg("%s: seed %llu, tick %u", wrong, (unsigned long long)seed, sim.tick);
        }
        moves += sim.table.moves;
        ticks += sim.tick;
        reorgs += sim.reorgs;
        if (sim.tick > slowest_ticks) {
            slowest_ticks = sim.tick;
            slowest = seed;
        }
        end();
    }
    print_message("%llu games of %u lies: %llu moves, %llu ticks, %llu reorganisations; slowest: "
                  "seed %llu, %llu ticks\n",
                  (unsigned long long)games, lie_count, (unsigned long long)moves,
                  (unsigned long long)ticks, (unsigned long long)reorgs,
                  (unsigned long long)slowest, (unsigned long long)slowest_ticks);
    print_message("%llu promises kept, %llu broken, %llu executors convicted\n",
                  (unsigned long long)kept, (unsigned long long)broken,
                  (unsigned long long)convicted);
    assert_true(games < 100 || (kept > 0 && broken > 0 && convicted > 0));
    for (unsigned i = 0; i < lie_count; i++) table_run_free(&lies[i]);
    for (uint32_t i = 0; i < 3; i++) table_run_free(&honest[i]);
    table_model_free(&model);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(games_from_seeds)};
    for (int i = 1; i + 1 < argc; i += 2) {
        uint64_t value = strtoull(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--games") == 0) games = value;
        if (strcmp(argv[i], "--seed") == 0) {
            first_seed = value;
            games = 1;
        }
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
