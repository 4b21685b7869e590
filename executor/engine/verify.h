/* Whether claims are true, with their tokens known beforehand: all positions of a run can be computed at once, and many
 * runs together, so that it takes a part of the time that it took to choose the tokens.
 *
 *   claim A   request ............ | output ......      rows of full steps, one claim after the other;
 *   claim B   request .. | output ................      the head only where a token was chosen
 *   steps     |--------|--------|--------|--------|
 *
 * Positions with the same tokens from the first on have the same records: where a request begins like the run of a claim
 * not long before it, those positions are computed once.
 *
 * Each row's chosen token is what the law chooses after the claimed tokens before it. So the first one that differs is
 * the claim's first false token, and if none does, the records and the trace root are those of the run itself. */
#ifndef CRUX_EXECUTOR_ENGINE_VERIFY_H
#define CRUX_EXECUTOR_ENGINE_VERIFY_H

#include "executor/engine/generate.h"

enum crux_engine_verdict {
    CRUX_ENGINE_CLAIM_TRUE,
    CRUX_ENGINE_CLAIM_REQUEST, /* it is not about this model and request, or has no or too many tokens */
    CRUX_ENGINE_CLAIM_TOKEN,  /* another token is chosen at `index` */
    CRUX_ENGINE_CLAIM_END,    /* the run ends before `index`, or goes on there */
    CRUX_ENGINE_CLAIM_OUTPUT, /* the output root is not that of these tokens */
    CRUX_ENGINE_CLAIM_TRACE   /* the trace root differs: some record does */
};

struct crux_engine_claimed {
    struct crux_engine_request request;
    struct crux_claim claim;
    const uint32_t *tokens; /* claim.chosen_tokens of them */
    /* out */
    enum crux_engine_verdict verdict;
    uint32_t index; /* of an output token */
    uint32_t token; /* of CRUX_ENGINE_CLAIM_TOKEN: the one that is chosen there */
};

/* Out: the verdict on each.
 * In: an engine that commits; model_root, 32 bytes, or NULL for zeros.
 * Returns: CRUX_E_REQUEST_INVALID for a request that no run can have; CRUX_E_USAGE for an engine that does not commit;
 *          CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_engine_verify(struct crux_engine *engine, const uint8_t *model_root,
                                    struct crux_engine_claimed *claimed, uint32_t count);
/* The same, and says how far it is.  In: progress, may be NULL; called with positions computed, of at most `all`. */
CRUX_MUST_CHECK
enum crux_status crux_engine_verify_watched(
    struct crux_engine *engine, const uint8_t *model_root, struct crux_engine_claimed *claimed,
    uint32_t count, void (*progress)(void *ctx, uint64_t done, uint64_t all), void *progress_ctx);

#endif
