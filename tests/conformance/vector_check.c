#include "tests/conformance/vector_check.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/conformance/vector_file.h"

enum { ZEROS_MAX = 99999 };

void crux_vector_problem(struct crux_vector_check *check, const char *format, ...) {
    va_list arguments;
    if (check->problem[0] != '\0') return;
    va_start(arguments, format);
    (void)vsnprintf(check->problem, sizeof check->problem, format, arguments);
    va_end(arguments);
}

static const json_t *member(struct crux_vector_check *check, const json_t *object,
                            const char *key) {
    const json_t *value = json_object_get(object, key);
    if (value == NULL) crux_vector_problem(check, "no key \"%s\"", key);
    return value;
}

static int nibble(char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* spec/60-vectors.md#values: z, how many, a full stop.  Returns: what follows; NULL if it is not so. */
static const char *put_zeros(struct crux_writer *out, const char *text) {
    char *end = NULL;
    if (text[1] < '1' || text[1] > '9') return NULL;
    unsigned long count = strtoul(text + 1, &end, 10);
    if (*end != '.' || count < CRUX_VECTOR_ZEROS || count > ZEROS_MAX) return NULL;
    for (unsigned long i = 0; i < count; i++) crux_put_u8(out, 0);
    return end + 1;
}

void crux_vector_hex_bytes(struct crux_vector_check *check, struct crux_writer *out,
                           const json_t *value) {
    const char *text = json_string_value(value);
    if (text == NULL) crux_vector_problem(check, "a value is not a hex string");
    while (text != NULL && *text != 0) {
        int high = nibble(text[0]), low = high < 0 ? -1 : nibble(text[1]);
        const char *next = *text == 'z' ? put_zeros(out, text) : low < 0 ? NULL : text + 2;
        if (next == NULL) crux_vector_problem(check, "a hex string goes on with \"%.12s\"", text);
        if (low >= 0) crux_put_u8(out, (uint8_t)(high << 4 | low));
        text = next;
    }
}

void crux_vector_get_hex(struct crux_vector_check *check, struct crux_writer *out,
                         const json_t *object, const char *key) {
    const json_t *value = member(check, object, key);
    if (value != NULL) crux_vector_hex_bytes(check, out, value);
}

void crux_vector_get_bytes(struct crux_vector_check *check, struct crux_writer *out,
                           const json_t *object, const char *key, size_t len) {
    size_t start = out->at;
    crux_vector_get_hex(check, out, object, key);
    if (out->at - start != len)
        crux_vector_problem(check, "\"%s\" has %zu bytes, not %zu", key, out->at - start, len);
}

int64_t crux_vector_signed(struct crux_vector_check *check, const json_t *value, int64_t least,
                           int64_t most) {
    int64_t v = json_integer_value(value);
    if (!json_is_integer(value) || v < least || v > most) {
        crux_vector_problem(check, "a number is not from %" PRId64 " to %" PRId64, least, most);
        return 0;
    }
    return v;
}

uint64_t crux_vector_number(struct crux_vector_check *check, const json_t *value, uint64_t most) {
    return (uint64_t)crux_vector_signed(check, value, 0,
                                        most > INT64_MAX ? INT64_MAX : (int64_t)most);
}

uint64_t crux_vector_get_number(struct crux_vector_check *check, const json_t *object,
                                const char *key, uint64_t most) {
    const json_t *value = member(check, object, key);
    return value == NULL ? 0 : crux_vector_number(check, value, most);
}

/* One form for each number: no sign but -, no zero in front, no -0. */
static bool is_decimal(const char *text) {
    if (*text == '-')
        text++;
    else if (strcmp(text, "0") == 0)
        return true;
    if (*text < '1' || *text > '9') return false;
    while (*text >= '0' && *text <= '9') text++;
    return *text == '\0';
}

int64_t crux_vector_decimal(struct crux_vector_check *check, const json_t *value) {
    const char *text = json_string_value(value);
    errno = 0;
    int64_t v = text == NULL || !is_decimal(text) ? 0 : strtoll(text, NULL, 10);
    if (text == NULL || !is_decimal(text) || errno != 0)
        crux_vector_problem(check, "a value is no decimal string of 64 bits");
    return v;
}

int64_t crux_vector_get_i64(struct crux_vector_check *check, const json_t *object,
                            const char *key) {
    const json_t *value = member(check, object, key);
    return value == NULL ? 0 : crux_vector_decimal(check, value);
}

uint64_t crux_vector_get_u64(struct crux_vector_check *check, const json_t *object,
                             const char *key) {
    const json_t *value = member(check, object, key);
    const char *text = json_string_value(value);
    errno = 0;
    bool valid = text != NULL && text[0] != '-' && is_decimal(text);
    uint64_t v = valid ? strtoull(text, NULL, 10) : 0;
    if (!valid || errno != 0)
        crux_vector_problem(check, "\"%s\" is no unsigned decimal string", key);
    return v;
}

const char *crux_vector_get_string(struct crux_vector_check *check, const json_t *object,
                                   const char *key) {
    const json_t *value = member(check, object, key);
    const char *text = json_string_value(value);
    if (value != NULL && text == NULL) crux_vector_problem(check, "\"%s\" is not a string", key);
    return text == NULL ? "" : text;
}

const json_t *crux_vector_get_array(struct crux_vector_check *check, const json_t *object,
                                    const char *key) {
    const json_t *value = member(check, object, key);
    if (value != NULL && !json_is_array(value))
        crux_vector_problem(check, "\"%s\" is not an array", key);
    return value;
}

static bool listed(const char *list, const char *key) {
    size_t len = strlen(key);
    for (const char *at = list; *at != '\0';) {
        size_t word = strcspn(at, " ");
        if (word == len && memcmp(at, key, len) == 0) return true;
        at += word;
        at += strspn(at, " ");
    }
    return false;
}

static size_t words(const char *list) {
    size_t count = 0;
    while (*list != '\0') {
        list += strcspn(list, " ");
        list += strspn(list, " ");
        count++;
    }
    return count;
}

void crux_vector_check_keys(struct crux_vector_check *check, const json_t *object,
                            const char *required, const char *optional) {
    const char *key;
    json_t *value;
    size_t found = 0;
    if (!json_is_object(object)) crux_vector_problem(check, "not an object");
    json_object_foreach((json_t *)object, key, value) {
        if (listed(required, key))
            found++;
        else if (!listed(optional, key))
            crux_vector_problem(check, "unknown key \"%s\"", key);
    }
    if (found != words(required))
        crux_vector_problem(check, "a key is missing; there must be: %s", required);
}

static const struct crux_vector_kind *find_in(const struct crux_vector_kind *kinds,
                                              const char *file, const char *function) {
    for (; kinds->file != NULL; kinds++) {
        if (strcmp(kinds->file, file) == 0 &&
            (kinds->function[0] == '\0' || strcmp(kinds->function, function) == 0))
            return kinds;
    }
    return NULL;
}

const struct crux_vector_kind *crux_vector_kind_find(const char *file, const char *function) {
    const struct crux_vector_kind *kind = find_in(crux_vector_kinds_ops, file, function);
    if (kind == NULL) kind = find_in(crux_vector_kinds_trees, file, function);
    return kind == NULL ? find_in(crux_vector_kinds_encodings, file, function) : kind;
}
