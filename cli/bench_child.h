/* Work in a process of its own, so that its peak memory is its own. */
#ifndef CRUX_CLI_BENCH_CHILD_H
#define CRUX_CLI_BENCH_CHILD_H

#include "executor/engine/engine.h"

enum { CRUX_CLI_BENCH_ANSWER_MAX = 1024 };

/* Out: *answer, what the work left there; peak_bytes, the most that the process had resident; message, on failure.
 * In: work, called in the child with these; bytes, of *answer, at most CRUX_CLI_BENCH_ANSWER_MAX. The caller has one
 * thread.
 * Returns: the work's status; CRUX_E_IO if there is no process, or it ended without an answer. */
CRUX_MUST_CHECK
enum crux_status crux_cli_bench_child(
    void *answer, size_t bytes, uint64_t *peak_bytes, char message[CRUX_MODEL_MESSAGE_BYTES],
    enum crux_status (*work)(void *ctx, void *answer, char *message), void *ctx);

#endif
