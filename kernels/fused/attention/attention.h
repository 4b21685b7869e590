/* attention: causal, grouped-query, with cache; optional sliding window; optional cap of the scores.
 *
 *   cache, this layer's record      k i16 [KV, d]  ek i8 [KV]  v i16 [KV, d]  ev i8 [KV]   one position each
 *
 *              positions used: J = min(pos + 1, most); in a window, o counts back from pos
 *   K  |----|----|----|----|   dot    [KV, G, J]   q . k
 *   EK |    |    |    |    |   score               dot * m0 / 2^(s0 - eq - ek): log2 units, 16 bits
 *                              weight u16          65535 * 2^(score - max score)
 *   EV |    |    |    |    |   shifted u16         weight / 2^(E - ev), E the greatest ev used
 *   V  |----|----|----|----|   acc    [KV, G, d]   shifted . v
 *                              mean                acc * 2^S / sum of the unshifted weights
 *                              out    i32 [KV, G, d], a view of [H, d]: mean * 2^E / 2^(S + s1)
 *
 * Query head h belongs to cache head h / G, G = H / KV.
 *
 * spec/50-fused.md#attention
 */
#ifndef CRUX_KERNELS_FUSED_ATTENTION_H
#define CRUX_KERNELS_FUSED_ATTENTION_H

#include <stdbool.h>

#include "kernels/fused/quant_rows/quant_rows.h"
#include "kernels/lowering/builder.h"

enum {
    CRUX_ATTENTION_WIDTH_MAX = 256,
    CRUX_SCORE_BITS = 16,          /* fraction bits of a score */
    CRUX_DIVISOR_BITS = 32,        /* of what is divided by the root of */
    CRUX_SCORE_MAX = 1 << 30,      /* scores saturate here */
    CRUX_ATTENTION_CHUNK_MAX = 512 /* positions of one partial sum */
};

struct crux_fused_attention {
    uint32_t heads, kv_heads; /* kv_heads divides heads */
    uint32_t width;           /* d, 1 .. CRUX_ATTENTION_WIDTH_MAX */
    uint32_t context;         /* positions of the model */
    uint32_t window;          /* positions used at most; 0: all */
    int64_t m0;               /* of the score, |m0| < 2^62 */
    int32_t s0;
    int32_t softcap; /* in score units, below 2^30; 0: none */
    int32_t s1;      /* fraction bits of v less those of the output */
    uint32_t chunk;  /* positions of one partial of acc: CRUX_SPLIT_SOFTMAX */
};

/* Out: config->m0 and s0 for scores of q . k / sqrt(divisor), divisor being d unless the model says otherwise.
 * In: divisor, with CRUX_DIVISOR_BITS fraction bits, from 1 on, below 2^62; fraction, the fraction bits of q and of k,
 * added. The relative error is below 2^-30. */
void crux_fused_attention_scale(struct crux_fused_attention *config, uint64_t divisor,
                                int32_t fraction);

/* Is the window narrower than the context? Only then do positions count back from pos. */
bool crux_fused_attention_windowed(const struct crux_fused_attention *config);
/* Returns: positions used at most. */
uint32_t crux_fused_attention_positions(const struct crux_fused_attention *config);
/* Returns: S, the bits that the mean keeps below v's own: 14, fewer if acc would leave 62 bits. */
unsigned crux_fused_attention_mean_bits(const struct crux_fused_attention *config);
/* The LUT of the cap.  In: config->softcap > 0. */
struct crux_lut crux_fused_attention_softcap_lut(const struct crux_fused_attention *config);

struct crux_fused_attention_args {
    struct crux_quantised q;    /* x [H, d], e [H] */
    struct crux_quantised k, v; /* x [KV, d], e [KV], of this position */
    struct crux_value exp2;     /* model u16 [4097]: crux_table_exp2 */
    struct crux_value
        softcap; /* model i32 [4097]: crux_table_softcap; not looked at without a cap */
};

/* Stores k and v (four STOREs) and emits the ops.
 * In: q's and k's limit such that d * limit^2 < 2^31.  Returns: out, i32 [KV, G, d]. */
struct crux_value crux_fused_attention(struct crux_builder *b, const char *label,
                                       const struct crux_fused_attention *config,
                                       const struct crux_fused_attention_args *args);

/* The positions used, in any order, this position's own among them: rows of the cache. */
struct crux_attention_cache {
    const int16_t *k; /* [positions][kv_heads][width] */
    const int8_t *ek; /* [positions][kv_heads] */
    const int16_t *v;
    const int8_t *ev;
    uint32_t positions; /* 1 .. crux_fused_attention_positions */
};

struct crux_attention_tables {
    const uint16_t *exp2;
    const int32_t *softcap; /* may be NULL without a cap */
};

/* Out: out, heads * width.  In: q, heads * width; eq, heads; exponents within [0, 63].
 * Scratch: score and weight, `positions` entries each. */
void crux_fused_attention_reference(int32_t *out, int32_t *score, uint16_t *weight,
                                    const struct crux_fused_attention *config, const int16_t *q,
                                    const int8_t *eq, const struct crux_attention_cache *cache,
                                    const struct crux_attention_tables *tables);

#endif
