/* The compiler's own helpers for 128-bit integers on wasm32, where Debian ships none: products and shifts.
 * Built from 64-bit halves only, or they would call themselves. Hosted builds leave this file out. */
#include <stdint.h>

__extension__ typedef __int128 wide;

union halves {
    wide whole;
    struct {
        uint64_t low; /* wasm is little-endian */
        uint64_t high;
    } half;
};

wide __multi3(wide a, wide b);
wide __ashlti3(wide a, int bits);
wide __lshrti3(wide a, int bits);
wide __ashrti3(wide a, int bits);

static uint64_t sign_fill(uint64_t high) {
    return high >> 63 != 0 ? UINT64_MAX : 0;
}

/* The full product of two 64-bit values, from four products of 32-bit halves. */
static union halves product(uint64_t a, uint64_t b) {
    union halves r;
    uint64_t al = a & UINT32_MAX, ah = a >> 32;
    uint64_t bl = b & UINT32_MAX, bh = b >> 32;
    uint64_t ll = al * bl, lh = al * bh, hl = ah * bl;
    /* At most 3 * (2^32 - 1): no carry is lost. */
    uint64_t mid = (ll >> 32) + (lh & UINT32_MAX) + (hl & UINT32_MAX);
    r.half.low = (mid << 32) | (ll & UINT32_MAX);
    r.half.high = ah * bh + (lh >> 32) + (hl >> 32) + (mid >> 32);
    return r;
}

/* Modulo 2^128, which is the same for signed and unsigned operands. */
wide __multi3(wide a, wide b) {
    union halves x, y, r;
    x.whole = a;
    y.whole = b;
    r = product(x.half.low, y.half.low);
    r.half.high += x.half.low * y.half.high + x.half.high * y.half.low;
    return r.whole;
}

/* Shifts: 0 <= bits <= 127, as the compiler promises. */
wide __ashlti3(wide a, int bits) {
    union halves x, r;
    x.whole = a;
    if (bits == 0) return a;
    if (bits >= 64) {
        r.half.low = 0;
        r.half.high = x.half.low << (bits - 64);
    } else {
        r.half.low = x.half.low << bits;
        r.half.high = x.half.high << bits | x.half.low >> (64 - bits);
    }
    return r.whole;
}

static wide shift_right(wide a, int bits, uint64_t fill) {
    union halves x, r;
    x.whole = a;
    if (bits == 0) return a;
    if (bits == 64) {
        r.half.low = x.half.high;
        r.half.high = fill;
    } else if (bits > 64) {
        r.half.low = x.half.high >> (bits - 64) | fill << (128 - bits);
        r.half.high = fill;
    } else {
        r.half.low = x.half.low >> bits | x.half.high << (64 - bits);
        r.half.high = x.half.high >> bits | fill << (64 - bits);
    }
    return r.whole;
}

wide __lshrti3(wide a, int bits) {
    return shift_right(a, bits, 0);
}

wide __ashrti3(wide a, int bits) {
    union halves x;
    x.whole = a;
    return shift_right(a, bits, sign_fill(x.half.high));
}
