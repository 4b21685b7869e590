/* MAP: element-wise functions. */
#include "kernels/ops/eval_internal.h"

enum { SHIFT_LO = -31, SHIFT_HI = 95 };

static crux_i128 requantise(const struct crux_element *element) {
    const struct crux_op *op = element->bound->op;
    crux_i128 product = op->m0;
    int64_t add = 0, shift = op->s0; /* |s0| <= 256, exponents saturate below: no overflow */
    for (unsigned slot = 0; slot < op->nin; slot++) {
        int64_t v = crux_fetch_one(element, slot);
        switch ((enum crux_role)op->in[slot].role) {
        case CRUX_ROLE_FACTOR: product = crux_wide_mul(product, v); break;
        case CRUX_ROLE_ADD: add = v; break;
        case CRUX_ROLE_EXPONENT:
            shift += op->in[slot].coef * crux_clamp(v, INT32_MIN, INT32_MAX);
            break;
        }
    }
    int s = (int)crux_clamp(shift, SHIFT_LO, SHIFT_HI);
    crux_i128 scaled =
        op->rounding == CRUX_FLOOR ? crux_wide_floor(product, s) : crux_wide_round(product, s);
    return crux_wide_add(scaled, (crux_i128)op->c0 + add);
}

static int64_t dynexp(const struct crux_op *op, int64_t a) {
    for (int64_t e = op->lo; e < op->hi; e++) { /* lo and hi within [-31, 95] */
        if (crux_wide_round(a, (int)e) <= op->limit) return e;
    }
    return op->hi;
}

static int64_t bit_length(int64_t a) {
    int64_t bits = 0;
    for (uint64_t m = crux_magnitude(a); m != 0; m >>= 1) bits++;
    return bits;
}

crux_i128 crux_eval_map(const struct crux_element *element) {
    const struct crux_op *op = element->bound->op;
    int64_t v[3] = {0, 0, 0};
    if (op->func == CRUX_MAP_REQUANT) return requantise(element);
    for (unsigned slot = 0; slot < op->nin && slot < 3; slot++)
        v[slot] = crux_fetch_one(element, slot);
    switch ((enum crux_map)op->func) {
    case CRUX_MAP_REQUANT: break;
    case CRUX_MAP_DYNEXP: return dynexp(op, v[0]);
    case CRUX_MAP_SELECT: return v[0] != 0 ? v[1] : v[2];
    case CRUX_MAP_COMPARE: return crux_compare(op->cmp, v[0], v[1]);
    case CRUX_MAP_MIN: return v[0] < v[1] ? v[0] : v[1];
    case CRUX_MAP_MAX: return v[0] > v[1] ? v[0] : v[1];
    case CRUX_MAP_BITLEN: return bit_length(v[0]);
    }
    return 0; /* no descriptor with another function decodes */
}
