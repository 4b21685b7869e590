/* Panels one after the other, for up to eight rows at once, by byte dots of 512 bits. */
#ifdef __x86_64__

#include "kernels/backends/planes_512.h"

TARGET CRUX_INLINE void run(int64_t *acc, size_t acc_stride, const struct crux_panel *panel,
                            const struct crux_panel_rows *x, int rows, uint32_t width, bool offsets,
                            int steps) {
    const uint8_t *row[CRUX_PANEL_ROWS_MAX], *sum[CRUX_PANEL_ROWS_MAX];
    uint32_t groups = panel->groups, span = crux_planes_span(panel);
    CRUX_UNROLL
    for (int r = 0; r < rows; r++) {
        row[r] = x->first + (size_t)r * x->stride_bytes;
        sum[r] = row[r] + crux_planes_sums_at(panel, width, steps);
    }
    __m512i top[CRUX_PANEL_ROWS_MAX], high[CRUX_PANEL_ROWS_MAX], low[CRUX_PANEL_ROWS_MAX];
    CRUX_UNROLL
    for (int r = 0; r < rows; r++) top[r] = high[r] = low[r] = _mm512_setzero_si512();
    const struct rows_512 sums = {high, low, row, sum};
    const uint32_t some = offsets ? 1 : 2;
    uint32_t g = 0;
    for (uint32_t left = span, spans = 0; g + some <= groups; g += some) {
        if (offsets)
            add_group(&sums, panel, g, rows, width, steps);
        else if (steps == 4 && width != CRUX_WIDTH_Q4)
            add_pair_16(&sums, panel, g, rows, width);
        else
            add_pair(&sums, panel, g, true, rows, width, steps);
        left -= some;
        if (left != 0) continue;
        left = span;
        CRUX_UNROLL
        for (int r = 0; r < rows; r++) lift_low(&high[r], &low[r], width);
        if (++spans % spans_of_high(width) != 0) continue;
        CRUX_UNROLL
        for (int r = 0; r < rows; r++) lift_high(&top[r], &high[r]);
    }
    if (g < groups) add_pair(&sums, panel, g, false, rows, width, steps);
    CRUX_UNROLL
    for (int r = 0; r < rows; r++)
        store(acc + (size_t)r * acc_stride, top[r], high[r], low[r], width, offsets);
}

#define KERNEL(name, rows, width, offsets, steps)                                                  \
    TARGET static void name(int64_t *acc, size_t acc_stride, const struct crux_panel *panel,       \
                            const struct crux_panel_rows *x) {                                     \
        run(acc, acc_stride, panel, x, rows, width, offsets, steps);                               \
    }
#define KERNELS_OF(name, rows, width)                                                              \
    KERNEL(name##_g16_##rows, rows, width, false, 4)                                               \
    KERNEL(name##_g32_##rows, rows, width, false, 8)                                               \
    KERNEL(name##_g16_n_##rows, rows, width, true, 4)                                              \
    KERNEL(name##_g32_n_##rows, rows, width, true, 8)
#define KERNELS(rows)                                                                              \
    KERNELS_OF(q4, rows, CRUX_WIDTH_Q4)                                                            \
    KERNELS_OF(q6, rows, CRUX_WIDTH_Q6)                                                            \
    KERNELS_OF(q8, rows, CRUX_WIDTH_Q8)
#define NAMES_OF(name, rows)                                                                       \
    { name##_g16_##rows, name##_g32_##rows, name##_g16_n_##rows, name##_g32_n_##rows }
#define NAMES(rows)                                                                                \
    { NAMES_OF(q4, rows), NAMES_OF(q6, rows), NAMES_OF(q8, rows) }

KERNELS(8)
KERNELS(6)
KERNELS(4)
KERNELS(3)
KERNELS(2)
KERNELS(1)

crux_panel_kernel *crux_planes_choose_avx512(const struct crux_panel *panel, uint32_t rows,
                                             uint32_t *taken) {
    static crux_panel_kernel *const kernels[][3][4] = {NAMES(1), NAMES(2), NAMES(3),
                                                       NAMES(4), NAMES(6), NAMES(8)};
    static const uint8_t size[] = {0, 0, 1, 2, 3, 3, 4, 4, 5};
    static const uint8_t taking[] = {1, 2, 3, 4, 6, 8};
    unsigned most = size[rows < 8 ? rows : 8];
    if (crux_planes_span(panel) == 0) return crux_planes_choose_wide_avx512(panel, rows, taken);
    /* 5 rows as 3 and 2, 7 as 4 and 3. */
    if (rows == 5) most = 2;
    if (rows == 7) most = 3;
    *taken = taking[most];
    return kernels[most][crux_panel_kind(panel)][2 * panel->has_offsets + (panel->group == 32)];
}

#endif
