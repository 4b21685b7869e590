/* One vector while it is being checked: its JSON becomes a question, and the answer that it demands. */
#ifndef CRUX_TESTS_CONFORMANCE_VECTOR_CHECK_H
#define CRUX_TESTS_CONFORMANCE_VECTOR_CHECK_H

#include <jansson.h>
#include <stdbool.h>

#include "kernels/kernels.h"
#include "tests/conformance/answer.h"

struct crux_vector_check {
    const json_t *vector;
    struct crux_writer question, want; /* want: what follows the status */
    char problem[256];                 /* the first one; empty if there is none */
};

typedef void crux_vector_handler(struct crux_vector_check *check);

/* What a vector of one function looks like, and how it is asked. */
struct crux_vector_kind {
    const char *file, *function; /* function "": any */
    enum crux_question question;
    const char *inputs, *outputs,
        *optional; /* keys, separated by spaces; outputs are absent beside an error */
    crux_vector_handler *handler;
};

/* Returns: NULL if no such function is known. */
const struct crux_vector_kind *crux_vector_kind_find(const char *file, const char *function);

__attribute__((format(printf, 2, 3))) void crux_vector_problem(struct crux_vector_check *check,
                                                               const char *format, ...);

/* Getters for a member of an object; a member that is missing or of another form is a problem, and reads as 0. */
void crux_vector_get_hex(struct crux_vector_check *check, struct crux_writer *out,
                         const json_t *object, const char *key);
/* The same, of a stated length. */
void crux_vector_get_bytes(struct crux_vector_check *check, struct crux_writer *out,
                           const json_t *object, const char *key, size_t len);
uint64_t crux_vector_get_number(struct crux_vector_check *check, const json_t *object,
                                const char *key, uint64_t most);
int64_t crux_vector_get_i64(struct crux_vector_check *check, const json_t *object, const char *key);
uint64_t crux_vector_get_u64(struct crux_vector_check *check, const json_t *object,
                             const char *key);
const char *crux_vector_get_string(struct crux_vector_check *check, const json_t *object,
                                   const char *key);
const json_t *crux_vector_get_array(struct crux_vector_check *check, const json_t *object,
                                    const char *key);

/* The same for values that stand in an array. */
uint64_t crux_vector_number(struct crux_vector_check *check, const json_t *value, uint64_t most);
int64_t crux_vector_signed(struct crux_vector_check *check, const json_t *value, int64_t least,
                           int64_t most);
int64_t crux_vector_decimal(struct crux_vector_check *check, const json_t *value);
void crux_vector_hex_bytes(struct crux_vector_check *check, struct crux_writer *out,
                           const json_t *value);

/* Refuses members that are not in the lists, and demands those of the first. Lists are separated by spaces. */
void crux_vector_check_keys(struct crux_vector_check *check, const json_t *object,
                            const char *required, const char *optional);

/* A whole game; its own file, for it is no question with an answer. */
void crux_vector_check_game(struct crux_vector_check *check);

/* The handlers, by file. */
extern const struct crux_vector_kind crux_vector_kinds_ops[], crux_vector_kinds_trees[],
    crux_vector_kinds_encodings[];

#endif
