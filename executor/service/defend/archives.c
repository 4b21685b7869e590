#include "executor/service/defend/archives.h"
#include "executor/engine/archive_again.h"
#include "chain-adapter/io/seconds.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    REFUSED_MAX = 64,    /* remembered */
    REFUSED_SECONDS = 60 /* until a run that came out wrong is tried again */
};

struct model {
    struct crux_archives_model about;
    struct crux_committed_model committed;
    bool is_committed; /* made when the first run needs it */
};

/* Must not be moved: the provider points into it. */
struct kept {
    uint8_t hash[32]; /* of the claim */
    uint32_t *tokens; /* of the request */
    struct crux_archive *archive;
    struct crux_archive_provider provider;
    uint64_t bytes;
};

struct job {
    struct job *next;
    struct crux_archives_run run;
    uint8_t asker[CRUX_ARCHIVES_ASKER_BYTES];
    uint64_t turn; /* the least is served first */
    crux_archives_use *use;
    void *ctx;
};

/* A run that came out otherwise than promised. */
struct refused {
    uint8_t hash[32]; /* of the claim */
    double until;
};

struct crux_archives {
    struct crux_archives_options options;
    struct model *models;
    uint32_t count;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t work;
    /* under the lock */
    bool closing, is_urgent;
    struct job *first, *last;
    uint8_t last_asker[CRUX_ARCHIVES_ASKER_BYTES]; /* who was served last, */
    uint64_t turn;                                 /* and in which turn */
    struct crux_archives_urgent urgent;
    struct crux_archives_figures figures;
    /* the thread's */
    struct kept *kept[CRUX_ARCHIVES_KEPT_MAX]; /* the one used last is last */
    uint32_t kept_count;
    uint64_t kept_bytes, making_bytes;
    bool in_round;
    struct refused refused[REFUSED_MAX]; /* a ring */
    uint32_t refusals;
};

struct crux_archives_model crux_archives_model_of(struct crux_engine_loaded *loaded) {
    return (struct crux_archives_model){.engine_model = loaded->model,
                                        .program = &loaded->file.program,
                                        .memory = &loaded->file.memory,
                                        .manifest = loaded->file.manifest,
                                        .root = loaded->file.root};
}

static void lock(struct crux_archives *archives) {
    (void)pthread_mutex_lock(&archives->lock);
}

static void unlock(struct crux_archives *archives) {
    (void)pthread_mutex_unlock(&archives->lock);
}

/* ---- what is kept ---- */

static void kept_free(struct kept *kept) {
    if (kept == NULL) return;
    crux_archive_free(kept->archive);
    free(kept->tokens);
    free(kept);
}

static void forget_first(struct crux_archives *archives) {
    struct kept *kept = archives->kept[0];
    archives->kept_count--;
    archives->kept_bytes -= kept->bytes;
    memmove(archives->kept, archives->kept + 1, archives->kept_count * sizeof(struct kept *));
    kept_free(kept);
}

static bool is_over_limit(const struct crux_archives *archives) {
    uint64_t max = archives->options.bytes_max;
    return archives->making_bytes > max || archives->kept_bytes > max - archives->making_bytes;
}

/* For what is in the making. */
static void make_room(struct crux_archives *archives) {
    while (archives->kept_count > 0 &&
           (archives->kept_count == CRUX_ARCHIVES_KEPT_MAX || is_over_limit(archives)))
        forget_first(archives);
}

/* Returns: NULL if it is not there. */
static struct kept *find(struct crux_archives *archives, const uint8_t hash[32]) {
    for (uint32_t i = 0; i < archives->kept_count; i++) {
        struct kept *kept = archives->kept[i];
        if (memcmp(kept->hash, hash, 32) != 0) continue;
        archives->kept_count--;
        memmove(archives->kept + i, archives->kept + i + 1,
                (archives->kept_count - i) * sizeof(struct kept *));
        archives->kept[archives->kept_count++] = kept;
        return kept;
    }
    return NULL;
}

/* A step may take more memory than all of its run's records, and whoever asks about one in each run that is kept would
 * have as many of them in memory.  Returns: how many were closed. */
static uint32_t rest(struct crux_archives *archives) {
    uint32_t rested = 0;
    for (uint32_t i = 0; i + (uint64_t)archives->options.open_max < archives->kept_count; i++)
        rested += crux_archive_rest(archives->kept[i]->archive);
    return rested;
}

/* ---- making ---- */

static struct model *model_of(const struct crux_archives *archives, const uint8_t root[32]) {
    for (uint32_t i = 0; i < archives->count; i++) {
        if (memcmp(archives->models[i].about.root, root, 32) == 0) return &archives->models[i];
    }
    return NULL;
}

static enum crux_status commit(struct model *model) {
    const struct crux_archives_model *about = &model->about;
    if (model->is_committed) return CRUX_OK;
    enum crux_status status =
        crux_committed_model_init_as(&model->committed, about->program, about->memory,
                                     about->manifest.bytes, about->manifest.len, about->root);
    model->is_committed = status == CRUX_OK;
    return status;
}

/* ---- rounds ---- */

static void play_round(struct crux_archives *archives) {
    if (archives->urgent.round == NULL) return;
    archives->in_round = true;
    archives->urgent.round(archives->urgent.ctx);
    archives->in_round = false;
}

/* Between two steps of a run that is made. A round comes before what anybody else asked for, and does not wait for its end;
 * a round's own runs are made in one piece. */
static bool go_on(void *ctx) {
    struct crux_archives *archives = ctx;
    lock(archives);
    bool closing = archives->closing, is_due = archives->is_urgent && !archives->in_round;
    if (is_due) archives->is_urgent = false;
    unlock(archives);
    if (closing) return false;
    if (is_due) play_round(archives);
    return true;
}

/* ---- a run made again ---- */

static enum crux_status run_again(struct kept *kept, struct crux_archives *archives,
                                  struct model *model, const struct crux_archives_run *run) {
    struct crux_archive_request request = {.cancelled = run->claim.cancelled};
    const struct crux_archive_again again = {.output = run->output,
                                             .output_tokens = run->claim.chosen_tokens,
                                             .go_on = go_on,
                                             .ctx = archives};
    size_t bytes = (size_t)run->claim.request_tokens * sizeof *kept->tokens;
    uint8_t hash[32];
    kept->tokens = malloc(bytes);
    if (kept->tokens == NULL) return CRUX_E_OUT_OF_MEMORY;
    memcpy(kept->tokens, run->tokens, bytes);
    crux_request_read(&request.fields, run->request);
    if (request.fields.request_tokens != run->claim.request_tokens) return CRUX_E_CLAIM_MISMATCH;
    request.tokens = kept->tokens;
    enum crux_status status =
        crux_archive_run_again(&kept->archive, &model->committed, model->about.engine_model,
                               archives->options.threads, &request, &again);
    if (status != CRUX_OK) return status;
    crux_claim_hash(hash, crux_archive_claim(kept->archive));
    if (memcmp(hash, kept->hash, 32) != 0) return CRUX_E_CLAIM_MISMATCH;
    crux_archive_provider(&kept->provider, kept->archive);
    return CRUX_OK;
}

/* Puts it behind those that are kept, unless a round has made the same one meanwhile. */
static struct kept *keep(struct crux_archives *archives, struct kept *kept) {
    struct kept *same = find(archives, kept->hash);
    if (same != NULL) {
        kept_free(kept);
        return same;
    }
    make_room(archives);
    archives->kept[archives->kept_count++] = kept;
    archives->kept_bytes += kept->bytes;
    return kept;
}

static enum crux_status make(struct crux_archives *archives, const struct crux_archives_run *run,
                             const uint8_t hash[32], struct kept **out) {
    struct model *model = model_of(archives, run->claim.model_root);
    if (model == NULL) return CRUX_E_MODEL_UNKNOWN;
    uint64_t bytes = crux_archive_bytes(model->about.program, run->claim.request_tokens,
                                        crux_claim_positions(&run->claim));
    /* what was promised is defended, whatever it takes */
    if (bytes > archives->options.bytes_max && !archives->in_round) return CRUX_E_CACHE_TOO_SMALL;
    struct kept *kept = calloc(1, sizeof *kept);
    if (kept == NULL) return CRUX_E_OUT_OF_MEMORY;
    memcpy(kept->hash, hash, 32);
    kept->bytes = bytes;
    archives->making_bytes += bytes;
    make_room(archives);
    enum crux_status status = commit(model);
    if (status == CRUX_OK) status = run_again(kept, archives, model, run);
    if (status == CRUX_OK)
        *out = keep(archives, kept);
    else
        kept_free(kept);
    archives->making_bytes -= bytes;
    return status;
}

static bool was_refused(const struct crux_archives *archives, const uint8_t hash[32]) {
    double now = crux_seconds();
    for (uint32_t i = 0; i < REFUSED_MAX; i++) {
        if (now < archives->refused[i].until && memcmp(archives->refused[i].hash, hash, 32) == 0)
            return true;
    }
    return false;
}

static void remember_refused(struct crux_archives *archives, const uint8_t hash[32]) {
    struct refused *refused = &archives->refused[archives->refusals++ % REFUSED_MAX];
    memcpy(refused->hash, hash, 32);
    refused->until = crux_seconds() + REFUSED_SECONDS;
}

enum crux_status crux_archives_get(struct crux_archives *archives,
                                   const struct crux_archives_run *run,
                                   const struct crux_provider **provider) {
    uint8_t hash[32];
    double start = crux_seconds();
    *provider = NULL;
    enum crux_status status = crux_claim_check(&run->claim);
    if (status != CRUX_OK) return status;
    crux_claim_hash(hash, &run->claim);
    struct kept *kept = find(archives, hash);
    bool is_new = kept == NULL;
    if (is_new && was_refused(archives, hash)) return CRUX_E_CLAIM_MISMATCH;
    if (is_new) status = make(archives, run, hash, &kept);
    if (status == CRUX_E_CLAIM_MISMATCH) remember_refused(archives, hash);
    uint32_t rested = rest(archives);
    lock(archives);
    archives->figures.rested += rested;
    archives->figures.kept = archives->kept_count;
    archives->figures.bytes = archives->kept_bytes;
    archives->figures.made += is_new && status == CRUX_OK;
    archives->figures.reused += !is_new;
    archives->figures.failed += status != CRUX_OK;
    archives->figures.seconds += crux_seconds() - start;
    unlock(archives);
    if (status == CRUX_OK) *provider = &kept->provider.provider;
    return status;
}

/* ---- the thread ---- */

static void job_free(struct job *job) {
    free((void *)(uintptr_t)job->run.tokens);
    free((void *)(uintptr_t)job->run.output);
    free(job);
}

static bool is_of(const struct job *job, const uint8_t asker[CRUX_ARCHIVES_ASKER_BYTES]) {
    return memcmp(job->asker, asker, CRUX_ARCHIVES_ASKER_BYTES) == 0;
}

/* Takes the first of those whose turn is the least.  In: the lock is held. */
static struct job *take_job(struct crux_archives *archives) {
    struct job **link = &archives->first;
    for (struct job **at = link; *at != NULL; at = &(*at)->next) {
        if ((*at)->turn < (*link)->turn) link = at;
    }
    struct job *job = *link;
    if (job == NULL) return NULL;
    *link = job->next;
    archives->last = archives->first;
    while (archives->last != NULL && archives->last->next != NULL)
        archives->last = archives->last->next;
    memcpy(archives->last_asker, job->asker, sizeof archives->last_asker);
    archives->turn = job->turn;
    archives->figures.waiting--;
    return job;
}

static void do_job(struct crux_archives *archives, struct job *job) {
    const struct crux_provider *provider;
    enum crux_status status = crux_archives_get(archives, &job->run, &provider);
    job->use(job->ctx, status, provider);
    job_free(job);
}

/* Waits.  Returns: false when it is over.  Out: job, NULL for a round. */
static bool next(struct crux_archives *archives, struct job **job) {
    lock(archives);
    while (!archives->closing && !archives->is_urgent && archives->first == NULL)
        (void)pthread_cond_wait(&archives->work, &archives->lock);
    *job = NULL;
    if (archives->is_urgent)
        archives->is_urgent = false;
    else
        *job = take_job(archives);
    bool closing = archives->closing;
    unlock(archives);
    if (!closing) return true;
    if (*job != NULL) {
        (*job)->use((*job)->ctx, CRUX_E_STOPPING, NULL);
        job_free(*job);
    }
    return false;
}

static void refuse_the_rest(struct crux_archives *archives) {
    lock(archives);
    struct job *first = archives->first;
    archives->first = archives->last = NULL;
    archives->figures.waiting = 0;
    unlock(archives);
    while (first != NULL) {
        struct job *job = first;
        first = job->next;
        job->use(job->ctx, CRUX_E_STOPPING, NULL);
        job_free(job);
    }
}

static void *work(void *ctx) {
    struct crux_archives *archives = ctx;
    struct job *job;
    while (next(archives, &job)) {
        if (job != NULL)
            do_job(archives, job);
        else
            play_round(archives);
    }
    refuse_the_rest(archives);
    if (archives->urgent.leave != NULL) archives->urgent.leave(archives->urgent.ctx);
    while (archives->kept_count > 0) forget_first(archives);
    return NULL;
}

/* ---- opening ---- */

enum crux_status crux_archives_open(struct crux_archives **out,
                                    const struct crux_archives_model *models, uint32_t count,
                                    const struct crux_archives_options *options) {
    *out = NULL;
    if (count == 0 || count > CRUX_ARCHIVES_MODELS_MAX) return CRUX_E_USAGE;
    struct crux_archives *archives = calloc(1, sizeof *archives);
    if (archives == NULL) return CRUX_E_OUT_OF_MEMORY;
    archives->options = *options;
    if (archives->options.threads == 0) archives->options.threads = 1;
    if (archives->options.queue_max == 0) archives->options.queue_max = CRUX_ARCHIVES_QUEUE;
    if (archives->options.of_one_max == 0) archives->options.of_one_max = CRUX_ARCHIVES_OF_ONE;
    if (archives->options.open_max == 0) archives->options.open_max = CRUX_ARCHIVES_OPEN;
    (void)pthread_mutex_init(&archives->lock, NULL);
    (void)pthread_cond_init(&archives->work, NULL);
    archives->models = calloc(count, sizeof *archives->models);
    for (uint32_t i = 0; archives->models != NULL && i < count; i++)
        archives->models[i].about = models[i];
    archives->count = count;
    archives->started =
        archives->models != NULL && pthread_create(&archives->thread, NULL, work, archives) == 0;
    if (!archives->started) {
        crux_archives_close(archives);
        return CRUX_E_OUT_OF_MEMORY;
    }
    *out = archives;
    return CRUX_OK;
}

void crux_archives_close(struct crux_archives *archives) {
    if (archives == NULL) return;
    lock(archives);
    archives->closing = true;
    (void)pthread_cond_signal(&archives->work);
    unlock(archives);
    if (archives->started) (void)pthread_join(archives->thread, NULL);
    for (uint32_t i = 0; archives->models != NULL && i < archives->count; i++) {
        if (archives->models[i].is_committed)
            crux_committed_model_free(&archives->models[i].committed);
    }
    free(archives->models);
    (void)pthread_cond_destroy(&archives->work);
    (void)pthread_mutex_destroy(&archives->lock);
    free(archives);
}

/* ---- asking ---- */

/* Each of an asker's questions has a turn of its own, and a turn of all askers comes before the next one: who has one
 * question waits for one of each other at most, whatever more they have asked before. */
static enum crux_status enqueue(struct crux_archives *archives, struct job *job) {
    uint32_t of_one = 0;
    job->turn = archives->turn + is_of(job, archives->last_asker);
    if (archives->closing) return CRUX_E_STOPPING;
    if (archives->figures.waiting >= archives->options.queue_max) return CRUX_E_QUEUE_FULL;
    for (const struct job *at = archives->first; at != NULL; at = at->next) {
        if (!is_of(at, job->asker)) continue;
        of_one++;
        if (job->turn <= at->turn) job->turn = at->turn + 1;
    }
    if (of_one >= archives->options.of_one_max) return CRUX_E_QUEUE_FULL;
    if (archives->last == NULL)
        archives->first = job;
    else
        archives->last->next = job;
    archives->last = job;
    archives->figures.waiting++;
    (void)pthread_cond_signal(&archives->work);
    return CRUX_OK;
}

/* Returns: malloced; NULL without memory. */
static uint32_t *copy_tokens(const uint32_t *tokens, uint32_t count) {
    size_t bytes = (size_t)count * sizeof *tokens;
    uint32_t *copy = malloc(bytes > 0 ? bytes : 1);
    if (copy != NULL && bytes > 0) memcpy(copy, tokens, bytes);
    return copy;
}

enum crux_status crux_archives_submit(struct crux_archives *archives,
                                      const struct crux_archives_run *run,
                                      const uint8_t asker[CRUX_ARCHIVES_ASKER_BYTES],
                                      crux_archives_use *use, void *ctx) {
    struct job *job = calloc(1, sizeof *job);
    if (job == NULL) return CRUX_E_OUT_OF_MEMORY;
    job->run = *run;
    job->run.tokens = copy_tokens(run->tokens, run->claim.request_tokens);
    job->run.output = copy_tokens(run->output, run->claim.chosen_tokens);
    memcpy(job->asker, asker, sizeof job->asker);
    job->use = use;
    job->ctx = ctx;
    enum crux_status status = CRUX_E_OUT_OF_MEMORY;
    if (job->run.tokens != NULL && job->run.output != NULL) {
        lock(archives);
        status = enqueue(archives, job);
        unlock(archives);
    }
    if (status != CRUX_OK) job_free(job);
    return status;
}

void crux_archives_serve(struct crux_archives *archives,
                         const struct crux_archives_urgent *urgent) {
    lock(archives);
    archives->urgent = *urgent;
    unlock(archives);
}

void crux_archives_urgent(struct crux_archives *archives) {
    lock(archives);
    archives->is_urgent = true;
    (void)pthread_cond_signal(&archives->work);
    unlock(archives);
}

void crux_archives_figures(struct crux_archives *archives, struct crux_archives_figures *figures) {
    lock(archives);
    *figures = archives->figures;
    unlock(archives);
}
