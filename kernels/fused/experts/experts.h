/* experts: each row goes through a few of many feed-forwards, those that a router gives the greatest logits.
 *
 *   logits [E] --route--> chosen [K]   e.g.  5    0         greatest first; of equal logits the lower number first
 *                         share  [K]         .7   .3        softmax of the chosen logits, 24 fraction bits
 *                           |
 *   x ------- expert linear, W[chosen[s]] -------> gate, up [K, ffn] -- activation, quant_rows --> h [K, ffn]
 *   h ------- expert linear, W[chosen[s]] -------> d [width, K]       one element of r reads K neighbours
 *                           |
 *   r  = sat(r + round(sum over s of share[s] * d[., s], s))          mix
 *
 * An expert is the one data-dependent index of its ops.
 *
 * spec/50-fused.md#route, spec/50-fused.md#expert-linear, spec/50-fused.md#mix
 */
#ifndef CRUX_KERNELS_FUSED_EXPERTS_H
#define CRUX_KERNELS_FUSED_EXPERTS_H

#include "kernels/fused/linear/linear.h"

enum {
    CRUX_EXPERTS_MAX = 256,     /* their ranks are 1 KB */
    CRUX_EXPERTS_USED_MAX = 64, /* of one row: a page of d holds so many neighbours */
    CRUX_EXPERTS_SHARE_BITS = 24
};

/* ---- route ---- */

struct crux_fused_route {
    uint32_t experts, used; /* 1 <= used <= experts */
    int32_t fraction;       /* fraction bits of the logits, 0..24 */
    bool of_all;            /* shares are of the softmax over all experts, not over the chosen */
};

struct crux_routed {
    struct crux_value chosen; /* i16 [used] */
    struct crux_value share;  /* i32 [used], in [0, 2^24] */
};

/* In: logits, i32 [experts]; exp2, the table. */
struct crux_routed crux_fused_route(struct crux_builder *b, const char *label,
                                    const struct crux_fused_route *config, struct crux_value logits,
                                    struct crux_value exp2);

/* Out: chosen, share; used of each.  In: logits, experts of them; exp2, CRUX_TABLE_ENTRIES. */
void crux_fused_route_reference(uint16_t *chosen, int32_t *share,
                                const struct crux_fused_route *config, const int32_t *logits,
                                const uint16_t *exp2);

/* ---- expert linear ---- */

struct crux_fused_expert_linear_values {
    struct crux_value w;      /* tiles [experts, out, in] */
    struct crux_value rowmul; /* model i32 [experts, out] */
};

/* In: x, i16 [in] with e [1], the same for every slot; or [used, in] with e [used].
 * Returns: y [used, out]; of an x by slot, [out, used]. */
struct crux_value crux_fused_expert_linear(struct crux_builder *b, const char *label,
                                           const struct crux_fused_linear *config,
                                           const struct crux_fused_expert_linear_values *values,
                                           struct crux_quantised x, bool by_slot,
                                           struct crux_value chosen);

/* One expert's part of `all`, whose rows are those of all experts, one after the other. With it and rowmul + expert * out,
 * linear's kernels give one slot. */
CRUX_INLINE struct crux_tiles crux_fused_expert_tiles(const struct crux_tiles *all,
                                                      uint32_t experts, uint32_t expert) {
    struct crux_tiles one = *all;
    one.rows = all->rows / experts;
    one.bytes =
        all->bytes + (uint64_t)expert * one.rows * crux_tiles_row_bytes(&all->tile, all->inputs);
    return one;
}

/* ---- mix ---- */

struct crux_fused_mix {
    uint32_t used;
    int32_t s; /* CRUX_EXPERTS_SHARE_BITS, and the fraction bits of d less those of r */
    struct crux_type y;
};

/* In: share, as routed; d, i32 [width, used]; r, i32 [width]. Returns: the new r. */
struct crux_value crux_fused_mix(struct crux_builder *b, const char *label,
                                 const struct crux_fused_mix *config, struct crux_value share,
                                 struct crux_value d, struct crux_value r);

/* In/out: r, width.  In: share, used; d, a row of `width` for each slot. */
void crux_fused_mix_reference(int32_t *r, const struct crux_fused_mix *config, const int32_t *share,
                              const int32_t *const *d, uint32_t width);

#endif
