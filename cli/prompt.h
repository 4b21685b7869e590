/* Text of the command line to tokens and tokens to text, by the tokenizer of a model file. */
#ifndef CRUX_CLI_PROMPT_H
#define CRUX_CLI_PROMPT_H

#include "cli/command.h"
#include "executor/engine/engine.h"
#include "executor/tokenizer/tokenizer.h"

/* Out: tokenizer, to be closed; NULL, and CRUX_CLI_OK, if the file has none.
 * Returns: CRUX_CLI_OK, or a failure that has been said. */
enum crux_cli_exit crux_cli_prompt_tokenizer(struct crux_tokenizer **tokenizer,
                                             const struct crux_cli_call *call,
                                             const struct crux_model_file *file);

struct crux_cli_prompt {
    const char *text;          /* a prompt, or NULL */
    const char *tokens;        /* ids with commas between, or NULL */
    bool chat;                 /* the prompt is what a user says */
    const char *chat_template; /* by name, or NULL: the model's own */
    const char *system;        /* of a chat, or NULL */
};

/* Appends the tokens of a prompt.
 * In: tokenizer, may be NULL for ids.
 * Returns: CRUX_CLI_OK, or a failure that has been said: also for a prompt without tokens. */
enum crux_cli_exit crux_cli_prompt_encode(struct crux_tokens *out, const struct crux_cli_call *call,
                                          const struct crux_model_file *file,
                                          const struct crux_tokenizer *tokenizer,
                                          const struct crux_cli_prompt *prompt);

#endif
