#include "executor/tokenizer/space.h"
#include "executor/tokenizer/unicode_class.h"
#include "executor/tokenizer/utf8.h"

bool crux_space_is(uint32_t code) {
    if (code < 0x80) return (code >= 0x09 && code <= 0x0D) || code == 0x20;
    return crux_unicode_class(code) == CRUX_UNICODE_SPACE;
}

size_t crux_space_skip(const char *text, size_t len, size_t at) {
    while (at < len) {
        struct crux_utf8_look look = crux_utf8_look(text + at, len - at);
        if (look.state != CRUX_UTF8_WHOLE || !crux_space_is(look.code)) break;
        at += look.len;
    }
    return at;
}

size_t crux_space_skip_back(const char *text, size_t from, size_t at) {
    while (at > from) {
        size_t start = at - 1;
        while (start > from && ((uint8_t)text[start] & 0xC0) == 0x80) start--;
        struct crux_utf8_look look = crux_utf8_look(text + start, at - start);
        if (look.state != CRUX_UTF8_WHOLE || look.len != at - start || !crux_space_is(look.code)) {
            break;
        }
        at = start;
    }
    return at;
}
