/* One op, drafted: descriptor values before they get a number and a label. A draft is a plain struct crux_op. */
#ifndef CRUX_KERNELS_LOWERING_DRAFT_H
#define CRUX_KERNELS_LOWERING_DRAFT_H

#include "kernels/lowering/value.h"

/* A copy, with permuted indices if wished; the type is the operand's. */
struct crux_op crux_draft_load(struct crux_shape shape, struct crux_operand operand);

struct crux_op crux_draft_contract(struct crux_type type, struct crux_shape shape,
                                   struct crux_shape k, struct crux_args args);

/* func: enum crux_reduce. Count takes CRUX_ARGS of its predicate only (crux_draft_where). */
struct crux_op crux_draft_reduce(struct crux_type type, struct crux_shape shape,
                                 struct crux_shape k, unsigned func, struct crux_args args);
/* Adds the predicate `left cmp right` to a REDUCE draft. */
struct crux_op crux_draft_where(struct crux_op draft, struct crux_operand left, enum crux_cmp cmp,
                                struct crux_operand right);

/* c0 + add + R(m0 * product, s0 + ...): the constants of requantise. */
struct crux_scale {
    int64_t c0, m0;
    int32_t s0;
    uint8_t rounding;
};
/* R(m0 * product, s0) */
struct crux_scale crux_scale_round(int64_t m0, int32_t s0);
struct crux_scale crux_scale_floor(int64_t m0, int32_t s0);
/* In: args, factors first, then at most one add, then exponents. */
struct crux_op crux_draft_requant(struct crux_type type, struct crux_shape shape,
                                  struct crux_scale scale, struct crux_args args);

/* The least e in [lo, hi] with round(a, e) <= limit. */
struct crux_op crux_draft_dynexp(int lo, int hi, struct crux_shape shape, int64_t limit,
                                 struct crux_operand a);
struct crux_op crux_draft_select(struct crux_type type, struct crux_shape shape,
                                 struct crux_operand c, struct crux_operand a,
                                 struct crux_operand b);
/* u8, 0 or 1. */
struct crux_op crux_draft_compare(struct crux_shape shape, struct crux_operand a, enum crux_cmp cmp,
                                  struct crux_operand b);
/* func: CRUX_MAP_MIN, CRUX_MAP_MAX. */
struct crux_op crux_draft_pick(struct crux_type type, struct crux_shape shape, unsigned func,
                               struct crux_operand a, struct crux_operand b);
struct crux_op crux_draft_bitlen(struct crux_shape shape, struct crux_operand a);

struct crux_lut {
    int64_t x0;
    unsigned shift; /* a cell is 2^shift wide */
    uint32_t cells;
    struct crux_lut_end left, right;
};
struct crux_lut_end crux_lut_constant(int64_t value);
/* round(v * m, s) */
struct crux_lut_end crux_lut_line(int64_t m, unsigned s);
/* In: args, a or a and b (the argument is a - b); table, a model value of lut.cells + 1 entries. */
struct crux_op crux_draft_lut(struct crux_type type, struct crux_shape shape, struct crux_lut lut,
                              struct crux_args args, struct crux_value table);

/* floor(a * 2^shift / d), 0 for d <= 0 */
struct crux_op crux_draft_div(struct crux_type type, struct crux_shape shape, unsigned shift,
                              struct crux_operand a, struct crux_operand d);
struct crux_op crux_draft_sqrt(struct crux_type type, struct crux_shape shape, unsigned shift,
                               struct crux_operand a);
struct crux_op crux_draft_rand(struct crux_shape shape);
/* The output is `outer` with a last dimension of 2: (k, remainder), both within `type`. */
struct crux_op crux_draft_find(struct crux_type type, struct crux_shape outer, struct crux_shape k,
                               struct crux_operand w, struct crux_operand r);

/* Gives a draft its data-dependent index: a step operand, without k. */
struct crux_op crux_draft_with_x(struct crux_op draft, struct crux_operand x);

#endif
