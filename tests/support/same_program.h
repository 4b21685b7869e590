/* Equality of two programs, field by field: names, labels and roots too, but not where memory lies. */
#ifndef CRUX_TESTS_SUPPORT_SAME_PROGRAM_H
#define CRUX_TESTS_SUPPORT_SAME_PROGRAM_H

#include <stdbool.h>

#include "kernels/program/program.h"

/* Out: what, if they differ, the name of a field that does. */
bool crux_same_program(const struct crux_program *a, const struct crux_program *b,
                       const char **what);

#endif
