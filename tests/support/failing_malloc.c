#include "tests/support/failing_malloc.h"

#include <stdint.h>

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *block, size_t bytes);
void *__real_aligned_alloc(size_t align, size_t bytes);
void __real_free(void *block);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *block, size_t bytes);
void *__wrap_aligned_alloc(size_t align, size_t bytes);
void __wrap_free(void *block);

static struct {
    bool armed, failed;
    size_t left; /* allocations that still succeed */
    long live;
} state;

void failing_malloc_arm(size_t nth) {
    state.armed = true;
    state.failed = false;
    state.left = nth;
}

bool failing_malloc_disarm(void) {
    state.armed = false;
    return state.failed;
}

long failing_malloc_live(void) {
    return state.live;
}

static bool fails(void) {
    if (!state.armed || state.failed) return false;
    if (state.left-- > 0) return false;
    state.failed = true;
    return true;
}

void *__wrap_malloc(size_t bytes) {
    void *block = fails() ? NULL : __real_malloc(bytes);
    state.live += block != NULL;
    return block;
}

void *__wrap_calloc(size_t count, size_t bytes) {
    void *block = fails() ? NULL : __real_calloc(count, bytes);
    state.live += block != NULL;
    return block;
}

/* A block that cannot grow stays as it is. */
void *__wrap_realloc(void *block, size_t bytes) {
    void *grown = fails() ? NULL : __real_realloc(block, bytes);
    state.live += block == NULL && grown != NULL;
    return grown;
}

void *__wrap_aligned_alloc(size_t align, size_t bytes) {
    void *block = fails() ? NULL : __real_aligned_alloc(align, bytes);
    state.live += block != NULL;
    return block;
}

void __wrap_free(void *block) {
    state.live -= block != NULL;
    __real_free(block);
}
