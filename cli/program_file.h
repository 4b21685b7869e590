/* A program from a file, binary or text: its first bytes say which. */
#ifndef CRUX_CLI_PROGRAM_FILE_H
#define CRUX_CLI_PROGRAM_FILE_H

#include "cli/command.h"
#include "kernels/kernels.h"

enum { CRUX_CLI_PROGRAM_BYTES_MAX = 1 << 28 };

/* Out: program, to be freed with crux_program_free: one that crux_program_check accepts.
 * Returns: CRUX_CLI_OK, or a failure that has been said: what, where in the file or in the program, and why. */
enum crux_cli_exit crux_cli_program_load(struct crux_program *program,
                                         const struct crux_cli_call *call, const char *path);

/* Says a refusal: error name, layer, op, label, what.  In: path, NULL for a program that is in no file. */
enum crux_cli_exit crux_cli_program_refuse(const struct crux_cli_call *call, const char *path,
                                           const struct crux_refusal *refusal);

#endif
