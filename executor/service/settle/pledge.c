/* What is pledged for the promises of receipts: locked at the start, taken out by an executor that leaves. */
#include "executor/service/settle/inside.h"

/* spec/70-game.md#receipts: "`pledge` names how much the account will have pledged in all" */
uint64_t settle_unpledged(const struct crux_settle *settle) {
    const struct crux_settle_options *o = &settle->options;
    bool is_wanted = !o->leaves && o->pledge > settle->pledge.total;
    return is_wanted ? o->pledge - settle->pledge.total : 0;
}

/* The bonds of what is promised come first: without them those promises would be the first to be broken. And a pledge for
 * receipts is worth nothing to an executor that has no bond left to give one. */
static enum crux_status lock(struct crux_settle *settle, uint64_t more) {
    uint64_t owed = 0, left, late;
    enum crux_status status = crux_store_owed(settle->store, settle_bond(settle),
                                              settle->chain_time, &owed, &left, &late);
    if (status != CRUX_OK) return settle_store_failed(settle, status);
    status = settle_look(settle);
    if (status != CRUX_OK) return status;
    uint64_t keeps = settle_keeps(settle, owed);
    if (settle->balance < keeps || settle->balance - keeps < more) return CRUX_OK;
    const struct crux_move move = {.kind = CRUX_MOVE_PLEDGE, .amount = settle->options.pledge};
    status = settle_move(settle, &move, NULL);
    return settle_is_chain_trouble(status) ? status : CRUX_OK;
}

static enum crux_status make(struct crux_settle *settle, uint8_t kind) {
    const struct crux_move move = {.kind = kind};
    enum crux_status status = settle_move(settle, &move, NULL);
    /* what is refused is tried again at the next tick: there is something to wait for */
    return settle_is_chain_trouble(status) ? status : CRUX_OK;
}

static enum crux_status leave(struct crux_settle *settle) {
    const struct crux_game_pledge *pledge = &settle->pledge;
    if (pledge->amount == 0 && pledge->open == 0) return CRUX_OK;
    if (!pledge->leaving) return make(settle, CRUX_MOVE_LEAVE);
    if (settle->chain_time <= pledge->leaving_at) return CRUX_OK;
    /* a promise that was missed blocks the way out until somebody says so */
    if (pledge->open > 0) return settle_lapse(settle);
    return make(settle, CRUX_MOVE_RELEASE);
}

enum crux_status settle_pledge(struct crux_settle *settle) {
    uint64_t more = settle_unpledged(settle);
    if (settle->options.leaves) return leave(settle);
    return more > 0 ? lock(settle, more) : CRUX_OK;
}
