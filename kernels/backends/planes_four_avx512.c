/* Four panels of q4 for a row alone, by byte dots of 512 bits: a group or two of each in turn. */
#ifdef __x86_64__

#include "kernels/backends/planes_512.h"

enum { FOUR = CRUX_PANEL_TOGETHER };

TARGET CRUX_INLINE void run(int64_t *const acc[FOUR], const struct crux_panel panel[FOUR],
                            const uint8_t *x, bool offsets, int steps) {
    const uint32_t width = CRUX_WIDTH_Q4;
    const uint8_t *const row[1] = {x}, *const sum[1] = {x +
                                                        crux_planes_sums_at(panel, width, steps)};
    uint32_t groups = panel->groups, left[FOUR];
    __m512i top[FOUR], high[FOUR], low[FOUR];
    struct rows_512 sums[FOUR];
    CRUX_UNROLL
    for (int i = 0; i < FOUR; i++) {
        top[i] = high[i] = low[i] = _mm512_setzero_si512();
        sums[i] = (struct rows_512){&high[i], &low[i], row, sum};
        left[i] = crux_planes_span(&panel[i]);
    }
    for (uint32_t g = 0; g < groups;) {
        uint32_t end = groups; /* or where the first of their spans ends */
        CRUX_UNROLL
        for (int i = 0; i < FOUR; i++) {
            if (end - g > left[i]) end = g + left[i];
        }
        CRUX_UNROLL
        for (int i = 0; i < FOUR; i++) left[i] -= end - g;
        for (; g < end && offsets; g++) {
            CRUX_UNROLL
            for (int i = 0; i < FOUR; i++) add_group(&sums[i], &panel[i], g, 1, width, steps);
        }
        for (; g + 1 < end; g += 2) {
            CRUX_UNROLL
            for (int i = 0; i < FOUR; i++) add_pair(&sums[i], &panel[i], g, true, 1, width, steps);
        }
        if (g < end) {
            CRUX_UNROLL
            for (int i = 0; i < FOUR; i++) add_pair(&sums[i], &panel[i], g, false, 1, width, steps);
            g++;
        }
        CRUX_UNROLL
        for (int i = 0; i < FOUR; i++) {
            if (left[i] != 0) continue;
            left[i] = crux_planes_span(&panel[i]);
            lift_low(&high[i], &low[i], width);
            lift_high(&top[i], &high[i]);
        }
    }
    CRUX_UNROLL
    for (int i = 0; i < FOUR; i++) store(acc[i], top[i], high[i], low[i], width, offsets);
}

#define KERNEL(name, offsets, steps)                                                               \
    TARGET static void name(int64_t *const acc[], const struct crux_panel panel[],                 \
                            const uint8_t *row) {                                                  \
        run(acc, panel, row, offsets, steps);                                                      \
    }

KERNEL(four_g16, false, 4)
KERNEL(four_g32, false, 8)
KERNEL(four_g16_n, true, 4)
KERNEL(four_g32_n, true, 8)

crux_panel_together_kernel *crux_planes_together_avx512(const struct crux_panel panel[]) {
    static crux_panel_together_kernel *const kernels[] = {four_g16, four_g32, four_g16_n,
                                                          four_g32_n};
    for (int i = 0; i < FOUR; i++) {
        if (crux_planes_span(&panel[i]) == 0) return NULL;
    }
    return panel->width == CRUX_WIDTH_Q4 ? kernels[2 * panel->has_offsets + (panel->group == 32)]
                                         : NULL;
}

#endif
