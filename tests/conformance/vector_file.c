#include "tests/conformance/vector_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void die(const char *what, const char *where) {
    fprintf(stderr, "generate: %s: %s\n", where, what);
    exit(1);
}

void crux_vector_file_begin(struct crux_vector_file *file, const char *name) {
    file->name = name;
    file->vectors = json_array();
    if (file->vectors == NULL) die("out of memory", name);
}

static void write_line(FILE *out, json_t *vector, const char *path) {
    char *line = json_dumps(vector, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII);
    if (line == NULL || fputs(line, out) == EOF) die("cannot be written", path);
    free(line);
}

void crux_vector_file_end(struct crux_vector_file *file, const char *folder) {
    char path[4096];
    size_t count = json_array_size(file->vectors);
    int length = snprintf(path, sizeof path, "%s/%s.json", folder, file->name);
    if (length < 0 || (size_t)length >= sizeof path) die("the path is too long", folder);
    FILE *out = fopen(path, "wb");
    if (out == NULL) die("cannot be opened", path);
    fprintf(out, "{\"file\":\"%s\",\"format\":%d,\"vectors\":[\n", file->name, CRUX_VECTOR_FORMAT);
    for (size_t i = 0; i < count; i++) {
        write_line(out, json_array_get(file->vectors, i), path);
        fputs(i + 1 < count ? ",\n" : "\n", out);
    }
    fputs("]}\n", out);
    if (ferror(out) != 0 || fclose(out) != 0) die("cannot be written", path);
    json_decref(file->vectors);
}

json_t *crux_vector_add(struct crux_vector_file *file, const char *function, const char *reason) {
    char name[200];
    json_t *vector = json_object();
    int length = snprintf(name, sizeof name, "%s_case_%s", function, reason);
    if (length < 0 || (size_t)length >= sizeof name) die("the name is too long", function);
    if (vector == NULL || json_array_append_new(file->vectors, vector) != 0)
        die("out of memory", name);
    crux_vector_set(vector, "name", json_string(name));
    return vector;
}

void crux_vector_set(json_t *object, const char *key, json_t *value) {
    if (value == NULL || json_object_set_new(object, key, value) != 0) die("out of memory", key);
}

static size_t count_zeros(const uint8_t *bytes, size_t len) {
    size_t count = 0;
    while (count < len && bytes[count] == 0) count++;
    return count;
}

json_t *crux_vector_hex(const uint8_t *bytes, size_t len) {
    static const char digit[] = "0123456789abcdef";
    /* never longer than digits alone */
    size_t at = 0, capacity = 2 * len + 1;
    char *text = malloc(capacity);
    if (text == NULL) die("out of memory", "hex");
    for (size_t i = 0; i < len;) {
        size_t zeros = count_zeros(bytes + i, len - i);
        if (zeros >= CRUX_VECTOR_ZEROS) {
            at += (size_t)snprintf(text + at, capacity - at, "z%zu.", zeros);
            i += zeros;
            continue;
        }
        text[at++] = digit[bytes[i] >> 4];
        text[at++] = digit[bytes[i] & 15];
        i++;
    }
    text[at] = '\0';
    json_t *value = json_string(text);
    free(text);
    return value;
}

json_t *crux_vector_i64(int64_t value) {
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRId64, value);
    return json_string(text);
}

void crux_vector_set_hex(json_t *object, const char *key, const uint8_t *bytes, size_t len) {
    crux_vector_set(object, key, crux_vector_hex(bytes, len));
}

void crux_vector_set_i64(json_t *object, const char *key, int64_t value) {
    crux_vector_set(object, key, crux_vector_i64(value));
}

void crux_vector_set_u64(json_t *object, const char *key, uint64_t value) {
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRIu64, value);
    crux_vector_set(object, key, json_string(text));
}

void crux_vector_set_u32(json_t *object, const char *key, uint32_t value) {
    crux_vector_set(object, key, json_integer(value));
}

void crux_vector_set_error(json_t *object, enum crux_status status) {
    crux_vector_set(object, "error", json_string(crux_status_name(status)));
}
