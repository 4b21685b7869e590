#include <string.h>

#include "tests/bisection/game/random_game.h"

const struct crux_provider *provider_for(const struct player_claim *claim) {
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

bool find_dispute(unsigned player, const struct player_claim *claim, uint32_t *number) {
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

bool is_awake(unsigned player) {
    if (sim.asleep_until[player] > sim.table.now) return false;
    if (one_in(200)) sim.asleep_until[player] = sim.table.now + below(OFFLINE_SECONDS);
    return true;
}

static void demand(unsigned c) {
    struct crux_move move = {.kind = CRUX_MOVE_DEMAND, .claim = sim.claim[c].id};
    if (one_in(30)) send_move(SHAM, &move);
}

void everybody_acts(void) {
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
