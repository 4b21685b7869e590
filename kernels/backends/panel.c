#include "kernels/backends/panel.h"

#include <string.h>

size_t crux_panel_bytes(const struct crux_tile *tile, enum crux_tiles_form form, uint32_t inputs) {
    size_t q_bytes = crux_panel_q_bytes(crux_panel_width(tile, form), tile->group);
    return sizeof(struct crux_panel_header) + q_bytes +
           crux_panel_q_at(q_bytes, crux_panel_has_offsets(tile, form),
                           crux_panel_groups(tile, inputs) - 1);
}

size_t crux_panel_packed_bytes(const struct crux_tiles *w) {
    return ((size_t)w->rows + CRUX_PANEL_OUTPUTS - 1) / CRUX_PANEL_OUTPUTS *
           crux_panel_bytes(&w->tile, w->form, w->inputs);
}

/* What the panels of a matrix have in common, for so many rows. */
struct panels {
    const uint8_t *packed;
    size_t bytes; /* of one */
    struct crux_panel like;
};

static struct panels panels_of(const struct crux_backend_matrix *w, uint32_t rows) {
    size_t bytes = crux_panel_bytes(&w->tile, w->form, w->inputs);
    struct panels panels = {
        .packed = w->packed,
        .bytes = bytes,
        .like = {.ahead_bytes = rows > CRUX_PANEL_ROWS_MAX ? bytes : CRUX_PANEL_AHEAD_BYTES,
                 .turns = 1,
                 .width = crux_panel_width(&w->tile, w->form),
                 .group = w->tile.group,
                 .groups = crux_panel_groups(&w->tile, w->inputs),
                 .blocks = (uint32_t)crux_panel_blocks(w->inputs),
                 .has_offsets = crux_panel_has_offsets(&w->tile, w->form)}};
    return panels;
}

static void panel_at(struct crux_panel *panel, const struct panels *panels, uint32_t p) {
    const uint8_t *at = panels->packed + p * panels->bytes;
    const struct crux_panel_header *header = (const struct crux_panel_header *)(const void *)at;
    *panel = panels->like;
    panel->groups_at = at + sizeof *header;
    panel->is_raw = header->is_raw != 0;
    panel->is_narrow = header->is_narrow != 0;
    panel->span_planes = header->span_planes;
    panel->span_halves = header->span_halves;
}

void crux_panel_at(struct crux_panel *panel, const struct crux_backend_matrix *w, uint32_t p) {
    struct panels panels = panels_of(w, 1);
    panel_at(panel, &panels, p);
}

/* Outputs from .. end of the panel that begins at output `first`. A part of a panel goes by way of `part`. */
static void multiply_panel(int64_t *acc, size_t acc_stride, struct crux_panel *panel,
                           const struct crux_panel_rows *x, uint32_t rows, uint32_t from,
                           uint32_t end, crux_panel_choose *choose) {
    int64_t part[CRUX_PANEL_ROWS_MAX * CRUX_PANEL_OUTPUTS] CRUX_ALIGNED(64);
    bool whole = from == 0 && end == CRUX_PANEL_OUTPUTS;
    /* Kernels leave out the line before the first group. */
    if (rows >= CRUX_PANEL_AHEAD_ROWS)
        __builtin_prefetch((const void *)((uintptr_t)panel->groups_at + panel->ahead_bytes -
                                          sizeof(struct crux_panel_header)));
    for (uint32_t r = 0, call = 0, taken; r < rows; r += taken, acc += taken * acc_stride, call++) {
        struct crux_panel_rows some = {x->first + r * x->stride_bytes, x->stride_bytes};
        crux_panel_kernel *kernel = choose(panel, rows - r, &taken);
        while (call == 0 && rows > CRUX_PANEL_ROWS_MAX && 2 * panel->turns * taken <= rows)
            panel->turns *= 2;
        panel->turn = call & (panel->turns - 1);
        kernel(whole ? acc : part, whole ? acc_stride : CRUX_PANEL_OUTPUTS, panel, &some);
        for (uint32_t i = 0; i < taken && !whole; i++)
            memcpy(acc + i * acc_stride, part + i * CRUX_PANEL_OUTPUTS + from,
                   (end - from) * sizeof *acc);
    }
}

/* By measurement: long rows of q4 gain 5% (2048 inputs) to 40% (8192) where weights come as four streams; q6 and q8,
 * which read more weights for each input, gain nothing or lose. A stream has so many bytes at least: where one begins,
 * the processor has to find out where it goes on. */
enum { STREAM_INPUTS = 2048, STREAM_BYTES = 64 << 10, STREAMS_OUTPUTS = 4096, ALONE_OUTPUTS = 64 };

static bool has_streams(const struct crux_backend_matrix *w) {
    return crux_panel_width(&w->tile, w->form) == CRUX_WIDTH_Q4 && w->inputs >= STREAM_INPUTS;
}

/* Weights from memory go on coming while a few sums are finished: 1% of decode. */
uint32_t crux_panel_alone_outputs(const struct crux_backend_matrix *w) {
    return has_streams(w) ? STREAMS_OUTPUTS : ALONE_OUTPUTS;
}

static uint32_t stream_panels(const struct crux_backend_matrix *w, uint32_t panels) {
    uint32_t each = panels / CRUX_PANEL_TOGETHER;
    size_t bytes = each * crux_panel_bytes(&w->tile, w->form, w->inputs);
    return has_streams(w) && bytes >= STREAM_BYTES ? each : 0;
}

/* The whole panels among outputs o0 .. o1 of one row, as many as make the streams.
 * Out: acc[o - o0].  Returns: the number of panels done, the first of which begins at output o0. */
static uint32_t multiply_together(int64_t *acc, const struct crux_backend_matrix *w,
                                  const uint8_t *row, uint32_t o0, uint32_t o1,
                                  crux_panel_together *together) {
    if (together == NULL || o0 % CRUX_PANEL_OUTPUTS != 0) return 0;
    uint32_t first = o0 / CRUX_PANEL_OUTPUTS,
             each = stream_panels(w, (o1 - o0) / CRUX_PANEL_OUTPUTS);
    if (each == 0) return 0;
    struct panels panels = panels_of(w, 1);
    for (uint32_t p = 0; p < each; p++) {
        struct crux_panel panel[CRUX_PANEL_TOGETHER];
        int64_t *to[CRUX_PANEL_TOGETHER];
        for (uint32_t i = 0; i < CRUX_PANEL_TOGETHER; i++) {
            panel_at(&panel[i], &panels, first + i * each + p);
            to[i] = acc + (size_t)(i * each + p) * CRUX_PANEL_OUTPUTS;
        }
        crux_panel_together_kernel *kernel = together(panel);
        if (kernel == NULL) return 0;
        kernel(to, panel, row);
    }
    return each * CRUX_PANEL_TOGETHER;
}

/* All panels are read for so many rows at once; these stay in the second cache from one panel to the next. */
enum { ROWS_BYTES = 384 << 10 };

void crux_panel_matmul(int64_t *acc, size_t acc_stride, const struct crux_backend_matrix *w,
                       const void *prepared, size_t row_bytes, uint32_t rows, uint32_t o0,
                       uint32_t o1, const struct crux_panel_kernels *kernels) {
    CRUX_ASSERT(rows >= 1 && o0 < o1 && o1 <= w->outputs);
    if (rows == 1) {
        uint32_t done =
            CRUX_PANEL_OUTPUTS * multiply_together(acc, w, prepared, o0, o1, kernels->together);
        acc += done;
        o0 += done;
    }
    uint32_t most = (uint32_t)(ROWS_BYTES / row_bytes) / CRUX_PANEL_ROWS_MAX * CRUX_PANEL_ROWS_MAX;
    if (most < 2 * CRUX_PANEL_ROWS_MAX) most = 2 * CRUX_PANEL_ROWS_MAX;
    for (uint32_t r = 0; r < rows; r += most) {
        struct crux_panel_rows x = {(const uint8_t *)prepared + r * row_bytes, row_bytes};
        uint32_t some = rows - r < most ? rows - r : most;
        struct panels panels = panels_of(w, some);
        for (uint32_t o = o0, end; o < o1; o = end) {
            uint32_t first = o / CRUX_PANEL_OUTPUTS * CRUX_PANEL_OUTPUTS;
            end = o1 - first < CRUX_PANEL_OUTPUTS ? o1 : first + CRUX_PANEL_OUTPUTS;
            struct crux_panel panel;
            panel_at(&panel, &panels, first / CRUX_PANEL_OUTPUTS);
            multiply_panel(acc + r * acc_stride + (o - o0), acc_stride, &panel, &x, some, o - first,
                           end - first, kernels->choose);
        }
    }
}
