/* An executor that lies in some of its claims, audits of some of them, and the disputes that follow. */
#include "cli/economics.h"

enum { PASSES_MAX = 4096 };

static bool draw(struct crux_cli_random *random, uint32_t share) {
    return crux_cli_random_below(random, CRUX_SHARE_ONE) < share;
}

/* Recomputes `sampled` layers, drawn without replacement.  Returns: is one of them false? */
static bool audit(const struct crux_cli_tree_run *run, uint32_t layers, uint32_t sampled,
                  struct crux_cli_random *random) {
    uint32_t left[CRUX_CLI_TREE_LAYERS_MAX];
    bool found = false;
    for (uint32_t i = 0; i < layers; i++) left[i] = i;
    for (uint32_t i = 0; i < sampled; i++) {
        uint32_t at = i + (uint32_t)crux_cli_random_below(random, layers - i), layer = left[at];
        left[at] = left[i];
        found = found || run->is_false[layer];
    }
    return found;
}

/* One dispute of a false claim to its end, which is the claim's. */
static enum crux_status play_out(struct crux_cli_game *game, uint32_t member, uint32_t challenger) {
    const struct crux_claim_id id = crux_cli_game_id(game, member);
    for (uint32_t i = 0; i < PASSES_MAX; i++) {
        struct crux_game_claim claim;
        struct crux_game_dispute dispute;
        bool moved = false;
        enum crux_status status = crux_game_get_claim(&game->game, &id, &claim);
        if (status != CRUX_OK || claim.fallen) return status;
        status = crux_game_get_dispute(&game->game, &id, 0, &dispute);
        if (status != CRUX_OK) return status;
        if (dispute.stage >= CRUX_STAGE_WON) return CRUX_E_INTERNAL; /* the honest side lost */
        if (crux_game_turn(&dispute) == 0) {
            /* a liar who cannot go on says nothing */
            if (crux_cli_game_defend(game, &moved, member, 0) != CRUX_OK) moved = false;
            if (!moved && game->now <= crux_game_deadline(&dispute))
                game->now = crux_game_deadline(&dispute) + 1;
        }
        if (!moved) status = crux_cli_game_challenge(game, &moved, challenger, member, 0);
        if (status != CRUX_OK) return status;
        if (!moved) return CRUX_E_INTERNAL;
    }
    return CRUX_E_INTERNAL;
}

static void count_groups(struct crux_cli_measured *measured, bool found) {
    static const uint32_t sizes[] = {10, 100, 1000};
    crux_cli_tally_add(measured, CRUX_CLI_FOUND, found);
    measured->lies++;
    measured->found += found;
    for (unsigned i = 0; i < 3; i++) {
        measured->group_found[i] = measured->group_found[i] || found;
        if (++measured->grouped[i] < sizes[i]) continue;
        crux_cli_tally_add(measured, (enum crux_cli_figure)(CRUX_CLI_FOUND_10 + (int)i),
                           measured->group_found[i]);
        measured->grouped[i] = 0;
        measured->group_found[i] = false;
    }
}

/* What is known about the claims of one batch. */
struct batch {
    uint32_t count, lies, found, audits, copies;
    bool is_false[CRUX_CLI_GAME_CLAIMS_MAX], is_found[CRUX_CLI_GAME_CLAIMS_MAX],
        is_copied[CRUX_CLI_GAME_CLAIMS_MAX];
};

static void decide(struct batch *batch, const struct crux_cli_economics *what,
                   struct crux_cli_game *game, struct crux_cli_random *random,
                   struct crux_cli_measured *measured) {
    const struct crux_cli_tree *tree = game->tree;
    batch->count = what->e.batch;
    for (uint32_t i = 0; i < batch->count; i++) {
        game->claim[i] = &tree->honest;
        batch->is_false[i] = draw(random, what->lying);
        if (batch->is_false[i])
            game->claim[i] = &tree->lying[crux_cli_random_below(random, tree->layers)];
        if (draw(random, what->e.audited)) {
            batch->audits++;
            batch->is_found[i] = audit(game->claim[i], tree->layers, what->e.sampled, random);
            batch->is_copied[i] = batch->is_found[i] && draw(random, what->e.copied);
        }
        if (batch->is_false[i]) count_groups(measured, batch->is_found[i]);
        batch->lies += batch->is_false[i];
        batch->found += batch->is_found[i];
        batch->copies += batch->is_copied[i];
    }
}

static enum crux_status open_all(const struct batch *batch, struct crux_cli_game *game) {
    enum crux_status status = CRUX_OK;
    for (uint32_t i = 0; status == CRUX_OK && i < batch->count; i++) {
        if (batch->is_copied[i]) status = crux_cli_game_open(game, CRUX_CLI_GAME_SECOND, i);
        if (status == CRUX_OK && batch->is_found[i])
            status = crux_cli_game_open(game, CRUX_CLI_GAME_CHALLENGER, i);
    }
    return status;
}

static uint64_t cost_of(const struct crux_cli_game *game, const struct crux_economics *e,
                        uint32_t account) {
    return game->moves[account] * e->move + game->proofs[account] * e->proof;
}

static enum crux_status play_all(const struct batch *batch, const struct crux_economics *e,
                                 struct crux_cli_game *game, struct crux_cli_measured *measured) {
    enum crux_status status = CRUX_OK;
    uint64_t defence = crux_economics_defence(e);
    for (uint32_t i = 0; status == CRUX_OK && i < batch->count; i++) {
        if (!batch->is_found[i]) continue;
        const struct crux_move refund = {
            .kind = CRUX_MOVE_REFUND, .claim = crux_cli_game_id(game, i), .dispute = 1};
        uint32_t winner = batch->is_copied[i] ? CRUX_CLI_GAME_SECOND : CRUX_CLI_GAME_CHALLENGER;
        uint64_t before = cost_of(game, e, CRUX_CLI_GAME_EXECUTOR);
        uint64_t own = cost_of(game, e, winner);
        status = play_out(game, i, winner);
        if (status == CRUX_OK && batch->is_copied[i])
            status = crux_cli_game_move(game, CRUX_CLI_GAME_CHALLENGER, &refund);
        uint64_t cost = cost_of(game, e, CRUX_CLI_GAME_EXECUTOR) - before;
        crux_cli_tally_check(measured, CRUX_CLI_DEFENCE, (double)cost, cost <= defence);
        if (winner != CRUX_CLI_GAME_CHALLENGER) continue;
        uint64_t outlay = e->game.challenger_bond + e->move + cost_of(game, e, winner) - own;
        crux_cli_tally_check(measured, CRUX_CLI_CHALLENGER_OUTLAY, (double)outlay,
                             outlay <= crux_economics_challenger_outlay(e, 0));
        double net = (double)e->game.reward + (double)e->game.challenger_bond - (double)outlay;
        crux_cli_tally_check(measured, CRUX_CLI_CHALLENGER_NET, net,
                             net >= (double)e->game.reward - (double)(defence + e->move));
    }
    return status;
}

/* The window is over: bonds return, and fees go where they are due. */
static enum crux_status settle_up(const struct batch *batch, uint64_t fee,
                                  struct crux_cli_game *game) {
    const struct crux_move finalise = {.kind = CRUX_MOVE_FINALISE, .claim = {game->batch, 0, 0}};
    struct crux_account executor = crux_cli_game_account(CRUX_CLI_GAME_EXECUTOR);
    enum crux_status status = CRUX_OK;
    if (game->now <= game->parameters.window_seconds)
        game->now = (uint64_t)game->parameters.window_seconds + 1;
    if (batch->found < batch->count)
        status = crux_cli_game_move(game, CRUX_CLI_GAME_EXECUTOR, &finalise);
    for (uint32_t i = 0; status == CRUX_OK && fee > 0 && i < batch->count; i++) {
        struct crux_account requester = crux_cli_game_account(CRUX_CLI_GAME_REQUESTER + i);
        const struct crux_move pay = {
            .kind = CRUX_MOVE_PAY,
            .account = requester.b,
            .executor = executor.b,
            .hash = crux_archive_claim(game->claim[i]->archive)->request_hash};
        status = crux_cli_game_move(game, CRUX_CLI_GAME_REQUESTER + i, &pay);
    }
    return status;
}

enum crux_status crux_cli_economics_liars(struct crux_cli_measured *measured,
                                          const struct crux_cli_economics *what,
                                          struct crux_cli_game *game,
                                          struct crux_cli_random *random) {
    const struct crux_economics *e = &what->e;
    uint64_t bonds = e->game.executor_bond * e->batch;
    uint64_t stakes = 2 * (uint64_t)e->batch * e->game.challenger_bond;
    struct batch batch = {.count = 0};
    struct crux_game_chain chain;
    decide(&batch, what, game, random, measured);
    enum crux_status status = crux_cli_game_begin(game);
    if (status == CRUX_OK) status = crux_cli_game_deposit(game, CRUX_CLI_GAME_EXECUTOR, bonds);
    if (status == CRUX_OK) status = crux_cli_game_deposit(game, CRUX_CLI_GAME_SECOND, stakes);
    if (status == CRUX_OK) status = crux_cli_game_deposit(game, CRUX_CLI_GAME_CHALLENGER, stakes);
    if (status == CRUX_OK) status = crux_cli_game_post(game, e->batch, e->fee);
    if (status == CRUX_OK) status = open_all(&batch, game);
    if (status == CRUX_OK) status = play_all(&batch, e, game, measured);
    if (status == CRUX_OK) status = settle_up(&batch, e->fee, game);
    if (status == CRUX_OK) status = crux_game_get_chain(&game->game, &chain);
    if (status != CRUX_OK) return status;
    double n = e->batch, lies = what->lying / (double)CRUX_SHARE_ONE;
    double liar = (double)crux_cli_game_balance(game, CRUX_CLI_GAME_EXECUTOR) +
                  (double)crux_cli_game_balance(game, CRUX_CLI_GAME_SECOND) - (double)bonds -
                  (double)stakes;
    double earned = (double)crux_cli_game_balance(game, CRUX_CLI_GAME_CHALLENGER) - (double)stakes;
    double beyond = (double)batch.lies * (double)e->saved +
                    (double)(batch.lies - batch.found) * (double)e->prize - n * (double)e->fee;
    crux_cli_tally_add(measured, CRUX_CLI_FOUND_BATCH, batch.found > 0);
    crux_cli_tally_add(measured, CRUX_CLI_AUDIT_COST,
                       batch.audits * (double)e->audit * e->sampled / e->layers / n);
    if (e->audited > 0)
        crux_cli_tally_add(measured, CRUX_CLI_AUDIT_INCOME,
                           earned * CRUX_SHARE_ONE / e->audited / n);
    if (what->lying > 0) crux_cli_tally_add(measured, CRUX_CLI_GAIN, (liar + beyond) / (n * lies));
    if (batch.found > 0)
        crux_cli_tally_check(measured, CRUX_CLI_BURNED, (double)chain.burned / batch.found,
                             chain.burned ==
                                 batch.found * (e->game.executor_bond - e->game.reward));
    return CRUX_OK;
}
