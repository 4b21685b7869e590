#include "executor/tokenizer/utf8.h"

#include "kernels/kernels.h"

/* Bytes that a first byte announces, 0 if it cannot be one; *low and *high bound the second byte. */
static size_t announced(uint8_t first, uint8_t *low, uint8_t *high) {
    *low = 0x80;
    *high = 0xBF;
    if (first < 0x80) return 1;
    if (first < 0xC2) return 0;
    if (first < 0xE0) return 2;
    if (first < 0xF0) {
        if (first == 0xE0) *low = 0xA0;
        if (first == 0xED) *high = 0x9F; /* surrogates */
        return 3;
    }
    if (first > 0xF4) return 0;
    if (first == 0xF0) *low = 0x90;
    if (first == 0xF4) *high = 0x8F;
    return 4;
}

struct crux_utf8_look crux_utf8_look(const char *in, size_t len) {
    CRUX_ASSERT(len >= 1);
    const uint8_t *p = (const uint8_t *)in;
    uint8_t low, high;
    size_t want = announced(p[0], &low, &high);
    if (want == 0) return (struct crux_utf8_look){CRUX_UTF8_INVALID, 1, 0};
    uint32_t code = want == 1 ? p[0] : p[0] & (0x7Fu >> want);
    for (size_t i = 1; i < want; i++) {
        if (i == len) return (struct crux_utf8_look){CRUX_UTF8_CUT, len, 0};
        if (p[i] < low || p[i] > high) return (struct crux_utf8_look){CRUX_UTF8_INVALID, i, 0};
        code = code << 6 | (p[i] & 0x3Fu);
        low = 0x80;
        high = 0xBF;
    }
    return (struct crux_utf8_look){CRUX_UTF8_WHOLE, want, code};
}

size_t crux_utf8_valid(const char *in, size_t len) {
    size_t at = 0;
    while (at < len) {
        if ((uint8_t)in[at] < 0x80) {
            at++;
            continue;
        }
        struct crux_utf8_look look = crux_utf8_look(in + at, len - at);
        if (look.state != CRUX_UTF8_WHOLE) break;
        at += look.len;
    }
    return at;
}

size_t crux_utf8_write(char out[CRUX_UTF8_BYTES_MAX], uint32_t code) {
    CRUX_ASSERT(code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF));
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t len = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const uint8_t mark[5] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = len; i-- > 1; code >>= 6) out[i] = (char)(0x80u | (code & 0x3Fu));
    out[0] = (char)(mark[len] | code);
    return len;
}
