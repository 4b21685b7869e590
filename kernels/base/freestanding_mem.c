/* memcpy, memmove, memset, memcmp for builds without a C library: our code does not call them, but the compiler
 * may, for copies of structs. Compiled with -fno-builtin, or the loops would be turned into calls of themselves.
 * Hosted builds leave this file out. */
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *out, const void *in, size_t len);
void *memmove(void *out, const void *in, size_t len);
void *memset(void *out, int value, size_t len);
int memcmp(const void *a, const void *b, size_t len);

void *memcpy(void *out, const void *in, size_t len) {
    unsigned char *o = out;
    const unsigned char *i = in;
    for (size_t k = 0; k < len; k++) o[k] = i[k];
    return out;
}

void *memmove(void *out, const void *in, size_t len) {
    unsigned char *o = out;
    const unsigned char *i = in;
    if ((uintptr_t)out <= (uintptr_t)in) return memcpy(out, in, len);
    for (size_t k = len; k > 0; k--) o[k - 1] = i[k - 1];
    return out;
}

void *memset(void *out, int value, size_t len) {
    unsigned char *o = out;
    for (size_t k = 0; k < len; k++) o[k] = (unsigned char)value;
    return out;
}

int memcmp(const void *a, const void *b, size_t len) {
    const unsigned char *x = a;
    const unsigned char *y = b;
    for (size_t k = 0; k < len; k++) {
        if (x[k] != y[k]) return x[k] < y[k] ? -1 : 1;
    }
    return 0;
}
