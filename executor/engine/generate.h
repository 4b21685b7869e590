/* A whole run of one request by the engine, committed: what crux run and crux bench call. */
#ifndef CRUX_EXECUTOR_ENGINE_GENERATE_H
#define CRUX_EXECUTOR_ENGINE_GENERATE_H

#include "executor/engine/runner.h"

struct crux_engine_request {
    struct crux_request
        fields; /* request_tokens, limit, stops, params, seed, nonce, sample; the rest is filled in */
    const uint32_t *tokens; /* fields.request_tokens of them */
};

enum crux_engine_speculate {
    CRUX_ENGINE_SPECULATE_OFF,
    CRUX_ENGINE_SPECULATE_ON,  /* whenever there is a guess */
    CRUX_ENGINE_SPECULATE_AUTO /* less, the less the guesses were worth */
};

struct crux_engine_generate_options {
    uint32_t chunk; /* rows of a prefill step; 0: as many as the engine takes */
    /* Compute positions ahead on guessed tokens. Tokens, trace and claim are the same, for a position's records depend
     * on the tokens up to it alone, and only positions with the law's own tokens stay. Off in an engine whose options
     * have `record` or `amend`, which would be shown the others too. */
    enum crux_engine_speculate speculate;
    /* Guesses in place of those from the text; for tests. May be NULL.
     * Out: draft.  In: ctx, below; count, tokens chosen so far.  Returns: how many, 0 to most. */
    uint32_t (*draft)(void *ctx, uint32_t *draft, uint32_t most, uint32_t count);
    /* Called with each chosen token. Returns: false cancels the run after this token. May be NULL. */
    bool (*token)(void *ctx, uint32_t token);
    void *ctx;
};

struct crux_engine_result {
    uint32_t *tokens; /* chosen; malloced */
    uint32_t count;
    uint8_t request[CRUX_REQUEST_BYTES]; /* as hashed */
    struct crux_claim claim;             /* its trace root is zero if the engine does not commit */
    double prefill_seconds;              /* up to the first chosen token */
    double decode_seconds;               /* of the count - 1 others */
    double commit_share;                 /* of the threads' time: what records and traces took */
    uint64_t saturated;
    uint32_t drafted, accepted; /* guessed tokens: tried, and those that were right */
};

/* Out: result, to be freed with crux_engine_result_free, on failure too.
 * In: model_root, 32 bytes, or NULL for zeros; options, may be NULL.
 * Returns: CRUX_E_REQUEST_INVALID; crux_engine_step's. */
CRUX_MUST_CHECK
enum crux_status crux_engine_generate(struct crux_engine *engine, const uint8_t *model_root,
                                      const struct crux_engine_request *request,
                                      const struct crux_engine_generate_options *options,
                                      struct crux_engine_result *result);
void crux_engine_result_free(struct crux_engine_result *result);

#endif
