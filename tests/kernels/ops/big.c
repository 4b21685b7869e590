#include "tests/kernels/ops/big.h"

#include <string.h>

#include "kernels/base/macros.h"

enum { LIMB_BITS = 16, LIMB_MASK = 0xffff };

static bool is_zero(const struct big *a) {
    for (unsigned i = 0; i < BIG_LIMBS; i++) {
        if (a->limb[i] != 0) return false;
    }
    return true;
}

struct big big_from(int64_t v) {
    struct big r;
    memset(&r, 0, sizeof r);
    r.negative = v < 0;
    uint64_t m = v < 0 ? (uint64_t) - (v + 1) + 1 : (uint64_t)v;
    for (unsigned i = 0; i < 4; i++) r.limb[i] = (uint16_t)(m >> (LIMB_BITS * i) & LIMB_MASK);
    return r;
}

struct big big_pow2(unsigned e) {
    struct big r;
    memset(&r, 0, sizeof r);
    CRUX_ASSERT(e < LIMB_BITS * BIG_LIMBS);
    r.limb[e / LIMB_BITS] = (uint16_t)(1U << e % LIMB_BITS);
    return r;
}

struct big big_neg(const struct big *a) {
    struct big r = *a;
    r.negative = !a->negative && !is_zero(a);
    return r;
}

static int cmp_magnitude(const struct big *a, const struct big *b) {
    for (unsigned i = BIG_LIMBS; i-- > 0;) {
        if (a->limb[i] != b->limb[i]) return a->limb[i] < b->limb[i] ? -1 : 1;
    }
    return 0;
}

int big_cmp(const struct big *a, const struct big *b) {
    if (a->negative != b->negative) return a->negative ? -1 : 1;
    return a->negative ? -cmp_magnitude(a, b) : cmp_magnitude(a, b);
}

static struct big add_magnitudes(const struct big *a, const struct big *b) {
    struct big r = *a;
    uint32_t carry = 0;
    for (unsigned i = 0; i < BIG_LIMBS; i++) {
        carry += (uint32_t)a->limb[i] + b->limb[i];
        r.limb[i] = (uint16_t)(carry & LIMB_MASK);
        carry >>= LIMB_BITS;
    }
    CRUX_ASSERT(carry == 0);
    return r;
}

/* |a| >= |b| */
static struct big sub_magnitudes(const struct big *a, const struct big *b) {
    struct big r = *a;
    int32_t borrow = 0;
    for (unsigned i = 0; i < BIG_LIMBS; i++) {
        int32_t d = (int32_t)a->limb[i] - b->limb[i] - borrow;
        borrow = d < 0 ? 1 : 0;
        r.limb[i] = (uint16_t)(d + borrow * (LIMB_MASK + 1));
    }
    CRUX_ASSERT(borrow == 0);
    if (is_zero(&r)) r.negative = false;
    return r;
}

struct big big_add(const struct big *a, const struct big *b) {
    if (a->negative == b->negative) return add_magnitudes(a, b);
    return cmp_magnitude(a, b) >= 0 ? sub_magnitudes(a, b) : sub_magnitudes(b, a);
}

struct big big_mul(const struct big *a, const struct big *b) {
    struct big r = big_from(0);
    for (unsigned i = 0; i < BIG_LIMBS; i++) {
        uint64_t carry = 0;
        if (a->limb[i] == 0) continue;
        for (unsigned j = 0; i + j < BIG_LIMBS; j++) {
            carry += (uint64_t)a->limb[i] * b->limb[j] + r.limb[i + j];
            r.limb[i + j] = (uint16_t)(carry & LIMB_MASK);
            carry >>= LIMB_BITS;
        }
        CRUX_ASSERT(carry == 0);
    }
    r.negative = a->negative != b->negative && !is_zero(&r);
    return r;
}

static struct big halve_toward_zero(const struct big *a) {
    struct big r = *a;
    uint32_t down = 0;
    for (unsigned i = BIG_LIMBS; i-- > 0;) {
        uint32_t v = (down << LIMB_BITS) + a->limb[i];
        r.limb[i] = (uint16_t)(v / 2);
        down = v % 2;
    }
    if (is_zero(&r)) r.negative = false;
    return r;
}

struct big big_floor_pow2(const struct big *a, unsigned e) {
    const struct big minus_one = big_from(-1);
    struct big r = *a;
    for (unsigned i = 0; i < e; i++) {
        bool down = r.negative && r.limb[0] % 2 != 0;
        r = halve_toward_zero(&r);
        if (down) r = big_add(&r, &minus_one);
    }
    return r;
}

struct big big_wrap(const struct big *a, unsigned bits) {
    struct big whole = big_pow2(bits), half = big_pow2(bits - 1);
    struct big shifted = big_add(a, &half); /* into [0, 2^bits), then back */
    struct big turns = big_floor_pow2(&shifted, bits);
    turns = big_mul(&turns, &whole);
    turns = big_neg(&turns);
    return big_add(a, &turns);
}

int64_t big_saturate(const struct big *a, int64_t lo, int64_t hi) {
    struct big low = big_from(lo), high = big_from(hi);
    uint64_t m = 0;
    if (big_cmp(a, &low) <= 0) return lo;
    if (big_cmp(a, &high) >= 0) return hi;
    for (unsigned i = 0; i < 4; i++) m |= (uint64_t)a->limb[i] << (LIMB_BITS * i);
    return a->negative ? -(int64_t)(m - 1) - 1 : (int64_t)m; /* strictly between two int64 */
}

struct big big_floor(const struct big *a, int64_t s) {
    struct big factor;
    if (s >= 1) return big_floor_pow2(a, (unsigned)s);
    factor = big_pow2((unsigned)-s);
    return big_mul(a, &factor);
}

struct big big_round(const struct big *a, int64_t s) {
    struct big half, sum;
    if (s < 1) return big_floor(a, s);
    half = big_pow2((unsigned)(s - 1));
    sum = big_add(a, &half);
    return big_floor_pow2(&sum, (unsigned)s);
}
