/* A seeded random model: every constant inside its declared range, the same bytes on every machine. For demos and tests. */
#ifndef CRUX_KERNELS_INTERPRETER_GENERATE_H
#define CRUX_KERNELS_INTERPRETER_GENERATE_H

#include <stdint.h>

#include "kernels/interpreter/run.h"

/* Fills every tensor of the program. Plain: uniform in [lo, hi]. Tiles: q over its whole width, m and n as large as keeps
 * every m*q + n within [lo, hi], and of both signs where the range has both.
 * Out: model, to be freed with crux_model_memory_free, on failure too.
 * Returns: CRUX_E_BAD_LAYOUT, CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_model_generate(struct crux_model_memory *model,
                                     const struct crux_program *program, uint64_t seed);

#endif
