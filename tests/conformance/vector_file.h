/* Writing one vector file: an object a vector, one line each, keys sorted, so that a change is one line of a diff. */
#ifndef CRUX_TESTS_CONFORMANCE_VECTOR_FILE_H
#define CRUX_TESTS_CONFORMANCE_VECTOR_FILE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/base/status.h"

/* spec/60-vectors.md#values: so many zero bytes and more are written as their number. */
enum { CRUX_VECTOR_FORMAT = 2, CRUX_VECTOR_ZEROS = 4 };

struct crux_vector_file {
    const char *name; /* without .json */
    json_t *vectors;
};

void crux_vector_file_begin(struct crux_vector_file *file, const char *name);
/* Writes folder/name.json and frees the vectors. Exits with a message if it cannot. */
void crux_vector_file_end(struct crux_vector_file *file, const char *folder);

/* A new vector `function`_case_`reason`, to be filled in.  Returns: a borrowed reference. */
json_t *crux_vector_add(struct crux_vector_file *file, const char *function, const char *reason);

void crux_vector_set(json_t *object, const char *key, json_t *value); /* takes the reference */
void crux_vector_set_hex(json_t *object, const char *key, const uint8_t *bytes, size_t len);
/* spec/60-vectors.md#values: 64-bit integers are decimal strings. */
void crux_vector_set_i64(json_t *object, const char *key, int64_t value);
void crux_vector_set_u64(json_t *object, const char *key, uint64_t value);
void crux_vector_set_u32(json_t *object, const char *key, uint32_t value);
void crux_vector_set_error(json_t *object, enum crux_status status);

json_t *crux_vector_hex(const uint8_t *bytes, size_t len);
json_t *crux_vector_i64(int64_t value);

/* The generators, one a file. */
void crux_generate_errors(const char *folder);
void crux_generate_ops(const char *folder);
void crux_generate_descriptors(const char *folder);
void crux_generate_layout(const char *folder);
void crux_generate_merkle(const char *folder);
void crux_generate_encodings(const char *folder);
void crux_generate_programs(const char *folder);
void crux_generate_witnesses(const char *folder);
void crux_generate_game(const char *folder);

#endif
