/* What audits find, and what they cost.   spec/75-economics.md#audits */
#include "bisection/economics/economics.h"
#include "bisection/game/records.h"

const char *crux_economics_trouble(const struct crux_economics *e) {
    static const uint64_t most = UINT64_C(1) << 40; /* products below stay within 127 bits */
    switch (crux_game_parameters_check(&e->game)) {
    case CRUX_OK: break;
    case CRUX_E_ROUNDS_EXCEED_CLOCK: return "the clocks do not hold the deepest dispute";
    default: return "the bonds, times, k or number of disputes of the game are not valid";
    }
    if (e->layers < 1 || e->layers > CRUX_LAYERS_MAX) return "a model has 1 to 4096 layers";
    if (e->sampled < 1 || e->sampled > e->layers)
        return "an audit recomputes at least one layer, and no more than the model has";
    if (e->audited > CRUX_SHARE_ONE || e->copied > CRUX_SHARE_ONE || e->interest > CRUX_SHARE_ONE ||
        e->called > CRUX_SHARE_ONE)
        return "a share is at most 1";
    if (e->batch < 1 || e->batch > CRUX_GAME_BATCH_MAX) return "a batch has 1 to 2^20 claims";
    if (e->response > e->game.move_seconds)
        return "an honest side's move takes no longer than the chain's move_seconds";
    if (e->execution > most || e->audit > most || e->saved > most || e->prize > most ||
        e->fee > most || e->move > most || e->proof > most)
        return "a cost, fee or gain is at most 2^40";
    if (e->game.executor_bond > CRUX_GAME_AMOUNT_MAX >> 20) return "a bond is at most 2^42";
    if (e->game.demand_fee > most || e->game.receipt_penalty > most || e->pledge > most)
        return "the fee of a demand, the penalty of a receipt and a pledge are at most 2^40";
    return NULL;
}

/* spec/75-economics.md#audits: "q = a * m / L" */
struct crux_ratio crux_economics_found(const struct crux_economics *e) {
    return (struct crux_ratio){(crux_i128)e->audited * e->sampled,
                               (crux_u128)CRUX_SHARE_ONE * e->layers};
}

struct crux_ratio crux_economics_audit_cost(const struct crux_economics *e) {
    struct crux_ratio found = crux_economics_found(e);
    return (struct crux_ratio){found.num * (crux_i128)e->audit, found.den};
}

struct crux_ratio crux_economics_audit_income(const struct crux_economics *e, uint32_t lying) {
    crux_u128 own = CRUX_SHARE_ONE - e->copied;
    return (struct crux_ratio){(crux_i128)((crux_u128)lying * own * e->sampled * e->game.reward),
                               (crux_u128)CRUX_SHARE_ONE * CRUX_SHARE_ONE * e->layers};
}

/* An audit costs audit * m / L and finds a lie with m / L, so m / L does not matter. */
struct crux_ratio crux_economics_audit_breaks_even(const struct crux_economics *e) {
    crux_u128 own = CRUX_SHARE_ONE - e->copied;
    return (struct crux_ratio){(crux_i128)e->audit * CRUX_SHARE_ONE, own * e->game.reward};
}
