#include <stdio.h>
#include <string.h>

#include "chain-adapter/chain.h"
#include "executor/service/service_parts.h"

static const char *const end_names[CRUX_BATCHER_ENDS] = {
    [CRUX_BATCHER_STOP_TOKEN] = "stop_token", [CRUX_BATCHER_LIMIT] = "limit",
    [CRUX_BATCHER_CONTEXT] = "context",       [CRUX_BATCHER_ASKED] = "stop_string",
    [CRUX_BATCHER_CANCELLED] = "cancelled",   [CRUX_BATCHER_DEADLINE] = "deadline",
    [CRUX_BATCHER_STOPPED] = "stopped",       [CRUX_BATCHER_TROUBLE] = "trouble"};

/* One figure of every model. */
struct model_figure {
    const char *name, *kind, *help;
    double (*value)(const struct crux_batcher_figures *figures);
};

static double queued(const struct crux_batcher_figures *f) {
    return f->queued;
}
static double running(const struct crux_batcher_figures *f) {
    return f->running;
}
static double submitted(const struct crux_batcher_figures *f) {
    return (double)f->submitted;
}
static double steps(const struct crux_batcher_figures *f) {
    return (double)f->steps;
}
static double rows(const struct crux_batcher_figures *f) {
    return (double)f->rows;
}
static double rows_per_second(const struct crux_batcher_figures *f) {
    return f->rows_per_second;
}
static double request_tokens(const struct crux_batcher_figures *f) {
    return (double)f->request_tokens;
}
static double chosen_tokens(const struct crux_batcher_figures *f) {
    return (double)f->chosen_tokens;
}
static double cache_bytes(const struct crux_batcher_figures *f) {
    return (double)f->cache_bytes;
}
static double cache_bytes_max(const struct crux_batcher_figures *f) {
    return (double)f->cache_bytes_max;
}
static double prefix_bytes(const struct crux_batcher_figures *f) {
    return (double)f->prefix_bytes;
}
static double prefix_hits(const struct crux_batcher_figures *f) {
    return (double)f->prefix_hits;
}
static double prefix_misses(const struct crux_batcher_figures *f) {
    return (double)f->prefix_misses;
}
static double prefix_positions(const struct crux_batcher_figures *f) {
    return (double)f->prefix_positions;
}
static double saturated(const struct crux_batcher_figures *f) {
    return (double)f->saturated;
}
static double set_back(const struct crux_batcher_figures *f) {
    return (double)f->set_back;
}
static double step_seconds(const struct crux_batcher_figures *f) {
    return f->step_seconds;
}
static double step_seconds_max(const struct crux_batcher_figures *f) {
    return f->step_seconds_max;
}
static double commit_share(const struct crux_batcher_figures *f) {
    double seconds = f->step_seconds * f->threads;
    return seconds > 0 ? f->commit_seconds / seconds : 0;
}

static const struct model_figure model_figures[] = {
    {"crux_queue_length", "gauge", "Requests that wait.", queued},
    {"crux_running", "gauge", "Requests at work.", running},
    {"crux_submitted_total", "counter", "Requests accepted.", submitted},
    {"crux_steps_total", "counter", "Steps of the engine.", steps},
    {"crux_positions_total", "counter", "Positions computed.", rows},
    {"crux_positions_per_second", "gauge", "Of the last seconds.", rows_per_second},
    {"crux_request_tokens_total", "counter", "Tokens of requests.", request_tokens},
    {"crux_chosen_tokens_total", "counter", "Tokens chosen.", chosen_tokens},
    {"crux_cache_bytes", "gauge", "Keys and values held.", cache_bytes},
    {"crux_cache_bytes_max", "gauge", "And the most of them.", cache_bytes_max},
    {"crux_prefix_bytes", "gauge", "Of those, kept for requests that begin alike.", prefix_bytes},
    {"crux_prefix_hits_total", "counter", "Requests that began alike.", prefix_hits},
    {"crux_prefix_misses_total", "counter", "Requests that did not.", prefix_misses},
    {"crux_prefix_positions_total", "counter", "Positions that need not be computed.",
     prefix_positions},
    {"crux_saturated_total", "counter", "Values at the end of their range.", saturated},
    {"crux_set_back_total", "counter", "Requests computed again, for want of cache.", set_back},
    {"crux_step_seconds_total", "counter", "Time of the engine's steps.", step_seconds},
    {"crux_step_seconds_max", "gauge", "The longest step.", step_seconds_max},
    {"crux_commit_share", "gauge", "Share of the threads' time that commitment takes.",
     commit_share},
};

static void say_models(struct crux_metrics_text *out, struct service *service) {
    struct crux_batcher_figures figures[CRUX_MODELS_MAX];
    char name[2 * CRUX_MODELS_NAME_BYTES_MAX], labels[2 * CRUX_MODELS_NAME_BYTES_MAX + 64];
    for (uint32_t m = 0; m < service->models.count; m++)
        crux_batcher_figures(service->batcher, m, &figures[m]);
    for (size_t i = 0; i < CRUX_ARRAY_LEN(model_figures); i++) {
        const struct model_figure *figure = &model_figures[i];
        crux_metrics_family(out, figure->name, figure->kind, figure->help);
        for (uint32_t m = 0; m < service->models.count; m++) {
            crux_metrics_escape(name, sizeof name, service->models.model[m].name);
            (void)snprintf(labels, sizeof labels, "model=\"%s\"", name);
            crux_metrics_value(out, figure->name, labels, figure->value(&figures[m]));
        }
    }
    crux_metrics_family(out, "crux_ended_total", "counter", "Runs, by why they ended.");
    for (uint32_t m = 0; m < service->models.count; m++) {
        crux_metrics_escape(name, sizeof name, service->models.model[m].name);
        for (unsigned end = 0; end < CRUX_BATCHER_ENDS; end++) {
            (void)snprintf(labels, sizeof labels, "model=\"%s\",why=\"%s\"", name, end_names[end]);
            crux_metrics_value(out, "crux_ended_total", labels, (double)figures[m].ended[end]);
        }
    }
}

static void say_http(struct crux_metrics_text *out, struct service *service) {
    struct crux_http_server_figures figures;
    crux_http_server_figures(service->http, &figures);
    const struct crux_metrics_figure rows_of[] = {
        {"crux_http_connections", "gauge", "Open.", (double)figures.connections},
        {"crux_http_held_bytes", "gauge", "In buffers.", (double)figures.held_bytes},
        {"crux_http_accepted_total", "counter", "Connections accepted.", (double)figures.accepted},
        {"crux_http_refused_total", "counter", "Beyond a limit.", (double)figures.refused},
        {"crux_http_dropped_slow_total", "counter", "Readers that lagged behind.",
         (double)figures.dropped_slow},
        {"crux_http_timeouts_total", "counter", "Requests that did not arrive in time.",
         (double)figures.timeouts},
        {"crux_usage_prompt_tokens_total", "counter", "Tokens of answered requests.",
         (double)service->prompt_tokens},
        {"crux_usage_completion_tokens_total", "counter", "Tokens of answers.",
         (double)service->completion_tokens}};
    crux_metrics_figures(out, rows_of, CRUX_ARRAY_LEN(rows_of));
}

void figures_metrics(void *ctx, struct crux_http_exchange *exchange) {
    struct service *service = ctx;
    struct crux_metrics_text out = {.status = CRUX_OK};
    struct crux_histogram first, between;
    (void)pthread_mutex_lock(&service->mailbox.lock);
    first = service->mailbox.to_first;
    between = service->mailbox.between;
    (void)pthread_mutex_unlock(&service->mailbox.lock);
    crux_metrics_requests(&out, &service->requests);
    say_http(&out, service);
    say_models(&out, service);
    crux_metrics_histogram(&out, "crux_first_token_seconds", "From the request to its first token.",
                           &first);
    crux_metrics_histogram(&out, "crux_next_token_seconds", "Between tokens of a run.", &between);
    receipts_metrics(service, &out);
    if (out.status == CRUX_OK)
        crux_http_answer(exchange, 200, "text/plain; version=0.0.4; charset=utf-8", out.text.bytes,
                         out.text.len);
    else
        crux_http_answer_problem(exchange, CRUX_HTTP_BUSY);
    crux_text_free(&out.text);
}

void figures_health(void *ctx, struct crux_http_exchange *exchange) {
    struct service *service = ctx;
    char trouble[CRUX_CHAIN_MESSAGE_BYTES];
    bool fine = !receipts_trouble(service, trouble, sizeof trouble) && !service->draining;
    json_t *object = json_pack("{s:s, s:I, s:s*}", "status",
                               service->draining ? "stopping"
                               : fine            ? "ok"
                                                 : "trouble",
                               "models", (json_int_t)service->models.count, "trouble",
                               trouble[0] == 0 ? NULL : trouble);
    api_answer(exchange, fine ? 200 : 503, object);
}
