/* What the x86 backends share: matrices cut into panels of 16 outputs.
 *
 *   packed   | panel 0 (outputs 0..15) | panel 1 | ..        all of one size; outputs and inputs beyond the end are worth 0
 *   panel    | header | mn | q of group 0 | mn | q of group 1 | ..               mn: i16[16][2]
 *            or, with m alone,  | header | m | q of group 0 | q of group 1 | m | q of group 2 | ..    m: i16[16][2 groups]
 *   q4       | 16 outputs x (inputs 4i..4i+3 in the low halves, 4i+4..4i+7 in the high ones) | ..   as u = 15 - q
 *   q6       | A | B | C | ..   16 inputs, 48 bytes of 16 outputs each: u of inputs 0..3 in the upper six bits of A, of
 *            4..7 in those of B, of 8..11 of C; of 12..15 two bits each in the lowest of A, B and C      as u = 4*v + 128
 *   q8       | 16 outputs x inputs 4i..4i+3 | ..                                                    as u = q + 128
 *   q16      | 16 outputs x inputs 4i..4i+3, upper bytes | the same, lower bytes | ..             as u = q + 32768
 *
 * A weight W is worth m'*v + n': for q4 v = u - 7, which lies in -7..8, m' = -m and n' = n + 8*m; for q8 and q16 v = q,
 * m' = m and n' = n. q6 is what q8 becomes where all v of a matrix lie in -32..31: v = q, or with offsets v = q - 16 and
 * n' = n + 16*m. Its u are those of 4*v, so that sums are four times too great: they are divided at the end, or, where
 * there are offsets, before these come in.
 * Where no weight of a matrix has an n' (q6, q8 and q16 without offsets, q4 whose tiles are centred) entries are m' alone. All panels of a matrix are alike, even one in which every n' is 0: a gap after a panel breaks the
 * processor's fetching ahead, at half of the speed or less.
 *
 * Kernels keep sums of products with m' and n' in 32-bit registers over a span of groups; what outgrows them then goes
 * over into other registers, or into 64 bits. How a sum is formed for each output and input row, and why no register
 * overflows, is said where rows are prepared: planes.h for byte dots, pairs.h for 16-bit dots. In a wide panel an n' or m'
 * does not fit an i16, or not even one entry's groups fit a span, as no importer writes them; a slower kernel sums it up in
 * 64 bits. q16 is always wide; centred q4 never is: n = -8*m is an i16, so |m| <= 4096.
 */
#ifndef CRUX_KERNELS_BACKENDS_PANEL_H
#define CRUX_KERNELS_BACKENDS_PANEL_H

#include "kernels/backends/backend.h"

enum {
    CRUX_PANEL_OUTPUTS = 16,
    CRUX_PANEL_BLOCK = 32,          /* inputs */
    CRUX_PANEL_PLANES_MAX = 522223, /* sum over a span of 8*|m'| + |n'|, planes.h */
    CRUX_PANEL_HALVES_MAX = 65533,  /* sum over a span of |m'| + |n'|, planes.h and pairs.h */
};

/* Of a panel: its tiles' width, or q6. */
enum { CRUX_WIDTH_Q4 = 1, CRUX_WIDTH_Q8 = 2, CRUX_WIDTH_Q16 = 3, CRUX_WIDTH_Q6 = 4 };

struct crux_panel_header {
    uint32_t span_planes, span_halves; /* groups; 0: wide */
    uint32_t is_raw; /* entries hold m and n as the tiles do, since some m' or n' does not fit */
    /* Every W that its m and n can make fits an i16: of q4 only, always of centred q4, never raw. */
    uint32_t is_narrow;
    uint8_t zero[48];
};

/* Everything a kernel needs to know about one panel. */
struct crux_panel {
    const uint8_t *groups_at; /* crux_panel_entry_at and crux_panel_q_at say where */
    size_t ahead_bytes;       /* what lies so far behind q is read soon */
    uint32_t turns, turn; /* in asking for it: a power of two, and which of them this call has */
    uint32_t width, group, groups, blocks;
    bool has_offsets, is_raw, is_narrow;
    uint32_t span_planes, span_halves;
};

/* One row or two read weights as fast as memory gives them, and the processor fetches ahead by itself, better than when it
 * is told. From three rows on it sees too little of the order and is told: the same place of the next panel if there are
 * more rows than one kernel takes, otherwise so many bytes ahead. By measurement. */
enum { CRUX_PANEL_AHEAD_ROWS = 3, CRUX_PANEL_AHEAD_BYTES = 2048 };

/* Asks for what lies ahead of these bytes, of a kernel's step of this number, a group or two, if it is this call's turn.
 * The calls for one panel take turns: if the first asked for all of the next, its rows would wait behind weights from
 * memory, and if each did, most would ask in vain (1% to 10%, by measurement). */
CRUX_INLINE void crux_panel_ask(const struct crux_panel *panel, const uint8_t *from, size_t bytes,
                                int rows, uint32_t number) {
    if (rows < CRUX_PANEL_AHEAD_ROWS || (number & (panel->turns - 1)) != panel->turn) return;
    for (size_t i = 0; i < bytes; i += 64)
        __builtin_prefetch((const void *)((uintptr_t)from + panel->ahead_bytes + i));
}

/* Several prepared rows. */
struct crux_panel_rows {
    const uint8_t *first;
    size_t stride_bytes;
};

/* Out: acc[r * acc_stride + i], the panel's outputs of as many rows as the kernel takes. */
typedef void crux_panel_kernel(int64_t *acc, size_t acc_stride, const struct crux_panel *panel,
                               const struct crux_panel_rows *x);

/* The most rows that a kernel takes at once. */
enum { CRUX_PANEL_ROWS_MAX = 8 };

/* In lists of kernels: 0 for q4, 1 for q6, 2 for q8. */
CRUX_INLINE unsigned crux_panel_kind(const struct crux_panel *panel) {
    return panel->width == CRUX_WIDTH_Q4 ? 0 : panel->width == CRUX_WIDTH_Q6 ? 1 : 2;
}

/* Returns: the kernel for the most rows, at most `rows`; *taken of them. */
typedef crux_panel_kernel *crux_panel_choose(const struct crux_panel *panel, uint32_t rows,
                                             uint32_t *taken);

/* A row alone takes weights from four places at once, where there are panels enough: its own bytes, which a long row has
 * to fetch from the second cache for each panel, then serve four. More gains no more, by measurement. */
enum { CRUX_PANEL_TOGETHER = 4 };

/* Out: acc[i], the outputs of panel i.  In: panel, so many of one matrix; row, prepared. */
typedef void crux_panel_together_kernel(int64_t *const acc[], const struct crux_panel panel[],
                                        const uint8_t *row);

/* Returns: the kernel for these panels, NULL if there is none or one of them is wide. */
typedef crux_panel_together_kernel *crux_panel_together(const struct crux_panel panel[]);

/* Bytes of q of one group. */
CRUX_INLINE size_t crux_panel_q_bytes(uint32_t width, uint32_t group) {
    size_t bits = width == CRUX_WIDTH_Q6 ? 6 : (size_t)2 << width;
    return group * bits * CRUX_PANEL_OUTPUTS / 8;
}

/* Where the multipliers of group g are, those of an output 4 bytes after those of the one before; and its q. */
CRUX_INLINE size_t crux_panel_entry_at(size_t q_bytes, bool has_offsets, size_t g) {
    return has_offsets ? g * (64 + q_bytes) : g / 2 * (64 + 2 * q_bytes) + g % 2 * 2;
}

CRUX_INLINE size_t crux_panel_q_at(size_t q_bytes, bool has_offsets, size_t g) {
    return has_offsets ? g * (64 + q_bytes) + 64
                       : g / 2 * (64 + 2 * q_bytes) + 64 + g % 2 * q_bytes;
}

CRUX_INLINE uint32_t crux_panel_groups(const struct crux_tile *tile, uint32_t inputs) {
    return (inputs + tile->group - 1) / tile->group;
}

/* Of a prepared row: an even number, the last maybe of zeros alone, for what takes 64 inputs at once (squares.h). */
CRUX_INLINE size_t crux_panel_blocks(uint32_t inputs) {
    return ((size_t)inputs + 2 * CRUX_PANEL_BLOCK - 1) / (2 * CRUX_PANEL_BLOCK) * 2;
}

/* Returns: block b of x, or `last` where x ends before the block does: what there is of it, then zeros. */
CRUX_INLINE const int16_t *crux_panel_block(int16_t last[CRUX_PANEL_BLOCK], const int16_t *x,
                                            uint32_t inputs, size_t b) {
    size_t before = b * CRUX_PANEL_BLOCK;
    if (before + CRUX_PANEL_BLOCK <= inputs) return x + before;
    for (size_t i = 0; i < CRUX_PANEL_BLOCK; i++) last[i] = before + i < inputs ? x[before + i] : 0;
    return last;
}

CRUX_INLINE uint32_t crux_panel_width(const struct crux_tile *tile, enum crux_tiles_form form) {
    return form == CRUX_TILES_SIX ? CRUX_WIDTH_Q6 : tile->width;
}

/* Are entries mn? q4 has n' = n + 8*m even if its tiles have no n, and has none if they are centred. */
CRUX_INLINE bool crux_panel_has_offsets(const struct crux_tile *tile, enum crux_tiles_form form) {
    return tile->width == CRUX_WIDTH_Q4 ? form != CRUX_TILES_CENTRED : tile->has_offsets;
}

/* Returns: from one panel to the next. */
size_t crux_panel_bytes(const struct crux_tile *tile, enum crux_tiles_form form, uint32_t inputs);
size_t crux_panel_packed_bytes(const struct crux_tiles *w);

void crux_panel_pack(void *packed, const struct crux_tiles *w);
void crux_panel_pack_range(void *packed, const struct crux_tiles *w, uint32_t first_panel,
                           uint32_t panels);

/* Of a backend that has kernels for panels together: how many outputs of a row alone make good streams. */
uint32_t crux_panel_alone_outputs(const struct crux_backend_matrix *w);

/* What a backend multiplies with. */
struct crux_panel_kernels {
    crux_panel_choose *choose;
    crux_panel_together *together; /* NULL: it has none */
};

/* Out: panel p of w. */
void crux_panel_at(struct crux_panel *panel, const struct crux_backend_matrix *w, uint32_t p);

/* matmul of a backend, panel by panel. */
void crux_panel_matmul(int64_t *acc, size_t acc_stride, const struct crux_backend_matrix *w,
                       const void *prepared, size_t row_bytes, uint32_t rows, uint32_t o0,
                       uint32_t o1, const struct crux_panel_kernels *kernels);

#endif
