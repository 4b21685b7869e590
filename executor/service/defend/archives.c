#include "executor/service/defend/archives.h"
#include "chain-adapter/io/seconds.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* of a record, beside its elements: its place, its block of memory, its leaf and nodes of the trace */
    RECORD_BYTES = 48,
    LEAF_BYTES = 64,
    REFUSED_MAX = 64,    /* remembered */
    REFUSED_SECONDS = 60 /* until a run that came out wrong is tried again */
};

struct model {
    struct crux_archives_model about;
    struct crux_committed_model committed;
    bool is_committed;       /* made when the first run needs it */
    uint64_t position_bytes; /* of a kept run, about; 0: none was made yet */
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
    struct crux_archives_urgent urgent;
    struct crux_archives_figures figures;
    /* the thread's */
    struct kept *kept[CRUX_ARCHIVES_KEPT_MAX]; /* the one used last is last */
    uint32_t kept_count;
    uint64_t kept_bytes;
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

/* In: bytes that are to come. */
static void make_room(struct crux_archives *archives, uint64_t bytes) {
    while (archives->kept_count > 0 && (archives->kept_count == CRUX_ARCHIVES_KEPT_MAX ||
                                        archives->kept_bytes + bytes > archives->options.bytes_max))
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

static uint64_t bytes_of_position(const struct crux_run *run) {
    const struct crux_program *program = run->program;
    uint64_t bytes = 0;
    for (uint32_t l = 0; l < program->header.layers; l++) {
        const struct crux_layer *layer = &program->layers[l];
        bytes += LEAF_BYTES;
        for (uint32_t i = 0; i < layer->stores; i++) {
            const struct crux_run_record *record =
                crux_run_record_at(run, run->positions - 1, l, i);
            uint32_t op = layer->first + layer->ops - layer->stores + i;
            if (record != NULL)
                bytes +=
                    RECORD_BYTES + record->elements * crux_dtype_bytes(program->ops[op].op.dtype);
        }
    }
    return bytes;
}

static enum crux_status run_again(struct kept *kept, const struct crux_archives *archives,
                                  struct model *model, const struct crux_archives_run *run) {
    struct crux_archive_request request = {.cancelled = run->claim.cancelled};
    size_t bytes = (size_t)run->claim.request_tokens * sizeof *kept->tokens;
    uint8_t hash[32];
    kept->tokens = malloc(bytes);
    if (kept->tokens == NULL) return CRUX_E_OUT_OF_MEMORY;
    memcpy(kept->tokens, run->tokens, bytes);
    crux_request_read(&request.fields, run->request);
    if (request.fields.request_tokens != run->claim.request_tokens) return CRUX_E_CLAIM_MISMATCH;
    request.tokens = kept->tokens;
    enum crux_status status =
        crux_archive_run_fast(&kept->archive, &model->committed, model->about.engine_model,
                              archives->options.threads, &request, NULL);
    if (status != CRUX_OK) return status;
    crux_claim_hash(hash, crux_archive_claim(kept->archive));
    if (memcmp(hash, kept->hash, 32) != 0) return CRUX_E_CLAIM_MISMATCH;
    crux_archive_provider(&kept->provider, kept->archive);
    return CRUX_OK;
}

static enum crux_status make(struct crux_archives *archives, const struct crux_archives_run *run,
                             const uint8_t hash[32], struct kept **out) {
    struct model *model = model_of(archives, run->claim.model_root);
    if (model == NULL) return CRUX_E_MODEL_UNKNOWN;
    uint64_t positions = crux_claim_positions(&run->claim);
    make_room(archives, positions * model->position_bytes);
    struct kept *kept = calloc(1, sizeof *kept);
    if (kept == NULL) return CRUX_E_OUT_OF_MEMORY;
    memcpy(kept->hash, hash, 32);
    enum crux_status status = commit(model);
    if (status == CRUX_OK) status = run_again(kept, archives, model, run);
    if (status != CRUX_OK) {
        kept_free(kept);
        return status;
    }
    model->position_bytes = bytes_of_position(crux_archive_tokens(kept->archive));
    kept->bytes = positions * model->position_bytes;
    make_room(archives, kept->bytes);
    archives->kept[archives->kept_count++] = kept;
    archives->kept_bytes += kept->bytes;
    *out = kept;
    return CRUX_OK;
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
    lock(archives);
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
    free(job);
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
    if (archives->is_urgent) {
        archives->is_urgent = false;
    } else if (archives->first != NULL) {
        *job = archives->first;
        archives->first = (*job)->next;
        if (archives->first == NULL) archives->last = NULL;
        archives->figures.waiting--;
    }
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
        else if (archives->urgent.round != NULL)
            archives->urgent.round(archives->urgent.ctx);
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

static enum crux_status enqueue(struct crux_archives *archives, struct job *job) {
    if (archives->closing) return CRUX_E_STOPPING;
    if (archives->figures.waiting >= archives->options.queue_max) return CRUX_E_QUEUE_FULL;
    if (archives->last == NULL)
        archives->first = job;
    else
        archives->last->next = job;
    archives->last = job;
    archives->figures.waiting++;
    (void)pthread_cond_signal(&archives->work);
    return CRUX_OK;
}

enum crux_status crux_archives_submit(struct crux_archives *archives,
                                      const struct crux_archives_run *run, crux_archives_use *use,
                                      void *ctx) {
    size_t bytes = (size_t)run->claim.request_tokens * sizeof *run->tokens;
    struct job *job = calloc(1, sizeof *job);
    uint32_t *tokens = malloc(bytes > 0 ? bytes : 1);
    if (job == NULL || tokens == NULL) {
        free(job);
        free(tokens);
        return CRUX_E_OUT_OF_MEMORY;
    }
    memcpy(tokens, run->tokens, bytes);
    job->run = *run;
    job->run.tokens = tokens;
    job->use = use;
    job->ctx = ctx;
    lock(archives);
    enum crux_status status = enqueue(archives, job);
    unlock(archives);
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
