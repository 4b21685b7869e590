#ifndef CRUX_TESTS_CONFORMANCE_WASM_LIBC_STRING_H
#define CRUX_TESTS_CONFORMANCE_WASM_LIBC_STRING_H

#include <stddef.h>

void *memcpy(void *out, const void *in, size_t len);
void *memmove(void *out, const void *in, size_t len);
void *memset(void *out, int value, size_t len);
int memcmp(const void *a, const void *b, size_t len);
size_t strlen(const char *text);

#endif
