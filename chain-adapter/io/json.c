#include "chain-adapter/io/json.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum crux_status fail_text(struct crux_json_error *error, enum crux_status status,
                                  const char *text) {
    (void)snprintf(error->message, sizeof error->message, "%s", text);
    return status;
}

struct size {
    size_t values, groups;
    unsigned depth; /* the most; the reader recurses */
};

/* Counts what stands outside of strings: every entry but the first of a group has a comma before it, every name a colon
 * behind it.  In: JSON or not; then the reader finds that out. */
static struct size measure(const char *bytes, size_t len) {
    struct size size = {.values = 1};
    unsigned depth = 0;
    for (size_t i = 0; i < len; i++) {
        switch (bytes[i]) {
        case '"':
            for (i++; i < len && bytes[i] != '"'; i++) i += bytes[i] == '\\';
            break;
        case '{':
        case '[':
            size.groups++;
            size.values++;
            /* of more there is no need to know */
            if (depth <= CRUX_JSON_DEPTH_MAX) depth++;
            if (depth > size.depth) size.depth = depth;
            break;
        case '}':
        case ']': depth -= depth > 0; break;
        case ',':
        case ':': size.values++; break;
        }
    }
    return size;
}

CRUX_PRINTF(2, 3)
static enum crux_status refuse(struct crux_json_error *error, const char *format, ...) {
    va_list args;
    va_start(args, format);
    (void)vsnprintf(error->message, sizeof error->message, format, args);
    va_end(args);
    return CRUX_E_UNSUPPORTED;
}

static enum crux_status check_size(struct crux_json_error *error, const char *bytes, size_t len,
                                   const struct crux_json_limits *limits) {
    if (len > limits->bytes)
        return refuse(error, "%zu bytes of JSON are more than the %zu accepted", len,
                      limits->bytes);
    struct size size = measure(bytes, len);
    if (size.depth > CRUX_JSON_DEPTH_MAX)
        return refuse(error, "JSON nested more than %d deep is not accepted",
                      (int)CRUX_JSON_DEPTH_MAX);
    if (size.groups > limits->groups)
        return refuse(error, "%zu lists and objects in JSON are more than the %zu accepted",
                      size.groups, limits->groups);
    if (size.values > limits->values)
        return refuse(error, "%zu values in JSON are more than the %zu accepted", size.values,
                      limits->values);
    return CRUX_OK;
}

enum crux_status crux_json_read(json_t **value, struct crux_json_error *error, const char *bytes,
                                size_t len, size_t most) {
    const struct crux_json_limits limits = {most, SIZE_MAX, 1024 + most / 64};
    return crux_json_read_within(value, error, bytes, len, &limits);
}

enum crux_status crux_json_read_within(json_t **value, struct crux_json_error *error,
                                       const char *bytes, size_t len,
                                       const struct crux_json_limits *limits) {
    json_error_t why;
    *value = NULL;
    *error = (struct crux_json_error){"", ""};
    enum crux_status status = check_size(error, bytes, len, limits);
    if (status != CRUX_OK) return status;
    *value = json_loadb(bytes, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
    if (*value != NULL) return CRUX_OK;
    if (json_error_code(&why) == json_error_out_of_memory)
        return fail_text(error, CRUX_E_OUT_OF_MEMORY, "no memory for this JSON");
    (void)snprintf(error->message, sizeof error->message, "line %d, column %d: %.180s", why.line,
                   why.column, why.text);
    return CRUX_E_SYNTAX;
}

enum crux_status crux_json_read_file(json_t **value, char **text, struct crux_json_error *error,
                                     const char *path, size_t most) {
    enum crux_status status = CRUX_OK;
    *value = NULL;
    *error = (struct crux_json_error){"", ""};
    *text = malloc(most + 2);
    if (*text == NULL) return fail_text(error, CRUX_E_OUT_OF_MEMORY, "no memory for this file");
    FILE *file = fopen(path, "rb");
    size_t len = file == NULL ? 0 : fread(*text, 1, most + 1, file);
    if (file == NULL || ferror(file) != 0) {
        status = fail_text(error, CRUX_E_IO, strerror(errno));
    } else {
        (*text)[len] = 0;
        status = crux_json_read(value, error, *text, len, most);
    }
    if (file != NULL) (void)fclose(file);
    if (status == CRUX_OK) return status;
    free(*text);
    *text = NULL;
    return status;
}

unsigned crux_json_line(const char *text, const char *name) {
    unsigned line = 1, depth = 0;
    size_t len = strlen(name);
    for (const char *at = text; *at != 0; at++) {
        if (*at == '\n') line++;
        if (*at == '{' || *at == '[') depth++;
        if (*at == '}' || *at == ']') depth--;
        if (*at != '"') continue;
        const char *begin = ++at;
        for (; *at != 0 && *at != '"'; at++) {
            if (*at == '\\' && at[1] != 0) at++;
        }
        if (*at == 0) break;
        const char *after = at + 1 + strspn(at + 1, " \t\r\n");
        if (depth == 1 && *after == ':' && (size_t)(at - begin) == len &&
            memcmp(begin, name, len) == 0)
            return line;
    }
    return 0;
}

/* ---- fields ---- */

void crux_json_path(char path[CRUX_JSON_PATH_BYTES], const char *parent, const char *name) {
    (void)snprintf(path, CRUX_JSON_PATH_BYTES, "%s%s%s", parent,
                   parent[0] == 0 || name[0] == 0 ? "" : ".", name);
}

void crux_json_path_at(char path[CRUX_JSON_PATH_BYTES], const char *parent, size_t index) {
    (void)snprintf(path, CRUX_JSON_PATH_BYTES, "%s[%zu]", parent, index);
}

void crux_json_fail(struct crux_json_fields *fields, enum crux_status status, const char *name,
                    const char *format, ...) {
    struct crux_json_error *error = fields->error;
    char said[160];
    va_list args;
    if (fields->status != CRUX_OK) return;
    fields->status = status;
    va_start(args, format);
    (void)vsnprintf(said, sizeof said, format, args);
    va_end(args);
    crux_json_path(error->path, fields->path, name == NULL ? "" : name);
    (void)snprintf(error->message, sizeof error->message, "%.80s%s%s", error->path,
                   error->path[0] == 0 ? "" : " ", said);
}

void crux_json_fields(struct crux_json_fields *fields, const json_t *object, const char *path,
                      struct crux_json_error *error) {
    *fields = (struct crux_json_fields){object, path, error, CRUX_OK};
    *error = (struct crux_json_error){"", ""};
    if (!json_is_object(object))
        crux_json_fail(fields, CRUX_E_SYNTAX, NULL,
                       path[0] == 0 ? "the JSON must be an object" : "must be an object");
}

/* Returns: NULL if it is not given, or something failed before. */
static const json_t *find(struct crux_json_fields *fields, const char *name) {
    if (fields->status != CRUX_OK) return NULL;
    const json_t *value = json_object_get(fields->object, name);
    return json_is_null(value) ? NULL : value;
}

static bool is_a(struct crux_json_fields *fields, bool is, const char *name, const char *what) {
    if (!is) crux_json_fail(fields, CRUX_E_SYNTAX, name, "must be %s", what);
    return is;
}

bool crux_json_any(struct crux_json_fields *fields, const json_t **value, const char *name) {
    const json_t *found = find(fields, name);
    if (found == NULL) return false;
    *value = found;
    return true;
}

bool crux_json_text(struct crux_json_fields *fields, const char **text, const char *name) {
    const json_t *value = find(fields, name);
    if (value == NULL || !is_a(fields, json_is_string(value), name, "a string")) return false;
    *text = json_string_value(value);
    return true;
}

bool crux_json_integer(struct crux_json_fields *fields, int64_t *number, const char *name,
                       int64_t least, int64_t most) {
    const json_t *value = find(fields, name);
    if (value == NULL || !is_a(fields, json_is_integer(value), name, "an integer")) return false;
    json_int_t got = json_integer_value(value);
    if (got < least || got > most) {
        crux_json_fail(fields, CRUX_E_BAD_RANGE, name, "must be between %lld and %lld, not %lld",
                       (long long)least, (long long)most, (long long)got);
        return false;
    }
    *number = got;
    return true;
}

bool crux_json_number(struct crux_json_fields *fields, double *number, const char *name,
                      double least, double most) {
    const json_t *value = find(fields, name);
    if (value == NULL || !is_a(fields, json_is_number(value), name, "a number")) return false;
    double got = json_number_value(value);
    if (!(got >= least && got <= most)) {
        crux_json_fail(fields, CRUX_E_BAD_RANGE, name, "must be between %g and %g, not %g", least,
                       most, got);
        return false;
    }
    *number = got;
    return true;
}

bool crux_json_boolean(struct crux_json_fields *fields, bool *boolean, const char *name) {
    const json_t *value = find(fields, name);
    if (value == NULL || !is_a(fields, json_is_boolean(value), name, "true or false")) return false;
    *boolean = json_is_true(value);
    return true;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool crux_json_hex(struct crux_json_fields *fields, uint8_t *bytes, size_t len, const char *name) {
    const char *text = NULL;
    if (!crux_json_text(fields, &text, name)) return false;
    bool good = strlen(text) == 2 * len;
    for (size_t i = 0; good && i < 2 * len; i++) good = hex_digit(text[i]) >= 0;
    if (!good) {
        crux_json_fail(fields, CRUX_E_SYNTAX, name, "must be %zu hexadecimal digits", 2 * len);
        return false;
    }
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(hex_digit(text[2 * i]) * 16 + hex_digit(text[2 * i + 1]));
    return true;
}

bool crux_json_array_of(struct crux_json_fields *fields, const json_t **array, const char *name,
                        size_t most) {
    const json_t *value = find(fields, name);
    if (value == NULL || !is_a(fields, json_is_array(value), name, "a list")) return false;
    if (json_array_size(value) > most) {
        crux_json_fail(fields, CRUX_E_BAD_RANGE, name, "has %zu entries, and %zu are the most",
                       json_array_size(value), most);
        return false;
    }
    *array = value;
    return true;
}

void crux_json_only(struct crux_json_fields *fields, const char *const *names) {
    if (fields->status != CRUX_OK) return;
    for (void *at = json_object_iter((json_t *)(uintptr_t)fields->object); at != NULL;
         at = json_object_iter_next((json_t *)(uintptr_t)fields->object, at)) {
        const char *name = json_object_iter_key(at);
        size_t i = 0;
        while (names[i] != NULL && strcmp(names[i], name) != 0) i++;
        if (names[i] == NULL) {
            crux_json_fail(fields, CRUX_E_UNKNOWN_NAME, name, "is not known here");
            return;
        }
    }
}

json_t *crux_json_of_bytes(const uint8_t *bytes, size_t len) {
    static const char digits[] = "0123456789abcdef";
    char *text = malloc(2 * len + 1);
    if (text == NULL) return NULL;
    for (size_t i = 0; i < len; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    text[2 * len] = 0;
    json_t *string = json_string(text);
    free(text);
    return string;
}
