/* One false element, planted in an executor's run. */
#ifndef CRUX_CLI_DEMO_LIE_H
#define CRUX_CLI_DEMO_LIE_H

#include "cli/random.h"
#include "executor/engine/engine.h"
#include "kernels/kernels.h"

struct crux_cli_lie {
    uint32_t pos, layer, op;
    uint64_t element;
    int64_t honest, value; /* not the same; value is within the declared range */
};

/* Does the op have this label or this op name? "random": any does. */
bool crux_cli_lie_fits(const struct crux_labelled_op *op, const char *fault);
/* Does any op of the program? */
bool crux_cli_lie_fits_any(const struct crux_program *program, const char *fault);

/* Draws an element of the honest run and another value for it: one more, one less, the sign, an extreme, or any.
 * In: fault, which fits at least one op of the layers from first_layer on.
 * Returns: CRUX_E_UNSUPPORTED if no such op has an element that could be false; the archive's. */
CRUX_MUST_CHECK
enum crux_status crux_cli_lie_draw(struct crux_cli_lie *lie, struct crux_archive *honest,
                                   const struct crux_program *program, uint32_t first_layer,
                                   const char *fault, struct crux_cli_random *random);

/* A crux_lie that plants it.  In: lie, which must outlive the archive. */
struct crux_lie crux_cli_lie_plant(struct crux_cli_lie *lie);

#endif
