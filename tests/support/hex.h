/* Bytes of a test written as hexadecimal digits. */
#ifndef CRUX_TESTS_SUPPORT_HEX_H
#define CRUX_TESTS_SUPPORT_HEX_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In: text, of exactly 2 * len digits; anything else stops the process. */
static inline void hex_read(uint8_t *out, const char *text, size_t len) {
    if (strlen(text) != 2 * len) abort();
    for (size_t i = 0; i < len; i++) {
        unsigned byte;
        if (sscanf(text + 2 * i, "%2x", &byte) != 1) abort();
        out[i] = (uint8_t)byte;
    }
}

#endif
