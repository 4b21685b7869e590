/* One false element, planted in an executor's run. */
#ifndef CRUX_CLI_SIMULATE_LIE_H
#define CRUX_CLI_SIMULATE_LIE_H

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

/* What to look for. */
struct crux_cli_lie_wish {
    const char *fault; /* fits at least one op of the layers from first_layer on */
    uint32_t first_layer;
    uint64_t
        seed; /* a layer is lied about at a position that follows from this, while that will do */
};

/* Finds an element of the honest run and another value for it (one more, one less, the sign, an extreme, or any) with which
 * the record of its step is another, and so the claim.
 * Out: step, with the lie in it, to be freed with crux_step_free, on failure too.
 * In/Out: seconds, that the archive's open step took by the law.
 * Returns: CRUX_E_UNSUPPORTED if none is found in some tries; the archive's. */
CRUX_MUST_CHECK
enum crux_status crux_cli_lie_find(struct crux_cli_lie *lie, struct crux_step *step,
                                   double *seconds, struct crux_archive *honest,
                                   const struct crux_program *program,
                                   const struct crux_cli_lie_wish *wish,
                                   struct crux_cli_random *random);

/* A crux_lie that plants it.  In: lie, which must outlive the archive. */
struct crux_lie crux_cli_lie_plant(struct crux_cli_lie *lie);

#endif
