#include "executor/service/batch/batcher.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "chain-adapter/io/seconds.h"
#include "executor/service/batch/parts.h"
#include "executor/service/condition.h"

void batcher_lock(struct crux_batcher *batcher) {
    (void)pthread_mutex_lock(&batcher->lock);
}

void batcher_unlock(struct crux_batcher *batcher) {
    (void)pthread_mutex_unlock(&batcher->lock);
}

struct crux_batcher_model crux_batcher_model_of(const struct crux_engine_loaded *loaded) {
    return (struct crux_batcher_model){.engine_model = loaded->model,
                                       .program = &loaded->file.program,
                                       .config = &loaded->file.config.decoder,
                                       .root = loaded->file.root};
}

/* ---- opening ---- */

static bool take_options(struct crux_batcher *batcher, const struct crux_batcher_options *options) {
    struct crux_batcher_options *mine = &batcher->options;
    if (options != NULL) *mine = *options;
    if (mine->sequences_max == 0) mine->sequences_max = CRUX_BATCHER_SEQUENCES;
    if (mine->queue_max == 0) mine->queue_max = CRUX_BATCHER_QUEUE;
    if (mine->prefill_rows == 0) mine->prefill_rows = CRUX_BATCHER_PREFILL_ROWS;
    return mine->sequences_max <= CRUX_BATCHER_SEQUENCES_MAX &&
           mine->prefill_rows <= CRUX_ENGINE_ROWS_MAX - mine->sequences_max;
}

static enum crux_status open_lists(struct crux_batcher *batcher,
                                   const struct crux_batcher_model *models) {
    uint32_t most = batcher->options.sequences_max, rows = most + batcher->options.prefill_rows;
    batcher->models = calloc(batcher->count, sizeof *batcher->models);
    if (batcher->models == NULL) return CRUX_E_OUT_OF_MEMORY;
    for (uint32_t i = 0; i < batcher->count; i++) {
        struct batcher_model *model = &batcher->models[i];
        model->about = models[i];
        model->running = calloc(most, sizeof *model->running);
        model->rows = calloc(rows, sizeof *model->rows);
        model->order = calloc(most, sizeof *model->order);
        if (model->running == NULL || model->rows == NULL || model->order == NULL)
            return CRUX_E_OUT_OF_MEMORY;
    }
    return CRUX_OK;
}

/* The engines are opened by the thread that uses them, for it is held where it opens them. */
static enum crux_status start(struct crux_batcher *batcher) {
    if (pthread_create(&batcher->thread, NULL, batcher_thread, batcher) != 0)
        return CRUX_E_OUT_OF_MEMORY;
    batcher->started = true;
    batcher_lock(batcher);
    while (!batcher->opened) (void)pthread_cond_wait(&batcher->idle, &batcher->lock);
    enum crux_status status = batcher->open_status;
    batcher_unlock(batcher);
    batcher->options.pin = NULL;
    return status;
}

enum crux_status crux_batcher_open(struct crux_batcher **out,
                                   const struct crux_batcher_model *models, uint32_t count,
                                   const struct crux_batcher_options *options) {
    *out = NULL;
    if (count == 0 || count > CRUX_BATCHER_MODELS_MAX) return CRUX_E_USAGE;
    struct crux_batcher *batcher = calloc(1, sizeof *batcher);
    if (batcher == NULL) return CRUX_E_OUT_OF_MEMORY;
    batcher->count = count;
    (void)pthread_mutex_init(&batcher->lock, NULL);
    enum crux_status status = CRUX_E_OUT_OF_MEMORY;
    if (condition_open(&batcher->work) && condition_open(&batcher->idle))
        status = take_options(batcher, options) ? open_lists(batcher, models) : CRUX_E_USAGE;
    if (status == CRUX_OK) status = start(batcher);
    if (status == CRUX_OK)
        *out = batcher;
    else
        crux_batcher_close(batcher);
    return status;
}

void crux_batcher_drain(struct crux_batcher *batcher) {
    batcher_lock(batcher);
    batcher->draining = true;
    batcher_unlock(batcher);
}

bool crux_batcher_wait(struct crux_batcher *batcher, double seconds) {
    double end = crux_seconds() + seconds;
    struct timespec until = {.tv_sec = (time_t)floor(end),
                             .tv_nsec = (long)((end - floor(end)) * 1e9)};
    int waited = 0;
    batcher_lock(batcher);
    while (batcher->active > 0 && waited == 0)
        waited = pthread_cond_timedwait(&batcher->idle, &batcher->lock, &until);
    bool idle = batcher->active == 0;
    batcher_unlock(batcher);
    return idle;
}

void crux_batcher_close(struct crux_batcher *batcher) {
    if (batcher == NULL) return;
    batcher_lock(batcher);
    batcher->closing = batcher->draining = true;
    (void)pthread_cond_broadcast(&batcher->work);
    batcher_unlock(batcher);
    if (batcher->started) (void)pthread_join(batcher->thread, NULL);
    for (uint32_t i = 0; batcher->models != NULL && i < batcher->count; i++) {
        free(batcher->models[i].running);
        free(batcher->models[i].rows);
        free(batcher->models[i].order);
    }
    free(batcher->models);
    (void)pthread_cond_destroy(&batcher->work);
    (void)pthread_cond_destroy(&batcher->idle);
    (void)pthread_mutex_destroy(&batcher->lock);
    free(batcher);
}

/* ---- requests ---- */

/* Under the lock. */
static enum crux_status enqueue(struct crux_batcher *batcher, struct batcher_model *model,
                                struct batcher_run *run) {
    if (batcher->draining) return CRUX_E_STOPPING;
    if (batcher->queued >= batcher->options.queue_max) return CRUX_E_QUEUE_FULL;
    run->id = ++batcher->last_id;
    if (model->last == NULL)
        model->first = run;
    else
        model->last->next = run;
    model->last = run;
    batcher->queued++;
    batcher->active++;
    model->figures.queued++;
    model->figures.submitted++;
    (void)pthread_cond_broadcast(&batcher->work);
    return CRUX_OK;
}

static bool is_draining(struct crux_batcher *batcher) {
    batcher_lock(batcher);
    bool draining = batcher->draining;
    batcher_unlock(batcher);
    return draining;
}

enum crux_status crux_batcher_submit(struct crux_batcher *batcher,
                                     const struct crux_batcher_job *job, uint64_t *id) {
    struct batcher_run *run;
    *id = 0;
    if (is_draining(batcher)) return CRUX_E_STOPPING; /* sparing it the rest */
    if (job->model >= batcher->count || job->top > CRUX_BATCHER_TOP_MAX || job->done == NULL)
        return CRUX_E_USAGE;
    enum crux_status status = batcher_run_new(&run, &batcher->models[job->model], job);
    if (status != CRUX_OK) return status;
    batcher_lock(batcher);
    status = enqueue(batcher, &batcher->models[job->model], run);
    if (status == CRUX_OK) *id = run->id;
    batcher_unlock(batcher);
    if (status != CRUX_OK) batcher_run_free(run);
    return status;
}

/* Under the lock. */
static void cancel_in(const struct batcher_model *model, uint64_t id) {
    for (uint32_t i = 0; i < model->running_count; i++) {
        if (model->running[i]->id == id) model->running[i]->cancelled = true;
    }
    for (struct batcher_run *run = model->first; run != NULL; run = run->next) {
        if (run->id == id) run->cancelled = true;
    }
}

void crux_batcher_cancel(struct crux_batcher *batcher, uint64_t id) {
    batcher_lock(batcher);
    for (uint32_t i = 0; i < batcher->count; i++) cancel_in(&batcher->models[i], id);
    batcher_unlock(batcher);
}

uint32_t crux_batcher_positions_max(const struct crux_batcher *batcher, uint32_t model) {
    return batcher->models[model].positions_max;
}

/* ---- figures ---- */

void crux_batcher_figures(struct crux_batcher *batcher, uint32_t model,
                          struct crux_batcher_figures *figures) {
    const struct batcher_model *of = &batcher->models[model];
    batcher_lock(batcher);
    *figures = of->figures;
    double since = crux_seconds() - of->rate_at;
    batcher_unlock(batcher);
    figures->rows_per_second *= exp(-since / BATCHER_RATE_SECONDS);
}
