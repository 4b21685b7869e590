#include "executor/tokenizer/byte_letters.h"
#include "executor/tokenizer/utf8.h"
#include "kernels/kernels.h"

#define MOVED 0x100u

static bool has_own_letter(uint32_t byte) {
    return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) ||
           (byte >= 0xAE && byte <= 0xFF);
}

/* Returns: the byte, or -1. The moved ones are 0..0x20, 0x7F..0xA0, 0xAD. */
static int byte_of(uint32_t code) {
    if (code < MOVED) return has_own_letter(code) ? (int)code : -1;
    uint32_t place = code - MOVED;
    if (place <= 0x20) return (int)place;
    if (place <= 0x20 + 0x22) return (int)(place - 0x21 + 0x7F);
    return place == 0x43 ? 0xAD : -1;
}

bool crux_byte_letters_read(char *out, size_t *out_len, const char *in, size_t len) {
    size_t made = 0;
    for (size_t at = 0; at < len;) {
        struct crux_utf8_look look = crux_utf8_look(in + at, len - at);
        if (look.state != CRUX_UTF8_WHOLE) return false;
        int byte = byte_of(look.code);
        if (byte < 0) return false;
        out[made++] = (char)(uint8_t)byte;
        at += look.len;
    }
    *out_len = made;
    return true;
}
