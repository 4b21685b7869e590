/* How much an archive holds, known from the program before anything is computed. */
#include "executor/engine/archive_again.h"
#include "executor/engine/archive_parts.h"

enum { BLOCK_BYTES = 32 /* that a block of memory takes beside what was asked for, at most */ };

/* Of one step: its place, its leaf, its trees, and each store twice over in lists that grow by doubling. */
static uint64_t step_bytes(const struct crux_program *program, uint32_t layer) {
    const struct crux_layer *l = &program->layers[layer];
    struct crux_tensor tensors[CRUX_STORES_MAX] = {{.elements = NULL}};
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < l->stores; i++) {
        const struct crux_op *op = &program->ops[l->first + l->ops - l->stores + i].op;
        struct crux_layout *layout = &tensors[i].layout;
        uint32_t extent[CRUX_DIMS_MAX] = {0};
        for (unsigned d = 0; d < op->ndim; d++) extent[d] = crux_dim_value(&op->dim[d], 0, 1);
        crux_layout_record(layout, op->dtype, op->ndim, extent);
        bytes += layout->rows * layout->row_elements * crux_dtype_bytes(op->dtype) + BLOCK_BYTES;
    }
    return bytes + crux_nested_bytes(tensors, l->stores) + BLOCK_BYTES;
}

/* Of one step, active or not: places in lists that grow by doubling. */
static uint64_t place_bytes(const struct crux_program *program, uint32_t layer) {
    return 2 * (sizeof(struct archive_record) + 32 +
                program->layers[layer].stores * sizeof(struct crux_run_record));
}

uint64_t crux_archive_bytes(const struct crux_program *program, uint32_t request_tokens,
                            uint32_t positions) {
    const struct crux_program_header *header = &program->header;
    const struct crux_merkle_shape trace =
        crux_merkle_shape_plain((uint64_t)positions * header->layers + 1);
    /* twice, and 16 positions: the lists that double begin so long */
    uint64_t tokens = ((uint64_t)header->context + positions + 16) * 2 * (4 + 64),
             bytes = tokens + crux_merkle_tree_bytes(&trace) + (64 << 10);
    for (uint32_t l = 0; l < header->layers; l++) {
        bool always = crux_layer_is_active(program, l, 0, request_tokens);
        uint64_t active = always || request_tokens > positions ? positions
                                                               : positions - request_tokens + 1,
                 step = step_bytes(program, l), place = place_bytes(program, l);
        /* a context of 2^24 times records below 2^32: no product overflows, but their sum over layers might */
        uint64_t more = active * step + ((uint64_t)positions + 16) * place;
        if (more > UINT64_MAX - bytes) return UINT64_MAX;
        bytes += more;
    }
    return bytes;
}
