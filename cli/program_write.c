#include "cli/program_write.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/file.h"
#include "cli/output.h"

enum crux_cli_exit crux_cli_program_write(const struct crux_cli_call *call,
                                          const struct crux_program *program, const char *path,
                                          bool as_text) {
    uint8_t *bytes = NULL;
    char *text = NULL;
    size_t len;
    char message[CRUX_CLI_MESSAGE_BYTES];
    enum crux_cli_exit code;
    enum crux_status status = as_text ? crux_program_show(&text, &len, program)
                                      : crux_program_encode(&bytes, &len, program);
    if (status != CRUX_OK) {
        code = crux_cli_fail(call, status, "the program does not encode: %s",
                             crux_status_text(status));
        goto out;
    }
    status = crux_cli_file_write(message, path, as_text ? (const uint8_t *)text : bytes, len);
    if (status != CRUX_OK) {
        code = crux_cli_fail(call, status, "%s", message);
    } else if (call->json) {
        code = crux_cli_answer(call, json_pack("{s:o, s:I, s:I, s:I, s:I}", "file",
                                               crux_cli_json_text(path), "bytes", (json_int_t)len,
                                               "layers", (json_int_t)program->header.layers, "ops",
                                               (json_int_t)program->op_count, "tensors",
                                               (json_int_t)program->tensor_count));
    } else {
        printf("%s: %zu bytes, %u layers, %u ops, %u tensors\n", path, len, program->header.layers,
               program->op_count, program->tensor_count);
        code = CRUX_CLI_OK;
    }
out:
    free(bytes);
    free(text);
    return code;
}
