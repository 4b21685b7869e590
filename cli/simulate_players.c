/* What each player does when it looks at the chain: what is missing there, and is not under way already. */
#include <string.h>

#include "chain-adapter/io/seconds.h"
#include "cli/simulate_table.h"

enum {
    NONCE = 1,
    DEMAND_AFTER_SECONDS =
        3600, /* that a claim may stay unshown before the challenger demands it */
    SHOW_DISPUTE = UINT32_MAX - 1 /* keys: moves that belong to no dispute */
};
#define MOST_BOND (UINT64_C(1) << 40)

struct crux_account crux_cli_table_account(unsigned number) {
    struct crux_account account = {{0}};
    account.b[19] = (uint8_t)(number + 1);
    return account;
}

/* ---- sending ---- */

static enum crux_status send(struct crux_cli_table *table, const struct crux_cli_key *key,
                             const struct crux_move *move, bool in_dispute) {
    struct crux_writer writer;
    crux_writer_init(&writer, table->bytes, CRUX_MOVE_BYTES_MAX);
    enum crux_status status = crux_move_encode(&writer, move);
    if (status != CRUX_OK) return status;
    table->acted = true;
    return crux_cli_network_send(&table->network, key, table->bytes, writer.at, in_dispute,
                                 table->now);
}

/* A move outside of disputes. */
static enum crux_status send_once(struct crux_cli_table *table, unsigned who, uint32_t number,
                                  const struct crux_move *move) {
    const struct crux_cli_key key = {.who = (uint8_t)who, .kind = move->kind, .dispute = number};
    if (!crux_cli_network_may_send(&table->network, &key, table->now, &table->wake)) return CRUX_OK;
    return send(table, &key, move, false);
}

static void wake_at(struct crux_cli_table *table, uint64_t time) {
    if (time > table->now && time < table->wake) table->wake = time;
}

/* ---- the executor's claim ---- */

/* Out: *missing, the move that is missing before the claim is shown; NULL: none.  In: move, room for it. */
static enum crux_status find_missing(struct crux_cli_table *table, const struct crux_game *game,
                                     struct crux_move *move, bool *missing) {
    static const uint8_t nobody[20];
    const struct crux_model_tree *tree = &table->play->model->tree;
    struct crux_game_model model;
    struct crux_game_batch_of of;
    struct crux_game_claim claim;
    *missing = true;
    enum crux_status status = crux_game_get_model(game, table->claim.model_root, &model);
    *move = (struct crux_move){.kind = CRUX_MOVE_REGISTER,
                               .header = tree->header,
                               .manifest_hash = tree->manifest_hash,
                               .layers_root = table->layers_root};
    if (status != CRUX_OK) return status == CRUX_E_NOT_FOUND ? CRUX_OK : status;
    *move = (struct crux_move){.kind = CRUX_MOVE_SETTLE,
                               .hash = table->hash,
                               .count = 1,
                               .amount = table->play->parameters.executor_bond,
                               .account = nobody};
    memset(&of, 0, sizeof of);
    of.key.executor = crux_cli_table_account(CRUX_CLI_EXECUTOR);
    memcpy(of.key.root, table->hash, sizeof of.key.root);
    status = game->store.get(game->store.ctx, CRUX_TABLE_BATCH_OF, &of.key, &of);
    if (status != CRUX_OK) return status == CRUX_E_NOT_FOUND ? CRUX_OK : status;
    table->play->id = (struct crux_claim_id){.batch = of.batch};
    *move = (struct crux_move){.kind = CRUX_MOVE_SHOW,
                               .claim = table->play->id,
                               .claim_bytes = table->claim_bytes,
                               .rest = table->claim_bytes};
    status = crux_game_get_claim(game, &table->play->id, &claim);
    *missing = status == CRUX_OK && !claim.shown;
    return status;
}

static enum crux_status publish(struct crux_cli_table *table, const struct crux_game *game) {
    enum crux_status status = crux_solver_publish(&table->step, game, &table->play->id,
                                                  &table->executor.provider, table->now);
    if (status != CRUX_OK || !table->step.any) return status;
    return send_once(table, CRUX_CLI_EXECUTOR, SHOW_DISPUTE, &table->step.move);
}

/* ---- disputes ---- */

static struct crux_cli_key key_of(unsigned who, const struct crux_game_dispute *dispute) {
    struct crux_cli_key key = {.who = (uint8_t)who,
                               .dispute = dispute->key.number,
                               .round = dispute->round,
                               .stage = dispute->stage};
    memcpy(key.node, dispute->node, sizeof key.node);
    return key;
}

/* A liar does what it can: a trace that does not fit itself leaves it silent. */
static enum crux_status defend(struct crux_cli_table *table, const struct crux_game *game,
                               const struct crux_game_dispute *dispute) {
    struct crux_cli_key key = key_of(CRUX_CLI_EXECUTOR, dispute);
    struct crux_cli_play *play = table->play;
    /* spec/70-game.md#stages: "it answers every dispute that comes there later" */
    if (dispute->stage == CRUX_STAGE_REVEAL || dispute->stage == CRUX_STAGE_EXPAND)
        key.dispute = key.round = 0;
    if (play->player == CRUX_CLI_MUTE ||
        !crux_cli_network_may_send(&table->network, &key, table->now, &table->wake))
        return CRUX_OK;
    double start = crux_seconds();
    enum crux_status status = crux_solver_defend(&table->step, game, &play->id, dispute->key.number,
                                                 &table->executor.provider, table->now);
    play->seconds[CRUX_CLI_EXECUTOR] += crux_seconds() - start;
    if (status != CRUX_OK) return status == CRUX_E_OUT_OF_MEMORY ? status : CRUX_OK;
    return table->step.any ? send(table, &key, &table->step.move, true) : CRUX_OK;
}

static const struct crux_provider *served(const struct crux_cli_table *table) {
    return table->play->withhold ? NULL : &table->executor.provider;
}

static enum crux_status challenge(struct crux_cli_table *table, const struct crux_game *game,
                                  const struct crux_game_dispute *dispute, bool fallen) {
    const struct crux_cli_key key = key_of(CRUX_CLI_CHALLENGER, dispute);
    struct crux_cli_play *play = table->play;
    enum crux_status status = CRUX_OK;
    if (!crux_cli_network_may_send(&table->network, &key, table->now, &table->wake)) return CRUX_OK;
    table->step.any = false;
    if (play->target != 0) {
        double start = crux_seconds();
        status = crux_solver_challenge(&table->step, game, &play->id, dispute->key.number,
                                       &table->own.provider, served(table), table->now);
        play->seconds[CRUX_CLI_CHALLENGER] += crux_seconds() - start;
    } else if (fallen && dispute->stage < CRUX_STAGE_WON) {
        table->step.move = (struct crux_move){
            .kind = CRUX_MOVE_REFUND, .claim = play->id, .dispute = dispute->key.number};
        table->step.any = true;
    } else if (play->player == CRUX_CLI_SHAM && crux_game_turn(dispute) == 1 &&
               table->now <= crux_game_deadline(dispute)) {
        status = crux_cli_table_sham(table, dispute);
    }
    if (status != CRUX_OK || !table->step.any) return status;
    return send(table, &key, &table->step.move, true);
}

/* The claim is shown: is it true?  Out: play->target, table->index. */
static enum crux_status judge(struct crux_cli_table *table) {
    struct crux_cli_play *play = table->play;
    const struct crux_provider *own = play->own == NULL ? NULL : &table->own.provider;
    if (table->judged) return CRUX_OK;
    double start = crux_seconds();
    enum crux_status status =
        crux_solver_opening(&play->target, &table->index, &table->claim,
                            &play->model->program->header, table->own.evidence.request, own);
    play->seconds[CRUX_CLI_CHALLENGER] += crux_seconds() - start;
    table->judged = status == CRUX_OK;
    return status;
}

/* Returns: how many disputes this challenger wants. */
static uint32_t wanted(const struct crux_cli_play *play) {
    if (play->target != 0) return 1;
    if (play->player == CRUX_CLI_FLOOD) return CRUX_CLI_FLOOD_DISPUTES;
    return play->player == CRUX_CLI_SHAM || play->player == CRUX_CLI_SILENT;
}

static enum crux_status open_one(struct crux_cli_table *table, uint32_t nonce) {
    const struct crux_cli_play *play = table->play;
    const struct crux_provider *trace = play->target != 0 ? served(table) : NULL;
    enum crux_target target = play->target;
    uint64_t index = table->index;
    if (target == 0) {
        bool narrows = play->aim.target == 0 || play->aim.target == CRUX_TARGET_LEAF;
        target = narrows ? CRUX_TARGET_TRACE : play->aim.target;
        index = target == CRUX_TARGET_TRACE ? 0 : play->aim.index;
    }
    enum crux_status status =
        crux_solver_open(&table->step, &play->id, &table->claim, target, index, nonce, MOST_BOND,
                         play->model->program->header.layers, &table->own.provider, trace);
    if (status != CRUX_OK) return status;
    return send_once(table, CRUX_CLI_CHALLENGER, nonce, &table->step.move);
}

/* Opens the disputes that it wants and that are not there. */
static enum crux_status open_missing(struct crux_cli_table *table, const struct crux_game *game) {
    struct crux_game_dispute_of of;
    enum crux_status status = CRUX_OK;
    for (uint32_t i = 0; status == CRUX_OK && i < wanted(table->play); i++) {
        memset(&of, 0, sizeof of);
        of.key.batch = table->play->id.batch;
        of.key.challenger = crux_cli_table_account(CRUX_CLI_CHALLENGER);
        of.key.nonce = NONCE + i;
        status = game->store.get(game->store.ctx, CRUX_TABLE_DISPUTE_OF, &of.key, &of);
        if (status == CRUX_E_NOT_FOUND) status = open_one(table, NONCE + i);
    }
    return status;
}

static enum crux_status dispute(struct crux_cli_table *table, const struct crux_game *game,
                                const struct crux_game_claim *claim) {
    for (uint32_t i = 0; i < claim->disputes; i++) {
        struct crux_game_dispute d;
        enum crux_status status = crux_game_get_dispute(game, &claim->key, i, &d);
        if (status != CRUX_OK) return status;
        if (d.stage >= CRUX_STAGE_WON) continue;
        table->over = false;
        if (!claim->fallen) status = defend(table, game, &d);
        if (status == CRUX_OK) status = challenge(table, game, &d, claim->fallen != 0);
        if (status != CRUX_OK) return status;
        uint64_t deadline = crux_game_deadline(&d);
        if (deadline != UINT64_MAX) wake_at(table, deadline + 1);
    }
    return CRUX_OK;
}

/* ---- demands ---- */

/* The claim is not shown: the challenger demands it in time, and calls the demand when it is due. */
static enum crux_status demand(struct crux_cli_table *table, const struct crux_game *game,
                               const struct crux_game_batch *batch,
                               const struct crux_game_claim *claim) {
    const struct crux_move demanding = {.kind = CRUX_MOVE_DEMAND, .claim = table->play->id};
    uint64_t from = batch->posted_at + DEMAND_AFTER_SECONDS;
    if (claim->demand == CRUX_DEMAND_NONE && !claim->shown) {
        wake_at(table, from);
        if (table->now >= from)
            return send_once(table, CRUX_CLI_CHALLENGER, SHOW_DISPUTE, &demanding);
    }
    if (claim->demand != CRUX_DEMAND_OPEN) return CRUX_OK;
    wake_at(table, claim->demand_deadline + 1);
    enum crux_status status =
        crux_solver_timeout(&table->step, game, &table->play->id, CRUX_DISPUTE_DEMAND, table->now);
    if (status != CRUX_OK || !table->step.any) return status;
    return send_once(table, CRUX_CLI_CHALLENGER, CRUX_DISPUTE_DEMAND, &table->step.move);
}

/* ---- everybody ---- */

static enum crux_status close_batch(struct crux_cli_table *table,
                                    const struct crux_game_batch *batch,
                                    const struct crux_game_claim *claim) {
    const struct crux_move finalise = {.kind = CRUX_MOVE_FINALISE, .claim = table->play->id};
    uint64_t end = batch->posted_at + batch->parameters.window_seconds;
    if (claim->fallen || batch->released != 0) return CRUX_OK;
    table->over = false;
    wake_at(table, end + 1);
    if (table->now <= end || claim->open != 0 || claim->demand == CRUX_DEMAND_OPEN) return CRUX_OK;
    return send_once(table, CRUX_CLI_BYSTANDER, SHOW_DISPUTE, &finalise);
}

static enum crux_status act(struct crux_cli_table *table, const struct crux_game *game) {
    struct crux_game_batch batch;
    struct crux_game_claim claim;
    struct crux_move move;
    bool missing, hides = table->play->player == CRUX_CLI_HIDING;
    enum crux_status status = find_missing(table, game, &move, &missing);
    if (status != CRUX_OK) return status;
    if (missing && !(hides && move.kind == CRUX_MOVE_SHOW)) {
        table->over = false;
        status = send_once(table, CRUX_CLI_EXECUTOR, SHOW_DISPUTE, &move);
        if (status != CRUX_OK || move.kind != CRUX_MOVE_SHOW) return status;
    }
    status = crux_game_get_batch(game, table->play->id.batch, &batch);
    if (status == CRUX_OK) status = crux_game_get_claim(game, &table->play->id, &claim);
    if (status != CRUX_OK) return status;
    table->play->disputes = claim.disputes;
    if (!claim.fallen) {
        uint64_t end = batch.posted_at + batch.parameters.window_seconds;
        status = demand(table, game, &batch, &claim);
        if (status == CRUX_OK && !hides) status = publish(table, game);
        if (status == CRUX_OK && claim.shown) status = judge(table);
        if (status == CRUX_OK && claim.shown && table->now <= end)
            status = open_missing(table, game);
    }
    if (status == CRUX_OK) status = dispute(table, game, &claim);
    return status == CRUX_OK ? close_batch(table, &batch, &claim) : status;
}

enum crux_status crux_cli_table_look(void *ctx, const struct crux_game *game, uint64_t now) {
    struct crux_cli_table *table = ctx;
    table->game = game;
    table->now = now;
    table->wake = UINT64_MAX;
    table->acted = false;
    table->over = true;
    enum crux_status status = act(table, game);
    table->game = NULL;
    return status;
}
