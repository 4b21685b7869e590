/* The engine: a decoder by its fused kernels, for many sequences at once.
 *
 *   model     constants, and everything that is derived from them once, for one backend
 *   engine    threads, scratch, the key/value cache
 *   sequence  one run: positions done, tokens, cache pages, the trace so far
 *
 *   rows of a step:  | A pos 4 | A pos 5 | A pos 6 | B pos 91 | C pos 0 | C pos 1 |      any mix of prefill and decode
 *        layer 0     |    x    |    x    |    x    |    x     |    x    |    x    |  --> records --> trace of A, B, C
 *        ...
 *        head        |         |         |    x    |    x     |         |         |  --> chosen tokens
 *
 * Nothing in a record depends on the other rows of a step, on the backend or on the number of threads:
 * spec/30-commitment.md#traces. One call at a time on an engine and its sequences.
 */
#ifndef CRUX_EXECUTOR_ENGINE_RUNNER_H
#define CRUX_EXECUTOR_ENGINE_RUNNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bisection/bisection.h"
#include "kernels/kernels.h"

struct crux_engine_model;
struct crux_engine;
struct crux_engine_sequence;

enum {
    /* Of a step, unless the options say otherwise. Measured on a 135M model: where products are byte dots, prefill by
     * 32 is 4% slower, by 64 1%, and by 256 the same; by tile registers, which unpack weights once a step, 64 is a tenth
     * slower, and 256 gains 2% for twice the time that others wait for a step to end. */
    CRUX_ENGINE_ROWS = 128,
    CRUX_ENGINE_ROWS_MAX = 4096,                      /* at most */
    CRUX_ENGINE_CACHE_POSITIONS = CRUX_ATTENTION_PAGE /* of a page of keys and values */
};
#define CRUX_ENGINE_NO_TOKEN UINT32_MAX

/* ---- model ---- */

/* A lowered decoder and its constants. All of it is the caller's and outlives the engine model; plain tensors lie at
 * addresses that are multiples of their element size. */
struct crux_engine_source {
    const struct crux_fused_decoder *config;
    const struct crux_program *program;     /* what crux_fused_decoder makes of config */
    const struct crux_model_memory *memory; /* one entry a tensor of the program */
    bool
        mapped; /* tensors lie in a read-only map of a file: pages of packed matrices are given back to it */
    /* Of the program, ascending: of these alone weights are looked at and packed, and only crux_engine_audit can use
     * them. NULL: all. */
    const uint32_t *layers;
    uint32_t layer_count;
};

/* Out: model, NULL on failure; what, if not NULL: the tensor, op or backend at fault (CRUX_NAME_BYTES).
 * In: backend, by name, "auto" or NULL for the first one that works here.
 * Returns: CRUX_E_UNKNOWN_NAME, CRUX_E_UNSUPPORTED (the backend, or this machine's byte order); CRUX_E_BAD_LAYOUT if
 *          program and config do not belong together; CRUX_E_USAGE for layers that are not ascending, or are not the
 *          program's; CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_engine_model_open(struct crux_engine_model **model,
                                        const struct crux_engine_source *source,
                                        const char *backend, char *what);
void crux_engine_model_close(struct crux_engine_model *model);

/* Returns: the name of the backend in use. */
const char *crux_engine_model_backend(const struct crux_engine_model *model);
/* Returns: bytes of all matrices as the backend holds them: what a token of decode reads, but for experts not chosen. */
uint64_t crux_engine_model_packed_bytes(const struct crux_engine_model *model);

/* ---- engine ---- */

struct crux_engine_options {
    unsigned threads;         /* 0: one for each core that this process may use */
    const char *pin;          /* where threads are held: crux_processors_choose; NULL: nowhere */
    uint32_t rows;            /* most rows of a step; 0: CRUX_ENGINE_ROWS */
    uint64_t cache_bytes_max; /* of all sequences together; 0: no limit */
    bool no_commit;           /* leave records unhashed: then there are no trace roots */
    /* Called for each step's record in order of layers, then rows, on the thread that called crux_engine_step. May be
     * NULL. In: tensors, the stores of the layer, dense; they are gone after the call. */
    void (*record)(void *ctx, const struct crux_engine_sequence *sequence, uint32_t pos,
                   uint32_t layer, const struct crux_tensor *tensors, uint32_t count);
    /* Called before `record`, in the same order; a fault planted on purpose, for tests and simulation. May point
     * elements of `tensors` elsewhere, to as many: then later layers and positions go on from those. Other rows of the
     * same step have read what was there before, so a row that is amended must be its sequence's last of a step.
     * Returns: whether it did. */
    bool (*amend)(void *ctx, const struct crux_engine_sequence *sequence, uint32_t pos,
                  uint32_t layer, struct crux_tensor *tensors, uint32_t count);
    void *record_ctx; /* of both */
};

/* Out: engine, NULL on failure.  In: model outlives it; options, may be NULL. */
CRUX_MUST_CHECK
enum crux_status crux_engine_open(struct crux_engine **engine, struct crux_engine_model *model,
                                  const struct crux_engine_options *options);
/* In: an engine without sequences. */
void crux_engine_close(struct crux_engine *engine);

/* Returns: the most bytes of cache that a sequence of so many positions holds at any time, short of its context or not.
 * Room is taken by pages of CRUX_ENGINE_CACHE_POSITIONS. */
uint64_t crux_engine_cache_bytes(const struct crux_engine *engine, uint32_t positions);

/* Changes options.cache_bytes_max; above it, nothing is taken back.  In: 0: no limit. */
void crux_engine_cache_limit(struct crux_engine *engine, uint64_t bytes_max);

/* Returns: how many threads it has. */
unsigned crux_engine_threads(const struct crux_engine *engine);

/* Hashes records from now on, or leaves them, as options.no_commit did: to measure in one memory what it costs.
 * In: an engine without sequences. */
void crux_engine_commit(struct crux_engine *engine, bool commit);

struct crux_engine_figures {
    double commit_seconds;  /* that threads spent on records and traces, summed over the threads */
    double step_seconds;    /* of crux_engine_step: each thread had that long */
    uint64_t rows;          /* positions done */
    uint64_t saturated;     /* elements of recorded residual streams at the end of their range */
    uint64_t cache_bytes;   /* held by sequences now; what several hold counts once */
    uint64_t resting_bytes; /* of those, held by sequences at rest */
    unsigned threads;
};
void crux_engine_figures(const struct crux_engine *engine, struct crux_engine_figures *figures);

/* ---- sequences ---- */

/* What a run's tokens depend on beside the tokens before them. */
struct crux_engine_ask {
    uint32_t request_tokens; /* P: the head works from position P-1 on */
    int32_t params[CRUX_PARAMS];
    uint8_t seed[32];
    uint32_t sample;
};

/* Returns: CRUX_E_REQUEST_INVALID unless 1 <= P <= context; CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_engine_sequence_open(struct crux_engine_sequence **sequence,
                                           struct crux_engine *engine,
                                           const struct crux_engine_ask *ask);
void crux_engine_sequence_close(struct crux_engine_sequence *sequence);

/* How far a run with these tokens may begin behind another sequence, at work or at rest.
 * In: count tokens of a request.
 * Returns: positions that both have in common, count - 1 at most; 0 unless more than `more_than`, or if pages that the
 *          next position sees are gone behind a window. */
uint32_t crux_engine_sequence_common(const struct crux_engine_sequence *from,
                                     const uint32_t *tokens, uint32_t count, uint32_t more_than);
/* As crux_engine_sequence_open, with the first positions done: their keys and values are those of `from`, shared or
 * copied, and their trace is what it would be. They count as no rows; options.record is not called for them.
 * In: from, whose first positions have the tokens of this run, as crux_engine_sequence_common says.
 * Returns: CRUX_E_STEP_OUTSIDE for more than that may say. */
CRUX_MUST_CHECK
enum crux_status crux_engine_sequence_open_behind(struct crux_engine_sequence **sequence,
                                                  const struct crux_engine_sequence *from,
                                                  const struct crux_engine_ask *ask,
                                                  uint32_t positions);
/* It has no steps any more, and is kept for others to begin behind. Its pages then count as resting. */
void crux_engine_sequence_rest(struct crux_engine_sequence *sequence);

/* Returns: positions done. */
uint32_t crux_engine_sequence_positions(const struct crux_engine_sequence *sequence);
/* What the sequence's next step does may be taken back, down to the position where it is now. */
void crux_engine_sequence_try(struct crux_engine_sequence *sequence);
/* Ends that, after one step or none and before the engine's next: the first `positions` stay, and of those after them
 * nothing is left: not in the trace, the figures or anything that a later step reads.
 * In: positions, between those at crux_engine_sequence_try and now. */
void crux_engine_sequence_keep(struct crux_engine_sequence *sequence, uint32_t positions);
/* Out: trace_root, of the positions so far closed with this claim; as crux_trace_close. */
CRUX_MUST_CHECK
enum crux_status crux_engine_sequence_trace_root(uint8_t trace_root[32],
                                                 struct crux_engine_sequence *sequence,
                                                 const struct crux_claim *claim);
/* Out: *count.  Returns: the trace leaves of the steps so far, CLOSE not among them. */
const uint8_t (*crux_engine_sequence_leaves(const struct crux_engine_sequence *sequence,
                                            uint64_t *count))[32];

/* ---- steps ---- */

struct crux_engine_row {
    struct crux_engine_sequence *sequence;
    uint32_t
        token; /* at the sequence's next position; several rows of one sequence follow each other */
    int32_t *logits; /* out: vocab of them, also before position P-1; NULL: not wanted */
    uint32_t chosen; /* out: the token chosen at this position; CRUX_ENGINE_NO_TOKEN before P-1 */
};

/* Returns: CRUX_E_USAGE for no or too many rows, a sequence of another engine or at rest, or a model that is not opened with all of
 *          its layers; CRUX_E_STEP_OUTSIDE for a position
 *          beyond the context; CRUX_E_OUT_OF_MEMORY, also for the cache's limit. Then nothing was done. */
CRUX_MUST_CHECK
enum crux_status crux_engine_step(struct crux_engine *engine, struct crux_engine_row *rows,
                                  uint32_t count);

#endif
