#include "executor/engine/runner_memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"

void *runner_memory_get(struct runner_memory *memory, size_t count, size_t size) {
    if (size == 0 || count > (SIZE_MAX - CRUX_BACKEND_ALIGN_BYTES) / size) return NULL;
    size_t bytes = count * size == 0 ? 1 : count * size;
    bytes = (bytes + CRUX_BACKEND_ALIGN_BYTES - 1) / CRUX_BACKEND_ALIGN_BYTES *
            CRUX_BACKEND_ALIGN_BYTES;
    if (memory->count == memory->cap) {
        size_t cap = memory->cap == 0 ? 64 : 2 * memory->cap;
        void **blocks = realloc(memory->block, cap * sizeof *blocks);
        if (blocks == NULL) return NULL;
        memory->block = blocks;
        memory->cap = cap;
    }
    void *block = aligned_alloc(CRUX_BACKEND_ALIGN_BYTES, bytes);
    if (block == NULL) return NULL;
    memset(block, 0, bytes);
    memory->block[memory->count++] = block;
    memory->bytes += bytes;
    return block;
}

void runner_memory_free(struct runner_memory *memory) {
    for (size_t i = 0; i < memory->count; i++) free(memory->block[i]);
    free(memory->block);
    *memory = (struct runner_memory){.count = 0};
}
