/* sample: from logits to the next token, all of it law.
 *
 *   logits i32 [V] -> penalty -> adjusted        tokens of the last 64 positions count as seen
 *   adjusted -> weight u16 [V]                   65535 * 2^((adjusted - greatest) / temperature)
 *   weight >= T stays                            T: the greatest that top-k, top-p and min-p demand; ties stay
 *   token = the first whose running mass exceeds floor(draw * mass / 2^30)
 *
 * Temperature 0 takes the greatest adjusted logit instead, the lowest token if several: the same program serves both.
 * A head for greedy decoding alone has no parameters and no penalty.
 *
 *   parameter (Q16: 65536 stands for 1)   range             off
 *   0 temperature  Q16                    0 .. 2^20         0: greedy
 *   1 top_k                               0 .. 2^24         0
 *   2 top_p        Q16                    0 .. 65536        65536
 *   3 min_p        Q16                    0 .. 65536        0
 *   4 penalty      Q16                    2^12 .. 2^20      65536
 *
 * spec/50-fused.md#sample
 */
#ifndef CRUX_KERNELS_FUSED_SAMPLE_H
#define CRUX_KERNELS_FUSED_SAMPLE_H

#include "kernels/lowering/builder.h"
#include "kernels/lowering/tables.h"

enum crux_sample_param {
    CRUX_SAMPLE_TEMPERATURE = 0,
    CRUX_SAMPLE_TOP_K = 1,
    CRUX_SAMPLE_TOP_P = 2,
    CRUX_SAMPLE_MIN_P = 3,
    CRUX_SAMPLE_PENALTY = 4
};

enum {
    CRUX_SAMPLE_PARAMS = 5,
    CRUX_SAMPLE_ONE = 65536, /* 1 in Q16 */
    CRUX_SAMPLE_RECENT = 64, /* positions that the penalty looks back on, this one included */
    CRUX_SAMPLE_BLOCK = 512, /* vocabulary entries that one element reads */
    CRUX_SAMPLE_BLOCK_MIN = 4,
    CRUX_SAMPLE_BLOCKS_MAX = 512, /* so a vocabulary of up to 262,144 */
    CRUX_SAMPLE_WEIGHTS = 65536   /* different weights */
};

struct crux_sample_range {
    int32_t lo, hi;
};
/* A parameter outside its range is clamped: spec/10-machine.md#reading */
struct crux_sample_range crux_fused_sample_range(enum crux_sample_param param);

struct crux_fused_sample {
    uint32_t vocab;   /* at most block * CRUX_SAMPLE_BLOCKS_MAX */
    uint32_t block;   /* CRUX_SAMPLE_BLOCK; tests cut smaller, CRUX_SAMPLE_BLOCK_MIN at least */
    int32_t fraction; /* fraction bits of the logits, 0 .. 31 */
};

/* In: logits, i32 [vocab]; exp2, model u16 [4097]: crux_table_exp2.
 * Returns: the token, i32 [1], to be stored as the program's token record. */
struct crux_value crux_fused_sample(struct crux_builder *b, const char *label,
                                    const struct crux_fused_sample *config,
                                    struct crux_value logits, struct crux_value exp2);

/* The greedy head: no parameters, no penalty. */
struct crux_value crux_fused_sample_greedy(struct crux_builder *b, const char *label,
                                           const struct crux_fused_sample *config,
                                           struct crux_value logits);

struct crux_sample_scratch {
    int32_t *adjusted; /* vocab */
    uint16_t *weight;  /* vocab */
    uint32_t *count;   /* CRUX_SAMPLE_WEIGHTS */
    uint16_t least;    /* out: T */
};

/* Out: scratch; at temperature 0 only adjusted.  Returns: the token.
 * In: params, raw; recent, recent_count of the last positions' tokens (min(pos + 1, 64) of them, in any order), each
 * below vocab; draw, RAND's element 0 (crux_fused_sample_draw). */
uint32_t crux_fused_sample_reference(struct crux_sample_scratch *scratch,
                                     const struct crux_fused_sample *config, const int32_t *logits,
                                     const int32_t params[CRUX_SAMPLE_PARAMS],
                                     const int32_t *recent, uint32_t recent_count, uint32_t draw,
                                     const uint16_t exp2[CRUX_TABLE_ENTRIES]);

uint32_t crux_fused_sample_greedy_reference(const struct crux_fused_sample *config,
                                            const int32_t *logits);

/* Element 0 of RAND: spec/20-ops.md#rand */
uint32_t crux_fused_sample_draw(const uint8_t seed[32], uint32_t pos, uint32_t sample);

#endif
