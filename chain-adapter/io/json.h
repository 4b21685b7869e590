/* JSON from outside, read strictly: bounded in bytes, depth and values before memory is taken for any of it, no name twice, UTF-8 only, and every field asked for by
 * its type; errors name the line, or the path of the field ("messages[2].content"). */
#ifndef CRUX_CHAIN_ADAPTER_IO_JSON_H
#define CRUX_CHAIN_ADAPTER_IO_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/kernels.h"

enum { CRUX_JSON_MESSAGE_BYTES = 256, CRUX_JSON_PATH_BYTES = 128, CRUX_JSON_DEPTH_MAX = 32 };

struct crux_json_error {
    char message[CRUX_JSON_MESSAGE_BYTES];
    char path[CRUX_JSON_PATH_BYTES]; /* of the field at fault, "" if it is none */
};

/* A value takes up to 48 bytes beside its text, a name in an object 100, a list or an object itself 350: {}, takes a
 * hundred times its text. */
struct crux_json_limits {
    size_t bytes;
    size_t values; /* entries of lists, and fields of objects twice: name and value */
    size_t groups; /* lists and objects, among them or not */
};

/* Out: value, to be freed with json_decref; error, on failure.
 * Returns: CRUX_E_SYNTAX (also a name given twice, text that is no UTF-8, more after the value; the message has line and
 * column), CRUX_E_UNSUPPORTED (beyond the limits, or deeper than CRUX_JSON_DEPTH_MAX), CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_json_read_within(json_t **value, struct crux_json_error *error,
                                       const char *bytes, size_t len,
                                       const struct crux_json_limits *limits);

/* The same with room for long lists of numbers and no many small groups: so many bytes, as many values as that can be,
 * and 1024 groups and one more for every 64 bytes of `most`. */
CRUX_MUST_CHECK
enum crux_status crux_json_read(json_t **value, struct crux_json_error *error, const char *bytes,
                                size_t len, size_t most);

/* Reads the whole file, of at most `most` bytes.
 * Out: text, what it holds, malloced, with a zero behind; NULL on failure.
 * Returns: CRUX_E_IO, and what crux_json_read does. */
CRUX_MUST_CHECK
enum crux_status crux_json_read_file(json_t **value, char **text, struct crux_json_error *error,
                                     const char *path, size_t most);

/* Returns: the line of text, which was read as an object, where its own field of that name stands; 0 if there is none.
 * In: name, without letters that JSON escapes. */
unsigned crux_json_line(const char *text, const char *name);

/* An object whose fields are taken one by one. The first failure stays; all of them leave what was to be filled as it
 * was. A field that is null counts as not given. */
struct crux_json_fields {
    const json_t *object;
    const char *path; /* of the object: "" at the top, "messages[2]" */
    struct crux_json_error *error;
    enum crux_status
        status; /* CRUX_OK so far; CRUX_E_SYNTAX: not of its type; CRUX_E_BAD_RANGE: outside its range */
};

/* In: object, borrowed; if it is none, that is the first failure. */
void crux_json_fields(struct crux_json_fields *fields, const json_t *object, const char *path,
                      struct crux_json_error *error);

/* Each returns whether the field is there and as asked.  Bounds are inclusive. */
bool crux_json_text(struct crux_json_fields *fields, const char **text, const char *name);
bool crux_json_integer(struct crux_json_fields *fields, int64_t *number, const char *name,
                       int64_t least, int64_t most);
bool crux_json_number(struct crux_json_fields *fields, double *number, const char *name,
                      double least, double most); /* an integer is one too */
bool crux_json_boolean(struct crux_json_fields *fields, bool *boolean, const char *name);
/* 2*len hexadecimal digits, in either case. */
bool crux_json_hex(struct crux_json_fields *fields, uint8_t *bytes, size_t len, const char *name);
/* Out: the value itself, borrowed, of any type. */
bool crux_json_any(struct crux_json_fields *fields, const json_t **value, const char *name);
bool crux_json_array_of(struct crux_json_fields *fields, const json_t **array, const char *name,
                        size_t most);

/* Fails with a sentence about a field of it.  In: name, NULL for the object itself. */
CRUX_PRINTF(4, 5)
void crux_json_fail(struct crux_json_fields *fields, enum crux_status status, const char *name,
                    const char *format, ...);

/* Fails at the first field that is not in the list.  In: names, NULL-ended. */
void crux_json_only(struct crux_json_fields *fields, const char *const *names);

/* Out: path, "messages[2].content"; cut where it does not fit. */
void crux_json_path(char path[CRUX_JSON_PATH_BYTES], const char *parent, const char *name);
void crux_json_path_at(char path[CRUX_JSON_PATH_BYTES], const char *parent, size_t index);

/* ---- writing ---- */

/* Returns: a string of lower-case hexadecimal digits; NULL without memory. */
json_t *crux_json_of_bytes(const uint8_t *bytes, size_t len);

#endif
