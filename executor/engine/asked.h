/* What a request asks of a run, checked and committed; shared by generate and verify. */
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

#endif
