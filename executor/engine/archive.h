/* A run and everything that its claim commits, in memory: the holder of evidence.
 *
 *   committed model + request --crux_archive_run--> records, trace, claim
 *                              `-- evidence: leaves and siblings for the witness builder; the tensors of a step are
 *                                  recomputed when somebody asks, and the last step asked for is kept
 *
 * Computed by the interpreter, element by element, or by the engine; both leave the same records. A lie can be planted,
 * for tests and simulation.
 */
#ifndef CRUX_EXECUTOR_ENGINE_ARCHIVE_H
#define CRUX_EXECUTOR_ENGINE_ARCHIVE_H

#include <stddef.h>
#include <stdint.h>

#include "executor/engine/committed_model.h"
#include "executor/engine/runner.h"

/* What an executor might do wrong. A zeroed struct is honest. */
struct crux_lie {
    void *ctx;
    /* Called when a tensor has been computed and before any op reads it; may change its bytes. Later ops and steps go
     * on from there. Must do the same each time it sees the same step. */
    void (*computed)(void *ctx, struct crux_step *step, uint32_t op);
    bool
        one_step; /* `computed` is called for the step (pos, layer) alone; the engine knows no other way */
    uint32_t pos, layer;
    /* With `one_step`: that step as the archive has it without the lie, or with it, which saves computing again what the
     * lie does not change. Not with constants of its own. Read during the run only; may be NULL. */
    const struct crux_step *like;
    /* Computes with these constants instead of the model's, and says nothing of it. May be NULL. */
    const struct crux_model_memory *memory;
    /* Called on a page before it is hashed or served; may change its bytes, not its length. */
    void (*page)(void *ctx, const struct crux_tree_id *tree, uint64_t leaf, uint8_t *bytes,
                 uint32_t length);
    /* Called on the chosen tokens before they become the output. */
    void (*output)(void *ctx, uint32_t *tokens, uint32_t count);
    /* Called on a trace leaf (CLOSE too) and on the claim before the trace is closed. */
    void (*trace_leaf)(void *ctx, uint64_t leaf, uint8_t hash[32]);
    void (*claim)(void *ctx, struct crux_claim *claim);
};

/* Returns: is `computed` called for this step? */
bool crux_lie_is_at(const struct crux_lie *lie, uint32_t pos, uint32_t layer);

/* A request with its tokens. model_root and tokens_root of `fields` are filled in by the archive. */
struct crux_archive_request {
    struct crux_request fields;
    const uint32_t *tokens; /* fields.request_tokens of them */
    uint32_t stop_early; /* 0, or run as if this were the limit, whatever the request says: a lie */
    bool ignore_stops;   /* run as if there were no stop tokens: a lie */
    uint32_t cancelled;  /* 0, or the requester cancelled after so many chosen tokens */
};

struct crux_archive;

/* Out: archive, to be freed with crux_archive_free; NULL on failure.
 * In: model, which must outlive it; lie, may be NULL, copied. */
CRUX_MUST_CHECK
enum crux_status crux_archive_run(struct crux_archive **archive,
                                  const struct crux_committed_model *model,
                                  const struct crux_archive_request *request,
                                  const struct crux_lie *lie);
/* The same by the engine: the same archive, byte for byte, and soon enough for a real model.
 * In: engine_model, of the same program and constants (those of the lie, if it has its own); threads, as for
 * crux_engine_open.
 * Returns: CRUX_E_USAGE also for a lie about tensors that is not `one_step`. */
CRUX_MUST_CHECK
enum crux_status crux_archive_run_fast(struct crux_archive **archive,
                                       const struct crux_committed_model *model,
                                       struct crux_engine_model *engine_model, unsigned threads,
                                       const struct crux_archive_request *request,
                                       const struct crux_lie *lie);
void crux_archive_free(struct crux_archive *archive);

const struct crux_claim *crux_archive_claim(const struct crux_archive *archive);
const struct crux_run *crux_archive_tokens(const struct crux_archive *archive);

/* Keeps pointers into the archive; evidence functions may recompute a step, so one thread at a time. */
void crux_archive_evidence(struct crux_archive *archive, struct crux_evidence *evidence);

/* The tensors of a step as this archive has them (lies included): kept until another step is asked for.
 * Returns: CRUX_E_STEP_OUTSIDE, CRUX_E_STEP_INACTIVE, CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_archive_step(struct crux_archive *archive, uint32_t pos, uint32_t layer,
                                   const struct crux_step **step);
/* Gives the memory of that step back; it is computed again when it is asked for.
 * Returns: was there one? */
bool crux_archive_rest(struct crux_archive *archive);

/* The step of a lie about one step as it would have been with it: what the lie does not change is not computed again.
 * Out: step, to be freed with crux_step_free, on failure too; shows: does its record differ from the archive's?
 * In: archive, honest; its open step is then that one.  Returns: as crux_archive_step. */
CRUX_MUST_CHECK
enum crux_status crux_archive_try(struct crux_step *step, bool *shows, struct crux_archive *archive,
                                  const struct crux_lie *lie);

/* Node hashes, for narrowing: the tree behind an id.  Trees of a step's tensors recompute the step.
 * Returns: CRUX_E_STEP_OUTSIDE and so on; the tree is kept until another step is asked for. */
CRUX_MUST_CHECK
enum crux_status crux_archive_tree(struct crux_archive *archive, const struct crux_tree_id *id,
                                   const struct crux_merkle_tree **tree);

#endif
