#include "executor/service/openai/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    struct crux_openai_request *request;
    struct crux_openai_error *error;
    struct crux_json_error json_error;
    struct crux_json_fields fields;
    size_t joined_len;
};

static bool refuse(struct reader *r, const char *code, const char *param, const char *message) {
    return crux_openai_fail(r->error, 400, code, param, "%s", message);
}

/* ---- what is not served ---- */

/* Fields of the API that ask for what this server does not do. Each is fine where it asks for nothing. */
static const char *const unsupported[] = {"audio",
                                          "function_call",
                                          "functions",
                                          "logit_bias",
                                          "moderation",
                                          "prediction",
                                          "reasoning_effort",
                                          "suffix",
                                          "tools",
                                          "verbosity",
                                          "web_search_options",
                                          "presence_penalty",
                                          "frequency_penalty"};

/* Fields that say nothing about the answer. */
static const char *const harmless[] = {"user",
                                       "metadata",
                                       "store",
                                       "service_tier",
                                       "safety_identifier",
                                       "prompt_cache_key",
                                       "prompt_cache_retention",
                                       "parallel_tool_calls"};

static const char *const served[] = {"model",
                                     "messages",
                                     "prompt",
                                     "max_tokens",
                                     "max_completion_tokens",
                                     "temperature",
                                     "top_p",
                                     "top_k",
                                     "min_p",
                                     "repetition_penalty",
                                     "repeat_penalty",
                                     "stop",
                                     "ignore_eos",
                                     "stream",
                                     "stream_options",
                                     "logprobs",
                                     "top_logprobs",
                                     "seed",
                                     "n",
                                     "best_of",
                                     "echo",
                                     "response_format",
                                     "modalities",
                                     "tool_choice",
                                     "crux"};

/* Of one kind of request only. */
static const char *const chat_only[] = {"messages",     "max_completion_tokens",
                                        "top_logprobs", "response_format",
                                        "modalities",   "tool_choice"};
static const char *const completion_only[] = {"prompt", "best_of", "echo"};

static bool is_in(const char *name, const char *const *names, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0) return true;
    }
    return false;
}
#define IS_IN(name, names) is_in(name, names, CRUX_ARRAY_LEN(names))

static bool asks_for_nothing(const json_t *value) {
    return json_is_null(value) || json_is_false(value) ||
           (json_is_number(value) && json_number_value(value) == 0) ||
           (json_is_string(value) && json_string_length(value) == 0) ||
           (json_is_array(value) && json_array_size(value) == 0) ||
           (json_is_object(value) && json_object_size(value) == 0);
}

static bool look_at_names(struct reader *r) {
    const char *name;
    json_t *value;
    json_object_foreach(r->request->json, name, value) {
        if (IS_IN(name, unsupported)) {
            if (!asks_for_nothing(value))
                return crux_openai_fail(r->error, 400, "unsupported_parameter", name,
                                        "Unsupported parameter: '%s' is not supported by this "
                                        "server.",
                                        name);
        } else if (r->request->chat ? IS_IN(name, completion_only) : IS_IN(name, chat_only)) {
            if (!json_is_null(value))
                return crux_openai_fail(r->error, 400, "unsupported_parameter", name,
                                        "'%s' is not a parameter of %s.", name,
                                        r->request->chat ? "chat completions" : "completions");
        } else if (!IS_IN(name, served) && !IS_IN(name, harmless)) {
            return crux_openai_fail(r->error, 400, "unknown_parameter", name,
                                    "Unrecognized request argument supplied: %.60s", name);
        }
    }
    return true;
}

/* An object whose `key` must be `only`, such as {"type": "text"}. */
static bool only_value(struct reader *r, const char *name, const char *key, const char *only) {
    const json_t *value = json_object_get(r->request->json, name);
    if (value == NULL || json_is_null(value)) return true;
    const json_t *inner = key == NULL ? value : json_object_get(value, key);
    if (json_is_string(inner) && strcmp(json_string_value(inner), only) == 0) return true;
    return crux_openai_fail(r->error, 400, "unsupported_parameter", name,
                            "'%s' other than '%s' is not supported by this server.", name, only);
}

static bool look_at_kinds(struct reader *r) {
    const json_t *modalities = json_object_get(r->request->json, "modalities");
    const json_t *choice = json_object_get(r->request->json, "tool_choice");
    if (!only_value(r, "response_format", "type", "text")) return false;
    if (json_is_string(choice) && strcmp(json_string_value(choice), "auto") != 0 &&
        !only_value(r, "tool_choice", NULL, "none"))
        return false;
    if (choice != NULL && !json_is_null(choice) && !json_is_string(choice))
        return refuse(r, "unsupported_parameter", "tool_choice", "Tools are not supported.");
    if (modalities == NULL || json_is_null(modalities)) return true;
    const json_t *first = json_array_get(modalities, 0);
    if (json_array_size(modalities) == 1 && json_is_string(first) &&
        strcmp(json_string_value(first), "text") == 0)
        return true;
    return refuse(r, "unsupported_parameter", "modalities", "The only modality is 'text'.");
}

/* ---- messages ---- */

static void append(struct reader *r, const char *bytes, size_t len) {
    memcpy(r->request->joined + r->joined_len, bytes, len);
    r->joined_len += len;
}

/* [{"type": "text", "text": ".."}, ..] */
static bool read_parts(struct reader *r, struct crux_chat_message *message, const json_t *parts,
                       const char *path) {
    char at[CRUX_JSON_PATH_BYTES];
    struct crux_json_fields fields;
    message->content = r->request->joined + r->joined_len;
    if (json_array_size(parts) > CRUX_OPENAI_PARTS_MAX)
        return crux_openai_fail(r->error, 400, "array_above_max_length", path,
                                "A message has at most %d parts.", (int)CRUX_OPENAI_PARTS_MAX);
    for (size_t i = 0; i < json_array_size(parts); i++) {
        const char *type = NULL, *text = NULL;
        crux_json_path_at(at, path, i);
        crux_json_fields(&fields, json_array_get(parts, i), at, &r->json_error);
        (void)crux_json_text(&fields, &type, "type");
        if (fields.status == CRUX_OK && type != NULL && strcmp(type, "text") != 0)
            return crux_openai_fail(r->error, 400, "unsupported_content", at,
                                    "Content of type '%.40s' is not supported; 'text' is.", type);
        (void)crux_json_text(&fields, &text, "text");
        if (fields.status == CRUX_OK && (type == NULL || text == NULL))
            crux_json_fail(&fields, CRUX_E_SYNTAX, type == NULL ? "type" : "text", "is missing");
        if (fields.status != CRUX_OK)
            return refuse(r, "invalid_type", r->json_error.path, r->json_error.message);
        append(r, text, strlen(text));
    }
    message->content_len = (size_t)(r->request->joined + r->joined_len - message->content);
    return true;
}

static bool read_message(struct reader *r, struct crux_chat_message *message, const json_t *from,
                         const char *path) {
    struct crux_json_fields fields;
    const json_t *content = NULL;
    const char *role = NULL, *name;
    char at[CRUX_JSON_PATH_BYTES];
    json_t *value;
    crux_json_fields(&fields, from, path, &r->json_error);
    (void)crux_json_text(&fields, &role, "role");
    if (fields.status == CRUX_OK && role == NULL)
        crux_json_fail(&fields, CRUX_E_SYNTAX, "role", "is missing");
    if (fields.status != CRUX_OK)
        return refuse(r, "invalid_type", r->json_error.path, r->json_error.message);
    /* as an answer of ours, handed back, carries them: empty */
    json_object_foreach((json_t *)(uintptr_t)from, name, value) {
        if (strcmp(name, "role") == 0 || strcmp(name, "content") == 0 || asks_for_nothing(value))
            continue;
        crux_json_path(at, path, name);
        return crux_openai_fail(r->error, 400, "unsupported_parameter", at,
                                "'%s' is not supported by this server.", at);
    }
    message->role = strcmp(role, "developer") == 0 ? "system" : role;
    if (strcmp(message->role, "system") != 0 && strcmp(role, "user") != 0 &&
        strcmp(role, "assistant") != 0) {
        crux_json_path(at, path, "role");
        return crux_openai_fail(r->error, 400, "unsupported_value", at,
                                "The role '%.40s' is not supported; system, developer, user and "
                                "assistant are.",
                                role);
    }
    crux_json_path(at, path, "content");
    if (!crux_json_any(&fields, &content, "content"))
        return crux_openai_fail(r->error, 400, "missing_required_parameter", at, "%s is missing.",
                                at);
    if (json_is_array(content)) return read_parts(r, message, content, at);
    if (!json_is_string(content))
        return crux_openai_fail(r->error, 400, "invalid_type", at,
                                "%s must be a string or a list of text parts.", at);
    message->content = json_string_value(content);
    message->content_len = json_string_length(content);
    return true;
}

static bool read_messages(struct reader *r) {
    struct crux_openai_request *request = r->request;
    const json_t *list = NULL;
    char path[CRUX_JSON_PATH_BYTES];
    if (!crux_json_array_of(&r->fields, &list, "messages", CRUX_OPENAI_MESSAGES_MAX))
        return r->fields.status == CRUX_OK ? refuse(r, "missing_required_parameter", "messages",
                                                    "Missing required parameter: 'messages'.")
                                           : false;
    size_t count = json_array_size(list);
    if (count == 0) return refuse(r, "empty_array", "messages", "There must be a message.");
    request->messages = calloc(count, sizeof *request->messages);
    if (request->messages == NULL) return crux_openai_fail(r->error, 503, NULL, NULL, "No memory.");
    request->message_count = count;
    for (size_t i = 0; i < count; i++) {
        crux_json_path_at(path, "messages", i);
        if (!read_message(r, &request->messages[i], json_array_get(list, i), path)) return false;
    }
    return true;
}

/* ---- prompts ---- */

static bool read_ids(struct reader *r, struct crux_openai_prompt *prompt, const json_t *list,
                     uint32_t **ids) {
    *prompt = (struct crux_openai_prompt){.ids = *ids, .count = json_array_size(list)};
    for (size_t i = 0; i < prompt->count; i++) {
        const json_t *id = json_array_get(list, i);
        if (!json_is_integer(id) || json_integer_value(id) < 0 ||
            json_integer_value(id) > INT32_MAX)
            return refuse(r, "invalid_type", "prompt", "A list of tokens has integers only.");
        *(*ids)++ = (uint32_t)json_integer_value(id);
    }
    return true;
}

static struct crux_openai_prompt text_prompt(const json_t *text) {
    return (struct crux_openai_prompt){.text = json_string_value(text),
                                       .len = json_string_length(text)};
}

/* A string, tokens, or a list of either. */
static bool read_prompts(struct reader *r) {
    struct crux_openai_request *request = r->request;
    const json_t *prompt = NULL;
    if (!crux_json_any(&r->fields, &prompt, "prompt"))
        return refuse(r, "missing_required_parameter", "prompt",
                      "Missing required parameter: 'prompt'.");
    if (json_is_string(prompt)) {
        request->prompts[request->prompt_count++] = text_prompt(prompt);
        return true;
    }
    size_t count = json_array_size(prompt), ids = 0;
    if (count == 0) return refuse(r, "empty_array", "prompt", "'prompt' must not be empty.");
    bool flat = json_is_integer(json_array_get(prompt, 0));
    if (!flat && count > CRUX_OPENAI_PROMPTS_MAX)
        return crux_openai_fail(r->error, 400, "array_above_max_length", "prompt",
                                "At most %d prompts.", (int)CRUX_OPENAI_PROMPTS_MAX);
    for (size_t i = 0; i < count && !flat; i++) ids += json_array_size(json_array_get(prompt, i));
    request->ids = malloc(((flat ? count : ids) + 1) * sizeof *request->ids);
    if (request->ids == NULL) return crux_openai_fail(r->error, 503, NULL, NULL, "No memory.");
    uint32_t *next = request->ids;
    if (flat) return read_ids(r, &request->prompts[request->prompt_count++], prompt, &next);
    for (size_t i = 0; i < count; i++) {
        const json_t *one = json_array_get(prompt, i);
        struct crux_openai_prompt *place = &request->prompts[request->prompt_count++];
        if (json_is_string(one))
            *place = text_prompt(one);
        else if (!json_is_array(one))
            return refuse(r, "invalid_type", "prompt", "Each prompt is a string or a token list.");
        else if (!read_ids(r, place, one, &next))
            return false;
    }
    return true;
}

/* ---- how ---- */

/* As the command line reads it: its text to twelve places, which is the text that was sent if that had no more. */
static void read_decimal(struct reader *r, const char *name, enum crux_sample_param param) {
    const struct crux_sample_range range = crux_fused_sample_range(param);
    char text[64];
    double number;
    if (!crux_json_number(&r->fields, &number, name, range.lo / 65536.0, range.hi / 65536.0))
        return;
    (void)snprintf(text, sizeof text, "%.12f", number);
    if (!crux_sampling_set(r->request->param, param, text, NULL))
        crux_json_fail(&r->fields, CRUX_E_BAD_RANGE, name, "is outside its range");
}

static void read_sampling(struct reader *r) {
    struct crux_openai_request *request = r->request;
    int64_t number = 0;
    crux_sampling_plain(request->param);
    request->param[CRUX_SAMPLE_TEMPERATURE] = CRUX_SAMPLE_ONE;
    read_decimal(r, "temperature", CRUX_SAMPLE_TEMPERATURE);
    read_decimal(r, "top_p", CRUX_SAMPLE_TOP_P);
    read_decimal(r, "min_p", CRUX_SAMPLE_MIN_P);
    read_decimal(r, "repetition_penalty", CRUX_SAMPLE_PENALTY);
    read_decimal(r, "repeat_penalty", CRUX_SAMPLE_PENALTY);
    /* -1 and 0 are both said for: from all */
    if (crux_json_integer(&r->fields, &number, "top_k", -1, 1 << 24) && number > 0)
        request->param[CRUX_SAMPLE_TOP_K] = (int32_t)number;
    if (crux_json_integer(&r->fields, &number, "seed", INT64_MIN, INT64_MAX)) {
        request->seeded = true;
        crux_sampling_seed(request->seed, (uint64_t)number);
    }
}

static void read_stop(struct reader *r) {
    struct crux_openai_request *request = r->request;
    const json_t *stop = NULL;
    if (!crux_json_any(&r->fields, &stop, "stop")) return;
    size_t count = json_is_string(stop) ? 1 : json_array_size(stop);
    if (!json_is_string(stop) && !json_is_array(stop))
        crux_json_fail(&r->fields, CRUX_E_SYNTAX, "stop", "must be a string or a list of them");
    else if (count > CRUX_OPENAI_STOPS_MAX)
        crux_json_fail(&r->fields, CRUX_E_BAD_RANGE, "stop", "has at most %d strings",
                       (int)CRUX_OPENAI_STOPS_MAX);
    for (size_t i = 0; i < count && r->fields.status == CRUX_OK; i++) {
        const json_t *one = json_is_string(stop) ? stop : json_array_get(stop, i);
        size_t len = json_string_length(one);
        if (!json_is_string(one) || len == 0 || len > CRUX_OPENAI_STOP_BYTES_MAX)
            crux_json_fail(&r->fields, CRUX_E_BAD_RANGE, "stop",
                           "must hold strings of 1 to %d bytes", (int)CRUX_OPENAI_STOP_BYTES_MAX);
        request->stop[request->stop_count++] = json_string_value(one);
    }
}

static void read_max_tokens(struct reader *r) {
    static const char *const names[] = {"max_tokens", "max_completion_tokens"};
    int64_t number = 0;
    if (!r->request->chat) r->request->max_tokens = 16; /* the API's default */
    for (size_t i = 0; i < CRUX_ARRAY_LEN(names); i++) {
        if (!crux_json_integer(&r->fields, &number, names[i], 1, CRUX_CONTEXT_MAX)) continue;
        r->request->max_tokens = (uint32_t)number;
        r->request->max_tokens_name = names[i];
    }
}

/* Chat: a boolean, and how many beside each. Completions: how many beside each. */
static void read_logprobs(struct reader *r) {
    struct crux_openai_request *request = r->request;
    int64_t top = 0;
    if (request->chat) {
        (void)crux_json_boolean(&r->fields, &request->logprobs, "logprobs");
        if (crux_json_integer(&r->fields, &top, "top_logprobs", 0, CRUX_OPENAI_TOP_MAX) &&
            top > 0 && !request->logprobs)
            crux_json_fail(&r->fields, CRUX_E_SYNTAX, "top_logprobs", "needs logprobs: true");
    } else {
        request->logprobs = crux_json_integer(&r->fields, &top, "logprobs", 0, 5);
    }
    request->top = (uint32_t)top;
}

static void read_answering(struct reader *r) {
    struct crux_openai_request *request = r->request;
    const json_t *options = NULL;
    int64_t n = 1, best_of = 1;
    (void)crux_json_boolean(&r->fields, &request->stream, "stream");
    (void)crux_json_boolean(&r->fields, &request->echo, "echo");
    (void)crux_json_boolean(&r->fields, &request->ignore_eos, "ignore_eos");
    (void)crux_json_integer(&r->fields, &n, "n", 1, CRUX_OPENAI_CHOICES_MAX);
    request->n = (uint32_t)n;
    if (crux_json_integer(&r->fields, &best_of, "best_of", 1, CRUX_OPENAI_CHOICES_MAX) &&
        best_of != n)
        crux_json_fail(&r->fields, CRUX_E_UNSUPPORTED, "best_of", "other than n is not supported");
    if (request->echo && request->logprobs)
        crux_json_fail(&r->fields, CRUX_E_UNSUPPORTED, "echo", "with logprobs is not supported");
    if (!crux_json_any(&r->fields, &options, "stream_options")) return;
    static const char *const known[] = {"include_usage", "include_obfuscation", NULL};
    struct crux_json_fields inner;
    bool obfuscation = false;
    crux_json_fields(&inner, options, "stream_options", &r->json_error);
    crux_json_only(&inner, known);
    (void)crux_json_boolean(&inner, &request->include_usage, "include_usage");
    (void)crux_json_boolean(&inner, &obfuscation, "include_obfuscation");
    if (obfuscation)
        crux_json_fail(&inner, CRUX_E_UNSUPPORTED, "include_obfuscation", "is not supported");
    if (!request->stream && inner.status == CRUX_OK)
        crux_json_fail(&inner, CRUX_E_SYNTAX, NULL, "needs stream: true");
    r->fields.status = inner.status;
}

/* What only this server understands: {"mode", "requester", "payer", "nonce", "seed"}. */
static void read_crux(struct reader *r) {
    static const char *const known[] = {"mode", "requester", "payer", "nonce", "seed", NULL};
    static const struct {
        const char *name;
        unsigned mode;
    } modes[] = {
        {"full", CRUX_MODE_FULL}, {"batched", CRUX_MODE_BATCHED}, {"private", CRUX_MODE_PRIVATE}};
    struct crux_openai_request *request = r->request;
    struct crux_json_fields inner;
    const json_t *crux = NULL;
    const char *mode = NULL;
    if (!crux_json_any(&r->fields, &crux, "crux")) return;
    crux_json_fields(&inner, crux, "crux", &r->json_error);
    crux_json_only(&inner, known);
    if (crux_json_text(&inner, &mode, "mode")) {
        for (size_t i = 0; i < CRUX_ARRAY_LEN(modes); i++) {
            if (strcmp(modes[i].name, mode) == 0) request->mode = modes[i].mode;
        }
        if (request->mode == CRUX_OPENAI_MODE_UNSAID)
            crux_json_fail(&inner, CRUX_E_UNKNOWN_NAME, "mode", "must be private, batched or full");
    }
    request->has_requester =
        crux_json_hex(&inner, request->requester.b, sizeof request->requester.b, "requester");
    if (inner.status == CRUX_OK && (request->mode == CRUX_MODE_PRIVATE) != request->has_requester)
        crux_json_fail(&inner, CRUX_E_SYNTAX, "requester",
                       "goes with mode private, and that with it");
    (void)crux_json_hex(&inner, request->payer.b, sizeof request->payer.b, "payer");
    request->has_nonce = crux_json_hex(&inner, request->nonce, 32, "nonce");
    if (crux_json_hex(&inner, request->seed, 32, "seed")) {
        if (request->seeded)
            crux_json_fail(&inner, CRUX_E_DUPLICATE_NAME, "seed", "and seed exclude each other");
        request->seeded = true;
    }
    r->fields.status = inner.status;
}

static const char *code_of(enum crux_status status) {
    if (status == CRUX_E_UNKNOWN_NAME) return "unknown_parameter";
    if (status == CRUX_E_UNSUPPORTED) return "unsupported_value";
    return status == CRUX_E_BAD_RANGE ? "invalid_value" : "invalid_type";
}

static bool read_all(struct reader *r) {
    struct crux_openai_request *request = r->request;
    if (!look_at_names(r) || !look_at_kinds(r)) return false;
    (void)crux_json_text(&r->fields, &request->model, "model");
    if (r->fields.status == CRUX_OK && (request->model == NULL || request->model[0] == 0))
        return refuse(r, "missing_required_parameter", "model",
                      "you must provide a model parameter");
    read_sampling(r);
    read_stop(r);
    read_max_tokens(r);
    read_logprobs(r);
    if (r->fields.status == CRUX_OK) read_answering(r);
    if (r->fields.status == CRUX_OK) read_crux(r);
    if (r->fields.status != CRUX_OK) return false;
    if (!(request->chat ? read_messages(r) : read_prompts(r))) return false;
    size_t choices = request->n * (request->chat ? 1 : request->prompt_count);
    if (choices > CRUX_OPENAI_CHOICES_MAX)
        return crux_openai_fail(r->error, 400, "invalid_value", "n",
                                "At most %d answers to one request.", (int)CRUX_OPENAI_CHOICES_MAX);
    return true;
}

bool crux_openai_read(struct crux_openai_request *request, struct crux_openai_error *error,
                      bool chat, const char *bytes, size_t len, size_t most) {
    struct reader r = {.request = request, .error = error};
    *request = (struct crux_openai_request){.chat = chat};
    *error = (struct crux_openai_error){.status = 0};
    const struct crux_json_limits limits = {most, CRUX_OPENAI_VALUES_LEAST + most / 8,
                                            CRUX_OPENAI_VALUES_LEAST + most / 64};
    enum crux_status status =
        crux_json_read_within(&request->json, &r.json_error, bytes, len, &limits);
    if (status == CRUX_E_OUT_OF_MEMORY)
        return crux_openai_fail(error, 503, NULL, NULL, "%s", r.json_error.message);
    if (status != CRUX_OK)
        return crux_openai_fail(error, 400, "invalid_json", NULL,
                                "We could not parse the JSON body of your request: %s.",
                                r.json_error.message);
    crux_json_fields(&r.fields, request->json, "", &r.json_error);
    /* texts of parts are no longer than what they were read from */
    request->joined = malloc(len + 1);
    if (request->joined == NULL) return crux_openai_fail(error, 503, NULL, NULL, "No memory.");
    if (r.fields.status == CRUX_OK && read_all(&r)) return true;
    if (error->status != 0) return false;
    return crux_openai_fail(error, 400, code_of(r.fields.status), r.json_error.path, "%s.",
                            r.json_error.message);
}

void crux_openai_request_trim(struct crux_openai_request *request) {
    const char *name;
    json_t *value;
    void *next;
    json_object_foreach_safe(request->json, next, name, value) {
        if (strcmp(name, "prompt") != 0 && strcmp(name, "stop") != 0)
            (void)json_object_del(request->json, name);
    }
    free(request->messages);
    free(request->joined);
    request->messages = NULL;
    request->joined = NULL;
    request->message_count = 0;
    request->model = NULL;
}

void crux_openai_request_free(struct crux_openai_request *request) {
    json_decref(request->json);
    free(request->messages);
    free(request->joined);
    free(request->ids);
    *request = (struct crux_openai_request){.json = NULL};
}
