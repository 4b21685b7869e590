#include "tests/chain-adapter/local/dispute_player.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/game_table.h"
#include "tests/support/toy_program.h"
#include "tests/support/toy_world.h"

enum { NONCE = 1, POLL_NANOSECONDS = 200 * 1000, BOND = 1000 };

struct player {
    enum dispute_role role;
    enum dispute_scene scene;
    int from, to;
    struct crux_chain chain;
    struct table_model model;
    struct table_run run;       /* its own: the claim's, true or false, or the challenger's */
    struct crux_claim claimed;  /* as the executor has it */
    struct crux_claim_id claim; /* once it is known */
    bool knows_claim;
    enum crux_target target; /* of the challenger */
    uint64_t index;
    struct crux_solver_move step;
    uint8_t hash[32], layers_root[32], claim_bytes[CRUX_CLAIM_BYTES];
    uint64_t now; /* of the last look */
};

static const uint8_t nobody[20];

/* ---- what it knows without the chain ---- */

/* A value of the attention, at the last position, is one too high. */
static void lie(struct table_run *run, const struct table_model *model) {
    static struct table_fault fault;
    fault = (struct table_fault){
        .kind = FAULT_VALUE, .layer = 1, .op = crux_toy_op(&model->program, 1, "ctx")};
    fault.pos = model->request_tokens + model->limit - 2;
    world_must(table_lying_run(run, model, &fault), "the lie is told");
}

static void recompute(struct player *player) {
    struct table_run executor;
    table_model_init(&player->model, TABLE_TOY);
    bool is_false = player->scene == DISPUTE_FALSE_CLAIM;
    if (is_false)
        lie(&executor, &player->model);
    else
        table_run_init(&executor, &player->model, NULL, 0);
    player->claimed = *crux_archive_claim(executor.archive);
    table_run_free(&executor);
    /* where runs lie must not change */
    if (player->role == DISPUTE_EXECUTOR && is_false)
        lie(&player->run, &player->model);
    else
        table_run_init(&player->run, &player->model, NULL, player->claimed.chosen_tokens);
    crux_claim_hash(player->hash, &player->claimed);
    crux_claim_encode(player->claim_bytes, &player->claimed);
    crux_merkle_tree_root(player->layers_root, &player->model.committed.tree.layers);
    if (player->role == DISPUTE_EXECUTOR) return;
    world_must(crux_solver_opening(&player->target, &player->index, &player->claimed,
                                   &player->model.program.header, player->run.evidence.request,
                                   &player->run.provider) == CRUX_OK,
               "opening");
    world_must((player->target != 0) == is_false, "the claim is what it should be");
    if (!is_false) player->target = CRUX_TARGET_TRACE;
}

/* ---- what it does ---- */

static void say(struct player *player, const struct crux_move *move) {
    player->step.move = *move;
    player->step.any = true;
}

static bool is_over(const struct crux_game *game, const struct crux_game_claim *claim) {
    struct crux_game_batch batch;
    struct crux_game_dispute dispute;
    world_must(crux_game_get_batch(game, claim->key.batch, &batch) == CRUX_OK, "batch");
    for (uint32_t i = 0; i < claim->disputes; i++) {
        world_must(crux_game_get_dispute(game, &claim->key, i, &dispute) == CRUX_OK, "dispute");
        if (dispute.stage < CRUX_STAGE_WON) return false;
    }
    return claim->fallen || batch.released == batch.count;
}

/* All that it has, when the game is over. */
static void withdraw(struct player *player, const struct crux_game *game) {
    struct crux_account key = table_account(player->role);
    struct crux_game_account account;
    world_must(crux_game_get_account(game, &key, &account) == CRUX_OK, "account");
    const struct crux_move move = {.kind = CRUX_MOVE_WITHDRAW,
                                   .amount = account.withdrawn + account.balance};
    if (account.balance > 0) say(player, &move);
}

static void finalise(struct player *player, const struct crux_game *game,
                     const struct crux_game_claim *claim, uint64_t now) {
    struct crux_game_batch batch;
    const struct crux_move move = {.kind = CRUX_MOVE_FINALISE, .claim = player->claim};
    world_must(crux_game_get_batch(game, claim->key.batch, &batch) == CRUX_OK, "batch");
    if (!claim->fallen && claim->open == 0 && batch.released == 0 &&
        now > batch.posted_at + batch.parameters.window_seconds)
        say(player, &move);
}

/* Says what of register, settle and show is missing.  Returns: is the claim shown? */
static bool show(struct player *player, const struct crux_game *game,
                 struct crux_game_claim *claim) {
    const struct crux_model_tree *tree = &player->model.committed.tree;
    struct crux_game_model model;
    struct crux_game_batch_of of;
    const struct crux_move registering = {.kind = CRUX_MOVE_REGISTER,
                                          .header = tree->header,
                                          .manifest_hash = tree->manifest_hash,
                                          .layers_root = player->layers_root};
    const struct crux_move settling = {.kind = CRUX_MOVE_SETTLE,
                                       .hash = player->hash,
                                       .count = 1,
                                       .account = nobody,
                                       .amount = BOND};
    if (crux_game_get_model(game, player->claimed.model_root, &model) != CRUX_OK) {
        say(player, &registering);
        return false;
    }
    memset(&of, 0, sizeof of);
    of.key.executor = table_account(DISPUTE_EXECUTOR);
    memcpy(of.key.root, player->hash, 32);
    if (game->store.get(game->store.ctx, CRUX_TABLE_BATCH_OF, &of.key, &of) != CRUX_OK) {
        say(player, &settling);
        return false;
    }
    player->claim = (struct crux_claim_id){.batch = of.batch};
    const struct crux_move showing = {.kind = CRUX_MOVE_SHOW,
                                      .claim = player->claim,
                                      .claim_bytes = player->claim_bytes,
                                      .rest = player->claim_bytes};
    world_must(crux_game_get_claim(game, &player->claim, claim) == CRUX_OK, "claim");
    if (!claim->shown) say(player, &showing);
    return claim->shown;
}

static void execute(struct player *player, const struct crux_game *game, uint64_t now) {
    struct crux_game_claim claim;
    if (!show(player, game, &claim)) return;
    for (uint32_t i = 0; i < claim.disputes && !player->step.any; i++)
        world_must(crux_solver_defend(&player->step, game, &player->claim, i, &player->run.provider,
                                      now) == CRUX_OK,
                   "defend");
    if (!player->step.any) finalise(player, game, &claim, now);
    if (!player->step.any && is_over(game, &claim)) withdraw(player, game);
}

/* The last node of what is revealed; of a page the first element, which is there whatever else is padding. */
static void point(struct player *player, const struct crux_game *game,
                  const struct crux_game_dispute *dispute) {
    struct crux_game_reveal reveal;
    struct crux_move pick = {.kind = CRUX_MOVE_PICK,
                             .claim = player->claim,
                             .dispute = dispute->key.number,
                             .node = player->step.node,
                             .round = dispute->round};
    if (crux_game_turn(dispute) != 1) return;
    if (dispute->stage == CRUX_STAGE_SIDE) pick.index = 1;
    if (dispute->stage == CRUX_STAGE_PICK) {
        world_must(crux_game_get_reveal(game, &player->claim, &dispute->place, &reveal) == CRUX_OK,
                   "reveal");
        /* CLOSE, the last of the trace, would end it at once */
        bool top = dispute->place.tree == CRUX_GAME_TRACE && reveal.nodes > 1;
        pick.index = reveal.nodes - (top ? 2 : 1);
    }
    memcpy(player->step.node, dispute->node, 32);
    say(player, &pick);
}

static void challenge(struct player *player, const struct crux_game *game, uint64_t now) {
    struct crux_game_claim claim;
    struct crux_game_dispute_of of;
    struct crux_game_dispute dispute;
    world_must(crux_game_get_claim(game, &player->claim, &claim) == CRUX_OK, "claim");
    memset(&of, 0, sizeof of);
    of.key.batch = player->claim.batch;
    of.key.member = player->claim.member;
    of.key.nonce = NONCE;
    of.key.challenger = table_account(DISPUTE_CHALLENGER);
    if (game->store.get(game->store.ctx, CRUX_TABLE_DISPUTE_OF, &of.key, &of) != CRUX_OK) {
        world_must(crux_solver_open(&player->step, &player->claim, &player->claimed, player->target,
                                    player->index, NONCE, UINT64_C(1) << 40,
                                    player->model.program.header.layers, &player->run.provider,
                                    NULL) == CRUX_OK,
                   "open");
        return;
    }
    world_must(crux_game_get_dispute(game, &player->claim, of.number, &dispute) == CRUX_OK,
               "dispute");
    if (player->scene == DISPUTE_TRUE_CLAIM)
        point(player, game, &dispute);
    else
        world_must(crux_solver_challenge(&player->step, game, &player->claim, of.number,
                                         &player->run.provider, NULL, now) == CRUX_OK,
                   "challenge");
    if (!player->step.any && is_over(game, &claim)) withdraw(player, game);
}

static enum crux_status decide(void *ctx, const struct crux_game *game, uint64_t now) {
    struct player *player = ctx;
    player->step.any = false;
    player->now = now;
    if (player->role == DISPUTE_EXECUTOR)
        execute(player, game, now);
    else if (player->knows_claim)
        challenge(player, game, now);
    return CRUX_OK;
}

/* ---- the chain ---- */

static bool find_claim(void *ctx, const struct crux_chain_event *event) {
    struct player *player = ctx;
    if (event->kind != CRUX_MOVE_SHOW) return true;
    player->claim = event->outcome.claim;
    player->knows_claim = true;
    return false;
}

static uint64_t count_events(struct player *player) {
    struct crux_chain_local_info info;
    world_must(crux_chain_local_info(&player->chain, &info) == CRUX_OK, player->chain.message);
    return info.events;
}

static void report(const struct player *player, enum dispute_what what, uint64_t events) {
    const struct dispute_report said = {(uint64_t)what, events, player->now};
    if (write(player->to, &said, sizeof said) != sizeof said) _exit(0); /* nobody listens */
}

static void make(struct player *player) {
    static uint8_t bytes[CRUX_MOVE_BYTES_MAX];
    struct crux_account sender = table_account(player->role);
    struct crux_game_outcome outcome;
    struct crux_writer writer;
    crux_writer_init(&writer, bytes, sizeof bytes);
    world_must(crux_move_encode(&writer, &player->step.move) == CRUX_OK, "encode");
    enum crux_status status =
        player->chain.ops->move(&player->chain, &outcome, &sender, bytes, writer.at);
    if (status != CRUX_OK) world_must(false, crux_status_text(status));
    world_must(!outcome.repeated, "no move is made twice");
    report(player, DISPUTE_MADE, 0);
}

__attribute__((noreturn)) static void play(struct player *player) {
    uint64_t events_said = UINT64_MAX, time_said = UINT64_MAX;
    for (;;) {
        uint64_t events = count_events(player);
        struct crux_chain_cursor cursor = {0};
        bool reorganised;
        if (!player->knows_claim)
            world_must(player->chain.ops->events(&player->chain, &cursor, &reorganised, UINT64_MAX,
                                                 find_claim, player) == CRUX_OK,
                       player->chain.message);
        world_must(player->chain.ops->look(&player->chain, decide, player) == CRUX_OK,
                   player->chain.message);
        if (player->step.any) {
            char word;
            report(player, DISPUTE_READY, events);
            if (read(player->from, &word, 1) != 1) _exit(0);
            if (word == DISPUTE_GO) make(player);
            events_said = UINT64_MAX;
            continue;
        }
        if (events != events_said || player->now != time_said) report(player, DISPUTE_IDLE, events);
        events_said = events;
        time_said = player->now;
        (void)nanosleep(&(struct timespec){.tv_nsec = POLL_NANOSECONDS}, NULL);
    }
}

void dispute_player(enum dispute_role role, enum dispute_scene scene, const char *path, int from,
                    int to) {
    static struct player player;
    player.role = role;
    player.scene = scene;
    player.from = from;
    player.to = to;
    recompute(&player);
    enum crux_status status = crux_chain_local_open(&player.chain, path, NULL);
    world_must(status == CRUX_OK, player.chain.message);
    play(&player);
}
