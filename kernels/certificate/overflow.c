/* Interval arithmetic, from the declared ranges of one op's operands to each of its intermediates. What the output saturates
 * to is law, so only what comes before it is bounded here. */
#include "kernels/certificate/overflow.h"

enum { SUM_BITS = 63, PRODUCT_BITS = 95, SHIFT_LO = -31, SHIFT_HI = 95 };

struct checker {
    const struct crux_proof *proof;
    const struct crux_box *box;
    uint32_t k_count;
    int32_t margin;
    enum crux_status status; /* sticky */
};

static void hold(struct checker *checker, struct crux_interval v, unsigned bits, const char *what) {
    char text[CRUX_I128_TEXT];
    int spare = crux_interval_spare(v, bits);
    if (checker->status != CRUX_OK) return;
    if (spare >= 0) {
        if (spare < checker->margin) checker->margin = spare;
        return;
    }
    crux_i128 bound = (crux_i128)1 << bits, cap = (crux_i128)1 << CRUX_INTERVAL_CAP_BITS;
    crux_i128 worst = v.hi >= bound ? v.hi : v.lo;
    checker->status = crux_proof_refuse(
        checker->proof, CRUX_E_OVERFLOW, "%s can reach %s%s, bound is %s2^%u", what,
        crux_i128_text(text, worst), worst == cap || worst == -cap ? " or beyond" : "",
        worst > 0 ? "below " : "-", bits);
}

static void hold_sum(struct checker *checker, struct crux_interval v, const char *what) {
    hold(checker, v, SUM_BITS, what);
}

/* What an operand's value can be, 0 included where a read may give 0 instead of an element. */
static struct crux_interval value_of(const struct checker *checker, unsigned slot) {
    const struct crux_operand *operand = &checker->proof->op->in[slot];
    struct crux_interval v = crux_interval_of(operand->lo, operand->hi);
    bool may_be_zero = (operand->flags & CRUX_FLAG_PAD) != 0;
    switch ((enum crux_kind)operand->kind) {
    case CRUX_KIND_IMM: {
        struct crux_reachable r = crux_box_affine(checker->box, &operand->at);
        v = crux_interval_of(r.lo, r.hi);
        may_be_zero = crux_operand_uses(operand, CRUX_VAR_X); /* 0 when x is beyond 32 bits */
        break;
    }
    case CRUX_KIND_STEP:
    case CRUX_KIND_MODEL:
    case CRUX_KIND_PARAM: break;
    case CRUX_KIND_RECORD:
    case CRUX_KIND_TOKEN: may_be_zero = true; break;
    }
    return may_be_zero ? crux_interval_with_zero(v) : v;
}

static void contract(struct checker *checker) {
    struct crux_interval product = crux_interval_of(1, 1);
    for (unsigned slot = 0; slot < checker->proof->op->nin; slot++) {
        product = crux_interval_mul(product, value_of(checker, slot));
        hold_sum(checker, product, "product of operands");
    }
    hold_sum(checker, crux_interval_sums(product, checker->k_count), "sum of products");
}

static void reduce(struct checker *checker) {
    if (checker->proof->op->func != CRUX_REDUCE_SUM)
        return; /* the others only compare, or count to 4,096 */
    hold_sum(checker, crux_interval_sums(value_of(checker, 0), checker->k_count), "sum of values");
}

/* spec/25-certificates.md#overflow: "Outside [-31, 95] the shift is clamped, and that is proven to change nothing" */
static void shift_reach(struct checker *checker, struct crux_interval product,
                        struct crux_interval add, struct crux_interval shift) {
    const struct crux_op *op = checker->proof->op;
    const crux_i128 least_step = (crux_i128)1 << -SHIFT_LO;
    char text[CRUX_I128_TEXT];
    bool high_ok = shift.hi <= SHIFT_HI || op->rounding == CRUX_FLOOR ||
                   crux_interval_spare(product, SHIFT_HI - 1) >= 0;
    bool low_ok = shift.lo >= SHIFT_LO || ((product.hi <= 0 || least_step + add.lo >= op->hi) &&
                                           (product.lo >= 0 || -least_step + add.hi <= op->lo));
    if (checker->status != CRUX_OK || (high_ok && low_ok)) return;
    checker->status = crux_proof_refuse(
        checker->proof, CRUX_E_OVERFLOW, "shift can reach %s, bound is %d",
        crux_i128_text(text, high_ok ? shift.lo : shift.hi), high_ok ? SHIFT_LO : SHIFT_HI);
}

static void requantise(struct checker *checker) {
    const struct crux_op *op = checker->proof->op;
    struct crux_interval product = crux_interval_of(op->m0, op->m0),
                         add = crux_interval_of(op->c0, op->c0);
    struct crux_interval shift = crux_interval_of(op->s0, op->s0);
    hold(checker, product, PRODUCT_BITS, "m0");
    for (unsigned slot = 0; slot < op->nin; slot++) {
        struct crux_interval v = value_of(checker, slot);
        switch ((enum crux_role)op->in[slot].role) {
        case CRUX_ROLE_FACTOR:
            product = crux_interval_mul(product, v);
            hold(checker, product, PRODUCT_BITS, "m0 * product of factors");
            break;
        case CRUX_ROLE_ADD: add = crux_interval_add(add, v); break;
        case CRUX_ROLE_EXPONENT: {
            struct crux_interval e = crux_interval_of(crux_saturate(v.lo, INT32_MIN, INT32_MAX),
                                                      crux_saturate(v.hi, INT32_MIN, INT32_MAX));
            struct crux_interval coef = crux_interval_of(op->in[slot].coef, op->in[slot].coef);
            shift = crux_interval_add(shift, crux_interval_mul(coef, e));
            break;
        }
        }
    }
    shift_reach(checker, product, add, shift);
}

static void map(struct checker *checker) {
    switch ((enum crux_map)checker->proof->op->func) {
    case CRUX_MAP_REQUANT: requantise(checker); break;
    case CRUX_MAP_DYNEXP: /* |a| <= 2^63, shifted left by at most 31: 128 bits always hold it */
    case CRUX_MAP_SELECT:
    case CRUX_MAP_COMPARE:
    case CRUX_MAP_MIN:
    case CRUX_MAP_MAX:
    case CRUX_MAP_BITLEN: break;
    }
}

/* The end that takes over for v in [from, to]; unreachable if the interval is empty. */
static void lut_end(struct checker *checker, const struct crux_lut_end *end, crux_i128 from,
                    crux_i128 to, const char *what) {
    struct crux_interval v = {from, to};
    if (end->kind == 0 || from > to) return;
    v = crux_interval_mul(v, crux_interval_of(end->value, end->value));
    hold_sum(checker, v, what);
    if (end->shift > 0) {
        crux_i128 half = (crux_i128)1 << (end->shift - 1);
        hold_sum(checker, crux_interval_add(v, (struct crux_interval){half, half}), what);
    }
}

static void lut(struct checker *checker) {
    const struct crux_op *op = checker->proof->op;
    unsigned table = op->nin - 1U;
    struct crux_interval v = value_of(checker, 0),
                         entry = crux_interval_of(op->in[table].lo, op->in[table].hi);
    crux_i128 first = op->x0, beyond = op->x0 + ((crux_i128)op->cells << op->shift);
    if (table == 2) {
        v = crux_interval_sub(v, value_of(checker, 1));
        hold_sum(checker, v, "a - b");
    }
    hold_sum(checker, crux_interval_sub(v, crux_interval_of(op->x0, op->x0)), "v - x0");
    lut_end(checker, &op->left, v.lo, v.hi < first ? v.hi : first - 1, "v * m of the left end");
    lut_end(checker, &op->right, v.lo < beyond ? beyond : v.lo, v.hi, "v * m of the right end");
    if (v.hi < first || v.lo >= beyond) return;
    struct crux_interval within = crux_interval_of(0, (INT64_C(1) << op->shift) - 1);
    struct crux_interval base = crux_interval_shl(entry, op->shift);
    struct crux_interval half =
        crux_interval_of(0, op->shift == 0 ? 0 : INT64_C(1) << (op->shift - 1));
    hold_sum(checker, crux_interval_mul(crux_interval_sub(entry, entry), within),
             "(T[i+1] - T[i]) * f");
    /* T[i] * 2^shift + (T[i+1] - T[i]) * f lies between T[i] * 2^shift and T[i+1] * 2^shift */
    hold_sum(checker, crux_interval_add(base, half), "T[i] * 2^shift");
}

static void quotient(struct checker *checker) {
    hold_sum(checker, crux_interval_shl(value_of(checker, 0), checker->proof->op->shift),
             "a * 2^s");
}

static void root(struct checker *checker) {
    struct crux_interval a = value_of(checker, 0);
    if (a.hi < 0) return; /* the result is 0 */
    if (a.lo < 0) a.lo = 0;
    hold_sum(checker, crux_interval_shl(a, checker->proof->op->shift), "a * 2^s");
}

static void find(struct checker *checker) {
    struct crux_interval prefix = crux_interval_sums(value_of(checker, 0), checker->k_count);
    hold_sum(checker, prefix, "prefix sum");
    hold_sum(checker, crux_interval_sub(value_of(checker, 1), prefix), "r minus prefix sum");
}

enum crux_status crux_overflow_check(int32_t *margin_bits, const struct crux_proof *proof,
                                     const struct crux_box *box, uint32_t k_count) {
    struct checker checker = {proof, box, k_count, CRUX_CERTIFICATE_NO_MARGIN, CRUX_OK};
    switch ((enum crux_opcode)proof->op->code) {
    case CRUX_LOAD:
    case CRUX_STORE:
    case CRUX_RAND: break;
    case CRUX_CONTRACT: contract(&checker); break;
    case CRUX_REDUCE: reduce(&checker); break;
    case CRUX_MAP: map(&checker); break;
    case CRUX_LUT: lut(&checker); break;
    case CRUX_DIV: quotient(&checker); break;
    case CRUX_SQRT: root(&checker); break;
    case CRUX_FIND: find(&checker); break;
    }
    *margin_bits = checker.margin;
    return checker.status;
}
