#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "executor/service/answer/parts.h"

struct crux_openai_head answer_head(const struct answer *answer) {
    return (struct crux_openai_head){.chat = answer->request.chat,
                                     .id = answer->id,
                                     .created = (int64_t)answer->created,
                                     .model = answer->model->name,
                                     .fingerprint = answer->model->fingerprint};
}

json_t *answer_usage(struct answer *answer) {
    uint64_t prompt = 0, completion = 0, cached = 0;
    for (size_t i = 0; i < answer->prompt_count; i++) prompt += answer->prompts[i].count;
    for (uint32_t i = 0; i < answer->choice_count; i++) {
        const struct crux_batcher_result *result = answer->choices[i].result;
        completion += result->count;
        if (answer->choices[i].index % answer->request.n == 0) cached += result->reused;
    }
    if (cached > prompt) cached = prompt;
    return crux_openai_usage(prompt, completion, cached);
}

/* The prompt's text before the answer's, for `echo`. */
static enum crux_status echo(struct crux_text *text, const struct answer *answer,
                             const struct answer_choice *choice) {
    const struct crux_openai_prompt *prompt = &answer->request.prompts[choice->prompt];
    const struct crux_tokens *tokens = &answer->prompts[choice->prompt];
    if (!answer->request.echo || answer->request.chat) return CRUX_OK;
    if (prompt->text != NULL) return crux_text_add(text, prompt->text, prompt->len);
    if (answer->model->tokenizer == NULL) return CRUX_OK;
    return crux_tokenizer_decode(answer->model->tokenizer, text, tokens->id, tokens->count,
                                 CRUX_DECODE_CONTROL, NULL);
}

size_t answer_entries(const struct answer_choice *choice) {
    size_t count = choice->entry_count;
    if (choice->result != NULL && choice->result->end == CRUX_BATCHER_STOP_TOKEN && count > 0)
        count--;
    while (choice->text.stopped && count > 0 &&
           choice->entries[count - 1].begin >= choice->text.text.len)
        count--;
    return count;
}

static json_t *whole_choice(const struct answer *answer, struct answer_choice *choice) {
    const struct crux_openai_request *asked = &answer->request;
    const struct crux_text *text = &choice->text.text;
    struct crux_text all = {.bytes = NULL};
    struct crux_openai_choice shape = {.index = choice->index, .finish = choice->finish};
    json_t *json = NULL;
    enum crux_status status = echo(&all, answer, choice);
    if (status == CRUX_OK && text->len > 0) status = crux_text_add(&all, text->bytes, text->len);
    if (status == CRUX_OK && asked->logprobs)
        shape.logprobs =
            crux_openai_logprobs(asked->chat, answer->model->tokenizer, choice->entries,
                                 answer_entries(choice), text->bytes == NULL ? "" : text->bytes);
    shape.text = all.bytes;
    shape.len = all.len;
    if (status == CRUX_OK) json = crux_openai_choice_json(asked->chat, &shape, false);
    crux_text_free(&all);
    return json;
}

/* One document, or a list of them in the order of the choices; and their ids in the header. */
static json_t *documents(struct answer *answer) {
    char ids[65 * CRUX_OPENAI_CHOICES_MAX + 1];
    size_t len = 0;
    json_t *list = json_array();
    for (uint32_t i = 0; i < answer->choice_count; i++) {
        json_t *document = answer->choices[i].document;
        const char *id = json_string_value(json_object_get(document, "id"));
        if (id != NULL && strlen(id) == 64)
            len += (size_t)snprintf(ids + len, sizeof ids - len, "%s%s", len == 0 ? "" : ",", id);
        (void)json_array_append(list, document);
    }
    if (len > 0) crux_http_add(answer->exchange, "Crux-Receipt", ids);
    if (answer->choice_count != 1) return list;
    json_t *only = json_incref(json_array_get(list, 0));
    json_decref(list);
    return only;
}

void answer_whole(struct answer *answer) {
    const struct crux_openai_head head = answer_head(answer);
    json_t *choices = json_array();
    for (uint32_t i = 0; i < answer->choice_count; i++)
        (void)json_array_append_new(choices, whole_choice(answer, &answer->choices[i]));
    if (json_array_size(choices) != answer->choice_count) {
        json_decref(choices);
        choices = NULL;
    }
    crux_http_when_gone(answer->exchange, NULL, NULL);
    json_t *documented = documents(answer);
    json_t *whole = choices == NULL ? NULL
                                    : crux_openai_answer(&head, choices, false,
                                                         answer_usage(answer), documented);
    if (choices == NULL) json_decref(documented);
    api_answer(answer->exchange, 200, whole);
}
