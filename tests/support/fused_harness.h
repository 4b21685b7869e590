/* A fused op against its law: a small program around one lowering, run by the interpreter, and memcmp with what the
 * reference kernel made of the same inputs.
 *
 *   layer 0   one STORE an input; never run, its records are the test's arrays
 *   layer 1   LOADs the inputs, then whatever the test lowers
 *   layer 2   chooses token 0
 *
 *   harness_input(h, ...)            before harness_enter
 *   harness_enter(h)                 from here on h->b is the layer under test
 *   out = crux_fused_...(&h->b, ...)
 *   harness_run(h, pos, n)           also: crux_program_check, crux_certify
 *   harness_expect(h, "y", out, y)
 *
 * Arrays are dense, row-major, in the tensor's own C type. A failure prints the case's seed.
 */
#ifndef CRUX_TESTS_SUPPORT_FUSED_HARNESS_H
#define CRUX_TESTS_SUPPORT_FUSED_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/interpreter/interpreter.h"
#include "kernels/lowering/builder.h"
#include "tests/support/random.h"

enum { HARNESS_INPUTS_MAX = 16, HARNESS_TENSORS_MAX = 32, HARNESS_BLOCKS_MAX = 256 };

struct harness_bytes {
    const void *data;
    size_t len;
};

struct harness {
    struct crux_random random;
    struct crux_program program;
    struct crux_builder b;
    struct crux_step step;
    struct crux_record input_record[HARNESS_INPUTS_MAX];
    struct crux_value input_value[HARNESS_INPUTS_MAX];
    struct harness_bytes input[HARNESS_INPUTS_MAX];
    struct harness_bytes tensor[HARNESS_TENSORS_MAX];
    struct harness_bytes history[CRUX_STORES_MAX];
    struct crux_record history_record[CRUX_STORES_MAX];
    unsigned input_count;
    uint32_t *tokens; /* context of them: the request's, then those chosen; all 0 at first */
    int32_t params[CRUX_PARAMS];
    uint8_t seed[32];
    uint32_t sample;
    void *block[HARNESS_BLOCKS_MAX];
    unsigned block_count;
};

/* Runs `one_case` on a fresh harness many times: `--cases N` (default 1,000), `--seed S` for the first.
 * Returns: the exit status. */
int harness_main(int argc, char **argv, const char *name, void (*one_case)(struct harness *h));

/* Fails the case unless status is CRUX_OK. */
void harness_ok(enum crux_status status);

/* Must come first in a case. */
void harness_begin(struct harness *h, uint32_t context, uint32_t vocab);

/* Zeroed memory that lives as long as the case. */
void *harness_alloc(struct harness *h, size_t count, size_t size);

/* A value that layer 0 recorded. Returns: its number. */
unsigned harness_input(struct harness *h, struct crux_type type, struct crux_shape shape,
                       const void *data);
void harness_enter(struct harness *h);
struct crux_value harness_value(const struct harness *h, unsigned number);

/* A model tensor. In: len, bytes of the elements or of the tiles. */
struct crux_value harness_tensor(struct harness *h, uint8_t layout, struct crux_type type,
                                 struct crux_shape shape, const void *data, size_t len);

/* What the layer under test recorded earlier: data holds the record's elements for time 0, 1, .. context-1. */
void harness_history(struct harness *h, struct crux_record record, const void *data);

void harness_run(struct harness *h, uint32_t pos, uint32_t n);

/* The op's tensor must equal data, byte for byte. */
void harness_expect(struct harness *h, const char *what, struct crux_value value, const void *data);
/* Returns: one element of an op's tensor. */
int64_t harness_get(const struct harness *h, struct crux_value value, uint64_t flat);

/* ---- random contents -------------------------------------------------------------------------------------------- */

/* Elements of the type, over its whole range or a part, or all at an end, or zero but for one, or all alike. */
void harness_fill(struct harness *h, struct crux_type type, void *data, size_t count);
/* The same, allocated. */
void *harness_array(struct harness *h, struct crux_type type, size_t count);

struct harness_tiles {
    struct crux_value
        value; /* tensor [rows, inputs], declared with the range that its elements have */
    const uint8_t *bytes;
};
/* A random tile layout, and random tiles of it, some with every m, n and q at an end. */
struct crux_tile harness_tile(struct harness *h);
struct harness_tiles harness_tiles(struct harness *h, const struct crux_tile *tile, uint32_t rows,
                                   uint32_t inputs);

/* 1 .. most, often 1, odd, or next to a multiple of `edge`. */
uint32_t harness_extent(struct harness *h, uint32_t most, uint32_t edge);

#endif
