#include "executor/engine/verify.h"

#include <stdlib.h>
#include <string.h>

#include "executor/engine/asked.h"
#include "executor/engine/runner_parts.h"

/* One claim at work. */
struct check {
    struct crux_engine_claimed *claimed;
    struct crux_engine_sequence *sequence;
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
    } * places; /* of the rows */
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
    return crux_engine_sequence_open(&check->sequence, engine, &asked.ask);
}

static uint32_t token_at(const struct check *check, uint32_t pos) {
    return pos < check->n ? check->claimed->request.tokens[pos]
                          : check->claimed->tokens[pos - check->n];
}

/* Returns: rows of the next step. */
static uint32_t fill(struct work *work) {
    uint32_t rows = 0;
    for (uint32_t c = work->first; c < work->count; c++) {
        struct check *check = &work->checks[c];
        while (check->given < check->positions && rows < work->engine->options.rows) {
            work->places[rows] = (struct place){c, check->given};
            work->rows[rows++] = (struct crux_engine_row){
                check->sequence, token_at(check, check->given), NULL, CRUX_ENGINE_NO_TOKEN};
            check->given++;
        }
    }
    return rows;
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
    crux_engine_sequence_close(check->sequence);
    check->sequence = NULL;
    return status;
}

/* Claims whose rows are all computed are ended at once, so that few hold a cache. */
static enum crux_status verify(struct work *work) {
    enum crux_status status = CRUX_OK;
    while (status == CRUX_OK && work->first < work->count) {
        uint32_t rows = fill(work);
        if (rows > 0) status = crux_engine_step(work->engine, work->rows, rows);
        if (rows > 0 && status == CRUX_OK) compare(work, rows);
        while (status == CRUX_OK && work->first < work->count &&
               work->checks[work->first].given == work->checks[work->first].positions)
            status = end(&work->checks[work->first++]);
    }
    return status;
}

enum crux_status crux_engine_verify(struct crux_engine *engine, const uint8_t *model_root,
                                    struct crux_engine_claimed *claimed, uint32_t count) {
    struct work work = {.engine = engine, .count = count};
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
    }
    if (status == CRUX_OK) status = verify(&work);
    for (uint32_t i = 0; work.checks != NULL && i < count; i++)
        crux_engine_sequence_close(work.checks[i].sequence);
    free(work.checks);
    free(work.rows);
    free(work.places);
    return status;
}
