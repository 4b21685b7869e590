#include "cli/challenger_config.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain-adapter/io/json.h"

enum { FILE_BYTES_MAX = 1 << 20, NAME_BYTES = 64 };

struct reading {
    struct crux_cli_settings *settings;
    const struct crux_cli_option *options;
    const char *skipped;
    char *message;
};

void crux_cli_settings_free(struct crux_cli_settings *settings) {
    for (unsigned i = 0; i < settings->kept_count; i++) free(settings->kept[i]);
    settings->kept_count = 0;
}

CRUX_PRINTF(3, 4)
static enum crux_status refuse(const struct reading *reading, enum crux_status status,
                               const char *format, ...) {
    va_list args;
    va_start(args, format);
    (void)vsnprintf(reading->message, CRUX_CLI_MESSAGE_BYTES, format, args);
    va_end(args);
    return status;
}

static bool is_true(const char *text) {
    return strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
}

/* In: where, "CRUX_CHALLENGER_RISK", or "line 3: risk". */
static enum crux_status set(struct reading *reading, unsigned number, const char *text, size_t len,
                            const char *where) {
    struct crux_cli_settings *settings = reading->settings;
    const struct crux_cli_option *option = &reading->options[number];
    struct crux_cli_value *value = &settings->value[number];
    if (value->count == (option->repeats ? (unsigned)CRUX_CLI_REPEATS_MAX : 1u))
        return refuse(reading, CRUX_E_USAGE, "%s: given too often", where);
    char *kept = strndup(text, len);
    if (kept == NULL) return CRUX_E_OUT_OF_MEMORY;
    settings->kept[settings->kept_count++] = kept;
    if (option->kind == CRUX_CLI_FLAG) {
        if (!is_true(kept) && strcmp(kept, "false") != 0 && strcmp(kept, "0") != 0)
            return refuse(reading, CRUX_E_SYNTAX, "%s: takes true or false", where);
        value->given = is_true(kept);
        return CRUX_OK;
    }
    if (option->kind == CRUX_CLI_NUMBER) {
        size_t digits = strspn(kept, "0123456789");
        if (digits == 0 || digits > 19 || kept[digits] != 0)
            return refuse(reading, CRUX_E_SYNTAX, "%s: takes a whole number", where);
        value->number = strtoull(kept, NULL, 10);
        if (value->number < option->least || value->number > option->most)
            return refuse(reading, CRUX_E_BAD_RANGE, "%s: takes %llu to %llu", where,
                          (unsigned long long)option->least, (unsigned long long)option->most);
    }
    value->given = true;
    value->text = kept;
    value->all[value->count++] = kept;
    return CRUX_OK;
}

static bool is_skipped(const struct reading *reading, unsigned number) {
    return strcmp(reading->options[number].name, reading->skipped) == 0;
}

/* ---- the environment ---- */

static enum crux_status read_variable(struct reading *reading, unsigned number, const char *where,
                                      const char *text) {
    enum crux_status status = CRUX_OK;
    if (!reading->options[number].repeats) return set(reading, number, text, strlen(text), where);
    while (status == CRUX_OK && *text != 0) {
        size_t len = strcspn(text, ",");
        status = set(reading, number, text, len, where);
        text += len + (text[len] == ',');
    }
    return status;
}

static enum crux_status read_environment(struct reading *reading, char *const *environment,
                                         const char *prefix) {
    for (unsigned i = 0; reading->options[i].name != NULL; i++) {
        char name[NAME_BYTES];
        int len = snprintf(name, sizeof name, "%s%s", prefix, reading->options[i].name);
        CRUX_ASSERT(len > 0 && (size_t)len < sizeof name);
        for (char *at = name; *at != 0; at++)
            *at = *at == '-' ? '_' : (char)toupper((unsigned char)*at);
        if (reading->settings->value[i].given || is_skipped(reading, i)) continue;
        for (char *const *at = environment; *at != NULL; at++) {
            if (strncmp(*at, name, (size_t)len) != 0 || (*at)[len] != '=') continue;
            enum crux_status status = read_variable(reading, i, name, *at + len + 1);
            if (status != CRUX_OK) return status;
        }
    }
    return CRUX_OK;
}

/* ---- the file ---- */

static enum crux_status set_json(struct reading *reading, unsigned number, const json_t *value,
                                 const char *where) {
    char digits[32];
    if (json_is_string(value))
        return set(reading, number, json_string_value(value), json_string_length(value), where);
    if (json_is_integer(value)) {
        int len = snprintf(digits, sizeof digits, "%lld", (long long)json_integer_value(value));
        return set(reading, number, digits, (size_t)len, where);
    }
    if (json_is_boolean(value)) {
        const char *text = json_is_true(value) ? "true" : "false";
        return set(reading, number, text, strlen(text), where);
    }
    return refuse(reading, CRUX_E_SYNTAX, "%s: takes a text, a whole number, true or false", where);
}

static enum crux_status set_field(struct reading *reading, unsigned number, const json_t *value,
                                  const char *where) {
    enum crux_status status = CRUX_OK;
    if (!json_is_array(value)) return set_json(reading, number, value, where);
    if (!reading->options[number].repeats)
        return refuse(reading, CRUX_E_SYNTAX, "%s: takes one value, not a list", where);
    for (size_t i = 0; status == CRUX_OK && i < json_array_size(value); i++)
        status = set_json(reading, number, json_array_get(value, i), where);
    return status;
}

/* Returns: UINT_MAX if there is no option of this name, _ for -. */
static unsigned find(const struct reading *reading, const char *field) {
    for (unsigned i = 0; reading->options[i].name != NULL; i++) {
        const char *name = reading->options[i].name, *at = field;
        while (*name != 0 && (*name == '-' ? '_' : *name) == *at) {
            name++;
            at++;
        }
        if (*name == 0 && *at == 0 && !is_skipped(reading, i)) return i;
    }
    return CRUX_CLI_OPTIONS_MAX;
}

static enum crux_status read_object(struct reading *reading, const char *path, json_t *object,
                                    const char *text, const bool *given) {
    enum crux_status status = CRUX_OK;
    const char *field;
    json_t *value;
    json_object_foreach(object, field, value) {
        char where[256];
        unsigned number = find(reading, field);
        /* a line is looked for by a plain name alone */
        bool is_plain = field[strspn(field, "abcdefghijklmnopqrstuvwxyz0123456789_-")] == 0;
        (void)snprintf(where, sizeof where, "%.100s, line %u: '%.60s'", path,
                       is_plain ? crux_json_line(text, field) : 0, field);
        if (number == CRUX_CLI_OPTIONS_MAX)
            return refuse(reading, CRUX_E_SYNTAX, "%s is no setting", where);
        if (given[number]) continue;
        status = set_field(reading, number, value, where);
        if (status != CRUX_OK) return status;
    }
    return status;
}

static enum crux_status read_file(struct reading *reading, const char *path) {
    bool given[CRUX_CLI_OPTIONS_MAX] = {false};
    struct crux_json_error error = {"", ""};
    json_t *object;
    char *text;
    for (unsigned i = 0; reading->options[i].name != NULL; i++)
        given[i] = reading->settings->value[i].given;
    enum crux_status status = crux_json_read_file(&object, &text, &error, path, FILE_BYTES_MAX);
    if (status != CRUX_OK) return refuse(reading, status, "%.100s: %s", path, error.message);
    if (json_is_object(object))
        status = read_object(reading, path, object, text, given);
    else
        status = refuse(reading, CRUX_E_SYNTAX, "%.100s: it is no object", path);
    json_decref(object);
    free(text);
    return status;
}

enum crux_status crux_cli_settings_read(struct crux_cli_settings *settings,
                                        char message[CRUX_CLI_MESSAGE_BYTES],
                                        const struct crux_cli_option *options,
                                        const struct crux_cli_value *flags, const char *path,
                                        char *const *environment, const char *prefix,
                                        const char *skipped) {
    struct reading reading = {settings, options, skipped, message};
    memset(settings, 0, sizeof *settings);
    (void)snprintf(message, CRUX_CLI_MESSAGE_BYTES, "no memory for the settings");
    for (unsigned i = 0; options[i].name != NULL; i++) settings->value[i] = flags[i];
    enum crux_status status = read_environment(&reading, environment, prefix);
    return status == CRUX_OK && path != NULL ? read_file(&reading, path) : status;
}
