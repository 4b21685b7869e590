#include "kernels/lowering/range.h"

static crux_i128 lesser(crux_i128 a, crux_i128 b) {
    return a < b ? a : b;
}
static crux_i128 greater(crux_i128 a, crux_i128 b) {
    return a > b ? a : b;
}

struct crux_range crux_range_of(struct crux_type type) {
    struct crux_range range = {type.lo, type.hi};
    return range;
}

struct crux_range crux_range_absolute(struct crux_range a) {
    struct crux_range range = {0, greater(a.hi, -a.lo)};
    /* absmax of the least i64 saturates: spec/20-ops.md#reduce values are within 64 bits */
    if (range.hi > INT64_MAX) range.hi = INT64_MAX;
    return range;
}

struct crux_range crux_range_mul(struct crux_range a, struct crux_range b) {
    crux_i128 p = a.lo * b.lo, q = a.lo * b.hi, r = a.hi * b.lo,
              s = a.hi * b.hi; /* each below 2^126 */
    struct crux_range range = {lesser(lesser(p, q), lesser(r, s)),
                               greater(greater(p, q), greater(r, s))};
    return range;
}

/* Index expressions as operands: only bounded ones (constants) are of use here. */
static struct crux_range range_of_operand(const struct crux_operand *operand) {
    struct crux_range range = {operand->lo, operand->hi};
    if (operand->kind == CRUX_KIND_IMM) range.lo = range.hi = operand->at.coef[CRUX_VAR_ONE];
    if ((operand->flags & CRUX_FLAG_PAD) != 0) {
        range.lo = lesser(range.lo, 0);
        range.hi = greater(range.hi, 0);
    }
    return range;
}

struct crux_range crux_range_product(const struct crux_op *op) {
    struct crux_range range = range_of_operand(&op->in[0]);
    unsigned factors = op->code == CRUX_CONTRACT ? op->nin : 1;
    for (unsigned i = 1; i < factors; i++) { /* three factors of at most 32 bits: below 2^96 */
        range = crux_range_mul(range, range_of_operand(&op->in[i]));
    }
    return range;
}

bool crux_range_sum_type(struct crux_type *type, struct crux_range term, uint64_t count) {
    crux_i128 lo = lesser(term.lo, 0), hi = greater(term.hi, 0);
    if (count > INT32_MAX || lo < INT64_MIN || hi > INT64_MAX) return false;
    lo *= (crux_i128)count;
    hi *= (crux_i128)count;
    if (lo < INT64_MIN || hi > INT64_MAX) return false;
    *type = crux_type_fit((int64_t)lo, (int64_t)hi, 4);
    if (type->dtype == CRUX_U32) type->dtype = CRUX_I64;
    return true;
}
