/* The inner loops of a block of queries, plain and by instruction set: same arguments, same integers. Only
 * kernels/fused/attention/block*.c include it, and their test.
 *
 * How the 32-bit instruction sets sum weights times values, exactly: a weight is 16 bits, unsigned, and so are v's
 * magnitudes, so 32 bits hold few products. But a sum is known if it is known modulo 2^32 and within 2^31:
 *
 *   mod  += w * v      modulo 2^32; one multiplication
 *   near += about w * v / 2^CRUX_NEAR_BITS, from bytes; only for a page whose weights are too many to do without
 *   acc   = near * 2^NEAR_BITS + the number within 2^31 that mod - near * 2^NEAR_BITS is modulo 2^32
 *
 * `spent` says what |acc - near * 2^NEAR_BITS| may have become, in units of 2^15: a page without near adds the sum of
 * its weights, for |w * v| <= w * 2^15; a page with near adds a constant. Before it passes 65535, the sums are settled:
 * carried to 64 bits. 65535 * 2^15 < 2^31.
 */
#ifndef CRUX_KERNELS_FUSED_ATTENTION_BLOCK_INNER_H
#define CRUX_KERNELS_FUSED_ATTENTION_BLOCK_INNER_H

#include "kernels/fused/attention/block.h"

enum {
    CRUX_ATTENTION_LANES = 16,
    CRUX_ATTENTION_SPENT_MAX = 65535,
    /* greatest width in memory */
    CRUX_ATTENTION_COLUMNS_MAX = (CRUX_ATTENTION_WIDTH_MAX + 15) / 16 * 16
};

struct crux_attention_page {
    const int16_t *k, *v;
    const int8_t *ek, *ev;
};

/* What is known of each query of a block. */
struct crux_attention_queries {
    const int16_t *q;                      /* [queries][columns], zero beyond width */
    int32_t *score;                        /* [pages of the block][queries][CRUX_ATTENTION_PAGE] */
    uint32_t columns;                      /* width in memory */
    int32_t eq[CRUX_ATTENTION_QUERIES];    /* exponent */
    int32_t top[CRUX_ATTENTION_QUERIES];   /* greatest exponent of v used */
    uint64_t seen[CRUX_ATTENTION_QUERIES]; /* of the page at work: bit t for position t */
    int32_t (*greatest)[CRUX_ATTENTION_LANES]; /* score, in each of the lanes */
    uint32_t (*sum)[CRUX_ATTENTION_LANES];     /* of weights before their shift, by lanes */
    uint16_t (*weight)[CRUX_ATTENTION_PAGE];   /* of the page at work, and room for one more row */
    uint32_t page_sum[CRUX_ATTENTION_QUERIES]; /* of `weight` */
    int64_t *acc;                              /* [queries][columns] */
    int32_t *mod, *near;                       /* the same */
    uint32_t spent[CRUX_ATTENTION_QUERIES];
    uint16_t (*high)[CRUX_ATTENTION_PAGE]; /* room for the high bytes of `weight` */
};

/* What makes one query's sums its output: round(floor(acc * 2^bits / sum) / 2^shift). No acc is greater than sum * 2^15 in
 * magnitude, for no weight grows where it is shifted. */
struct crux_attention_mean {
    uint64_t sum, inverse; /* sum: 65535 to 2^40; inverse: floor((2^64 - 1) / sum) */
    unsigned bits;         /* at most 14; acc * 2^bits is below 2^62 in magnitude */
    int shift;
};

/* Each works on queries m0 .. m1-1 and one page; `score` has the page's scores of all queries, CRUX_ATTENTION_PAGE each;
 * `next` is what the next page will need, to be asked for early; not NULL. */
struct crux_attention_inner {
    /* Out: score, the dots of q and k. */
    void (*dots)(const struct crux_attention_queries *queries, uint32_t m0, uint32_t m1,
                 int32_t *score, const int16_t *k, const int16_t *next, uint32_t width);
    /* Dots become scores, without a cap; greatest[m] is raised to those that are seen, some lane of it to each. */
    void (*scores)(const struct crux_attention_queries *queries, uint32_t m0, uint32_t m1,
                   int32_t *score, int32_t (*greatest)[CRUX_ATTENTION_LANES],
                   const struct crux_fused_attention *config, const int8_t *ek);
    /* Scores that are seen are capped; `greatest` is raised to what comes out. */
    void (*cap)(const struct crux_attention_queries *queries, uint32_t m0, uint32_t m1,
                int32_t *score, const struct crux_lut *lut, int32_t most, const int32_t *table);
    /* Scores become weights, 0 where not seen; `sum` grows. `greatest` is the same in all lanes. */
    void (*weigh)(struct crux_attention_queries *queries, uint32_t m0, uint32_t m1,
                  const int32_t *score, const int8_t *ev, const uint16_t *exp2);
    /* The sums grow by weight times v. Spoils `weight`. */
    void (*gather)(struct crux_attention_queries *queries, uint32_t m0, uint32_t m1,
                   const int16_t *v, const int16_t *next);
    /* `acc` becomes the whole sum of query m. */
    void (*settle)(struct crux_attention_queries *queries, uint32_t m);
    /* Out: out, `width` values.  In: acc of one query, settled. */
    void (*means)(int32_t *out, const int64_t *acc, uint32_t width,
                  const struct crux_attention_mean *mean);
};

extern const struct crux_attention_inner crux_attention_inner_plain;
#if defined(__x86_64__)
extern const struct crux_attention_inner crux_attention_inner_avx2, crux_attention_inner_avx512;
#endif

/* Scores of one query for shifts and multipliers of any size. Out: lane 0 of greatest is raised. */
void crux_attention_scores_any(int32_t *score, int32_t *greatest,
                               const struct crux_fused_attention *config, int eq, const int8_t *ek,
                               uint64_t seen);

/* means for sums and shifts of any size. */
void crux_attention_means_any(int32_t *out, const int64_t *acc, uint32_t width,
                              const struct crux_attention_mean *mean);

/* cap for tables of any size. */
void crux_attention_cap_any(const struct crux_attention_queries *queries, uint32_t m0, uint32_t m1,
                            int32_t *score, const struct crux_lut *lut, int32_t most,
                            const int32_t *table);

/* settle where `near` counts units of 2^bits. */
CRUX_INLINE void crux_attention_settle(struct crux_attention_queries *queries, uint32_t m,
                                       unsigned bits) {
    size_t columns = (size_t)queries->columns, at = m * columns;
    for (size_t i = at; i < at + columns; i++) {
        /* modulo 2^32, then the one within 2^31 */
        int32_t rest = (int32_t)((uint32_t)queries->mod[i] - ((uint32_t)queries->near[i] << bits));
        queries->acc[i] += (int64_t)queries->near[i] * (INT64_C(1) << bits) + rest;
        queries->mod[i] = queries->near[i] = 0;
    }
    queries->spent[m] = 0;
}

#endif
