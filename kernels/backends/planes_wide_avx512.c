/* Wide panels by byte dots of 512 bits: c is formed in 32 bits, then multiplied and summed up in 64. Equal to the
 * reference: planes.h bounds c, and backend.h the sums. */
#ifdef __x86_64__

#include <immintrin.h>
#include <string.h>

#include "kernels/backends/planes.h"
#include "kernels/backends/six_avx2.h"

#define TARGET CRUX_TARGET("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")

enum { ROWS_MAX = 4, STEPS_MAX = 8 };

TARGET CRUX_INLINE __m512i broadcast(const void *at) {
    int word;
    memcpy(&word, at, sizeof word);
    return _mm512_set1_epi32(word);
}

/* m' and n' of 16 outputs in 32 bits each. */
TARGET CRUX_INLINE void load_entry(__m512i *m, __m512i *n, const struct crux_panel *panel,
                                   const uint8_t *entry) {
    if (!panel->has_offsets) {
        *m = _mm512_srai_epi32(_mm512_slli_epi32(_mm512_loadu_si512(entry), 16), 16);
        *n = _mm512_setzero_si512();
        return;
    }
    __m512i mn = _mm512_loadu_si512(entry);
    *m = _mm512_srai_epi32(_mm512_slli_epi32(mn, 16), 16);
    *n = _mm512_srai_epi32(mn, 16);
    if (panel->is_raw && panel->width == CRUX_WIDTH_Q4) {
        *n = _mm512_add_epi32(*n, _mm512_slli_epi32(*m, 3));
        *m = _mm512_sub_epi32(_mm512_setzero_si512(), *m);
    } else if (panel->is_raw && panel->width == CRUX_WIDTH_Q6) {
        *n = _mm512_add_epi32(*n, _mm512_slli_epi32(*m, 4));
    }
}

/* u of a group, and for q16 its upper bytes. */
TARGET CRUX_INLINE void load_u(__m512i u[STEPS_MAX], __m512i upper[STEPS_MAX], const uint8_t *bytes,
                               uint32_t width, int steps) {
    CRUX_UNROLL
    for (int s = 0; s < steps; s++) {
        if (width == CRUX_WIDTH_Q4) {
            __m512i v = _mm512_loadu_si512(bytes + 64 * (s / 2));
            u[s] = _mm512_and_si512(s % 2 == 0 ? v : _mm512_srli_epi16(v, 4), _mm512_set1_epi8(15));
        } else if (width == CRUX_WIDTH_Q8) {
            u[s] = _mm512_loadu_si512(bytes + 64 * s);
        } else if (width == CRUX_WIDTH_Q6) {
            u[s] = _mm512_inserti64x4(_mm512_castsi256_si512(crux_six(bytes, s, 0)),
                                      crux_six(bytes, s, 1), 1);
        } else {
            upper[s] = _mm512_loadu_si512(bytes + 128 * s);
            u[s] = _mm512_loadu_si512(bytes + 128 * s + 64);
        }
    }
}

/* Out: c = 65536*a + the value returned.  In: x, the planes of a group; its sums in both forms. */
TARGET CRUX_INLINE __m512i dot(__m512i *a, const __m512i u[STEPS_MAX],
                               const __m512i upper[STEPS_MAX], const uint8_t *x,
                               const uint8_t *nibbles, const uint8_t *bytes, uint32_t width,
                               int steps) {
    __m512i high = _mm512_setzero_si512(), low = high;
    *a = high;
    if (width == CRUX_WIDTH_Q4) {
        high = broadcast(nibbles);
        low = broadcast(nibbles + 4);
    } else if (width != CRUX_WIDTH_Q16) {
        low = broadcast(bytes);
    } else { /* -128 times the sum of each plane */
        *a = _mm512_sub_epi32(low, _mm512_srai_epi32(broadcast(nibbles + 8), 9));
        high = _mm512_sub_epi32(low, _mm512_srai_epi32(broadcast(nibbles + 12), 9));
    }
    CRUX_UNROLL
    for (int s = 0; s < steps; s++) {
        __m512i x_high = broadcast(x + 4 * s), x_low = broadcast(x + CRUX_PLANES_LOW + 4 * s);
        high = _mm512_dpbusd_epi32(high, u[s], x_high);
        low = _mm512_dpbusd_epi32(low, u[s], x_low);
        if (width != CRUX_WIDTH_Q16) continue;
        *a = _mm512_dpbusd_epi32(*a, upper[s], x_high);
        high = _mm512_dpbusd_epi32(high, upper[s], x_low);
    }
    low = _mm512_add_epi32(_mm512_slli_epi32(high, 8), low);
    return width == CRUX_WIDTH_Q6 ? _mm512_srai_epi32(low, 2) : low;
}

/* Products of the lanes of even numbers; of odd ones, after a shift. */
TARGET CRUX_INLINE __m512i product(__m512i a, __m512i b, bool odd) {
    return odd ? _mm512_mul_epi32(_mm512_srli_epi64(a, 32), _mm512_srli_epi64(b, 32))
               : _mm512_mul_epi32(a, b);
}

TARGET CRUX_INLINE void run(int64_t *acc, size_t acc_stride, const struct crux_panel *panel,
                            const struct crux_panel_rows *x, int rows, uint32_t width, int steps) {
    const size_t q_bytes = crux_panel_q_bytes(width, 4 * (uint32_t)steps);
    const size_t nibbles_at = crux_planes_nibbles_at(panel->blocks, 4 * (uint32_t)steps),
                 bytes_at = crux_planes_bytes_at(panel->blocks, 4 * (uint32_t)steps);
    const __m512i first8 = _mm512_set_epi64(11, 3, 10, 2, 9, 1, 8, 0),
                  last8 = _mm512_set_epi64(15, 7, 14, 6, 13, 5, 12, 4);
    __m512i sum[ROWS_MAX][2];
    CRUX_UNROLL
    for (int r = 0; r < rows; r++) sum[r][0] = sum[r][1] = _mm512_setzero_si512();
    for (uint32_t g = 0; g < panel->groups; g++) {
        size_t at = crux_planes_at(g, steps);
        __m512i u[STEPS_MAX], upper[STEPS_MAX], m, n;
        load_entry(&m, &n, panel,
                   panel->groups_at + crux_panel_entry_at(q_bytes, panel->has_offsets, g));
        load_u(u, upper, panel->groups_at + crux_panel_q_at(q_bytes, panel->has_offsets, g), width,
               steps);
        CRUX_UNROLL
        for (int r = 0; r < rows; r++) {
            const uint8_t *row = x->first + (size_t)r * x->stride_bytes,
                          *bytes = row + bytes_at + CRUX_PLANES_SUM_BYTES * (size_t)g;
            __m512i a,
                whole = broadcast(bytes + 12),
                c = dot(&a, u, upper, row + at,
                        row + nibbles_at + CRUX_PLANES_SUM_BYTES * (size_t)g, bytes, width, steps);
            CRUX_UNROLL
            for (int odd = 0; odd < 2; odd++) {
                __m512i more = _mm512_add_epi64(product(c, m, odd), product(n, whole, odd));
                if (width == CRUX_WIDTH_Q16)
                    more = _mm512_add_epi64(more, _mm512_slli_epi64(product(a, m, odd), 16));
                sum[r][odd] = _mm512_add_epi64(sum[r][odd], more);
            }
        }
    }
    CRUX_UNROLL
    for (int r = 0; r < rows; r++) {
        int64_t *to = acc + (size_t)r * acc_stride;
        _mm512_storeu_si512(to, _mm512_permutex2var_epi64(sum[r][0], first8, sum[r][1]));
        _mm512_storeu_si512(to + 8, _mm512_permutex2var_epi64(sum[r][0], last8, sum[r][1]));
    }
}

#define KERNEL(name, rows, width, steps)                                                           \
    TARGET static void name(int64_t *acc, size_t acc_stride, const struct crux_panel *panel,       \
                            const struct crux_panel_rows *x) {                                     \
        run(acc, acc_stride, panel, x, rows, width, steps);                                        \
    }
#define KERNELS(rows)                                                                              \
    KERNEL(q4_g16_##rows, rows, CRUX_WIDTH_Q4, 4)                                                  \
    KERNEL(q4_g32_##rows, rows, CRUX_WIDTH_Q4, 8)                                                  \
    KERNEL(q8_g16_##rows, rows, CRUX_WIDTH_Q8, 4)                                                  \
    KERNEL(q8_g32_##rows, rows, CRUX_WIDTH_Q8, 8)                                                  \
    KERNEL(q16_g16_##rows, rows, CRUX_WIDTH_Q16, 4)                                                \
    KERNEL(q16_g32_##rows, rows, CRUX_WIDTH_Q16, 8)                                                \
    KERNEL(q6_g16_##rows, rows, CRUX_WIDTH_Q6, 4)                                                  \
    KERNEL(q6_g32_##rows, rows, CRUX_WIDTH_Q6, 8)
#define NAMES(rows)                                                                                \
    {                                                                                              \
        q4_g16_##rows, q4_g32_##rows, q8_g16_##rows, q8_g32_##rows, q16_g16_##rows,                \
            q16_g32_##rows, q6_g16_##rows, q6_g32_##rows                                           \
    }

KERNELS(4)
KERNELS(1)

crux_panel_kernel *crux_planes_choose_wide_avx512(const struct crux_panel *panel, uint32_t rows,
                                                  uint32_t *taken) {
    static crux_panel_kernel *const kernels[2][8] = {NAMES(1), NAMES(4)};
    *taken = rows >= ROWS_MAX ? ROWS_MAX : 1;
    return kernels[rows >= ROWS_MAX][(panel->width - 1) * 2 + (panel->group == 32)];
}

#endif
