#include "cli/prompt.h"

#include <string.h>

#include "cli/output.h"

enum crux_cli_exit crux_cli_prompt_tokenizer(struct crux_tokenizer **tokenizer,
                                             const struct crux_cli_call *call,
                                             const struct crux_model_file *file) {
    struct crux_tokenizer_source *source = NULL;
    struct crux_tokenizer_error error = {""};
    *tokenizer = NULL;
    if (file->tokenizer.len == 0) return CRUX_CLI_OK;
    enum crux_status status =
        crux_tokenizer_source_decode(&source, file->tokenizer.bytes, file->tokenizer.len, &error);
    if (status == CRUX_OK) status = crux_tokenizer_open(tokenizer, &source, &error);
    crux_tokenizer_source_free(source);
    if (status == CRUX_OK) return CRUX_CLI_OK;
    return crux_cli_fail(call, status, "the model's tokenizer: %s", error.text);
}

/* Ids with commas between. */
static enum crux_status add_ids(struct crux_tokens *out, const char *text, uint32_t vocab) {
    enum crux_status status = CRUX_OK;
    for (const char *at = text; status == CRUX_OK;) {
        uint64_t id = 0;
        unsigned digits = 0;
        while (*at == ' ') at++;
        for (; *at >= '0' && *at <= '9'; at++, digits++) {
            id = id * 10 + (uint64_t)(*at - '0');
            if (id >= vocab) return CRUX_E_BAD_RANGE;
        }
        while (*at == ' ') at++;
        if (digits == 0 || (*at != ',' && *at != 0)) return CRUX_E_SYNTAX;
        status = crux_tokens_add(out, (uint32_t)id);
        if (*at == 0) break;
        at++;
    }
    return status;
}

static enum crux_status render(struct crux_text *text, unsigned *flags,
                               const struct crux_model_file *file,
                               const struct crux_tokenizer *tokenizer,
                               const struct crux_cli_prompt *prompt,
                               struct crux_tokenizer_error *error) {
    struct crux_chat chat;
    struct crux_chat_message messages[2];
    size_t count = 0;
    enum crux_status status =
        prompt->chat_template != NULL
            ? crux_chat_named(&chat, prompt->chat_template, error)
            : crux_chat_recognise(
                  &chat,
                  file->chat_template.len == 0 ? NULL : (const char *)file->chat_template.bytes,
                  file->chat_template.len, error);
    if (status != CRUX_OK) return status;
    if (prompt->system != NULL)
        messages[count++] =
            (struct crux_chat_message){"system", prompt->system, strlen(prompt->system)};
    messages[count++] = (struct crux_chat_message){"user", prompt->text, strlen(prompt->text)};
    *flags = crux_chat_flags(&chat);
    return crux_chat_render(&chat, text, tokenizer, messages, count, error);
}

static enum crux_status encode(struct crux_tokens *out, const struct crux_model_file *file,
                               const struct crux_tokenizer *tokenizer,
                               const struct crux_cli_prompt *prompt,
                               struct crux_tokenizer_error *error) {
    struct crux_text text = {.bytes = NULL};
    unsigned flags = CRUX_ENCODE_CONTROL | CRUX_ENCODE_BOS;
    enum crux_status status = CRUX_OK;
    if (prompt->chat)
        status = render(&text, &flags, file, tokenizer, prompt, error);
    else
        status = crux_text_put(&text, prompt->text);
    if (status == CRUX_OK)
        status = crux_tokenizer_encode(tokenizer, out, NULL, text.bytes, text.len, flags, error);
    crux_text_free(&text);
    return status;
}

enum crux_cli_exit crux_cli_prompt_encode(struct crux_tokens *out, const struct crux_cli_call *call,
                                          const struct crux_model_file *file,
                                          const struct crux_tokenizer *tokenizer,
                                          const struct crux_cli_prompt *prompt) {
    struct crux_tokenizer_error error = {""};
    if ((prompt->text == NULL) == (prompt->tokens == NULL))
        return crux_cli_fail(call, CRUX_E_USAGE, "it needs either --prompt TEXT or --tokens IDS");
    if (prompt->tokens != NULL) {
        enum crux_status status = add_ids(out, prompt->tokens, file->program.header.vocab);
        if (status == CRUX_OK) return CRUX_CLI_OK;
        return crux_cli_fail(call, status == CRUX_E_OUT_OF_MEMORY ? status : CRUX_E_USAGE,
                             "--tokens takes ids below %u with commas between, not '%.100s'",
                             (unsigned)file->program.header.vocab, prompt->tokens);
    }
    if (tokenizer == NULL)
        return crux_cli_fail(call, CRUX_E_UNSUPPORTED,
                             "the model has no tokenizer: give the prompt as --tokens IDS");
    enum crux_status status = encode(out, file, tokenizer, prompt, &error);
    if (status != CRUX_OK) return crux_cli_fail(call, status, "the prompt: %s", error.text);
    if (out->count == 0)
        return crux_cli_fail(call, CRUX_E_USAGE, "the prompt has no tokens; say something");
    return CRUX_CLI_OK;
}
