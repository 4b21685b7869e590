/* One request for text. Its choices run in the batcher; the compute thread appends to a choice under the answer's lock
 * and leaves word in the mailbox; the main thread takes from it what may be shown.
 *
 *   exchange gone, or answered --+--> all choices done --> freed
 */
#include "executor/service/answer/parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "chain-adapter/io/seconds.h"
#include "executor/service/log.h"

struct answer **answer_link(struct answer *answer) {
    return &answer->link;
}

bool *answer_in_mailbox(struct answer *answer) {
    return &answer->in_mailbox;
}

/* ---- the compute thread ---- */

static enum crux_status keep_entry(struct answer_choice *choice,
                                   const struct crux_batcher_token *token, size_t begin) {
    if (choice->entry_count == choice->entry_cap) {
        size_t cap = choice->entry_cap == 0 ? 64 : 2 * choice->entry_cap; /* the context at most */
        struct crux_openai_entry *entries = realloc(choice->entries, cap * sizeof *choice->entries);
        if (entries == NULL) return CRUX_E_OUT_OF_MEMORY;
        choice->entries = entries;
        choice->entry_cap = cap;
    }
    struct crux_openai_entry *entry = &choice->entries[choice->entry_count];
    *entry = (struct crux_openai_entry){.token = token->token,
                                        .logprob = token->logprob,
                                        .begin = begin,
                                        .end = choice->text.text.len};
    if (entry->end < begin) entry->begin = entry->end; /* a stop string cut behind it */
    if (token->top_count > 0) {
        entry->top = malloc(token->top_count * sizeof *entry->top);
        if (entry->top == NULL) return CRUX_E_OUT_OF_MEMORY;
        memcpy(entry->top, token->top, token->top_count * sizeof *entry->top);
        entry->top_count = token->top_count;
    }
    choice->entry_count++;
    return CRUX_OK;
}

static void keep_time(struct answer_choice *choice) {
    struct mailbox *mailbox = &choice->answer->service->mailbox;
    double now = crux_seconds(), since = now - choice->last_seconds;
    bool first = choice->token_count == 0;
    choice->last_seconds = now;
    (void)pthread_mutex_lock(&mailbox->lock);
    crux_histogram_add(first ? &mailbox->to_first : &mailbox->between, since);
    (void)pthread_mutex_unlock(&mailbox->lock);
}

static bool on_token(void *ctx, const struct crux_batcher_token *token) {
    struct answer_choice *choice = ctx;
    struct answer *answer = choice->answer;
    keep_time(choice);
    (void)pthread_mutex_lock(&answer->lock);
    size_t begin = choice->text.text.len;
    enum crux_status status = CRUX_OK;
    choice->token_count++;
    if (choice->text.detokenizer.tokenizer != NULL) {
        status = crux_answer_text_feed(&choice->text, token->token);
        if (status == CRUX_OK && answer->request.logprobs)
            status = keep_entry(choice, token, begin);
    }
    choice->status = status;
    bool goes_on = status == CRUX_OK && !choice->text.stopped,
         news = answer->request.stream && choice->text.shown > choice->sent;
    if (news) mailbox_put(&answer->service->mailbox, answer);
    (void)pthread_mutex_unlock(&answer->lock);
    return goes_on;
}

static void on_done(void *ctx, struct crux_batcher_result *result) {
    struct answer_choice *choice = ctx;
    struct answer *answer = choice->answer;
    (void)pthread_mutex_lock(&answer->lock);
    choice->outcome = *result;
    choice->result = &choice->outcome;
    if (choice->status == CRUX_OK && choice->text.detokenizer.tokenizer != NULL)
        choice->status = crux_answer_text_end(&choice->text);
    /* within the lock: whoever sees the result sees the news too, and does not free the answer before they are taken */
    mailbox_put(&answer->service->mailbox, answer);
    (void)pthread_mutex_unlock(&answer->lock);
}

/* ---- life ---- */

static void choice_free(struct answer_choice *choice) {
    crux_answer_text_free(&choice->text);
    for (size_t i = 0; i < choice->entry_count; i++) free(choice->entries[i].top);
    free(choice->entries);
    if (choice->result != NULL) crux_batcher_result_free(choice->result);
    json_decref(choice->document);
}

static void answer_free(struct answer *answer) {
    answer->service->answers--;
    answer->service->choices -= answer->choice_count;
    for (uint32_t i = 0; i < answer->choice_count; i++) choice_free(&answer->choices[i]);
    for (size_t i = 0; i < answer->prompt_count; i++) crux_tokens_free(&answer->prompts[i]);
    crux_openai_request_free(&answer->request);
    (void)pthread_mutex_destroy(&answer->lock);
    free(answer->choices);
    free(answer);
}

static bool all_done(struct answer *answer) {
    bool done = true;
    (void)pthread_mutex_lock(&answer->lock);
    for (uint32_t i = 0; i < answer->submitted; i++)
        done = done && answer->choices[i].result != NULL;
    (void)pthread_mutex_unlock(&answer->lock);
    return done;
}

static void cancel(struct answer *answer) {
    for (uint32_t i = 0; i < answer->submitted; i++)
        crux_batcher_cancel(answer->service->batcher, answer->choices[i].id);
}

/* The client has gone: nobody waits for the rest. */
static void on_gone(void *ctx) {
    struct answer *answer = ctx;
    answer->exchange = NULL;
    cancel(answer);
    crux_log(CRUX_LOG_INFO, answer->id, "the client is gone");
    /* what is done already will bring no more news */
    mailbox_put(&answer->service->mailbox, answer);
}

void answer_lost(struct answer *answer) {
    answer->exchange = NULL;
    cancel(answer);
}

void answer_fail(struct answer *answer, const struct crux_openai_error *error) {
    struct crux_http_exchange *exchange = answer->exchange;
    answer_lost(answer);
    crux_log(error->status >= 500 ? CRUX_LOG_WARNING : CRUX_LOG_INFO, answer->id, "%d: %s",
             error->status, error->message);
    if (!answer->begun)
        api_fail(exchange, error);
    else
        answer_stream_fail(exchange, error);
}

/* ---- submitting ---- */

static enum crux_status fill_random(uint8_t *bytes, size_t len) {
    return getrandom(bytes, len, 0) == (ssize_t)len ? CRUX_OK : CRUX_E_IO;
}

/* Returns: tokens that each choice may have, so that all of them together are an answer of bounded size; 0 if the requests
 * alone are too many.  In: prompt, of that choice. */
static uint32_t most_tokens(const struct answer *answer, size_t prompt) {
    const struct crux_openai_request *asked = &answer->request;
    uint32_t choices = asked->n * (uint32_t)answer->prompt_count,
             tokens = CRUX_OPENAI_TOKENS_MAX / choices,
             shares = CRUX_OPENAI_SHARES_MAX / (choices * (1 + asked->top));
    size_t count = answer->prompts[prompt].count;
    if (count >= tokens) return 0;
    tokens -= (uint32_t)count;
    return asked->logprobs && shares < tokens ? shares : tokens;
}

/* spec/86-http.md#requests, spec/86-http.md#sampling */
static enum crux_status fill_request(struct crux_request *fields, const struct answer *answer,
                                     uint32_t prompt, uint32_t sample) {
    const struct crux_openai_request *asked = &answer->request;
    uint32_t context = answer->model->loaded.file.program.header.context;
    enum crux_status status = CRUX_OK;
    memset(fields, 0, sizeof *fields);
    fields->request_tokens = (uint32_t)answer->prompts[prompt].count;
    uint32_t room = context - fields->request_tokens + 1;
    uint32_t most = answer->service->config->tokens_max, bounded = most_tokens(answer, prompt);
    fields->limit = asked->max_tokens != 0 ? asked->max_tokens : room;
    if (fields->limit > room) fields->limit = room;
    if (most != 0 && fields->limit > most) fields->limit = most;
    if (fields->limit > bounded) fields->limit = bounded;
    fields->sample = sample;
    memcpy(fields->param, asked->param, sizeof fields->param);
    if (answer->model->tokenizer != NULL && !asked->ignore_eos)
        fields->stop_count =
            crux_tokenizer_stops(fields->stop, CRUX_STOPS_MAX, answer->model->tokenizer);
    memcpy(fields->seed, answer->seed, 32);
    memcpy(fields->nonce, asked->nonce, 32);
    if (!asked->has_nonce) status = fill_random(fields->nonce, 32);
    return status;
}

static bool fail_submit(struct answer *answer, enum crux_status status,
                        struct crux_openai_error *error) {
    switch ((int)status) {
    case CRUX_E_QUEUE_FULL:
        answer->retry_after = "2";
        return crux_openai_fail(error, 429, "queue_full", NULL,
                                "As many requests wait as may; please try again later.");
    case CRUX_E_STOPPING:
        answer->retry_after = "10";
        return crux_openai_fail(error, 503, "stopping", NULL,
                                "This server is stopping; please try another, or later.");
    case CRUX_E_CACHE_TOO_SMALL:
        return crux_openai_fail(error, 400, "context_length_exceeded",
                                answer->request.chat ? "messages" : "prompt",
                                "This request could need more memory than the server gives to "
                                "one; ask for fewer tokens.");
    case CRUX_E_REQUEST_INVALID:
    case CRUX_E_USAGE:
        return crux_openai_fail(error, 400, "invalid_value", NULL, "%s", crux_status_text(status));
    default:
        answer->retry_after = "5";
        return crux_openai_fail(error, 503, crux_status_name(status), NULL, "%s",
                                crux_status_text(status));
    }
}

/* Those whose requests may show in each other's times: of one API key; without keys, all. */
static uint64_t group_of(const struct answer *answer) {
    uint8_t hash[32];
    if (answer->owner[0] == 0) return 0;
    crux_sha256(hash, (const uint8_t *)answer->owner, strlen(answer->owner));
    return crux_load_u64(hash) | 1;
}

static bool submit(struct answer *answer, struct crux_openai_error *error) {
    const struct crux_openai_request *asked = &answer->request;
    for (uint32_t i = 0; i < answer->choice_count; i++) {
        struct answer_choice *choice = &answer->choices[i];
        struct crux_batcher_job job = {.model = answer->model_index,
                                       .deadline_seconds = answer->service->config->request_seconds,
                                       .logprobs = asked->logprobs,
                                       .top = asked->top,
                                       .leaves = answer->service->receipts != NULL,
                                       /* how much is shared is said, and shows what others asked */
                                       .no_prefix = asked->mode == CRUX_MODE_PRIVATE,
                                       .group = group_of(answer),
                                       .ctx = choice,
                                       .token = on_token,
                                       .done = on_done};
        choice->answer = answer;
        choice->index = i;
        choice->prompt = i / asked->n;
        choice->last_seconds = crux_seconds();
        crux_answer_text_open(&choice->text, answer->model->tokenizer, asked->stop,
                              asked->stop_count);
        job.request.tokens = answer->prompts[choice->prompt].id;
        enum crux_status status =
            fill_request(&job.request.fields, answer, choice->prompt, i % asked->n);
        if (status == CRUX_OK) {
            /* `done` may come before this returns; the id is for the main thread alone */
            status = crux_batcher_submit(answer->service->batcher, &job, &choice->id);
        }
        if (status != CRUX_OK) return fail_submit(answer, status, error);
        answer->submitted++;
    }
    return true;
}

static bool check_length(struct answer *answer, size_t prompt, struct crux_openai_error *error) {
    const struct crux_openai_request *asked = &answer->request;
    size_t count = answer->prompts[prompt].count;
    uint32_t context = answer->model->loaded.file.program.header.context;
    uint32_t most = answer->service->config->tokens_max;
    const char *param = asked->chat ? "messages" : "prompt";
    /* the last chosen token needs no position of its own */
    if (count > context)
        return crux_openai_fail(error, 400, "context_length_exceeded", param,
                                "This model's maximum context length is %u tokens, and your "
                                "request has %zu.",
                                (unsigned)context, count);
    uint32_t bounded = most_tokens(answer, prompt);
    if (bounded == 0)
        return crux_openai_fail(error, 400, "answer_too_large", "n",
                                "All answers together have at most %d tokens, with those of their "
                                "requests.",
                                (int)CRUX_OPENAI_TOKENS_MAX);
    if (asked->max_tokens_name == NULL) return true;
    if (asked->max_tokens > bounded)
        return crux_openai_fail(
            error, 400, "answer_too_large", asked->max_tokens_name,
            "All answers together have at most %d tokens, with those of their requests, and %d "
            "probabilities of tokens; here each may have %u tokens.",
            (int)CRUX_OPENAI_TOKENS_MAX, (int)CRUX_OPENAI_SHARES_MAX, (unsigned)bounded);
    if (count + asked->max_tokens > (size_t)context + 1)
        return crux_openai_fail(error, 400, "context_length_exceeded", asked->max_tokens_name,
                                "This model's maximum context length is %u tokens; you asked for "
                                "%u with %zu in the request.",
                                (unsigned)context, (unsigned)asked->max_tokens, count);
    if (most != 0 && asked->max_tokens > most)
        return crux_openai_fail(error, 400, "invalid_value", asked->max_tokens_name,
                                "At most %u tokens are answered here.", (unsigned)most);
    return true;
}

static bool prepare(struct answer *answer, struct crux_openai_error *error) {
    struct service *service = answer->service;
    const struct crux_openai_request *asked = &answer->request;
    answer->model_index = crux_models_find(&service->models, asked->model);
    if (answer->model_index == UINT32_MAX)
        return crux_openai_fail(error, 404, "model_not_found", "model",
                                "The model '%.100s' does not exist.", asked->model);
    answer->model = &service->models.model[answer->model_index];
    if (answer->model->tokenizer == NULL && asked->stop_count > 0)
        return crux_openai_fail(error, 400, "unsupported_parameter", "stop",
                                "The model has no tokenizer, so there is no text to stop at.");
    if (answer->model->tokenizer == NULL && asked->logprobs)
        return crux_openai_fail(error, 400, "unsupported_parameter", "logprobs",
                                "The model has no tokenizer, so there are no names of tokens.");
    answer->prompt_count = asked->chat ? 1 : asked->prompt_count;
    for (size_t i = 0; i < answer->prompt_count; i++) {
        bool encoded =
            asked->chat ? crux_models_encode_chat(answer->model, &answer->prompts[i], asked, error)
                        : crux_models_encode_prompt(answer->model, &answer->prompts[i],
                                                    &asked->prompts[i], error);
        if (!encoded || !check_length(answer, i, error)) return false;
    }
    memcpy(answer->seed, asked->seed, 32);
    bool drawn = asked->param[CRUX_SAMPLE_TEMPERATURE] != 0;
    if (!asked->seeded && drawn && fill_random(answer->seed, 32) != CRUX_OK)
        return crux_openai_fail(error, 503, "io", NULL, "There are no random numbers.");
    answer->choice_count = asked->n * (uint32_t)answer->prompt_count;
    answer->choices = calloc(answer->choice_count, sizeof *answer->choices);
    if (answer->choices == NULL) {
        answer->choice_count = 0;
        return crux_openai_fail(error, 503, "out_of_memory", NULL, "No memory.");
    }
    answer->service->choices += answer->choice_count;
    return receipts_may_accept(answer, error) && submit(answer, error);
}

static void name_answer(struct answer *answer) {
    uint8_t random[12];
    size_t at = (size_t)snprintf(answer->id, sizeof answer->id, "%s",
                                 answer->request.chat ? "chatcmpl-" : "cmpl-");
    if (fill_random(random, sizeof random) != CRUX_OK) memset(random, 0, sizeof random);
    for (size_t i = 0; i < sizeof random; i++)
        at += (size_t)snprintf(answer->id + at, sizeof answer->id - at, "%02x", random[i]);
}

static void answer_begin(struct service *service, struct crux_http_exchange *exchange, bool chat) {
    struct crux_openai_error error = {.status = 0};
    const char *owner = api_owner(service, exchange);
    size_t len;
    if (owner == NULL) return;
    struct answer *answer = calloc(1, sizeof *answer);
    if (answer == NULL || pthread_mutex_init(&answer->lock, NULL) != 0) {
        free(answer);
        crux_http_answer_problem(exchange, CRUX_HTTP_BUSY);
        return;
    }
    answer->service = service;
    service->answers++;
    answer->exchange = exchange;
    answer->created = time(NULL);
    (void)snprintf(answer->owner, sizeof answer->owner, "%s", owner);
    const char *body = crux_http_body(exchange, &len);
    answer->request.chat = chat;
    name_answer(answer);
    crux_http_tag(exchange, answer->id);
    crux_http_add(exchange, "X-Request-Id", answer->id);
    crux_http_when_gone(exchange, on_gone, answer);
    if (!crux_openai_read(&answer->request, &error, chat, body, len, service->config->body_bytes) ||
        !prepare(answer, &error)) {
        if (answer->retry_after != NULL)
            crux_http_add(exchange, "Retry-After", answer->retry_after);
        crux_http_when_gone(exchange, NULL, NULL);
        answer_fail(answer, &error);
        if (all_done(answer)) mailbox_put(&service->mailbox, answer); /* to be freed in turn */
        return;
    }
    crux_openai_request_trim(&answer->request);
    if (answer->request.stream) answer_stream_begin(answer);
}

void answer_chat(void *ctx, struct crux_http_exchange *exchange) {
    answer_begin(ctx, exchange, true);
}

void answer_completion(void *ctx, struct crux_http_exchange *exchange) {
    answer_begin(ctx, exchange, false);
}

/* ---- news ---- */

/* Why this choice ended, as the API says it.  Returns: NULL, and an error, if it has no answer. */
static const char *finish_of(const struct answer_choice *choice, struct crux_openai_error *error) {
    const struct crux_batcher_result *result = choice->result;
    if (choice->status != CRUX_OK) {
        (void)crux_openai_fail(error, 500, crux_status_name(choice->status), NULL, "%s",
                               crux_status_text(choice->status));
        return NULL;
    }
    switch (result->end) {
    case CRUX_BATCHER_STOP_TOKEN:
    case CRUX_BATCHER_ASKED: return "stop";
    case CRUX_BATCHER_LIMIT:
    case CRUX_BATCHER_CONTEXT: return choice->text.stopped ? "stop" : "length";
    case CRUX_BATCHER_DEADLINE:
        if (result->count > 0) return "length";
        (void)crux_openai_fail(error, 503, "timeout", NULL,
                               "The time for this request was over before its first token.");
        return NULL;
    case CRUX_BATCHER_STOPPED:
    case CRUX_BATCHER_CANCELLED:
        (void)crux_openai_fail(error, 503, "stopping", NULL, "This server is stopping.");
        return NULL;
    case CRUX_BATCHER_TROUBLE:
    case CRUX_BATCHER_ENDS: break;
    }
    (void)crux_openai_fail(error, 500, crux_status_name(result->status), NULL, "%s",
                           crux_status_text(result->status));
    return NULL;
}

/* Once, when its run is over: why, and what it is promised. */
static bool ask_receipt(struct answer *answer, struct answer_choice *choice,
                        struct crux_openai_error *error) {
    choice->reason = finish_of(choice, error);
    if (choice->reason == NULL) return false;
    answer->service->prompt_tokens += answer->prompts[choice->prompt].count;
    answer->service->completion_tokens += choice->result->count;
    choice->asked = true;
    ledger_promise(answer->service, choice);
    return true;
}

static bool finish_choice(struct answer *answer, struct answer_choice *choice,
                          struct crux_openai_error *error) {
    (void)pthread_mutex_lock(&answer->lock);
    bool over = choice->result != NULL;
    (void)pthread_mutex_unlock(&answer->lock);
    /* the compute thread is through with it */
    if (over && !choice->asked && !ask_receipt(answer, choice, error)) return false;
    (void)pthread_mutex_lock(&answer->lock);
    bool settled = choice->settled;
    (void)pthread_mutex_unlock(&answer->lock);
    /* and so is the ledger */
    if (settled && choice->failed) *error = choice->error;
    if (settled && !choice->failed) choice->finish = choice->reason;
    return !settled || !choice->failed;
}

static bool finish_choices(struct answer *answer, struct crux_openai_error *error) {
    bool fine = true;
    for (uint32_t i = 0; i < answer->choice_count && fine; i++) {
        if (answer->choices[i].finish == NULL)
            fine = finish_choice(answer, &answer->choices[i], error);
    }
    return fine;
}

/* Does the ledger have any of its choices? */
static bool waits_for_receipt(struct answer *answer) {
    bool waits = false;
    (void)pthread_mutex_lock(&answer->lock);
    for (uint32_t i = 0; i < answer->choice_count; i++)
        waits = waits || (answer->choices[i].asked && !answer->choices[i].settled);
    (void)pthread_mutex_unlock(&answer->lock);
    return waits;
}

static bool is_finished(const struct answer *answer) {
    bool finished = true;
    for (uint32_t i = 0; i < answer->choice_count; i++)
        finished = finished && answer->choices[i].finish != NULL;
    return finished;
}

void answer_news(struct answer *answer) {
    struct crux_openai_error error = {.status = 0};
    /* asked first: what comes to its end after this brings news of its own */
    bool done = all_done(answer);
    if (answer->exchange != NULL && !finish_choices(answer, &error)) {
        crux_http_when_gone(answer->exchange, NULL, NULL);
        answer_fail(answer, &error);
    }
    if (answer->exchange != NULL && answer->request.stream) answer_stream_news(answer);
    if (!done || waits_for_receipt(answer)) return;
    if (answer->exchange != NULL) { /* a stream has ended by itself */
        if (!is_finished(answer)) return;
        answer_whole(answer);
    }
    answer->exchange = NULL;
    (void)pthread_mutex_lock(&answer->service->mailbox.lock);
    bool again = answer->in_mailbox; /* then it is freed in its turn there */
    (void)pthread_mutex_unlock(&answer->service->mailbox.lock);
    if (!again) answer_free(answer);
}
