/* An archive whose run the engine computes. A step that is lied about is computed by the law, with the lie, and put in the
 * place of the engine's; so it must be the last of its batch, for the rows beside it have read the honest one. */
#include <stdlib.h>
#include <string.h>

#include "executor/engine/archive_again.h"
#include "executor/engine/archive_parts.h"
#include "executor/engine/generate.h"

struct work {
    struct crux_archive *archive;
    struct crux_archive_again again;
    enum crux_status status; /* of the first failure in a callback */
};

static bool amend(void *ctx, const struct crux_engine_sequence *sequence, uint32_t pos,
                  uint32_t layer, struct crux_tensor *tensors, uint32_t count) {
    struct work *work = ctx;
    (void)sequence;
    if (work->status != CRUX_OK || !crux_lie_is_at(&work->archive->lie, pos, layer)) return false;
    /* The step reads records of earlier positions and layers only, all of which are kept. */
    if (work->archive->run.positions <= pos) work->archive->run.positions = pos + 1;
    work->status = archive_compute(work->archive, &work->archive->lied, pos, layer);
    if (work->status != CRUX_OK) return false;
    CRUX_ASSERT(work->archive->lied.stores == count);
    for (uint32_t i = 0; i < count; i++)
        tensors[i].elements = crux_step_store(&work->archive->lied, i)->bytes;
    return true;
}

static void keep(void *ctx, const struct crux_engine_sequence *sequence, uint32_t pos,
                 uint32_t layer, const struct crux_tensor *tensors, uint32_t count) {
    struct work *work = ctx;
    (void)sequence;
    for (uint32_t i = 0; work->status == CRUX_OK && i < count; i++) {
        const struct crux_layout *layout = &tensors[i].layout;
        work->status = crux_run_keep(&work->archive->run, pos, layer, i, tensors[i].elements,
                                     layout->rows * layout->row_elements);
    }
    if (work->status == CRUX_OK)
        work->status = archive_commit(work->archive, pos, layer, tensors, count);
}

/* Positions that go through the engine together: up to the step of the lie, and from there on. */
static uint32_t batch_of(const struct crux_archive *archive, uint32_t pos, uint32_t left) {
    uint32_t count = left < CRUX_ENGINE_ROWS ? left : CRUX_ENGINE_ROWS;
    const struct crux_lie *lie = &archive->lie;
    if (lie->computed != NULL && lie->pos >= pos && lie->pos - pos < count)
        count = lie->pos - pos + 1;
    return count;
}

static enum crux_status step(struct work *work, struct crux_engine *engine,
                             struct crux_engine_row *rows, uint32_t count) {
    if (work->again.go_on != NULL && !work->again.go_on(work->again.ctx)) return CRUX_E_STOPPING;
    enum crux_status status = crux_engine_step(engine, rows, count);
    return status == CRUX_OK ? work->status : status;
}

/* Each row's token is what the law chooses after the tokens before it. So the first one that differs shows that these
 * are not the run's, and nothing that was computed from it is kept.
 * In: rows, of the positions from `pos` on. */
static enum crux_status compare(struct work *work, const struct crux_engine_row *rows,
                                uint32_t count, uint32_t pos) {
    struct crux_archive *archive = work->archive;
    const struct crux_run_request *request = &archive->run_request;
    for (uint32_t i = 0; i < count; i++) {
        if (pos + i + 1 < request->n) continue;
        uint32_t index = pos + i + 1 - request->n;
        bool last = index + 1 == work->again.output_tokens;
        if (rows[i].chosen != work->again.output[index] ||
            crux_run_choose(&archive->run, request, rows[i].chosen) != last)
            return CRUX_E_CLAIM_MISMATCH;
    }
    return CRUX_OK;
}

static enum crux_status compute_known(struct work *work, struct crux_engine *engine,
                                      struct crux_engine_sequence *sequence) {
    struct crux_engine_row rows[CRUX_ENGINE_ROWS];
    const struct crux_run_request *request = &work->archive->run_request;
    uint32_t context = work->archive->model->program->header.context;
    if (work->again.output_tokens == 0 || work->again.output_tokens > context - request->n + 1)
        return CRUX_E_CLAIM_MISMATCH;
    uint32_t positions = request->n + work->again.output_tokens - 1;
    for (uint32_t pos = 0; pos < positions;) {
        uint32_t left = positions - pos, count = left < CRUX_ENGINE_ROWS ? left : CRUX_ENGINE_ROWS;
        for (uint32_t i = 0; i < count; i++) {
            uint32_t at = pos + i, token = at < request->n ? request->tokens[at]
                                                           : work->again.output[at - request->n];
            rows[i] = (struct crux_engine_row){sequence, token, NULL, CRUX_ENGINE_NO_TOKEN};
        }
        enum crux_status status = step(work, engine, rows, count);
        if (status == CRUX_OK) status = compare(work, rows, count, pos);
        if (status != CRUX_OK) return status;
        pos += count;
    }
    return CRUX_OK;
}

static enum crux_status compute(struct work *work, struct crux_engine *engine,
                                struct crux_engine_sequence *sequence) {
    struct crux_engine_row rows[CRUX_ENGINE_ROWS];
    struct crux_archive *archive = work->archive;
    const struct crux_run_request *request = &archive->run_request;
    uint32_t token = 0;
    for (uint32_t pos = 0; pos < request->n;) {
        uint32_t count = batch_of(archive, pos, request->n - pos);
        for (uint32_t i = 0; i < count; i++)
            rows[i] = (struct crux_engine_row){sequence, request->tokens[pos + i], NULL,
                                               CRUX_ENGINE_NO_TOKEN};
        enum crux_status status = step(work, engine, rows, count);
        if (status != CRUX_OK) return status;
        token = rows[count - 1].chosen;
        pos += count;
    }
    while (!crux_run_choose(&archive->run, request, token)) {
        rows[0] = (struct crux_engine_row){sequence, token, NULL, CRUX_ENGINE_NO_TOKEN};
        enum crux_status status = step(work, engine, rows, 1);
        if (status != CRUX_OK) return status;
        token = rows[0].chosen;
    }
    return CRUX_OK;
}

static enum crux_status run(struct work *work, struct crux_engine_model *model, unsigned threads) {
    struct crux_archive *archive = work->archive;
    const struct crux_run_request *request = &archive->run_request;
    const struct crux_engine_options options = {.threads = threads,
                                                .no_commit = true, /* archive_commit does */
                                                .record = keep,
                                                .amend = amend,
                                                .record_ctx = work};
    struct crux_engine_ask ask = {.request_tokens = request->n, .sample = request->sample};
    struct crux_engine *engine = NULL;
    struct crux_engine_sequence *sequence = NULL;
    memcpy(ask.params, request->params, sizeof ask.params);
    memcpy(ask.seed, request->seed, sizeof ask.seed);
    enum crux_status status = crux_run_begin(&archive->run, archive->model->program, request);
    if (status == CRUX_OK) status = crux_engine_open(&engine, model, &options);
    if (status == CRUX_OK) status = crux_engine_sequence_open(&sequence, engine, &ask);
    if (status == CRUX_OK)
        status = work->again.output != NULL ? compute_known(work, engine, sequence)
                                            : compute(work, engine, sequence);
    if (sequence != NULL) crux_engine_sequence_close(sequence);
    crux_engine_close(engine);
    return status;
}

static enum crux_status make(struct crux_archive **out, const struct crux_committed_model *model,
                             struct crux_engine_model *engine_model, unsigned threads,
                             const struct crux_archive_request *request, const struct crux_lie *lie,
                             const struct crux_archive_again *again) {
    enum crux_status status = archive_begin(out, model, request, lie);
    if (status != CRUX_OK) return status;
    struct work work = {.archive = *out};
    if (again != NULL) work.again = *again;
    status = run(&work, engine_model, threads);
    work.archive->lie.like = NULL; /* which need not outlive the run */
    if (status == CRUX_OK) status = archive_close(work.archive, request->cancelled);
    if (status == CRUX_OK) return CRUX_OK;
    crux_archive_free(work.archive);
    *out = NULL;
    return status;
}

enum crux_status crux_archive_run_fast(struct crux_archive **out,
                                       const struct crux_committed_model *model,
                                       struct crux_engine_model *engine_model, unsigned threads,
                                       const struct crux_archive_request *request,
                                       const struct crux_lie *lie) {
    *out = NULL;
    if (lie != NULL && lie->computed != NULL && !lie->one_step) return CRUX_E_USAGE;
    return make(out, model, engine_model, threads, request, lie, NULL);
}

enum crux_status crux_archive_run_again(struct crux_archive **out,
                                        const struct crux_committed_model *model,
                                        struct crux_engine_model *engine_model, unsigned threads,
                                        const struct crux_archive_request *request,
                                        const struct crux_archive_again *again) {
    return make(out, model, engine_model, threads, request, NULL, again);
}
