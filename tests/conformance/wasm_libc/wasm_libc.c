#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/base/sha256.h"

enum { HEAP_BYTES = 4 << 20, ALIGN = 16 };

/* Each block has its length in front of it, for realloc. */
static uint8_t heap[HEAP_BYTES] __attribute__((aligned(ALIGN)));
static size_t used;

void crux_wasm_libc_reset(void) {
    used = 0;
}

void *malloc(size_t len) {
    size_t need = ALIGN + (len + ALIGN - 1) / ALIGN * ALIGN;
    if (len > HEAP_BYTES || need > HEAP_BYTES - used) return NULL;
    uint8_t *block = heap + used;
    used += need;
    memcpy(block, &len, sizeof len);
    return block + ALIGN;
}

void *calloc(size_t count, size_t len) {
    if (len != 0 && count > HEAP_BYTES / len) return NULL;
    void *p = malloc(count * len);
    return p == NULL ? NULL : memset(p, 0, count * len);
}

void *realloc(void *old, size_t len) {
    size_t old_len = 0;
    void *p = malloc(len);
    if (p == NULL || old == NULL) return p;
    memcpy(&old_len, (uint8_t *)old - ALIGN, sizeof old_len);
    return memcpy(p, old, old_len < len ? old_len : len);
}

void free(void *p) {
    (void)p;
}

static void swap(uint8_t *a, uint8_t *b, size_t size) {
    for (size_t i = 0; i < size; i++) {
        uint8_t t = a[i];
        a[i] = b[i];
        b[i] = t;
    }
}

/* By insertion: the lists here are short. */
void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *)) {
    uint8_t *p = base;
    for (size_t i = 1; i < count; i++) {
        for (size_t j = i; j > 0 && compare(p + (j - 1) * size, p + j * size) > 0; j--)
            swap(p + (j - 1) * size, p + j * size, size);
    }
}

size_t strlen(const char *text) {
    size_t len = 0;
    while (text[len] != '\0') len++;
    return len;
}

int vsnprintf(char *out, size_t len, const char *format, va_list arguments) {
    (void)format;
    (void)arguments;
    if (len > 0) out[0] = '\0';
    return 0;
}

int snprintf(char *out, size_t len, const char *format, ...) {
    (void)format;
    if (len > 0) out[0] = '\0';
    return 0;
}

/* The hosted name, by the plain code. */
void crux_sha256(uint8_t out[32], const uint8_t *in, size_t len) {
    crux_sha256_plain(out, in, len);
}

/* The compiler's helper for the division of 128 bits, which Debian does not ship for wasm32: bit by bit. */
__extension__ typedef __int128 wide;
__extension__ typedef unsigned __int128 unsigned_wide;

wide __divti3(wide a, wide b);

wide __divti3(wide a, wide b) {
    unsigned_wide n = a < 0 ? 0 - (unsigned_wide)a : (unsigned_wide)a;
    unsigned_wide d = b < 0 ? 0 - (unsigned_wide)b : (unsigned_wide)b, quotient = 0, rest = 0;
    for (int bit = 127; bit >= 0; bit--) {
        rest = rest << 1 | (n >> bit & 1);
        quotient <<= 1;
        if (rest >= d) {
            rest -= d;
            quotient |= 1;
        }
    }
    return (a < 0) != (b < 0) ? (wide)(0 - quotient) : (wide)quotient;
}
