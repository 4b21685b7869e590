/* Products of many rows by tile registers, put together by 512 bits. Equal to the reference: squares.h bounds sums. */
#ifdef __x86_64__

#include <immintrin.h>

#include "kernels/backends/squares.h"

#define TARGET CRUX_TARGET("amx-tile,amx-int8,avx512f,avx512bw,avx512vl,avx512dq")

/* By hand: what gcc 12 has for them does not say which memory they read. */
#define CONFIGURE(at) __asm__ volatile("ldtilecfg %0" ::"m"(*(at)))
#define RELEASE()     __asm__ volatile("tilerelease")
#define ZERO(t)       __asm__ volatile("tilezero %%tmm" #t ::)
#define LOAD(t, at, stride)                                                                        \
    __asm__ volatile("tileloadd (%0,%1,1), %%tmm" #t ::"r"(at), "r"((size_t)(stride)) : "memory")
#define STORE(t, at)                                                                               \
    __asm__ volatile("tilestored %%tmm" #t ", (%0,%1,1)" ::"r"(at), "r"((size_t)64) : "memory")
/* Rows of signed bytes by weights of unsigned ones, or of signed ones. */
#define DOT_U(sum, x, w) __asm__ volatile("tdpbsud %%tmm" #w ", %%tmm" #x ", %%tmm" #sum ::)
#define DOT_S(sum, x, w) __asm__ volatile("tdpbssd %%tmm" #w ", %%tmm" #x ", %%tmm" #sum ::)

struct config {
    uint8_t palette, start, zero[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
};

_Static_assert(sizeof(struct config) == 64, "as the processor reads it");

static const struct config config CRUX_ALIGNED(64) = {
    1, 0, {0}, {64, 64, 64, 64, 64, 64, 64, 64}, {16, 16, 16, 16, 16, 16, 16, 16}};

enum { STEPS_MAX = CRUX_SQUARES_INPUTS / CRUX_SQUARES_STEP, PLANE = CRUX_SQUARES_PLANE, SUMS = 4 };

/* Sums of 16 rows that wait to be put together, while those of the next 16 are formed. */
struct waiting {
    int64_t *acc; /* of the first row; in a cut panel, of its first output there is */
    size_t acc_stride;
    const int32_t (*sums)[CRUX_SQUARES_ROWS * CRUX_PANEL_OUTPUTS];
    uint32_t next;    /* row */
    bool adds;        /* to what is there */
    uint16_t outputs; /* of the panel: a bit each */
};

/* Out: to[..], the lanes that have a bit, side by side. */
TARGET CRUX_INLINE void put_sums(int64_t *to, __m512i sum, __mmask8 outputs, bool adds) {
    if (outputs == 0xff) {
        if (adds) sum = _mm512_add_epi64(sum, _mm512_loadu_si512(to));
        _mm512_storeu_si512(to, sum);
    } else {
        if (adds) sum = _mm512_add_epi64(sum, _mm512_maskz_expandloadu_epi64(outputs, to));
        _mm512_mask_compressstoreu_epi64(to, outputs, sum);
    }
}

/* The next row of them. */
TARGET CRUX_INLINE void finish_row(struct waiting *w, int planes) {
    uint32_t row = w->next++;
    int64_t *to = w->acc + row * w->acc_stride;
    CRUX_UNROLL
    for (int half = 0; half < 2; half++) {
        __m512i c[SUMS], sum;
        CRUX_UNROLL
        for (int i = 0; i < SUMS; i++) {
            const int32_t *from = w->sums[i] + CRUX_PANEL_OUTPUTS * row + 8 * half;
            c[i] = _mm512_cvtepi32_epi64(_mm256_load_si256((const __m256i *)(const void *)from));
        }
        if (planes == 2) {
            c[1] = _mm512_add_epi64(c[1], c[3]);
            c[3] = _mm512_setzero_si512();
        }
        sum = _mm512_add_epi64(_mm512_slli_epi64(c[3], 8), c[2]);
        sum = _mm512_add_epi64(_mm512_slli_epi64(sum, 8), c[1]);
        sum = _mm512_add_epi64(_mm512_slli_epi64(sum, 8), c[0]);
        __mmask8 outputs = (__mmask8)(w->outputs >> 8 * half);
        put_sums(half == 0 ? to : to + __builtin_popcount(w->outputs & 0xff), sum, outputs,
                 w->adds);
    }
}

/* Out: sums of 16 rows over so many steps of 64 inputs: c0, c8, c16 and c24, or with two planes c8 in two parts.
 * In: x, the first row's planes; weights; waiting, maybe none. */
TARGET CRUX_INLINE void multiply(int32_t (*sums)[CRUX_SQUARES_ROWS * CRUX_PANEL_OUTPUTS],
                                 const uint8_t *x, size_t stride, const uint8_t *weights,
                                 uint32_t steps, int planes, struct waiting *waiting) {
    uint32_t from = waiting->next, left = CRUX_SQUARES_ROWS - from;
    ZERO(0);
    ZERO(1);
    ZERO(2);
    ZERO(3);
    for (uint32_t s = 0; s < steps; s++, x += 2 * CRUX_PLANES_LOW) {
        LOAD(4, x, stride);
        LOAD(6, weights, 64);
        DOT_U(1, 4, 6);
        LOAD(7, weights + PLANE, 64);
        if (planes == 2) {
            DOT_S(2, 4, 7);
            LOAD(5, x + CRUX_PLANES_LOW, stride);
            DOT_U(0, 5, 6);
            DOT_S(3, 5, 7);
        } else {
            DOT_U(2, 4, 7);
            LOAD(5, x + CRUX_PLANES_LOW, stride);
            DOT_U(0, 5, 6);
            DOT_U(1, 5, 7);
            LOAD(6, weights + 2 * PLANE, 64);
            DOT_S(2, 5, 6);
            DOT_S(3, 4, 6);
        }
        weights += (size_t)planes * PLANE;
        for (uint32_t end = from + left * (s + 1) / steps; waiting->next < end;)
            finish_row(waiting, planes);
    }
    STORE(0, sums[0]);
    STORE(1, sums[1]);
    STORE(2, sums[2]);
    STORE(3, sums[3]);
}

/* Of a panel, some of whose inputs lie as weights in the room; all rows. */
struct part {
    int64_t *acc; /* of the first output there is */
    size_t acc_stride;
    uint16_t outputs; /* of the panel: a bit each */
    const uint8_t *x;
    size_t stride_bytes;
    uint32_t rows, steps;
    bool adds;
};

TARGET CRUX_INLINE void multiply_part(const struct part *part, int planes,
                                      struct crux_squares_room *room) {
    struct waiting waiting = {.acc_stride = part->acc_stride,
                              .next = CRUX_SQUARES_ROWS,
                              .adds = part->adds,
                              .outputs = part->outputs};
    unsigned side = 0;
    for (uint32_t done = 0; done < part->rows; side ^= 1) {
        /* The last 16 rows may begin with some that are done. */
        uint32_t row =
            part->rows - done < CRUX_SQUARES_ROWS ? part->rows - CRUX_SQUARES_ROWS : done;
        multiply(room->sums[side], part->x + row * part->stride_bytes, part->stride_bytes,
                 room->weights, part->steps, planes, &waiting);
        waiting.acc = part->acc + row * part->acc_stride;
        waiting.sums = (const int32_t(*)[CRUX_SQUARES_ROWS * CRUX_PANEL_OUTPUTS]) room->sums[side];
        waiting.next = done - row;
        done = row + CRUX_SQUARES_ROWS;
    }
    while (waiting.next < CRUX_SQUARES_ROWS) finish_row(&waiting, planes);
}

TARGET static void multiply_two(const struct part *part, struct crux_squares_room *room) {
    multiply_part(part, 2, room);
}

TARGET static void multiply_three(const struct part *part, struct crux_squares_room *room) {
    multiply_part(part, 3, room);
}

TARGET void crux_squares_matmul(int64_t *acc, size_t acc_stride,
                                const struct crux_backend_matrix *w, const void *prepared,
                                uint32_t rows, uint32_t o0, uint32_t o1,
                                struct crux_squares_room *room) {
    CRUX_ASSERT(rows >= CRUX_SQUARES_ROWS && o0 < o1 && o1 <= w->outputs);
    CRUX_ASSERT(w->tile.width != CRUX_WIDTH_Q16 && w->inputs <= CRUX_BACKEND_INPUTS_MAX);
    const uint32_t steps = (w->inputs - 1) / CRUX_SQUARES_STEP + 1,
                   parts = (steps - 1) / STEPS_MAX + 1;
    CONFIGURE(&config);
    for (uint32_t i = 0; i < parts; i++) {
        uint32_t from = steps * i / parts, end = steps * (i + 1) / parts;
        struct part part = {.acc_stride = acc_stride,
                            .x = (const uint8_t *)prepared + from * 2 * CRUX_PLANES_LOW,
                            .stride_bytes = crux_planes_row_bytes(w->inputs),
                            .rows = rows,
                            .steps = end - from,
                            .adds = i > 0};
        for (uint32_t o = o0, next; o < o1; o = next) {
            uint32_t first = o / CRUX_PANEL_OUTPUTS * CRUX_PANEL_OUTPUTS;
            struct crux_panel panel;
            next = o1 - first < CRUX_PANEL_OUTPUTS ? o1 : first + CRUX_PANEL_OUTPUTS;
            part.acc = acc + (o - o0);
            part.outputs = (uint16_t)((1U << (next - first)) - (1U << (o - first)));
            crux_panel_at(&panel, w, first / CRUX_PANEL_OUTPUTS);
            crux_squares_unpack(room->weights, &panel, from * CRUX_SQUARES_STEP,
                                part.steps * CRUX_SQUARES_STEP);
            if (panel.is_narrow)
                multiply_two(&part, room);
            else
                multiply_three(&part, room);
        }
    }
    RELEASE();
}

#endif
