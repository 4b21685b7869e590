/* The compute thread: runs come from the queues, take their steps, and leave. */
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "executor/service/batch/parts.h"
#include "chain-adapter/io/seconds.h"

uint64_t batcher_bytes(const struct batcher_model *model, uint32_t positions) {
    return crux_engine_cache_bytes(model->engine, positions);
}

/* ---- opening ---- */

/* Returns: positions, at most the context, that fit the cache. */
static uint32_t most_positions(const struct batcher_model *model) {
    uint32_t most = model->about.program->header.context, least = 0;
    if (batcher_bytes(model, most) <= model->cache_bytes_max) return most;
    while (most - least > 1) { /* `least` fits, `most` does not */
        uint32_t middle = least + (most - least) / 2;
        if (batcher_bytes(model, middle) <= model->cache_bytes_max)
            least = middle;
        else
            most = middle;
    }
    return least;
}

/* Returns: half of the machine's memory; UINT64_MAX if it does not tell. */
static uint64_t half_of_memory(void) {
    long pages = sysconf(_SC_PHYS_PAGES), bytes = sysconf(_SC_PAGESIZE);
    return pages > 0 && bytes > 0 ? (uint64_t)pages / 2 * (uint64_t)bytes : UINT64_MAX;
}

static uint64_t cache_bytes(const struct crux_batcher *batcher, const struct batcher_model *model) {
    uint64_t one = batcher_bytes(model, model->about.program->header.context),
             all = batcher->options.sequences_max * one, share = half_of_memory() / batcher->count;
    if (batcher->options.cache_bytes_max != 0) return batcher->options.cache_bytes_max;
    if (share < one) share = one;
    return all < share ? all : share;
}

static enum crux_status open_model(const struct crux_batcher *batcher,
                                   struct batcher_model *model) {
    const struct crux_batcher_options *options = &batcher->options;
    struct crux_engine_options engine = {.threads = options->threads,
                                         .pin = options->pin,
                                         .rows = options->sequences_max + options->prefill_rows,
                                         .no_commit = options->no_commit};
    enum crux_status status = crux_engine_open(&model->engine, model->about.engine_model, &engine);
    if (status != CRUX_OK) return status;
    if (options->prefix_bytes_max > 0)
        status = crux_prefixes_open(&model->prefixes, model->engine, options->prefix_bytes_max);
    model->cache_bytes_max = cache_bytes(batcher, model);
    crux_engine_cache_limit(model->engine, model->cache_bytes_max);
    model->positions_max = most_positions(model);
    model->figures.threads = crux_engine_threads(model->engine);
    model->figures.cache_bytes_max = model->cache_bytes_max;
    model->figures.prefix_bytes_max = options->prefix_bytes_max;
    return status;
}

static enum crux_status open_models(struct crux_batcher *batcher) {
    enum crux_status status = CRUX_OK;
    for (uint32_t i = 0; i < batcher->count && status == CRUX_OK; i++)
        status = open_model(batcher, &batcher->models[i]);
    return status;
}

static void close_models(struct crux_batcher *batcher) {
    for (uint32_t i = 0; i < batcher->count; i++) {
        crux_prefixes_close(batcher->models[i].prefixes);
        crux_engine_close(batcher->models[i].engine);
    }
}

/* ---- lists; under the lock ---- */

static struct batcher_run *take_first(struct crux_batcher *batcher, struct batcher_model *model) {
    struct batcher_run *run = model->first;
    model->first = run->next;
    if (model->first == NULL) model->last = NULL;
    run->next = NULL;
    model->figures.queued--;
    batcher->queued--;
    return run;
}

static void put_first(struct crux_batcher *batcher, struct batcher_model *model,
                      struct batcher_run *run) {
    run->next = model->first;
    model->first = run;
    if (model->last == NULL) model->last = run;
    model->figures.queued++;
    batcher->queued++;
}

static void leave(struct batcher_model *model, uint32_t number) {
    model->running_count--;
    memmove(&model->running[number], &model->running[number + 1],
            (model->running_count - number) * sizeof(struct batcher_run *));
}

void batcher_set_back(struct crux_batcher *batcher, struct batcher_model *model) {
    struct batcher_run *run = model->running[model->running_count - 1];
    crux_engine_sequence_close(run->sequence);
    run->sequence = NULL;
    run->set_back++;
    batcher_lock(batcher);
    model->figures.set_back++;
    leave(model, model->running_count - 1);
    put_first(batcher, model, run);
    batcher_unlock(batcher);
}

/* ---- ends ---- */

static void look_at_clock(struct batcher_run *run, double now) {
    if (run->cancelled) batcher_run_end(run, CRUX_BATCHER_CANCELLED, CRUX_OK);
    if (run->deadline > 0 && now >= run->deadline)
        batcher_run_end(run, CRUX_BATCHER_DEADLINE, CRUX_OK);
}

/* Deadlines and cancellations. A run that was set back has shown its tokens: it is computed once more, up to where it
 * was.  Returns: a list of those that leave the queue. */
static struct batcher_run *sweep(struct crux_batcher *batcher, struct batcher_model *model) {
    struct batcher_run *gone = NULL, **at = &model->first;
    double now = crux_seconds();
    for (uint32_t i = 0; i < model->running_count; i++) look_at_clock(model->running[i], now);
    model->last = NULL;
    while (*at != NULL) {
        struct batcher_run *run = *at;
        look_at_clock(run, now);
        if (!run->ending || run->known > run->asked.run.n) {
            model->last = run;
            at = &run->next;
            continue;
        }
        *at = run->next;
        run->next = gone;
        gone = run;
        model->figures.queued--;
        batcher->queued--;
    }
    return gone;
}

static bool is_over(const struct batcher_run *run) {
    return run->ending && (run->end == CRUX_BATCHER_TROUBLE || run->known == run->asked.run.n ||
                           batcher_run_left(run) == 0);
}

/* What others may begin behind. */
static void keep_prefix(struct batcher_model *model, struct batcher_run *run) {
    if (model->prefixes == NULL || run->job.no_prefix || run->sequence == NULL ||
        run->end == CRUX_BATCHER_TROUBLE)
        return;
    crux_prefixes_put(model->prefixes, run->sequence, run->job.group, run->text);
    run->sequence = NULL;
}

/* In: a run that is in no list. */
static void end(struct crux_batcher *batcher, struct batcher_model *model,
                struct batcher_run *run) {
    batcher_lock(batcher);
    model->figures.ended[run->end]++;
    model->figures.drafted += run->all_drafted;
    model->figures.accepted += run->accepted;
    batcher_unlock(batcher);
    batcher_run_done(run, model, !batcher->options.no_commit);
    keep_prefix(model, run);
    batcher_run_free(run);
    batcher_lock(batcher);
    batcher->active--;
    if (batcher->active == 0) (void)pthread_cond_broadcast(&batcher->idle);
    batcher_unlock(batcher);
}

/* In: runs that left the queue. */
static void end_list(struct crux_batcher *batcher, struct batcher_model *model,
                     struct batcher_run *list) {
    while (list != NULL) {
        struct batcher_run *run = list;
        list = run->next;
        end(batcher, model, run);
    }
}

static void end_running(struct crux_batcher *batcher, struct batcher_model *model) {
    for (uint32_t i = 0; i < model->running_count;) {
        struct batcher_run *run = model->running[i];
        if (!is_over(run)) {
            i++;
            continue;
        }
        batcher_lock(batcher);
        leave(model, i);
        batcher_unlock(batcher);
        end(batcher, model, run);
    }
}

/* ---- beginnings ---- */

/* Does what is known of each run, and a page more, fit the cache?  In: run, one more; not if it is the only one. */
static bool fits(const struct batcher_model *model, const struct batcher_run *run) {
    uint64_t bytes = batcher_bytes(model, run->known + 1);
    if (model->running_count == 0) return true;
    for (uint32_t i = 0; i < model->running_count; i++)
        bytes += batcher_bytes(model, model->running[i]->known + CRUX_ENGINE_CACHE_POSITIONS);
    return bytes <= model->cache_bytes_max;
}

bool batcher_may_share(const struct batcher_run *run, const struct batcher_run *other) {
    return !run->job.no_prefix && !other->job.no_prefix && run->job.group == other->job.group;
}

/* Out: from, the sequence with most in common, kept or at work.  Returns: positions of it; 0: none has enough. */
static uint32_t find_prefix(const struct crux_engine_sequence **from, struct batcher_model *model,
                            const struct batcher_run *run) {
    uint32_t n = run->asked.run.n, least = CRUX_PREFIX_POSITIONS_MIN - 1, most = least;
    if (model->prefixes == NULL || run->job.no_prefix) return 0;
    for (uint32_t i = 0; i < model->running_count; i++) {
        const struct batcher_run *other = model->running[i];
        if (other->sequence == NULL || !batcher_may_share(run, other)) continue;
        uint32_t common = crux_engine_sequence_common(other->sequence, run->text, n, most);
        if (common == 0) continue;
        most = common;
        *from = other->sequence;
    }
    most = crux_prefixes_find(model->prefixes, from, run->job.group, run->text, n, most);
    return most > least ? most : 0;
}

/* Out: sequence.  Returns: positions that it begins behind. */
static uint32_t open_sequence(struct crux_engine_sequence **sequence, enum crux_status *status,
                              struct batcher_model *model, const struct batcher_run *run) {
    const struct crux_engine_sequence *from = NULL;
    uint32_t common = find_prefix(&from, model, run);
    *status = CRUX_OK;
    if (common > 0 &&
        crux_engine_sequence_open_behind(sequence, from, &run->asked.ask, common) == CRUX_OK)
        return common;
    *status = crux_engine_sequence_open(sequence, model->engine, &run->asked.ask);
    return 0;
}

/* A request counts once, however often it begins: as a hit, if it ever began behind another. */
static void count_reused(struct crux_batcher *batcher, struct batcher_model *model,
                         struct batcher_run *run, uint32_t positions) {
    bool hit = positions > 0 && !run->hit, was_missed = run->missed,
         missed = positions == 0 && !run->hit && !was_missed && model->prefixes != NULL;
    run->reused += positions;
    run->hit = run->hit || hit;
    run->missed = (was_missed || missed) && !run->hit;
    batcher_lock(batcher);
    model->figures.prefix_positions += positions;
    model->figures.prefix_hits += hit;
    model->figures.prefix_misses += missed;
    model->figures.prefix_misses -= hit && was_missed;
    batcher_unlock(batcher);
}

void batcher_begin_again(struct crux_batcher *batcher, struct batcher_model *model,
                         struct batcher_run *run) {
    struct crux_engine_sequence *sequence, *before = run->sequence;
    enum crux_status status;
    uint32_t positions = open_sequence(&sequence, &status, model, run);
    if (status != CRUX_OK) return; /* it goes on as it is */
    crux_engine_sequence_close(before);
    run->sequence = sequence;
    count_reused(batcher, model, run, positions);
}

/* Returns: whether a run left the queue. */
static bool admit_one(struct crux_batcher *batcher, struct batcher_model *model) {
    struct batcher_run *run = NULL;
    batcher_lock(batcher);
    if (model->first != NULL && model->running_count < batcher->options.sequences_max &&
        fits(model, model->first)) {
        run = take_first(batcher, model);
        model->running[model->running_count++] = run;
        if (run->admitted == 0) model->figures.request_tokens += run->asked.run.n;
    }
    batcher_unlock(batcher);
    if (run == NULL) return false;
    if (run->admitted == 0) run->admitted = crux_seconds();
    enum crux_status status;
    uint32_t positions = open_sequence(&run->sequence, &status, model, run);
    if (status != CRUX_OK) batcher_run_end(run, CRUX_BATCHER_TROUBLE, status);
    count_reused(batcher, model, run, positions);
    return true;
}

/* ---- the loop ---- */

static void count_step(struct batcher_model *model, const struct crux_engine_figures *before) {
    struct crux_batcher_figures *figures = &model->figures;
    struct crux_engine_figures after;
    double now = crux_seconds();
    crux_engine_figures(model->engine, &after);
    double seconds = after.step_seconds - before->step_seconds,
           stay = exp((model->rate_at - now) / BATCHER_RATE_SECONDS);
    figures->rows_per_second = figures->rows_per_second * stay +
                               (double)(after.rows - before->rows) / BATCHER_RATE_SECONDS;
    model->rate_at = now;
    figures->steps++;
    figures->rows = after.rows;
    figures->chosen_tokens = model->chosen_tokens;
    figures->step_seconds = after.step_seconds;
    if (seconds > figures->step_seconds_max) figures->step_seconds_max = seconds;
    figures->commit_seconds = after.commit_seconds;
    figures->saturated = after.saturated;
}

static void count_now(struct batcher_model *model) {
    struct crux_engine_figures now;
    crux_engine_figures(model->engine, &now);
    model->figures.cache_bytes = now.cache_bytes;
    model->figures.prefix_bytes = now.resting_bytes;
    model->figures.prefix_entries = crux_prefixes_count(model->prefixes);
    model->figures.running = model->running_count;
    model->figures.decoding = 0;
    for (uint32_t i = 0; i < model->running_count; i++)
        model->figures.decoding += model->running[i]->known > model->running[i]->asked.run.n;
}

static void step(struct crux_batcher *batcher, struct batcher_model *model) {
    struct crux_engine_figures before;
    crux_engine_figures(model->engine, &before);
    batcher_step(batcher, model);
    batcher_lock(batcher);
    count_step(model, &before);
    batcher_unlock(batcher);
}

/* Returns: whether the model has runs at work. */
static bool serve(struct crux_batcher *batcher, struct batcher_model *model) {
    batcher_lock(batcher);
    struct batcher_run *gone = sweep(batcher, model);
    batcher_unlock(batcher);
    end_list(batcher, model, gone);
    end_running(batcher, model);
    while (admit_one(batcher, model)) continue;
    end_running(batcher, model); /* for which there was no memory */
    bool works = model->running_count > 0;
    if (works) {
        step(batcher, model);
        end_running(batcher, model);
    }
    batcher_lock(batcher);
    count_now(model);
    batcher_unlock(batcher);
    return works;
}

static void stop(struct crux_batcher *batcher, struct batcher_model *model) {
    batcher_lock(batcher);
    struct batcher_run *waiting = model->first;
    model->first = model->last = NULL;
    batcher->queued -= model->figures.queued;
    model->figures.queued = 0;
    batcher_unlock(batcher);
    for (struct batcher_run *run = waiting; run != NULL; run = run->next)
        batcher_run_end(run, CRUX_BATCHER_STOPPED, CRUX_OK);
    end_list(batcher, model, waiting);
    while (model->running_count > 0) {
        struct batcher_run *run = model->running[0];
        batcher_run_end(run, CRUX_BATCHER_STOPPED, CRUX_OK);
        batcher_lock(batcher);
        leave(model, 0);
        batcher_unlock(batcher);
        end(batcher, model, run);
    }
}

/* Each model has its turn; sleeps when none has anything to do.  Returns: false when the batcher is closed. */
static bool go_on(struct crux_batcher *batcher) {
    bool works = false, closing;
    for (uint32_t i = 0; i < batcher->count; i++)
        works = serve(batcher, &batcher->models[i]) || works;
    batcher_lock(batcher);
    while (!works && batcher->queued == 0 && !batcher->closing)
        (void)pthread_cond_wait(&batcher->work, &batcher->lock);
    closing = batcher->closing;
    batcher_unlock(batcher);
    return !closing;
}

void *batcher_thread(void *argument) {
    struct crux_batcher *batcher = argument;
    enum crux_status status = open_models(batcher);
    batcher_lock(batcher);
    batcher->opened = true;
    batcher->open_status = status;
    (void)pthread_cond_broadcast(&batcher->idle);
    batcher_unlock(batcher);
    if (status == CRUX_OK) {
        while (go_on(batcher)) continue;
        for (uint32_t i = 0; i < batcher->count; i++) stop(batcher, &batcher->models[i]);
    }
    close_models(batcher);
    return NULL;
}
