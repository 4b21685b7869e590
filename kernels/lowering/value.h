/* What lowering code holds in its hands: index expressions, dimensions, shapes, types and values.
 *
 *   value = where its elements are (an op of this layer, or a model tensor) + type + shape
 *   view  = the same elements under another shape: again a value
 *   read  = a value + one index expression a dimension: an operand
 *
 *     struct crux_value q = ...;                                    [H, d]
 *     CRUX_READ(q, crux_ix_o(0), crux_ix_k(0))                      q[o0, k0]
 *     CRUX_READ(crux_value_view(q, CRUX_CUBE(kv, group, d)), ...)   the same elements as [KV, G, d]
 */
#ifndef CRUX_KERNELS_LOWERING_VALUE_H
#define CRUX_KERNELS_LOWERING_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "kernels/ops/dim.h"
#include "kernels/ops/dtype.h"
#include "kernels/ops/op.h"

/* ---- index expressions ------------------------------------------------------------------------------------------ */

struct crux_affine crux_ix_c(int32_t constant);
struct crux_affine crux_ix_o(unsigned dimension); /* 0..3 */
struct crux_affine crux_ix_k(unsigned dimension); /* 0..2 */
struct crux_affine crux_ix_pos(void);
struct crux_affine crux_ix_x(void);
struct crux_affine crux_ix_n(void);
/* A sum or a product that leaves 32 bits stops the program: index arithmetic is written by us, not read from a file. */
struct crux_affine crux_ix_add(struct crux_affine a, struct crux_affine b);
struct crux_affine crux_ix_sub(struct crux_affine a, struct crux_affine b);
struct crux_affine crux_ix_mul(struct crux_affine a, int32_t factor);
/* a * factor + b, the way into a block. */
struct crux_affine crux_ix_mad(struct crux_affine a, int32_t factor, struct crux_affine b);

/* ---- dimensions and shapes -------------------------------------------------------------------------------------- */

/* min(pos + 1, most): the positions so far, or those of a window. */
struct crux_dim crux_dim_positions(uint32_t most);
/* ceil(dim / block), whatever the position. */
struct crux_dim crux_dim_blocks(struct crux_dim dim, uint32_t block);

struct crux_shape {
    unsigned ndim;
    struct crux_dim dim[CRUX_DIMS_MAX];
};

/* CRUX_SHAPE(crux_dim_constant(kv), positions) */
#define CRUX_SHAPE(...)                                                                            \
    crux_shape_of((const struct crux_dim[]){__VA_ARGS__},                                          \
                  sizeof((const struct crux_dim[]){__VA_ARGS__}) / sizeof(struct crux_dim))
struct crux_shape crux_shape_of(const struct crux_dim *dim, unsigned ndim);
/* Constant shapes. */
#define CRUX_ROW(a)     CRUX_SHAPE(crux_dim_constant(a))
#define CRUX_GRID(a, b) CRUX_SHAPE(crux_dim_constant(a), crux_dim_constant(b))
#define CRUX_CUBE(a, b, c)                                                                         \
    CRUX_SHAPE(crux_dim_constant(a), crux_dim_constant(b), crux_dim_constant(c))
#define CRUX_BOX(a, b, c, d)                                                                       \
    CRUX_SHAPE(crux_dim_constant(a), crux_dim_constant(b), crux_dim_constant(c),                   \
               crux_dim_constant(d))
/* The shape without its last dimension; [1] of a shape of one dimension. */
struct crux_shape crux_shape_outer(struct crux_shape shape);
/* The shape with one more last dimension. */
struct crux_shape crux_shape_with(struct crux_shape shape, struct crux_dim dim);
/* The largest number of elements over all positions. */
uint64_t crux_shape_elements_max(const struct crux_shape *shape);
/* The last dimension. */
struct crux_dim crux_shape_last(const struct crux_shape *shape);

/* ---- types ------------------------------------------------------------------------------------------------------ */

struct crux_type {
    uint8_t dtype;
    int64_t lo, hi;
};

struct crux_type crux_type_of(uint8_t dtype, int64_t lo, int64_t hi);
/* The whole dtype. */
struct crux_type crux_type_full(uint8_t dtype);
/* [-limit, limit] in the narrowest signed dtype. */
struct crux_type crux_type_symmetric(int64_t limit);
/* [lo, hi] in the narrowest dtype of at least `bytes`, unsigned only if no signed one of the width holds it. */
struct crux_type crux_type_fit(int64_t lo, int64_t hi, unsigned bytes);

/* ---- values and operands ---------------------------------------------------------------------------------------- */

struct crux_value {
    uint8_t kind; /* CRUX_KIND_STEP, CRUX_KIND_MODEL; CRUX_KIND_IMM: nothing, of a failed builder */
    uint8_t layout;  /* model: 0 plain, else a tile layout byte */
    uint32_t tensor; /* op number in its layer, or model tensor number */
    struct crux_type type;
    struct crux_shape shape;
};

/* The same elements under another shape that keeps rows (spec/10-machine.md#rows). */
struct crux_value crux_value_view(struct crux_value value, struct crux_shape shape);

struct crux_operand crux_operand_imm(struct crux_affine value);
struct crux_operand crux_operand_read(struct crux_value value, const struct crux_affine *index,
                                      unsigned count);
#define CRUX_READ(value, ...)                                                                      \
    crux_operand_read(value, (const struct crux_affine[]){__VA_ARGS__},                            \
                      sizeof((const struct crux_affine[]){__VA_ARGS__}) /                          \
                          sizeof(struct crux_affine))
/* The element at the output's own index: value[o0, o1, ..]. */
struct crux_operand crux_operand_same(struct crux_value value);
/* A value with fewer dimensions, at the output's leading ones: value[o0, ..]; a row's exponent, for example.
 * A value of shape [1] is read at 0. */
struct crux_operand crux_operand_outer(struct crux_value value, unsigned output_ndim);
/* May be read outside, which gives 0. */
struct crux_operand crux_operand_pad(struct crux_operand operand);
/* Roles of requantise. */
struct crux_operand crux_operand_add(struct crux_operand operand);
struct crux_operand crux_operand_exponent(struct crux_operand operand, int coef);

struct crux_args {
    unsigned count;
    struct crux_operand operand[CRUX_OPERANDS_MAX];
};

/* CRUX_ARGS(operand, ...): one to four operands. */
#define CRUX_ARGS(...)                                                                             \
    crux_args_of((const struct crux_operand[]){__VA_ARGS__},                                       \
                 sizeof((const struct crux_operand[]){__VA_ARGS__}) / sizeof(struct crux_operand))
struct crux_args crux_args_of(const struct crux_operand *operand, unsigned count);
struct crux_args crux_args_none(void);

#endif
