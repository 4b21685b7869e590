#include "executor/engine/served.h"

#include <string.h>

static const struct crux_op *store_op(const struct crux_program *program, uint32_t layer,
                                      uint32_t store) {
    const struct crux_layer *l = &program->layers[layer];
    return &program->ops[l->first + l->ops - l->stores + store].op;
}

static uint64_t store_bytes(const struct crux_op *op) {
    uint64_t elements = 1;
    for (unsigned i = 0; i < op->ndim; i++) elements *= crux_dim_value(&op->dim[i], 0, 1);
    return elements * crux_dtype_bytes(op->dtype);
}

size_t crux_served_bytes(const struct crux_program *program, uint32_t layer) {
    size_t bytes = 0;
    for (uint32_t i = 0; i < program->layers[layer].stores; i++)
        bytes += 4 + (size_t)store_bytes(store_op(program, layer, i));
    return bytes;
}

enum crux_status crux_served_put(struct crux_writer *out, const struct crux_run *run,
                                 uint32_t layer, uint32_t first, uint32_t count) {
    const struct crux_program *program = run->program;
    if (layer >= program->header.layers || first > run->positions || count > run->positions - first)
        return CRUX_E_STEP_OUTSIDE;
    for (uint32_t pos = first; pos < first + count; pos++) {
        for (uint32_t i = 0; i < program->layers[layer].stores; i++) {
            const struct crux_run_record *record = crux_run_record_at(run, pos, layer, i);
            if (record == NULL) return CRUX_E_STEP_INACTIVE;
            uint64_t len = store_bytes(store_op(program, layer, i));
            crux_put_u32(out, (uint32_t)len); /* a record has less than 2^32 bytes */
            crux_put_bytes(out, record->bytes, (size_t)len);
        }
    }
    return out->status;
}

void crux_served_get(uint8_t *record, struct crux_cursor *in, const struct crux_layout *layouts,
                     const size_t *at, uint32_t stores) {
    for (uint32_t i = 0; i < stores; i++) {
        uint64_t len = layouts[i].rows * layouts[i].row_elements * layouts[i].element_bytes;
        if (crux_get_u32(in) != len) crux_cursor_fail(in, CRUX_E_BAD_LAYOUT);
        const uint8_t *bytes = crux_get_bytes(in, (size_t)len);
        if (bytes == NULL) return;
        memcpy(record + at[i], bytes, (size_t)len);
    }
}
