/* Continuous batching: many requests to several models, computed together by one thread.
 *
 *   submit --> | queue of a model |--admit--> runs        every step of a model's engine:
 *                                              A decode    | A | B | C C C C C C C C | D D |   one row for each run that
 *                                              B decode                                         decodes, and a slice of
 *                                              C prefill   <-- bounded: so is the time          rows for those that read
 *                                              D prefill       between two tokens of A          their requests
 *
 * Runs join and leave at any step. Nothing in a record depends on what shares its step, so tokens, claim and trace of each
 * run are those of crux_engine_generate for its request: spec/30-commitment.md#traces.
 *
 * A request that finds the cache full waits. A run that finds it full when it grows is set back: the youngest gives its
 * pages away and is computed again later, from the tokens it had; nobody sees more of it than a pause.
 *
 * Threads: crux_batcher_* may be called from any thread. Callbacks are called on the compute thread, one at a time; they
 * must not block, and may call crux_batcher_submit, crux_batcher_cancel and crux_batcher_figures.
 */
#ifndef CRUX_EXECUTOR_SERVICE_BATCH_BATCHER_H
#define CRUX_EXECUTOR_SERVICE_BATCH_BATCHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bisection/bisection.h"
#include "executor/engine/engine.h"

struct crux_batcher;

enum {
    CRUX_BATCHER_MODELS_MAX = 64,
    CRUX_BATCHER_SEQUENCES = 64, /* unless the options say otherwise */
    CRUX_BATCHER_SEQUENCES_MAX = 1024,
    CRUX_BATCHER_QUEUE = 256,
    CRUX_BATCHER_PREFILL_ROWS = 64,
    CRUX_BATCHER_TOP_MAX = 20 /* likeliest tokens shown with one */
};

/* ---- opening ---- */

/* One model to be served; all of it is the caller's and outlives the batcher. */
struct crux_batcher_model {
    struct crux_engine_model *engine_model;
    const struct crux_program *program;
    const struct crux_fused_decoder *config;
    const uint8_t *root; /* 32 bytes */
};

/* Returns: that of a loaded model. */
struct crux_batcher_model crux_batcher_model_of(const struct crux_engine_loaded *loaded);

struct crux_batcher_options {
    unsigned threads;       /* as in crux_engine_options; shared by all models in turn */
    const char *pin;        /* likewise; read while opening */
    uint32_t sequences_max; /* runs of a model at work at once; 0: CRUX_BATCHER_SEQUENCES */
    uint32_t queue_max;     /* requests that wait, of all models; 0: CRUX_BATCHER_QUEUE */
    uint32_t prefill_rows;  /* of a step in which others decode; 0: CRUX_BATCHER_PREFILL_ROWS */
    /* Of keys and values of each model; 0: what sequences_max full contexts take, or, if that is less, a full context or
     * the model's share of half of the machine's memory, whichever is more. */
    uint64_t cache_bytes_max;
    /* Of those, kept for requests that begin alike; 0: none are kept. */
    uint64_t prefix_bytes_max;
    /* To measure what that costs or gains: */
    bool no_commit;      /* records stay unhashed: claims have no trace root */
    bool no_speculation; /* nothing is computed ahead on guessed tokens */
};

/* Starts the compute thread.
 * Out: batcher, NULL on failure.  In: models, count of them, copied; options, may be NULL, copied.
 * Returns: CRUX_E_USAGE for no or too many models, too many sequences or an unknown processor; CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_batcher_open(struct crux_batcher **batcher,
                                   const struct crux_batcher_model *models, uint32_t count,
                                   const struct crux_batcher_options *options);

/* No more requests from now on: submit returns CRUX_E_STOPPING. What was accepted goes on. */
void crux_batcher_drain(struct crux_batcher *batcher);
/* Returns: whether nothing waits or runs any more, at the latest after so many seconds. */
bool crux_batcher_wait(struct crux_batcher *batcher, double seconds);
/* Ends every run after the step in progress (CRUX_BATCHER_STOPPED; each gets its `done`), then the thread. Not from a
 * callback. */
void crux_batcher_close(struct crux_batcher *batcher);

/* ---- requests ---- */

/* A token's share of the probability before penalty, temperature and cuts, for people to look at:
 *
 *   logprob(t) = x(t) - log(sum over v of exp(x(v))),   x(v) = logit(v) / 2^logit_bits
 *
 * The logits are the exact integers that the token was chosen from. This figure is in floating point: it is not
 * committed, nobody can dispute it, and its last digits may differ between machines. Greatest first; of equal logits the
 * lowest token first. */
struct crux_batcher_logprob {
    uint32_t token;
    double logprob;
};

struct crux_batcher_token {
    uint64_t id;    /* of the request */
    uint32_t index; /* of the token in the answer */
    uint32_t token;
    /* where asked for */
    double logprob; /* of this token */
    uint32_t top_count;
    const struct crux_batcher_logprob *top; /* gone after the call */
};

/* Why a run ended. The first three are the law's own ends. */
enum crux_batcher_end {
    CRUX_BATCHER_STOP_TOKEN,
    CRUX_BATCHER_LIMIT,
    CRUX_BATCHER_CONTEXT,
    CRUX_BATCHER_ASKED,     /* `token` returned false */
    CRUX_BATCHER_CANCELLED, /* crux_batcher_cancel */
    CRUX_BATCHER_DEADLINE,
    CRUX_BATCHER_STOPPED, /* crux_batcher_close */
    CRUX_BATCHER_TROUBLE, /* result.status says what */
    CRUX_BATCHER_ENDS
};

/* What became of a request. The receiver's from `done` on: crux_batcher_result_free, from any thread.
 *
 * A run that ended before the law would have ended it has no lawful claim on the request as it was asked. So its limit is
 * set to the number of tokens chosen, and the claim is on that request: no record depends on the limit.
 * spec/90-threat-model.md. Hence `request` and the claim's request hash are known only here. */
struct crux_batcher_result {
    uint64_t id;
    enum crux_batcher_end end;
    enum crux_status status; /* CRUX_OK unless end is CRUX_BATCHER_TROUBLE */
    uint32_t *tokens;        /* chosen, count of them */
    uint32_t count; /* 0: it never came to a token, and what follows up to `leaves` is zero */
    uint32_t limit; /* of the request that the claim is on */
    uint8_t request[CRUX_REQUEST_BYTES]; /* as hashed */
    struct crux_claim claim;
    uint8_t (*leaves)[32]; /* of the trace, CLOSE not among them; NULL unless asked for */
    uint64_t leaf_count;
    double queue_seconds;       /* until it was admitted */
    double prefill_seconds;     /* from then to the first token */
    double decode_seconds;      /* from then to the end */
    uint32_t reused;            /* positions that were there already: the prefix cache's */
    uint32_t drafted, accepted; /* guessed tokens: tried, and those that were right */
    uint32_t set_back;          /* times that it gave its pages away */
};
void crux_batcher_result_free(struct crux_batcher_result *result);

struct crux_batcher_job {
    uint32_t model;                     /* index among those opened */
    struct crux_engine_request request; /* copied, tokens too */
    double deadline_seconds;            /* from now; the run ends then with what it has. 0: none */
    bool logprobs;
    uint32_t top;   /* with logprobs: so many of the likeliest, at most CRUX_BATCHER_TOP_MAX */
    bool leaves;    /* wanted in the result */
    bool no_prefix; /* begin at the first position, and leave nothing for others */
    /* Runs of one group begin behind each other's positions, and behind nobody else's: how soon an answer comes, and what
     * of it was there, shows what others of the group asked. */
    uint64_t group;
    void *ctx; /* of both */
    /* Called with each chosen token, in order.  Returns: false ends the run after this one. May be NULL. */
    bool (*token)(void *ctx, const struct crux_batcher_token *token);
    /* Called once, after the last token; the result is the receiver's to free. */
    void (*done)(void *ctx, struct crux_batcher_result *result);
};

/* Out: id, above 0. `done` will be called, possibly before this returns, unless it returns an error.
 * Returns: CRUX_E_REQUEST_INVALID; CRUX_E_USAGE for an unknown model or too many of the likeliest; CRUX_E_QUEUE_FULL;
 *          CRUX_E_STOPPING; CRUX_E_CACHE_TOO_SMALL for a request that could grow beyond the whole cache (see
 *          crux_batcher_positions_max); CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_batcher_submit(struct crux_batcher *batcher,
                                     const struct crux_batcher_job *job, uint64_t *id);
/* Ends that request at its next token, or before its first. Nothing happens to one that is unknown or done with. */
void crux_batcher_cancel(struct crux_batcher *batcher, uint64_t id);

/* Returns: positions that one run of this model may come to: P + limit - 1 at most, or its context if that is less. */
uint32_t crux_batcher_positions_max(const struct crux_batcher *batcher, uint32_t model);

/* ---- figures ---- */

/* Of one model, since it was opened, or now. */
struct crux_batcher_figures {
    uint32_t queued, running, decoding; /* now; decoding: of those running */
    uint64_t submitted, ended[CRUX_BATCHER_ENDS];
    uint64_t steps, rows; /* rows: positions computed, those taken back not among them */
    uint64_t request_tokens, chosen_tokens; /* of the runs so far */
    double rows_per_second;                 /* of the last seconds */
    double step_seconds, step_seconds_max;  /* in all; the longest: what a token may wait */
    double commit_seconds;                  /* of all threads */
    unsigned threads;
    uint64_t saturated; /* elements of residual streams at the end of their range */
    uint64_t cache_bytes, cache_bytes_max, prefix_bytes, prefix_bytes_max;
    uint32_t prefix_entries;
    uint64_t prefix_hits, prefix_misses, prefix_positions; /* positions that need not be computed */
    uint64_t set_back, drafted, accepted;
};
void crux_batcher_figures(struct crux_batcher *batcher, uint32_t model,
                          struct crux_batcher_figures *figures);

#endif
