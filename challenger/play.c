/* The moves of own disputes, the earliest deadline first. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "challenger/inside.h"

bool challenger_refused(enum crux_status status) {
    switch (status) {
    case CRUX_OK:
    case CRUX_E_IO:
    case CRUX_E_OUT_OF_MEMORY:
    case CRUX_E_NON_CANONICAL:
    case CRUX_E_CHECKSUM_MISMATCH:
    case CRUX_E_INTERNAL: return false;
    default: return true; /* the game's names for what it refuses */
    }
}

enum crux_status challenger_move(struct crux_challenger *c, const struct crux_move *move) {
    struct crux_game_outcome outcome;
    struct crux_writer writer;
    size_t room = move->rest_bytes + 1024; /* fields of a move are fewer */
    uint8_t *bytes = malloc(room);
    if (bytes == NULL) return CRUX_E_OUT_OF_MEMORY;
    crux_writer_init(&writer, bytes, room);
    enum crux_status status = crux_move_encode(&writer, move);
    if (status == CRUX_OK)
        status = c->chain->ops->move(c->chain, &outcome, &c->options.account, bytes, writer.at);
    free(bytes);
    if (status != CRUX_OK)
        (void)snprintf(c->message, sizeof c->message, "the chain refuses to %s: %.440s",
                       crux_move_name(move->kind),
                       c->chain->message[0] != 0 ? c->chain->message : crux_status_text(status));
    return status;
}

/* ---- one move ---- */

struct turn {
    const struct challenger_scene *scene;
    const struct crux_provider *own, *served; /* own: NULL if it is not an own turn */
    struct crux_solver_move step;
};

/* Whoever waits in the queue has a stake in the disputes before its own. */
static enum crux_status call_timeouts(struct turn *turn, const struct crux_game *game,
                                      uint64_t now) {
    const struct challenger_scene *scene = turn->scene;
    for (uint32_t i = 0; i < scene->claim.disputes && i < scene->number; i++) {
        enum crux_status status =
            crux_solver_timeout(&turn->step, game, &scene->planned.id, i, now);
        if (status != CRUX_OK || turn->step.any) return status;
    }
    return CRUX_OK;
}

static enum crux_status solve(void *ctx, const struct crux_game *game, uint64_t now) {
    struct turn *turn = ctx;
    const struct challenger_scene *scene = turn->scene;
    struct crux_game_dispute dispute;
    struct crux_game_claim claim;
    enum crux_status status =
        crux_game_get_dispute(game, &scene->planned.id, scene->number, &dispute);
    if (status == CRUX_OK) status = crux_game_get_claim(game, &scene->planned.id, &claim);
    if (status != CRUX_OK) return status == CRUX_E_NOT_FOUND ? CRUX_OK : status;
    /* The executor may have moved since the scene was looked at: then there is no own run yet, and a next time. */
    if (turn->own == NULL && crux_game_turn(&dispute) == 1 && !claim.fallen) return CRUX_OK;
    if (scene->dispute.stage == CRUX_STAGE_QUEUED && !scene->claim.fallen)
        return call_timeouts(turn, game, now);
    return crux_solver_challenge(&turn->step, game, &scene->planned.id, scene->number, turn->own,
                                 turn->served, now);
}

static bool is_own_turn(const struct challenger_scene *scene) {
    return !scene->claim.fallen && crux_game_turn(&scene->dispute) == 1 &&
           scene->now <= crux_game_deadline(&scene->dispute);
}

static enum crux_status find_own(struct crux_challenger *c, const struct challenger_scene *scene,
                                 struct challenger_run **run) {
    struct journal_claim claim;
    *run = NULL;
    enum crux_status status = journal_claim_get(&c->journal, &scene->planned.id, &claim);
    if (status != CRUX_OK) return status == CRUX_E_NOT_FOUND ? CRUX_OK : status;
    struct challenger_model *model = challenger_model_of(c, claim.claim.model_root);
    if (model != NULL && claim.has_claim && claim.request != NULL && claim.tokens != NULL &&
        memcmp(claim.hash, scene->planned.hash, 32) == 0)
        status = challenger_own_run(c, run, model, &claim);
    journal_claim_free(&claim);
    return status;
}

static void complain(struct crux_challenger *c, const struct challenger_scene *scene,
                     const char *text) {
    enum { SAY_SECONDS = 60 };
    uint64_t now = challenger_now();
    if (now < c->said + SAY_SECONDS) return;
    c->said = now;
    challenger_alert(c, CRUX_CHALLENGER_ALERT, "trouble", &scene->planned.id,
                     &scene->batch.executor, text);
}

static enum crux_status make_turn(struct crux_challenger *c, const struct challenger_scene *scene,
                                  struct turn *turn, bool *more) {
    struct challenger_served served;
    struct challenger_run *run = NULL;
    enum crux_status status = CRUX_OK;
    turn->scene = scene;
    if (is_own_turn(scene)) {
        status = find_own(c, scene, &run);
        if (status != CRUX_OK) return status;
        if (run == NULL) {
            complain(c, scene, "it is our turn, and there is nothing to compare with");
            return CRUX_OK;
        }
        turn->own = &run->provider.provider;
        turn->served = challenger_served(&served, c, &scene->batch.executor, scene->planned.hash);
    }
    status = c->chain->ops->look(c->chain, solve, turn);
    if (turn->served != NULL) challenger_served_end(&served);
    if (status != CRUX_OK) return status;
    if (!turn->step.any) {
        if (turn->own != NULL) complain(c, scene, "it is our turn, and nothing differs");
        return CRUX_OK;
    }
    status = challenger_move(c, &turn->step.move);
    *more = status == CRUX_OK;
    /* Another move came first: what is due is found anew. */
    if (challenger_refused(status)) {
        challenger_say(c, CRUX_CHALLENGER_INFO, "refused", "%s", c->message);
        return CRUX_OK;
    }
    return status;
}

/* ---- own disputes ---- */

static enum crux_status finish(struct crux_challenger *c, const struct challenger_scene *scene) {
    const struct crux_claim_id *id = &scene->planned.id;
    const struct crux_account *executor = &scene->batch.executor;
    enum journal_dispute_state state = JOURNAL_DISPUTE_REFUNDED;
    if (scene->dispute.stage == CRUX_STAGE_WON) {
        state = JOURNAL_DISPUTE_WON;
        challenger_alert(c, CRUX_CHALLENGER_ALERT, "dispute_won", id, executor,
                         "the claim has fallen");
    } else if (scene->dispute.stage == CRUX_STAGE_LOST) {
        state = JOURNAL_DISPUTE_LOST;
        challenger_alert(c, CRUX_CHALLENGER_ALERT, "dispute_lost", id, executor,
                         "the bond is lost: look at this challenger and its model");
    } else {
        challenger_alert(c, CRUX_CHALLENGER_INFO, "dispute_refunded", id, executor,
                         "another dispute felled the claim first");
    }
    return journal_dispute_state(&c->journal, scene->planned.nonce, state, scene->dispute.bond);
}

static enum crux_status play_one(struct crux_challenger *c, const struct challenger_scene *scene,
                                 uint64_t at_risk, bool *more) {
    const struct journal_dispute *planned = &scene->planned;
    if (!scene->is_made) {
        if (planned->state == JOURNAL_DISPUTE_PLANNED)
            return challenger_open(c, scene, at_risk, more);
        *more = true; /* reorganised away: opened again under the same nonce */
        return journal_dispute_state(&c->journal, planned->nonce, JOURNAL_DISPUTE_PLANNED, 0);
    }
    if (planned->state == JOURNAL_DISPUTE_PLANNED || planned->bond != scene->dispute.bond) {
        *more = true; /* the move was made, and its end not seen */
        return journal_dispute_state(&c->journal, planned->nonce, JOURNAL_DISPUTE_OPEN,
                                     scene->dispute.bond);
    }
    if (scene->dispute.stage >= CRUX_STAGE_WON) {
        *more = true;
        return finish(c, scene);
    }
    struct turn *turn = calloc(1, sizeof *turn);
    if (turn == NULL) return CRUX_E_OUT_OF_MEMORY;
    enum crux_status status = make_turn(c, scene, turn, more);
    free(turn);
    return status;
}

static uint64_t deadline_of(const struct challenger_scene *scene) {
    return scene->is_made && !scene->gone ? crux_game_deadline(&scene->dispute) : UINT64_MAX - 1;
}

static int by_deadline(const void *a, const void *b) {
    const struct challenger_scene *x = a, *y = b;
    uint64_t p = deadline_of(x), q = deadline_of(y);
    if (p != q) return p < q ? -1 : 1;
    return x->planned.nonce < y->planned.nonce ? -1 : 1;
}

/* In: scenes, room for count. */
static enum crux_status play_all(struct crux_challenger *c, struct challenger_scene *scenes,
                                 const struct journal_dispute *disputes, uint32_t count,
                                 bool *more) {
    enum crux_status first = CRUX_OK;
    uint64_t at_risk = 0;
    c->deadline = 0;
    for (uint32_t i = 0; i < count; i++) {
        enum crux_status status = challenger_look(&scenes[i], c, &disputes[i]);
        if (status != CRUX_OK) return status;
        if (scenes[i].is_made && scenes[i].dispute.stage < CRUX_STAGE_WON)
            at_risk += scenes[i].dispute.bond;
    }
    qsort(scenes, count, sizeof *scenes, by_deadline);
    for (uint32_t i = 0; i < count && !challenger_stopped(c); i++) {
        bool again = false;
        if (scenes[i].is_made && is_own_turn(&scenes[i]) && c->deadline == 0)
            c->deadline = crux_game_deadline(&scenes[i].dispute);
        enum crux_status status = play_one(c, &scenes[i], at_risk, &again);
        if (status != CRUX_OK) { /* the others' clocks run on */
            complain(c, &scenes[i], crux_status_text(status));
            if (first == CRUX_OK) first = status;
        }
        /* counted at once: the next one may not risk the same */
        if (again && !scenes[i].is_made)
            at_risk += crux_game_bond(&scenes[i].batch, &scenes[i].claim);
        *more = *more || again;
    }
    return first;
}

enum crux_status challenger_play(struct crux_challenger *c, bool *more) {
    uint32_t count;
    *more = false;
    if (c->options.mode == CRUX_CHALLENGER_WATCH) return CRUX_OK;
    struct journal_dispute *disputes = calloc(CHALLENGER_DISPUTES_MAX, sizeof *disputes);
    struct challenger_scene *scenes = calloc(CHALLENGER_DISPUTES_MAX, sizeof *scenes);
    enum crux_status status = CRUX_E_OUT_OF_MEMORY;
    if (disputes != NULL && scenes != NULL)
        status = journal_disputes(&c->journal, disputes, CHALLENGER_DISPUTES_MAX, &count);
    if (status == CRUX_OK) status = play_all(c, scenes, disputes, count, more);
    free(disputes);
    free(scenes);
    return status;
}
