/* Attention of one query head over a cache in pieces: what an engine calls, whose cache is paged.
 *
 *   span 0  | k of 64 positions | v | ek | ev |     rows of one cache head, d elements each
 *   span 1  | k of 64 positions | ..
 *   span 2  | 17 positions ..                        the order of positions does not matter
 *
 * The same integers as crux_fused_attention_reference: sums of the same exact terms in another order; requantise in 64
 * bits where product and shift allow it, else in 128.
 */
#ifndef CRUX_KERNELS_FUSED_ATTENTION_PAGED_H
#define CRUX_KERNELS_FUSED_ATTENTION_PAGED_H

#include "kernels/fused/attention/attention.h"

struct crux_attention_span {
    const int16_t *k, *v;  /* [positions][width] */
    const int8_t *ek, *ev; /* [positions], within [0, 63] */
    uint32_t positions;
};

enum { CRUX_ATTENTION_WEIGHTS = 256 };

struct crux_attention_scratch {
    int32_t *score;   /* positions of all spans together */
    uint16_t *weight; /* CRUX_ATTENTION_WEIGHTS */
};

/* Out: out, width.  In: q, width, with its exponent eq; spans of the cache head that this query head belongs to, one
 * position at least, all together no more than crux_fused_attention_positions. */
void crux_fused_attention_paged(int32_t *out, const struct crux_attention_scratch *scratch,
                                const struct crux_fused_attention *config, const int16_t *q, int eq,
                                const struct crux_attention_span *spans, uint32_t count,
                                const struct crux_attention_tables *tables);

#endif
