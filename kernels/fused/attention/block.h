/* Attention of a block of queries: rows of one sequence that follow each other, times the query heads of one cache head.
 * What an engine calls. Keys and values are read once for the whole block.
 *
 *   cache       page 0 | page 1 | page 2 | ..          64 positions of one cache head each
 *   row 0       ######################                  a row sees the positions up to its own,
 *   row 1       #######################                 in a window not the oldest ones
 *   row 2       ########################
 *
 *   page        k i16 [pairs of d][64][2]   what one instruction multiplies with a pair of q's elements, side by side
 *               v i16 [32][d'][2]           the same for a pair of weights; d' is d rounded up to 16, zero beyond d
 *               ek i8 [64]   ev i8 [64]
 *
 * Two walks over the pages, for the greatest score comes before the first weight: scores, which are kept, then weights
 * and sums. The same integers as crux_fused_attention_reference: exact sums of the same terms in another order;
 * requantise in 64 bits where product and shift allow it, else in 128.
 */
#ifndef CRUX_KERNELS_FUSED_ATTENTION_BLOCK_H
#define CRUX_KERNELS_FUSED_ATTENTION_BLOCK_H

#include "kernels/fused/attention/attention.h"

enum {
    CRUX_ATTENTION_PAGE = 64,    /* positions */
    CRUX_ATTENTION_QUERIES = 24, /* of a block at most */
    CRUX_ATTENTION_ALIGN_BYTES = 64
};

/* ---- pages ---- */

/* Returns: bytes of a page, a multiple of CRUX_ATTENTION_ALIGN_BYTES, where it is to begin. */
size_t crux_fused_attention_page_bytes(uint32_t width);
/* Position `at` of a page.  In: page, zeroed before its first use; k and v, width each; exponents within [0, 63]. */
void crux_fused_attention_put(void *page, uint32_t width, uint32_t at, const int16_t *k, int ek,
                              const int16_t *v, int ev);

/* ---- blocks ---- */

struct crux_attention_block {
    const struct crux_fused_attention *config;
    const struct crux_attention_tables *tables;
    uint32_t rows, heads; /* heads of each row; rows * heads <= CRUX_ATTENTION_QUERIES */
    uint32_t pos;         /* of the first row */
    const int16_t *q;     /* [heads][width], the next row q_stride elements on */
    const int8_t *eq;     /* [heads], the next row eq_stride on */
    size_t q_stride, eq_stride;
    /* page t / 64 of the cache head is at pages[t / 64] + page_offset; those that no row sees are not looked at */
    const uint8_t *const *pages;
    size_t page_offset;
    int32_t *out; /* as q; may be anything but q */
};

/* Returns: of `heads` heads a row and rows up to position `last`, how many rows a block may have: one at least. */
uint32_t crux_fused_attention_rows(const struct crux_fused_attention *config, uint32_t heads,
                                   uint32_t last);
/* Returns: bytes of scratch for blocks of at most that many rows of at most `heads` heads. */
size_t crux_fused_attention_scratch_bytes(const struct crux_fused_attention *config,
                                          uint32_t heads);

/* Plain, or by an instruction set, which the processor must have; avx512 takes VNNI where there is one.
 * In: scratch at a multiple of CRUX_ATTENTION_ALIGN_BYTES, one for each thread. */
void crux_fused_attention_block_plain(const struct crux_attention_block *block, void *scratch);
#if defined(__x86_64__)
void crux_fused_attention_block_avx2(const struct crux_attention_block *block, void *scratch);
void crux_fused_attention_block_avx512(const struct crux_attention_block *block, void *scratch);
#endif

#endif
