/* A simulation: what was asked, and what came of it; simulate_say.c tells it, simulate_report.c draws it. */
#ifndef CRUX_CLI_SIMULATE_H
#define CRUX_CLI_SIMULATE_H

#include <jansson.h>

#include "cli/command.h"
#include "cli/simulate_fault.h"
#include "cli/simulate_play.h"

struct crux_cli_simulation {
    struct crux_cli_demo_model model;
    uint64_t seed;
    struct crux_text answer; /* of the honest run */
    struct crux_cli_fault fault;
    struct crux_archive *honest, *liar, *own; /* own: the challenger's, as many tokens as claimed */
    struct crux_cli_play play;
    bool played;
    double seconds_honest;                       /* of the honest run */
    double seconds_executor, seconds_challenger; /* runs and solvers */
};

/* Returns: "executor" or "challenger": who the simulation ends well for. */
const char *crux_cli_simulation_winner(const struct crux_cli_simulation *s);
/* Did the honest side win?  A false claim must fall, a true one become final. Where the conditions take more than the
 * clocks hold, it may not. */
bool crux_cli_simulation_just(const struct crux_cli_simulation *s);

enum crux_cli_exit crux_cli_simulate_say(const struct crux_cli_call *call,
                                         const struct crux_cli_simulation *s);

/* Parts of an answer in JSON. */
json_t *crux_cli_simulate_describe_chain(const struct crux_cli_network_figures *figures);
json_t *crux_cli_simulate_describe_cover(const struct crux_cli_cover *cover);

/* Writes one page of HTML that needs nothing else.  Returns: CRUX_CLI_OK, or a failure that has been said. */
enum crux_cli_exit crux_cli_simulate_report(const struct crux_cli_call *call, const char *path,
                                            const struct crux_cli_simulation *s);

#endif
