#include "tests/kernels/certificate/exact_op.h"

#include "kernels/certificate/interval.h"

/* The greatest s for which v * 2^s is within [-2^bits, 2^bits - 1], by trying. */
static void hold(struct exact_watch *watch, crux_i128 v, int bits) {
    int spare = -128;
    for (int s = bits; s >= 0 && spare < 0; s--) {
        crux_i128 bound = (crux_i128)1 << (bits - s);
        if (v >= -bound && v < bound) spare = s;
    }
    if (spare < watch->spare) watch->spare = spare;
}

static crux_i128 contract(struct exact_watch *watch, const struct crux_element *element) {
    const struct crux_bound_op *bound = element->bound;
    struct crux_fetch fetch[CRUX_OPERANDS_MAX];
    crux_i128 sum = 0, above = 0, below = 0;
    struct crux_k k;
    for (unsigned i = 0; i < bound->op->nin; i++) crux_fetch_begin(&fetch[i], element, i);
    for (crux_k_begin(&k); k.number < bound->k_count; crux_k_next(&k, bound)) {
        crux_i128 product = 1;
        for (unsigned i = 0; i < bound->op->nin; i++) {
            product *= crux_fetch(&fetch[i], k.at); /* 3 operands of 32 bits, or certified */
            hold(watch, product, 63);
        }
        sum += product;
        *(product > 0 ? &above : &below) += product;
        hold(watch, sum, 63);
    }
    hold(watch, above, 63); /* the worst orders of the sum */
    hold(watch, below, 63);
    return sum;
}

static crux_i128 reduce_sum(struct exact_watch *watch, const struct crux_element *element) {
    const struct crux_bound_op *bound = element->bound;
    const struct crux_op *op = bound->op;
    struct crux_fetch fetch[CRUX_OPERANDS_MAX];
    crux_i128 sum = 0;
    struct crux_k k;
    for (unsigned i = 0; i < op->nin; i++) crux_fetch_begin(&fetch[i], element, i);
    for (crux_k_begin(&k); k.number < bound->k_count; crux_k_next(&k, bound)) {
        bool used = true;
        for (unsigned i = 0; i < op->nin; i++) {
            bool padded = (op->in[i].flags & CRUX_FLAG_PAD) != 0;
            used = used && !(padded && crux_fetch_outside(&fetch[i], k.at));
        }
        if (used && op->cmp != CRUX_CMP_NONE) {
            used = crux_compare(op->cmp, crux_fetch(&fetch[op->nin - 2], k.at),
                                crux_fetch(&fetch[op->nin - 1], k.at));
        }
        if (!used) continue;
        sum += crux_fetch(&fetch[0], k.at);
        hold(watch, sum, 63);
    }
    return sum;
}

/* round or floor of a / 2^s for any s: by the definition, not by shifts of negative numbers. */
static crux_i128 scaled(crux_i128 a, int64_t s, bool round) {
    if (s <= 0) return a * ((crux_i128)1 << -s);
    crux_i128 unit = (crux_i128)1 << s;
    if (round) a += unit / 2;
    return a >= 0 ? a / unit : -((-a + unit - 1) / unit);
}

static crux_i128 requantise(struct exact_watch *watch, const struct crux_element *element) {
    const struct crux_op *op = element->bound->op;
    crux_i128 product = op->m0, add = op->c0;
    int64_t shift = op->s0;
    hold(watch, product, 95);
    for (unsigned i = 0; i < op->nin; i++) {
        int64_t v = crux_fetch_one(element, i);
        if (op->in[i].role == CRUX_ROLE_FACTOR) product *= v;
        if (op->in[i].role == CRUX_ROLE_ADD) add += v;
        if (op->in[i].role == CRUX_ROLE_EXPONENT)
            shift += op->in[i].coef * crux_clamp(v, INT32_MIN, INT32_MAX);
        hold(watch, product, 95);
    }
    if (shift > 126) { /* what no clamp would give; |product| < 2^95 */
        watch->shift_in_reach = false;
        return add + (op->rounding == CRUX_FLOOR && product < 0 ? -1 : 0);
    }
    if (shift < -31) { /* beyond any output, on its side */
        watch->shift_in_reach = false;
        return product == 0 ? add : product > 0 ? (crux_i128)1 << 120 : -((crux_i128)1 << 120);
    }
    if (shift > 95) watch->shift_in_reach = false;
    return add + scaled(product, shift, op->rounding == CRUX_ROUND);
}

static crux_i128 lut_end(struct exact_watch *watch, const struct crux_lut_end *end, crux_i128 v) {
    if (end->kind == 0) return end->value;
    hold(watch, v * end->value, 63);
    if (end->shift > 0) hold(watch, v * end->value + ((crux_i128)1 << (end->shift - 1)), 63);
    return scaled(v * end->value, end->shift, true);
}

static crux_i128 lut(struct exact_watch *watch, const struct crux_element *element) {
    const struct crux_op *op = element->bound->op;
    unsigned table = op->nin - 1U;
    crux_i128 v = crux_fetch_one(element, 0);
    struct crux_fetch fetch;
    if (table == 2) {
        v -= crux_fetch_one(element, 1);
        hold(watch, v, 63);
    }
    crux_i128 t = v - op->x0, width = (crux_i128)1 << op->shift;
    hold(watch, t, 63);
    if (t < 0) return lut_end(watch, &op->left, v);
    if (t >= op->cells * width) return lut_end(watch, &op->right, v);
    crux_fetch_begin(&fetch, element, table);
    fetch.place.flat = (uint64_t)(t / width);
    crux_i128 left = element->reader->read(element->reader->ctx, &fetch.place);
    fetch.place.flat++;
    crux_i128 right = element->reader->read(element->reader->ctx, &fetch.place);
    crux_i128 rise = (right - left) * (t % width);
    hold(watch, left * width, 63);
    hold(watch, rise, 63);
    hold(watch, left * width + rise + width / 2, 63);
    return scaled(left * width + rise, op->shift, true);
}

static crux_i128 quotient(struct exact_watch *watch, const struct crux_element *element) {
    crux_i128 a = crux_fetch_one(element, 0), d = crux_fetch_one(element, 1);
    a *= (crux_i128)1 << element->bound->op->shift;
    hold(watch, a, 63);
    if (d <= 0) return 0;
    return a >= 0 ? a / d : -((-a + d - 1) / d);
}

static crux_i128 root(struct exact_watch *watch, const struct crux_element *element) {
    crux_i128 a = crux_fetch_one(element, 0), lo = 0, hi = (crux_i128)1 << 32;
    if (a < 0) return 0;
    a *= (crux_i128)1 << element->bound->op->shift;
    hold(watch, a, 63);
    while (lo < hi) { /* bisection */
        crux_i128 middle = (lo + hi + 1) / 2;
        if (middle * middle <= a)
            lo = middle;
        else
            hi = middle - 1;
    }
    return lo;
}

static crux_i128 find(struct exact_watch *watch, const struct crux_element *element) {
    static const int64_t no_k[CRUX_KDIMS_MAX] = {0, 0, 0};
    const struct crux_bound_op *bound = element->bound;
    struct crux_fetch w, r;
    crux_i128 before = 0, prefix = 0;
    bool any = false, found = false;
    uint32_t last = 0;
    struct crux_k k;
    crux_fetch_begin(&w, element, 0);
    crux_fetch_begin(&r, element, 1);
    int64_t limit = crux_fetch(&r, no_k);
    for (crux_k_begin(&k); k.number < bound->k_count && !found; crux_k_next(&k, bound)) {
        if ((w.operand->flags & CRUX_FLAG_PAD) != 0 && crux_fetch_outside(&w, k.at)) continue;
        any = true;
        last = k.number;
        before = prefix;
        prefix += crux_fetch(&w, k.at);
        hold(watch, prefix, 63);
        hold(watch, limit - before, 63);
        found = prefix > limit;
    }
    if (!any) return 0;
    return element->vars.v[CRUX_VAR_O + bound->op->ndim - 1] != 0 ? limit - before : last;
}

crux_i128 exact_op_element(struct exact_watch *watch, const struct crux_element *element) {
    const struct crux_op *op = element->bound->op;
    switch ((enum crux_opcode)op->code) {
    case CRUX_LOAD:
    case CRUX_STORE:
    case CRUX_RAND: break;
    case CRUX_CONTRACT: return contract(watch, element);
    case CRUX_REDUCE:
        return op->func == CRUX_REDUCE_SUM ? reduce_sum(watch, element) : crux_eval_reduce(element);
    case CRUX_MAP:
        return op->func == CRUX_MAP_REQUANT ? requantise(watch, element) : crux_eval_map(element);
    case CRUX_LUT: return lut(watch, element);
    case CRUX_DIV: return quotient(watch, element);
    case CRUX_SQRT: return root(watch, element);
    case CRUX_FIND: return find(watch, element);
    }
    CRUX_ASSERT(false);
    return 0;
}
