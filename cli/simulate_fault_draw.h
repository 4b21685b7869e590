/* Where a fault lies: drawn, and in an honest run. */
#ifndef CRUX_CLI_SIMULATE_FAULT_DRAW_H
#define CRUX_CLI_SIMULATE_FAULT_DRAW_H

#include "cli/simulate_fault.h"

/* In/Out: fault, by its kind: the fields that are drawn.  In: seed, as for crux_cli_lie_find.
 * Returns: CRUX_E_UNSUPPORTED if there is no such place; the archive's. */
CRUX_MUST_CHECK
enum crux_status crux_cli_fault_draw(struct crux_cli_fault *fault,
                                     const struct crux_cli_simulate_model *model,
                                     struct crux_archive *honest, uint64_t seed,
                                     struct crux_cli_random *random);

#endif
