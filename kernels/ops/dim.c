#include "kernels/ops/dim.h"

#include "kernels/ops/arith.h"

struct crux_dim crux_dim_constant(uint32_t value) {
    struct crux_dim dim = {(int32_t)value, 0, 0, 1, value};
    return dim;
}

bool crux_dim_grows(const struct crux_dim *dim) {
    return dim->b != 0 || dim->c != 0;
}

bool crux_dim_same(const struct crux_dim *a, const struct crux_dim *b) {
    return a->a == b->a && a->b == b->b && a->c == b->c && a->d == b->d && a->e == b->e;
}

uint32_t crux_dim_value(const struct crux_dim *dim, uint32_t pos, uint32_t n) {
    if (!crux_dim_grows(dim)) return dim->e;
    if (dim->d == 0) return 0; /* refused by every decoder; total all the same */
    /* |a + b*pos + c*n| < 2^31 + 2^63 - 2^33 + ...: each product is below 2^63 - 2^31, so add them in 128 bits */
    crux_i128 sum = (crux_i128)dim->a + (crux_i128)dim->b * pos + (crux_i128)dim->c * n;
    if (sum <= 0) return 0;
    crux_i128 cap = (crux_i128)dim->d * dim->e;
    if (sum >= cap) return dim->e;
    /* now 0 < sum < 2^31 * 2^31 */
    return (uint32_t)(((uint64_t)sum + dim->d - 1) / dim->d);
}

int64_t crux_affine_value(const struct crux_affine *affine, const struct crux_vars *vars) {
    int64_t sum = 0;
    for (unsigned i = 0; i < CRUX_VARS; i++) {
        if (affine->coef[i] != 0) sum += affine->coef[i] * vars->v[i];
    }
    return sum;
}
