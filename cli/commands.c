#include "cli/command.h"

#include <stddef.h>

const struct crux_cli_command crux_cli_commands[] = {
    {
        .name = "doctor",
        .summary = "Say what this machine can do, and test it with known answers.",
        .operands = "",
        .run = crux_cli_run_doctor,
    },
    {.name = NULL},
};
