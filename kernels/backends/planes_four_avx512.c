/* Four panels for a row alone, by byte dots of 512 bits: a group or two of each in turn. */
#ifdef __x86_64__

#include "kernels/backends/planes_512.h"

enum { FOUR = CRUX_PANEL_TOGETHER };

TARGET CRUX_INLINE void run(int64_t *const acc[FOUR], const struct crux_panel panel[FOUR],
                            const uint8_t *x, uint32_t width, bool offsets, int steps) {
    const uint8_t *const row[1] = {x}, *const sum[1] = {x +
                                                        crux_planes_sums_at(panel, width, steps)};
    uint32_t groups = panel->groups, begin[FOUR] = {0};
    __m512i high[FOUR][1], low[FOUR][1];
    CRUX_UNROLL
    for (int i = 0; i < FOUR; i++) high[i][0] = low[i][0] = _mm512_setzero_si512();
    for (uint32_t g = 0; g < groups;) {
        uint32_t end = groups; /* or where the first of their spans ends */
        CRUX_UNROLL
        for (int i = 0; i < FOUR; i++) {
            uint32_t span = crux_planes_span(&panel[i]);
            if (end - begin[i] > span) end = begin[i] + span;
        }
        for (; g < end && offsets; g++) {
            CRUX_UNROLL
            for (int i = 0; i < FOUR; i++)
                add_group(high[i], low[i], row, sum, &panel[i], g, 1, width, steps);
        }
        for (; g + 1 < end; g += 2) {
            CRUX_UNROLL
            for (int i = 0; i < FOUR; i++)
                add_pair(high[i], low[i], row, sum, &panel[i], g, true, 1, width, steps);
        }
        if (g < end) {
            CRUX_UNROLL
            for (int i = 0; i < FOUR; i++)
                add_pair(high[i], low[i], row, sum, &panel[i], g, false, 1, width, steps);
            g++;
        }
        CRUX_UNROLL
        for (int i = 0; i < FOUR; i++) {
            if (end != groups && end - begin[i] != crux_planes_span(&panel[i])) continue;
            flush(acc[i], high[i][0], low[i][0], width, offsets, begin[i] == 0);
            high[i][0] = low[i][0] = _mm512_setzero_si512();
            begin[i] = end;
        }
    }
}

#define KERNEL(name, width, offsets, steps)                                                        \
    TARGET static void name(int64_t *const acc[], const struct crux_panel panel[],                 \
                            const uint8_t *row) {                                                  \
        run(acc, panel, row, width, offsets, steps);                                               \
    }
#define KERNELS(name, width)                                                                       \
    KERNEL(name##_g16, width, false, 4)                                                            \
    KERNEL(name##_g32, width, false, 8)                                                            \
    KERNEL(name##_g16_n, width, true, 4)                                                           \
    KERNEL(name##_g32_n, width, true, 8)

KERNELS(four_q4, CRUX_WIDTH_Q4)
KERNELS(four_q6, CRUX_WIDTH_Q6)
KERNELS(four_q8, CRUX_WIDTH_Q8)

crux_panel_together_kernel *crux_planes_together_avx512(const struct crux_panel panel[]) {
    static crux_panel_together_kernel *const kernels[3][4] = {
        {four_q4_g16, four_q4_g32, four_q4_g16_n, four_q4_g32_n},
        {four_q6_g16, four_q6_g32, four_q6_g16_n, four_q6_g32_n},
        {four_q8_g16, four_q8_g32, four_q8_g16_n, four_q8_g32_n}};
    for (int i = 0; i < FOUR; i++) {
        if (crux_planes_span(&panel[i]) == 0) return NULL;
    }
    return kernels[crux_panel_kind(panel)][2 * panel->has_offsets + (panel->group == 32)];
}

#endif
