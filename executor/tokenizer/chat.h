/* Conversations to the text that a chat model was trained on. The templates of models are programs; none is run here.
 * A known one is recognised by words that it must and must not have, and written by C code; any other is refused. */
#ifndef CRUX_EXECUTOR_TOKENIZER_CHAT_H
#define CRUX_EXECUTOR_TOKENIZER_CHAT_H

#include <stdbool.h>
#include <stddef.h>

#include "executor/tokenizer/buffer.h"
#include "executor/tokenizer/error.h"

struct crux_tokenizer;

#define CRUX_CHAT_TEMPLATE_BYTES_MAX ((size_t)1 << 20)
#define CRUX_CHAT_MESSAGES_MAX       ((size_t)1 << 16)

struct crux_chat {
    const struct crux_chat_style *style;
    bool bos; /* the template writes bos itself */
};

struct crux_chat_message {
    const char *role; /* "system", "user" or "assistant" */
    const char *content;
    size_t content_len;
};

/* Out: chat.  In: the template of a model, NULL if it has none.
 * Returns: CRUX_E_UNSUPPORTED; the message names --chat-template. */
CRUX_MUST_CHECK
enum crux_status crux_chat_recognise(struct crux_chat *chat, const char *template_text, size_t len,
                                     struct crux_tokenizer_error *error);

/* Out: chat.  In: what --chat-template says.  Returns: CRUX_E_UNKNOWN_NAME; the message lists the names. */
CRUX_MUST_CHECK
enum crux_status crux_chat_named(struct crux_chat *chat, const char *name,
                                 struct crux_tokenizer_error *error);

const char *crux_chat_name(const struct crux_chat *chat);

/* Appends the conversation, up to where the model is to answer.
 * In: the tokenizer for its bos and eos; messages, an optional system message first, the user's last.
 * Returns: CRUX_E_UNSUPPORTED (a role or order that the template refuses), CRUX_E_OUT_OF_MEMORY; out is then as it
 * was. */
CRUX_MUST_CHECK
enum crux_status crux_chat_render(const struct crux_chat *chat, struct crux_text *out,
                                  const struct crux_tokenizer *tokenizer,
                                  const struct crux_chat_message *message, size_t count,
                                  struct crux_tokenizer_error *error);

/* Returns: the flags to encode what was rendered with. */
unsigned crux_chat_flags(const struct crux_chat *chat);

#endif
