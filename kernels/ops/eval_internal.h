/* What the evaluator's parts share. Only kernels/ops/ includes it.
 *
 * A fetch reads one operand at the element's index and one k: bind the operand to the element once (fetch_begin),
 * then move k. The index map is split into the part that k does not touch and the k coefficients.
 */
#ifndef CRUX_KERNELS_OPS_EVAL_INTERNAL_H
#define CRUX_KERNELS_OPS_EVAL_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "kernels/ops/arith.h"
#include "kernels/ops/dim.h"
#include "kernels/ops/eval.h"

struct crux_element {
    const struct crux_bound_op *bound;
    const struct crux_reader *reader;
    struct crux_vars vars;
    uint64_t flat; /* of the element in the output */
    bool x_outside;
};

struct crux_fetch {
    const struct crux_element *element;
    const struct crux_operand *operand;
    struct crux_place place;
    int64_t base[CRUX_DIMS_MAX];
    bool outside; /* always, whatever k is */
};

/* In: slot < nin. */
void crux_fetch_begin(struct crux_fetch *fetch, const struct crux_element *element, unsigned slot);
/* Does the operand lie outside its view at k? */
bool crux_fetch_outside(const struct crux_fetch *fetch, const int64_t k[CRUX_KDIMS_MAX]);
/* Returns: the operand's value; 0 outside. */
int64_t crux_fetch(struct crux_fetch *fetch, const int64_t k[CRUX_KDIMS_MAX]);
/* The value of an operand of an op without k. */
int64_t crux_fetch_one(const struct crux_element *element, unsigned slot);

/* Row-major walk over the k box: for (crux_k_begin(&k); k.number < bound->k_count; crux_k_next(&k, bound)). */
struct crux_k {
    int64_t at[CRUX_KDIMS_MAX];
    uint32_t number;
};
void crux_k_begin(struct crux_k *k);
void crux_k_next(struct crux_k *k, const struct crux_bound_op *bound);

/* One function per op; the result is not yet saturated. */
crux_i128 crux_eval_load(const struct crux_element *element);
crux_i128 crux_eval_contract(const struct crux_element *element);
crux_i128 crux_eval_reduce(const struct crux_element *element);
crux_i128 crux_eval_map(const struct crux_element *element);
crux_i128 crux_eval_lut(const struct crux_element *element);
crux_i128 crux_eval_div(const struct crux_element *element);
crux_i128 crux_eval_sqrt(const struct crux_element *element);
crux_i128 crux_eval_rand(const struct crux_element *element);
crux_i128 crux_eval_find(const struct crux_element *element);

bool crux_compare(unsigned cmp, int64_t a, int64_t b);

#endif
