#include "executor/service/openai/reply.h"

#include <math.h>
#include <string.h>

/* What the API says for a token that cannot be chosen: JSON has no infinities. */
#define LOGPROB_LEAST (-9999.0)

static json_t *number(double logprob) {
    return json_real(isfinite(logprob) && logprob > LOGPROB_LEAST ? logprob : LOGPROB_LEAST);
}

/* Out: the token's own bytes, and its text: where the bytes are no text, with U+FFFD in it. */
static enum crux_status say_token(struct crux_text *bytes, json_t **text,
                                  const struct crux_tokenizer *tokenizer, uint32_t token) {
    struct crux_text shown = {.bytes = NULL};
    const unsigned flags = CRUX_DECODE_CONTROL | CRUX_DECODE_CONTINUE;
    enum crux_status status =
        crux_tokenizer_decode(tokenizer, bytes, &token, 1, flags | CRUX_DECODE_BYTES, NULL);
    if (status == CRUX_OK)
        status = crux_tokenizer_decode(tokenizer, &shown, &token, 1, flags, NULL);
    *text = status == CRUX_OK ? json_stringn(shown.len == 0 ? "" : shown.bytes, shown.len) : NULL;
    crux_text_free(&shown);
    return *text == NULL && status == CRUX_OK ? CRUX_E_OUT_OF_MEMORY : status;
}

static json_t *byte_list(const struct crux_text *bytes) {
    json_t *list = json_array();
    for (size_t i = 0; i < bytes->len; i++)
        (void)json_array_append_new(list, json_integer((unsigned char)bytes->bytes[i]));
    return list;
}

/* {"token", "logprob", "bytes"} */
static json_t *token_object(const struct crux_tokenizer *tokenizer, uint32_t token,
                            double logprob) {
    struct crux_text bytes = {.bytes = NULL};
    json_t *text = NULL, *object = NULL;
    if (say_token(&bytes, &text, tokenizer, token) == CRUX_OK)
        object = json_pack("{s:o, s:o, s:o}", "token", text, "logprob", number(logprob), "bytes",
                           byte_list(&bytes));
    crux_text_free(&bytes);
    return object;
}

static json_t *chat_logprobs(const struct crux_tokenizer *tokenizer,
                             const struct crux_openai_entry *entries, size_t count) {
    json_t *content = json_array();
    for (size_t i = 0; i < count; i++) {
        const struct crux_openai_entry *entry = &entries[i];
        json_t *object = token_object(tokenizer, entry->token, entry->logprob), *top = json_array();
        for (uint32_t k = 0; k < entry->top_count; k++)
            (void)json_array_append_new(
                top, token_object(tokenizer, entry->top[k].token, entry->top[k].logprob));
        (void)json_object_set_new(object, "top_logprobs", top);
        (void)json_array_append_new(content, object);
    }
    return json_pack("{s:o, s:n}", "content", content, "refusal");
}

/* Characters, not bytes, as clients slice by them. */
static size_t characters(const char *text, size_t from, size_t to) {
    size_t count = 0;
    for (size_t i = from; i < to; i++) count += ((unsigned char)text[i] & 0xc0) != 0x80;
    return count;
}

static json_t *completion_logprobs(const struct crux_tokenizer *tokenizer,
                                   const struct crux_openai_entry *entries, size_t count,
                                   const char *text) {
    json_t *tokens = json_array(), *logprobs = json_array(), *tops = json_array(),
           *offsets = json_array();
    size_t counted = 0, offset = 0;
    for (size_t i = 0; i < count; i++) {
        const struct crux_openai_entry *entry = &entries[i];
        struct crux_text bytes = {.bytes = NULL};
        json_t *said = NULL, *top = json_object();
        if (say_token(&bytes, &said, tokenizer, entry->token) != CRUX_OK) said = NULL;
        crux_text_free(&bytes);
        offset += characters(text, counted, entry->begin);
        counted = entry->begin;
        for (uint32_t k = 0; k < entry->top_count; k++) {
            struct crux_text unused = {.bytes = NULL};
            json_t *name = NULL;
            if (say_token(&unused, &name, tokenizer, entry->top[k].token) == CRUX_OK)
                (void)json_object_setn_new(top, json_string_value(name), json_string_length(name),
                                           number(entry->top[k].logprob));
            crux_text_free(&unused);
            json_decref(name);
        }
        (void)json_array_append_new(tokens, said == NULL ? json_string("") : said);
        (void)json_array_append_new(logprobs, number(entry->logprob));
        (void)json_array_append_new(tops, top);
        (void)json_array_append_new(offsets, json_integer((json_int_t)offset));
    }
    return json_pack("{s:o, s:o, s:o, s:o}", "tokens", tokens, "token_logprobs", logprobs,
                     "top_logprobs", tops, "text_offset", offsets);
}

json_t *crux_openai_logprobs(bool chat, const struct crux_tokenizer *tokenizer,
                             const struct crux_openai_entry *entries, size_t count,
                             const char *text) {
    return chat ? chat_logprobs(tokenizer, entries, count)
                : completion_logprobs(tokenizer, entries, count, text);
}

static json_t *or_null(json_t *value) {
    return value == NULL ? json_null() : value;
}

static json_t *message(const struct crux_openai_choice *choice, bool chunk) {
    json_t *object = json_object();
    if (choice->first || !chunk)
        (void)json_object_set_new(object, "role", json_string("assistant"));
    if (choice->len > 0 || choice->first || !chunk)
        (void)json_object_set_new(object, "content",
                                  json_stringn(choice->len == 0 ? "" : choice->text, choice->len));
    if (!chunk) (void)json_object_set_new(object, "refusal", json_null());
    return object;
}

json_t *crux_openai_choice_json(bool chat, const struct crux_openai_choice *choice, bool chunk) {
    json_t *finish = or_null(choice->finish == NULL ? NULL : json_string(choice->finish));
    json_t *logprobs = or_null(choice->logprobs);
    json_int_t index = choice->index;
    if (!chat)
        return json_pack("{s:o, s:I, s:o, s:o}", "text",
                         json_stringn(choice->len == 0 ? "" : choice->text, choice->len), "index",
                         index, "logprobs", logprobs, "finish_reason", finish);
    return json_pack("{s:I, s:o, s:o, s:o}", "index", index, chunk ? "delta" : "message",
                     message(choice, chunk), "logprobs", logprobs, "finish_reason", finish);
}

json_t *crux_openai_usage(uint64_t prompt, uint64_t completion, uint64_t cached) {
    return json_pack("{s:I, s:I, s:I, s:{s:I}}", "prompt_tokens", (json_int_t)prompt,
                     "completion_tokens", (json_int_t)completion, "total_tokens",
                     (json_int_t)(prompt + completion), "prompt_tokens_details", "cached_tokens",
                     (json_int_t)cached);
}

json_t *crux_openai_answer(const struct crux_openai_head *head, json_t *choices, bool chunk,
                           json_t *usage, json_t *crux) {
    const char *object = !head->chat ? "text_completion"
                         : chunk     ? "chat.completion.chunk"
                                     : "chat.completion";
    json_t *answer = json_pack("{s:s, s:s, s:I, s:s, s:s, s:o}", "id", head->id, "object", object,
                               "created", (json_int_t)head->created, "model", head->model,
                               "system_fingerprint", head->fingerprint, "choices", choices);
    if (answer != NULL && usage != NULL) (void)json_object_set_new(answer, "usage", usage);
    if (answer != NULL && crux != NULL) (void)json_object_set_new(answer, "crux", crux);
    return answer;
}
