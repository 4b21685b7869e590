/* One step of a model: which rows, and what becomes of them.
 *
 *   rows | A | B | C C C C C C | D D D D |      A, B: the last known token; C, D: tokens of their requests
 *
 * Half of the rows for requests goes to those who came first, half to those who have least left: so a long request is
 * always at work and a short one never waits for it. Who begins like an older one that still reads waits for it, and begins
 * behind it: the same beginning is computed once. */
#include <stdlib.h>

#include "executor/service/batch/parts.h"

enum { WAIT_POSITIONS_MIN = 32 /* in common: fewer are soon computed */ };

static uint32_t lesser(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

/* ---- rows ---- */

static bool decodes(const struct batcher_run *run) {
    return batcher_run_left(run) == 1;
}

static uint32_t positions_of(const struct batcher_run *run) {
    return crux_engine_sequence_positions(run->sequence);
}

/* Positions that both begin with and the other computes in any case. */
static uint32_t common(const struct batcher_run *run, const struct batcher_run *other) {
    uint32_t most = lesser(run->asked.run.n - 1, other->known - 1), count = 0;
    while (count < most && run->text[count] == other->text[count]) count++;
    return count;
}

/* Is an older run about to compute what this one could begin behind? */
static bool should_wait(const struct batcher_model *model, uint32_t number) {
    const struct batcher_run *run = model->running[number];
    if (model->prefixes == NULL || run->job.no_prefix || run->ending || positions_of(run) > 0)
        return false;
    for (uint32_t i = 0; i < number; i++) {
        const struct batcher_run *other = model->running[i];
        if (other->ending || !batcher_may_share(run, other)) continue;
        uint32_t same = common(run, other);
        if (same >= WAIT_POSITIONS_MIN && positions_of(other) < same) return true;
    }
    return false;
}

static void hold_back(struct crux_batcher *batcher, struct batcher_model *model) {
    for (uint32_t i = 0; i < model->running_count; i++) {
        struct batcher_run *run = model->running[i];
        bool held = run->held;
        run->held = should_wait(model, i);
        if (held && !run->held) batcher_begin_again(batcher, model, run);
    }
}

/* Returns: how many of `budget` are left. */
static uint32_t share(struct batcher_run *run, uint32_t budget) {
    uint32_t some = lesser(batcher_run_left(run) - run->rows, budget);
    run->rows += some;
    return budget - some;
}

/* The runs that read, those with least left first. Out: model->order.  Returns: how many. */
static uint32_t sort_readers(struct batcher_model *model) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < model->running_count; i++) {
        if (decodes(model->running[i]) || model->running[i]->held) continue;
        uint32_t at = count++, left = batcher_run_left(model->running[i]);
        for (; at > 0 && left < batcher_run_left(model->running[model->order[at - 1]]); at--)
            model->order[at] = model->order[at - 1];
        model->order[at] = i;
    }
    return count;
}

static void share_rows(struct batcher_model *model, uint32_t budget) {
    uint32_t readers = sort_readers(model), left = budget / 2;
    for (uint32_t i = 0; i < model->running_count; i++) {
        struct batcher_run *run = model->running[i];
        run->drafted = 0;
        run->rows = decodes(run) && !run->held ? 1 : 0;
        if (run->rows == 0 && !run->held) left = share(run, left);
    }
    left += budget - budget / 2;
    for (uint32_t i = 0; i < readers; i++) left = share(model->running[model->order[i]], left);
}

/* A run that is alone computes ahead. */
static void draft(const struct crux_batcher *batcher, struct batcher_model *model) {
    struct batcher_run *run = model->running[0];
    if (model->running_count != 1 || run->rows != 1 || batcher->options.no_speculation ||
        run->logits != NULL || run->ending)
        return;
    run->drafted = batcher_run_draft(run, model, batcher->options.prefill_rows - 1);
    run->rows += run->drafted;
}

/* Returns: rows. */
static uint32_t fill(struct batcher_model *model) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < model->running_count; i++) {
        struct batcher_run *run = model->running[i];
        uint32_t first = crux_engine_sequence_positions(run->sequence);
        run->first_row = count;
        for (uint32_t row = 0; row < run->rows; row++)
            model->rows[count++] = (struct crux_engine_row){
                run->sequence, run->text[first + row],
                first + row + 1 == run->known ? run->logits : NULL, CRUX_ENGINE_NO_TOKEN};
    }
    return count;
}

/* ---- what they chose ---- */

/* What was chosen between known tokens is known too: a run that was set back goes the same way again, or this machine
 * computes wrongly. */
static bool as_before(const struct batcher_run *run, const struct crux_engine_row *rows,
                      uint32_t first) {
    for (uint32_t i = 0; i < run->rows - run->drafted && first + i + 1 < run->known; i++) {
        if (rows[i].chosen != CRUX_ENGINE_NO_TOKEN && rows[i].chosen != run->text[first + i + 1])
            return false;
    }
    return true;
}

static void take_drafted(struct batcher_run *run, struct batcher_model *model, uint32_t first) {
    const struct crux_engine_row *rows = model->rows + run->first_row;
    uint32_t stay = 0;
    do batcher_run_take(run, model, rows[stay++].chosen);
    while (!run->ending && stay < run->rows && rows[stay].token == rows[stay - 1].chosen);
    crux_engine_sequence_keep(run->sequence, first + stay);
    crux_speculate_learn(&run->speculate, run->match, run->drafted, stay - 1);
    run->all_drafted += run->drafted;
    run->accepted += stay - 1;
}

static void take(struct batcher_run *run, struct batcher_model *model) {
    const struct crux_engine_row *rows = model->rows + run->first_row;
    uint32_t positions = crux_engine_sequence_positions(run->sequence),
             first = positions - run->rows;
    if (!as_before(run, rows, first))
        batcher_run_end(run, CRUX_BATCHER_TROUBLE, CRUX_E_INTERNAL);
    else if (run->drafted > 0)
        take_drafted(run, model, first);
    else if (positions == run->known && !run->ending)
        batcher_run_take(run, model, rows[run->rows - 1].chosen);
}

/* ---- the step ---- */

/* The cache is full: what is kept makes room, then the youngest run.  Returns: false if there is only one. */
static bool make_room(struct crux_batcher *batcher, struct batcher_model *model) {
    if (crux_prefixes_drop(model->prefixes)) return true;
    if (model->running_count == 1) return false;
    batcher_set_back(batcher, model);
    return true;
}

static enum crux_status try_step(struct crux_batcher *batcher, struct batcher_model *model) {
    hold_back(batcher, model);
    share_rows(model, batcher->options.prefill_rows);
    draft(batcher, model);
    struct batcher_run *alone = model->running[0];
    if (alone->drafted > 0) crux_engine_sequence_try(alone->sequence);
    enum crux_status status = crux_engine_step(model->engine, model->rows, fill(model));
    if (status == CRUX_OK || alone->drafted == 0) return status;
    /* there may be too little memory for that many */
    crux_engine_sequence_keep(alone->sequence, crux_engine_sequence_positions(alone->sequence));
    alone->drafted = 0;
    alone->rows = 1;
    return crux_engine_step(model->engine, model->rows, 1);
}

void batcher_step(struct crux_batcher *batcher, struct batcher_model *model) {
    enum crux_status status;
    do status = try_step(batcher, model);
    while (status == CRUX_E_OUT_OF_MEMORY && make_room(batcher, model));
    for (uint32_t i = 0; i < model->running_count; i++) {
        struct batcher_run *run = model->running[i];
        if (status != CRUX_OK)
            batcher_run_end(run, CRUX_BATCHER_TROUBLE, status);
        else if (run->rows > 0)
            take(run, model);
    }
}
