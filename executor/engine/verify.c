#include "executor/engine/verify.h"

#include <stdlib.h>
#include <string.h>

#include "executor/engine/asked.h"
#include "executor/engine/runner_parts.h"

enum {
    NONE = -1,
    SHARE_LEAST = 2 * CRUX_RUNNER_PAGE, /* positions: for fewer, nobody waits */
    LOOK_BACK = 32                      /* claims */
};

/* One claim at work. */
struct check {
    struct crux_engine_claimed *claimed;
    struct crux_engine_ask ask;
    struct crux_engine_sequence *sequence; /* NULL: not begun, or not needed any more */
    int64_t source;                        /* the claim behind whose first positions it begins */
    uint32_t shared;                       /* of them */
    uint32_t wanted;                       /* by how many that have not begun */
    bool over;
    uint32_t n;         /* tokens of the request */
    uint32_t positions; /* to be computed */
    uint32_t given;     /* of them, to steps */
    uint32_t chosen;    /* output tokens up to the run's end, if they are right */
    bool ended;         /* the claim has just those */
};

struct work {
    struct crux_engine *engine;
    struct check *checks;
    uint32_t count, first; /* first: not done with */
    struct crux_engine_row *rows;
    struct place {
        uint32_t check, pos;
    } * places;                                               /* of the rows */
    void (*progress)(void *ctx, uint64_t done, uint64_t all); /* may be NULL */
    void *progress_ctx;
    uint64_t done, all; /* positions */
};

static void judge(struct check *check, enum crux_engine_verdict verdict, uint32_t index) {
    check->claimed->verdict = verdict;
    check->claimed->index = index;
}

static enum crux_status begin(struct check *check, struct crux_engine *engine,
                              const uint8_t *model_root) {
    uint32_t context = engine->model->config.context;
    struct runner_asked asked;
    enum crux_status status = runner_asked(&asked, &check->claimed->request, model_root, context);
    if (status != CRUX_OK) return status;
    judge(check, CRUX_ENGINE_CLAIM_TRUE, 0);
    check->claimed->token = CRUX_ENGINE_NO_TOKEN;
    check->n = asked.run.n;
    if (!runner_asked_by(&asked, &check->claimed->claim, context)) {
        judge(check, CRUX_ENGINE_CLAIM_REQUEST, 0);
        return CRUX_OK;
    }
    check->chosen = runner_asked_end(&asked, &check->ended, engine->model->program,
                                     &check->claimed->claim, check->claimed->tokens);
    check->positions = check->n + check->chosen - 1;
    check->ask = asked.ask;
    return CRUX_OK;
}

static uint32_t token_at(const struct check *check, uint32_t pos) {
    return pos < check->n ? check->claimed->request.tokens[pos]
                          : check->claimed->tokens[pos - check->n];
}

/* ---- claims whose requests begin like an earlier one's run ---- */

static uint32_t in_common(const struct check *from, const struct check *check) {
    uint32_t most = check->n - 1, common = 0;
    if (most > from->positions) most = from->positions;
    while (common < most && token_at(from, common) == token_at(check, common)) common++;
    return common;
}

static void find_source(struct check *checks, uint32_t number) {
    struct check *check = &checks[number];
    check->source = NONE;
    if (check->positions == 0) return;
    for (uint32_t i = number > LOOK_BACK ? number - LOOK_BACK : 0; i < number; i++) {
        uint32_t common = in_common(&checks[i], check);
        if (common < SHARE_LEAST || common <= check->shared) continue;
        check->source = i;
        check->shared = common;
    }
    if (check->source != NONE) checks[check->source].wanted++;
}

/* Closes what nobody needs. */
static void let_go(struct check *check) {
    if (!check->over || check->wanted > 0) return;
    crux_engine_sequence_close(check->sequence);
    check->sequence = NULL;
}

/* Are the positions that it begins behind still to be computed? */
static bool must_wait(const struct work *work, const struct check *check) {
    if (check->sequence != NULL || check->source == NONE) return false;
    const struct check *source = &work->checks[check->source];
    return !source->over && (source->sequence == NULL ||
                             crux_engine_sequence_positions(source->sequence) < check->shared);
}

static enum crux_status start(struct work *work, struct check *check) {
    if (check->source == NONE)
        return crux_engine_sequence_open(&check->sequence, work->engine, &check->ask);
    struct check *source = &work->checks[check->source];
    uint32_t common = crux_engine_sequence_common(source->sequence, check->claimed->request.tokens,
                                                  check->n, SHARE_LEAST - 1);
    enum crux_status status =
        common == 0 ? crux_engine_sequence_open(&check->sequence, work->engine, &check->ask)
                    : crux_engine_sequence_open_behind(&check->sequence, source->sequence,
                                                       &check->ask, common);
    check->given = common;
    source->wanted--;
    let_go(source);
    return status;
}

/* ---- steps ---- */

/* Out: count, rows of the next step. */
static enum crux_status fill(struct work *work, uint32_t *count) {
    uint32_t rows = 0, most = work->engine->options.rows;
    for (uint32_t c = work->first; c < work->count && rows < most; c++) {
        struct check *check = &work->checks[c];
        if (check->positions == 0) continue;
        if (must_wait(work, check)) break;
        if (check->sequence == NULL) {
            enum crux_status status = start(work, check);
            if (status != CRUX_OK) return status;
        }
        for (; check->given < check->positions && rows < most; check->given++) {
            work->places[rows] = (struct place){c, check->given};
            work->rows[rows++] = (struct crux_engine_row){
                check->sequence, token_at(check, check->given), NULL, CRUX_ENGINE_NO_TOKEN};
        }
    }
    *count = rows;
    return CRUX_OK;
}

static void compare(struct work *work, uint32_t rows) {
    for (uint32_t row = 0; row < rows; row++) {
        const struct place *place = &work->places[row];
        struct check *check = &work->checks[place->check];
        uint32_t chosen = work->rows[row].chosen, index = place->pos + 1 - check->n;
        if (chosen == CRUX_ENGINE_NO_TOKEN || chosen == check->claimed->tokens[index] ||
            check->claimed->verdict != CRUX_ENGINE_CLAIM_TRUE)
            continue;
        judge(check, CRUX_ENGINE_CLAIM_TOKEN, index);
        check->claimed->token = chosen;
        check->positions = check->given; /* the rest was computed from what is false */
    }
}

/* All tokens are known to be right, or one to be wrong. */
static enum crux_status end(struct check *check) {
    const struct crux_claim *claim = &check->claimed->claim;
    uint8_t root[32];
    enum crux_status status = CRUX_OK;
    if (check->claimed->verdict != CRUX_ENGINE_CLAIM_TRUE) goto out;
    if (!check->ended) {
        judge(check, CRUX_ENGINE_CLAIM_END, check->chosen);
        goto out;
    }
    status = runner_list_root(root, check->claimed->tokens, check->chosen);
    if (status != CRUX_OK) goto out;
    if (memcmp(root, claim->output_root, sizeof root) != 0) {
        judge(check, CRUX_ENGINE_CLAIM_OUTPUT, 0);
        goto out;
    }
    status = crux_engine_sequence_trace_root(root, check->sequence, claim);
    if (status == CRUX_OK && memcmp(root, claim->trace_root, sizeof root) != 0)
        judge(check, CRUX_ENGINE_CLAIM_TRACE, 0);
out:
    check->over = true;
    let_go(check);
    if (check->sequence != NULL) crux_engine_sequence_rest(check->sequence);
    return status;
}

/* Claims whose rows are all computed are ended at once, so that few hold a cache. */
static enum crux_status verify(struct work *work) {
    enum crux_status status = CRUX_OK;
    while (status == CRUX_OK && work->first < work->count) {
        uint32_t rows = 0;
        status = fill(work, &rows);
        if (status == CRUX_OK && rows > 0)
            status = crux_engine_step(work->engine, work->rows, rows);
        if (status == CRUX_OK) compare(work, rows);
        work->done += rows;
        if (status == CRUX_OK && rows > 0 && work->progress != NULL)
            work->progress(work->progress_ctx, work->done, work->all);
        while (status == CRUX_OK && work->first < work->count &&
               work->checks[work->first].given == work->checks[work->first].positions)
            status = end(&work->checks[work->first++]);
    }
    return status;
}

enum crux_status crux_engine_verify_watched(
    struct crux_engine *engine, const uint8_t *model_root, struct crux_engine_claimed *claimed,
    uint32_t count, void (*progress)(void *ctx, uint64_t done, uint64_t all), void *progress_ctx) {
    struct work work = {
        .engine = engine, .count = count, .progress = progress, .progress_ctx = progress_ctx};
    enum crux_status status = CRUX_OK;
    if (engine->options.no_commit) return CRUX_E_USAGE;
    if (count == 0) return CRUX_OK;
    work.checks = calloc(count, sizeof *work.checks);
    work.rows = calloc(engine->options.rows, sizeof *work.rows);
    work.places = calloc(engine->options.rows, sizeof *work.places);
    if (work.checks == NULL || work.rows == NULL || work.places == NULL)
        status = CRUX_E_OUT_OF_MEMORY;
    for (uint32_t i = 0; i < count && status == CRUX_OK; i++) {
        work.checks[i].claimed = &claimed[i];
        status = begin(&work.checks[i], engine, model_root);
        if (status == CRUX_OK) find_source(work.checks, i);
        work.all += work.checks[i].positions;
    }
    if (status == CRUX_OK) status = verify(&work);
    for (uint32_t i = 0; work.checks != NULL && i < count; i++)
        crux_engine_sequence_close(work.checks[i].sequence);
    free(work.checks);
    free(work.rows);
    free(work.places);
    return status;
}

enum crux_status crux_engine_verify(struct crux_engine *engine, const uint8_t *model_root,
                                    struct crux_engine_claimed *claimed, uint32_t count) {
    return crux_engine_verify_watched(engine, model_root, claimed, count, NULL, NULL);
}
