/* Dimensions and affine index expressions at a position. */
#ifndef CRUX_KERNELS_OPS_DIM_H
#define CRUX_KERNELS_OPS_DIM_H

#include <stdbool.h>
#include <stdint.h>

#include "kernels/ops/op.h"

struct crux_dim crux_dim_constant(uint32_t value);
bool crux_dim_grows(const struct crux_dim *dim);
bool crux_dim_same(const struct crux_dim *a, const struct crux_dim *b);

/* Returns: the dimension's value, in [0, e].  spec/10-machine.md#dimensions */
uint32_t crux_dim_value(const struct crux_dim *dim, uint32_t pos, uint32_t n);

/* The values of the index variables for one element; those not in use are 0. */
struct crux_vars {
    int64_t v[CRUX_VARS]; /* v[CRUX_VAR_ONE] is 1; every other is within +-2^31 */
};

/* Returns: the expression's value; below 2^61 in magnitude because of the limits on coefficients and variables. */
int64_t crux_affine_value(const struct crux_affine *affine, const struct crux_vars *vars);

#endif
