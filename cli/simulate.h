/* A simulation: what was asked, and what came of it; simulate_say.c tells it, simulate_report.c draws it. */
#ifndef CRUX_CLI_SIMULATE_H
#define CRUX_CLI_SIMULATE_H

#include <jansson.h>

#include "cli/command.h"
#include "cli/simulate_fault.h"
#include "cli/simulate_play.h"

struct crux_cli_simulation {
    struct crux_cli_simulate_model model;
    uint64_t seed;
    struct crux_text answer; /* of the honest run */
    struct crux_cli_fault fault;
    struct crux_archive *honest, *liar, *own; /* own: the challenger's, as many tokens as claimed */
    struct crux_cli_play play;
    double seconds_honest; /* of the honest run */
    double seconds_run
        [2]; /* executor, challenger: their runs, and the disputed step where one of them computed it for both */
    double seconds_executor, seconds_challenger; /* the same, and their solvers */
    /* the element that was proven, judged once more */
    bool judged;
    enum crux_finding finding;
    int64_t claimed, lawful;
};

/* In: s, with its model and honest run; fault, a name.  Out: s->fault, liar, own, seconds_run.
 * Returns: CRUX_E_USAGE for no such fault, CRUX_E_UNSUPPORTED if it cannot be planted here; the archives'. */
CRUX_MUST_CHECK
enum crux_status crux_cli_simulate_prepare(struct crux_cli_simulation *s, const char *fault,
                                           uint64_t seed);
/* Plays about the liar's claim.  In: how: parameters, conditions, player, withhold.  Out: s->play and what follows it. */
CRUX_MUST_CHECK
enum crux_status crux_cli_simulate_play(struct crux_cli_simulation *s,
                                        const struct crux_cli_play *how);
/* Plays about the honest run's claim, which a sham challenger disputes where the fault would lie.  Out: s->play. */
CRUX_MUST_CHECK
enum crux_status crux_cli_simulate_play_sham(struct crux_cli_simulation *s,
                                             const struct crux_cli_play *how);

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

/* Every kind of fault, served and withheld, and a sham challenger against each: a table.
 * In: every_op: every op by its label, and not only each kind of op.  Returns: a failure if an honest side lost. */
enum crux_cli_exit crux_cli_simulate_each(const struct crux_cli_call *call,
                                          struct crux_cli_simulation *s,
                                          const struct crux_cli_play *how, bool every_op);

/* Writes one page of HTML that needs nothing else.  Returns: CRUX_CLI_OK, or a failure that has been said. */
enum crux_cli_exit crux_cli_simulate_report(const struct crux_cli_call *call, const char *path,
                                            const struct crux_cli_simulation *s);

/* ---- simulate_case.c ---- */

/* Judges the proven element again, to see its values.  Out: s->judged, finding, claimed, lawful. */
void crux_cli_simulate_judge(struct crux_cli_simulation *s);
/* Keeps claim, element and witness in a file.  Returns: CRUX_CLI_OK, or a failure that has been said. */
enum crux_cli_exit crux_cli_simulate_keep(const struct crux_cli_call *call, const char *path,
                                          const struct crux_cli_simulation *s);

#endif
