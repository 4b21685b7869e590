/* Floods: disputes of a true claim that say nothing once their step is opened; and an honest challenger behind them. */
#include "cli/economics.h"

enum { STEPS_MAX = 1 << 16 };

uint32_t crux_cli_flood_most(const struct crux_cli_tree *tree) {
    return tree->layers * tree->positions - 1; /* one step is left for an honest challenger */
}

/* The flood's disputes, at steps from 0 on, leaving out `spared`. */
static enum crux_status open_flood(struct crux_cli_game *game, uint32_t disputes, uint64_t spared) {
    enum crux_status status = CRUX_OK;
    for (uint32_t i = 0; status == CRUX_OK && i < disputes; i++)
        status = crux_cli_game_open_at(game, CRUX_CLI_GAME_FLOOD, 0, i < spared ? i : i + 1u, i);
    return status;
}

/* When somebody moves in the dispute: an answer comes after `response`, a timeout as soon as it is due. Of `mute` the
 * executor says nothing. */
static uint64_t moves_at(const struct crux_game_dispute *dispute, uint32_t mute,
                         uint32_t response) {
    uint64_t deadline = crux_game_deadline(dispute);
    if (deadline == UINT64_MAX) return UINT64_MAX;
    bool answers = crux_game_turn(dispute) == 0 && dispute->key.number != mute;
    return answers ? dispute->since + response : deadline + 1;
}

/* The next move of any dispute, at its time.  Out: over, none is left or the claim has fallen. */
static enum crux_status step(struct crux_cli_game *game, uint32_t disputes, uint32_t mute,
                             uint32_t response, bool *over) {
    const struct crux_claim_id id = crux_cli_game_id(game, 0);
    struct crux_game_dispute dispute;
    struct crux_game_claim claim;
    uint64_t next = UINT64_MAX;
    uint32_t which = 0;
    bool moved = false, challenged = false;
    enum crux_status status = crux_game_get_claim(&game->game, &id, &claim);
    *over = status == CRUX_OK && claim.fallen;
    for (uint32_t i = 0; status == CRUX_OK && !*over && i < disputes; i++) {
        status = crux_game_get_dispute(&game->game, &id, i, &dispute);
        uint64_t at = status == CRUX_OK ? moves_at(&dispute, mute, response) : 0;
        if (at >= next) continue;
        next = at;
        which = i;
        challenged = i == mute;
    }
    if (next == UINT64_MAX) *over = true;
    if (status != CRUX_OK || *over) return status;
    if (next > game->now) game->now = next;
    status = challenged ? crux_cli_game_challenge(game, &moved, CRUX_CLI_GAME_CHALLENGER, 0, which)
                        : crux_cli_game_defend(game, &moved, 0, which);
    return status == CRUX_OK && !moved ? CRUX_E_INTERNAL : status;
}

static enum crux_status play(struct crux_cli_game *game, uint32_t disputes, uint32_t mute,
                             uint32_t response) {
    bool over = false;
    for (uint32_t i = 0; i < STEPS_MAX; i++) {
        enum crux_status status = step(game, disputes, mute, response, &over);
        if (status != CRUX_OK || over) return status;
    }
    return CRUX_E_INTERNAL;
}

static enum crux_status begin(struct crux_cli_game *game, const struct crux_economics *e,
                              const struct crux_cli_tree_run *claim, uint64_t stakes) {
    game->claim[0] = claim;
    enum crux_status status = crux_cli_game_begin(game);
    if (status == CRUX_OK)
        status = crux_cli_game_deposit(game, CRUX_CLI_GAME_EXECUTOR, e->game.executor_bond);
    if (status == CRUX_OK) status = crux_cli_game_deposit(game, CRUX_CLI_GAME_FLOOD, stakes);
    return status == CRUX_OK ? crux_cli_game_post(game, 1, 0) : status;
}

static void count_flood(struct crux_cli_measured *measured, const struct crux_economics *e,
                        uint32_t disputes, uint64_t cost, uint64_t delay, uint64_t income) {
    uint64_t stall = crux_economics_stall(e, 1);
    crux_cli_tally_check(measured, CRUX_CLI_FLOOD_COST, (double)cost,
                         cost == crux_economics_flood_cost(e, disputes));
    crux_cli_tally_check(measured, CRUX_CLI_FLOOD_DELAY, (double)delay,
                         delay == crux_economics_flood_delay(e, disputes, stall));
    crux_cli_tally_check(measured, CRUX_CLI_FLOOD_INCOME, (double)income,
                         income == disputes * e->game.defence_cost);
    if (disputes <= e->game.running_max)
        crux_cli_tally_check(measured, CRUX_CLI_STALL, (double)delay, delay == stall);
}

/* The two floods that were asked for, against the bounds for the best that a flood can do. */
static void count_planned(struct crux_cli_measured *measured, const struct crux_cli_economics *what,
                          uint64_t cost, uint64_t delay) {
    const struct crux_economics *e = &what->e;
    uint64_t most = crux_economics_stall(e, crux_game_moves_max(e->game.k));
    uint64_t bound = crux_economics_flood_cost(e, crux_economics_flood_for(e, what->delay, most));
    if (delay >= what->delay)
        crux_cli_tally_check(measured, CRUX_CLI_DELAY_COST, (double)cost, cost >= bound);
    bound = crux_economics_flood_delay(e, crux_economics_flood_of(e, what->budget), most);
    if (cost <= what->budget)
        crux_cli_tally_check(measured, CRUX_CLI_BUDGET_DELAY, (double)delay, delay <= bound);
}

enum crux_status crux_cli_economics_flood(struct crux_cli_measured *measured,
                                          const struct crux_cli_economics *what,
                                          struct crux_cli_game *game, uint32_t disputes,
                                          bool planned) {
    const struct crux_economics *e = &what->e;
    const struct crux_claim_id id = {0, 0, 0};
    uint64_t stakes = crux_economics_flood_cost(e, disputes), end = e->game.window_seconds;
    enum crux_claim_state state, before;
    if (stakes == CRUX_ECONOMICS_NONE) return CRUX_E_AMOUNT_INVALID;
    enum crux_status status = begin(game, e, &game->tree->honest, stakes);
    uint64_t executor = crux_cli_game_balance(game, CRUX_CLI_GAME_EXECUTOR);
    game->now = end;
    if (status == CRUX_OK) status = open_flood(game, disputes, UINT64_MAX);
    if (status == CRUX_OK) status = play(game, disputes, UINT32_MAX, e->response);
    if (status == CRUX_OK) status = crux_game_claim_state(&before, &game->game, &id, end);
    if (status == CRUX_OK) status = crux_game_claim_state(&state, &game->game, &id, game->now);
    if (status != CRUX_OK) return status;
    if (before != CRUX_CLAIM_PENDING || state != CRUX_CLAIM_FINAL) return CRUX_E_INTERNAL;
    uint64_t cost = stakes - crux_cli_game_balance(game, CRUX_CLI_GAME_FLOOD);
    uint64_t income = crux_cli_game_balance(game, CRUX_CLI_GAME_EXECUTOR) - executor;
    if (planned)
        count_planned(measured, what, cost, game->now - end);
    else
        count_flood(measured, e, disputes, cost, game->now - end, income);
    return CRUX_OK;
}

enum crux_status crux_cli_economics_behind(struct crux_cli_measured *measured,
                                           const struct crux_cli_economics *what,
                                           struct crux_cli_game *game,
                                           struct crux_cli_random *random, uint32_t disputes) {
    const struct crux_economics *e = &what->e;
    const struct crux_cli_tree *tree = game->tree;
    const struct crux_cli_tree_run *claim =
        &tree->lying[crux_cli_random_below(random, tree->layers)];
    const struct crux_claim_id id = {0, 0, 0};
    uint64_t spared = (uint64_t)claim->pos * tree->layers + claim->layer;
    uint64_t stakes = crux_economics_flood_cost(e, disputes);
    uint64_t bond = crux_economics_bond_behind(e, disputes);
    struct crux_game_claim record;
    if (stakes == CRUX_ECONOMICS_NONE || bond == CRUX_ECONOMICS_NONE) return CRUX_E_AMOUNT_INVALID;
    enum crux_status status = begin(game, e, claim, stakes);
    if (status == CRUX_OK) status = crux_cli_game_deposit(game, CRUX_CLI_GAME_CHALLENGER, bond);
    if (status == CRUX_OK) status = open_flood(game, disputes, spared);
    if (status == CRUX_OK) status = crux_cli_game_open(game, CRUX_CLI_GAME_CHALLENGER, 0);
    uint64_t left = crux_cli_game_balance(game, CRUX_CLI_GAME_CHALLENGER);
    if (status == CRUX_OK) status = play(game, disputes + 1, disputes, e->response);
    if (status == CRUX_OK) status = crux_game_get_claim(&game->game, &id, &record);
    if (status != CRUX_OK) return status;
    if (!record.fallen ||
        crux_cli_game_balance(game, CRUX_CLI_GAME_CHALLENGER) != bond + e->game.reward)
        return CRUX_E_INTERNAL;
    uint64_t wait =
        disputes / e->game.running_max * crux_economics_stall(e, 1) + e->game.clock_seconds + 1;
    crux_cli_tally_check(measured, CRUX_CLI_BEHIND_BOND, (double)bond, left == 0);
    crux_cli_tally_check(measured, CRUX_CLI_BEHIND_TIME, (double)game->now, game->now == wait);
    crux_cli_tally_check(measured, CRUX_CLI_CHALLENGER_REPAID, (double)game->now,
                         game->now <= crux_economics_challenger_repaid(e, disputes));
    return CRUX_OK;
}
