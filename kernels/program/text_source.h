/* What an operand that only names its tensor takes from it: the text form leaves these fields out. */
#ifndef CRUX_KERNELS_PROGRAM_TEXT_SOURCE_H
#define CRUX_KERNELS_PROGRAM_TEXT_SOURCE_H

#include <stdbool.h>

#include "kernels/program/program.h"

/* The last layer's token store, for token operands. */
void crux_text_token_source(struct crux_operand *operand, const struct crux_program *program);

/* Out: operand's dtype, layout, lo, hi, root, stores, from_last and view, from what its kind, tensor and layer name.
 * In: layer, where the op stands.
 * Returns: false, and nothing is filled, if there is no such tensor. */
bool crux_text_source(struct crux_operand *operand, const struct crux_program *program,
                      uint32_t layer);

#endif
