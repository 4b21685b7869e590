/* UTF-8 as Unicode defines it: no surrogates, no overlong forms, nothing above U+10FFFF. */
#ifndef CRUX_EXECUTOR_TOKENIZER_UTF8_H
#define CRUX_EXECUTOR_TOKENIZER_UTF8_H

#include <stddef.h>
#include <stdint.h>

#define CRUX_UTF8_BYTES_MAX 4

/* What stands at the beginning of some bytes. */
struct crux_utf8_look {
    enum { CRUX_UTF8_WHOLE, CRUX_UTF8_CUT, CRUX_UTF8_INVALID } state;
    /* whole: bytes of the character; cut: all bytes given, a beginning of one; invalid: bytes that
     * one replacement character stands for (Unicode's maximal subpart), at least 1. */
    size_t len;
    uint32_t code; /* of a whole character */
};

/* In: len >= 1. */
struct crux_utf8_look crux_utf8_look(const char *in, size_t len);

/* Returns: bytes before the first that is not part of a whole character; len if all are. */
size_t crux_utf8_valid(const char *in, size_t len);

/* Out: up to CRUX_UTF8_BYTES_MAX bytes.  In: code is no surrogate and at most 0x10FFFF.  Returns: how many. */
size_t crux_utf8_write(char out[CRUX_UTF8_BYTES_MAX], uint32_t code);

#endif
