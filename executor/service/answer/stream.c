/* Server-sent events: "data: {..}\n\n", and "data: [DONE]\n\n" in the end. */
#include <stdlib.h>
#include <string.h>

#include "executor/service/answer/parts.h"
#include "executor/service/log.h"

/* In: event, stolen.  Returns: false if there is no memory, or the exchange is gone. */
static bool send_event(struct crux_http_exchange *exchange, json_t *event, bool *gone) {
    char *text = event == NULL ? NULL : json_dumps(event, JSON_COMPACT);
    size_t len = text == NULL ? 0 : strlen(text);
    char *line = text == NULL ? NULL : malloc(len + 9);
    bool sent = false;
    *gone = false;
    json_decref(event);
    if (line != NULL) {
        memcpy(line, "data: ", 6);
        memcpy(line + 6, text, len);
        memcpy(line + 6 + len, "\n\n", 3);
        sent = crux_http_send(exchange, line, len + 8);
        *gone = !sent;
    }
    free(line);
    free(text);
    return sent;
}

/* Returns: false if nobody waits any more. */
static bool put_event(struct answer *answer, json_t *event) {
    bool gone;
    if (send_event(answer->exchange, event, &gone)) return true;
    if (!gone) {
        crux_http_when_gone(answer->exchange, NULL, NULL);
        crux_http_abort(answer->exchange);
    }
    crux_log(CRUX_LOG_INFO, answer->id, gone ? "the client reads too slowly" : "no memory");
    answer_lost(answer);
    return false;
}

static bool put_choice(struct answer *answer, const struct crux_openai_choice *shape,
                       json_t *crux) {
    const struct crux_openai_head head = answer_head(answer);
    json_t *choices = json_array();
    (void)json_array_append_new(choices,
                                crux_openai_choice_json(answer->request.chat, shape, true));
    return put_event(answer,
                     crux_openai_answer(&head, choices, true,
                                        answer->request.include_usage ? json_null() : NULL, crux));
}

static bool put_echo(struct answer *answer, const struct answer_choice *choice) {
    const struct crux_openai_prompt *prompt = &answer->request.prompts[choice->prompt];
    struct crux_text text = {.bytes = NULL};
    struct crux_openai_choice shape = {.index = choice->index};
    if (!answer->request.echo || answer->request.chat || answer->model->tokenizer == NULL)
        return true;
    enum crux_status status =
        prompt->text != NULL ? crux_text_add(&text, prompt->text, prompt->len)
                             : crux_tokenizer_decode(answer->model->tokenizer, &text, prompt->ids,
                                                     prompt->count, CRUX_DECODE_CONTROL, NULL);
    shape.text = text.bytes;
    shape.len = text.len;
    bool fine = status != CRUX_OK || put_choice(answer, &shape, NULL);
    crux_text_free(&text);
    return fine;
}

void answer_stream_begin(struct answer *answer) {
    crux_http_add(answer->exchange, "Cache-Control", "no-cache");
    crux_http_add(answer->exchange, "X-Accel-Buffering", "no");
    crux_http_begin(answer->exchange, 200, "text/event-stream");
    answer->begun = true;
    for (uint32_t i = 0; i < answer->choice_count; i++) {
        const struct crux_openai_choice role = {.index = i, .first = true};
        if (answer->request.chat ? !put_choice(answer, &role, NULL)
                                 : !put_echo(answer, &answer->choices[i]))
            return;
    }
}

/* What may be shown of a choice and was not.  In: the answer's lock is held. */
static bool take_piece(struct answer *answer, struct answer_choice *choice,
                       struct crux_openai_choice *shape, char **copy) {
    size_t shown = choice->text.shown, until = choice->entries_sent;
    bool ended = choice->result != NULL;
    *shape = (struct crux_openai_choice){.index = choice->index, .len = shown - choice->sent};
    size_t entries = answer_entries(choice);
    while (answer->request.logprobs && until < entries &&
           (ended || choice->entries[until].end <= shown))
        until++;
    if (shape->len == 0 && until == choice->entries_sent) return false;
    if (shape->len == 0 && !ended) return false; /* goes with the next text */
    *copy = malloc(shape->len + 1);
    if (*copy == NULL) return false;
    if (shape->len > 0) memcpy(*copy, choice->text.text.bytes + choice->sent, shape->len);
    shape->text = *copy;
    if (until > choice->entries_sent)
        shape->logprobs = crux_openai_logprobs(
            answer->request.chat, answer->model->tokenizer, choice->entries + choice->entries_sent,
            until - choice->entries_sent, choice->text.text.bytes);
    choice->sent = shown;
    choice->entries_sent = until;
    return true;
}

static bool put_news(struct answer *answer, struct answer_choice *choice) {
    struct crux_openai_choice shape;
    char *copy = NULL;
    bool fine = true;
    (void)pthread_mutex_lock(&answer->lock);
    bool piece = take_piece(answer, choice, &shape, &copy);
    (void)pthread_mutex_unlock(&answer->lock);
    if (piece) fine = put_choice(answer, &shape, NULL);
    free(copy);
    if (fine && choice->finish != NULL && choice->sent != choice->text.shown) {
        /* no memory for the last piece: without it the answer must not look whole */
        crux_http_when_gone(answer->exchange, NULL, NULL);
        crux_http_abort(answer->exchange);
        answer_lost(answer);
        return false;
    }
    if (!fine || choice->finish == NULL || choice->finished) return fine;
    const struct crux_openai_choice end = {.index = choice->index, .finish = choice->finish};
    choice->finished = true;
    return put_choice(answer, &end, json_incref(choice->document));
}

void answer_stream_news(struct answer *answer) {
    const struct crux_openai_head head = answer_head(answer);
    bool all = true;
    for (uint32_t i = 0; i < answer->choice_count; i++) {
        if (!put_news(answer, &answer->choices[i])) return;
        all = all && answer->choices[i].finished;
    }
    if (!all) return;
    if (answer->request.include_usage &&
        !put_event(answer,
                   crux_openai_answer(&head, json_array(), true, answer_usage(answer), NULL)))
        return;
    struct crux_http_exchange *exchange = answer->exchange;
    if (!crux_http_send(exchange, "data: [DONE]\n\n", 14)) {
        answer_lost(answer);
        return;
    }
    answer->exchange = NULL;
    crux_http_when_gone(exchange, NULL, NULL);
    crux_http_end(exchange);
}

void answer_stream_fail(struct crux_http_exchange *exchange,
                        const struct crux_openai_error *error) {
    bool gone;
    bool sent = send_event(exchange, crux_openai_error_json(error), &gone);
    if (gone) return;
    if (sent) /* and no [DONE]: the answer is not whole */
        crux_http_end(exchange);
    else
        crux_http_abort(exchange);
}
