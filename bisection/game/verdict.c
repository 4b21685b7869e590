/* Disputes and demands end, and somebody pays. */
#include "bisection/game/inside.h"

/* The claim falls, for ever. Other disputes are refunded when their challengers ask: a flood of them costs nothing here.
 * Pays the reward to `winner`. */
static enum crux_status fell(struct crux_play *play, const struct crux_account *winner,
                             enum crux_demand_state demand) {
    struct crux_game_claim *claim = &play->claim;
    uint64_t reward = play->batch.parameters.reward, fee = play->batch.parameters.demand_fee;
    enum crux_status status = CRUX_OK;
    if (claim->fallen || !crux_claim_is_open(claim))
        return CRUX_E_NON_CANONICAL; /* the store is damaged */
    play->out->fell = true;
    play->batch.open--;
    play->batch.fallen++;
    play->chain.bonds -= play->batch.bond;
    /* spec/70-game.md#verdicts: "the challenger gets the reward, and all else, at least half, is burned" */
    play->chain.burned += play->batch.bond - reward;
    if (claim->demand == CRUX_DEMAND_OPEN) {
        play->chain.fees -= fee;
        status = crux_play_pay(play, &claim->demander, fee);
        claim->demand = (uint8_t)demand;
    }
    claim->fallen = 1;
    claim->open = 0;
    claim->running = 0;
    return status == CRUX_OK ? crux_play_pay(play, winner, reward) : status;
}

/* spec/70-game.md#opening: "When a running dispute ends, the first of the queue runs." */
static enum crux_status promote(struct crux_play *play) {
    struct crux_game_claim *claim = &play->claim;
    struct crux_game_dispute next;
    if (claim->started == claim->disputes) return CRUX_OK;
    enum crux_status status = crux_game_get_dispute(play->game, &claim->key, claim->started, &next);
    if (status != CRUX_OK) return status;
    claim->started++;
    claim->running++;
    status = crux_dispute_start(play, &next);
    return status == CRUX_OK ? crux_play_put(play, CRUX_TABLE_DISPUTE, &next) : status;
}

enum crux_status crux_play_verdict(struct crux_play *play, bool challenger_wins,
                                   enum crux_game_end end) {
    struct crux_game_dispute *dispute = &play->dispute;
    struct crux_game_claim *claim = &play->claim;
    uint64_t defence = play->batch.parameters.defence_cost;
    enum crux_status status;
    dispute->end = (uint32_t)end;
    dispute->stage = challenger_wins ? CRUX_STAGE_WON : CRUX_STAGE_LOST;
    play->out->end = (uint8_t)dispute->stage;
    play->chain.stakes -= dispute->bond;
    if (challenger_wins) {
        status = fell(play, &dispute->challenger, CRUX_DEMAND_NONE);
        if (status == CRUX_OK) status = crux_play_pay(play, &dispute->challenger, dispute->bond);
    } else {
        /* spec/70-game.md#verdicts: "the executor gets defence_cost, and all else, at least half, is burned" */
        play->chain.burned += dispute->bond - defence;
        claim->open--;
        claim->running--;
        if (!crux_claim_is_open(claim)) play->batch.open--;
        status = crux_play_pay(play, &play->batch.executor, defence);
        if (status == CRUX_OK) status = promote(play);
    }
    return status == CRUX_OK ? crux_play_save_dispute(play) : status;
}

/* spec/70-game.md#demands: "If the deadline passes, `timeout` fells the claim: the fee returns, and the demander has the
 * reward." */
static enum crux_status demand_timeout(struct crux_play *play) {
    enum crux_status status = crux_play_load_claim(play);
    if (status != CRUX_OK) return status;
    if (play->claim.demand == CRUX_DEMAND_UNMET) return crux_play_repeated(play);
    if (play->claim.fallen) return CRUX_E_CLAIM_FALLEN;
    if (play->claim.demand != CRUX_DEMAND_OPEN) return CRUX_E_MOVE_UNEXPECTED;
    if (play->now <= play->claim.demand_deadline) return CRUX_E_NOT_TOO_LATE;
    struct crux_account demander = play->claim.demander;
    status = fell(play, &demander, CRUX_DEMAND_UNMET);
    return status == CRUX_OK ? crux_play_save_claim(play) : status;
}

enum crux_status crux_play_timeout(struct crux_play *play) {
    if (play->move->dispute == CRUX_DISPUTE_DEMAND) return demand_timeout(play);
    enum crux_status status = crux_play_load_dispute(play);
    if (status != CRUX_OK) return status;
    if (play->dispute.end == CRUX_END_TIMEOUT) return crux_play_repeated(play);
    status = crux_play_running(play);
    if (status != CRUX_OK) return status;
    status = crux_play_in_time(play);
    if (status != CRUX_E_TOO_LATE) return status == CRUX_OK ? CRUX_E_NOT_TOO_LATE : status;
    return crux_play_verdict(play, crux_game_turn(&play->dispute) == 0, CRUX_END_TIMEOUT);
}

/* spec/70-game.md#verdicts: "Every other dispute of the claim is over; its challenger's bond returns by `refund`" */
enum crux_status crux_play_refund(struct crux_play *play) {
    struct crux_game_dispute *dispute = &play->dispute;
    enum crux_status status = crux_play_load_dispute(play);
    if (status != CRUX_OK) return status;
    if (dispute->stage == CRUX_STAGE_REFUNDED) return crux_play_repeated(play);
    if (dispute->stage == CRUX_STAGE_WON || dispute->stage == CRUX_STAGE_LOST)
        return CRUX_E_DISPUTE_OVER;
    if (!play->claim.fallen) return CRUX_E_CLAIM_PENDING;
    dispute->stage = CRUX_STAGE_REFUNDED;
    play->chain.stakes -= dispute->bond;
    play->out->paid = dispute->bond;
    status = crux_play_pay(play, &dispute->challenger, dispute->bond);
    return status == CRUX_OK ? crux_play_save_dispute(play) : status;
}
