/* crux program assemble: text to a program file. */
#include "cli/output.h"
#include "cli/program_file.h"
#include "cli/program_write.h"

enum { OPTION_OUTPUT, OPTION_COUNT };

const struct crux_cli_option crux_cli_program_assemble_options[] = {
    [OPTION_OUTPUT] = {.name = "output",
                       .letter = 'o',
                       .kind = CRUX_CLI_TEXT,
                       .value = "FILE",
                       .help = "the program file to write"},
    [OPTION_COUNT] = {.name = NULL},
};

enum crux_cli_exit crux_cli_run_program_assemble(const struct crux_cli_call *call) {
    struct crux_program program;
    if (!call->option[OPTION_OUTPUT].given)
        return crux_cli_fail(call, CRUX_E_USAGE, "it needs --output FILE");
    enum crux_cli_exit code = crux_cli_program_load(&program, call, call->operand[0]);
    if (code != CRUX_CLI_OK) return code;
    code = crux_cli_program_write(call, &program, call->option[OPTION_OUTPUT].text, false);
    crux_program_free(&program);
    return code;
}
