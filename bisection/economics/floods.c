/* What a flood of disputes costs whom, and for how long.   spec/75-economics.md#floods */
#include "bisection/economics/economics.h"

static uint64_t capped(crux_u128 value) {
    return value > CRUX_GAME_AMOUNT_MAX ? CRUX_ECONOMICS_NONE : (uint64_t)value;
}

/* spec/75-economics.md#floods: "T = answers * response + clock + extension + 1" */
uint64_t crux_economics_stall(const struct crux_economics *e, uint32_t answers) {
    return (uint64_t)answers * e->response + e->game.clock_seconds + e->game.extension_seconds + 1;
}

/* D at one bond each, then 2, 3, 4 .. bonds. */
static crux_u128 bonds_of(const struct crux_economics *e, uint32_t disputes) {
    crux_u128 running = e->game.running_max, all = disputes;
    if (all <= running) return all;
    crux_u128 queued = all - running;
    return running + queued + queued * (queued + 1) / 2;
}

uint64_t crux_economics_flood_cost(const struct crux_economics *e, uint32_t disputes) {
    return capped(bonds_of(e, disputes) * e->game.challenger_bond);
}

uint64_t crux_economics_flood_delay(const struct crux_economics *e, uint32_t disputes,
                                    uint64_t stall) {
    uint64_t turns = ((uint64_t)disputes + e->game.running_max - 1) / e->game.running_max;
    return capped((crux_u128)turns * stall);
}

uint32_t crux_economics_flood_for(const struct crux_economics *e, uint64_t seconds,
                                  uint64_t stall) {
    if (seconds == 0) return 0;
    uint64_t turns = (seconds - 1) / stall + 1;
    if (turns - 1 > CRUX_ECONOMICS_DISPUTES_MAX / e->game.running_max)
        return (uint32_t)CRUX_ECONOMICS_DISPUTES_MAX + 1;
    return (uint32_t)((turns - 1) * e->game.running_max + 1);
}

uint32_t crux_economics_flood_of(const struct crux_economics *e, uint64_t budget) {
    uint32_t low = 0, high = CRUX_ECONOMICS_DISPUTES_MAX; /* low is affordable */
    while (low < high) {
        uint32_t middle = low + (high - low + 1) / 2;
        if (bonds_of(e, middle) * e->game.challenger_bond <= budget)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

uint64_t crux_economics_bond_behind(const struct crux_economics *e, uint32_t disputes) {
    crux_u128 bonds = 1;
    if (disputes >= e->game.running_max) bonds = (crux_u128)disputes - e->game.running_max + 2;
    return capped(bonds * e->game.challenger_bond);
}

uint64_t crux_economics_dispute_most(const struct crux_economics *e) {
    return 2 * ((uint64_t)e->game.clock_seconds + e->game.extension_seconds) + 1;
}

uint64_t crux_economics_executor_outlay(const struct crux_economics *e) {
    return capped((crux_u128)e->game.running_max * crux_economics_defence(e));
}

/* An opening, and all moves of its side. A challenger proves nothing that the executor does not prove, but may have to. */
uint64_t crux_economics_challenger_outlay(const struct crux_economics *e, uint32_t behind) {
    crux_u128 bond = crux_economics_bond_behind(e, behind);
    return capped(bond + crux_economics_defence(e) + e->move);
}

uint64_t crux_economics_challenger_repaid(const struct crux_economics *e, uint32_t behind) {
    uint64_t turns = (uint64_t)behind / e->game.running_max + 1;
    return capped((crux_u128)turns * crux_economics_dispute_most(e));
}
