/* crux tokenize: text to the ids a model reads. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/file.h"
#include "cli/output.h"
#include "cli/prompt.h"

enum { INPUT_BYTES_MAX = 1 << 26 };

enum { TEXT, CONTROL };

const struct crux_cli_option crux_cli_tokenize_options[] = {
    [TEXT] = {.name = "text",
              .kind = CRUX_CLI_TEXT,
              .value = "TEXT",
              .help = "one text; without it, every line of standard input is one"},
    [CONTROL] = {.name = "control",
                 .kind = CRUX_CLI_FLAG,
                 .help = "names of control tokens are those tokens, and bos comes first where the "
                         "model wants it"},
    {.name = NULL},
};

static json_t *ids_of(const struct crux_tokens *tokens) {
    json_t *ids = json_array();
    for (size_t i = 0; ids != NULL && i < tokens->count; i++) {
        if (json_array_append_new(ids, json_integer(tokens->id[i])) == 0) continue;
        json_decref(ids);
        ids = NULL;
    }
    return ids;
}

static void print_ids(const struct crux_tokens *tokens) {
    for (size_t i = 0; i < tokens->count; i++)
        printf("%s%" PRIu32, i == 0 ? "" : " ", tokens->id[i]);
    putchar('\n');
}

/* One text.  Out: ids, only with --json; otherwise they are printed. */
static enum crux_cli_exit one_text(json_t **ids, const struct crux_cli_call *call,
                                   const struct crux_tokenizer *tokenizer, const char *text,
                                   size_t len) {
    struct crux_tokens tokens = {.count = 0};
    struct crux_tokenizer_error error = {""};
    unsigned flags = call->option[CONTROL].given ? CRUX_ENCODE_CONTROL | CRUX_ENCODE_BOS : 0;
    enum crux_cli_exit code = CRUX_CLI_OK;
    enum crux_status status =
        crux_tokenizer_encode(tokenizer, &tokens, NULL, text, len, flags, &error);
    *ids = NULL;
    if (status != CRUX_OK)
        code = crux_cli_fail(call, status, "the text: %s", error.text);
    else if (!call->json)
        print_ids(&tokens);
    else if ((*ids = ids_of(&tokens)) == NULL)
        code = crux_cli_fail(call, CRUX_E_OUT_OF_MEMORY, "no memory for the ids");
    crux_tokens_free(&tokens);
    return code;
}

/* A line ends at a line feed, which does not belong to it; the last one need not have it. */
static enum crux_cli_exit all_lines(json_t **ids, const struct crux_cli_call *call,
                                    const struct crux_tokenizer *tokenizer, const char *text,
                                    size_t len) {
    enum crux_cli_exit code = CRUX_CLI_OK;
    *ids = json_array();
    if (*ids == NULL) return crux_cli_fail(call, CRUX_E_OUT_OF_MEMORY, "no memory for the ids");
    for (size_t at = 0; at < len && code == CRUX_CLI_OK;) {
        const char *feed = memchr(text + at, '\n', len - at);
        size_t line = feed == NULL ? len - at : (size_t)(feed - (text + at));
        json_t *line_ids;
        code = one_text(&line_ids, call, tokenizer, text + at, line);
        if (line_ids != NULL && json_array_append_new(*ids, line_ids) != 0)
            code = crux_cli_fail(call, CRUX_E_OUT_OF_MEMORY, "no memory for the ids");
        at += line + 1;
    }
    return code;
}

static enum crux_cli_exit tokenize(const struct crux_cli_call *call,
                                   const struct crux_tokenizer *tokenizer) {
    const char *text = call->option[TEXT].text;
    char message[CRUX_CLI_MESSAGE_BYTES];
    uint8_t *input = NULL;
    size_t len = 0;
    json_t *ids = NULL;
    enum crux_cli_exit code;
    if (call->option[TEXT].given) {
        code = one_text(&ids, call, tokenizer, text, strlen(text));
    } else {
        enum crux_status status = crux_cli_file_read(&input, &len, message, "-", INPUT_BYTES_MAX);
        if (status != CRUX_OK) return crux_cli_fail(call, status, "%s", message);
        code = all_lines(&ids, call, tokenizer, (const char *)input, len);
        free(input);
    }
    if (code == CRUX_CLI_OK && call->json)
        return crux_cli_answer(call, json_pack("{s:o}", "ids", ids));
    json_decref(ids);
    return code;
}

enum crux_cli_exit crux_cli_run_tokenize(const struct crux_cli_call *call) {
    struct crux_model_file model;
    struct crux_tokenizer *tokenizer;
    char message[CRUX_MODEL_MESSAGE_BYTES];
    enum crux_status status = crux_model_file_open(&model, call->operand[0], message);
    if (status != CRUX_OK) return crux_cli_fail(call, status, "%s: %s", call->operand[0], message);
    enum crux_cli_exit code = crux_cli_prompt_tokenizer(&tokenizer, call, &model);
    if (code == CRUX_CLI_OK && tokenizer == NULL)
        code = crux_cli_fail(call, CRUX_E_UNSUPPORTED, "%s: the model has no tokenizer",
                             call->operand[0]);
    else if (code == CRUX_CLI_OK)
        code = tokenize(call, tokenizer);
    if (tokenizer != NULL) crux_tokenizer_close(tokenizer);
    crux_model_file_close(&model);
    return code;
}
