#define _DEFAULT_SOURCE /* madvise */
#include "executor/engine/runner_memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "executor/engine/processors.h"
#include "kernels/kernels.h"

/* Large blocks begin at the same place in a page, and the first row of each would claim the same few lines of the first
 * cache: so each begins a little further on than the one before. */
enum { HUGE_BYTES = 2 << 20, PAGE_BYTES = 4096, SHIFT_BYTES = 9 * CRUX_BACKEND_ALIGN_BYTES };

/* In: align, a power of two. */
static void *get(struct runner_memory *memory, size_t bytes, size_t align) {
    if (bytes > SIZE_MAX - align) return NULL;
    bytes = (bytes + align - 1) / align * align;
    if (memory->count == memory->cap) {
        size_t cap = memory->cap == 0 ? 64 : 2 * memory->cap;
        void **blocks = realloc(memory->block, cap * sizeof *blocks);
        if (blocks == NULL) return NULL;
        memory->block = blocks;
        memory->cap = cap;
    }
    void *block = aligned_alloc(align, bytes);
    if (block == NULL) return NULL;
    memory->block[memory->count++] = block;
    memory->bytes += bytes;
    return block;
}

void *runner_memory_get(struct runner_memory *memory, size_t count, size_t size) {
    if (size == 0 || count > SIZE_MAX / size) return NULL;
    size_t bytes = count * size == 0 ? 1 : count * size;
    size_t shift = bytes < PAGE_BYTES ? 0 : memory->count * SHIFT_BYTES % PAGE_BYTES;
    if (bytes > SIZE_MAX - PAGE_BYTES) return NULL;
    uint8_t *block = get(memory, bytes + shift, CRUX_BACKEND_ALIGN_BYTES);
    if (block == NULL) return NULL;
    memset(block + shift, 0, bytes);
    return block + shift;
}

void *runner_memory_get_large(struct runner_memory *memory, size_t bytes) {
    if (bytes < HUGE_BYTES) return get(memory, bytes == 0 ? 1 : bytes, CRUX_BACKEND_ALIGN_BYTES);
    void *block = get(memory, bytes, HUGE_BYTES);
    if (block == NULL) return NULL;
    (void)madvise(block, bytes, MADV_HUGEPAGE);
    crux_processors_spread(block, bytes);
    return block;
}

void runner_memory_free(struct runner_memory *memory) {
    for (size_t i = 0; i < memory->count; i++) free(memory->block[i]);
    free(memory->block);
    *memory = (struct runner_memory){.count = 0};
}

void runner_memory_give_back(const void *bytes, size_t len) {
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), first = (uintptr_t)bytes;
    uintptr_t start = (first + page - 1) / page * page, end = (first + len) / page * page;
    if (start < end) (void)madvise((void *)start, end - start, MADV_DONTNEED);
}
