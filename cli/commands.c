#include "cli/command.h"

#include <stddef.h>

const struct crux_cli_command crux_cli_commands[] = {
    {
        .name = "witness show",
        .summary = "Say what a witness holds, part by part, and what the adjudicator finds.",
        .operands = "FILE",
        .operands_least = 1,
        .operands_most = 1,
        .help = "FILE holds claim, element and witness, as `crux demo -o FILE` writes them; - is "
                "standard input.\n",
        .run = crux_cli_run_witness_show,
    },
    {
        .name = "doctor",
        .summary = "Say what this machine can do, and test it with known answers.",
        .operands = "",
        .run = crux_cli_run_doctor,
    },
    {.name = NULL},
};
