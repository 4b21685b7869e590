#include "kernels/certificate/interval.h"

static crux_i128 capped(crux_i128 v) {
    const crux_i128 cap = (crux_i128)1 << CRUX_INTERVAL_CAP_BITS;
    return v > cap ? cap : v < -cap ? -cap : v;
}

static int bits_of(crux_i128 v) { /* of the magnitude */
    crux_u128 m = v < 0 ? 0 - (crux_u128)v : (crux_u128)v;
    int bits = 0;
    for (; m >= 256; m >>= 8) bits += 8;
    for (; m != 0; m >>= 1) bits++;
    return bits;
}

static crux_i128 times(crux_i128 a, crux_i128 b) {
    if (a == 0 || b == 0) return 0;
    if (bits_of(a) + bits_of(b) <= CRUX_INTERVAL_CAP_BITS) return a * b;
    return capped((a < 0) == (b < 0) ? INT64_MAX * ((crux_i128)1 << 64)
                                     : -(INT64_MAX * ((crux_i128)1 << 64)));
}

static crux_i128 least(crux_i128 a, crux_i128 b) {
    return a < b ? a : b;
}
static crux_i128 most(crux_i128 a, crux_i128 b) {
    return a > b ? a : b;
}

struct crux_interval crux_interval_of(int64_t lo, int64_t hi) {
    return (struct crux_interval){lo, hi};
}

/* Both sides are within +-2^125, so that no sum leaves 128 bits. */
struct crux_interval crux_interval_add(struct crux_interval a, struct crux_interval b) {
    return (struct crux_interval){capped(a.lo + b.lo), capped(a.hi + b.hi)};
}

struct crux_interval crux_interval_sub(struct crux_interval a, struct crux_interval b) {
    return (struct crux_interval){capped(a.lo - b.hi), capped(a.hi - b.lo)};
}

struct crux_interval crux_interval_mul(struct crux_interval a, struct crux_interval b) {
    crux_i128 ll = times(a.lo, b.lo), lh = times(a.lo, b.hi), hl = times(a.hi, b.lo),
              hh = times(a.hi, b.hi);
    return (struct crux_interval){least(least(ll, lh), least(hl, hh)),
                                  most(most(ll, lh), most(hl, hh))};
}

struct crux_interval crux_interval_shl(struct crux_interval a, unsigned s) {
    crux_i128 power = (crux_i128)1 << (s < CRUX_INTERVAL_CAP_BITS ? s : CRUX_INTERVAL_CAP_BITS);
    return (struct crux_interval){times(a.lo, power), times(a.hi, power)};
}

struct crux_interval crux_interval_sums(struct crux_interval a, uint32_t count) {
    struct crux_interval part = crux_interval_with_zero(a);
    return (struct crux_interval){times(part.lo, count), times(part.hi, count)};
}

struct crux_interval crux_interval_with_zero(struct crux_interval a) {
    return (struct crux_interval){least(a.lo, 0), most(a.hi, 0)};
}

int crux_interval_spare(struct crux_interval a, unsigned bits) {
    int up = a.hi > 0 ? bits_of(a.hi) : 0, down = a.lo < 0 ? bits_of(a.lo + 1) : 0;
    return (int)bits - (up > down ? up : down);
}

char *crux_i128_text(char text[CRUX_I128_TEXT], crux_i128 v) {
    crux_u128 m = v < 0 ? 0 - (crux_u128)v : (crux_u128)v;
    char digits[CRUX_I128_TEXT];
    size_t count = 0, at = 0;
    do {
        digits[count++] = (char)('0' + (int)(m % 10));
        m /= 10;
    } while (m != 0); /* at most 39 digits */
    if (v < 0) text[at++] = '-';
    while (count > 0) text[at++] = digits[--count];
    text[at] = 0;
    return text;
}
