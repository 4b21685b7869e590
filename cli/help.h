/* Help texts, written from the command table. */
#ifndef CRUX_CLI_HELP_H
#define CRUX_CLI_HELP_H

#include "cli/command.h"

/* The overview, or that of a group ("program").  In: group, or NULL. */
enum crux_cli_exit crux_cli_help_overview(const struct crux_cli_call *call, const char *group);
enum crux_cli_exit crux_cli_help_command(const struct crux_cli_call *call,
                                         const struct crux_cli_command *command);

#endif
