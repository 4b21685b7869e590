#include "executor/service/config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain-adapter/io/http_proxies.h"
#include "chain-adapter/io/json.h"

CRUX_PRINTF(3, 4)
static enum crux_status fail(char *message, enum crux_status status, const char *format, ...) {
    va_list args;
    va_start(args, format);
    (void)vsnprintf(message, CRUX_CONFIG_MESSAGE_BYTES, format, args);
    va_end(args);
    return status;
}

static void *field(struct crux_service_config *config, const struct crux_config_setting *setting) {
    return (char *)config + setting->offset;
}

void crux_config_init(struct crux_service_config *config) {
    *config = (struct crux_service_config){.request_seconds = 600,
                                           .drain_seconds = 60,
                                           .body_bytes = 4 << 20,
                                           .connections = 4096,
                                           .prefix_bytes = 256 << 20,
                                           .archive_bytes = 512 << 20,
                                           .trace_bytes = 32 << 20};
}

static void free_list(struct crux_service_config *config) {
    for (unsigned i = 0; i < config->model_count; i++) free(config->models[i]);
    config->model_count = 0;
}

void crux_config_free(struct crux_service_config *config) {
    free_list(config);
    for (const struct crux_config_setting *at = crux_config_settings; at->name != NULL; at++) {
        if (at->kind == CRUX_CONFIG_TEXT) free(*(char **)field(config, at));
    }
    crux_config_init(config);
}

/* ---- one setting ---- */

static enum crux_status set_text(char **place, const char *where, const char *text, char *message) {
    if (text[0] == 0 || strlen(text) > CRUX_CONFIG_TEXT_BYTES_MAX)
        return fail(message, CRUX_E_USAGE, "%s takes 1 to %d letters", where,
                    (int)CRUX_CONFIG_TEXT_BYTES_MAX);
    char *copy = strdup(text);
    if (copy == NULL) return fail(message, CRUX_E_OUT_OF_MEMORY, "no memory for %s", where);
    free(*place);
    *place = copy;
    return CRUX_OK;
}

static enum crux_status set_number(struct crux_service_config *config,
                                   const struct crux_config_setting *setting, const char *where,
                                   uint64_t number, bool good, const char *text, char *message) {
    if (!good || number < setting->least || number > setting->most)
        return fail(message, CRUX_E_USAGE, "%s takes a whole number from %llu to %llu, not '%.50s'",
                    where, (unsigned long long)setting->least, (unsigned long long)setting->most,
                    text);
    if (setting->bytes == sizeof(uint32_t)) {
        const uint32_t small = (uint32_t)number; /* `most` fits */
        memcpy(field(config, setting), &small, sizeof small);
    } else {
        memcpy(field(config, setting), &number, sizeof number);
    }
    return CRUX_OK;
}

static bool read_number(uint64_t *number, const char *text) {
    *number = 0;
    if (*text == 0 || strlen(text) > 18) return false;
    for (; *text >= '0' && *text <= '9'; text++) *number = *number * 10 + (uint64_t)(*text - '0');
    return *text == 0;
}

enum crux_status crux_config_set(struct crux_service_config *config,
                                 const struct crux_config_setting *setting, const char *where,
                                 const char *text, bool first,
                                 char message[CRUX_CONFIG_MESSAGE_BYTES]) {
    uint64_t number;
    bool good;
    switch (setting->kind) {
    case CRUX_CONFIG_TEXT: return set_text(field(config, setting), where, text, message);
    case CRUX_CONFIG_NUMBER:
        good = read_number(&number, text);
        return set_number(config, setting, where, number, good, text, message);
    case CRUX_CONFIG_FLAG:
        if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
            return fail(message, CRUX_E_USAGE, "%s takes true or false, not '%.50s'", where, text);
        *(bool *)field(config, setting) = text[0] == 't';
        return CRUX_OK;
    case CRUX_CONFIG_LIST: break;
    }
    if (first) free_list(config);
    if (config->model_count == CRUX_CONFIG_MODELS_MAX)
        return fail(message, CRUX_E_USAGE, "%s: at most %d of them", where,
                    (int)CRUX_CONFIG_MODELS_MAX);
    char **place = &config->models[config->model_count];
    *place = NULL;
    enum crux_status status = set_text(place, where, text, message);
    if (status == CRUX_OK) config->model_count++;
    return status;
}

/* ---- file ---- */

static const struct crux_config_setting *find(const char *name, size_t len) {
    for (const struct crux_config_setting *at = crux_config_settings; at->name != NULL; at++) {
        if (strlen(at->name) == len && memcmp(at->name, name, len) == 0) return at;
    }
    return NULL;
}

static enum crux_status set_json(struct crux_service_config *config,
                                 const struct crux_config_setting *setting, const char *where,
                                 const json_t *value, char *message) {
    char text[32];
    enum crux_status status = CRUX_OK;
    switch (setting->kind) {
    case CRUX_CONFIG_TEXT:
        if (!json_is_string(value))
            return fail(message, CRUX_E_USAGE, "%s must be a string", where);
        return crux_config_set(config, setting, where, json_string_value(value), true, message);
    case CRUX_CONFIG_NUMBER:
        (void)snprintf(text, sizeof text, "%lld", (long long)json_integer_value(value));
        return set_number(config, setting, where, (uint64_t)json_integer_value(value),
                          json_is_integer(value) && json_integer_value(value) >= 0,
                          json_is_integer(value) ? text : "something else", message);
    case CRUX_CONFIG_FLAG:
        if (!json_is_boolean(value))
            return fail(message, CRUX_E_USAGE, "%s must be true or false", where);
        return crux_config_set(config, setting, where, json_is_true(value) ? "true" : "false", true,
                               message);
    case CRUX_CONFIG_LIST: break;
    }
    if (!json_is_array(value))
        return fail(message, CRUX_E_USAGE, "%s must be a list of strings", where);
    for (size_t i = 0; i < json_array_size(value) && status == CRUX_OK; i++) {
        const json_t *one = json_array_get(value, i);
        if (!json_is_string(one))
            return fail(message, CRUX_E_USAGE, "%s[%zu] must be a string", where, i);
        status = crux_config_set(config, setting, where, json_string_value(one), i == 0, message);
    }
    return status;
}

enum crux_status crux_config_read_file(struct crux_service_config *config, const char *path,
                                       char message[CRUX_CONFIG_MESSAGE_BYTES]) {
    struct crux_json_error error;
    json_t *file, *value;
    const char *name;
    char where[CRUX_CONFIG_MESSAGE_BYTES / 2], *text;
    enum crux_status status =
        crux_json_read_file(&file, &text, &error, path, CRUX_CONFIG_FILE_BYTES_MAX);
    if (status != CRUX_OK)
        return fail(message, status == CRUX_E_SYNTAX ? CRUX_E_USAGE : status, "%.150s: %s", path,
                    error.message);
    if (!json_is_object(file))
        status = fail(message, CRUX_E_USAGE, "%.150s: it must be an object", path);
    json_object_foreach(file, name, value) {
        const struct crux_config_setting *setting = find(name, strlen(name));
        (void)snprintf(where, sizeof where, "%.150s:%u: %.60s", path, crux_json_line(text, name),
                       name);
        if (status == CRUX_OK && setting == NULL)
            status = fail(message, CRUX_E_USAGE, "%s is no setting", where);
        if (status == CRUX_OK) status = set_json(config, setting, where, value, message);
    }
    json_decref(file);
    free(text);
    return status;
}

/* ---- environment ---- */

/* "CRUX_LISTEN=..": the setting, or NULL for what is none of ours. */
static const struct crux_config_setting *setting_of(const char *entry, size_t *len) {
    char name[64];
    const char *equals = strchr(entry, '=');
    *len = equals == NULL ? 0 : (size_t)(equals - entry);
    if (*len <= 5 || *len >= sizeof name || strncmp(entry, "CRUX_", 5) != 0) return NULL;
    for (size_t i = 5; i < *len; i++) {
        char c = entry[i];
        if (c >= 'a' && c <= 'z') return NULL;
        name[i - 5] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    }
    return find(name, *len - 5);
}

static enum crux_status set_list(struct crux_service_config *config,
                                 const struct crux_config_setting *setting, const char *where,
                                 const char *text, char *message) {
    char *copy = strdup(text), *rest = NULL;
    enum crux_status status = CRUX_OK;
    bool first = true;
    if (copy == NULL) return fail(message, CRUX_E_OUT_OF_MEMORY, "no memory for %s", where);
    for (char *one = strtok_r(copy, ",", &rest); one != NULL && status == CRUX_OK;
         one = strtok_r(NULL, ",", &rest)) {
        status = crux_config_set(config, setting, where, one, first, message);
        first = false;
    }
    free(copy);
    return status;
}

enum crux_status crux_config_read_environment(struct crux_service_config *config,
                                              char *const *environment,
                                              char message[CRUX_CONFIG_MESSAGE_BYTES]) {
    enum crux_status status = CRUX_OK;
    for (; *environment != NULL && status == CRUX_OK; environment++) {
        size_t len;
        char where[64];
        const struct crux_config_setting *setting = setting_of(*environment, &len);
        if (setting == NULL) continue;
        (void)snprintf(where, sizeof where, "%.*s", (int)len, *environment);
        const char *text = *environment + len + 1;
        status = setting->kind == CRUX_CONFIG_LIST
                     ? set_list(config, setting, where, text, message)
                     : crux_config_set(config, setting, where, text, true, message);
    }
    return status;
}

/* ---- all of it ---- */

static bool is_one_of(const char *text, const char *words) {
    size_t len = text == NULL ? 0 : strlen(text);
    if (text == NULL) return true;
    for (const char *at = words; at != NULL; at = strchr(at, '|')) {
        if (*at == '|') at++;
        if (strcspn(at, "|") == len && memcmp(at, text, len) == 0) return true;
    }
    return false;
}

enum crux_status crux_config_check(const struct crux_service_config *config,
                                   char message[CRUX_CONFIG_MESSAGE_BYTES]) {
    static const struct {
        size_t offset;
        const char *name, *words;
    } choices[] = {
        {offsetof(struct crux_service_config, log), "log", "auto|text|json"},
        {offsetof(struct crux_service_config, log_level), "log_level", "debug|info|warning|error"},
        {offsetof(struct crux_service_config, show), "show", "all|demanded"}};
    for (size_t i = 0; i < CRUX_ARRAY_LEN(choices); i++) {
        const char *text = *(char *const *)((const char *)config + choices[i].offset);
        if (!is_one_of(text, choices[i].words))
            return fail(message, CRUX_E_USAGE, "%s is one of %s, not '%.50s'", choices[i].name,
                        choices[i].words, text);
    }
    char why[CRUX_HTTP_PROXIES_MESSAGE_BYTES];
    struct crux_http_proxies proxies;
    if (config->trusted_proxies != NULL &&
        crux_http_proxies_read(&proxies, config->trusted_proxies, why) != CRUX_OK)
        return fail(message, CRUX_E_USAGE, "trusted_proxies: %s", why);
    if (config->model_count == 0)
        return fail(message, CRUX_E_USAGE, "there is no model to serve (--model [NAME=]PATH)");
    if (config->chain != NULL && (config->data == NULL || config->key == NULL))
        return fail(message, CRUX_E_USAGE,
                    "with a chain it needs a folder for what it promises (--data) and a key to "
                    "sign it with (--key)");
    if (config->chain == NULL && config->key != NULL)
        return fail(message, CRUX_E_USAGE, "a key without a chain (--chain) signs nothing");
    return CRUX_OK;
}
