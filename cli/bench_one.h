/* One figure of crux bench, as other engines' benches state it: the rate of prefill, or of decode, at a depth. */
#ifndef CRUX_CLI_BENCH_ONE_H
#define CRUX_CLI_BENCH_ONE_H

#include "executor/engine/engine.h"

struct crux_cli_bench_one {
    bool prefill;    /* else decode */
    uint32_t tokens; /* timed: read at once, or chosen one after the other */
    uint32_t depth;  /* tokens in the context before them */
    uint32_t warmup; /* tokens read before anything is timed, to touch all memory */
    unsigned threads, repeats;
    const char *pin; /* as in crux_engine_options */
};

struct crux_cli_bench_figure {
    double rate; /* tokens a second, the median over the repeats */
    double
        commit_share; /* of the threads' time for prefill's timed tokens, or for decode's whole run; the median */
    double run_seconds; /* all that was computed, timed or not */
};

enum { CRUX_CLI_BENCH_REPEATS_MAX = 99 };

/* Out: figure.
 * In: loaded; one, with at least one token and repeat, at most CRUX_CLI_BENCH_REPEATS_MAX repeats.
 * Returns: CRUX_E_STEP_OUTSIDE if the context is too short; what the engine returns. */
CRUX_MUST_CHECK
enum crux_status crux_cli_bench_measure(struct crux_cli_bench_figure *figure,
                                        const struct crux_engine_loaded *loaded,
                                        const struct crux_cli_bench_one *one);

#endif
