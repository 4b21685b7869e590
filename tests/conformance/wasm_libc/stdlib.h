#ifndef CRUX_TESTS_CONFORMANCE_WASM_LIBC_STDLIB_H
#define CRUX_TESTS_CONFORMANCE_WASM_LIBC_STDLIB_H

#include <stddef.h>

void *malloc(size_t len);
void *calloc(size_t count, size_t len);
void *realloc(void *old, size_t len);
void free(void *p);
void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *));

/* All memory handed out so far is free again. */
void crux_wasm_libc_reset(void);

#endif
