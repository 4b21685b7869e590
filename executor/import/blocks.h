/* Source types of tensors, and what their bytes are worth, exactly.
 *
 *   block types   a block of 32 or 256 inputs:  value = (scale * q + offset) * 2^-24,  scale and offset for each group
 *   float types   a value:                      mantissa * 2^exponent
 *
 * A group's scale is an f16 times a small integer, or a product of such: always a multiple of 2^-24, so that integers
 * hold everything and no float arithmetic takes part.
 *
 *   type     group  stored q      scale      offset
 *   Q8_0     32     -128..127     d          0
 *   Q4_0     32     0..15         d          -8d
 *   Q4_1     32     0..15         d          m
 *   Q5_0     32     -16..15       d          0
 *   Q5_1     32     -16..15       d          m + 16d          (q less 16, so that it fits a signed byte evenly)
 *   Q4_K     32     0..15         d*sc       -dmin*mn
 *   Q5_K     32     -16..15       d*sc       16*d*sc - dmin*mn
 *   Q6_K     16     -32..31       d*sc       0
 *
 * spec/55-import.md#block-types
 */
#ifndef CRUX_EXECUTOR_IMPORT_BLOCKS_H
#define CRUX_EXECUTOR_IMPORT_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/kernels.h"

enum { CRUX_BLOCK_UNIT_BITS = 24, CRUX_BLOCK_INPUTS_MAX = 256, CRUX_BLOCK_GROUPS_MAX = 16 };

/* Numbers are GGUF's. */
enum crux_block_number {
    CRUX_BLOCK_F32 = 0,
    CRUX_BLOCK_F16 = 1,
    CRUX_BLOCK_Q4_0 = 2,
    CRUX_BLOCK_Q4_1 = 3,
    CRUX_BLOCK_Q5_0 = 6,
    CRUX_BLOCK_Q5_1 = 7,
    CRUX_BLOCK_Q8_0 = 8,
    CRUX_BLOCK_Q4_K = 12,
    CRUX_BLOCK_Q5_K = 13,
    CRUX_BLOCK_Q6_K = 14,
    CRUX_BLOCK_BF16 = 30
};

struct crux_block_type {
    enum crux_block_number number;
    const char *name;
    uint16_t inputs; /* of a block; 1: a float type */
    uint16_t bytes;  /* of a block */
    uint8_t group;   /* inputs that share a scale; 0 for float types */
    bool is_q4;      /* q is 0..15; else within a signed byte */
    bool has_offsets;
};

/* Returns: NULL for a type that is not known here. */
const struct crux_block_type *crux_block_type_of(uint32_t gguf_number);

struct crux_block_group {
    int64_t scale, offset; /* times 2^-24; below 2^52 in magnitude */
};

/* Out: q, type->inputs of them; group, type->inputs / type->group of them.
 * In: type, not a float type; block, type->bytes bytes.
 * Returns: CRUX_E_BAD_RANGE if a scale or minimum is infinite or no number. */
CRUX_MUST_CHECK
enum crux_status crux_block_decode(const struct crux_block_type *type,
                                   int8_t q[CRUX_BLOCK_INPUTS_MAX],
                                   struct crux_block_group group[CRUX_BLOCK_GROUPS_MAX],
                                   const uint8_t *block);

/* mantissa * 2^exponent; the mantissa has at most 24 bits. */
struct crux_block_float {
    int32_t mantissa;
    int32_t exponent;
};

/* In: type, a float type; bytes, type->bytes of them.
 * Returns: CRUX_E_BAD_RANGE for an infinity or no number. */
CRUX_MUST_CHECK
enum crux_status crux_block_float(struct crux_block_float *out, const struct crux_block_type *type,
                                  const uint8_t *bytes);

/* A row as doubles, for float references and tests; never for what becomes part of a model. A block value is rounded to
 * 53 bits, if it has more.  Out: values, inputs of them.  In: row; inputs, a multiple of the block's.
 * Returns: CRUX_E_BAD_RANGE. */
CRUX_MUST_CHECK
enum crux_status crux_block_doubles(double *values, const struct crux_block_type *type,
                                    const uint8_t *row, uint64_t inputs);

#endif
