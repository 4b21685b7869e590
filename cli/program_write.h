/* Writing a program file, and saying so. */
#ifndef CRUX_CLI_PROGRAM_WRITE_H
#define CRUX_CLI_PROGRAM_WRITE_H

#include "cli/command.h"
#include "kernels/kernels.h"

/* In: path; as_text, write the text form instead.  Returns: CRUX_CLI_OK, or a failure; either has been said. */
enum crux_cli_exit crux_cli_program_write(const struct crux_cli_call *call,
                                          const struct crux_program *program, const char *path,
                                          bool as_text);

#endif
