/* Answers in the shapes of the API of OpenAI: whole, or in chunks of a stream. Pure. */
#ifndef CRUX_EXECUTOR_SERVICE_OPENAI_REPLY_H
#define CRUX_EXECUTOR_SERVICE_OPENAI_REPLY_H

#include <jansson.h>

#include "executor/service/batch/batcher.h"
#include "executor/tokenizer/tokenizer.h"

/* A chosen token with its figures, and where its text lies in the answer's. */
struct crux_openai_entry {
    uint32_t token;
    double logprob;
    uint32_t top_count;
    struct crux_batcher_logprob *top; /* malloced, or NULL */
    size_t begin, end;                /* bytes; equal where the token only begins a character */
};

struct crux_openai_head {
    bool chat;
    const char *id; /* of the answer */
    int64_t created;
    const char *model, *fingerprint;
};

struct crux_openai_choice {
    uint32_t index;
    const char *text; /* or the next piece of it */
    size_t len;
    bool first;         /* of a stream: says the role */
    const char *finish; /* "stop", "length"; NULL: it goes on */
    json_t *logprobs;   /* stolen; NULL: none were asked for */
};

/* Out of entries: chat: {"content": [..]}; completions: {"tokens": [..], ..}.
 * In: text, of the whole answer.  Returns: NULL without memory. */
json_t *crux_openai_logprobs(bool chat, const struct crux_tokenizer *tokenizer,
                             const struct crux_openai_entry *entries, size_t count,
                             const char *text);

/* Each returns NULL without memory. */
json_t *crux_openai_choice_json(bool chat, const struct crux_openai_choice *choice, bool chunk);
json_t *crux_openai_usage(uint64_t prompt, uint64_t completion, uint64_t cached);
/* In: choices, usage, crux: stolen; usage and crux may be NULL. */
json_t *crux_openai_answer(const struct crux_openai_head *head, json_t *choices, bool chunk,
                           json_t *usage, json_t *crux);

#endif
