/* crux program example: a program to look at, without weights. */
#include <string.h>

#include "cli/example_toy.h"
#include "cli/output.h"
#include "cli/program_write.h"

enum { OPTION_OUTPUT, OPTION_SHAPE, OPTION_CONTEXT, OPTION_TEXT, OPTION_COUNT };

const struct crux_cli_option crux_cli_program_example_options[] = {
    [OPTION_OUTPUT] = {.name = "output",
                       .letter = 'o',
                       .kind = CRUX_CLI_TEXT,
                       .value = "FILE",
                       .help = "the program file to write"},
    [OPTION_SHAPE] = {.name = "shape",
                      .kind = CRUX_CLI_TEXT,
                      .value = "NAME",
                      .help =
                          "of a decoder: tiny (default), smollm2-135m, llama-3-8b, mixtral-8x7b,"
                          " qwen3-30b-a3b"},
    [OPTION_CONTEXT] = {.name = "context",
                        .kind = CRUX_CLI_NUMBER,
                        .value = "N",
                        .help = "positions of a decoder (default: the shape's own)",
                        .least = 1,
                        .most = CRUX_CONTEXT_MAX},
    [OPTION_TEXT] = {.name = "text", .help = "write the text form"},
    [OPTION_COUNT] = {.name = NULL},
};

static enum crux_cli_exit make_decoder(struct crux_program *program,
                                       const struct crux_cli_call *call) {
    const struct crux_cli_value *shape = &call->option[OPTION_SHAPE];
    const struct crux_cli_value *context = &call->option[OPTION_CONTEXT];
    struct crux_fused_decoder config;
    char where[CRUX_LABEL_BYTES] = "";
    const char *name = shape->given ? shape->text : "tiny";
    if (!crux_fused_decoder_named(&config, name))
        return crux_cli_fail(call, CRUX_E_USAGE,
                             "--shape takes tiny, smollm2-135m, llama-3-8b, mixtral-8x7b or "
                             "qwen3-30b-a3b, not '%.100s'",
                             name);
    if (context->given) config.context = (uint32_t)context->number;
    enum crux_status status = crux_fused_decoder(program, &config, where);
    if (status == CRUX_OK) return CRUX_CLI_OK;
    return crux_cli_fail(call, status, "the decoder cannot be lowered, at '%s': %s", where,
                         crux_status_text(status));
}

static enum crux_cli_exit make(struct crux_program *program, const struct crux_cli_call *call) {
    const char *name = call->operand[0];
    if (strcmp(name, "decoder") == 0) return make_decoder(program, call);
    if (strcmp(name, "toy") != 0)
        return crux_cli_fail(call, CRUX_E_USAGE, "the examples are toy and decoder, not '%.100s'",
                             name);
    if (call->option[OPTION_SHAPE].given || call->option[OPTION_CONTEXT].given)
        return crux_cli_fail(call, CRUX_E_USAGE, "--shape and --context are for a decoder");
    struct crux_text_error error;
    enum crux_status status =
        crux_program_assemble(program, crux_cli_example_toy, strlen(crux_cli_example_toy), &error);
    if (status == CRUX_OK) return CRUX_CLI_OK;
    return crux_cli_fail(call, status, "the toy, line %u: %s", error.line, error.what);
}

enum crux_cli_exit crux_cli_run_program_example(const struct crux_cli_call *call) {
    struct crux_program program = {.layers = NULL};
    if (!call->option[OPTION_OUTPUT].given)
        return crux_cli_fail(call, CRUX_E_USAGE, "it needs --output FILE");
    enum crux_cli_exit code = make(&program, call);
    if (code == CRUX_CLI_OK)
        code = crux_cli_program_write(call, &program, call->option[OPTION_OUTPUT].text,
                                      call->option[OPTION_TEXT].given);
    crux_program_free(&program);
    return code;
}
