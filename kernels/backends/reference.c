/* The plain backend. It equals the reference kernel because it is the reference kernel: tiles are kept as they are, and
 * each output is crux_fused_linear_dot. */
#include <string.h>

#include "kernels/backends/backends.h"
#include "kernels/fused/linear/dot.h"

static size_t aligned(uint64_t bytes) {
    return (size_t)(bytes + CRUX_BACKEND_ALIGN_BYTES - 1) / CRUX_BACKEND_ALIGN_BYTES *
           CRUX_BACKEND_ALIGN_BYTES;
}

static const struct crux_fused_kernels *fused(void) {
    return crux_fused_kernels(CRUX_ISA_PLAIN);
}

static const char *unavailable(void) {
    return NULL;
}

static size_t packed_bytes(const struct crux_tiles *w) {
    return aligned(w->rows * crux_tiles_row_bytes(&w->tile, w->inputs));
}

enum { PANEL_OUTPUTS = 16 };

static void pack_range(void *packed, const struct crux_tiles *w, uint32_t first_panel,
                       uint32_t panels) {
    size_t row_bytes = (size_t)crux_tiles_row_bytes(&w->tile, w->inputs),
           used = w->rows * row_bytes, from = (size_t)first_panel * PANEL_OUTPUTS * row_bytes,
           wanted = (size_t)panels * PANEL_OUTPUTS * row_bytes,
           count = wanted < used - from ? wanted : used - from;
    memcpy((uint8_t *)packed + from, w->bytes + from, count);
    if (from + count == used) memset((uint8_t *)packed + used, 0, packed_bytes(w) - used);
}

static void pack(void *packed, const struct crux_tiles *w) {
    pack_range(packed, w, 0, (w->rows - 1) / PANEL_OUTPUTS + 1);
}

static size_t row_bytes(uint32_t inputs) {
    return aligned(inputs * sizeof(int16_t));
}

static void prepare(void *row, const int16_t *x, uint32_t inputs) {
    memset(row, 0, row_bytes(inputs));
    memcpy(row, x, inputs * sizeof *x);
}

static size_t scratch_bytes(const struct crux_backend_matrix *w CRUX_UNUSED,
                            uint32_t rows CRUX_UNUSED) {
    return 0;
}

static void matmul(int64_t *acc, size_t acc_stride, const struct crux_backend_matrix *w,
                   const void *prepared, uint32_t rows, uint32_t o0, uint32_t o1,
                   void *scratch CRUX_UNUSED) {
    struct crux_tiles tiles = {w->tile, w->outputs, w->inputs, w->packed, false};
    CRUX_ASSERT(o0 < o1 && o1 <= w->outputs && w->inputs <= CRUX_BACKEND_INPUTS_MAX);
    for (uint32_t r = 0; r < rows; r++) {
        const void *x = (const uint8_t *)prepared + r * row_bytes(w->inputs);
        for (uint32_t o = o0; o < o1; o++)
            acc[r * acc_stride + (o - o0)] = crux_fused_linear_dot(&tiles, o, x);
    }
}

const struct crux_backend crux_backend_reference = {
    .name = "reference",
    .why_equal = "It is the reference kernel.",
    .fused = fused,
    .unavailable = unavailable,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .pack_range = pack_range,
    .panel_outputs = PANEL_OUTPUTS,
    .row_bytes = row_bytes,
    .prepare = prepare,
    .scratch_bytes = scratch_bytes,
    .matmul = matmul,
};
