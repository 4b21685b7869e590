/* Packing all matrices of a model at once: listed first, then laid into one piece of memory by many threads.
 *
 *   tiles in the model's file | b0.q | b0.k | .. | head |      read once, in order; a mapped file's pages are given back
 *   packed, in huge pages     |  b0.q  |  b0.k  | .. |  head  |
 */
#ifndef CRUX_EXECUTOR_ENGINE_RUNNER_PACK_H
#define CRUX_EXECUTOR_ENGINE_RUNNER_PACK_H

#include "executor/engine/runner_memory.h"
#include "kernels/kernels.h"

struct runner_packing {
    const struct crux_backend *backend;
    bool mapped; /* the tiles lie in a read-only map of a file */
    struct runner_packed {
        struct crux_backend_matrix *matrix;
        struct crux_tiles tiles;
        size_t at;           /* in the packed memory */
        uint32_t first_task; /* of this matrix */
        uint32_t panels;     /* of a task */
    } * list;
    size_t count, cap;
    uint64_t tiles_bytes;
    size_t bytes;
    uint32_t tasks;
    uint8_t *memory;
};

/* In: matrix, filled in by runner_pack_all; stays where it is until then.  Returns: CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status runner_pack_add(struct runner_packing *packing, struct crux_backend_matrix *matrix,
                                 const struct crux_tiles *tiles);
/* In: memory, owns the packed matrices.  Returns: CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status runner_pack_all(struct runner_packing *packing, struct runner_memory *memory);
void runner_pack_free(struct runner_packing *packing);

#endif
