/* Are the receipt's request tokens those of a text? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain-adapter/io/json.h"
#include "cli/output.h"
#include "cli/prompt.h"
#include "cli/verify.h"

/* A list of {"role", "content"}. */
static enum crux_cli_exit render_messages(struct crux_cli_verification *v, struct crux_text *text,
                                          unsigned *flags, const struct crux_model_file *file,
                                          const struct crux_tokenizer *tokenizer) {
    const struct crux_cli_value *named = &v->call->option[CRUX_CLI_VERIFY_TEMPLATE];
    enum { MESSAGES_MAX = 4096, FILE_BYTES_MAX = 64 << 20 };
    struct crux_json_error error = {"", ""};
    struct crux_tokenizer_error said = {""};
    struct crux_chat chat;
    json_t *list;
    char *whole;
    enum crux_status status = crux_json_read_file(
        &list, &whole, &error, v->call->option[CRUX_CLI_VERIFY_MESSAGES].text, FILE_BYTES_MAX);
    if (status != CRUX_OK) return crux_cli_fail(v->call, status, "%s", error.message);
    free(whole);
    size_t count = json_array_size(list);
    struct crux_chat_message *messages = calloc(count + 1, sizeof *messages);
    for (size_t i = 0; messages != NULL && i < count && count <= MESSAGES_MAX; i++) {
        const json_t *message = json_array_get(list, i);
        messages[i].role = json_string_value(json_object_get(message, "role"));
        messages[i].content = json_string_value(json_object_get(message, "content"));
        messages[i].content_len = json_string_length(json_object_get(message, "content"));
        if (messages[i].role == NULL || messages[i].content == NULL) status = CRUX_E_SYNTAX;
    }
    if (count == 0 || count > MESSAGES_MAX || status != CRUX_OK) {
        (void)snprintf(
            said.text, sizeof said.text,
            "--messages takes a list of 1 to %d objects with role and content, both text",
            (int)MESSAGES_MAX);
        status = CRUX_E_SYNTAX;
    }
    if (status == CRUX_OK)
        status = named->given ? crux_chat_named(&chat, named->text, &said)
                              : crux_chat_recognise(&chat, (const char *)file->chat_template.bytes,
                                                    file->chat_template.len, &said);
    if (status == CRUX_OK && messages == NULL) status = CRUX_E_OUT_OF_MEMORY;
    if (status == CRUX_OK) {
        status = crux_chat_render(&chat, text, tokenizer, messages, count, &said);
        *flags = crux_chat_flags(&chat);
    }
    free(messages);
    json_decref(list);
    return status == CRUX_OK ? CRUX_CLI_OK : crux_cli_fail(v->call, status, "%s", said.text);
}

enum crux_cli_exit crux_cli_verify_text(struct crux_cli_verification *v,
                                        const struct crux_model_file *file) {
    const struct crux_cli_value *option = v->call->option;
    const struct crux_challenger_receipt *receipt = &v->receipt;
    unsigned flags = CRUX_ENCODE_CONTROL | CRUX_ENCODE_BOS;
    struct crux_tokenizer_error error = {""};
    struct crux_text text = {.bytes = NULL};
    struct crux_tokens tokens = {.id = NULL};
    struct crux_tokenizer *tokenizer = NULL;
    enum crux_cli_exit code = crux_cli_prompt_tokenizer(&tokenizer, v->call, file);
    enum crux_status status = CRUX_OK;
    if (code == CRUX_CLI_OK && tokenizer == NULL)
        code = crux_cli_fail(v->call, CRUX_E_UNSUPPORTED, "the model has no tokenizer");
    if (code == CRUX_CLI_OK && option[CRUX_CLI_VERIFY_MESSAGES].given)
        code = render_messages(v, &text, &flags, file, tokenizer);
    else if (code == CRUX_CLI_OK)
        status = crux_text_put(&text, option[CRUX_CLI_VERIFY_TEXT].text);
    if (code == CRUX_CLI_OK && status == CRUX_OK)
        status =
            crux_tokenizer_encode(tokenizer, &tokens, NULL, text.bytes, text.len, flags, &error);
    if (status != CRUX_OK)
        code = crux_cli_fail(v->call, status, "%s",
                             error.text[0] != 0 ? error.text : crux_status_text(status));
    if (code == CRUX_CLI_OK)
        v->tokens = crux_cli_verdict_of(tokens.count == receipt->claim.request_tokens &&
                                        memcmp(tokens.id, receipt->tokens, tokens.count * 4) == 0);
    crux_tokens_free(&tokens);
    crux_text_free(&text);
    crux_tokenizer_close(tokenizer);
    return code;
}
