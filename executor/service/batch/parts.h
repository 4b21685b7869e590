/* Inside the batcher: what the files beside this one share. */
#ifndef CRUX_EXECUTOR_SERVICE_BATCH_PARTS_H
#define CRUX_EXECUTOR_SERVICE_BATCH_PARTS_H

#include <pthread.h>

#include "executor/service/batch/batcher.h"
#include "executor/service/batch/prefix.h"

/* A request from submit to done. */
struct batcher_run {
    struct batcher_run *next; /* in a queue */
    uint64_t id;
    struct crux_batcher_job job; /* its request's tokens are `text` */
    struct runner_asked asked;
    uint32_t *text; /* the request's tokens, those chosen, and room for guesses */
    uint32_t text_cap;
    uint32_t known; /* of them known: the request's and those chosen */
    bool cancelled; /* under the lock */
    double submitted, deadline, admitted, first_token; /* seconds; deadline: 0, none */
    struct crux_engine_sequence *sequence;             /* NULL: waits */
    int32_t *logits;                                   /* vocab, or NULL */
    uint32_t first_row, rows;                          /* in the step in progress */
    uint32_t drafted;                                  /* of the rows: guessed */
    uint32_t match;                                    /* of the draft, in the text */
    struct crux_speculate speculate;
    bool held;        /* an older run reads the same: begins behind it, when it is through */
    bool hit, missed; /* counted as one of them: it began behind another, or there was none */
    bool ending;      /* no more tokens: ends as `end` says as soon as its records are all there */
    enum crux_batcher_end end;
    enum crux_status status;
    uint32_t reused, all_drafted, accepted, set_back;
};

/* One model and its engine. */
struct batcher_model {
    struct crux_batcher_model about;
    struct crux_engine *engine;
    struct crux_prefixes *prefixes; /* NULL: none are kept */
    uint64_t cache_bytes_max;
    uint32_t positions_max;
    struct batcher_run *first, *last; /* the queue; under the lock */
    struct batcher_run **running;     /* by age, the oldest first; changed under the lock */
    uint32_t running_count;
    struct crux_engine_row *rows;
    uint32_t *order; /* of runs that read their requests */
    uint64_t chosen_tokens;
    struct crux_batcher_figures
        figures;    /* under the lock; gauges of engine and rate as of the last step */
    double rate_at; /* when figures.rows_per_second was right */
};

enum { BATCHER_RATE_SECONDS = 5 /* that the rate of rows is taken over, about */ };

struct crux_batcher {
    struct crux_batcher_options options;
    struct batcher_model *models;
    uint32_t count;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t work, idle; /* by the monotonic clock */
    /* under the lock */
    bool opened, draining, closing;
    enum crux_status open_status;
    uint64_t last_id;
    uint32_t queued, active; /* active: submitted and not done with */
};

void batcher_lock(struct crux_batcher *batcher);
void batcher_unlock(struct crux_batcher *batcher);

/* ---- run.c ---- */

/* Out: run, of a request that a model can take.  Returns: crux_batcher_submit's. */
CRUX_MUST_CHECK
enum crux_status batcher_run_new(struct batcher_run **run, const struct batcher_model *model,
                                 const struct crux_batcher_job *job);
void batcher_run_free(struct batcher_run *run);
/* Returns: positions that are to be computed before the next token, or before the end. */
uint32_t batcher_run_left(const struct batcher_run *run);
/* The next token is known: tells the caller, and finds out whether the run ends. */
void batcher_run_take(struct batcher_run *run, struct batcher_model *model, uint32_t token);
/* Ends it, unless it ends already: trouble goes before all else. */
void batcher_run_end(struct batcher_run *run, enum crux_batcher_end end, enum crux_status status);
/* Tells the caller what became of it.  In: a run that is in no list. */
void batcher_run_done(struct batcher_run *run, const struct batcher_model *model, bool commit);
/* Writes guessed tokens behind the known ones.  Returns: how many. */
uint32_t batcher_run_draft(struct batcher_run *run, const struct batcher_model *model,
                           uint32_t most);

/* ---- logprob.c ---- */

/* Out: token->logprob and top_count; top, room for job.top. */
void batcher_logprob(struct crux_batcher_token *token, struct crux_batcher_logprob *top,
                     const int32_t *logits, const struct crux_fused_decoder *config, uint32_t most);

/* ---- step.c ---- */

/* One step of the model's engine: rows for its runs, and what they chose. In: a model with runs at work. */
void batcher_step(struct crux_batcher *batcher, struct batcher_model *model);

/* ---- thread.c ---- */

/* In: the batcher. Opens the engines, then computes until the batcher is closed. */
void *batcher_thread(void *batcher);
/* Begins once more, behind whatever has most in common by now.  In: a run without positions. */
void batcher_begin_again(struct crux_batcher *batcher, struct batcher_model *model,
                         struct batcher_run *run);
/* Returns: may one of them begin behind positions of the other? */
bool batcher_may_share(const struct batcher_run *run, const struct batcher_run *other);
/* Puts the youngest run at work back in front of the queue; its pages are given back. */
void batcher_set_back(struct crux_batcher *batcher, struct batcher_model *model);
/* In: any limit of positions.  Returns: bytes of cache that a run of so many positions holds at most. */
uint64_t batcher_bytes(const struct batcher_model *model, uint32_t positions);

#endif
