/* What the x86 backends share: matrices cut into panels of 16 outputs, prepared rows, and the bounds of their sums.
 *
 *   packed   | panel 0 (outputs 0..15)  |  panel 1  | ..                  outputs and inputs beyond the end are zero
 *   panel    | header | start i64[16] | m | q of group 0 | q of group 1 | m | q of group 2 | ..     m: i16[2 groups][16]
 *            or, with offsets    | mn | q of group 0 | mn | q of group 1 | ..              mn: i16[16][2]
 *   q        in the order that one instruction wants: place() in panel.c. Everything is read once, front to back.
 *
 *   row      | blocks of 32 inputs: x as pairs | the same in byte planes, if there are |     zero beyond the last input
 *
 * How a sum is formed, for each input row and output (A_lo, A_hi are 32-bit registers, acc is 64 bits):
 *
 *   c = sum over the group of v*q             v is x, x + 32768, or a byte plane of x:  |c| <= 32 * 65407 * 128 < 2^28
 *   c = 65536*c_hi + c_lo,  c_lo an i16       |c_hi| <= 4089;  the same for X = sum of x: |X| < 2^20, |X_hi| <= 16
 *   A_lo += m*c_lo + n*X_lo                   one 16-bit dot; every `carry_groups` groups the carry goes over:
 *   A_hi += m*c_hi + n*X_hi                     A_hi += A_lo >> 16, A_lo in [-65536, -1], 65536 too small
 *   acc  += 65536*A_hi + A_lo                 every `span_carries` carries
 *
 * The 65536 that each carry takes away is in A_hi's first value, 1 + span_carries. Let M be a panel's greatest |m| + |n|:
 *   A_lo  carry_groups = max(1, 65533 / M). For one group: -65536 - 2 * 32767*32768 = -2^31 <= A_lo <= -1 + 2^31, since
 *         m*c_lo is at least -32767*32768 and at most 2^30. For more: 65536 + 32768 * 65533 < 2^31.
 *   A_hi  with F = carry_groups: span_carries * (4089*F*M + 32769) + 32769 <= 2^31 - 1; F*M <= 65536, so there is room
 *         for 8.
 */
#ifndef CRUX_KERNELS_BACKENDS_PANEL_H
#define CRUX_KERNELS_BACKENDS_PANEL_H

#include "kernels/backends/backend.h"

enum {
    CRUX_PANEL_OUTPUTS = 16,
    CRUX_PANEL_SPAN_GROUPS_MAX = 64,
    CRUX_PANEL_CARRY_START = -65536, /* A_lo after a carry, at the least */
};

enum crux_panel_order {
    CRUX_PANEL_PAIRS, /* 16 outputs x 2 inputs */
    CRUX_PANEL_QUADS, /* 16 outputs x 4 inputs; q16 in pairs all the same */
};

enum { CRUX_WIDTH_Q4 = 1, CRUX_WIDTH_Q8 = 2, CRUX_WIDTH_Q16 = 3 };

struct crux_panel_header {
    uint32_t carry_groups, span_carries;
    uint8_t zero[56];
};

/* Everything a kernel needs to know about one panel. */
struct crux_panel {
    const int64_t *start;     /* the first value of acc */
    const uint8_t *groups_at; /* crux_panel_entry_at and crux_panel_q_at say where */
    uint32_t width, group, groups;
    bool has_offsets;
    uint32_t carry_groups, span_carries;
};

/* Bytes of q of one group. */
CRUX_INLINE size_t crux_panel_q_bytes(uint32_t width, uint32_t group) {
    return (size_t)group * CRUX_PANEL_OUTPUTS * (1U << width) / 4;
}

/* Where the multipliers of group g are, and its q. */
CRUX_INLINE size_t crux_panel_entry_at(size_t q_bytes, bool has_offsets, size_t g) {
    return has_offsets ? g * (64 + q_bytes) : g / 2 * (64 + 2 * q_bytes) + g % 2 * 32;
}

CRUX_INLINE size_t crux_panel_q_at(size_t q_bytes, bool has_offsets, size_t g) {
    return has_offsets ? g * (64 + q_bytes) + 64
                       : g / 2 * (64 + 2 * q_bytes) + 64 + g % 2 * q_bytes;
}

/* With one row, weights are read once and memory is the limit: each group asks for the bytes this far ahead, be they
 * the next panel's. By measurement. */
enum { CRUX_PANEL_AHEAD_BYTES = 2048 };

/* The sum of x over a group, in the two forms that the dots want. */
struct crux_panel_sum {
    uint32_t low;  /* X_lo << 16 */
    uint32_t high; /* X_hi & 0xffff */
};

/* 32 inputs of a prepared row, in one of two forms. */
struct crux_panel_block {
    union {
        int16_t x[32];
        struct {
            uint8_t high[32], low[32]; /* of x + 32768 */
        } planes;
    } u;
    struct crux_panel_sum sum32, sum16[2];
    uint8_t zero[8];
};

/* Several prepared rows: block b of row r lies at blocks + r * stride_bytes + b * sizeof *blocks. */
struct crux_panel_rows {
    const struct crux_panel_block *blocks;
    size_t stride_bytes;
};

/* Out: acc[r * 16 + i], the panel's outputs of `rows` rows. */
typedef void crux_panel_kernel(int64_t *acc, const struct crux_panel *panel,
                               const struct crux_panel_rows *x);

size_t crux_panel_packed_bytes(const struct crux_tile *tile, uint32_t outputs, uint32_t inputs);
/* Packs panels first .. first + panels - 1. */
void crux_panel_pack(void *packed, const struct crux_tiles *w, enum crux_panel_order order,
                     uint32_t first, uint32_t panels);

size_t crux_panel_row_bytes(uint32_t inputs, bool planes);
void crux_panel_prepare(void *row, const int16_t *x, uint32_t inputs, bool planes);

/* The most rows that a kernel takes at once. */
enum { CRUX_PANEL_ROWS_MAX = 8 };

/* Returns: the kernel for the most rows, at most `rows`; *taken of them. */
typedef crux_panel_kernel *crux_panel_choose(const struct crux_panel *panel, uint32_t rows,
                                             uint32_t *taken);

/* matmul of a backend, panel by panel. */
void crux_panel_matmul(int64_t *acc, size_t acc_stride, const struct crux_backend_matrix *w,
                       const void *prepared, bool planes, uint32_t rows, uint32_t o0, uint32_t o1,
                       crux_panel_choose *choose);

crux_panel_choose crux_panel_choose_avx2, crux_panel_choose_vnni;

#endif
