/* An index o of a dimension min(ceil((a + b*pos + c*n) / d), e) has two bounds:
 *
 *     o <= e - 1                            constant
 *     o <= (a + b*pos + c*n - 1) / d        linear: pos cancels against it
 *
 * With one of them chosen for each o, time - pos is at most a function that is linear in pos and n, whose maximum
 * lies at a corner of their ranges. The least maximum over all choices is returned. An empty dimension has no o. */
#include "kernels/program/time_bound.h"

#include "kernels/ops/dim.h"

struct corner {
    uint32_t pos, n;
};

enum { CORNERS = 4 };

static void corners(struct corner corner[CORNERS], struct crux_positions positions) {
    for (unsigned i = 0; i < CORNERS; i++) {
        corner[i].pos = (i & 1) != 0 ? positions.pos_last : 0;
        corner[i].n = (i & 2) != 0 ? positions.context : 1;
    }
}

/* ceil(a / d) for d >= 1 */
static crux_i128 ceil_div(crux_i128 a, uint32_t d) {
    crux_i128 q = a / d;
    return a % d > 0 ? q + 1 : q;
}

/* coef * o for coef > 0, from above; below 2^24 * 2^57 in magnitude */
static crux_i128 term(const struct crux_dim *dim, int32_t coef, bool linear, struct corner at) {
    if (!linear) return (crux_i128)coef * ((crux_i128)dim->e - 1);
    crux_i128 sum = (crux_i128)dim->a + (crux_i128)dim->b * at.pos + (crux_i128)dim->c * at.n - 1;
    return ceil_div(coef * sum, dim->d);
}

static crux_i128 at_corner(const struct crux_op *op, const struct crux_affine *time,
                           unsigned choice, struct corner at) {
    crux_i128 sum = time->coef[CRUX_VAR_ONE];
    sum += ((crux_i128)time->coef[CRUX_VAR_POS] - 1) * at.pos +
           (crux_i128)time->coef[CRUX_VAR_N] * at.n;
    for (unsigned i = 0; i < op->ndim; i++) {
        int32_t coef = time->coef[CRUX_VAR_O + i];
        if (coef > 0) sum += term(&op->dim[i], coef, (choice >> i & 1) != 0, at);
    }
    return sum;
}

crux_i128 crux_time_bound(const struct crux_op *op, const struct crux_affine *time,
                          struct crux_positions positions) {
    struct corner corner[CORNERS];
    crux_i128 least = 0;
    corners(corner, positions);
    for (unsigned choice = 0; choice < 1U << op->ndim; choice++) {
        crux_i128 greatest = at_corner(op, time, choice, corner[0]);
        for (unsigned i = 1; i < CORNERS; i++) {
            crux_i128 v = at_corner(op, time, choice, corner[i]);
            if (v > greatest) greatest = v;
        }
        if (choice == 0 || greatest < least) least = greatest;
    }
    return least;
}

uint32_t crux_dim_greatest(const struct crux_dim *dim, struct crux_positions positions) {
    struct corner corner[CORNERS];
    uint32_t greatest = 0;
    corners(corner, positions);
    for (unsigned i = 0; i < CORNERS; i++) { /* monotone in pos and in n */
        uint32_t v = crux_dim_value(dim, corner[i].pos, corner[i].n);
        if (v > greatest) greatest = v;
    }
    return greatest;
}
