/* One vector of ops.json in the making: an op, an element, the values behind its operands, and what comes out.
 *
 *     op_case_begin(&c, "contract", "dot", op);
 *     GIVE(&c, 0, 1, 2, 3);             slot 0 holds 1, 2, 3
 *     op_case_expect(&c, 14);           evaluated; stops the generator unless it is 14
 */
#ifndef CRUX_TESTS_CONFORMANCE_OP_CASE_H
#define CRUX_TESTS_CONFORMANCE_OP_CASE_H

#include "kernels/kernels.h"
#include "kernels/lowering/draft.h"
#include "tests/conformance/vector_file.h"
#include "tests/support/random.h"

enum { OP_CASE_GIVEN_MAX = 64, OP_CASE_READS_MAX = 1024 };

struct op_read {
    struct crux_place place;
    int64_t value; /* as it stands in the tensor, before clamping */
};

struct op_case {
    struct crux_vector_file *file;
    const char *function, *reason;
    struct crux_op op;
    struct crux_at at;
    uint8_t seed[32];
    uint32_t index[CRUX_DIMS_MAX];
    struct op_read given[OP_CASE_GIVEN_MAX];
    unsigned given_count;
    struct crux_random *random; /* not NULL: values that are not given are drawn */
    struct op_read reads[OP_CASE_READS_MAX];
    unsigned read_count;
    bool too_many; /* reads */
};

/* At position 5 of a request of 3 tokens, in layer 2, element 0. */
void op_case_begin(struct op_case *c, const char *function, const char *reason, struct crux_op op);

/* Values of a slot's tensor from flat index `first` on. */
void op_case_give(struct op_case *c, unsigned slot, uint64_t first, const int64_t *values,
                  unsigned count);
#define GIVE_FROM(c, slot, first, ...)                                                             \
    op_case_give(c, slot, first, (const int64_t[]){__VA_ARGS__},                                   \
                 sizeof((const int64_t[]){__VA_ARGS__}) / 8)
#define GIVE(c, slot, ...) GIVE_FROM(c, slot, 0, __VA_ARGS__)
/* The value of slot 0 in another source: a record element at (time, layer), a token, a parameter. */
void op_case_give_place(struct op_case *c, enum crux_source source, uint32_t tensor, uint32_t layer,
                        uint32_t time, uint64_t flat, int64_t value);

/* Tensors to read from: a step's op, a constant of the model. */
struct crux_value op_case_step(uint32_t tensor, struct crux_type type, struct crux_shape shape);
struct crux_value op_case_model(uint32_t tensor, struct crux_type type, struct crux_shape shape);
#define FULL(dtype) crux_type_full(CRUX_##dtype)

void op_case_expect(struct op_case *c, int64_t value);
void op_case_expect_error(struct op_case *c, enum crux_status status);
/* Writes whatever comes out.  Returns: false, writing nothing, if the op has no elements or reads too much. */
bool op_case_write(struct op_case *c, unsigned reads_max);

/* The cases, by kind of op; generate_ops.c calls them. */
void op_cases_sums(struct op_case *c);
void op_cases_find(struct op_case *c);
void op_cases_maps(struct op_case *c);
void op_cases_tables(struct op_case *c);
void op_cases_loads(struct op_case *c);
void op_cases_random(struct op_case *c);

#endif
