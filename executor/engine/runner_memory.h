/* Memory that is given back all at once. */
#ifndef CRUX_EXECUTOR_ENGINE_RUNNER_MEMORY_H
#define CRUX_EXECUTOR_ENGINE_RUNNER_MEMORY_H

#include <stddef.h>

/* A zeroed struct is empty. */
struct runner_memory {
    void **block;
    size_t count, cap;
    size_t bytes; /* of all blocks */
};

/* Returns: count * size zero bytes (one at least) at a multiple of CRUX_BACKEND_ALIGN_BYTES; NULL if there are none. */
void *runner_memory_get(struct runner_memory *memory, size_t count, size_t size);
/* For weights: one core read them 1.4 times as fast from huge pages as from small ones.
 * Returns: `bytes` bytes of any value at such a multiple, in huge pages where the system has them, spread over the
 * machine's memory nodes; NULL if there are none. */
void *runner_memory_get_large(struct runner_memory *memory, size_t bytes);
void runner_memory_free(struct runner_memory *memory);

/* Whole pages inside these bytes leave this process's memory; the file still has them.  In: bytes, of a read-only map. */
void runner_memory_give_back(const void *bytes, size_t len);

#endif
