/* What a request asks of a run, checked and committed; shared by generate, verify and audit. */
#ifndef CRUX_EXECUTOR_ENGINE_ASKED_H
#define CRUX_EXECUTOR_ENGINE_ASKED_H

#include "executor/engine/generate.h"

struct runner_asked {
    uint8_t bytes[CRUX_REQUEST_BYTES]; /* as hashed */
    uint8_t model_root[32], hash[32];
    struct crux_run_request run; /* for crux_run_is_done */
    struct crux_engine_ask ask;
};

/* Out: the root of a list of tokens, as the request's and the output's are committed. */
CRUX_MUST_CHECK
enum crux_status runner_list_root(uint8_t root[32], const uint32_t *tokens, uint32_t count);

/* In: model_root, NULL for zeros; context.  Returns: CRUX_E_REQUEST_INVALID, CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status runner_asked(struct runner_asked *asked, const struct crux_engine_request *request,
                              const uint8_t *model_root, uint32_t context);

/* Returns: is the claim about this model and request, with counts that the context holds? */
bool runner_asked_by(const struct runner_asked *asked, const struct crux_claim *claim,
                     uint32_t context);
/* Where the run ends is known from the tokens alone.
 * Out: ended, that it ends after claim.chosen_tokens of them.
 * In: tokens, as many; a claim that runner_asked_by agreed to. asked, whose run.cancelled becomes the claim's.
 * Returns: output tokens up to the run's end or the last one given. */
uint32_t runner_asked_end(struct runner_asked *asked, bool *ended,
                          const struct crux_program *program, const struct crux_claim *claim,
                          const uint32_t *tokens);

#endif
