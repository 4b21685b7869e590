/* Figures over many simulations. */
#ifndef CRUX_CLI_SIMULATE_RUNS_H
#define CRUX_CLI_SIMULATE_RUNS_H

#include "cli/simulate.h"

struct crux_cli_runs_line {
    const char *fault;
    uint64_t runs, skipped, fell, final, unjust;
    uint64_t transactions, transactions_most, bytes_most, witness_most, gas_most;
    double seconds_executor, seconds_challenger;
    uint64_t uncovered; /* honest losses where the clocks hold less than the conditions take */
    struct crux_cli_network_figures network;
};

/* Zeroed: none yet. */
struct crux_cli_runs {
    struct crux_cli_runs_line *line; /* one for each fault */
    size_t count;
    struct crux_cli_cover cover;
    bool has_conditions;
};

CRUX_MUST_CHECK
enum crux_status crux_cli_runs_add(struct crux_cli_runs *runs, const char *fault,
                                   const struct crux_cli_simulation *s);
/* A fault that cannot be planted in this run. */
CRUX_MUST_CHECK
enum crux_status crux_cli_runs_skip(struct crux_cli_runs *runs, const char *fault);
/* A failure if an honest side lost. */
enum crux_cli_exit crux_cli_runs_say(const struct crux_cli_call *call,
                                     const struct crux_cli_runs *runs);
void crux_cli_runs_free(struct crux_cli_runs *runs);

#endif
