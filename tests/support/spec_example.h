/* The program that spec/22-text.md#example shows: the tests hold the page to its word. */
#ifndef CRUX_TESTS_SUPPORT_SPEC_EXAMPLE_H
#define CRUX_TESTS_SUPPORT_SPEC_EXAMPLE_H

#include <stddef.h>

#include "kernels/program/program.h"

/* Returns: the text without the page's indentation, zero-terminated, malloced; stops the test if it is not there. */
char *crux_spec_example_text(size_t *len);
/* Out: program, assembled. */
void crux_spec_example(struct crux_program *program);

#endif
