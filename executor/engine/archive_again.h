/* An archive of a run that is over: its tokens are known, so it is made in a part of the time; and how large it will be. */
#ifndef CRUX_EXECUTOR_ENGINE_ARCHIVE_AGAIN_H
#define CRUX_EXECUTOR_ENGINE_ARCHIVE_AGAIN_H

#include "executor/engine/archive.h"

/* What is known of an honest run beforehand. */
struct crux_archive_again {
    const uint32_t *output; /* the tokens that it chose, so many; NULL: not known */
    uint32_t output_tokens;
    bool (*go_on)(void *ctx); /* asked before each step; NULL: always. May do other work. */
    void *ctx;
};
/* The same archive, of a run whose tokens are known: positions are computed many at once, in a part of the time.
 * In: again, may be NULL.
 * Returns: CRUX_E_CLAIM_MISMATCH as soon as another token is chosen, or the run does not end with these;
 *          CRUX_E_STOPPING if it may not go on; crux_archive_run_fast's. */
CRUX_MUST_CHECK
enum crux_status crux_archive_run_again(struct crux_archive **archive,
                                        const struct crux_committed_model *model,
                                        struct crux_engine_model *engine_model, unsigned threads,
                                        const struct crux_archive_request *request,
                                        const struct crux_archive_again *again);

/* Returns: bytes that the archive of an honest run holds at most, without a step that is open; UINT64_MAX for more than
 * that. In: program, bound; request_tokens, of as many positions. */
uint64_t crux_archive_bytes(const struct crux_program *program, uint32_t request_tokens,
                            uint32_t positions);

#endif
