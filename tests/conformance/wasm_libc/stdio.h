#ifndef CRUX_TESTS_CONFORMANCE_WASM_LIBC_STDIO_H
#define CRUX_TESTS_CONFORMANCE_WASM_LIBC_STDIO_H

#include <stdarg.h>
#include <stddef.h>

/* The empty text, whatever was to be said. */
int snprintf(char *out, size_t len, const char *format, ...);
int vsnprintf(char *out, size_t len, const char *format, va_list arguments);

#endif
