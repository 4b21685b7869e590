/* The ops that run over k: CONTRACT, REDUCE, FIND. */
#include "kernels/ops/eval_internal.h"

crux_i128 crux_eval_contract(const struct crux_element *element) {
    const struct crux_bound_op *bound = element->bound;
    struct crux_fetch fetch[CRUX_OPERANDS_MAX];
    struct crux_k k;
    int64_t sum = 0;
    for (unsigned slot = 0; slot < bound->op->nin; slot++)
        crux_fetch_begin(&fetch[slot], element, slot);
    for (crux_k_begin(&k); k.number < bound->k_count; crux_k_next(&k, bound)) {
        int64_t product = 1;
        for (unsigned slot = 0; slot < bound->op->nin; slot++) {
            product = crux_wrap_mul(product, crux_fetch(&fetch[slot], k.at));
        }
        sum = crux_wrap_add(sum, product);
    }
    return sum;
}

bool crux_compare(unsigned cmp, int64_t a, int64_t b) {
    switch ((enum crux_cmp)cmp) {
    case CRUX_CMP_NONE: return true;
    case CRUX_CMP_EQ: return a == b;
    case CRUX_CMP_NE: return a != b;
    case CRUX_CMP_LT: return a < b;
    case CRUX_CMP_LE: return a <= b;
    case CRUX_CMP_GT: return a > b;
    case CRUX_CMP_GE: return a >= b;
    }
    return false;
}

/* spec/20-ops.md#reduce: "if no operand marked `pad` is outside at k" */
static bool in_range(const struct crux_fetch *fetch, unsigned count, const int64_t *k) {
    for (unsigned slot = 0; slot < count; slot++) {
        if ((fetch[slot].operand->flags & CRUX_FLAG_PAD) != 0 &&
            crux_fetch_outside(&fetch[slot], k))
            return false;
    }
    return true;
}

static int64_t magnitude(int64_t a) {
    return a == INT64_MIN ? INT64_MAX : a < 0 ? -a : a;
}

crux_i128 crux_eval_reduce(const struct crux_element *element) {
    const struct crux_bound_op *bound = element->bound;
    const struct crux_op *op = bound->op;
    struct crux_fetch fetch[CRUX_OPERANDS_MAX];
    struct crux_k k;
    int64_t best = 0, sum = 0;
    uint32_t used = 0, best_k = 0;
    for (unsigned slot = 0; slot < op->nin; slot++) crux_fetch_begin(&fetch[slot], element, slot);
    for (crux_k_begin(&k); k.number < bound->k_count; crux_k_next(&k, bound)) {
        bool first = used == 0;
        int64_t v = 0;
        if (!in_range(fetch, op->nin, k.at)) continue;
        if (op->func != CRUX_REDUCE_COUNT) v = crux_fetch(&fetch[0], k.at);
        if (op->cmp != CRUX_CMP_NONE) { /* both sides are read, whatever they hold */
            int64_t left = crux_fetch(&fetch[op->nin - 2], k.at);
            int64_t right = crux_fetch(&fetch[op->nin - 1], k.at);
            if (!crux_compare(op->cmp, left, right)) continue;
        }
        used++;
        switch ((enum crux_reduce)op->func) {
        case CRUX_REDUCE_MAX:
            if (first || v > best) best = v;
            break;
        case CRUX_REDUCE_MIN:
            if (first || v < best) best = v;
            break;
        case CRUX_REDUCE_ABSMAX:
            if (magnitude(v) > best) best = magnitude(v);
            break;
        case CRUX_REDUCE_ARGMAX:
            if (first || v > best) {
                best = v;
                best_k = k.number;
            }
            break;
        case CRUX_REDUCE_SUM: sum = crux_wrap_add(sum, v); break;
        case CRUX_REDUCE_COUNT: break;
        }
    }
    switch ((enum crux_reduce)op->func) {
    case CRUX_REDUCE_MAX: return used == 0 ? op->lo : best;
    case CRUX_REDUCE_MIN: return used == 0 ? op->hi : best;
    case CRUX_REDUCE_ABSMAX: return best;
    case CRUX_REDUCE_ARGMAX: return best_k;
    case CRUX_REDUCE_SUM: return sum;
    case CRUX_REDUCE_COUNT: return used;
    }
    return 0; /* no descriptor with another function decodes */
}

crux_i128 crux_eval_find(const struct crux_element *element) {
    static const int64_t no_k[CRUX_KDIMS_MAX] = {0, 0, 0};
    const struct crux_bound_op *bound = element->bound;
    struct crux_fetch fetch[2];
    struct crux_k k;
    uint32_t found_k = 0;
    int64_t before = 0, prefix = 0, r;
    bool found = false, any = false;
    crux_fetch_begin(&fetch[0], element, 0);
    crux_fetch_begin(&fetch[1], element, 1);
    r = crux_fetch(&fetch[1], no_k);
    for (crux_k_begin(&k); k.number < bound->k_count; crux_k_next(&k, bound)) {
        if (!in_range(fetch, 1, k.at)) continue;
        int64_t w =
            crux_fetch(&fetch[0], k.at); /* read all, so that the places do not depend on values */
        if (found) continue;
        any = true;
        found_k = k.number;
        before = prefix;
        prefix = crux_wrap_add(prefix, w);
        found = prefix > r;
    }
    if (!any) return 0;
    bool remainder = element->vars.v[CRUX_VAR_O + bound->op->ndim - 1] != 0;
    return remainder ? crux_wrap_sub(r, before) : (int64_t)found_k;
}
