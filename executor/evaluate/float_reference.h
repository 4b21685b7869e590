/* A decoder by float arithmetic, the yardstick of evaluation. NOT LAW: nothing that is committed, claimed or judged may
 * depend on it, and its last bits differ from machine to machine.
 *
 *   tokens of a window --begin--> all blocks over all positions --next, next, ..--> logits, a few positions at a time
 */
#ifndef CRUX_EXECUTOR_EVALUATE_FLOAT_REFERENCE_H
#define CRUX_EXECUTOR_EVALUATE_FLOAT_REFERENCE_H

#include "executor/evaluate/float_model.h"
#include "executor/evaluate/logit_source.h"

struct crux_float_reference;

/* Out: reference, NULL on failure.
 * In: model outlives it; threads as crux_threads_open; positions, the most tokens of a window.
 * Returns: CRUX_E_OUT_OF_MEMORY, CRUX_E_USAGE. */
CRUX_MUST_CHECK
enum crux_status crux_float_reference_open(struct crux_float_reference **reference,
                                           const struct crux_float_model *model, unsigned threads,
                                           uint32_t positions);
void crux_float_reference_close(struct crux_float_reference *reference);

/* Returns: how far, at least, the next router logit was below those of the experts chosen, so far; infinite without
 * experts. Closer ones than the rounding of logits are near ties, which arithmetics may break differently. */
double crux_float_reference_route_gap(const struct crux_float_reference *reference);

/* Its functions return CRUX_E_USAGE for more tokens than positions, CRUX_E_INDEX_OUTSIDE for a token that there is not,
 * CRUX_E_BAD_RANGE for weights that are no finite numbers. */
struct crux_logit_source crux_float_reference_source(struct crux_float_reference *reference);

#endif
