/* The parts of sample's lowering, in order. Only kernels/fused/sample/ includes it. */
#ifndef CRUX_KERNELS_FUSED_SAMPLE_STEPS_H
#define CRUX_KERNELS_FUSED_SAMPLE_STEPS_H

#include "kernels/fused/sample/sample.h"

enum {
    /* log2(e) * 2^30. With rate = it * 2^31 / temperature and F fraction bits, the score in log2 units with 16
     * fraction bits is (adjusted - greatest) * rate / 2^(30 + 31 - 16 - 16 + F). */
    CRUX_SAMPLE_LOG2_E_Q30 = 1549082005,
    CRUX_SAMPLE_RATE_SHIFT = 31,
    CRUX_SAMPLE_SCORE_SHIFT = 29,
    CRUX_SAMPLE_SCORE_LEAST = -(1 << 30),
    CRUX_SAMPLE_TOP_K_OFF = 1 << 25, /* more than any vocabulary, so that no threshold is reached */
    CRUX_SAMPLE_DRAW_BITS = 30
};

/* A request parameter, i32 [1]. */
struct crux_value crux_sample_param_value(struct crux_builder *b, const char *label,
                                          enum crux_sample_param param);

/* lower_penalty.c: adjusted logits, i32 [V]. */
struct crux_value crux_sample_penalty(struct crux_builder *b, struct crux_value logits);

/* lower_weights.c: u16 [V].  In: best, the index of the greatest adjusted logit; temperature. */
struct crux_value crux_sample_weights(struct crux_builder *b,
                                      const struct crux_fused_sample *config,
                                      struct crux_value adjusted, struct crux_value best,
                                      struct crux_value temperature, struct crux_value exp2);

/* lower_search.c: the threshold T, u16 [1]. */
struct crux_value crux_sample_threshold(struct crux_builder *b,
                                        const struct crux_fused_sample *config,
                                        struct crux_value weight);

/* lower_choice.c: a token drawn from the weights that are at least `least`, i32 [1]. */
struct crux_value crux_sample_choice(struct crux_builder *b, const struct crux_fused_sample *config,
                                     struct crux_value weight, struct crux_value least);

#endif
