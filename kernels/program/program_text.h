/* The text form of a program: spec/22-text.md.
 *
 *   assemble(show(p)) is p, field by field, for every p that crux_program_check accepts;
 *   show(assemble(text)) is the text again, once it came from show.
 */
#ifndef CRUX_KERNELS_PROGRAM_PROGRAM_TEXT_H
#define CRUX_KERNELS_PROGRAM_PROGRAM_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/base/macros.h"
#include "kernels/base/status.h"
#include "kernels/program/program.h"

struct crux_text_error {
    enum crux_status status;
    uint32_t line, column; /* from 1 */
    char what[200];
};

/* Out: text, malloced and zero-terminated, the caller frees; len without the zero.
 * A program that is not valid is shown too, as well as it goes.
 * Returns: CRUX_OK or CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_program_show(char **text, size_t *len, const struct crux_program *program);

/* Out: program, the caller frees; empty after a failure, and then error says where and why.
 * Every op has passed the rules of one op; the caller calls crux_program_check for the rest.
 * In: text, any bytes. */
CRUX_MUST_CHECK
enum crux_status crux_program_assemble(struct crux_program *program, const char *text, size_t len,
                                       struct crux_text_error *error);

/* Returns: "load", "requant", ..., NULL if the number names nothing. */
const char *crux_opcode_name(unsigned code);
/* In: code, whose function it is. */
const char *crux_function_name(unsigned code, unsigned func);
/* Returns: "==", "<=", ..., NULL for CRUX_CMP_NONE and unknown numbers. */
const char *crux_cmp_name(unsigned cmp);
/* Returns: "q8", ..., NULL. */
const char *crux_tile_width_name(unsigned width);

#endif
