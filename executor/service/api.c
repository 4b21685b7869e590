#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain-adapter/io/json.h"
#include "executor/service/claims/claims.h"
#include "executor/service/log.h"
#include "executor/service/openai/reply.h"
#include "executor/service/openapi.h"

/* ---- answers ---- */

void api_answer(struct crux_http_exchange *exchange, int status, json_t *object) {
    char *text = object == NULL ? NULL : json_dumps(object, JSON_COMPACT);
    json_decref(object);
    if (text == NULL) {
        crux_http_answer_problem(exchange, CRUX_HTTP_BUSY);
        return;
    }
    crux_http_answer(exchange, status, "application/json", text, strlen(text));
    free(text);
}

void api_fail(struct crux_http_exchange *exchange, const struct crux_openai_error *error) {
    if (error->status == 401) crux_http_add(exchange, "WWW-Authenticate", "Bearer");
    api_answer(exchange, error->status, crux_openai_error_json(error));
}

char *api_problem(void *ctx, const struct crux_http_problem_row *row) {
    struct crux_openai_error error;
    (void)ctx;
    (void)crux_openai_fail(&error, row->status, row->name, NULL, "%s", row->text);
    json_t *object = crux_openai_error_json(&error);
    char *text = object == NULL ? NULL : json_dumps(object, JSON_COMPACT);
    json_decref(object);
    return text;
}

void api_seen(void *ctx, const struct crux_http_seen *seen) {
    struct service *service = ctx;
    bool quiet = strcmp(seen->pattern, "/healthz") == 0 || strcmp(seen->pattern, "/metrics") == 0;
    crux_metrics_count(&service->requests, seen->pattern[0] == 0 ? "none" : seen->pattern,
                       seen->status, seen->seconds);
    crux_log(quiet ? CRUX_LOG_DEBUG : CRUX_LOG_INFO, seen->tag[0] == 0 ? NULL : seen->tag,
             "%s %s %s %d %.3f s, %llu bytes in, %llu out", seen->peer, seen->method,
             seen->pattern[0] == 0 ? "-" : seen->pattern, seen->status, seen->seconds,
             (unsigned long long)seen->body_bytes, (unsigned long long)seen->sent_bytes);
}

const char *api_owner(struct service *service, struct crux_http_exchange *exchange) {
    const char *authorization = crux_http_field(exchange, "Authorization");
    struct crux_openai_error error;
    if (service->keys.count == 0) return "";
    const char *owner = crux_api_keys_find(&service->keys, authorization);
    if (owner != NULL) return owner;
    (void)crux_openai_fail(&error, 401, "invalid_api_key", NULL,
                           authorization == NULL
                               ? "You didn't provide an API key: it goes into the header "
                                 "Authorization: Bearer KEY."
                               : "Incorrect API key provided.");
    api_fail(exchange, &error);
    return NULL;
}

/* ---- models ---- */

static json_t *describe_model(const struct crux_served_model *model) {
    const struct crux_program_header *header = &model->loaded.file.program.header;
    return json_pack("{s:s, s:s, s:I, s:s, s:{s:o, s:I, s:I, s:b}}", "id", model->name, "object",
                     "model", "created", (json_int_t)model->created, "owned_by", "crux", "crux",
                     "model_root", crux_json_of_bytes(model->loaded.file.root, 32), "context",
                     (json_int_t)header->context, "vocab", (json_int_t)header->vocab, "chats",
                     (int)model->chats);
}

static void list_models(void *ctx, struct crux_http_exchange *exchange) {
    struct service *service = ctx;
    json_t *list = json_array();
    if (api_owner(service, exchange) == NULL) {
        json_decref(list);
        return;
    }
    for (unsigned i = 0; i < service->models.count; i++)
        (void)json_array_append_new(list, describe_model(&service->models.model[i]));
    api_answer(exchange, 200, json_pack("{s:s, s:o}", "object", "list", "data", list));
}

static void show_model(void *ctx, struct crux_http_exchange *exchange) {
    struct service *service = ctx;
    struct crux_openai_error error;
    if (api_owner(service, exchange) == NULL) return;
    const char *name = crux_http_parameter(exchange, 0);
    uint32_t model = crux_models_find(&service->models, name);
    if (model != UINT32_MAX) {
        api_answer(exchange, 200, describe_model(&service->models.model[model]));
        return;
    }
    (void)crux_openai_fail(&error, 404, "model_not_found", "model",
                           "The model '%.100s' does not exist.", name);
    api_fail(exchange, &error);
}

static void show_openapi(void *ctx, struct crux_http_exchange *exchange) {
    (void)ctx;
    crux_http_answer(exchange, 200, "application/json", crux_openapi, crux_openapi_bytes);
}

/* ---- routes ---- */

const struct crux_http_route api_routes[] = {
    {"POST", "/v1/chat/completions", answer_chat},
    {"POST", "/v1/completions", answer_completion},
    {"GET", "/v1/models", list_models},
    {"GET", "/v1/models/{}", show_model},
    {"GET", "/v1/receipts/{}", claims_receipt},
    {"GET", "/v1/claims/{}", claims_claim},
    {"GET", "/v1/batches/{}", claims_batch},
    {"GET", "/v1/traces/{}", traces_shape},
    {"GET", "/v1/traces/{}/nodes", traces_nodes},
    {"GET", "/v1/traces/{}/leaves", traces_leaves},
    {"GET", "/v1/traces/{}/pages", traces_pages},
    {"GET", "/v1/traces/{}/records", traces_records},
    {"GET", "/v1/traces/{}/proof", traces_proof},
    {"GET", "/healthz", figures_health},
    {"GET", "/metrics", figures_metrics},
    {"GET", "/openapi.json", show_openapi},
};
const unsigned api_route_count = CRUX_ARRAY_LEN(api_routes);
