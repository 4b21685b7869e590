/* crux program show: the text form. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/output.h"
#include "cli/program_file.h"

enum crux_cli_exit crux_cli_run_program_show(const struct crux_cli_call *call) {
    struct crux_program program;
    char *text;
    size_t len;
    enum crux_cli_exit code = crux_cli_program_load(&program, call, call->operand[0]);
    if (code != CRUX_CLI_OK) return code;
    enum crux_status status = crux_program_show(&text, &len, &program);
    if (status != CRUX_OK) {
        code = crux_cli_fail(call, status, "no memory for the text");
    } else {
        if (call->json)
            code = crux_cli_answer(call, json_pack("{s:o}", "text", crux_cli_json_text(text)));
        else if (fwrite(text, 1, len, stdout) != len)
            code = CRUX_CLI_FAILURE; /* told by crux_cli_output_finish */
        free(text);
    }
    crux_program_free(&program);
    return code;
}
