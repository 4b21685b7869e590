#include "executor/service/defend/defend.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOVE_FIELDS_BYTES_MAX = 1024 /* of a move, without its rest */ };

struct cases {
    struct crux_defend_case *list; /* tokens are its own */
    uint8_t (*hash)[32];           /* of their claims */
    uint32_t count, left_out;
};

/* A dispute in which something is to be done. */
struct due {
    uint32_t number; /* of the case */
    uint32_t dispute;
    uint64_t deadline;
    bool half_gone; /* of our clock */
    bool is_ours;   /* our turn; else the other side is late */
};

struct crux_defend {
    struct crux_defend_options options;
    struct crux_archives *archives;
    pthread_mutex_t lock;
    /* under the lock */
    struct cases next;
    bool has_next;
    struct crux_defend_figures figures;
    /* the archives' thread's */
    struct cases cases;
    struct crux_chain chain;
    bool is_open;
    struct due done[CRUX_DEFEND_MOVES_A_ROUND]; /* not to be tried again in this round */
    uint32_t done_count;
    uint64_t missed;
    struct crux_solver_move step;
};

static void cases_free(struct cases *cases) {
    for (uint32_t i = 0; i < cases->count; i++) {
        free((void *)(uintptr_t)cases->list[i].run.tokens);
        free((void *)(uintptr_t)cases->list[i].run.output);
    }
    free(cases->list);
    free(cases->hash);
    *cases = (struct cases){.list = NULL};
}

/* ---- what is due ---- */

struct looking {
    struct crux_defend *defend;
    struct due first; /* of what is due: the earliest */
    uint32_t count;
    uint64_t missed;
};

static bool is_done(const struct crux_defend *defend, const struct due *due) {
    for (uint32_t i = 0; i < defend->done_count; i++) {
        const struct due *done = &defend->done[i];
        if (done->number == due->number && done->dispute == due->dispute) return true;
    }
    return false;
}

static void consider(struct looking *looking, const struct due *due) {
    looking->count++;
    if (is_done(looking->defend, due)) return;
    if (due->deadline < looking->first.deadline) looking->first = *due;
}

static void look_at(struct looking *looking, uint32_t number, uint32_t dispute,
                    const struct crux_game_dispute *record, uint64_t now) {
    struct due due = {.number = number, .dispute = dispute};
    unsigned turn = crux_game_turn(record);
    if (turn > 1) return;
    due.deadline = crux_game_deadline(record);
    due.is_ours = turn == 0;
    due.half_gone = due.is_ours && now > record->since + (due.deadline - record->since) / 2;
    bool late = now > due.deadline;
    looking->missed += due.is_ours && late;
    if (due.is_ours != late) consider(looking, &due);
}

/* Where another claim stands now, or none, the chain was reorganised: the store will say what is contested then. */
static enum crux_status look_at_case(struct looking *looking, uint32_t number,
                                     const struct crux_game *game, uint64_t now) {
    const struct cases *cases = &looking->defend->cases;
    const struct crux_claim_id *id = &cases->list[number].id;
    struct crux_game_claim claim;
    struct crux_game_dispute dispute;
    struct crux_game_batch batch;
    enum crux_status status = crux_game_get_batch(game, id->batch, &batch);
    if (status == CRUX_OK && id->member >= batch.count) return CRUX_OK;
    if (status == CRUX_OK) status = crux_game_get_claim(game, id, &claim);
    if (status != CRUX_OK) return status == CRUX_E_NOT_FOUND ? CRUX_OK : status;
    if (!claim.shown || claim.fallen || memcmp(claim.hash, cases->hash[number], 32) != 0)
        return CRUX_OK;
    for (uint32_t i = 0; i < claim.disputes; i++) {
        status = crux_game_get_dispute(game, id, i, &dispute);
        if (status != CRUX_OK) return status;
        if (dispute.stage < CRUX_STAGE_WON) look_at(looking, number, i, &dispute, now);
    }
    return CRUX_OK;
}

static enum crux_status look(void *ctx, const struct crux_game *game, uint64_t now) {
    struct looking *looking = ctx;
    enum crux_status status = CRUX_OK;
    for (uint32_t i = 0; i < looking->defend->cases.count && status == CRUX_OK; i++)
        status = look_at_case(looking, i, game, now);
    return status;
}

/* ---- a move ---- */

struct solving {
    struct crux_defend *defend;
    const struct due *due;
    const struct crux_provider *own;
};

static enum crux_status solve(void *ctx, const struct crux_game *game, uint64_t now) {
    struct solving *solving = ctx;
    const struct crux_claim_id *id = &solving->defend->cases.list[solving->due->number].id;
    struct crux_solver_move *step = &solving->defend->step;
    struct crux_game_dispute dispute;
    step->any = false;
    if (solving->own == NULL)
        return crux_solver_timeout(step, game, id, solving->due->dispute, now);
    enum crux_status status = crux_game_get_dispute(game, id, solving->due->dispute, &dispute);
    /* it stood so when it was found to be due; meanwhile it may stand otherwise */
    if (status != CRUX_OK || crux_game_turn(&dispute) != 0) return status;
    return crux_solver_defend(step, game, id, solving->due->dispute, solving->own, now);
}

static enum crux_status send(struct crux_defend *defend) {
    const struct crux_move *move = &defend->step.move;
    struct crux_game_outcome outcome;
    struct crux_writer writer;
    size_t room = move->rest_bytes + MOVE_FIELDS_BYTES_MAX;
    uint8_t *bytes = malloc(room);
    if (bytes == NULL) return CRUX_E_OUT_OF_MEMORY;
    crux_writer_init(&writer, bytes, room);
    enum crux_status status = crux_move_encode(&writer, move);
    if (status == CRUX_OK)
        status = defend->chain.ops->move(&defend->chain, &outcome, &defend->options.account, bytes,
                                         writer.at);
    free(bytes);
    return status;
}

/* Out: made.  Returns: why not, if it is not a matter of another move having come first. */
static enum crux_status answer(struct crux_defend *defend, const struct due *due, bool *made) {
    const struct crux_defend_case *contested = &defend->cases.list[due->number];
    struct solving solving = {.defend = defend, .due = due};
    enum crux_status status = CRUX_OK;
    *made = false;
    if (due->is_ours) status = crux_archives_get(defend->archives, &contested->run, &solving.own);
    if (status == CRUX_OK) status = defend->chain.ops->look(&defend->chain, solve, &solving);
    if (status != CRUX_OK || !defend->step.any) return status;
    status = send(defend);
    *made = status == CRUX_OK;
    return status;
}

/* ---- a round ---- */

static void note(struct crux_defend *defend, const struct due *due, enum crux_status status,
                 bool made) {
    (void)pthread_mutex_lock(&defend->lock);
    struct crux_defend_figures *figures = &defend->figures;
    figures->moves += made;
    figures->late += made && due->half_gone;
    if (status != CRUX_OK) {
        const char *said = defend->is_open ? defend->chain.message : "";
        figures->status = status;
        figures->refused += !made && due->is_ours;
        figures->false_promises += status == CRUX_E_CLAIM_MISMATCH;
        (void)snprintf(figures->trouble, sizeof figures->trouble, "%s",
                       status == CRUX_E_CLAIM_MISMATCH || said[0] == 0 ? crux_status_text(status)
                                                                       : said);
    }
    (void)pthread_mutex_unlock(&defend->lock);
}

static void note_look(struct crux_defend *defend, const struct looking *looking) {
    (void)pthread_mutex_lock(&defend->lock);
    defend->figures.due = looking->count;
    defend->figures.deadline = looking->first.deadline == UINT64_MAX ? 0 : looking->first.deadline;
    (void)pthread_mutex_unlock(&defend->lock);
}

/* Returns: whether there may be more to do. */
static bool one(struct crux_defend *defend, uint64_t *missed) {
    struct looking looking = {.defend = defend, .first = {.deadline = UINT64_MAX}};
    bool made = false;
    enum crux_status status = defend->chain.ops->look(&defend->chain, look, &looking);
    *missed = looking.missed;
    note_look(defend, &looking);
    if (status == CRUX_OK && looking.first.deadline == UINT64_MAX) return false;
    if (status == CRUX_OK) status = answer(defend, &looking.first, &made);
    note(defend, &looking.first, status, made);
    if (looking.first.deadline == UINT64_MAX) return false; /* trouble with the chain */
    if (!made) defend->done[defend->done_count++] = looking.first;
    return true;
}

static bool open_chain(struct crux_defend *defend) {
    const struct due nothing = {.number = 0};
    if (defend->is_open) return true;
    enum crux_status status = defend->options.open(defend->options.ctx, &defend->chain);
    defend->is_open = status == CRUX_OK;
    if (status != CRUX_OK) note(defend, &nothing, status, false);
    return defend->is_open;
}

static void take_cases(struct crux_defend *defend) {
    (void)pthread_mutex_lock(&defend->lock);
    if (defend->has_next) {
        cases_free(&defend->cases);
        defend->cases = defend->next;
        defend->next = (struct cases){.list = NULL};
        defend->has_next = false;
    }
    defend->figures.rounds++;
    defend->figures.cases = defend->cases.count;
    defend->figures.left_out = defend->cases.left_out;
    defend->figures.status = CRUX_OK;
    (void)pthread_mutex_unlock(&defend->lock);
}

static void play_round(void *ctx) {
    struct crux_defend *defend = ctx;
    uint64_t missed = 0;
    uint32_t tries = 0;
    take_cases(defend);
    defend->done_count = 0;
    if (defend->cases.count > 0 && open_chain(defend)) {
        while (tries < CRUX_DEFEND_MOVES_A_ROUND && one(defend, &missed)) tries++;
    }
    (void)pthread_mutex_lock(&defend->lock);
    defend->figures.missed += missed;
    (void)pthread_mutex_unlock(&defend->lock);
    if (tries == CRUX_DEFEND_MOVES_A_ROUND) crux_archives_urgent(defend->archives);
}

static void leave(void *ctx) {
    struct crux_defend *defend = ctx;
    if (defend->is_open) defend->chain.ops->close(&defend->chain);
    defend->is_open = false;
}

/* ---- opening ---- */

enum crux_status crux_defend_open(struct crux_defend **out, struct crux_archives *archives,
                                  const struct crux_defend_options *options) {
    struct crux_defend *defend = calloc(1, sizeof *defend);
    *out = defend;
    if (defend == NULL) return CRUX_E_OUT_OF_MEMORY;
    defend->options = *options;
    defend->archives = archives;
    (void)pthread_mutex_init(&defend->lock, NULL);
    crux_archives_serve(archives, &(struct crux_archives_urgent){defend, play_round, leave});
    return CRUX_OK;
}

void crux_defend_close(struct crux_defend *defend) {
    if (defend == NULL) return;
    cases_free(&defend->cases);
    cases_free(&defend->next);
    (void)pthread_mutex_destroy(&defend->lock);
    free(defend);
}

/* ---- what is contested ---- */

/* Returns: malloced; NULL without memory. */
static uint32_t *copy_tokens(const uint32_t *tokens, uint32_t count) {
    size_t bytes = (size_t)count * sizeof *tokens;
    uint32_t *copy = malloc(bytes > 0 ? bytes : 1);
    if (copy != NULL && bytes > 0) memcpy(copy, tokens, bytes);
    return copy;
}

static enum crux_status cases_add(struct cases *cases, const struct crux_defend_case *contested) {
    const struct crux_archives_run *run = &contested->run;
    struct crux_defend_case *mine = &cases->list[cases->count];
    *mine = *contested;
    mine->run.tokens = copy_tokens(run->tokens, run->claim.request_tokens);
    mine->run.output = copy_tokens(run->output, run->claim.chosen_tokens);
    crux_claim_hash(cases->hash[cases->count], &run->claim);
    cases->count++; /* freed with the others, whatever is missing */
    return mine->run.tokens != NULL && mine->run.output != NULL ? CRUX_OK : CRUX_E_OUT_OF_MEMORY;
}

/* In: most, cases that there is to be room for. */
static enum crux_status cases_open(struct cases *cases, uint32_t most) {
    *cases = (struct cases){.list = calloc(most + 1, sizeof *cases->list),
                            .hash = calloc(most + 1, sizeof *cases->hash)};
    return cases->list != NULL && cases->hash != NULL ? CRUX_OK : CRUX_E_OUT_OF_MEMORY;
}

/* They are the worker's from now on. */
static void hand_over(struct crux_defend *defend, struct cases *cases) {
    (void)pthread_mutex_lock(&defend->lock);
    cases_free(&defend->next);
    defend->next = *cases;
    defend->has_next = true;
    (void)pthread_mutex_unlock(&defend->lock);
    crux_archives_urgent(defend->archives);
}

enum crux_status crux_defend_set(struct crux_defend *defend, const struct crux_defend_case *cases,
                                 uint32_t count, uint32_t left_out) {
    struct cases mine;
    uint32_t most = count < CRUX_DEFEND_CASES_MAX ? count : CRUX_DEFEND_CASES_MAX;
    left_out += count - most;
    count = most;
    enum crux_status status = cases_open(&mine, count);
    mine.left_out = left_out;
    for (uint32_t i = 0; i < count && status == CRUX_OK; i++) status = cases_add(&mine, &cases[i]);
    if (status == CRUX_OK)
        hand_over(defend, &mine);
    else
        cases_free(&mine);
    return status;
}

void crux_defend_figures(struct crux_defend *defend, struct crux_defend_figures *figures) {
    (void)pthread_mutex_lock(&defend->lock);
    *figures = defend->figures;
    (void)pthread_mutex_unlock(&defend->lock);
}
