/* Figures of crux bench --only verify: how much sooner a claim is checked than it was made, and what the audit of some of
 * its layers takes of that, in time and in memory. */
#ifndef CRUX_CLI_BENCH_VERIFY_H
#define CRUX_CLI_BENCH_VERIFY_H

#include "executor/engine/engine.h"

enum { CRUX_CLI_BENCH_CLAIMS = 16, CRUX_CLI_BENCH_LAYERS_MAX = 64 };

struct crux_cli_bench_verify {
    const char *path, *backend, *pin;
    uint32_t request, chosen; /* tokens; at least 1 */
    uint32_t layers;          /* to audit; 0: a tenth of them, but one at least */
    unsigned threads, repeats;
};

/* Of a process that did nothing else. */
struct crux_cli_bench_audit {
    double load_seconds;
    double seconds;        /* medians, of the second time that it was done */
    double share;          /* of the seconds of a full verification in the same round, the median */
    uint64_t peak_bytes;   /* the most in any round */
    uint64_t served_bytes; /* that the executor serves for it */
};

struct crux_cli_bench_verified {
    char backend[CRUX_NAME_BYTES];
    uint8_t model_root[32];
    unsigned threads;
    uint32_t program_layers;
    uint32_t layer[CRUX_CLI_BENCH_LAYERS_MAX], layers; /* that were audited */
    /* medians: seconds, and how many times as fast as plain generation */
    double chosen_seconds, one_seconds, one_ratio, all_seconds, all_ratio;
    struct crux_cli_bench_audit whole, some,
        head; /* all layers, by verification; `layer`; the last */
};

/* Out: figures; message, on failure.
 * Returns: CRUX_E_STEP_OUTSIDE if the context is too short; CRUX_E_PROOF_ROOT_MISMATCH if a claim that was just made does
 *          not hold; what the engine and the file return. */
CRUX_MUST_CHECK
enum crux_status crux_cli_bench_verify(struct crux_cli_bench_verified *figures,
                                       const struct crux_cli_bench_verify *asked,
                                       char message[CRUX_MODEL_MESSAGE_BYTES]);

#endif
